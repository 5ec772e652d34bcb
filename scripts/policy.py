"""Chooses the crisis detector's parameters on histories, by walk-forward, and shows the trade-off."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from ballast.chain.cli import PlainCommand
from ballast.errors import ConfigError
from ballast.policy.report import BASE, Report, calm_row, grid_text, run, totals
from ballast.policy.walk import END, day

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
@click.option("--picture", type=FILE, default=None, help="Draws the trade-off into this PNG or SVG file.")
def cli(folder, out, picture):
    """Search allowance and threshold on real falls, as they were and warped; some minutes on one core."""
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
    from ballast.policy.picture import draw

    draw(report, path)


def _show(report: Report) -> None:
    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    console.print(_coins(report))
    console.print(_falls(report))
    console.print(_steps(report))
    console.print(grid_text(report))
    died, back, false = totals(report)
    chosen = report.chosen
    console.print(
        f"chosen: allowance {chosen.allowance_bps} bps, threshold {chosen.threshold:,} bps * s: mean loss "
        f"{died:.1%} in coins that died, {back:.2%} in falls of coins that came back, "
        f"{false:.3f} false alarms per coin-year"
    )
    if chosen != BASE:
        console.print(
            f"the defaults are another: allowance {BASE.allowance_bps} bps, threshold {BASE.threshold:,}"
        )
    if report.study.missing:
        console.print(f"not there: {', '.join(report.study.missing)}")


def _coins(report: Report) -> Table:
    table = Table(title="every track: emergencies, and the worth of a dollar")
    for column in (
        "coin",
        "data",
        "years",
        "emergencies",
        "false/year",
        "WATCH d/year",
        "DARK d/year",
        "kept",
        "held",
    ):
        table.add_column(column, justify="left" if column in ("coin", "data") else "right", no_wrap=True)
    for calm in report.calms:
        table.add_row(*(str(value) for value in calm_row(calm).values()))
    return table


def _falls(report: Report) -> Table:
    table = Table(title="falls in which something was sold, and deaths")
    for column in ("coin", "since", "lowest", "what became of it", "lost"):
        table.add_column(column, justify="right" if column in ("lowest", "lost") else "left", no_wrap=True)
    for event, lost in report.fallen:
        fate = "died" if event.has_died else "came back"
        table.add_row(event.coin, day(event.start), f"{event.lowest:.3f}", fate, f"{lost:.1%}")
    return table


def _steps(report: Report) -> Table:
    table = Table(title="walk-forward: chosen on what was known, judged on what came")
    for column in (
        "known until",
        "falls",
        "deaths",
        "allowance",
        "threshold",
        "lost in later deaths",
        "false/year",
    ):
        table.add_column(column, justify="left" if column == "known until" else "right")
    for step in report.steps:
        deaths = ", ".join(f"{e.coin} {lost:.0%}" for e, lost in step.after.items() if e.has_died)
        until = "everything" if step.cut == END else step.cut
        allowance, threshold = step.choice.setting
        table.add_row(
            until, str(step.known), str(step.deaths), str(allowance), f"{threshold:,}", deaths or "-",
            f"{step.false_a_year:.3f}",
        )  # fmt: skip
    return table
