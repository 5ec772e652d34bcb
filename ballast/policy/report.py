"""The whole study: search, walk-forward, the choice and what it does to every coin, as plain values."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ballast.model.crisis import DEFAULT, CrisisParams
from ballast.policy.falls import Event, events_of
from ballast.policy.habits import habits
from ballast.policy.score import Calm, calm_of, mean
from ballast.policy.search import (
    ALLOWANCES,
    HOUR,
    LEAST_KEPT,
    THRESHOLDS,
    Losses,
    Says,
    Setting,
    all_losses,
    settle,
)
from ballast.policy.study import Study, read_study
from ballast.policy.surge import Surge, surges
from ballast.policy.walk import Margin, Step, day, event_loss, event_row, margins, walk, with_setting

# What the other parameters stay at while allowance and threshold are searched. Those two are what the search
# settles on; the others follow, one by one, from `habits`, `surges` and the detector's design.
BASE: Final = DEFAULT


@dataclass(frozen=True)
class Report:
    """All that the study found."""

    study: Study
    events: list[Event]
    losses: dict[Setting, Losses]
    steps: list[Step]
    chosen: CrisisParams
    calms: list[Calm]
    outcomes: dict[Event, float]  # loss in every fall, as it was, with the choice
    margins: list[Margin]
    surges: list[Surge]
    habits: dict[str, Any]

    @property
    def fallen(self) -> list[tuple[Event, float]]:
        """The falls that cost something or killed, the dearest first."""
        rows = [(event, lost) for event, lost in self.outcomes.items() if lost > 0 or event.has_died]
        return sorted(rows, key=lambda row: (not row[0].has_died, -row[1]))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "chosen": asdict(self.chosen),
            "missing_files": self.study.missing,
            "falls": [event_row(event, lost) for event, lost in self.outcomes.items()],
            "coins": [calm_row(calm) for calm in self.calms],
            "walk_forward": [step.to_dict() for step in self.steps],
            "plateau": [list(setting) for setting in self.steps[-1].choice.plateau],
            "grid": [
                {
                    "allowance_bps": v.setting[0],
                    "threshold": v.setting[1],
                    "died": round(v.died, 4),
                    "back": round(v.back, 4),
                    "large": round(v.large, 4),
                    "kept": round(v.kept, 4),
                    "fit": v.is_fit,
                }
                for v in self.steps[-1].choice.verdicts.values()
            ],
            "margins": [
                {
                    "coin": m.event.coin,
                    "day": day(m.event.start),
                    "died": m.event.has_died,
                    "sold_up_to_factor": round(m.peak, 3),
                    "kept_up_to_factor": round(m.latest, 3),
                }
                for m in self.margins
            ],
            "volume_surges": [asdict(surge) for surge in self.surges],
            "habits": self.habits,
        }


def calm_row(calm: Calm) -> dict[str, Any]:
    """One track as plain values."""
    return {
        "coin": calm.coin,
        "data": calm.name,
        "coin_years": round(calm.years, 2),
        "emergencies": calm.emergencies,
        "false_alarms_per_coin_year": round(calm.false / calm.years, 3),
        "watch_days_per_coin_year": round(calm.watch_days / calm.years, 1),
        "dark_days_per_coin_year": round(calm.dark_days / calm.years, 1),
        "kept": round(calm.worth.kept, 4),
        "held": round(calm.worth.held, 4),
    }


def run(folder: Path, say: Says, base: CrisisParams = BASE) -> Report:
    """Everything; some minutes on one core."""
    study = read_study(folder, say)
    events = events_of(study.tracks)
    say(f"{len(study.tracks)} tracks, {len(events)} falls, {sum(e.has_died for e in events)} deaths")
    losses = all_losses(events, base, say)
    steps = walk(losses, events, study.tracks, base)
    chosen = with_setting(base, settle([step.choice for step in steps]))
    say(f"chosen: allowance {chosen.allowance_bps} bps, threshold {chosen.threshold:,} bps * s; the rest")
    return Report(
        study,
        events,
        losses,
        steps,
        chosen,
        [calm_of(track, chosen) for track in study.tracks],
        {event: event_loss(event, chosen) for event in events},
        margins(events, chosen, LEAST_KEPT),
        surges(folder),
        habits(study.tracks, events, chosen),
    )


def totals(report: Report) -> tuple[float, float, float]:
    """Mean loss in coins that died, in falls of coins that came back, false alarms per coin-year."""
    died = mean(lost for event, lost in report.outcomes.items() if event.has_died)
    back = mean(lost for event, lost in report.outcomes.items() if not event.has_died)
    years = sum(calm.years for calm in report.calms)
    return died, back, sum(calm.false for calm in report.calms) / years


def grid_text(report: Report) -> str:
    """The cost of every setting as lines of text, `*` where all conditions hold."""
    verdicts = report.steps[-1].choice.verdicts
    lines = ["cost %  " + " ".join(f"{t:>5}k" for t in THRESHOLDS)]
    for allowance in ALLOWANCES:
        row = [verdicts[allowance, t * 1_000 * HOUR] for t in THRESHOLDS]
        lines.append(
            f"{allowance:>5}   " + " ".join(f"{100 * v.cost:5.1f}{'*' if v.is_fit else ' '}" for v in row)
        )
    return "\n".join(lines)
