import copy
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keeper_world import FILL, World, five_coins, opened, pool_model
from keeper_worlds import settlement_faults, worlds

from ballast.keeper.allocation import Obstacle, Policy
from ballast.keeper.decide import Action, Cause, decide
from ballast.keeper.market import paid
from ballast.keeper.planning import plan_fill
from ballast.keeper.rules import basket_of
from ballast.keeper.snapshot import Hop, Rung
from ballast.units import BPS, WAD, ceil_div

drawn = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DEEP = 10**9  # USD a pool


@drawn
@given(worlds())
def test_plan_fill__any_world__settles_when_run_on_the_pools(world: World) -> None:
    before = world.snapshot()
    plan = plan_fill(before)
    after = copy.deepcopy(world)
    brought = after.run(plan)
    assert settlement_faults(before, plan, brought, after) == []
    for got, trade in zip(brought, plan.trades, strict=True):
        # A first hop that pays a little more moves the pool that a later trade shares a little further.
        assert got >= trade.expected_out * 99_999 // 100_000 - 2


@drawn
@given(worlds())
def test_plan_fill__any_world__no_coin_ends_farther_from_its_target(world: World) -> None:
    before = world.snapshot()
    plan = plan_fill(before)
    drift_before = basket_of(before).drift
    world.run(plan)
    # A fill's cost or gain moves every target in proportion: that much, and no more, drift may seem to grow.
    moved_bps = ceil_div(abs(plan.expected_cost) * BPS, basket_of(before).total)
    assert basket_of(world.snapshot()).drift <= drift_before + moved_bps


@drawn
@given(worlds())
def test_plan_fill__any_world__values_are_conserved_less_cost(world: World) -> None:
    before = basket_of(world.snapshot()).total
    plan = plan_fill(world.snapshot())
    world.run(plan)
    rounding = 2 * len(plan.trades) + 2 * len(world.coins)  # WAD{USD} wei, by floors of values
    assert world.total >= before - plan.expected_cost - rounding
    assert world.total >= before - plan.worst_loss - rounding


@drawn
@given(worlds(), st.randoms(use_true_random=False))
def test_plan_fill__coins_and_pools_permuted__same_plan(world: World, order: random.Random) -> None:
    held, hops, hubs = list(world.coins), list(world.snapshot().hops), list(world.hubs)
    for items in (held, hops, hubs):
        order.shuffle(items)
    other = replace(world.snapshot(), coins=tuple(held), hops=tuple(hops), hubs=tuple(hubs))
    assert plan_fill(other) == plan_fill(world.snapshot())


@drawn
@given(worlds())
def test_plan_fill__any_world__sold_and_bought_coins_are_apart(world: World) -> None:
    plan = plan_fill(world.snapshot())
    assert not {t.token_in for t in plan.trades} & {t.token_out for t in plan.trades}
    assert [t.key for t in plan.trades] == list(dict.fromkeys(t.key for t in plan.trades))


def test_plan_fill__deep_pools__one_fill_ends_in_the_settle_band() -> None:
    world = five_coins(depth=DEEP)
    plan = plan_fill(world.snapshot())
    world.run(plan)
    assert plan.drift_before_bps == 1_000
    assert basket_of(world.snapshot()).drift <= FILL.settle_band_bps
    assert 0 < plan.expected_cost_bps <= 10  # pools of 0.01 %, and the impact of a tenth of a per cent


