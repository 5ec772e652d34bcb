"""The trade-off as a picture: loss in coins that died, loss in coins that came back, false alarms."""

from pathlib import Path
from typing import Final

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes

from ballast.policy.report import Report, totals
from ballast.policy.search import HOUR, Verdict
from ballast.policy.walk import day

_DIED, _BACK, _CHOSEN, _GREY = "#c0392b", "#2775ca", "#f5ac37", "#7f8c8d"
_MOST_ROWS: Final = 16


def draw(report: Report, path: Path) -> None:
    """Writes the picture; its kind (PNG, SVG) follows from the file's ending."""
    figure, ((plane, lost), (alarms, margin)) = pyplot.subplots(
        2, 2, figsize=(13.5, 10.5), layout="constrained"
    )
    _plane(report, plane)
    _lost(report, lost)
    _alarms(report, alarms)
    _margins(report, margin)
    died, back, false = totals(report)
    chosen = report.chosen
    figure.suptitle(
        f"When to sell a coin that has left its peg: allowance {chosen.allowance_bps} bps, "
        f"threshold {chosen.threshold / HOUR:,.0f} bps·h ({chosen.threshold:,} bps·s)\n"
        f"mean loss: {died:.0%} in coins that died, {back:.1%} in falls of coins that came back; "
        f"{false:.2f} false alarms per coin-year",
        fontsize=13,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def _plane(report: Report, axes: Axes) -> None:
    """Every setting: loss in one class against loss in the other."""
    choice = report.steps[-1].choice
    verdicts = list(choice.verdicts.values())
    sizes = [np.log2(v.setting[1]) for v in verdicts]
    for kind, marker, label in (
        (False, "x", "breaks a condition (SVB ×4/3 deep or ×2 long sold, two wrong hours, UST < 60 %)"),
        (True, "o", "holds every condition"),
    ):
        chosen = [v for v in verdicts if v.is_fit is kind]
        axes.scatter(
            [100 * v.back for v in chosen], [100 * v.died for v in chosen], marker=marker, s=26,
            c=[np.log2(v.setting[1]) for v in chosen], cmap="viridis", label=label,
            vmin=min(sizes), vmax=max(sizes),
        )  # fmt: skip
    plateau = [choice.verdicts[setting] for setting in choice.plateau]
    axes.scatter(
        [100 * v.back for v in plateau], [100 * v.died for v in plateau], marker="o", s=95,
        facecolors="none", edgecolors=_GREY, label="the plateau: within 3 points of the cheapest that holds",
    )  # fmt: skip
    star = _nearest(report)
    axes.scatter([100 * star.back], [100 * star.died], marker="*", s=330, color=_CHOSEN, edgecolors="black",
                 label="chosen", zorder=5)  # fmt: skip
    axes.set_xlabel("loss in coins that came back, % of the coin over all its falls (warped)")
    axes.set_ylabel("loss in coins that died, % (warped, with standard deaths)")
    axes.set_title("All settings; darker: smaller threshold (sells sooner)", fontsize=10)
    axes.grid(alpha=0.25)
    axes.set_ylim(bottom=8)
    axes.legend(fontsize=7.5, loc="lower left")


def _nearest(report: Report) -> Verdict:
    setting = report.chosen.allowance_bps, report.chosen.threshold
    verdicts = report.steps[-1].choice.verdicts
    found = [v for v in verdicts.values() if v.setting[0] == setting[0]]
    return min(found, key=lambda v: abs(np.log(v.setting[1] / setting[1])))


def _lost(report: Report, axes: Axes) -> None:
    """What the choice cost in every fall in which it sold."""
    rows = report.fallen[:_MOST_ROWS][::-1]
    names = [f"{event.coin} {day(event.start)[:7]} (low {event.lowest:.2f})" for event, _ in rows]
    axes.barh(names, [100 * lost for _, lost in rows],
              color=[_DIED if event.has_died else _BACK for event, _ in rows])  # fmt: skip
    for place, (event, lost) in enumerate(rows):
        axes.text(100 * lost + 0.4, place, f"{100 * lost:.1f} %", va="center", fontsize=8)
        if event.has_died:
            held = 100 * (1 - event.falls[0].track.prices[-1])
            axes.text(99, place, f"lost if held: {held:.0f} %", va="center", ha="right", fontsize=8)
    others = len(report.outcomes) - len(report.fallen)
    axes.set_xlim(0, 100)
    axes.set_xlabel("loss of the position, %")
    axes.set_title(
        f"Red: died. Blue: came back, against hold. Nothing sold in {others} other falls",
        fontsize=10,
    )
    axes.tick_params(axis="y", labelsize=8)


def _alarms(report: Report, axes: Axes) -> None:
    """False alarms and days in WATCH per coin-year, a row a coin: its finest data with the most sources."""
    best = {}
    for calm in sorted(report.calms, key=lambda c: ("daily" not in c.name, "sources" in c.name, c.years)):
        if calm.years > 1:
            best[calm.coin] = calm
    rows = sorted(best.values(), key=lambda c: (c.false / c.years, c.watch_days / c.years))
    names = [f"{c.coin}, {c.name}" for c in rows]
    axes.barh(names, [c.watch_days / c.years for c in rows], color=_GREY, alpha=0.55)
    for place, calm in enumerate(rows):
        text = f"{calm.false / calm.years:.2f} false alarms a year ({calm.years:.1f} years)"
        colour = _DIED if calm.false else "black"
        axes.text(calm.watch_days / calm.years + 4, place, text, va="center", fontsize=7.5, color=colour)
    axes.set_xlim(0, 480)
    axes.set_xticks(range(0, 366, 73))
    axes.set_xlabel("days in WATCH per coin-year (nothing is sold in WATCH)")
    axes.set_title("False alarms per coin-year", fontsize=10)
    axes.tick_params(axis="y", labelsize=7.5)


def _margins(report: Report, axes: Axes) -> None:
    """Between which thresholds each event would still have gone well, as a factor on the chosen one."""
    rows = [m for m in report.margins if m.event.has_died or m.peak > 0.08]
    rows.sort(key=lambda m: (m.event.has_died, m.latest or m.peak))
    for place, one in enumerate(rows):
        if one.event.has_died:
            axes.barh(place, np.log2(max(one.latest, 2**-5)) + 5, left=-5, color=_DIED, alpha=0.75)
        else:
            peak = min(one.peak, 2**5)
            axes.barh(place, 5 - np.log2(peak), left=np.log2(peak), color=_BACK, alpha=0.75)
    axes.axvline(0, color=_CHOSEN, linewidth=2.5, label="the chosen threshold")
    axes.set_yticks(
        range(len(rows)), [f"{m.event.coin} {day(m.event.start)[:7]}" for m in rows], fontsize=7.5
    )
    axes.set_xlim(-4, 4)
    axes.set_xticks(range(-4, 5), [f"×{2.0**n:g}" for n in range(-4, 5)])
    axes.set_xlabel("threshold, as a factor on the chosen one (logarithmic)")
    axes.set_title("Margins. Red: ≥ 60 % kept of what died. Blue: what came back not sold", fontsize=10)
    axes.legend(fontsize=8, loc="lower left")
