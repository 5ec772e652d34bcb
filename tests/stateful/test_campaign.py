"""The stateful campaign; its invariants are listed in README.md beside it."""

import time

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.profiles import PROFILE
from tests.stateful.judge import CHECKS, Tally
from tests.stateful.machine import Campaign
from tests.stateful.observe import Observer
from tests.stateful.refusals import ALLOWED, RARE, REFUSED
from tests.stateful.world import World

STEPS = 50  # rules of one run
ACTIONS = 155  # what they take together on the average, or more

pytestmark = pytest.mark.replica


def test_campaign__drawn_actions_by_everybody__every_invariant_holds(world: World, capsys):
    class Run(Campaign):
        pass

    Run.world, Run.observer, Run.tally = world, Observer(world), Tally()
    began = time.monotonic()
    try:
        run_state_machine_as_test(
            Run,
            settings=settings(
                max_examples=max(1, PROFILE.campaign_actions // ACTIONS),
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=PROFILE.name != "deep",
                database=None,
                print_blob=True,
                verbosity=Verbosity.normal,
                suppress_health_check=list(HealthCheck),
                phases=(Phase.generate, Phase.shrink),
            ),
        )
    finally:
        taken = time.monotonic() - began
        with capsys.disabled():
            print(f"\n{Run.tally.actions} actions in {taken:.0f} s, {Run.tally.actions / taken:.0f} a second")
            print("\n".join(Run.tally.lines()))
    assert set(CHECKS) == set(range(1, len(CHECKS) + 1))
    if PROFILE.name != "quick":
        check_nothing_was_vacuous(Run.tally)


def check_nothing_was_vacuous(tally: Tally) -> None:
    """Every kind of action came about, and every invariant was put to a case."""
    assert tally.actions >= PROFILE.campaign_actions
    assert not [number for number in CHECKS if not tally.checked[number]]
    assert not [kind for kind in ALLOWED.keys() - REFUSED - RARE if not tally.accepted[kind]]
    assert not [kind for kind in REFUSED if not tally.refused[kind] or tally.accepted[kind]]
