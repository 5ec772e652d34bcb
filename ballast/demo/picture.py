"""A run as a picture, a column an act: prices, the detector's states, weights, fund against hold."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import matplotlib

matplotlib.use("Agg")
from matplotlib import dates, pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ballast.backtest.result import Emergency
from ballast.demo.picture_lent import lent_column
from ballast.demo.record import Chapter, Frame, Run
from ballast.model.crisis import State
from ballast.units import human

_COLOURS: Final = ("#2775ca", "#26a17b", "#f5ac37", "#3c3c3d", "#745ddf", "#c0392b", "#7f8c8d")
_STATES: Final[Mapping[State, str]] = {
    State.SOUND: "#cfe8cf",
    State.WATCH: "#f7c948",
    State.CRISIS: "#d64541",
    State.RECOVERING: "#6fb1e0",
    State.DARK: "#8a8a8a",
}
_ROWS: Final = (1.5, 1.1, 1.5, 1.5)  # heights
_FUND, _HOLD = "#2775ca", "#7f8c8d"


def draw(run: Run, path: Path) -> None:
    """Writes the picture; its kind (PNG, SVG) follows from the file's ending."""
    chapters = [chapter for chapter in run.chapters if chapter.is_drawn]
    columns = len(chapters) + (run.lent is not None)
    figure, grid = pyplot.subplots(
        len(_ROWS),
        columns,
        figsize=(max(9.5, 7.2 * columns), 10.5),
        sharex="col",
        squeeze=False,
        height_ratios=_ROWS,
        layout="constrained",
    )
    for chapter, column in zip(chapters, grid.T, strict=False):
        _column(run, chapter, list(column))
    if run.lent is not None:
        lent_column(run.lent, list(grid.T[-1]))
    _legend(figure, run, chapters)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=95)
    pyplot.close(figure)


def _column(run: Run, chapter: Chapter, axes: list[Axes]) -> None:
    prices, states, weights, fund = axes
    prices.set_title(chapter.headline.replace("; ", ";\n").replace("? ", "?\n") or chapter.name, fontsize=11)
    _lines(
        prices, chapter, {coin: [float(f.prices[coin]) for f in chapter.frames] for coin in _coins(chapter)}
    )
    prices.set_ylabel("price, USD")
    _bands(states, chapter)
    held = {coin: [f.weights.get(coin, 0.0) / 100 for f in chapter.frames] for coin in _coins(chapter)}
    _lines(weights, chapter, held)
    weights.set_ylabel("weight, % of the fund")
    weights.set_ylim(bottom=0)
    _against_hold(fund, chapter)
    for panel in (prices, weights, fund):
        panel.grid(alpha=0.25)
    for flight in run.emergencies:
        if chapter.frames[0].at.timestamp() <= flight.at <= chapter.frames[-1].at.timestamp():
            _mark(axes, flight)
    fund.xaxis.set_major_formatter(dates.ConciseDateFormatter(fund.xaxis.get_major_locator()))


def _coins(chapter: Chapter) -> list[str]:
    return list(chapter.frames[0].prices)


def _times(chapter: Chapter) -> list[float]:
    return [_number(frame) for frame in chapter.frames]


def _number(frame: Frame) -> float:
    return float(dates.date2num(frame.at))


def _lines(axes: Axes, chapter: Chapter, values: Mapping[str, list[float]]) -> None:
    for number, line in enumerate(values.values()):
        axes.plot(_times(chapter), line, color=_COLOURS[number % len(_COLOURS)], linewidth=1.8)


def _bands(axes: Axes, chapter: Chapter) -> None:
    """A row a coin, coloured by its state."""
    coins = _coins(chapter)
    end = _number(chapter.frames[-1])
    for row, coin in enumerate(reversed(coins)):
        starts = [(_number(f), f.states[coin]) for f in _changes(chapter.frames, coin)]
        for (begin, state), (then, _) in pairwise([*starts, (end, State.SOUND)]):
            axes.broken_barh([(begin, then - begin)], (row + 0.1, 0.8), color=_STATES[state], linewidth=0)
    axes.set_yticks([row + 0.5 for row in range(len(coins))], list(reversed(coins)))
    axes.set_ylim(0, len(coins))
    axes.set_ylabel("state")


def _changes(frames: list[Frame], coin: str) -> list[Frame]:
    """The first frame and those in which the coin's state is new."""
    later = [now for before, now in pairwise(frames) if before.states[coin] is not now.states[coin]]
    return [frames[0], *later]


def _against_hold(axes: Axes, chapter: Chapter) -> None:
    times = _times(chapter)
    start = chapter.nav[0]
    nav, hold = ([100 * value / start for value in path] for path in (chapter.nav, chapter.hold))
    axes.plot(times, nav, color=_FUND, linewidth=2.6)
    axes.plot(times, hold, color=_HOLD, linewidth=1.6, linestyle="--")
    axes.fill_between(times, nav, hold, color=_FUND, alpha=0.12)
    axes.set_ylabel("value of a share,\n% of the start")
    axes.text(
        0.5,
        0.06,
        f"at the end {chapter.nav_end_vs_hold:+.2%} against hold\n"
        f"largest fall {chapter.max_drawdown:.2%}, hold {chapter.hold_max_drawdown:.2%}",
        transform=axes.transAxes,
        ha="center",
        fontsize=10,
        bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none"},
    )


def _mark(axes: list[Axes], flight: Emergency) -> None:
    """The time at which the fund left a coin, through all panels."""
    at = dates.date2num(datetime.fromtimestamp(flight.at, UTC))
    for panel in axes:
        panel.axvline(at, color=_STATES[State.CRISIS], linewidth=1.2, linestyle=":")
    axes[0].annotate(
        f"the fund leaves {flight.asset}\nat ${human(flight.price):.3f}",
        (at, 0.08),
        xycoords=("data", "axes fraction"),
        xytext=(6, 0),
        textcoords="offset points",
        fontsize=10,
        color=_STATES[State.CRISIS],
    )


def _legend(figure: Figure, run: Run, chapters: list[Chapter]) -> None:
    seen = {state for chapter in chapters for frame in chapter.frames for state in frame.states.values()}
    coins = _coins(run.chapters[0])
    handles = [
        *(
            Line2D([], [], color=_COLOURS[i % len(_COLOURS)], linewidth=2, label=c)
            for i, c in enumerate(coins)
        ),
        *(Patch(color=colour, label=state.name) for state, colour in _STATES.items() if state in seen),
        Line2D([], [], color=_FUND, linewidth=2.6, label="fund"),
        Line2D([], [], color=_HOLD, linewidth=1.6, linestyle="--", label="hold: the first basket, untouched"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=(len(handles) + 1) // 2, fontsize=10)
