"""Market data: pushes caps and scores from a file or a URL within the contract's bounds; samples supplies."""

from pathlib import Path

import click
from ape.cli import network_option
from rich.console import Console
from rich.table import Table

from ballast.chain.cli import (
    ChainCommand,
    account_option,
    index_option,
    open_account,
    open_index,
    records_option,
)
from ballast.chain.fetch import fetch_text, shown
from ballast.chain.market import Change, market_state, plan_changes, reports, sampled_coins
from ballast.chain.transactor import send_call
from ballast.errors import ConfigError, DataError
from ballast.market_data import change_bps, parse_market

REPORTER = 0  # test account on a local chain
MAX_BYTES = 1_000_000


@click.group()
def cli():
    """Bring market data to an index."""


@cli.command(cls=ChainCommand)
@network_option()
@index_option()
@account_option("Account with the REPORTER role; TEST::0 on a local chain.")
@records_option()
@click.option("--file", "file", type=click.Path(path_type=Path), help="CSV or JSON: symbol, cap_usd, score.")
@click.option("--url", help="The same from an http(s) address.")
@click.option("--walk", is_flag=True, help="Go as far towards the data as the contract allows now.")
@click.option("--dry-run", is_flag=True, help="Show the differences; send nothing.")
def push(index_file, account_name, records, file, url, walk, dry_run):
    """Report caps (whole USD) and scores (per mille) as far as the contract's bounds allow."""
    index, _, system = open_index(index_file, records)
    text, name = _text(file, url)
    rows = parse_market(text, [coin.symbol for coin in index.coins], name)
    states = market_state(system.calculator, index)
    changes = plan_changes(states, rows, walk or dry_run)
    _show(changes)
    if dry_run:
        click.echo("dry run: nothing sent")
        return
    account = open_account(account_name, REPORTER)
    receipt = send_call(account, "reporting the market data", system.calculator, "report", *reports(changes))
    short = [change.state.symbol for change in changes if not change.arrives]
    rest = f"; not there yet: {', '.join(short)}, push again later" if short else ""
    click.echo(f"reported {len(changes)} coins in {receipt.txn_hash}{rest}")


@cli.command(cls=ChainCommand)
@network_option()
@index_option()
@account_option("Any account; TEST::0 on a local chain.")
@records_option()
def sample(index_file, account_name, records):
    """Sample the supply of every coin whose cap is read on chain."""
    index, _, system = open_index(index_file, records)
    coins = sampled_coins(market_state(system.calculator, index))
    if not coins:
        click.echo("nothing to do: no coin of this index takes its cap from its supply")
        return
    account = open_account(account_name, REPORTER)
    for coin in coins:
        what = f"sampling the supply of {coin.symbol}"
        receipt = send_call(account, what, system.calculator, "sampleSupply", coin.token)
        click.echo(f"sampled {coin.symbol} in {receipt.txn_hash}")


def _text(file: Path | None, url: str | None) -> tuple[str, str]:
    """The market data's text and its name in messages."""
    if (file is None) == (url is None):
        raise ConfigError("give the market data with either --file or --url")
    if url is not None:
        return fetch_text(url), shown(url)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise DataError(f"{file}: more than {MAX_BYTES} bytes: that is no market data file")
        return file.read_text(encoding="utf-8"), str(file)
    except UnicodeDecodeError:
        raise DataError(f"{file}: not a text file: CSV or JSON expected") from None
    except OSError as error:
        raise DataError(f"{file}: {error.strerror}: name a CSV or JSON file") from None


def _show(changes: list[Change]) -> None:
    table = Table(title="market data: on chain, wanted, sent")
    for column in ("coin", "cap now", "wanted", "change", "allowed", "sent", "score", "wanted", "sent"):
        table.add_column(column, justify="left" if column == "coin" else "right", no_wrap=True)
    for change in changes:
        state = change.state
        supply = "from supply" if state.sampled else None
        table.add_row(
            state.symbol,
            f"{state.cap:,}",
            supply or f"{change.wanted_cap:,}",
            supply or f"{change_bps(state.cap, change.wanted_cap) / 100:+.2f} %",
            supply or f"{state.cap_range[0]:,} .. {state.cap_range[1]:,}",
            supply or f"{change.cap:,}",
            str(state.score),
            str(change.wanted_score),
            str(change.score),
        )
    Console(width=None if Console().is_terminal else 160).print(table)
