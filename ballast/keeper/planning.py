"""The trades of one fill: exact amounts, minimum outputs, order, cost; each with the reason it is made."""

from collections.abc import Iterator
from dataclasses import dataclass

from ballast.keeper.allocation import Allocation, Choice, Obstacle, Policy, cheapest, most_regretted
from ballast.keeper.market import Market, Route
from ballast.keeper.rules import (
    Basket,
    basket_of,
    bought_beyond,
    budget_left,
    floor_out,
    loss_counted,
)
from ballast.keeper.snapshot import Snapshot
from ballast.model.rebalance import value_of
from ballast.units import BPS, ceil_div

_ROUNDS = 12  # of dropping routes that turn out too small or too dear, and allocating again


@dataclass(frozen=True)
class PlannedHop:
    """One pool on a trade's way."""

    pool: str
    fee: int  # hundredths of a bp
    token_in: str
    token_out: str


@dataclass(frozen=True)
class PlannedTrade:
    """One `Trade` of the vault: amounts in own decimals, values WAD{USD} at mid prices."""

    token_in: str
    token_out: str
    amount_in: int
    expected_out: int
    floor_out: int  # the least that settlement accepts
    min_amount_out: int
    value_in: int
    value_out: int  # expected
    hops: tuple[PlannedHop, ...]
    reason: str

    @property
    def pair(self) -> tuple[str, str]:
        """The coin sold and the coin bought."""
        return self.token_in, self.token_out

    @property
    def key(self) -> tuple[str, ...]:
        """The key of its route."""
        return (*self.pair, *(hop.pool for hop in self.hops))

    @property
    def cost_bps(self) -> int:
        """bps of the value sold expected to be lost against the oracle, rounded up; below 0 a gain."""
        return ceil_div((self.value_in - self.value_out) * BPS, self.value_in)


@dataclass(frozen=True)
class FillPlan:
    """What one fill does, and what it leaves for the next."""

    trades: tuple[PlannedTrade, ...]
    drift_before_bps: int
    drift_after_bps: int  # expected
    left_value: int  # WAD{USD} still to move afterwards
    worst_loss: int  # WAD{USD}, if every trade brings no more than its minimum
    obstacles: tuple[tuple[str, Obstacle], ...]  # ("FRAX -> LUSD", why) of pairs that were held back

    @property
    def traded_value(self) -> int:
        """WAD{USD} sold."""
        return sum(trade.value_in for trade in self.trades)

    @property
    def expected_cost(self) -> int:
        """WAD{USD} lost against the oracle; below 0 a gain."""
        return sum(trade.value_in - trade.value_out for trade in self.trades)

    @property
    def expected_cost_bps(self) -> int:
        """bps of the value traded, rounded up; 0 without trades."""
        return ceil_div(self.expected_cost * BPS, self.traded_value) if self.trades else 0


Flow = tuple[Route, int]  # and the amount through it, own decimals


def plan_fill(snapshot: Snapshot, policy: Policy | None = None) -> FillPlan:
    """The best fill found for the snapshot; without trades when nothing may or need be moved."""
    policy = policy or Policy()
    basket = basket_of(snapshot)
    plans = [_plan(snapshot, basket, policy, choose) for choose in (cheapest, most_regretted)]
    slip = snapshot.params.fill.slip_bps
    # Value left unmoved counts as dear as the dearest trade, so that a plan is not best for doing nothing.
    return min(plans, key=lambda plan: plan.expected_cost * BPS + plan.left_value * slip)


def _plan(snapshot: Snapshot, basket: Basket, policy: Policy, choose: Choice) -> FillPlan:
    banned: frozenset[tuple[str, ...]] = frozenset()
    small: set[tuple[str, str]] = set()
    for _ in range(_ROUNDS):
        allocation = Allocation(snapshot, basket, policy, banned)
        allocation.run(choose)
        trades = list(_priced(snapshot, basket, policy, _ordered(basket, allocation)))
        unfit = _unfit(snapshot, policy, trades)
        if not unfit:
            break
        small |= {trade.pair for trade in trades if trade.key in unfit}
        banned |= unfit
    else:
        while unfit := _unfit(snapshot, policy, trades):
            trades = [trade for trade in trades if trade.key not in unfit]
    obstacles = dict.fromkeys(small, Obstacle.BELOW_MIN_TRADE) | allocation.obstacles
    plan = _summary(snapshot, basket, _within_budget(snapshot, trades), obstacles)
    worth_it = plan.traded_value * BPS >= basket.to_move * policy.min_fill_bps
    settles = plan.drift_after_bps <= snapshot.params.fill.settle_band_bps
    return plan if worth_it or settles else _summary(snapshot, basket, [], obstacles)


def _ordered(basket: Basket, allocation: Allocation) -> list[Flow]:
    """Sells before buys: no coin bought is sold again, and the coin farthest above its target goes first."""

    def place(flow: Flow) -> tuple[int, tuple[str, ...]]:
        return -basket.gap(flow[0].token_in), flow[0].key

    return sorted(allocation.flows.values(), key=place)


