"""The keeper while a coin is in crisis: looking, fleeing, the emergency's own terms."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from keeper_world import NOW, World, agreed, five_coins, opened

from ballast.keeper.decide import Action, Cause, Plan, decide
from ballast.keeper.planning import plan_fill
from ballast.keeper.rules import as_traded, assess, basket_of, budget_left, is_open, since_ended
from ballast.keeper.snapshot import EmergencyView, Peg, Phase, Snapshot, Verdict
from ballast.model import crisis, emergency
from ballast.model.crisis import Sight, State
from ballast.model.prices import PriceQuote, Status
from ballast.model.rebalance import PPT_PER_BPS, Reason
from ballast.units import BPS, WAD

CALM = Sight(True, True, 0, 0, 2)
DEEP = 10**9
FLED = 1  # USDT


def view(
    world: World, changed_at: int = NOW - 60, due: str | None = None, worsened_at: int | None = None
) -> EmergencyView:
    """`worsened_at`: as `changed_at` when nothing but a coin's state has changed."""
    pegs = tuple(Peg(coin.token, State.SOUND, 0, NOW, 0, CALM) for coin in world.coins)
    at = changed_at if worsened_at is None else worsened_at
    return EmergencyView(emergency.DEFAULT, due, changed_at, 0, 0, pegs, crisis.DEFAULT, at)


def in_crisis(depth: int = DEEP) -> Snapshot:
    """USDT is in crisis and at 38 % of the fund; its target is 0."""
    world = five_coins(depth=depth)
    coins = list(world.coins)
    coins[FLED] = replace(coins[FLED], optimal_weight=0)
    coins[0] = replace(coins[0], optimal_weight=coins[0].optimal_weight + 3_000)
    world.coins = tuple(coins)
    due = view(world, due=world.coins[FLED].token)
    return agreed(replace(world.snapshot(), emergency=due))


def fleeing(snapshot: Snapshot) -> Snapshot:
    """The snapshot a block after the emergency was opened."""
    coins = tuple(replace(coin, vault_weight=coin.optimal_weight) for coin in snapshot.coins)
    session = replace(
        snapshot.session, phase=Phase.OPEN, id=1, opened_at=NOW, expires_at=NOW + 21_600, is_emergency=True
    )
    return agreed(replace(snapshot, coins=coins, session=session))


def test_decide__look_due__observes_before_anything_else() -> None:
    snapshot = in_crisis()
    assert snapshot.emergency is not None
    pegs = [replace(peg, observed_at=0) for peg in snapshot.emergency.pegs]
    plan = decide(replace(snapshot, emergency=replace(snapshot.emergency, pegs=tuple(pegs)), paused=True))
    assert (plan.action, plan.cause) == (Action.OBSERVE, Cause.LOOK_DUE)
    assert plan.assets == tuple(coin.token for coin in snapshot.coins)
    assert json.loads(json.dumps(plan.to_dict()))["assets"] == list(plan.assets)


def test_decide__coin_to_flee__opens_the_emergency_whatever_an_ordinary_session_would_need() -> None:
    snapshot = in_crisis()
    assert (plan := decide(snapshot)).action is Action.OPEN_EMERGENCY
    assert (plan.cause, plan.assets, plan.alert) == (Cause.CRISIS, (snapshot.coins[FLED].token,), True)
    dear = replace(snapshot, gas_price=10**15, data_stale=True, halted=True)
    ended = replace(dear, session=replace(dear.session, phase=Phase.SETTLED, last_ended_at=NOW - 1))
    assert decide(agreed(ended)).action is Action.OPEN_EMERGENCY


def test_decide__coin_to_flee_in_an_ordinary_session__replaces_it() -> None:
    world = opened(five_coins(depth=DEEP))
    snapshot = replace(world.snapshot(), emergency=view(world, due=world.coins[FLED].token))
    assert decide(agreed(snapshot)).action is Action.OPEN_EMERGENCY


