"""The state of an index, for a person or for a program."""

import json
from datetime import UTC, datetime
from typing import Any

import click
from ape.cli import network_option
from rich.console import Console
from rich.table import Table

from ballast.chain.cli import ChainCommand, index_option, open_index, records_option
from ballast.chain.emergency_show import peg_table, readiness
from ballast.chain.lending_show import lending_table
from ballast.chain.status import read_status
from ballast.units import human


@click.command(cls=ChainCommand)
@network_option()
@index_option()
@records_option()
@click.option("--json", "as_json", is_flag=True, help="Machine readable; integers in the contracts' units.")
def cli(index_file, records, as_json):
    """Show prices, weights, session, budget and share price of an index."""
    index, deployment, system = open_index(index_file, records)
    status = read_status(system, index, deployment)
    if as_json:
        click.echo(json.dumps(status, indent=2))
        return
    console = Console(width=None if Console().is_terminal else 150)
    console.print(_basket(status))
    console.print(peg_table(status["emergency"]))
    if status["lending"] is not None:
        console.print(lending_table(status["lending"]))
    console.print(_facts(status))


def _basket(status: dict[str, Any]) -> Table:
    table = Table(
        title=f"{status['name']} ({status['symbol']}), block {status['block']}, {_time(status['timestamp'])}"
    )
    for column in (
        "coin",
        "price low",
        "high",
        "status",
        "reserve",
        "value USD",
        "weight",
        "target",
        "optimal",
        "drift",
    ):
        table.add_column(column, justify="left" if column in ("coin", "status") else "right", no_wrap=True)
    for coin in status["coins"]:
        table.add_row(
            coin["symbol"],
            f"{human(coin['price_low']):.5f}",
            f"{human(coin['price_high']):.5f}",
            coin["price_status"],
            f"{human(coin['reserve'], coin['decimals']):,.2f}",
            f"{human(coin['value']):,.2f}",
            f"{coin['weight_bps'] / 100:.2f} %",
            f"{coin['target_bps'] / 100:.2f} %",
            f"{coin['optimal_bps'] / 100:.2f} %",
            f"{coin['drift_bps'] / 100:+.2f} %",
        )
    return table


def _facts(status: dict[str, Any]) -> Table:
    session, budget, market = status["session"], status["loss_budget"], status["market_data"]
    table = Table(show_header=False)
    rows = {
        "net asset value": f"{human(status['nav']):,.2f} USD",
        "shares": f"{human(status['total_supply']):,.4f} at {human(status['share_price']):.6f} USD",
        "rebalance": f"{'yes' if status['should_rebalance'] else 'no'}: {status['reason']}",
        "largest drift": f"{status['max_drift_bps'] / 100:.2f} %",
        "session": f"{session['id']} {session['phase']}, last settled {_time(session['last_settled_at'])}",
        "loss budget": (
            f"{human(budget['available']):,.2f} of {human(budget['capacity']):,.2f} USD"
            if budget
            else "unknown"
        ),
        "market data": f"stale: {', '.join(market['stale_coins'])}" if market["stale"] else "fresh",
        **readiness(status["emergency"]),
        "contributions": "paused" if status["contributions_paused"] else "open",
        "ETH, gas": f"{human(status['eth_price']['low']):,.2f} USD, {human(status['gas_price'], 9):.2f} gwei",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _time(seconds: int) -> str:
    """Seconds since 1970 as a person reads them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if seconds else "never"
