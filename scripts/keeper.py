"""The keeper: looks at the index, decides, fills a rebalance, lends what lies idle; safe to kill any time."""

import json
import logging
import signal
import sys
from functools import partial
from pathlib import Path
from threading import Event

import click
import structlog
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
from ballast.chain.keeper_loop import Keeper, Step, journal_identity
from ballast.chain.snapshot import take_snapshot
from ballast.keeper.allocation import Policy
from ballast.keeper.decide import Plan
from ballast.keeper.journal import Fate, Journal
from ballast.keeper.snapshot import Snapshot
from ballast.keeper.storage import FileStorage
from ballast.settings import Settings, load_settings
from ballast.units import human

KEEPER = 0  # test account on a local chain
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


@click.command(cls=ChainCommand)
@network_option()
@index_option()
@account_option("Account with the KEEPER role; TEST::0 on a local chain.")
@records_option()
@click.option(
    "--once", "mode", flag_value="once", default=True, help="Look once, send at most one transaction."
)
@click.option("--watch", "mode", flag_value="watch", help="Go on until interrupted.")
@click.option(
    "--dry-run", is_flag=True, help="Say what would be sent; send nothing and leave the journal alone."
)
@click.option("--json", "as_json", is_flag=True, help="With --once: the decision as JSON.")
def cli(index_file, account_name, records, mode, dry_run, as_json):
    """Rebalance an index when its contracts say that it should be; lend its coins when they say no."""
    settings = load_settings()
    _configure_log(settings, quiet=as_json)
    index, deployment, system = open_index(index_file, records)
    look = partial(take_snapshot, system, index)
    policy = Policy.of(settings)
    if dry_run:
        _report(*Keeper.preview(look, policy), as_json)
        return
    account = open_account(account_name, KEEPER)
    journal = Journal(FileStorage(Path(settings.journal_file)), journal_identity(deployment))
    keeper = Keeper(account, system, look, journal, policy, settings.receipt_timeout_seconds)
    if mode == "watch":
        keeper.watch(settings.poll_seconds, _until_stopped())
        click.echo("stopped: whatever was sent is in the journal, start again any time")
        return
    step = keeper.step()
    _report(step.snapshot, step.plan, as_json, step)
    if step.refusal is not None or step.fate not in (None, Fate.SUCCEEDED):
        raise click.exceptions.Exit(1)


def _until_stopped() -> Event:
    """Set by Ctrl-C or SIGTERM: the keeper finishes its step first. A second one ends it at once."""
    stop = Event()

    def ask(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return stop


def _configure_log(settings: Settings, quiet: bool) -> None:
    """JSON lines where a machine reads them."""
    level = logging.ERROR if quiet else _LEVELS[settings.log_level]
    plain = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    renderer = structlog.processors.JSONRenderer() if settings.log_json else plain
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _report(snapshot: Snapshot, plan: Plan, as_json: bool, step: Step | None = None) -> None:
    if as_json:
        sent = {"tx": step.tx_hash, "fate": step.fate, "refusal": step.refusal} if step else None
        click.echo(json.dumps({"block": snapshot.block, "plan": plan.to_dict(), "sent": sent}, indent=2))
        return
    console = Console(width=None if Console().is_terminal else 150, highlight=False)
    console.print(f"block {snapshot.block}: {plan.action.value} because {plan.cause.value}: {plan.detail}")
    if plan.fill is not None and plan.fill.trades:
        console.print(_trades(snapshot, plan))
    if step is not None and step.tx_hash is not None:
        console.print(f"sent {step.tx_hash}: {step.fate.value if step.fate else 'not mined yet'}")
    if step is not None and step.refusal is not None:
        console.print(f"refused: {step.refusal}")


def _trades(snapshot: Snapshot, plan: Plan) -> Table:
    table = Table()
    for column in ("sell", "for at least", "expected", "floor", "through", "cost, bps", "why"):
        table.add_column(column, justify="left" if column in ("through", "why") else "right")
    assert plan.fill is not None
    for trade in plan.fill.trades:
        sold, bought = snapshot.coin(trade.token_in), snapshot.coin(trade.token_out)
        table.add_row(
            f"{human(trade.amount_in, sold.decimals):,.2f} {sold.symbol}",
            f"{human(trade.min_amount_out, bought.decimals):,.2f} {bought.symbol}",
            f"{human(trade.expected_out, bought.decimals):,.2f}",
            f"{human(trade.floor_out, bought.decimals):,.2f}",
            ", ".join(f"{hop.fee / 10_000:g} %" for hop in trade.hops),
            f"{trade.cost_bps:+d}",
            trade.reason,
        )
    return table
