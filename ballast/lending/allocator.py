"""The allocators that are compared: the optimizer's, and those that need no thought."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import numpy as np

from ballast.backtest.lending import LEAST, STEP, Film, Floats, Sight, Tape
from ballast.optimizer.markets import Market, Terms, split_among
from ballast.units import BPS, SECONDS_PER_DAY

TENTH: Final = 1 / 9  # of what others have: with ours in it, a tenth
_GRACE: Final = 1.25  # times the cap; a market that shrinks a little costs no gas
_SPAN: Final = 30 * SECONDS_PER_DAY // STEP  # steps of the covariance
_AVERSION: Final = 10.0  # a position whose rate strays by 2 points a year is worth 0.2 points less
_DUST: Final = 0.002  # of the money: no move is made for less
_YEAR_DAYS: Final = 365.0


@dataclass(frozen=True)
class Params:
    """What is chosen on the past."""

    half_life_days: float = 3.0  # of the mean of past rates that is expected to go on
    differential_bps: int = 50  # the least spread that a move must take
    horizon_days: int = 30  # in which it must pay back its gas


@dataclass(frozen=True)
class Bounds:
    """What is not chosen."""

    of_market: float | None = TENTH  # of what others have in it; None: as much as pays


@dataclass
class Optimizing:
    """The optimizer on expected rates; `params` may follow from the time (walk-forward)."""

    params: Params | Callable[[int], Params] = field(default_factory=Params)
    bounds: Bounds = field(default_factory=Bounds)

    def __call__(self, sight: Sight) -> Mapping[str, float] | None:
        """The amounts wanted, or None while no move takes the spread and pays its gas in time."""
        params = self.params if isinstance(self.params, Params) else self.params(sight.now)
        markets = [
            _bounded(
                tape.market(sight.at, expected(sight.film, tape, sight.at, params.half_life_days)),
                tape,
                sight,
                self.bounds,
            )
            for tape in sight.film.tapes
        ]
        forced = any(sight.held[m.name] > m.most for m in markets)
        if not forced and _spread(markets, sight) * BPS < params.differential_bps:
            return None
        terms = Terms(
            sight.move_cost, params.horizon_days / _YEAR_DAYS, _AVERSION, covariance(sight.film, sight.at)
        )
        found = split_among(markets, sight.held, sight.idle, terms)
        pays = found.gain > 0 and 2 * found.differential * BPS >= params.differential_bps
        if not found.moved or not (pays or forced):
            return None
        return {name: share * sight.money for name, share in zip(found.names, found.split, strict=True)}


def _bounded(market: Market, tape: Tape, sight: Sight, bounds: Bounds) -> Market:
    """With the caps of the fund, and what cannot leave."""
    held = sight.held[market.name]
    most = float("inf") if bounds.of_market is None else bounds.of_market * market.supplied
    if most < held <= _GRACE * most:
        most = held
    if not tape.usable[sight.at]:
        most = min(most, held)
    stuck = max(0.0, market.borrowed - market.supplied)
    return replace(market, most=most, least=min(held, stuck))


def _spread(markets: list[Market], sight: Sight) -> float:
    """The most that a unit moved can gain: the best marginal rate with room, less the worst that is held."""
    dust = _DUST * sight.money
    rising = [m.marginal(sight.held[m.name]) for m in markets if sight.held[m.name] < m.most - dust]
    falling = [m.marginal(sight.held[m.name]) for m in markets if sight.held[m.name] > m.least + dust]
    if sight.idle > dust:
        falling.append(0.0)
    return max(rising, default=0.0) - min(falling, default=0.0)


@lru_cache(maxsize=64)
def _means(film: Film, tape: Tape, half_life_days: float) -> Floats:
    """At each step the mean of what was paid in the steps before, older ones weighing less. 1/year"""
    keep = 0.5 ** (STEP / (half_life_days * SECONDS_PER_DAY))
    means, mean, weight = np.zeros(len(film.clock)), 0.0, 0.0
    for at in range(1, len(film.clock)):
        if tape.supplied[at - 1] >= LEAST:
            mean = keep * mean + (1 - keep) * float(tape.earned[at - 1])
            weight = keep * weight + (1 - keep)
        means[at] = mean / weight if weight > 0 else 0.0
    return means


def expected(film: Film, tape: Tape, at: int, half_life_days: float) -> float:
    """What a market is expected to pay, out of steps that are over. 1/year"""
    return float(_means(film, tape, half_life_days)[at])


@lru_cache(maxsize=4096)
def covariance(film: Film, at: int) -> tuple[tuple[float, ...], ...]:
    """Of the markets' rates over the last month; none while there is too little of it. 1/year^2"""
    if at < _SPAN:
        return ()
    part = slice(at - _SPAN, at)
    sample = np.array([np.where(t.supplied[part] >= LEAST, t.earned[part], 0.0) for t in film.tapes])
    matrix = np.atleast_2d(np.cov(sample))
    return tuple(tuple(float(value) for value in row) for row in matrix)


@dataclass(frozen=True)
class Hold:
    """All of it in one market from the first step at which that can be used."""

    name: str

    def __call__(self, sight: Sight) -> Mapping[str, float] | None:
        """Everything, once."""
        tape = next(t for t in sight.film.tapes if t.listing.name == self.name)
        if sum(sight.held.values()) > 0 or not tape.usable[sight.at]:
            return None
        return {self.name: sight.money}


@dataclass
class EqualSplit:
    """The same amount in every market that can be used, split anew when there is one more of them."""

    known: int = 0

    def __call__(self, sight: Sight) -> Mapping[str, float] | None:
        """Equal amounts when the number of markets has grown."""
        usable = [t.listing.name for t in sight.film.tapes if t.usable[sight.at]]
        if len(usable) <= self.known:
            return None
        self.known = len(usable)
        wanted = dict.fromkeys(sight.held, 0.0)
        return wanted | dict.fromkeys(usable, sight.money / len(usable))
