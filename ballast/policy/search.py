"""The search: what every setting of allowance and threshold costs on falls as they were and warped.

Two classes weigh alike, because nobody knows beforehand which fall is which: coins that died (and five
standard deaths, so that there is something to learn from before the first one) and coins that came back.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from statistics import fmean
from typing import Final

import numpy as np

from ballast.model.crisis import CrisisParams
from ballast.policy.falls import Event
from ballast.policy.score import mean, worth_of
from ballast.policy.tracks import CLOCK, NANO, Source, Track, track_of
from ballast.units import SECONDS_PER_DAY

HOUR: Final = 3_600
ALLOWANCES: Final = (300, 400, 500, 600, 700, 850, 1_000)  # bps
THRESHOLDS: Final = (4, 6, 8, 9, 10, 11, 12, 14, 16, 20, 24, 32)  # 1,000 bps * h
WARPS: Final = tuple((depth, duration) for depth in (0.75, 1.0, 1.33) for duration in (0.5, 1.0, 2.0))
AS_WAS: Final = (1.0, 1.0)
WORSE: Final = ((1.33, 1.0), (1.0, 2.0))  # a third deeper, or twice as long
HALF_LIVES: Final = (2, 8, 24, 72, 240)  # h, of the standard deaths
LARGE: Final = ("USDC", "USDT", "DAI")
MOST_LOST: Final = 0.005 / 0.55  # of a large coin: half a per cent of a fund that holds 55 % of it
LEAST_KEPT: Final = 0.60  # of a coin that dies
NEAR_BEST: Final = 0.03  # of the cost: the plateau

Setting = tuple[int, int]  # allowance in bps, threshold in bps * s
Says = Callable[[str], None]


def settings() -> list[Setting]:
    """The grid."""
    return [(allowance, t * 1_000 * HOUR) for allowance in ALLOWANCES for t in THRESHOLDS]


def standard_deaths() -> dict[str, Track]:
    """Coins that lose half of what is left again and again, down to 3 cents, from one day to another."""
    times = np.arange(0, 60 * SECONDS_PER_DAY, HOUR, dtype=np.int64)
    begun = np.maximum(times - 5 * SECONDS_PER_DAY, 0) / HOUR
    tracks = {}
    for half_life in HALF_LIVES:
        values = ((0.03 + 0.97 * 0.5 ** (begun / half_life)) * NANO).astype(np.int64)
        source = Source(times + 1_600_000_000 // HOUR * HOUR, values)
        tracks[f"{half_life} h"] = track_of("standard", f"half-life {half_life} h", [source])
    return tracks


def wrong_price() -> Track:
    """A coin that every source shows at ten cents for two hours by mistake."""
    times = np.arange(0, 20 * SECONDS_PER_DAY, HOUR, dtype=np.int64)
    values = np.where(
        (times >= 10 * SECONDS_PER_DAY) & (times < 10 * SECONDS_PER_DAY + 2 * HOUR), NANO // 10, NANO
    )
    return track_of("standard", "two wrong hours", [Source(times + 1_600_000_000 // HOUR * HOUR, values)])


@dataclass(frozen=True)
class Losses:
    """What one setting lost, as fractions."""

    as_was: Mapping[Event, float]
    warped: Mapping[Event, float]  # mean over the warps
    worse: Mapping[Event, float]  # the most, as it was, a third deeper, or twice as long
    standard: Mapping[str, float]
    is_fooled: bool  # by two wrong hours


@dataclass(frozen=True)
class Verdict:
    """One setting on one set of events."""

    setting: Setting
    died: float  # mean loss over coins that died and standard deaths, warped
    back: float  # mean over coins that came back of all they lost in their falls, warped
    large: float  # the most that a large coin's fall cost: as it was, a third deeper, or twice as long
    kept: float  # the least that was kept in a coin that died, as it was
    is_fooled: bool

    @property
    def cost(self) -> float:
        """Both classes alike."""
        return self.died + self.back

    @property
    def is_fit(self) -> bool:
        """Whether it holds what must hold."""
        return self.large <= MOST_LOST and self.kept >= LEAST_KEPT and not self.is_fooled


def loss(track: Track, params: CrisisParams, has_died: bool) -> float:
    """Of a dollar in a coin that died; against hold in one that came back, gains not counted."""
    result = worth_of(track, params)
    return 1 - result.kept if has_died else max(0.0, -result.against_hold)


_Cases = Mapping[Event, Mapping[tuple[float, float], Sequence[Track]]]


def _cases(events: Sequence[Event]) -> _Cases:
    """Every event's tracks by warp; those with looks closer than half an hour as they were only."""
    cases: dict[Event, dict[tuple[float, float], list[Track]]] = {}
    for event in events:
        tracks = [fall.track for fall in event.falls]
        whole = [track for track in tracks if track.clock == CLOCK]
        cases[event] = {warp: [track.warped(*warp) for track in whole] for warp in WARPS if warp != AS_WAS}
        cases[event][AS_WAS] = tracks
    return cases


