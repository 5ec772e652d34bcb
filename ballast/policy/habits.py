"""The parameters round the verdict, each by itself: when to watch, when to stop, when to come back."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from ballast.model.crisis import CrisisParams, State
from ballast.policy.falls import Event
from ballast.policy.play import sweep
from ballast.policy.score import calm_of, mean
from ballast.policy.search import HOUR, LARGE
from ballast.policy.tracks import CLOCK, Track
from ballast.policy.walk import event_loss
from ballast.units import SECONDS_PER_DAY

WATCHES: Final = (75, 100, 150, 200)  # bps; calm at half of each
CALM_PERIODS: Final = (3, 6, 12, 24)  # h
RECOVERIES: Final = (12, 24, 48, 72, 96)  # h
STEP_INTERVALS: Final = (6, 12, 24)  # h


def habits(tracks: Sequence[Track], events: Sequence[Event], base: CrisisParams) -> dict[str, Any]:
    """What every candidate does, all else as in `base`."""
    fine = [t for t in tracks if "daily" not in t.name and t.clock == CLOCK]
    recoveries = {f"{h} h": replace(base, recovery_period=h * HOUR) for h in RECOVERIES}
    intervals = {f"{h} h": replace(base, step_interval=h * HOUR) for h in STEP_INTERVALS}
    return {
        "watch_share_of_large_coins": {
            bps: round(_watch_share(fine, replace(base, watch_bps=bps, calm_bps=bps // 2)), 4)
            for bps in WATCHES
        },
        "watches_that_start_again_within_a_day": {
            f"{h} h": round(_relapses(fine, replace(base, calm_period=h * HOUR)), 3) for h in CALM_PERIODS
        },
        "recovery_period": {name: _comeback(tracks, events, params) for name, params in recoveries.items()},
        "step_interval": {name: _comeback(tracks, events, params) for name, params in intervals.items()},
    }


def _watch_share(tracks: Iterable[Track], params: CrisisParams) -> float:
    calms = [calm_of(track, params) for track in tracks if track.coin in LARGE and track.years > 1]
    years = sum(calm.years for calm in calms)
    return sum(calm.watch_days for calm in calms) / 365.25 / years if years else 0.0


def _relapses(tracks: Iterable[Track], params: CrisisParams) -> float:
    ended = again = 0
    for track in tracks:
        states = sweep(track, params).states
        for place in range(1, len(states)):
            at, state = states[place]
            if state is not State.SOUND or states[place - 1][1] is not State.WATCH:
                continue
            ended += 1
            after = states[place + 1][0] if place + 1 < len(states) else len(track.times)
            again += (after - at) * track.clock <= SECONDS_PER_DAY
    return again / ended if ended else 0.0


def _comeback(tracks: Iterable[Track], events: Iterable[Event], params: CrisisParams) -> dict[str, float]:
    """Loss in coins that came back, crises that began anew while coming back, days from crisis to sound."""
    anew, days = 0, []
    for track in tracks:
        states = sweep(track, params).states
        began = 0
        for (_, before), (at, state) in pairwise(states):
            anew += before is State.RECOVERING and state is State.CRISIS
            if state is State.CRISIS and before is not State.RECOVERING:
                began = at
            if state is State.SOUND and before is State.RECOVERING:
                days.append((at - began) * track.clock / SECONDS_PER_DAY)
    back = mean(event_loss(event, params) for event in events if not event.has_died)
    return {
        "loss": round(back, 4),
        "began_anew": anew,
        "days_out": round(sorted(days)[len(days) // 2], 1) if days else 0,
    }
