"""The lending act as a column of the demo's picture: yields, harvests, where coins are, a share's value."""

from typing import Final

from matplotlib import dates
from matplotlib.axes import Axes

from ballast.demo.lent import LentStory
from ballast.demo.sent import usd

_IDLE: Final = "#d9d9d9"
_PLACES: Final = ("#2775ca", "#8ab6e8", "#26a17b", "#94d3bd", "#f5ac37", "#745ddf", "#c0392b", "#7f8c8d")
_SHARE, _UNLENT = "#2775ca", "#7f8c8d"


def lent_column(story: LentStory, axes: list[Axes]) -> None:
    """Four panels, top down."""
    yields, harvests, places, share = axes
    yields.set_title(story.headline.replace("; ", ";\n"), fontsize=11)
    _yields(story, yields)
    _harvests(story, harvests)
    _places(story, places)
    _share(story, share)
    for panel in axes:
        panel.grid(alpha=0.25)
        if story.exit is not None:
            at = float(dates.date2num(story.exit.at))
            panel.axvline(at, color="#d64541", linewidth=1.2, linestyle=":")
    share.xaxis.set_major_formatter(dates.ConciseDateFormatter(share.xaxis.get_major_locator()))


def _times(story: LentStory) -> list[float]:
    return [float(dates.date2num(frame.at)) for frame in story.frames]


def _names(story: LentStory) -> list[str]:
    return [name for name in story.frames[0].places if name != "idle"]


def _yields(story: LentStory, axes: Axes) -> None:
    for name, colour in zip(_names(story), _PLACES, strict=False):
        rates = [frame.yields.get(name) for frame in story.frames]
        line = [float("nan") if rate is None else 100 * rate for rate in rates]
        axes.plot(_times(story), line, color=colour, linewidth=1.8, label=name)
    axes.set_ylabel("what a market pays,\n% a year")
    axes.set_ylim(0, _calm_top(story))
    axes.legend(fontsize=8, loc="upper left", ncols=2)


def _calm_top(story: LentStory) -> float:
    """% a year, above all yields before the last day, when a full market pays anything."""
    end = story.exit.at if story.exit is not None else story.frames[-1].at
    rates = [r for f in story.frames if f.at < end for r in f.yields.values() if r is not None]
    return 150 * max(rates, default=0.01)


def _harvests(story: LentStory, axes: Axes) -> None:
    for harvest in story.harvests:
        axes.bar(float(dates.date2num(harvest.at)), usd(harvest.gain), width=0.6, color=_SHARE)
    axes.set_ylabel("rewards\nsold, USD")


def _places(story: LentStory, axes: Axes) -> None:
    names = ["idle", *_names(story)]
    totals = [sum(frame.places.values()) for frame in story.frames]
    parts = [
        [100 * frame.places.get(name, 0) / total for frame, total in zip(story.frames, totals, strict=True)]
        for name in names
    ]
    axes.stackplot(_times(story), parts, colors=[_IDLE, *_PLACES][: len(names)], labels=names)
    axes.set_ylabel("where it is,\n% of the fund")
    axes.set_ylim(0, 100)
    axes.text(0.03, 0.04, "idle", transform=axes.transAxes, fontsize=9)  # the rest as above


def _share(story: LentStory, axes: Axes) -> None:
    start = story.frames[0].share_value
    line = [100 * frame.share_value / start for frame in story.frames]
    axes.plot(_times(story), line, color=_SHARE, linewidth=2.6)
    axes.axhline(100, color=_UNLENT, linewidth=1.6, linestyle="--")
    axes.set_ylabel("value of a share,\n% of the start")
    axes.ticklabel_format(axis="y", useOffset=False)
    told = f"{story.earned:+.3%}, {story.per_year:.2%} a year"
    if story.exit is not None:
        told += f"\nred: {story.exit.coin}'s markets have no coin left, and somebody leaves"
    box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none"}
    axes.text(0.03, 0.8, told, transform=axes.transAxes, fontsize=10, bbox=box)
