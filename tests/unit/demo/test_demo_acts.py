from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from ballast.demo.acts import SVB, WHAT_IF, shipped_acts
from ballast.demo.reporter import month_score
from ballast.demo.run import is_restless
from ballast.keeper.snapshot import Peg
from ballast.model.crisis import DEFAULT, Sight, State
from ballast.units import WAD

COINS = ("USDC", "USDT", "DAI", "FRAX", "LUSD")


def test_shipped_acts__follow_each_other_and_price_only_the_index() -> None:
    acts = shipped_acts(COINS)
    for before, after in pairwise(acts):
        assert before.scenario.steps[-1].at < after.scenario.steps[0].at
    assert all(set(act.scenario.coins) <= set(COINS) for act in acts)
    assert [act.is_drawn for act in acts] == [False, True, True]


def test_excerpt__what_is_thinned_out__is_told_at_the_next_step() -> None:
    whole = replace(SVB, spacing=timedelta()).read()
    thin = SVB.read()
    assert len(thin.steps) < len(whole.steps)
    known: dict[str, Decimal] = {}
    told: dict[str, Decimal] = {}
    later = iter(whole.steps)
    for step in thin.steps:
        told.update(step.prices)
        while (one := next(later)).at < step.at:
            known.update(one.prices)
        known.update(one.prices)
        assert told == known


def test_excerpt__moved__keeps_its_shape() -> None:
    here = WHAT_IF.read()
    later = WHAT_IF.read(begin=here.steps[0].at + timedelta(days=300))
    assert {b.at - a.at for a, b in zip(here.steps, later.steps, strict=True)} == {timedelta(days=300)}
    assert min(step.prices["FRAX"] for step in later.steps if "FRAX" in step.prices) <= Decimal("0.1")


def test_month_score__days_left_out__count_as_at_a_dollar() -> None:
    assert month_score([WAD]) == 1_000
    assert month_score([WAD * 97 // 100]) == 990
    assert month_score([WAD * 97 // 100] * 60) == 700


@pytest.mark.parametrize(
    ("state", "deviation", "restless"),
    [
        (State.SOUND, 0, False),
        (State.WATCH, 0, True),  # calm adds up
        (State.WATCH, 150, False),  # a coin above its dollar stays there
        (State.WATCH, -300, False),
        (State.WATCH, -501, True),  # the area fills
        (State.CRISIS, -9_000, False),
        (State.CRISIS, 10, True),
        (State.RECOVERING, -20, True),
    ],
)
def test_is_restless__one_coin__when_looking_on_may_change_its_state(state, deviation, restless) -> None:
    peg = Peg("0xA", state, 0, 1, deviation, Sight(True, True, deviation, 0, 2))
    assert is_restless([peg], DEFAULT) is restless


def test_is_restless__blind__until_it_is_dark() -> None:
    blind = Sight(False, False, 0, 0, 0)
    pegs = [Peg("0xA", state, 0, 1, 0, blind) for state in (State.SOUND, State.DARK)]
    assert [is_restless([peg], DEFAULT) for peg in pegs] == [True, False]
