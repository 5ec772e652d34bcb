"""What moving between lending markets would have earned, by walk-forward on published rates."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from ballast.chain.cli import PlainCommand
from ballast.errors import ConfigError
from ballast.lending.report import BEST, BOUNDED, SIZES, WAYS, Report, day, run

FILE = click.Path(path_type=Path, dir_okay=False)
_PICTURES = (".png", ".svg")


@click.command(cls=PlainCommand)
@click.option(
    "--data",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the published histories; files that are not there are left out and named.",
)
@click.option("--json", "out", type=FILE, default=None, help="Writes everything to this file.")
@click.option("--picture", type=FILE, default=None, help="Draws the comparison into this PNG or SVG file.")
def cli(folder, out, picture):
    """The allocator's yield after gas against holding, splitting and hindsight; some minutes on one core."""
    if picture is not None and picture.suffix not in _PICTURES:
        raise ConfigError(f"--picture: {picture.name} ends in none of {', '.join(_PICTURES)}")
    report = run(folder, click.echo)
    _show(report)
    for path, write in ((out, _write), (picture, _draw)):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(report, path)
            click.echo(f"written: {path}")


def _write(report: Report, path: Path) -> None:
    path.write_text(json.dumps(report.to_dict(), indent=1) + "\n", encoding="utf-8")


def _draw(report: Report, path: Path) -> None:
    # Here, because Ape loads every script for each of them, and matplotlib takes a second.
    from ballast.lending.picture import draw

    draw(report, path)


def _show(report: Report) -> None:
    console = Console(width=None if Console().is_terminal else 140, highlight=False)
    console.print(_yields(report))
    console.print(_costs(report))
    console.print(_choices(report))
    if report.study.missing:
        console.print(f"not there: {', '.join(report.study.missing)}")


def _yields(report: Report) -> Table:
    table = Table(title="net yield a year after gas, own size counted")
    for column in ("coin", "fund", *WAYS, "twice the gas", "the best single one was"):
        table.add_column(column, justify="left" if column in ("coin", "the best single one was") else "right")
    for coin in report.study.films:
        for money in SIZES:
            entries = [report.entry(coin, money, way) for way in WAYS]
            nets = [f"{entry.run.net:.2%}" for entry in entries]
            best = report.entry(coin, money, BEST).market.partition("@")[2]
            table.add_row(coin, f"{money:,.0f}", *nets, f"{report.dear[coin, money]:.2%}", best)
    return table


def _costs(report: Report) -> Table:
    table = Table(title="what the allocator did")
    for column in ("coin", "from", "to", "fund", "reallocations", "gas, USD", "lent on average"):
        table.add_column(column, justify="left" if column in ("coin", "from", "to") else "right")
    for coin, film in report.study.films.items():
        for money in SIZES:
            found = report.entry(coin, money, BOUNDED).run
            days = day(film.start), day(int(film.clock[-1]))
            lent = f"{found.mean_lent:.0%}"
            table.add_row(coin, *days, f"{money:,.0f}", str(found.changes), f"{found.gas:,.0f}", lent)
    return table


def _choices(report: Report) -> Table:
    """Every month in which another setting was chosen than in the month before."""
    table = Table(title="chosen on the past")
    for column in ("fund", "since", "half-life, days", "differential, bps", "horizon, days"):
        table.add_column(column, justify="right")
    for (money, way), walked in report.walks.items():
        before = None
        for since, params in zip(walked.schedule.since, walked.schedule.chosen, strict=True):
            if way == BOUNDED and params != before:
                cells = f"{params.half_life_days:g}", str(params.differential_bps), str(params.horizon_days)
                table.add_row(f"{money:,.0f}", day(since), *cells)
            before = params
    return table
