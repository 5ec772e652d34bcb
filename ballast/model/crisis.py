"""Exact twin of `CrisisMath`: what one look at a coin shows, and the state that a row of looks leads to.

SOUND -> WATCH -> CRISIS -> RECOVERING -> SOUND, and DARK while nothing can be seen; one change a look.

A look believes what as many sources as `confirmations` asks for agree on, so one source can neither start nor
prevent anything. CRISIS needs depth and time together: the *area* between two looks is what both of them show
below the peg beyond an allowance, times the time between them; it runs back while less than the allowance
shows (a CUSUM chart, Page 1954). A deep fall fills it in hours, a shallow one in days, a shock that is
over at the next look not at all. Prices WAD{USD/coin}, deviations bps of a dollar, times s, areas bps * s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from ballast.units import BPS, WAD

MAX_DEVIATION: Final = 2**15 - 1  # bps: what a look can hold
MAX_SPREAD: Final = 2**16 - 1  # bps
TENTHS: Final = 10  # a surge factor's unit


class State(IntEnum):
    """`ICrisisDetector.State`."""

    SOUND = 0
    WATCH = 1  # off its peg or stopped by its issuer: not bought
    CRISIS = 2  # cut to its emergency weight
    RECOVERING = 3  # calm after a crisis: comes back in steps
    DARK = 4  # too few sources answer, for too long


@dataclass(frozen=True, slots=True)
class CrisisParams:
    """`ICrisisDetector.CrisisParams`."""

    confirmations: int  # sources that must agree
    watch_bps: int  # WATCH at this distance from the peg, either way
    calm_bps: int  # calm below this distance
    allowance_bps: int  # below the peg: what adds nothing to the area
    threshold: int  # bps * s: CRISIS at this area
    surge_bps: int  # below the peg: CRISIS at once with a surge of volume
    surge_tenths: int  # of the average volume
    surge_looks: int  # looks in a row that must show it
    spacing: int  # s between two looks at least
    max_gap: int  # s: a longer gap between two looks counts as this
    calm_period: int  # s of calm from WATCH to SOUND
    recovery_period: int  # s of calm from CRISIS to RECOVERING
    step_interval: int  # s of calm for one step back
    steps: int  # until SOUND
    dark_period: int  # s without sight until DARK


_HOUR: Final = 3_600
DEFAULT: Final = CrisisParams(
    confirmations=2,
    watch_bps=100,
    calm_bps=50,
    allowance_bps=500,
    threshold=12_000 * _HOUR,
    surge_bps=2_500,
    surge_tenths=30,
    surge_looks=2,
    spacing=300,
    max_gap=_HOUR,
    calm_period=12 * _HOUR,
    recovery_period=48 * _HOUR,
    step_interval=12 * _HOUR,
    steps=4,
    dark_period=3 * _HOUR,
)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look shows."""

    seen: bool  # enough of the coin's own sources answer
    confirmed: bool  # ... as many as `confirmations` asks for: only this counts towards a crisis
    deviation: int  # bps{$1}, signed, towards zero; what the confirming sources agree on; 0 unseen
    spread: int  # bps between the lowest and the highest good source
    good: int  # sources that answer


@dataclass(frozen=True, slots=True)
class Record:
    """What the detector remembers of a coin beyond its ring."""

    state: State = State.SOUND
    at: int = 0  # s, the last look; 0 before the first
    since: int = 0  # s, since when the state holds; 0 before the first change
    deviation: int = 0  # bps{$1} of the last look
    confirmed: bool = False  # the last look
    was_calm: bool = False  # the last look
    area: int = 0  # bps * s, at most twice the threshold
    calm: int = 0  # s of calm; in RECOVERING the progress, which pauses instead of starting over
    blind: int = 0  # s without sight
    surges: int = 0  # looks in a row with a surge


