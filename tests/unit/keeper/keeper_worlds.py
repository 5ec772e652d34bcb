"""Drawn worlds for the keeper's property tests, and the settlement's checks run on what a fill really did."""

from dataclasses import replace

from hypothesis import strategies as st
from keeper_world import FILL, World, address, opened, pool_model

from ballast.keeper import snapshot as s
from ballast.keeper.planning import FillPlan
from ballast.keeper.rules import basket_of, budget_left, slip_limit, trade_limit
from ballast.model.prices import PriceQuote, Status
from ballast.model.rebalance import Move, minimum_out, movement, unit_value, value_of
from ballast.units import BPS, WAD

HUB = 0


@st.composite
def weights(draw: st.DrawFn, count: int) -> tuple[int, ...]:
    """bps summing to 10,000; the last coin is on its way out of the basket now and then."""
    parts = [draw(st.integers(1, 20)) for _ in range(count)]
    if draw(st.booleans()) and count > 3:
        parts[-1] = 0
    whole = [part * BPS // sum(parts) for part in parts]
    whole[0] += BPS - sum(whole)
    return tuple(whole)


@st.composite
def coins(draw: st.DrawFn, total: int) -> tuple[s.Coin, ...]:
    count = draw(st.integers(3, 6))
    targets = draw(weights(count))
    shares = draw(weights(count))
    made = []
    for i in range(count):
        price = draw(st.integers(9_600, 10_200)) * WAD // BPS
        high = price * (BPS + draw(st.integers(0, 15))) // BPS
        decimals = draw(st.sampled_from((6, 8, 18)))
        quote = PriceQuote(price, high, Status.GOOD)
        reserve = total * shares[i] // BPS * WAD // (quote.mid * 10 ** (18 - decimals))
        made.append(s.Coin(address(i + 1), f"C{i}", decimals, reserve, targets[i], targets[i], quote))
    return tuple(made)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A fund of 10,000 to 100 million dollars off its targets, among pools of any depth."""
    total = draw(st.integers(10_000, 100_000_000)) * WAD
    held = draw(coins(total))
    pools = []
    pairs = [(i, j) for i in range(len(held)) for j in range(i)]
    for number, (i, j) in enumerate(pairs):
        likely = j == HUB
        for fee in (100, 500):
            if draw(st.integers(0, 9)) < (8 if likely else 2):
                depth = total * draw(st.sampled_from((1, 5, 20, 100, 1_000))) // 10
                skew = draw(st.integers(-30, 30))
                pools.append(pool_model(1_000 + 10 * number + fee // 100, fee, held[j], held[i], depth, skew))
    fill = replace(
        FILL,
        max_trade_value=draw(st.sampled_from((10**12, 100_000, 5_000))) * WAD,
        loss_budget_bps=draw(st.sampled_from((100, 10, 1))),
        max_trades=draw(st.sampled_from((16, 3))),
    )
    world = World(held, pools, (held[HUB].token, held[1].token), fill)
    return opened(world) if draw(st.booleans()) else world


def settlement_faults(before: s.Snapshot, plan: FillPlan, brought: list[int], after: World) -> list[str]:
    """What the chain would refuse, by the model of its checks; empty when the fill settles."""
    return [
        *_trade_faults(before, plan, brought),
        *_size_faults(before, plan),
        *_movement_faults(before, after),
        *_budget_faults(before, after),
    ]


def _trade_faults(before: s.Snapshot, plan: FillPlan, brought: list[int]) -> list[str]:
    faults = []
    for trade, got in zip(plan.trades, brought, strict=True):
        sold, bought = before.coin(trade.token_in), before.coin(trade.token_out)
        slip = slip_limit(before, sold, bought)
        low, high = sold.quote.low, bought.quote.high
        floor = minimum_out(trade.amount_in, sold.scale, low, bought.scale, high, slip)
        if got < trade.min_amount_out or got < floor:
            faults.append(f"{trade.reason}: {got} is below {trade.min_amount_out} or {floor}")
    if len(plan.trades) > before.params.fill.max_trades:
        faults.append("too many trades")
    return faults


def _size_faults(before: s.Snapshot, plan: FillPlan) -> list[str]:
    sizes: dict[frozenset[str], int] = {}
    for trade in plan.trades:
        pair = frozenset(trade.pair)
        sizes[pair] = sizes.get(pair, 0) + trade.value_in
    return [
        f"{sorted(pair)} trades {size}"
        for pair, size in sizes.items()
        if size > trade_limit(before, *(before.coin(token) for token in sorted(pair)))
    ]


def _movement_faults(before: s.Snapshot, after: World) -> list[str]:
    basket, tolerance = basket_of(before), before.params.fill.settle_band_bps // 2
    ends = {c.token: c for c in after.coins}
    faults = []
    for c, target, value in zip(basket.coins, basket.targets, basket.values, strict=True):
        end = value_of(ends[c.token].reserve, c.scale, c.quote.mid)
        dust = unit_value(c.scale, c.quote.mid)
        move = movement(value, end, target, basket.total, dust, tolerance)
        if move is not Move.OK:
            faults.append(f"{c.symbol}: {move.name} from {value} to {end}, target {target} bps")
    return faults


def _budget_faults(before: s.Snapshot, after: World) -> list[str]:
    loss = basket_of(before).total - after.total
    left = budget_left(before)
    return [f"lost {loss} of {left}"] if loss > left else []
