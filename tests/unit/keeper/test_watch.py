from dataclasses import replace

import pytest

from ballast.keeper.snapshot import EmergencyView, Peg
from ballast.keeper.watch import QUIET, due_observations, interval_of
from ballast.model import crisis, emergency
from ballast.model.crisis import Sight, State

PARAMS = crisis.DEFAULT
NOW = 1_700_000_000
DARK = Sight(False, False, 0, 0, 1)


def shown(deviation: int) -> Sight:
    return Sight(True, True, deviation, 0, 2)


def peg(state: State, now: Sight, stopped: bool = False, observed_at: int = NOW) -> Peg:
    return Peg("0x1", state, 0, observed_at, 0, now, stopped)


CALM, RESTLESS = shown(PARAMS.calm_bps - 1), shown(-PARAMS.calm_bps)
OFF, UP = shown(-PARAMS.watch_bps), shown(PARAMS.watch_bps)
DEEP = shown(-PARAMS.allowance_bps)


@pytest.mark.parametrize(
    ("state", "now", "interval"),
    [
        (State.SOUND, CALM, QUIET),
        (State.SOUND, RESTLESS, PARAMS.max_gap),
        (State.SOUND, OFF, PARAMS.spacing),
        (State.SOUND, UP, PARAMS.spacing),
        (State.SOUND, DARK, PARAMS.max_gap),
        (State.WATCH, CALM, PARAMS.max_gap),
        (State.WATCH, OFF, PARAMS.spacing),
        (State.WATCH, DARK, PARAMS.max_gap),
        (State.CRISIS, DEEP, QUIET),
        (State.CRISIS, DARK, QUIET),
        (State.CRISIS, CALM, PARAMS.max_gap),
        (State.RECOVERING, CALM, PARAMS.max_gap),
        (State.RECOVERING, OFF, PARAMS.max_gap),
        (State.RECOVERING, DEEP, PARAMS.spacing),
        (State.RECOVERING, DARK, PARAMS.max_gap),
        (State.DARK, DARK, QUIET),
        (State.DARK, CALM, PARAMS.spacing),
    ],
)
def test_interval_of__state_and_sight__as_often_as_it_matters(
    state: State, now: Sight, interval: int
) -> None:
    assert interval_of(peg(state, now), PARAMS) == interval


def test_interval_of__issuer_stops_a_sound_coin__looked_at_soon() -> None:
    assert interval_of(peg(State.SOUND, CALM, stopped=True), PARAMS) == PARAMS.spacing


def test_due_observations__some_due__those_in_their_order_and_new_coins() -> None:
    pegs = (
        replace(peg(State.SOUND, CALM), token="new", observed_at=0),
        replace(peg(State.SOUND, CALM), token="quiet"),
        replace(peg(State.WATCH, OFF), token="falling", observed_at=NOW - PARAMS.spacing),
        replace(peg(State.WATCH, OFF), token="just seen", observed_at=NOW - PARAMS.spacing + 1),
    )
    view = EmergencyView(emergency.DEFAULT, None, 0, 0, 0, pegs, PARAMS, 0)
    assert due_observations(view, NOW) == ("new", "falling")
