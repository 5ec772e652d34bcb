"""A coin's histories as a row of looks: what the detector would have seen at every half hour.

Prices are rounded to 1e-9 USD, so that whole rows fit machine integers; on such prices the sights are exactly
those of `ballast.model.crisis.sight`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ballast.data.series import Series
from ballast.errors import DataError
from ballast.model.crisis import MAX_DEVIATION, Sight
from ballast.units import BPS, WAD

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NANO: Final = 10**9  # 1 USD
CLOCK: Final = 1_800  # s between two looks
HEARTBEAT: Final = 90_000  # s, the oldest a source's value may be, counted from when it became known
TWAP_WINDOW: Final = 1_800  # s
AT_PEG: Final = 200  # bps: a track begins when the coin is that near to $1
_YEAR: Final = 31_557_600  # s
_NONE: Final = -1  # a source that does not answer


@dataclass(frozen=True, eq=False)
class Source:
    """One price series: values (nano USD) from the moment each was known."""

    known_at: Ints
    values: Ints

    def at(self, clock: Ints, heartbeat: int = HEARTBEAT) -> Ints:
        """The value known at every time of the clock, -1 where there is none or it is too old."""
        place = np.searchsorted(self.known_at, clock, side="right") - 1
        known = self.known_at[np.maximum(place, 0)]
        fresh = (place >= 0) & (clock - known <= heartbeat)
        return np.where(fresh, self.values[np.maximum(place, 0)], _NONE)

    def twap(self, clock: Ints, heartbeat: int = HEARTBEAT) -> Ints:
        """The time-weighted mean over the window before every time of the clock, rounded down."""
        now, before = self._integral(clock), self._integral(clock - TWAP_WINDOW)
        started = clock - TWAP_WINDOW >= self.known_at[0]
        mean: Ints = (now - before) // TWAP_WINDOW
        return np.where(started & (self.at(clock, heartbeat) >= 0), mean, _NONE)

    def _integral(self, clock: Ints) -> Ints:
        """Nano USD * s from the first value on; fits for a decade."""
        spans = np.diff(self.known_at) * self.values[:-1]
        sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(spans)])
        place = np.maximum(np.searchsorted(self.known_at, clock, side="right") - 1, 0)
        whole: Ints = sums[place] + np.maximum(clock - self.known_at[place], 0) * self.values[place]
        return whole

    def warped(self, depth: float, duration: float, origin: int) -> "Source":
        """The same below the peg `depth` times as deep in the logarithm, and all `duration` times as long."""
        times = origin + ((self.known_at - origin) * duration).astype(np.int64)
        share = np.minimum(self.values, NANO) / NANO
        deep = (share**depth * NANO).astype(np.int64)
        return Source(times, np.where(self.values < NANO, np.maximum(deep, 1), self.values))

    def between(self, start: int, end: int) -> "Source":
        """What was known in [start, end], and the last value before."""
        first = max(int(np.searchsorted(self.known_at, start, side="right")) - 1, 0)
        last = int(np.searchsorted(self.known_at, end, side="right"))
        return Source(self.known_at[first:last], self.values[first:last])


def source_of(series: Series) -> Source:
    """The series with its values in nano USD."""
    values = np.array([value * NANO // WAD for value in series.values], dtype=np.int64)
    return Source(np.array(series.known_at, dtype=np.int64), values)


@dataclass(frozen=True, eq=False)
class Track:
    """One coin as seen through a set of sources."""

    coin: str
    name: str
    times: Ints  # s
    deviation: Ints  # bps{$1}
    good: Ints  # sources that answer
    needed: int
    sources: tuple[Source, ...]
    heartbeat: int = HEARTBEAT  # s
    clock: int = CLOCK  # s between two looks

    @cached_property
    def seen(self) -> Flags:
        """Whether enough sources answer, at every look."""
        return self.good >= self.needed

    @cached_property
    def rows(self) -> tuple[list[int], list[int], list[bool]]:
        """Times, deviations and whether seen, as plain lists."""
        return self.times.tolist(), self.deviation.tolist(), self.seen.tolist()

    @cached_property
    def prices(self) -> list[float]:
        """USD at every look: what the confirming sources agree on, the last one while nothing is seen."""
        place = np.where(self.seen, np.arange(len(self.times)), 0)
        price: list[float] = (1 + self.deviation[np.maximum.accumulate(place)] / BPS).tolist()
        return price

    @property
    def years(self) -> float:
        """Coin-years of the track."""
        return len(self.times) * self.clock / _YEAR

    @property
    def has_died(self) -> bool:
        """Whether the last look shows less than half a dollar."""
        return self.prices[-1] < 0.5

    def sight(self, at: int) -> Sight:
        """The look at this place as the model has it; the spread plays no part in a verdict."""
        seen = bool(self.seen[at])
        return Sight(seen, seen, int(self.deviation[at]), 0, int(self.good[at]))

    def between(self, start: int, end: int) -> "Track":
        """The looks in [start, end]."""
        kept = (self.times >= start) & (self.times <= end)
        sources = tuple(s for s in self.sources if s.known_at[0] <= end and s.known_at[-1] >= start)
        sources = tuple(source.between(start, end) for source in sources)
        return replace(
            self,
            times=self.times[kept],
            deviation=self.deviation[kept],
            good=self.good[kept],
            sources=sources,
        )

    def warped(self, depth: float, duration: float) -> "Track":
        """As if everything had been `depth` times as deep and had taken `duration` times as long."""
        origin = int(self.times[0])
        end = origin + int((int(self.times[-1]) - origin) * duration)
        sources = tuple(s.warped(depth, duration, origin) for s in self.sources)
        times = np.arange(origin, end + 1, self.clock, dtype=np.int64)
        return replace(self, **_seen(sources, times, self.needed, int(self.heartbeat * max(1.0, duration))))


def track_of(
    coin: str,
    name: str,
    sources: Sequence[Source],
    needed: int = 2,
    heartbeat: int = HEARTBEAT,
    clock: int = CLOCK,
) -> Track:
    """The looks from the first near the peg on; one source alone is joined by its own half-hour mean.

    The first source gives the span, cut where too few are left. DataError when no look is near the peg.
    """
    ends = sorted((int(s.known_at[-1]) for s in sources), reverse=True)
    end = min(int(sources[0].known_at[-1]), ends[min(needed, len(sources)) - 1])
    first = int(sources[0].known_at[0]) // clock * clock + clock
    times = np.arange(first, end + 1, clock, dtype=np.int64)
    track = Track(coin, name, times, times, times, needed, tuple(sources), heartbeat, clock)
    track = replace(track, **_seen(track.sources, times, needed, heartbeat))
    near = np.flatnonzero(track.seen & (np.abs(track.deviation) < AT_PEG))
    if not len(near):
        raise DataError(f"{coin}, {name}: never within {AT_PEG} bps of a dollar")
    return track.between(int(times[near[0]]), int(times[-1]))


def _seen(sources: Sequence[Source], times: Ints, needed: int, heartbeat: int) -> dict[str, Any]:
    """A track's fields that follow from its sources and times."""
    rows = [source.at(times, heartbeat) for source in sources]
    if len(sources) == 1:
        rows.append(sources[0].twap(times, heartbeat))
    deviation, good = sights(np.stack(rows), needed)
    return {"times": times, "deviation": deviation, "good": good}


def sights(prices: Ints, needed: int) -> tuple[Ints, Ints]:
    """Deviations (bps, 0 unseen) and good sources of every look; a row of `prices` a source, -1 for none."""
    is_good = prices >= 0
    good = is_good.sum(axis=0)
    if len(prices) < needed:
        return np.zeros_like(good), good
    low = np.sort(np.where(is_good, prices, np.iinfo(np.int64).max), axis=0)[needed - 1]
    high = np.sort(prices, axis=0)[len(prices) - needed]
    seen = good >= needed
    down = np.where(seen & (low < NANO), (NANO - np.minimum(low, NANO)) * BPS // NANO, 0)
    up = np.where(seen & (high > NANO), (np.maximum(high, NANO) - NANO) * BPS // NANO, 0)
    return np.where(down > 0, -down, np.minimum(up, MAX_DEVIATION)), good
