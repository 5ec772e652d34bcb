"""Plays lending markets to an allocator: what a fund would have earned, gas paid and its own size counted.

At every step the allocator sees what was known then and nothing else; what it decides holds from then on, and
earns at the rates that became known during the step that follows. Rates and sizes are of the market without
us; the market's curve says what our money would have made of them, with nobody else reacting.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from ballast.data.series import Series
from ballast.errors import DataError
from ballast.optimizer.markets import Curve, Market
from ballast.units import SECONDS_PER_DAY, WAD

Floats = npt.NDArray[np.float64]

HOUR: Final = 3_600
YEAR: Final = 31_536_000  # s, as the published rates count it
STEP: Final = 12 * HOUR  # s
# Per strategy moved: coins out of the vault or back, the strategy's own deposit or redemption, the market's,
# the manager's checks. An assumption; what an allocation takes on the local mainnet is a row of the bench.
MOVE_GAS: Final = 450_000
_GWEI: Final = 1e-9  # ETH
_PER_CENT: Final = 0.01
LEAST: Final = 1e6  # USD that a market must have had
_PROVEN: Final = 14 * SECONDS_PER_DAY  # for so long: first days have rates of 70 % and nobody in them
_STALE: Final = 7 * SECONDS_PER_DAY  # the oldest rate or size that is believed
_LOW_GAS: Final = 1e-6  # gwei, where none is known


@dataclass(frozen=True)
class Listing:
    """One market's histories. Rates in % APR, sizes in USD, all WAD."""

    name: str
    protocol: str
    curve: Curve
    rates: Series
    deposits: Series
    borrows: Series


@dataclass(frozen=True, eq=False)
class Tape:
    """One market on the clock: what is known at each step, and what was earned in the step after it."""

    listing: Listing
    supplied: Floats  # USD
    borrowed: Floats
    earned: Floats  # 1/year, mean over the step after; the last step has none and holds 0
    usable: npt.NDArray[np.bool_]

    def market(self, at: int, rate: float) -> Market:
        """The market at a step, with a rate that somebody expects of it. USD"""
        listing = self.listing
        sizes = float(self.supplied[at]), float(self.borrowed[at])
        return Market(listing.name, listing.protocol, rate, *sizes, listing.curve)


@dataclass(frozen=True, eq=False)
class Film:
    """Everything that is played: a clock, its markets, and what a move costs at each step."""

    clock: npt.NDArray[np.int64]  # s
    tapes: tuple[Tape, ...]
    move_cost: Floats  # USD
    first: int = 0  # the step that is played first

    def names(self) -> tuple[str, ...]:
        """The markets."""
        return tuple(tape.listing.name for tape in self.tapes)

    @property
    def start(self) -> int:
        """When it is played from, s; what was before is past."""
        return int(self.clock[self.first])

    def since(self, start: int) -> "Film":
        """The same, played from the first step not before `start` (s)."""
        return replace(self, first=int(np.searchsorted(self.clock, start)))


