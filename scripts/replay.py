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

from ballast.backtest.inputs import Assumptions, Inputs
from ballast.cast import cast
from ballast.chain.cli import PlainCommand, chosen_index, index_option
from ballast.data.catalogue import read_any
from ballast.data.series import History
from ballast.data.values import SUPPLY, VOLUME
from ballast.replay.run import Players, Replay
from ballast.replay.scribe import Scribe
from ballast.replica import Replica, start_replica
from ballast.replica.build import ensure_state
from ballast.replica.progress import progress_bar


def _play(inputs: Inputs, start: int | None, end: int | None) -> Scribe:
    """On a replica of its own, which is gone afterwards."""
    inputs.clock(start, end)  # what cannot be played is said before anything is built
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
        players = Players(test[0], test[1], test[2], test[3])
        replay = Replay(Replica(node.url), inputs, players, Path(folder))
        return replay.run(start, end, lambda done, total: bar.update(task, completed=done, total=total))
