"""Plays a price history to the keeper: what the fund would have traded, and how it would have fared."""

import json
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from ballast.backtest.engine import Backtest
from ballast.backtest.inputs import ETH_COLUMN, GAS_COLUMN, Assumptions, Inputs
from ballast.backtest.result import Result, stamp
from ballast.cast import Cast, cast
from ballast.chain.cli import PlainCommand, chosen_index, index_option
from ballast.data.catalogue import read_any
from ballast.data.series import History
from ballast.data.values import ETH_PRICE, GAS, SUPPLY, VOLUME, parse_time
from ballast.errors import ConfigError
from ballast.histories import located, shipped_names
from ballast.units import human, wad_of

FILE = click.Path(path_type=Path, dir_okay=False)
_MAX_DEPOSIT = 10**13  # USD
_SHOWN = 20  # rebalances in the table


@click.command(cls=PlainCommand)
@click.option(
    "--prices",
    "prices",
    type=FILE,
    multiple=True,
    required=True,
    help=(
        "CSV of USD prices, or a shipped history's name: "
        f"{', '.join(shipped_names())}; repeatable, the first file that has a series gives it."
    ),
)
@click.option(
    "--coins", metavar="A,B,...", default=None, help="Only these play (default: every dollar coin found)."
)
@click.option("--volumes", type=FILE, default=None, help="CSV of traded volumes, USD an hour.")
@click.option("--supplies", type=FILE, default=None, help="CSV of supplies (default: the index's own caps).")
@click.option(
    "--gas", type=FILE, default=None, help="CSV with GAS in gwei and ETH in USD (default: 20, 2000)."
)
@index_option()
@click.option("--from", "start", metavar="DATE", default=None, help="First time, UTC, such as 2022-05-01.")
@click.option(
    "--to", "end", metavar="DATE", default=None, help="Last time, UTC; a plain date is its whole day."
)
@click.option(
    "--deposit", metavar="USD", default="10000000", show_default=True, help="What the fund starts with."
)
@click.option("--depth", metavar="USD", default="10000000", show_default=True, help="A side of every pool.")
@click.option(
    "--lag",
    metavar="SECONDS",
    type=click.IntRange(0, 30 * 86_400),
    default=None,
    help=(
        "How long after its timestamp a price was known (default: 0, or what is known of a published file)."
    ),
)
@click.option(
    "--minutes-per-step",
    "minutes",
    type=click.IntRange(1, 24 * 60),
    default=30,
    show_default=True,
    help="Between two looks of detector and keeper.",
)
@click.option("--json", "out", type=FILE, default=None, help="Writes everything to this file.")
def cli(prices, coins, volumes, supplies, gas, index_file, start, end, deposit, depth, lag, minutes, out):
    """Run an index over a history of prices: every value is used only from when it was known."""
    index, _ = chosen_index(index_file)
    since, until = _moment(start, "--from"), _moment(end, "--to", whole_day=True)
    only = coins.replace(" ", "").split(",") if coins else ()
    playing = cast([located(path) for path in prices], index, lag, since, only)
    for line in playing.said():
        click.echo(line)
    assumptions = Assumptions(
        deposit=_money("--deposit", deposit), depth=_money("--depth", depth), step=60 * minutes
    )
    inputs = Inputs(
        playing.index,
        playing.prices,
        read_any(supplies, SUPPLY, playing.symbols) if supplies else History(()),
        _gas(gas) if gas else History(()),
        assumptions,
        read_any(volumes, VOLUME, playing.symbols) if volumes else History(()),
    )
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
    result = Backtest(inputs).run(since, until)
    _show(result)
    if out is not None:
        files = [path.name for path in prices]
        out.write_text(json.dumps(_about(playing, files) | result.to_dict()) + "\n", encoding="utf-8")
        click.echo(f"written: {out}")


def _about(playing: Cast, files: list[str]) -> dict[str, object]:
    """What the run was made of."""
    return {
        "index": playing.index.symbol,
        "left_out": [*playing.absent, *playing.strange],
        "joined": list(playing.joined),
        "files": files,
    }


def _gas(path: Path) -> History:
    """Both columns of a gas file."""
    return read_any(path, GAS, [GAS_COLUMN]).joined(read_any(path, ETH_PRICE, [ETH_COLUMN]))


def _money(option: str, text: str) -> int:
    """WAD{USD} of an option."""
    try:
        value = Decimal(text.replace(",", "").replace("_", ""))
    except ArithmeticError:
        raise ConfigError(f"{option}: {text[:40]!r} is no amount of USD") from None
    if not value.is_finite() or not 1 <= value <= _MAX_DEPOSIT:
        raise ConfigError(f"{option}: {text[:40]} is outside 1..{_MAX_DEPOSIT} USD")
    return wad_of(value)


def _moment(text: str | None, option: str, whole_day: bool = False) -> int | None:
    if text is None:
        return None
    moment = parse_time(text, option)
    if whole_day and len(text.strip()) == len("2022-05-01"):
        moment += timedelta(days=1, seconds=-1)
    return int(moment.astimezone(UTC).timestamp())


def _show(result: Result) -> None:
    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    data = result.to_dict()
    if result.rebalances:
        console.print(_table(result))
    console.print(
        f"{data['from']} .. {data['to']}, {data['steps']:,} steps of {', '.join(data['coins'])}\n"
        f"NAV {data['nav_start_usd']:,.0f} → {data['nav_end_usd']:,.0f} USD, held untouched "
        f"{data['hold_end_usd']:,.0f}: {result.nav_end_vs_hold:+.4%} against hold\n"
        f"largest drawdown {result.max_drawdown:.3%}, of hold {result.hold_max_drawdown:.3%}\n"
        f"{len(result.rebalances)} rebalances, {data['traded_usd']:,.0f} USD traded "
        f"at {data['cost_bps']} bps, about {result.gas_used:,} gas "
        f"({data['gas_cost_usd']:,.0f} USD, paid by the keeper)"
    )
    for flight in result.emergencies:
        console.print(
            f"[red]{stamp(flight.at)} fled {flight.asset}[/red] at {human(flight.price):.4f} USD: "
            f"{flight.weight_before:.2%} → {flight.weight_after:.2%} of the fund"
        )
    for back in result.recoveries:
        ended = f", sound {stamp(back.ended_at)}" if back.ended_at is not None and back.is_back else ""
        console.print(f"{stamp(back.at)} {back.asset} recovers at {human(back.price):.4f} USD{ended}")
    if result.refusals:
        console.print(f"[red]{len(result.refusals)} fills refused, the first: {result.refusals[0][1]}[/red]")


def _table(result: Result) -> Table:
    hidden = max(0, len(result.rebalances) - _SHOWN)
    table = Table(
        title="rebalances" + (f" (the last {_SHOWN}, {hidden} earlier ones in --json)" if hidden else "")
    )
    for column in ("when", "reason", "drift", "after", "fills", "traded USD", "cost bps", "settled"):
        table.add_column(column, justify="left" if column in ("when", "reason") else "right", no_wrap=True)
    for rebalance in result.rebalances[-_SHOWN:]:
        data = rebalance.to_dict()
        table.add_row(
            data["at"],
            data["reason"],
            str(data["drift_before_bps"]),
            str(data["drift_after_bps"]),
            str(data["fills"]),
            f"{human(rebalance.traded):,.0f}",
            f"{data['cost_bps']:+.2f}",
            "yes" if data["settled"] else "no",
        )
    return table
