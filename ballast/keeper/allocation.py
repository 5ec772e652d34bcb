"""Which coin is sold for which, through which pools, how much: marginal chunks over concave ladders.

A chunk goes where it is paid best next, so pools of one pair are filled until their marginal prices are
equal, and a pool shared by routes is charged for all of them. A chunk that would be paid less than the floor
is left for another day, even where a trade's average would still pass.

Two orders are offered, because the cheapest chunk first may leave a coin with only dear ways out: `cheapest`,
and Vogel's rule (`most_regretted`: first the coin that would lose most by being left its second choice), a
standard start for transportation problems.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from ballast.keeper.market import Market, Route, routes_between
from ballast.keeper.rules import (
    Basket,
    bought_beyond,
    budget_left,
    floor_out,
    loss_counted,
    trade_limit,
)
from ballast.keeper.snapshot import Coin, Snapshot
from ballast.model.rebalance import value_of
from ballast.settings import Settings
from ballast.units import BPS, WAD

_DUST = WAD // 100  # WAD{USD}: what is not worth a chunk of its own
_ROUNDING = 10**6  # WAD{USD}: more than the floors of all chunks of a pair can add up to
_HALVINGS = 6  # of a chunk that is more than a ladder still holds


@dataclass(frozen=True)
class Policy:
    """The keeper's own limits, inside those of the chain."""

    quote_tolerance_bps: int = 10  # a trade is refused when its quote has worsened by more
    min_trade_value: int = 100 * WAD  # WAD{USD}
    min_fill_bps: int = 100  # of what is to be moved: a fill that does less is not worth its gas
    routes_per_pair: int = 6  # that are weighed against each other
    chunks: int = 100  # that a whole rebalance is cut into
    aim_fraction: int = 25  # bought coins stop this part of the settle band short of target

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The policy an operator's settings ask for."""
        return cls(settings.quote_tolerance_bps, settings.min_trade_usd * WAD)


class Obstacle(StrEnum):
    """Why some value cannot be moved now."""

    NO_ROUTE = "NO_ROUTE"
    LOSS_BUDGET = "LOSS_BUDGET"
    BELOW_MIN_TRADE = "BELOW_MIN_TRADE"


@dataclass(frozen=True)
class Step:
    """One chunk through one route."""

    route: Route
    amount_in: int
    amount_out: int
    value_in: int  # WAD{USD}
    value_out: int  # WAD{USD}
    loss: int  # WAD{USD}, if the quote worsens as far as it may

    @property
    def rate(self) -> int:
        """WAD{USD out / USD in}."""
        return self.value_out * WAD // self.value_in


Choice = Callable[[list[Step]], Step]


def _rank(step: Step) -> tuple[int, int, tuple[str, ...]]:
    """Best paid first, then fewer hops, then by address: the order of the snapshot's lists has no say."""
    return -step.rate, len(step.route.hops), step.route.key


def cheapest(steps: list[Step]) -> Step:
    """The step that is paid best."""
    return min(steps, key=_rank)


def most_regretted(steps: list[Step]) -> Step:
    """The best step of the coin, sold or bought, that would lose most by being left its second choice."""
    best: tuple[int, Step] | None = None
    for side in (0, 1):
        for token in sorted({step.route.pair[side] for step in steps}):
            ranked: dict[str, Step] = {}
            for step in sorted((s for s in steps if s.route.pair[side] == token), key=_rank):
                ranked.setdefault(step.route.pair[1 - side], step)
            choices = list(ranked.values())
            second = choices[1].rate if len(choices) > 1 else 0  # without one, the regret is the whole
            regret = choices[0].rate - second
            if best is None or (-regret, _rank(choices[0])) < (-best[0], _rank(best[1])):
                best = regret, choices[0]
    assert best is not None, "called with steps only"
    return best[1]