def film(listings: Sequence[Listing], gas: Series, ether: Series, start: int, end: int) -> Film:
    """The listings on a clock of whole steps. DataError when start and end (s) hold less than two steps."""
    clock = np.arange(-(-start // STEP) * STEP, end, STEP, dtype=np.int64)
    if len(clock) < 2:
        raise DataError(f"no two steps of {STEP // HOUR} h between {start} and {end}: give a longer time")
    gwei = np.maximum(_known(gas, clock), _LOW_GAS)
    cost = MOVE_GAS * gwei * _GWEI * np.nan_to_num(_known(ether, clock))
    return Film(clock, tuple(_tape(listing, clock) for listing in listings), np.nan_to_num(cost))


def _tape(listing: Listing, clock: npt.NDArray[np.int64]) -> Tape:
    supplied, borrowed = (
        np.nan_to_num(_known(series, clock, _STALE)) for series in (listing.deposits, listing.borrows)
    )
    hours = clock[:, None] + HOUR * np.arange(1, STEP // HOUR + 1)[None, :]
    rates = np.nan_to_num(_known(listing.rates, hours.ravel())).reshape(hours.shape)
    earned = rates.mean(axis=1) * _PER_CENT
    earned[-1] = 0.0
    large = (supplied >= LEAST) & ~np.isnan(_known(listing.rates, clock, _STALE))
    proven = np.cumsum(large) * STEP >= _PROVEN
    return Tape(listing, supplied, borrowed, earned, large & proven)


def _known(series: Series, clock: npt.NDArray[np.int64], max_age: int | None = None) -> Floats:
    """Each time's last known value in the series' unit, NaN where there is none or it is too old."""
    times = np.array(series.known_at, dtype=np.int64)
    values = np.array([value / WAD for value in series.values], dtype=np.float64)
    place = np.searchsorted(times, clock, side="right") - 1
    found = np.where(place >= 0, values[np.maximum(place, 0)], np.nan)
    if max_age is not None:
        found = np.where(clock - times[np.maximum(place, 0)] <= max_age, found, np.nan)
    return found


@dataclass(frozen=True)
class Sight:
    """What an allocator knows at a step."""

    film: Film = field(repr=False)
    at: int  # the step
    held: Mapping[str, float]  # USD
    idle: float  # USD

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.film.clock[self.at])

    @property
    def money(self) -> float:
        """All of it. USD"""
        return self.idle + sum(self.held.values())

    @property
    def move_cost(self) -> float:
        """USD a market moved."""
        return float(self.film.move_cost[self.at])

    def past(self, tape: Tape) -> Floats:
        """What the market paid in every step that is over. 1/year"""
        return tape.earned[: self.at]


# The amounts wanted, USD; None leaves everything as it is.
Allocator = Callable[[Sight], Mapping[str, float] | None]


@dataclass
class Run:
    """What became of a fund."""

    start: float  # USD
    names: tuple[str, ...]
    times: list[int] = field(default_factory=list)
    worth: list[float] = field(default_factory=list)  # USD, gas paid, at each step
    lent: list[float] = field(default_factory=list)  # of the money
    splits: list[tuple[float, ...]] = field(default_factory=list)  # of the money, by market
    gas: float = 0.0  # USD
    moves: int = 0  # markets moved in or out of
    changes: int = 0  # times that anything was moved

    @property
    def years(self) -> float:
        """How long it was."""
        return (self.times[-1] - self.times[0]) / YEAR

    @property
    def net(self) -> float:
        """What was earned after gas, as a yield per year, compounded."""
        return float((self.worth[-1] / self.start) ** (1 / self.years) - 1)

    @property
    def mean_lent(self) -> float:
        """The fraction of the money that was at work."""
        return sum(self.lent) / len(self.lent)

    def worth_at(self, moment: int) -> float:
        """The worth at the last step not after a time; the start's before the first."""
        place = int(np.searchsorted(np.array(self.times), moment, side="right")) - 1
        return self.worth[place] if place >= 0 else self.start


def play(film: Film, allocator: Allocator, money: float) -> Run:
    """The allocator's fund along the film, all idle at first. Gas is paid out of the fund."""
    names = film.names()
    run, held, idle = Run(money, names), dict.fromkeys(names, 0.0), money
    for at in range(film.first, len(film.clock)):
        wanted = allocator(Sight(film, at, dict(held), idle))
        if wanted is not None:
            idle = _moved(film, at, held, idle, wanted, run)
        worth = idle + sum(held.values())
        run.times.append(int(film.clock[at]))
        run.worth.append(worth)
        run.lent.append(1 - idle / worth)
        run.splits.append(tuple(held[name] / worth for name in names))
        for tape in film.tapes:
            amount = held[tape.listing.name]
            if amount > 0:
                rate = tape.market(at, float(tape.earned[at])).rate_with(amount)
                held[tape.listing.name] = amount * (1 + rate * STEP / YEAR)
    return run


def _moved(
    film: Film, at: int, held: dict[str, float], idle: float, wanted: Mapping[str, float], run: Run
) -> float:
    """Takes out first, as far as each market can pay, then puts in what there is; what is idle afterwards."""
    tapes = {tape.listing.name: tape for tape in film.tapes}
    moved = 0
    for name in sorted(wanted, key=lambda name: wanted[name] - held[name]):
        change = wanted[name] - held[name]
        if change < 0:
            tape = tapes[name]
            available = max(0.0, float(tape.supplied[at] - tape.borrowed[at]) + held[name])
            change = -min(-change, available)
        else:
            change = min(change, idle)
        if abs(change) > 1e-9 * run.start:
            held[name] += change
            idle -= change
            moved += 1
    cost = moved * float(film.move_cost[at])
    run.moves, run.changes, run.gas = run.moves + moved, run.changes + (moved > 0), run.gas + cost
    return _paid(held, idle, cost)


def _paid(held: dict[str, float], idle: float, cost: float) -> float:
    """Gas out of what is idle, else out of the largest position, at no further gas."""
    if cost > idle:
        largest = max(held, key=lambda name: held[name])
        held[largest] -= cost - idle
        return 0.0
    return idle - cost
