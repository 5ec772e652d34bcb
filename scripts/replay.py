"""Plays a price history on a local mainnet: feeds, pools, detector, reporter and keeper as they would run."""

import json
import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import ape
import click
import structlog
from ape import accounts
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ballast.chain.cli import PlainCommand, chosen_index, index_option
from ballast.replay.run import Players, Replay
from ballast.replay.scribe import Scribe
from ballast.replica import Replica, start_replica
from ballast.replica.build import ensure_state
from ballast.replica.progress import progress_bar
from ballast.report.asked import Asked, asked, history_options
from ballast.report.console import show


@click.command(cls=PlainCommand)
@history_options
@index_option()
def cli(index_file, out, **options):
    """Live through a history of prices on a local mainnet; values are used only from when they were known."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    index, _ = chosen_index(index_file)
    run = asked(index, options)
    for line in run.playing.said():
        click.echo(line)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
    scribe = _play(run)
    show(scribe.result, measured=True)
    for reaction in scribe.reactions:
        click.echo(
            f"{reaction.asset}: the emergency came {reaction.blocks} blocks, {reaction.seconds} s after the "
            "look that confirmed the crisis"
        )
    if out is not None:
        out.write_text(json.dumps(run.about() | scribe.to_dict()) + "\n", encoding="utf-8")
        click.echo(f"written: {out}")


def _play(run: Asked) -> Scribe:
    """On a replica of its own, which is gone afterwards."""
    run.inputs.clock(run.start, run.end)  # what cannot be played is said before anything is built
    with progress_bar() as report:
        state = ensure_state(report)
    console = Console(stderr=True)
    with console.status("compiling the contracts, unless they are compiled already"):
        ape.project.load_contracts()
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        TemporaryDirectory() as folder,
        start_replica(state=state) as node,
        ape.networks.parse_network_choice(f"ethereum:replica:{node.url}"),
        Progress(*columns, console=console, transient=True) as bar,
    ):
        task = bar.add_task("", total=None)
        test = accounts.test_accounts
        players = Players(test[0], *(str(account.address) for account in test[1:4]))
        replay = Replay(Replica(node.url), run.inputs, players, Path(folder))
        return replay.run(
            run.start, run.end, lambda done, total: bar.update(task, completed=done, total=total)
        )
