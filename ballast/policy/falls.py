"""The falls in the tracks of a study: times in which a coin was well below its peg."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ballast.policy.tracks import Track
from ballast.units import SECONDS_PER_DAY

DEPTH: Final = 300  # bps below the peg that two looks in a row must show
_REST: Final = 14 * SECONDS_PER_DAY  # s of quiet that part two falls
_BEFORE: Final = 3 * SECONDS_PER_DAY  # s
_AFTER: Final = 30 * SECONDS_PER_DAY  # s that a fall is followed
_NEAR: Final = 2 * SECONDS_PER_DAY  # s: what two tracks show that close is one event
_DAILY: Final = "daily"


@dataclass(frozen=True, eq=False)
class Fall:
    """One fall as one track shows it, with the days round it."""

    track: Track
    start: int  # s, the first look that shows it
    end: int  # s, the last one

    @property
    def lowest(self) -> float:
        """USD."""
        return min(self.track.prices)


@dataclass(frozen=True, eq=False)
class Event:
    """A coin's fall as every track shows it: it counts once."""

    falls: tuple[Fall, ...]

    @property
    def coin(self) -> str:
        """The coin that fell."""
        return self.falls[0].track.coin

    @property
    def start(self) -> int:
        """S, as first seen in any track."""
        return min(fall.start for fall in self.falls)

    @property
    def has_died(self) -> bool:
        """Whether the coin never came back."""
        return any(fall.track.has_died for fall in self.falls)

    @property
    def known_at(self) -> int:
        """S, when a reader of the data could tell how it went: a month after its end, or its death."""
        if self.has_died:
            return self.start + _AFTER
        return max(fall.end for fall in self.falls) + _AFTER

    @property
    def lowest(self) -> float:
        """USD, in any track."""
        return min(fall.lowest for fall in self.falls)


def falls_of(track: Track) -> list[Fall]:
    """The falls of a track; one of a coin that died goes on to the end."""
    down = np.maximum(0, -track.deviation)
    deep = np.flatnonzero(np.minimum(down[1:], down[:-1]) >= DEPTH) + 1
    spans: list[list[int]] = []
    for now in track.times[deep].tolist():
        if spans and now - spans[-1][1] < _REST:
            spans[-1][1] = now
        else:
            spans.append([now, now])
    falls = []
    for place, (start, end) in enumerate(spans):
        later = spans[place + 1][0] - _BEFORE if place + 1 < len(spans) else end + _AFTER
        falls.append(Fall(track.between(start - _BEFORE, min(end + _AFTER, later)), start, end))
    return falls


def events_of(tracks: Sequence[Track]) -> list[Event]:
    """The falls that say something, those of one coin at one time together, in order of time.

    Left out: what a track with more sources of the coin does not show at that time, and a fall that is a
    single daily price, as nobody knows how long it took. Where hours are known, days do not count.
    """
    found = [fall for track in tracks for fall in falls_of(track)]
    kept = [fall for fall in found if _says_how_long(fall) and not _is_denied(fall, tracks, found)]
    groups: list[list[Fall]] = []
    for fall in sorted(kept, key=lambda one: one.start):
        group = next((g for g in groups if _is_same(fall, g)), None)
        if group is None:
            groups.append([fall])
        else:
            group.append(fall)
    events = []
    for group in groups:
        fine = [fall for fall in group if _DAILY not in fall.track.name]
        events.append(Event(tuple(fine or group)))
    return events


def _says_how_long(fall: Fall) -> bool:
    track = fall.track
    if _DAILY not in track.name:
        return True
    within = (track.times >= fall.start) & (track.times <= fall.end) & (track.deviation <= -DEPTH)
    return len(set(track.deviation[within].tolist())) > 1


def _is_denied(fall: Fall, tracks: Iterable[Track], falls: Iterable[Fall]) -> bool:
    """Whether a track with more sources covers the whole fall and shows none."""
    start, end = fall.start, fall.end
    for track in tracks:
        if track.coin != fall.track.coin or len(track.sources) <= len(fall.track.sources):
            continue
        during = (track.times >= start) & (track.times <= end)
        if track.times[0] > start or track.times[-1] < end or not track.seen[during].all():
            continue
        if not any(f.track.name == track.name and f.start <= end and f.end >= start for f in falls):
            return True
    return False


def _is_same(fall: Fall, group: Sequence[Fall]) -> bool:
    start, end = min(f.start for f in group), max(f.end for f in group)
    same_coin = fall.track.coin == group[0].track.coin
    return same_coin and fall.start <= end + _NEAR and start <= fall.end + _NEAR
