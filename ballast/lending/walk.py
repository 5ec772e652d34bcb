"""Walk-forward: at the start of each month the parameters that had earned most until then, over all coins."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from math import log
from typing import Final

from ballast.backtest.lending import Film, Run, play
from ballast.lending.allocator import Bounds, Optimizing, Params
from ballast.units import SECONDS_PER_DAY

GRID: Final = tuple(
    Params(half_life, differential, horizon)
    for half_life, differential, horizon in product((1.0, 3.0, 10.0, 30.0), (10, 50), (7, 30))
)
DEFAULT: Final = Params()  # before there is a past
_LEAST_PAST: Final = 30 * SECONDS_PER_DAY  # of a coin, for it to have a say


@dataclass(frozen=True)
class Schedule:
    """The parameters by the time from which on they hold, ascending."""

    since: tuple[int, ...]  # s
    chosen: tuple[Params, ...]

    def __call__(self, now: int) -> Params:
        """The parameters at a time."""
        place = bisect_right(self.since, now) - 1
        return self.chosen[place] if place >= 0 else DEFAULT


@dataclass(frozen=True)
class Walk:
    """One size of fund: what was chosen when, and what became of each coin's fund."""

    money: float  # USD
    schedule: Schedule
    runs: Mapping[str, Run]  # by coin


def months(start: int, end: int) -> list[int]:
    """The first days of months in (start, end), s."""
    day = datetime.fromtimestamp(start, UTC)
    year, month = day.year, day.month
    found: list[int] = []
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        moment = int(datetime(year, month, 1, tzinfo=UTC).timestamp())
        if moment >= end:
            return found
        found.append(moment)


def choose(paths: Mapping[Params, Sequence[Run]], cut: int) -> Params:
    """What had earned most until the cut, the coins' growth multiplied; the default while none has a past."""
    scores = {}
    for params, runs in paths.items():
        past = [run for run in runs if run.times[0] <= cut - _LEAST_PAST]
        if past:
            scores[params] = sum(log(run.worth_at(cut) / run.start) for run in past)
    return max(scores, key=lambda params: scores[params]) if scores else DEFAULT


def walk(films: Mapping[str, Film], money: float, bounds: Bounds, grid: Iterable[Params] = GRID) -> Walk:
    """Plays every setting over everything, chooses month by month on what was over, and plays the choices."""
    paths = {
        params: [play(film, Optimizing(params, bounds), money) for film in films.values()] for params in grid
    }
    start = min(film.start for film in films.values())
    end = max(int(film.clock[-1]) for film in films.values())
    cuts = months(start, end)
    schedule = Schedule(tuple(cuts), tuple(choose(paths, cut) for cut in cuts))
    runs = {coin: play(film, Optimizing(schedule, bounds), money) for coin, film in films.items()}
    return Walk(money, schedule, runs)