def test_decide__guardian_paused__flees_nothing() -> None:
    plan = decide(agreed(replace(in_crisis(), paused=True)))
    assert (plan.action, plan.cause) == (Action.WAIT, Cause.PAUSED)
    assert "guardian" in plan.detail


def test_decide__kill_switch__stops_ordinary_trading_only() -> None:
    calm = five_coins(depth=DEEP)
    snapshot = replace(calm.snapshot(), emergency=view(calm), halted=True)
    plan = decide(agreed(snapshot))
    assert (plan.action, plan.cause) == (Action.WAIT, Cause.PAUSED)
    assert "kill switch" in plan.detail
    assert decide(agreed(replace(fleeing(in_crisis()), halted=True))).action is Action.FILL


def test_decide__chain_sees_no_crisis__alerts_instead_of_fleeing() -> None:
    plan = decide(replace(in_crisis(), verdict=Verdict(True, Reason.DRIFT)))
    assert (plan.action, plan.cause) == (Action.WAIT, Cause.MODEL_DISAGREES)


def outdated(changed_at: int, is_emergency: bool) -> Snapshot:
    world = opened(five_coins(depth=DEEP))
    session = replace(world.session, is_emergency=is_emergency)
    return replace(world.snapshot(), session=session, emergency=view(world, changed_at))


@pytest.mark.parametrize(
    ("changed_at", "is_emergency", "holds"),
    [(NOW - 1, False, True), (NOW, False, False), (NOW, True, True), (NOW + 1, True, False)],
)
def test_decide__caution_since_the_opening__closes_the_session(
    changed_at: int, is_emergency: bool, holds: bool
) -> None:
    snapshot = replace(outdated(changed_at, is_emergency), timestamp=NOW + 100)
    assert is_open(snapshot) == holds
    plan = decide(agreed(snapshot))
    if holds:
        assert plan.action is Action.FILL
        return
    assert (plan.action, plan.cause) == (Action.CLOSE, Cause.OUTDATED)
    assert since_ended(snapshot) == NOW + 100 - changed_at


@pytest.mark.parametrize("is_emergency", [False, True])
def test_decide__plan_changed_since_the_opening__closes_an_emergency_only(is_emergency: bool) -> None:
    """As the Rebalancer has it: an ordinary session minds the coins' states alone."""
    snapshot = replace(outdated(NOW + 50, is_emergency), timestamp=NOW + 100)
    emergency_view = view(five_coins(depth=DEEP), NOW + 50, worsened_at=NOW - 60)
    plan = decide(agreed(replace(snapshot, emergency=emergency_view)))
    assert plan.action is (Action.CLOSE if is_emergency else Action.FILL)


def spoiled(snapshot: Snapshot, at: int, quote: PriceQuote) -> Snapshot:
    coins = list(snapshot.coins)
    coins[at] = replace(coins[at], quote=quote)
    return agreed(replace(snapshot, coins=tuple(coins)))


