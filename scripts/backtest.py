"""Plays a price history to the keeper: what the fund would have traded, and how it would have fared."""

import json

import click

from ballast.backtest.engine import Backtest
from ballast.chain.cli import PlainCommand, chosen_index, index_option
from ballast.report.asked import asked, history_options
from ballast.report.console import show


@click.command(cls=PlainCommand)
@history_options
@index_option()
def cli(index_file, out, **options):
    """Run an index over a history of prices: every value is used only from when it was known."""
    index, _ = chosen_index(index_file)
    run = asked(index, options)
    for line in run.playing.said():
        click.echo(line)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
    result = Backtest(run.inputs).run(run.start, run.end)
    show(result, measured=False)
    if out is not None:
        out.write_text(json.dumps(run.about() | result.to_dict()) + "\n", encoding="utf-8")
        click.echo(f"written: {out}")