def all_losses(events: Sequence[Event], base: CrisisParams, say: Says) -> dict[Setting, Losses]:
    """Every setting on every event; a minute or two."""
    cases, deaths, wrong = _cases(events), standard_deaths(), wrong_price()
    grid, found = settings(), {}
    for number, (allowance, threshold) in enumerate(grid, 1):
        params = replace(base, allowance_bps=allowance, threshold=threshold)
        lost = {
            event: {
                w: mean(loss(t, params, event.has_died) for t in tracks)
                for w, tracks in warps.items()
                if tracks
            }
            for event, warps in cases.items()
        }
        found[allowance, threshold] = Losses(
            {event: by[AS_WAS] for event, by in lost.items()},
            {event: mean(by.values()) for event, by in lost.items()},
            {event: max(by.get(w, 0.0) for w in (AS_WAS, *WORSE)) for event, by in lost.items()},
            {name: loss(track, params, True) for name, track in deaths.items()},
            worth_of(wrong, params).emergencies > 0,
        )
        if number % len(THRESHOLDS) == 0:
            say(f"  {number} of {len(grid)} settings on {len(events)} falls, each as it was and warped")
    return found


def judge(setting: Setting, losses: Losses, events: Iterable[Event]) -> Verdict:
    """One setting on some of the events."""
    seen = list(events)
    died = [event for event in seen if event.has_died]
    back: dict[str, float] = {}
    for event in seen:
        if not event.has_died:
            back[event.coin] = back.get(event.coin, 0.0) + losses.warped[event]
    deaths = [losses.warped[event] for event in died] + list(losses.standard.values())
    return Verdict(
        setting,
        mean(deaths),
        mean(back.values()),
        max((losses.worse[e] for e in seen if e.coin in LARGE and not e.has_died), default=0.0),
        min((1 - losses.as_was[event] for event in died), default=1.0),
        losses.is_fooled,
    )


@dataclass(frozen=True)
class Choice:
    """What a reader of some events would have chosen."""

    setting: Setting
    verdicts: Mapping[Setting, Verdict]
    plateau: tuple[Setting, ...]  # fit and near the best

    @property
    def verdict(self) -> Verdict:
        """The grid's setting that is nearest to the choice."""
        return self.verdicts[nearest(self.setting)]


def choose(losses: Mapping[Setting, Losses], events: Sequence[Event]) -> Choice:
    """The cheapest fit setting's allowance, and the (geometric) middle of its plateau of thresholds.

    The middle rather than the cheapest: a fall to come is not one of those seen.
    """
    verdicts = {setting: judge(setting, lost, events) for setting, lost in losses.items()}
    fit = [v for v in verdicts.values() if v.is_fit]
    best = min(fit or verdicts.values(), key=lambda v: v.cost)
    plateau = tuple(v.setting for v in fit if v.cost <= best.cost + NEAR_BEST) or (best.setting,)
    return Choice((best.setting[0], middle(plateau, best.setting[0], 1_000_000)), verdicts, plateau)


def settle(choices: Sequence[Choice]) -> Setting:
    """The allowance nearest to the middle of the readers' ones; the middle of the last plateau there.

    All of the plateau would do. This rule was the last of several: docs/policy.md says which.
    """
    wanted = fmean(log(choice.setting[0]) for choice in choices)
    last = choices[-1].plateau
    allowance = min({a for a, _ in last}, key=lambda a: abs(log(a) - wanted))
    return allowance, middle(last, allowance, 1_000 * HOUR)


def middle(plateau: Iterable[Setting], allowance: int, unit: int) -> int:
    """The geometric middle of a plateau's thresholds at one allowance, in whole units."""
    thresholds = [t for a, t in plateau if a == allowance]
    return round(sqrt(min(thresholds) * max(thresholds)) / unit) * unit


def nearest(setting: Setting) -> Setting:
    """The grid's setting of the same allowance, nearest in the logarithm of the threshold."""
    allowance, threshold = setting
    grid = [t * 1_000 * HOUR for t in THRESHOLDS]
    return allowance, min(grid, key=lambda t: max(t / threshold, threshold / t))