def sight(prices: Sequence[int], sources: int, confirmations: int) -> Sight:
    """One look. `prices` are those of the good sources out of `sources` configured ones, any order."""
    needed = min(confirmations, max(sources, 1))
    good = len(prices)
    if good == 0:
        return Sight(False, False, 0, 0, 0)
    ordered = sorted(prices)
    spread = min((ordered[-1] - ordered[0]) * BPS // ordered[0], MAX_SPREAD)
    if good < needed:
        return Sight(False, False, 0, spread, good)
    low, high = ordered[needed - 1], ordered[good - needed]  # each shown by `needed` sources at least
    down = (WAD - low) * BPS // WAD if low < WAD else 0
    up = (high - WAD) * BPS // WAD if high > WAD else 0
    deviation = -down if down else min(up, MAX_DEVIATION)
    return Sight(True, needed == confirmations, deviation, spread, good)


def is_surge(volume: int, volume_sum: int, volume_count: int, least: int, tenths: int) -> bool:
    """Whether a volume exceeds `tenths` tenths of the average of `volume_count` earlier ones.

    No average of fewer than `least` volumes is believed. Volumes in whole USD.
    """
    if volume_count < least or volume == 0:
        return False
    return volume * volume_count * TENTHS > volume_sum * tenths


def look(record: Record, sight: Sight, stopped: bool, surge: bool, now: int, params: CrisisParams) -> Record:
    """The record after a look at `now`. `stopped`: the issuer has paused the coin or blocked the fund.

    The caller keeps the spacing. `surge` is `is_surge` of the moment.
    """
    passed = min(now - record.at, params.max_gap) if record.at else 0
    down, last = max(0, -sight.deviation), max(0, -record.deviation)
    both = min(down, last) if sight.confirmed and record.confirmed else None
    is_calm = sight.seen and abs(sight.deviation) < params.calm_bps and not stopped
    calm = passed if is_calm and record.was_calm else 0
    pauses = record.state is State.RECOVERING
    surging = sight.confirmed and surge and down >= params.surge_bps
    after = replace(
        record,
        at=now,
        deviation=sight.deviation,
        confirmed=sight.confirmed,
        was_calm=is_calm,
        area=_area(record.area, both, passed, params),
        calm=record.calm + calm if calm or pauses else 0,
        blind=0 if sight.seen else record.blind + passed,
        surges=min(record.surges + 1, 255) if surging else 0,
    )
    return _changed(after, _next(after, sight, stopped, both, params), now)


def steps_done(record: Record, params: CrisisParams) -> int:
    """Steps back that a recovering coin has taken, of `params.steps`; 0 in any other state."""
    if record.state is not State.RECOVERING:
        return 0
    return min(params.steps, record.calm // params.step_interval)


def _area(area: int, both: int | None, passed: int, params: CrisisParams) -> int:
    """Unchanged over an interval that was not confirmed at both ends."""
    if both is None:
        return area
    return max(0, min(2 * params.threshold, area + (both - params.allowance_bps) * passed))


def _next(r: Record, sight: Sight, stopped: bool, both: int | None, params: CrisisParams) -> State:
    off = sight.seen and abs(sight.deviation) >= params.watch_bps
    match r.state:
        case State.SOUND if off or stopped:
            return State.WATCH
        case State.WATCH if r.area >= params.threshold or r.surges >= params.surge_looks:
            return State.CRISIS
        case State.WATCH if r.calm >= params.calm_period:
            return State.SOUND
        case State.SOUND | State.WATCH if r.blind >= params.dark_period:
            return State.DARK
        case State.DARK if sight.seen:
            return State.WATCH
        case State.CRISIS if r.calm >= params.recovery_period:
            return State.RECOVERING
        case State.RECOVERING if both is not None and both >= params.allowance_bps:
            return State.CRISIS
        case State.RECOVERING if r.blind >= params.dark_period:
            return State.CRISIS
        case State.RECOVERING if r.calm >= params.steps * params.step_interval:
            return State.SOUND
    return r.state


def _changed(record: Record, state: State, now: int) -> Record:
    """A new state starts its calm anew; one that leaves a crisis forgets its area."""
    if state is record.state:
        return record
    area = 0 if state in (State.RECOVERING, State.SOUND) else record.area
    return replace(record, state=state, since=now, calm=0, area=area, surges=0)
