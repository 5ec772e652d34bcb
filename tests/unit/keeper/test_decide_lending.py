"""What the keeper lends: named cases first, then properties of any lent fund."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from keeper_world import NOW, address, five_coins, opened
from lending_world import COMP, MILLION, UNIT, carried_out, flat, lendings, lent_coin, market, seen, strategy

from ballast.keeper.decide import Action, Cause, Plan, State
from ballast.keeper.lender import REFUSED_FOR, Refusals, lent
from ballast.keeper.lending import (
    Move,
    MoveKind,
    Proposal,
    Why,
    decide_lending,
    propose,
)
from ballast.keeper.lending_view import LentCoin, PendingReward
from ballast.keeper.snapshot import Snapshot
from ballast.model.prices import PriceQuote, Status
from ballast.units import BPS, WAD

REWARD = PendingReward(COMP, "COMP", WAD, 500 * WAD, "0x00")


def proposed(snapshot: Snapshot) -> Proposal:
    assert snapshot.lending is not None
    return propose(snapshot, snapshot.lending, snapshot.lending.coins[0])


def shown(moves: Sequence[Move]) -> list[tuple[MoveKind, Why, int]]:
    return [(move.kind, move.why, move.amount) for move in moves]


def moved(*strategies, idle: int = 0, **changes: object) -> list[tuple[MoveKind, Why, int]]:
    return shown(decide_lending(seen(lent_coin(*strategies, idle=idle, **changes))))


def less(amount: int, reserve: int = 10 * MILLION) -> int:
    """What the keeper puts in to come to `amount`: interest may raise the buffer until the next block."""
    return amount - reserve // 10**6 - 10


def test_decide_lending__no_lending_section__never_lends() -> None:
    assert decide_lending(replace(seen(), lending=None)) == ()
    assert decide_lending(seen()) == ()


def test_decide_lending__idle_coins__go_where_they_earn_and_the_buffer_stays() -> None:
    low, high = strategy(0, market=flat(200)), strategy(1, market=flat(400))
    assert moved(low, high, idle=10 * MILLION) == [(MoveKind.ALLOCATE, Why.YIELD, less(9 * MILLION))]


def test_decide_lending__caps__spread_the_coin() -> None:
    low = strategy(0, market=flat(200), relative_cap_bps=6_000)
    high = strategy(1, market=flat(400), relative_cap_bps=4_500)
    into = [move.amount for move in decide_lending(seen(lent_coin(low, high, idle=10 * MILLION)))]
    assert into == [less(45 * MILLION // 10), less(45 * MILLION // 10)]


def test_decide_lending__small_market__at_most_a_tenth_of_it_is_ours() -> None:
    into = strategy(0, market=flat(400, supplied=18 * MILLION))
    assert moved(into, idle=10 * MILLION) == [(MoveKind.ALLOCATE, Why.YIELD, less(2 * MILLION))]


def test_decide_lending__score__outweighs_a_little_more_yield() -> None:
    trusted, new = strategy(0, market=flat(400), score=950), strategy(1, market=flat(410), score=800)
    [move] = decide_lending(seen(lent_coin(trusted, new, idle=10 * MILLION)))
    assert move.strategy == trusted.address


@pytest.mark.parametrize(("better_bps", "moves"), [(350, 0), (351, 2)])
def test_decide_lending__differential__moves_only_beyond_it(better_bps: int, moves: int) -> None:
    here, there = strategy(0, 9 * MILLION, market=flat(300)), strategy(1, market=flat(better_bps))
    assert len(moved(here, there, idle=MILLION)) == moves


def test_propose__gas_dearer_than_the_gain__stays() -> None:
    fund = lent_coin(strategy(0, market=flat(400)), idle=20_000 * UNIT)
    assert proposed(seen(fund, gas_price=10**9)).why is Why.YIELD
    dear = proposed(seen(fund, gas_price=300 * 10**9))
    assert dear.why is Why.GAS_NOT_PAID_BACK
    assert dear.net(30 * 86_400) < 0 < dear.gain


def test_propose__split_as_it_should_be__best_already() -> None:
    found = proposed(seen(lent_coin(strategy(0, 9 * MILLION), idle=MILLION)))
    assert (found.why, found.gain) == (Why.BEST_ALREADY, 0)
    assert found.yield_now == found.yield_then == 27 * WAD // 1_000


def test_propose__aave_like_markets__marginal_yields_meet() -> None:
    fund = lent_coin(
        strategy(0, market=market(100 * MILLION, 8_500)),
        strategy(1, market=market(60 * MILLION, 8_000)),
        idle=10 * MILLION,
    )
    targets = proposed(seen(fund)).targets
    assert sum(targets) == 9 * MILLION
    assert all(target > 0 for target in targets)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"may_enter": False}, Why.COIN_ON_WATCH),
        ({"price": None}, Why.STALE_DATA),
    ],
)
def test_propose__coin_unfit__stays_idle(change: dict[str, object], why: Why) -> None:
    assert proposed(seen(lent_coin(strategy(0), idle=10 * MILLION, **change))).why is why


def test_propose__fund_stopped_or_trading_or_unseen__nothing_new_is_begun() -> None:
    fund = lent_coin(strategy(0), idle=10 * MILLION)
    in_session = opened(five_coins()).snapshot().session
    blind = PriceQuote(0, 0, Status.STALE)
    assert proposed(seen(fund, paused=True)).why is Why.PAUSED
    assert proposed(seen(fund, halted=True)).why is Why.PAUSED
    assert proposed(seen(fund, session=in_session)).why is Why.SESSION_OPEN
    assert proposed(seen(fund, eth_quote=blind)).why is Why.STALE_DATA


def test_propose__no_strategy_may_be_used__says_so() -> None:
    closed = (strategy(0, paused=True), strategy(1, market=None), strategy(2, room=0))
    assert proposed(seen(lent_coin(*closed, idle=MILLION))).why is Why.NOTHING_QUALIFIES
    unread = strategy(3, MILLION, readable=False)
    assert proposed(seen(lent_coin(strategy(0), unread, idle=MILLION))).why is Why.STRATEGY_UNREADABLE


def test_decide_lending__coin_on_watch__comes_home_as_far_as_it_can() -> None:
    held = (strategy(0, 5 * MILLION), strategy(1, 4 * MILLION, liquid=MILLION))
    assert moved(*held, may_enter=False, price=None) == [
        (MoveKind.DEALLOCATE, Why.COIN_ON_WATCH, 5 * MILLION),
        (MoveKind.DEALLOCATE, Why.COIN_ON_WATCH, MILLION),
    ]


def test_decide_lending__strategy_paused__is_emptied_before_anything_is_lent() -> None:
    held = (strategy(0, 5 * MILLION, paused=True), strategy(1, market=flat(400)))
    assert moved(*held, idle=5 * MILLION) == [(MoveKind.DEALLOCATE, Why.STRATEGY_PAUSED, 5 * MILLION)]


def test_lent__strategy_that_cannot_be_read__nothing_of_the_coin_moves_and_a_person_is_told() -> None:
    held = (strategy(0, 5 * MILLION, readable=False), strategy(1, 4 * MILLION))
    snapshot = seen(lent_coin(*held, may_enter=False))
    assert decide_lending(snapshot) == ()
    plan = lent(snapshot, waiting())
    assert (plan.action, plan.alert) == (Action.WAIT, True)
    assert "USDC in strategy0" in plan.detail
    empty = (replace(held[0], shares=0, value=0), held[1])
    assert len(moved(*empty, may_enter=False)) == 1


def test_decide_lending__cap_lowered__excess_comes_back_but_interest_may_stand_a_little_above() -> None:
    capped = strategy(0, 5 * MILLION, absolute_cap=4 * MILLION)
    assert moved(capped, idle=5 * MILLION) == [(MoveKind.DEALLOCATE, Why.OVER_CAP, MILLION)]
    grown = strategy(0, 5 * MILLION + 1_000 * UNIT, absolute_cap=5 * MILLION)
    assert moved(grown, idle=5 * MILLION) == []


def test_decide_lending__buffer_half_used__is_filled_from_what_earns_least() -> None:
    held = (strategy(0, 5 * MILLION, market=flat(400)), strategy(1, 5 * MILLION, market=flat(380)))
    [move] = decide_lending(seen(lent_coin(*held, idle=400_000 * UNIT)))
    assert (move.kind, move.why) == (MoveKind.DEALLOCATE, Why.BUFFER_SHORT)
    assert move.amount == (10_400_000 * UNIT) // 10 - 400_000 * UNIT
    assert move.strategy == held[1].address
    assert moved(*held, idle=700_000 * UNIT) == []


def test_decide_lending__rewards__fetched_when_worth_several_times_their_gas() -> None:
    held = strategy(0, 9 * MILLION, rewards=(REWARD,))
    fund = lent_coin(held, idle=MILLION)
    [move] = decide_lending(seen(fund, gas_price=10**9))
    assert (move.kind, move.why, move.sales) == (MoveKind.HARVEST, Why.REWARDS_DUE, (REWARD,))
    assert decide_lending(seen(fund, gas_price=100 * 10**9)) == ()
    lost = replace(held, rewards=(replace(REWARD, path=""),))
    assert decide_lending(seen(lent_coin(lost, idle=MILLION), gas_price=10**9)) == ()


@pytest.mark.parametrize(("unsynced", "why"), [(5_000, Why.GAIN_UNSEEN), (-5_000, Why.LOSS_UNSEEN)])
def test_decide_lending__gain_or_loss_unseen__looked_at_when_worth_its_gas(unsynced: int, why: Why) -> None:
    held = strategy(0, 9 * MILLION)
    assert moved(held, idle=MILLION, unsynced=unsynced * UNIT) == [(MoveKind.SYNC, why, 0)]
    assert moved(held, idle=MILLION, unsynced=unsynced * UNIT // 1_000) == []


def test_decide_lending__yield_known_by_growth__looked_at_daily_where_that_costs_little() -> None:
    idle = {"idle": MILLION, "price": WAD}
    grows = strategy(0, market=None, recorder=address(99), recorded_at=NOW - 86_400)
    [move] = decide_lending(seen(lent_coin(grows, **idle), gas_price=10**9))
    assert (move.kind, move.why, move.lens) == (MoveKind.RECORD, Why.PRICE_UNSEEN, address(99))
    late = replace(grows, recorded_at=NOW - 86_399)
    assert decide_lending(seen(lent_coin(late, **idle), gas_price=10**9)) == ()
    assert decide_lending(seen(lent_coin(grows, **idle), gas_price=300 * 10**9)) == ()


def test_decide_lending__move_refused_before__others_go_on() -> None:
    first, second = (lent_coin(strategy(n), idle=MILLION, token=address(n + 1)) for n in (0, 1))
    whole = decide_lending(seen(first, second))
    rest = decide_lending(seen(first, second), frozenset({whole[0].key}))
    assert rest == whole[1:]
    assert len(rest) == 1


def waiting(action: Action = Action.WAIT) -> Plan:
    return Plan(State.IDLE, action, Cause.IN_BAND, "", 0)


def test_lent__trading_has_something_to_send__goes_first() -> None:
    snapshot = seen(lent_coin(strategy(0), idle=MILLION))
    for action in (Action.FILL, Action.OPEN_EMERGENCY, Action.OBSERVE, Action.CHECKPOINT):
        assert lent(snapshot, waiting(action)) == waiting(action)
    plan = lent(snapshot, waiting())
    assert (plan.action, plan.cause, plan.move) == (Action.ALLOCATE, Cause.YIELD, decide_lending(snapshot)[0])
    assert plan.to_dict()["move"]["amount"] == plan.move.amount
    assert lent(snapshot, waiting(), frozenset({plan.move.key})) == waiting()


def test_refusals__move_refused__left_alone_for_a_while_only() -> None:
    refusals = Refusals()
    refusals.add("HARVEST 0x1", NOW)
    refusals.add("HARVEST 0x2", NOW + 10)
    assert refusals.at(NOW + REFUSED_FOR - 1) == {"HARVEST 0x1", "HARVEST 0x2"}
    assert refusals.at(NOW + REFUSED_FOR) == {"HARVEST 0x2"}


def test_lent__snapshot_with_lending__survives_json() -> None:
    snapshot = seen(
        lent_coin(strategy(0, MILLION, rewards=(REWARD,)), strategy(1, market=None), idle=MILLION)
    )
    assert Snapshot.from_dict(snapshot.to_dict()) == snapshot


# --- any lent fund


def after(snapshot: Snapshot, moves: Sequence[Move]) -> Snapshot:
    for move in moves:
        snapshot = carried_out(snapshot, move)
    return snapshot


def coin_of(snapshot: Snapshot, token: str) -> LentCoin:
    assert snapshot.lending is not None
    return snapshot.lending.coin(token)


@given(lendings())
def test_decide_lending__any_fund__bounds_hold_after_every_move(snapshot: Snapshot) -> None:
    for move in decide_lending(snapshot):
        coin = coin_of(snapshot, move.token)
        if move.kind is MoveKind.ALLOCATE:
            into = coin.strategy(move.strategy)
            share = (into.market.supplied + move.amount) * 1_000 if into.market else 0
            assert coin.may_enter
            assert into.is_open
            assert into.value + move.amount <= into.cap(coin.reserve)
            assert move.amount <= into.room
            assert coin.idle - move.amount >= coin.buffer
            assert (into.value + move.amount) * BPS <= share
        if move.kind is MoveKind.DEALLOCATE:
            out = coin.strategy(move.strategy)
            assert 0 < move.amount <= min(out.value, out.liquid)
            assert out.readable
        snapshot = carried_out(snapshot, move)


@given(lendings())
def test_decide_lending__any_fund__same_answer_again_and_from_json(snapshot: Snapshot) -> None:
    moves = decide_lending(snapshot)
    assert decide_lending(snapshot) == moves
    assert decide_lending(Snapshot.from_dict(snapshot.to_dict())) == moves


@given(lendings())
def test_decide_lending__carried_out__soon_rests_and_never_goes_back(snapshot: Snapshot) -> None:
    """What had to come back first may be lent anew in a second look; after that there is nothing to do."""
    into: set[str] = set()
    for _ in range(3):
        moves = decide_lending(snapshot)
        out = {move.strategy for move in moves if move.kind is MoveKind.DEALLOCATE}
        assert not out & into
        into |= {move.strategy for move in moves if move.kind is MoveKind.ALLOCATE}
        snapshot = after(snapshot, moves)
    assert decide_lending(snapshot) == ()


@given(lendings())
def test_decide_lending__coin_on_watch__nothing_goes_in(snapshot: Snapshot) -> None:
    assert snapshot.lending is not None
    coins = tuple(replace(coin, may_enter=False) for coin in snapshot.lending.coins)
    watched = replace(snapshot, lending=replace(snapshot.lending, coins=coins))
    assert all(move.kind is not MoveKind.ALLOCATE for move in decide_lending(watched))
    left = after(watched, decide_lending(watched))
    for coin in left.lending.coins if left.lending else ():
        assert coin.blind or all(s.liquid <= 10 or s.value <= 10 or not s.readable for s in coin.strategies)