APART = PriceQuote(80 * WAD // 100, 84 * WAD // 100, Status.DIVERGED)
STALE = PriceQuote(WAD, WAD, Status.STALE)


def test_plan_fill__sources_apart_in_an_emergency__trades_and_counts_the_worst_of_them() -> None:
    snapshot = with_fair_pools(spoiled(fleeing(in_crisis()), FLED, APART))
    assert snapshot.verdict == Verdict(True, Reason.SESSION_OPEN)
    plan = decide(snapshot)
    assert plan.action is Action.FILL
    assert plan.fill is not None
    fled = [trade for trade in plan.fill.trades if trade.token_in == snapshot.coins[FLED].token]
    assert fled
    at_mid = sum(trade.value_in - trade.value_out for trade in plan.fill.trades)
    spread = sum(trade.value_in for trade in fled) * 2 // 82  # from the middle to the high source
    assert plan.fill.worst_loss > at_mid + spread * 9 // 10
    assert plan.fill.worst_loss <= budget_left(as_traded(snapshot))


def with_fair_pools(snapshot: Snapshot) -> Snapshot:
    """Pools that pay USDT's 0.82 dollars."""
    token = snapshot.coins[FLED].token

    def paying(hop_in: str, rung: int) -> int:
        return rung * 82 // 100 if hop_in == token else rung

    hops = tuple(
        replace(
            hop, ladder=tuple(replace(r, amount_out=paying(hop.token_in, r.amount_out)) for r in hop.ladder)
        )
        for hop in snapshot.hops
    )
    return replace(snapshot, hops=hops)


def test_plan_fill__coin_without_a_price_in_an_emergency__counts_nothing_and_is_left_alone() -> None:
    snapshot = spoiled(fleeing(in_crisis()), 3, STALE)
    traded = as_traded(snapshot)
    assert as_traded(traded) == traded
    assert basket_of(traded).values[3] == 0
    plan = decide(snapshot)
    assert plan.fill is not None
    assert snapshot.coins[3].token not in {t for trade in plan.fill.trades for t in trade.pair}


def test_assess__stale_market_data_in_an_emergency__goes_on() -> None:
    snapshot = replace(fleeing(in_crisis()), data_stale=True, eth_quote=PriceQuote(0, 0, Status.INVALID))
    assert assess(snapshot) == Verdict(True, Reason.SESSION_OPEN)


TERMS: dict[str, Callable[[EmergencyView], EmergencyView]] = {
    "spent": lambda e: replace(e, loss_used=200 * PPT_PER_BPS, last_fill_at=NOW - 12),
    "just filled": lambda e: replace(e, last_fill_at=NOW - 1),
}


def decided(change: Callable[[EmergencyView], EmergencyView]) -> Plan:
    snapshot = fleeing(in_crisis())
    assert snapshot.emergency is not None
    return decide(replace(snapshot, emergency=change(snapshot.emergency)))


def test_decide__emergency_budget_and_interval__are_its_own() -> None:
    assert decided(TERMS["spent"]).cause is Cause.LOSS_BUDGET
    assert decided(TERMS["just filled"]).cause is Cause.FILL_INTERVAL
    ordinary = fleeing(in_crisis())
    used_up = replace(ordinary.session, loss_used=BPS * PPT_PER_BPS, last_fill_at=NOW - 1)
    assert decide(replace(ordinary, session=used_up)).action is Action.FILL


def test_plan_fill__emergency__bounded_by_its_slippage_and_size() -> None:
    snapshot = fleeing(in_crisis())
    assert snapshot.emergency is not None
    small = replace(snapshot.emergency.params, max_trade_value=100_000 * WAD)
    plan = plan_fill(as_traded(replace(snapshot, emergency=replace(snapshot.emergency, params=small))))
    assert 0 < plan.traded_value <= 4 * 100_000 * WAD
    keep = BPS - emergency.DEFAULT.slip_bps
    for trade in plan.trades:
        assert trade.floor_out <= trade.expected_out
        assert trade.value_out * BPS >= trade.value_in * keep


def test_decide__emergency_in_its_band__closes_it() -> None:
    world = five_coins((40, 30, 15, 10, 5), depth=DEEP)
    snapshot = replace(opened(world).snapshot(), emergency=view(world))
    session = replace(snapshot.session, is_emergency=True)
    plan = decide(agreed(replace(snapshot, session=session)))
    assert (plan.action, plan.cause) == (Action.CLOSE, Cause.SETTLED)


def test_from_dict__snapshot_with_an_emergency__same_answer() -> None:
    for snapshot in (in_crisis(), fleeing(in_crisis())):
        again = Snapshot.from_dict(json.loads(json.dumps(snapshot.to_dict())))
        assert again == snapshot
        assert decide(again) == decide(snapshot)
