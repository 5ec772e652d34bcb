"""The weights of a run as a picture: what was held, what was wanted, when it was traded."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import dates, pyplot
from matplotlib.axes import Axes

from ballast.demo.record import Run, targets_of, weights_of
from ballast.keeper.rules import basket_of

_COLOURS = ("#2775ca", "#26a17b", "#f5ac37", "#3c3c3d", "#745ddf", "#c0392b", "#7f8c8d")


def draw(run: Run, path: Path) -> None:
    """Writes the picture; its kind (PNG, SVG) follows from the file's ending."""
    figure, (top, bottom) = pyplot.subplots(
        2, 1, figsize=(11, 7.5), sharex=True, height_ratios=(3, 1), layout="constrained"
    )
    _weights(run, top)
    _drift(run, bottom)
    figure.suptitle(f"Ballast on the local mainnet: {run.scenario}", fontsize=13)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _weights(run: Run, axes: Axes) -> None:
    times = [dates.date2num(frame.at) for frame in run.frames]
    held = [weights_of(frame.snapshot) for frame in run.frames]
    wanted = [targets_of(frame.snapshot) for frame in run.frames]
    for number, coin in enumerate(held[-1]):
        colour = _COLOURS[number % len(_COLOURS)]
        axes.plot(times, [w.get(coin, 0) / 100 for w in held], color=colour, linewidth=2, label=coin)
        axes.plot(times, [w.get(coin, 0) / 100 for w in wanted], color=colour, linewidth=1, linestyle=":")
    _mark_rebalances(run, axes)
    axes.set_ylabel("weight, % of the fund")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), title="solid: held\ndotted: target")


def _drift(run: Run, axes: Axes) -> None:
    times = [dates.date2num(frame.at) for frame in run.frames]
    drifts = [basket_of(frame.snapshot).drift for frame in run.frames]
    limit = run.frames[0].snapshot.params.trigger.drift_bps
    axes.fill_between(times, drifts, color="#2775ca", alpha=0.3, step=None)
    axes.axhline(limit, color="#c0392b", linewidth=1, linestyle="--", label=f"drift limit {limit} bps")
    axes.axhline(
        run.settle_band_bps, color="#26a17b", linewidth=1, linestyle="--",
        label=f"settle band {run.settle_band_bps} bps",
    )  # fmt: skip
    _mark_rebalances(run, axes)
    axes.set_ylabel("largest drift, bps")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(axes.xaxis.get_major_locator()))


def _mark_rebalances(run: Run, axes: Axes) -> None:
    for rebalance in run.rebalances:
        axes.axvline(dates.date2num(rebalance.at), color="#7f8c8d", linewidth=0.8, alpha=0.6)
