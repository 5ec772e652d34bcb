"""Walk-forward: what a reader of the data up to a day would have chosen, and how that fared afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import takewhile
from typing import Any, Final

from ballast.model.crisis import CrisisParams
from ballast.policy.falls import Event
from ballast.policy.score import calm_of, mean, worth_of
from ballast.policy.search import Choice, Losses, Setting, choose, loss
from ballast.policy.tracks import Track

# Before UST, before HUSD and FTX, before Silicon Valley Bank, and now.
CUTS: Final = ("2022-05-01", "2022-10-01", "2023-03-01")
END: Final = "2100-01-01"


@dataclass(frozen=True)
class Step:
    """One reader and what came then."""

    cut: str
    known: int  # falls
    deaths: int  # of them
    choice: Choice
    after: Mapping[Event, float]  # loss in every later fall, as it was
    false_a_year: float  # emergencies per coin-year in coins that live, from the cut on

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        allowance, threshold = self.choice.setting
        rows = [event_row(event, lost) for event, lost in self.after.items() if lost > 0 or event.has_died]
        return {
            "cut": self.cut,
            "known_falls": self.known,
            "known_deaths": self.deaths,
            "allowance_bps": allowance,
            "threshold": threshold,
            "false_alarms_per_coin_year": round(self.false_a_year, 3),
            "later_falls": len(self.after),
            "later_losses": rows,
        }


def day(moment: int) -> str:
    """2022-05-09."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def event_row(event: Event, lost: float) -> dict[str, Any]:
    """One fall's outcome as plain values."""
    return {
        "coin": event.coin,
        "day": day(event.start),
        "lowest": round(event.lowest, 3),
        "died": event.has_died,
        "loss": round(lost, 4),
    }


def with_setting(base: CrisisParams, setting: Setting) -> CrisisParams:
    """The parameters with this allowance and threshold."""
    return replace(base, allowance_bps=setting[0], threshold=setting[1])


def event_loss(event: Event, params: CrisisParams) -> float:
    """As it was, the mean over the tracks that show it."""
    return mean(loss(fall.track, params, event.has_died) for fall in event.falls)


def walk(
    losses: Mapping[Setting, Losses], events: Sequence[Event], tracks: Sequence[Track], base: CrisisParams
) -> list[Step]:
    """Every reader; the last one has seen everything."""
    steps = []
    for cut in (*CUTS, END):
        moment = int(datetime.fromisoformat(cut).replace(tzinfo=UTC).timestamp())
        known = [event for event in events if event.known_at <= moment]
        choice = choose(losses, known)
        params = with_setting(base, choice.setting)
        after = {event: event_loss(event, params) for event in events if event.start > moment}
        later = [t.between(moment, int(t.times[-1])) for t in tracks if t.times[-1] > moment]
        calms = [calm_of(track, params) for track in later]
        years = sum(calm.years for calm in calms)
        false = sum(calm.false for calm in calms) / years if years else 0.0
        steps.append(Step(cut, len(known), sum(e.has_died for e in known), choice, after, false))
    return steps


@dataclass(frozen=True)
class Margin:
    """How much larger or smaller the threshold could be in one event, as it was."""

    event: Event
    peak: float  # the largest area before it was over, as a share of the threshold; for a coin that came back
    latest: float  # the factor on the threshold up to which enough of the coin is kept; if it died


_STEP: Final = 1.05
_RUNGS: Final = 70  # a factor of 30 either way


def margins(events: Sequence[Event], params: CrisisParams, least_kept: float) -> list[Margin]:
    """For every event, on a fine ladder of thresholds."""
    found = []
    for event in events:
        tracks = [fall.track for fall in event.falls]
        if event.has_died:
            rungs = (_STEP**n for n in range(_RUNGS + 1))
            held = takewhile(partial(_keeps, tracks, params, least_kept), rungs)
            found.append(Margin(event, 0.0, max(held, default=0.0)))
        else:
            rungs = (_STEP**n for n in range(_RUNGS, -_RUNGS - 1, -1))
            sold = (f for f in rungs if any(worth_of(t, _scaled(params, f)).emergencies for t in tracks))
            found.append(Margin(event, next(sold, 0.0), 0.0))
    return found


def _keeps(tracks: Sequence[Track], params: CrisisParams, least: float, factor: float) -> bool:
    return all(worth_of(track, _scaled(params, factor)).kept >= least for track in tracks)


def _scaled(params: CrisisParams, factor: float) -> CrisisParams:
    return replace(params, threshold=int(params.threshold * factor))
