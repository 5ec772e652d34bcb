"""`ape run replica`: keeps a local mainnet running until Ctrl-C."""

import json
import signal
import sys
from decimal import Decimal
from threading import Event

import click
from rich.console import Console
from rich.table import Column, Table

from ballast.errors import BallastError
from ballast.replica import Replica, address_book, ensure_state, start_replica
from ballast.replica.addresses import Verdict, compare
from ballast.replica.node import Node
from ballast.replica.packages import fetch, pinned
from ballast.replica.progress import progress_bar
from ballast.replica.upkeep import keep_up
from ballast.units import human

WIDTH = 90  # columns, whatever the terminal has: a cut address is of no use
PUBLISHED = "@bgd-labs/aave-address-book"


@click.command()
@click.option("--port", default=8545, show_default=True, help="Port to listen on, on this machine only.")
@click.option("--rebuild", is_flag=True, help="Build anew even if a saved state is there.")
@click.option("--check", is_flag=True, help="Compare the address book with the published one, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def cli(port: int, rebuild: bool, check: bool, as_json: bool) -> None:
    """A local mainnet (chain id 1) with real protocol code at its mainnet addresses."""
    # To Ape, Ctrl-C is a fault; here it is the usual end.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if check:
            sys.exit(0 if _check(as_json) else 1)
        with progress_bar() as report:
            state = ensure_state(report, rebuild=rebuild)
        with start_replica(port, state=state) as node:
            # An event, because an exception out of a signal handler can be lost in a destructor.
            stop = Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            _show(node, as_json)
            keep_up(node, stop)
        click.echo("stopped", err=True)
    except BallastError as error:
        click.echo(f"replica: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _check(as_json: bool) -> bool:
    """Prints every entry of the address book with the published book's word on it; True when none differs."""
    folder = fetch(pinned()[PUBLISHED]) / "src"
    sources = [(folder / f"{name}.sol").read_text() for name in ("AaveV3Ethereum", "ChainlinkEthereum")]
    verdicts = compare(address_book(), *sources)
    if as_json:
        click.echo(json.dumps([{**vars(v), "agrees": v.agrees} for v in verdicts], indent=2))
    else:
        _console().print(
            _verdict_table(verdicts), f"published book: {PUBLISHED} {pinned()[PUBLISHED].version}"
        )
    return all(v.agrees for v in verdicts)


def _console() -> Console:
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    return console


def _table(*headings: str) -> Table:
    """A plain table whose addresses are never cut."""
    columns = [Column(heading, no_wrap=True) for heading in headings]
    return Table(*columns, box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")


def _verdict_table(verdicts: list[Verdict]) -> Table:
    table = _table("entry", "address book", "published book")
    for v in verdicts:
        word = "unchecked" if v.published is None else "agrees" if v.agrees else v.published
        table.add_row(v.name, v.ours, word)
    return table


def _show(node: Node, as_json: bool) -> None:
    """Prints what runs where."""
    replica = Replica(node.url)
    coins = [_coin(replica, symbol) for symbol in replica.book.tokens]
    pools = [_pool(replica, index) for index in range(len(replica.book.pools))]
    if as_json:
        click.echo(json.dumps({"url": node.url, "chain_id": 1, "coins": coins, "pools": pools}, indent=2))
        sys.stdout.flush()
        return
    console = _console()
    table = _table("coin", "address", "code", "feed, USD")
    for coin in coins:
        table.add_row(coin["coin"], coin["address"], coin["kind"], coin["feed"])
    console.print(table, "")
    table = _table("pool", "address", "price", "holds, M")
    for pool in pools:
        table.add_row(pool["pool"], pool["address"], f"{Decimal(pool['price']):.6f}", pool["holds"])
    console.print(table)
    console.print(f"\nlocal mainnet at {node.url} (chain id 1); Ctrl-C stops it")


def _coin(replica: Replica, symbol: str) -> dict[str, str]:
    token = replica.book.token(symbol)
    price = replica.feed_price(symbol)
    return {"coin": symbol, "address": token.address, "kind": token.kind, "feed": f"{price:f}"}


def _pool(replica: Replica, index: int) -> dict[str, str]:
    pool = replica.book.pools[index]
    held = []
    for coin in pool.coins:
        amount = human(replica.balance(coin, pool.address), replica.book.token(coin).decimals)
        held.append(f"{amount / 1_000_000:,.{2 if coin == 'WETH' else 1}f}")
    price = replica.pool_price(*pool.coins, pool.fee).quantize(Decimal("1e-8"))
    return {"pool": pool.name, "address": pool.address, "price": f"{price:f}", "holds": " + ".join(held)}
