"""The stateful campaign; its invariants are listed in README.md beside it."""

import time
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.profiles import PROFILE
from tests.stateful.judge import CHECKS, Tally
from tests.stateful.machine import Campaign
from tests.stateful.observe import Observer
from tests.stateful.refusals import ALLOWED, RARE, REFUSED
from tests.stateful.world import World

STEPS = 50  # rules of one run
RUNS = 4  # at a time, until there are actions enough

SETTINGS = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    print_blob=True,
    verbosity=Verbosity.normal,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)

pytestmark = pytest.mark.replica


def test_campaign__drawn_actions_by_everybody__every_invariant_holds(world: World, capsys):
    class Run(Campaign):
        pass

    Run.world, Run.observer, Run.tally = world, Observer(world), Tally()
    began = time.monotonic()
    try:
        for turn in count():
            if PROFILE.name != "deep":
                seed(turn)(Run)
            run_state_machine_as_test(Run, settings=SETTINGS)
            if is_enough(Run.tally):
                break
    finally:
        taken = time.monotonic() - began
        with capsys.disabled():
            print(f"\n{Run.tally.actions} actions in {taken:.0f} s, {Run.tally.actions / taken:.0f} a second")
            print("\n".join(Run.tally.lines()))
    assert set(CHECKS) == set(range(1, len(CHECKS) + 1))
    if PROFILE.name != "quick":
        assert vacuous(Run.tally) == []


def is_enough(tally: Tally) -> bool:
    """As many actions as the profile asks for; up to twice as many while some kind has not come about."""
    asked = PROFILE.campaign_actions
    whole = PROFILE.name == "quick" or not vacuous(tally)
    return tally.actions >= asked and (whole or tally.actions >= 2 * asked)


def vacuous(tally: Tally) -> list[int | str]:
    """Invariants that no case was put to, and kinds of action that never came about as they should."""
    return [
        *(number for number in CHECKS if not tally.checked[number]),
        *(kind for kind in ALLOWED.keys() - REFUSED - RARE if not tally.accepted[kind]),
        *(kind for kind in REFUSED if not tally.refused[kind] or tally.accepted[kind]),
    ]