@dataclass
class Allocation:
    """Chunks taken so far and what is left to move."""

    snapshot: Snapshot
    basket: Basket
    policy: Policy
    banned: frozenset[tuple[str, ...]] = frozenset()
    flows: dict[tuple[str, ...], tuple[Route, int]] = field(default_factory=dict)  # amounts in own decimals
    obstacles: dict[tuple[str, str], Obstacle] = field(default_factory=dict)  # by pair, the gravest met

    def __post_init__(self) -> None:
        """Surpluses go down to target exactly; deficits stop short of it by the aim.

        Not when a coin leaves: what the others did not take would stay in it.
        """
        self._emptied = self.basket.leaving
        short = max(1, self.snapshot.params.fill.settle_band_bps // self.policy.aim_fraction)
        aim = 0 if self._emptied else short * self.basket.total
        beyond = bought_beyond(self.snapshot, self.basket)
        self._coins: dict[str, Coin] = {coin.token: coin for coin in self.basket.coins}
        # An emergency may lack a coin's price.
        gaps = {c.token: self.basket.gap(c.token) for c in self.basket.coins if c.quote.mid}
        rooms = {token: self.basket.headroom(token, beyond) - aim for token in gaps}
        self._surplus = {
            token: min(gap // BPS, self._at_hand(token)) for token, gap in gaps.items() if gap > 0
        }
        self._deficit = {token: room // BPS for token, room in rooms.items() if room > 0}
        self._sold = dict.fromkeys(self._surplus, 0)  # own decimals
        self._market = Market()
        self._budget = budget_left(self.snapshot)
        self._chunk = max(self.basket.to_move // self.policy.chunks, WAD)
        self._routes: list[Route] = []
        self._pair_left: dict[tuple[str, str], int] = {}
        for pair in self.pairs():
            sold, bought = self._coins[pair[0]], self._coins[pair[1]]
            self._pair_left[pair] = trade_limit(self.snapshot, sold, bought) - _ROUNDING
            routes = routes_between(self.snapshot, *pair)
            self._routes += self._best([route for route in routes if route.key not in self.banned])
            if not routes:
                self.obstacles[pair] = Obstacle.NO_ROUTE

    def _at_hand(self, token: str) -> int:
        """WAD{USD} of a coin that can be sold now: not what a market holds back."""
        coin = self._coins[token]
        return value_of(max(0, coin.reserve - coin.stuck), coin.scale, coin.quote.mid)

    def pairs(self) -> list[tuple[str, str]]:
        """Every coin above target with every coin below it."""
        return [(sold, bought) for sold in sorted(self._surplus) for bought in sorted(self._deficit)]

    def _best(self, routes: list[Route]) -> list[Route]:
        """The routes of one pair that pay best for a first chunk: more of them only cost time and gas."""
        steps = [step for route in routes if (step := self._next(route)) is not None]
        return [step.route for step in sorted(steps, key=_rank)[: self.policy.routes_per_pair]]

    def run(self, choose: Choice) -> None:
        """Takes chunks until nothing is left that may be moved; coins on their way out go first."""
        steps = {route.key: self._next(route) for route in self._routes}
        while found := [step for step in steps.values() if step is not None]:
            leaving = [step for step in found if step.route.token_in in self._emptied]
            step = choose(leaving or found)
            self._take(step)
            for route in self._touched(step.route):
                steps[route.key] = self._next(route)

    def _touched(self, taken: Route) -> Iterable[Route]:
        """Routes whose next chunk changed: they share a pool or a coin, or the budget is getting short."""
        if self._budget < self._chunk:
            return self._routes
        pools = {hop.pool for hop in taken.hops}
        return [
            route
            for route in self._routes
            if route.token_in == taken.token_in
            or route.token_out == taken.token_out
            or any(hop.pool in pools for hop in route.hops)
        ]

    def _next(self, route: Route) -> Step | None:
        """The route's next chunk, or None with the obstacle noted."""
        sold, bought = (self._coins[token] for token in route.pair)
        room = min(self._surplus[sold.token], self._pair_left[route.pair])
        value = min(self._chunk, room)
        if value < _DUST or self._deficit[bought.token] < _DUST:
            return None
        amount = self._amount(sold, value)
        out = self._market.quote(route, amount)
        for _ in range(_HALVINGS):
            if out is not None:
                break
            amount //= 2
            out = self._market.quote(route, amount)
        step = self._step(route, amount, out)
        if step is not None and step.value_out > self._deficit[bought.token]:
            # A basis point less: a smaller amount is paid a little better.
            amount = amount * self._deficit[bought.token] * (BPS - 1) // (step.value_out * BPS)
            step = self._step(route, amount, self._market.quote(route, amount))
        return self._admit(step, route, sold, bought)

    def _amount(self, sold: Coin, value: int) -> int:
        """Own decimals worth `value`; a coin on its way out of the basket is emptied to the last unit."""
        left = sold.reserve - sold.stuck - self._sold[sold.token]
        if sold.token in self._emptied and value == self._surplus[sold.token] and not sold.stuck:
            return left
        return min(left, value * WAD // (sold.scale * sold.quote.mid))

    def _step(self, route: Route, amount: int, out: int | None) -> Step | None:
        if not amount or not out:
            return None
        sold, bought = (self._coins[token] for token in route.pair)
        value_in = value_of(amount, sold.scale, sold.quote.mid)
        value_out = value_of(out, bought.scale, bought.quote.mid)
        worst = value_out * (BPS - self.policy.quote_tolerance_bps) // BPS
        if not value_in:
            return None
        loss = loss_counted(self.snapshot, sold, bought, value_in, worst)
        return Step(route, amount, out, value_in, value_out, loss)

    def _admit(self, step: Step | None, route: Route, sold: Coin, bought: Coin) -> Step | None:
        """The step if floor, deficit and loss budget let it pass."""
        floor = 0 if step is None else floor_out(self.snapshot, sold, bought, step.amount_in)
        if step is None or step.amount_out < floor:
            self.obstacles.setdefault(route.pair, Obstacle.NO_ROUTE)
            return None
        if step.value_out > self._deficit[bought.token]:
            return None  # a rounding too much: the rest is dust
        if step.loss > self._budget:
            self.obstacles[route.pair] = Obstacle.LOSS_BUDGET
            return None
        return step

    def _take(self, step: Step) -> None:
        route = step.route
        self._market.take(route, step.amount_in)
        self._surplus[route.token_in] -= min(step.value_in, self._surplus[route.token_in])
        self._deficit[route.token_out] -= step.value_out
        self._pair_left[route.pair] -= step.value_in
        self._sold[route.token_in] += step.amount_in
        self._budget -= max(0, step.loss)
        self.flows[route.key] = (route, self.flows.get(route.key, (route, 0))[1] + step.amount_in)