def test_plan_fill__second_pool_of_the_pair__cheaper_than_one() -> None:
    world = five_coins(depth=DEEP // 2)
    single = replace(world, pools=[pool for pool in world.pools if pool.fee == 100])
    both, one = plan_fill(world.snapshot()), plan_fill(single.snapshot())
    assert {t.hops[0].fee for t in both.trades} == {100, 500}
    assert abs(both.left_value - one.left_value) < 1_000 * WAD
    assert both.expected_cost < one.expected_cost


def test_plan_fill__two_pools_of_one_fee__marginal_prices_end_equal() -> None:
    world = replace(five_coins(values=(42, 28, 15, 10, 5)), rungs=128)
    usdc, usdt = world.coins[:2]
    world.pools = [
        pool_model(1, 100, usdc, usdt, 300_000_000 * WAD),
        pool_model(2, 100, usdc, usdt, 100_000_000 * WAD),
    ]
    plan = plan_fill(world.snapshot(), Policy(chunks=400))
    amounts = {t.hops[0].pool: t.amount_in for t in plan.trades}
    world.run(plan)
    first, second = (pool.quote(usdc.token, 10**6 * 100) for pool in world.pools)
    assert abs(first - second) * BPS <= first  # within a basis point of one another
    assert 2.5 < amounts[world.pools[0].address] / amounts[world.pools[1].address] < 3.5


def test_plan_fill__cheap_route_leads_away_from_the_only_way_out__both_coins_get_home() -> None:
    """USDC is worth most to DAI's buyer, but LUSD can be reached from USDC alone."""
    world = five_coins(values=(48, 36, 10, 6, 0), depth=DEEP)
    usdc, usdt, dai, frax, lusd = world.coins
    world.hubs = ()
    world.pools = [
        pool_model(1, 100, usdc, dai, DEEP * WAD, skew_bps=5),
        pool_model(2, 100, usdt, dai, DEEP * WAD),
        pool_model(3, 100, usdc, frax, DEEP * WAD, skew_bps=5),
        pool_model(4, 100, usdt, frax, DEEP * WAD),
        pool_model(5, 500, usdc, lusd, DEEP * WAD),
    ]
    plan = plan_fill(world.snapshot())
    world.run(plan)
    assert basket_of(world.snapshot()).drift <= FILL.settle_band_bps


def test_plan_fill__no_direct_pool__two_hops_through_the_hub() -> None:
    world = five_coins(values=(40, 38, 7, 10, 5), depth=DEEP)
    plan = plan_fill(world.snapshot())
    assert {(t.token_in, t.token_out) for t in plan.trades} == {(world.coins[1].token, world.coins[2].token)}
    for trade in plan.trades:
        first, second = trade.hops
        assert first.token_out == second.token_in == world.coins[0].token


def test_plan_fill__trade_limit__stops_there_and_says_what_is_left() -> None:
    world = five_coins(depth=DEEP)
    world.fill = replace(FILL, max_trade_value=50_000 * WAD)
    plan = plan_fill(world.snapshot())
    per_pair: dict[tuple[str, str], int] = {}
    for trade in plan.trades:
        per_pair[trade.pair] = per_pair.get(trade.pair, 0) + trade.value_in
    assert max(per_pair.values()) <= 50_000 * WAD
    assert plan.left_value > 0
    assert plan.drift_after_bps > FILL.settle_band_bps


def test_plan_fill__loss_budget_spent__plans_within_what_is_left() -> None:
    world = five_coins()
    rich = plan_fill(world.snapshot())
    world.fill = replace(FILL, loss_budget_bps=1)
    poor = plan_fill(world.snapshot())
    assert rich.worst_loss > world.total // BPS
    assert 0 < poor.worst_loss <= world.total // BPS
    assert Obstacle.LOSS_BUDGET in {why for _, why in poor.obstacles}


def test_plan_fill__dropped_coin__sold_to_the_last_unit() -> None:
    world = five_coins(depth=DEEP)
    world.coins = (*world.coins[:4], replace(world.coins[4], optimal_weight=0))
    world.coins = (replace(world.coins[0], optimal_weight=4_500), *world.coins[1:])
    world.run(plan_fill(world.snapshot()))
    assert world.coins[4].reserve == 0


def test_plan_fill__minimum_is_the_tighter_of_floor_and_tolerance() -> None:
    world = five_coins(depth=DEEP)
    for trade in plan_fill(world.snapshot(), Policy(quote_tolerance_bps=10)).trades:
        assert trade.min_amount_out == ceil_div(trade.expected_out * 9_990, BPS) > trade.floor_out
    for trade in plan_fill(world.snapshot(), Policy(quote_tolerance_bps=1_000)).trades:
        assert trade.min_amount_out == trade.floor_out


def test_decide__fill_after_fill__session_settles_in_the_end() -> None:
    world = opened(five_coins(depth=DEEP))
    world.fill = replace(FILL, max_trade_value=150_000 * WAD)
    causes, fills = [], 0
    for _ in range(30):
        plan = decide(world.snapshot())
        causes.append(plan.cause)
        if plan.action == Action.CLOSE:
            break
        if plan.fill is None:
            assert plan.cause == Cause.FILL_INTERVAL
            world.now = plan.look_again_at
            continue
        before = world.snapshot()
        brought = world.run(plan.fill)
        fills += 1
        world.session = replace(world.session, last_fill_at=world.now)
        assert settlement_faults(before, plan.fill, brought, world) == []
    assert causes[-1] == Cause.SETTLED
    assert 2 <= fills <= 6


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8, unique=True), st.integers(0, 2 * 10**9))
def test_paid__between_rungs__never_above_the_concave_curve(sizes: list[int], amount: int) -> None:
    def curve(x: int) -> int:
        return 10**9 * x // (10**9 + x)

    ladder = tuple(Rung(x, curve(x)) for x in sorted(sizes))
    out = paid(Hop("0x1", 100, "0xa", "0xb", ladder), amount)
    if amount > max(sizes):
        assert out is None
    else:
        assert out is not None
        assert out <= curve(amount)


@pytest.mark.parametrize("sizes", [(), ((1, 0),), ((2, 2), (1, 3)), ((1, 2), (2, 2))])
def test_is_usable__malformed_ladder__is_not(sizes: tuple[tuple[int, int], ...]) -> None:
    assert not Hop("0x1", 100, "0xa", "0xb", tuple(Rung(*size) for size in sizes)).is_usable


def test_plan_fill__part_of_a_coin_held_back_by_a_market__only_the_rest_is_sold() -> None:
    world = five_coins()
    whole = plan_fill(world.snapshot())
    sold = max(whole.trades, key=lambda trade: trade.value_in).token_in
    free = sum(trade.amount_in for trade in whole.trades if trade.token_in == sold) // 3
    stuck = replace(world.snapshot().coin(sold), stuck=world.snapshot().coin(sold).reserve - free)
    world.coins = tuple(stuck if coin.token == sold else coin for coin in world.coins)
    held_back = plan_fill(world.snapshot())
    assert 0 < sum(trade.amount_in for trade in held_back.trades if trade.token_in == sold) <= free
    stuck = replace(stuck, stuck=stuck.reserve)
    world.coins = tuple(stuck if coin.token == sold else coin for coin in world.coins)
    assert all(trade.token_in != sold for trade in plan_fill(world.snapshot()).trades)
