import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from keeper_world import FILL, NOW, TRIGGER, World, agreed, five_coins, opened
from keeper_worlds import worlds

from ballast.errors import DataError
from ballast.keeper.allocation import Policy
from ballast.keeper.decide import Action, Cause, Plan, State, decide
from ballast.keeper.snapshot import Hop, Phase, Session, Snapshot, Verdict
from ballast.model.prices import PriceQuote, Status
from ballast.model.rebalance import Reason
from ballast.settings import Settings
from ballast.units import WAD

DEEP = 10**9  # USD a pool
SETTLED = (40, 30, 15, 10, 5)


def with_quote(snapshot: Snapshot, index: int, quote: PriceQuote) -> Snapshot:
    held = list(snapshot.coins)
    held[index] = replace(held[index], quote=quote)
    return replace(snapshot, coins=tuple(held))


def with_session(snapshot: Snapshot, **changes: object) -> Snapshot:
    return replace(snapshot, session=replace(snapshot.session, **changes))


def emptied(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, coins=tuple(replace(coin, reserve=0) for coin in snapshot.coins))


def robbing(hop: Hop) -> Hop:
    """The hop, paying one per cent less."""
    return replace(hop, ladder=tuple(replace(r, amount_out=r.amount_out * 99 // 100) for r in hop.ladder))


def with_hops(snapshot: Snapshot, change: Callable[[Hop], Hop]) -> Snapshot:
    return replace(snapshot, hops=tuple(map(change, snapshot.hops)))


STALE, INVALID = PriceQuote(WAD, WAD, Status.STALE), PriceQuote(0, 0, Status.INVALID)
DIVERGED = PriceQuote(WAD, 2 * WAD, Status.DIVERGED)

WAITS: dict[str, tuple[Callable[[Snapshot], Snapshot], Cause, str]] = {
    "paused": (lambda s: replace(s, paused=True), Cause.PAUSED, "guardian"),
    "stale market data": (lambda s: replace(s, data_stale=True), Cause.STALE_DATA, "market data"),
    "stale price": (lambda s: with_quote(s, 2, STALE), Cause.STALE_DATA, "DAI (STALE)"),
    "diverged price": (lambda s: with_quote(s, 0, DIVERGED), Cause.STALE_DATA, "USDC (DIVERGED)"),
    "zero price": (lambda s: with_quote(s, 1, INVALID), Cause.STALE_DATA, "USDT (INVALID)"),
    "dead ETH feed": (lambda s: replace(s, eth_quote=INVALID), Cause.STALE_DATA, "ETH (INVALID)"),
    "nothing in the fund": (emptied, Cause.EMPTY_FUND, "nothing"),
    "no ladder at all": (lambda s: replace(s, hops=()), Cause.NO_ROUTE, "USDT -> USDC"),
    "empty ladders": (
        lambda s: with_hops(s, lambda hop: replace(hop, ladder=())),
        Cause.NO_ROUTE,
        "LUSD -> DAI",
    ),
    "pools below the floor": (lambda s: with_hops(s, robbing), Cause.NO_ROUTE, "floor"),
    "gas too dear": (lambda s: replace(s, gas_price=10**13), Cause.GAS_TOO_HIGH, "gas"),
    "cooling down": (
        lambda s: with_session(s, phase=Phase.SETTLED, last_ended_at=NOW - 600),
        Cause.COOLDOWN,
        "600 s",
    ),
    "budget spent": (
        lambda s: with_session(s, loss_used=2 * 10**10, last_fill_at=NOW - 60),
        Cause.LOSS_BUDGET,
        "USDT -> USDC",
    ),
    "just filled": (lambda s: with_session(s, last_fill_at=NOW - 1), Cause.FILL_INTERVAL, "next may be"),
}


@pytest.mark.parametrize("case", WAITS)
def test_decide__unfit_snapshot__waits_and_says_why(case: str) -> None:
    spoil, cause, words = WAITS[case]
    plan = decide(agreed(spoil(five_coins(depth=DEEP).snapshot())))
    assert (plan.action, plan.cause, plan.fill) == (Action.WAIT, cause, None)
    assert words in plan.detail
    assert plan.look_again_at > NOW


@pytest.mark.parametrize(
    "case", ["paused", "stale market data", "stale price", "zero price", "no ladder at all"]
)
def test_decide__unfit_snapshot_in_a_session__waits_and_alerts(case: str) -> None:
    spoil, cause, _ = WAITS[case]
    plan = decide(agreed(spoil(opened(five_coins(depth=DEEP)).snapshot())))
    assert (plan.state, plan.action, plan.cause, plan.alert) == (State.EXECUTING, Action.WAIT, cause, True)


def test_decide__cooling_down__looks_again_when_it_ends() -> None:
    snapshot = with_session(five_coins().snapshot(), phase=Phase.SETTLED, last_ended_at=NOW - 600)
    assert decide(agreed(snapshot)).look_again_at == NOW - 600 + TRIGGER.cooldown


def test_decide__fund_too_small__waits() -> None:
    world = replace(five_coins(), trigger=replace(TRIGGER, min_value=10**9 * WAD))
    assert decide(world.snapshot()).cause == Cause.BELOW_MIN_VALUE


def test_decide__every_trade_too_small__waits() -> None:
    world = five_coins(depth=DEEP)
    world.fill = replace(FILL, max_trade_value=50 * WAD)
    assert decide(world.snapshot()).cause == Cause.BELOW_MIN_TRADE


def test_decide__off_target__opens_and_fills() -> None:
    plan = decide(five_coins(depth=DEEP).snapshot())
    assert (plan.state, plan.action, plan.cause) == (State.EVALUATING, Action.OPEN_AND_FILL, Cause.DRIFT)
    assert plan.fill is not None
    assert all("above its target" in trade.reason for trade in plan.fill.trades)


def test_decide__off_target_in_a_session__fills() -> None:
    plan = decide(opened(five_coins(depth=DEEP)).snapshot())
    assert (plan.state, plan.action, plan.cause) == (State.EXECUTING, Action.FILL, Cause.SESSION_OPEN)


def test_decide__in_band__waits_in_idle_and_closes_a_session() -> None:
    idle, session = five_coins(SETTLED), opened(five_coins(SETTLED))
    assert (decide(idle.snapshot()).state, decide(idle.snapshot()).cause) == (State.IDLE, Cause.IN_BAND)
    plan = decide(session.snapshot())
    assert (plan.state, plan.action, plan.cause) == (State.SETTLING, Action.CLOSE, Cause.SETTLED)


def test_decide__session_past_its_time__closes_it_even_when_prices_are_stale() -> None:
    world = opened(five_coins())
    world.now += TRIGGER.session_length
    spoiled = with_quote(world.snapshot(), 0, PriceQuote(0, 0, Status.STALE))
    for snapshot in (world.snapshot(), agreed(spoiled)):
        plan = decide(snapshot)
        assert (plan.state, plan.action, plan.cause) == (State.SETTLING, Action.CLOSE, Cause.EXPIRED)


@pytest.mark.parametrize("reason", list(Reason))
def test_decide__chain_gives_another_reason__refuses_and_alerts(reason: Reason) -> None:
    snapshot = five_coins(depth=DEEP).snapshot()
    if reason == snapshot.verdict.reason:
        reason = Reason.PAUSED
    plan = decide(replace(snapshot, verdict=Verdict(not snapshot.verdict.should, reason)))
    assert (plan.action, plan.cause, plan.alert) == (Action.WAIT, Cause.MODEL_DISAGREES, True)
    assert reason.name in plan.detail


def test_decide__pools_drained_to_the_floor__waits_for_them_instead_of_dribbling() -> None:
    world = five_coins(depth=50_000_000)
    first = decide(world.snapshot())
    assert first.fill is not None
    for _ in range(3):
        plan = decide(world.snapshot())
        if plan.fill is None:
            break
        world.run(plan.fill)
    assert first.fill.left_value > 500_000 * WAD
    assert (plan.action, plan.cause, plan.alert) == (Action.WAIT, Cause.NO_ROUTE, True)


def test_decide__operators_minimum_trade__kept() -> None:
    world = five_coins(depth=DEEP)
    policy = Policy.of(Settings(min_trade_usd=250_000, quote_tolerance_bps=0))
    plan = decide(world.snapshot(), policy)
    assert plan.fill is not None
    assert all(trade.value_in >= 250_000 * WAD for trade in plan.fill.trades)
    assert all(trade.min_amount_out == trade.expected_out for trade in plan.fill.trades)
    assert decide(world.snapshot(), Policy.of(Settings(min_trade_usd=10**7))).cause == Cause.BELOW_MIN_TRADE


def test_decide__price_off_a_dollar__trades_on_less_drift() -> None:
    world = five_coins((41, 29, 15, 10, 5), depth=DEEP)
    quiet = decide(world.snapshot())
    depegged = agreed(
        with_quote(world.snapshot(), 4, PriceQuote(97 * WAD // 100, 97 * WAD // 100, Status.GOOD))
    )
    assert (quiet.cause, decide(depegged).cause) == (Cause.IN_BAND, Cause.PRICE)


def test_decide__a_week_since_the_last__trades_on_less_drift() -> None:
    world = five_coins((41, 29, 15, 10, 5), depth=DEEP)
    world.session = Session(Phase.IDLE, 0, last_settled_at=NOW - TRIGGER.calendar_interval - 1)
    assert decide(world.snapshot()).cause == Cause.CALENDAR


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_decide__any_world__same_answer_from_its_own_json(world: World) -> None:
    snapshot = world.snapshot()
    again = Snapshot.from_dict(json.loads(json.dumps(snapshot.to_dict())))
    assert again == snapshot
    assert decide(again) == decide(snapshot)


def test_to_dict__plan__is_json_that_names_every_trade() -> None:
    plan = decide(five_coins(depth=DEEP).snapshot())
    dumped = json.loads(json.dumps(plan.to_dict()))
    assert dumped["action"] == "OPEN_AND_FILL"
    assert plan.fill is not None
    assert [t["amount_in"] for t in dumped["fill"]["trades"]] == [t.amount_in for t in plan.fill.trades]
    assert {"state", "cause", "detail", "alert"} <= dumped.keys()
    assert isinstance(plan, Plan)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timestamp", -1),
        ("coins", None),
        ("verdict", {"should": True}),
        ("gas_price", "many"),
        ("session", {}),
    ],
)
def test_from_dict__bad_value__one_line_naming_the_key(key: str, value: object) -> None:
    raw = five_coins().snapshot().to_dict() | {key: value}
    with pytest.raises(DataError, match=key) as caught:
        Snapshot.from_dict(raw)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [None, [], "text", {}])
def test_from_dict__no_snapshot__one_line(raw: object) -> None:
    with pytest.raises(DataError) as caught:
        Snapshot.from_dict(raw)
    assert "\n" not in str(caught.value)
