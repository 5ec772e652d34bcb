from dataclasses import replace

import pytest
from keeper_world import five_coins

from ballast.keeper.decide import Action, Cause, Plan, State
from ballast.keeper.snapshot import KillSwitch
from ballast.keeper.watchdog import guarded, has_fallen, is_due
from ballast.units import WAD

SWITCH = KillSwitch(drop_bps=1_500, window=86_400, spacing=900, last_at=0, highest=WAD, value=WAD)
DAY = 86_400


def plan(action: Action) -> Plan:
    return Plan(State.IDLE, action, Cause.IN_BAND, "", 0)


def looked_at(switch: KillSwitch | None, action: Action, halted: bool = False) -> Plan:
    snapshot = five_coins().snapshot()
    if switch is not None:
        switch = replace(switch, last_at=snapshot.timestamp - switch.last_at)
    return guarded(replace(snapshot, kill_switch=switch, halted=halted), plan(action))


@pytest.mark.parametrize(
    ("value", "fallen"), [(WAD, False), (85 * WAD // 100, False), (85 * WAD // 100 - 1, True), (None, False)]
)
def test_has_fallen__value__only_beyond_the_drop(value: int | None, fallen: bool) -> None:
    assert has_fallen(replace(SWITCH, value=value)) is fallen


def test_has_fallen__no_checkpoint__never() -> None:
    assert not has_fallen(replace(SWITCH, highest=0, value=0))


@pytest.mark.parametrize(("spacing", "interval"), [(900, DAY // 4), (28_800, 28_800)])
def test_is_due__spacing__or_a_share_of_the_window(spacing: int, interval: int) -> None:
    switch = replace(SWITCH, spacing=spacing, last_at=10**9)
    assert not is_due(switch, 10**9 + interval - 1)
    assert is_due(switch, 10**9 + interval)
    assert not is_due(replace(switch, value=None), 10**9 + interval)


@pytest.mark.parametrize("action", [Action.WAIT, Action.FILL, Action.OPEN_AND_FILL, Action.CLOSE])
def test_guarded__fallen__trips_before_ordinary_trading(action: Action) -> None:
    fallen = replace(SWITCH, value=WAD // 2)
    found = looked_at(fallen, action)
    assert (found.action, found.cause, found.alert, found.fill) == (Action.TRIP, Cause.FALLEN, True, None)
    assert "5000 bps" in found.detail
    assert looked_at(fallen, action, halted=True).action == action


@pytest.mark.parametrize("action", [Action.OBSERVE, Action.OPEN_EMERGENCY])
def test_guarded__fallen_while_fleeing__flight_goes_first(action: Action) -> None:
    assert looked_at(replace(SWITCH, value=WAD // 2), action).action == action


@pytest.mark.parametrize(("action", "found"), [(Action.WAIT, Action.CHECKPOINT), (Action.FILL, Action.FILL)])
def test_guarded__checkpoint_due__waits_for_quiet(action: Action, found: Action) -> None:
    assert looked_at(replace(SWITCH, last_at=DAY), action).action == found


def test_guarded__no_switch_or_nothing_due__plan_as_it_is() -> None:
    assert looked_at(None, Action.WAIT) == plan(Action.WAIT)
    assert looked_at(SWITCH, Action.WAIT) == plan(Action.WAIT)
