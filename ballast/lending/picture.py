"""The comparison as a picture: net yields by coin and size of fund, and one fund's splits over time."""

from pathlib import Path
from typing import Final

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes

from ballast.lending.report import AAVE, BEST, BOUNDED, EQUAL, FREE, SIZES, WAYS, Report

_COLOURS: Final = {BOUNDED: "#2775ca", FREE: "#85b7e8", EQUAL: "#f5ac37", AAVE: "#7f8c8d", BEST: "#c0392b"}
_SHADES: Final = ("#9b59b6", "#2ecc71", "#16a085", "#34495e")
_SHOWN: Final = 1e7  # USD, the fund whose splits are drawn


def draw(report: Report, path: Path) -> None:
    """Writes the picture; its kind (PNG, SVG) follows from the file's ending."""
    coins = list(report.study.films)
    figure, rows = pyplot.subplots(
        2, len(coins), figsize=(4.2 * len(coins), 8.4), layout="constrained", squeeze=False
    )
    for place, coin in enumerate(coins):
        _yields(report, coin, rows[0][place])
        _splits(report, coin, rows[1][place])
    rows[0][0].set_ylabel("net yield a year, %, gas paid")
    rows[1][0].set_ylabel(f"split of a fund of ${_SHOWN / 1e6:,.0f} million")
    handles, labels = rows[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(WAYS), fontsize=9)
    figure.suptitle(
        "Lending dollar coins, walk-forward: the allocator, what needs no thought, and hindsight",
        fontsize=13,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def _yields(report: Report, coin: str, axes: Axes) -> None:
    """Bars by size of fund, one colour a way."""
    width = 0.8 / len(WAYS)
    for place, way in enumerate(WAYS):
        heights = [100 * report.entry(coin, money, way).run.net for money in SIZES]
        axes.bar(np.arange(len(SIZES)) + (place - 2) * width, heights, width, color=_COLOURS[way], label=way)
    axes.set_xticks(range(len(SIZES)), [_size(money) for money in SIZES])
    axes.set_title(coin, fontsize=11)
    axes.grid(axis="y", alpha=0.25)


def _splits(report: Report, coin: str, axes: Axes) -> None:
    """Where the allocator's money was, day by day."""
    run = report.entry(coin, _SHOWN, BOUNDED).run
    times = np.array(run.times, dtype="datetime64[s]")
    parts = 100 * np.array(run.splits).T
    names = [name.partition("@")[2].replace("_", " ") for name in run.names]
    axes.stackplot(times, parts, labels=names, colors=_SHADES[: len(names)], alpha=0.8)
    axes.set_ylim(0, 100)
    axes.tick_params(axis="x", labelsize=7, rotation=30)
    axes.legend(fontsize=7, loc="lower left")
    axes.set_title("white: idle", fontsize=9)


def _size(money: float) -> str:
    return f"{money / 1e6:,.0f} M" if money >= 1e6 else f"{money / 1e3:,.0f} k"