def _priced(snapshot: Snapshot, basket: Basket, policy: Policy, flows: list[Flow]) -> Iterator[PlannedTrade]:
    """The trades in the order they will run, each on the ladders as the earlier ones leave them."""
    market = Market(cautious=True)
    beyond = bought_beyond(snapshot, basket)
    room = {coin.token: basket.headroom(coin.token, beyond) // BPS for coin in basket.coins}  # WAD{USD}
    for route, wanted in flows:
        bought = snapshot.coin(route.token_out)
        amount, left = wanted, room[bought.token]
        out = market.quote(route, amount)
        value = 0 if out is None else value_of(out, bought.scale, bought.quote.mid)
        if value > left:  # the order differs from the allocation's by a rounding
            amount = amount * left // value
            out = market.quote(route, amount)
        if not out or not amount:
            continue
        market.take(route, amount)
        trade = _trade(snapshot, basket, policy, route, amount, out)
        room[bought.token] -= trade.value_out
        yield trade


def _trade(
    snapshot: Snapshot, basket: Basket, policy: Policy, route: Route, amount: int, out: int
) -> PlannedTrade:
    sold, bought = snapshot.coin(route.token_in), snapshot.coin(route.token_out)
    floor = floor_out(snapshot, sold, bought, amount)
    accepted = ceil_div(out * (BPS - policy.quote_tolerance_bps), BPS)
    names = {coin.token: coin.symbol for coin in snapshot.coins}
    way = " -> ".join(
        [sold.symbol]
        + [f"{names.get(hop.token_out, hop.token_out)} ({hop.fee / 10_000:g} %)" for hop in route.hops]
    )
    over, under = basket.gap(sold.token), -basket.gap(bought.token)
    return PlannedTrade(
        token_in=sold.token,
        token_out=bought.token,
        amount_in=amount,
        expected_out=out,
        floor_out=floor,
        min_amount_out=max(floor, accepted),
        value_in=value_of(amount, sold.scale, sold.quote.mid),
        value_out=value_of(out, bought.scale, bought.quote.mid),
        hops=tuple(PlannedHop(hop.pool, hop.fee, hop.token_in, hop.token_out) for hop in route.hops),
        reason=(
            f"{sold.symbol} is {over / basket.total / 100:.2f} % above its target, "
            f"{bought.symbol} {under / basket.total / 100:.2f} % below; {way}"
        ),
    )


def _unfit(snapshot: Snapshot, policy: Policy, trades: list[PlannedTrade]) -> frozenset[tuple[str, ...]]:
    """Routes to do without: under the floor, too small beside a larger one, too small at all, too many."""
    under = {trade.key for trade in trades if trade.expected_out < trade.floor_out}
    if under:
        return frozenset(under)
    by_value = sorted(trades, key=lambda trade: (trade.value_in, trade.key))
    largest = {trade.pair: trade.key for trade in by_value}
    small = {t.key for t in trades if t.value_in < policy.min_trade_value and not _empties(snapshot, t)}
    beside = small - set(largest.values())
    excess = {trade.key for trade in by_value[: max(0, len(trades) - snapshot.params.fill.max_trades)]}
    return frozenset(beside | excess or small)


def _empties(snapshot: Snapshot, trade: PlannedTrade) -> bool:
    """Whether the trade sells the last of a coin, which lets the vault drop it: worth a small trade."""
    return trade.amount_in == snapshot.coin(trade.token_in).reserve


def _worst_loss(snapshot: Snapshot, trades: list[PlannedTrade]) -> int:
    """WAD{USD} taken off the loss budget when every trade brings its minimum."""
    loss = 0
    for trade in trades:
        sold, bought = snapshot.coin(trade.token_in), snapshot.coin(trade.token_out)
        least = value_of(trade.min_amount_out, bought.scale, bought.quote.mid)
        loss += loss_counted(snapshot, sold, bought, trade.value_in, least)
    return loss


def _within_budget(snapshot: Snapshot, trades: list[PlannedTrade]) -> list[PlannedTrade]:
    """The trades without the dearest, until even the worst outcome is within the loss budget."""
    kept = list(trades)
    while kept and _worst_loss(snapshot, kept) > budget_left(snapshot):
        kept.remove(max(kept, key=lambda trade: (trade.cost_bps, trade.key)))
    return kept


def _summary(
    snapshot: Snapshot,
    basket: Basket,
    trades: list[PlannedTrade],
    obstacles: dict[tuple[str, str], Obstacle],
) -> FillPlan:
    reserves = {coin.token: coin.reserve for coin in basket.coins}
    for trade in trades:
        reserves[trade.token_in] -= trade.amount_in
        reserves[trade.token_out] += trade.expected_out
    values = tuple(value_of(reserves[coin.token], coin.scale, coin.quote.mid) for coin in basket.coins)
    after = Basket(basket.coins, basket.targets, values)
    names = {coin.token: coin.symbol for coin in basket.coins}
    held_back = tuple(
        (f"{names[sold]} -> {names[bought]}", why)
        for (sold, bought), why in sorted(obstacles.items())
        if after.gap(sold) > 0 > after.gap(bought)
    )
    return FillPlan(
        trades=tuple(trades),
        drift_before_bps=basket.drift,
        drift_after_bps=after.drift,
        left_value=after.to_move,
        worst_loss=_worst_loss(snapshot, trades),
        obstacles=held_back,
    )
