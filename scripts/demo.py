"""Deploys an index of five stablecoins on a local mainnet; plays an ordinary summer and two crises to it."""

import json
import logging
from pathlib import Path

import ape
import click
import structlog
from ape import accounts
from rich.console import Console
from rich.table import Table

from ballast.chain.cli import PlainCommand, chosen_index
from ballast.chain.connect import expect_quick_receipts
from ballast.demo.acts import Act, shipped_acts
from ballast.demo.record import Rebalance, Run
from ballast.demo.run import Cast, Demo
from ballast.replica import Replica, start_replica
from ballast.replica.build import ensure_state
from ballast.replica.progress import progress_bar
from ballast.scenario import load_scenario

OUT = Path("build/demo")


@click.command(cls=PlainCommand)
@click.option(
    "--scenario",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Price path, YAML or CSV, played alone (default: three acts, of 2022, 2023 and a what-if).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=OUT,
    show_default=True,
    help="Folder for run.json and weights.png.",
)
def cli(scenario, out):
    """A real index on a mainnet that lives on this machine: it rebalances, and coins leave their pegs."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    index, _ = chosen_index(None)
    acts = _acts(scenario, tuple(coin.symbol for coin in index.coins))
    for act in acts:
        console.print(f"[bold]Ballast[/bold]: {index.name} along {act.scenario.name} ({act.scenario.source})")
    out.mkdir(parents=True, exist_ok=True)
    with progress_bar() as report:
        state = ensure_state(report)
    with console.status("compiling the contracts, unless they are compiled already"):
        ape.project.load_contracts()
    with (
        start_replica(state=state) as node,
        ape.networks.parse_network_choice(f"ethereum:replica:{node.url}"),
    ):
        expect_quick_receipts()
        signers = accounts.test_accounts
        cast = Cast(*(signers[at] for at in range(5)))
        run = Demo(Replica(node.url), index, acts, cast, out, console.print, lends=scenario is None).play()
    (out / "run.json").write_text(json.dumps(run.to_dict(), indent=2) + "\n")
    _draw(run, out / "weights.png")
    _show(console, run)
    console.print(f"written: {out / 'run.json'} and {out / 'weights.png'}")


def _draw(run: Run, to: Path) -> None:
    # Here, because Ape loads every script for each of them, and matplotlib takes a second.
    from ballast.demo.picture import draw

    draw(run, to)


def _acts(scenario: Path | None, coins: tuple[str, ...]) -> tuple[Act, ...]:
    """The given path alone, or the demo's own acts."""
    return shipped_acts(coins) if scenario is None else (Act("", load_scenario(scenario, coins)),)


def _show(console: Console, run: Run) -> None:
    if not run.rebalances:
        console.print("Nothing had to be traded: the fund stayed within its limits all the way.")
        return
    if run.headline is not None:
        _show_weights(console, run.headline, "largest rebalance")
    for rebalance in run.rebalances:
        if rebalance.is_emergency:
            _show_weights(console, rebalance, "emergency")
    _show_swaps(console, run)
    data = run.to_dict()
    within = data["max_drift_after_bps"] <= data["settle_band_bps"]
    console.print(
        f"{len(run.rebalances)} rebalances, {len(data['swaps'])} swaps, {data['traded_usd']:,.0f} USD traded "
        f"at {data['total_cost_bps']} bps against the oracle, {data['gas_used']:,} gas; drift "
        f"{data['max_drift_before_bps']} → {data['max_drift_after_bps']} bps, settle band "
        f"{data['settle_band_bps']} bps: {'[green]within[/green]' if within else '[red]NOT within[/red]'}"
    )


def _show_weights(console: Console, rebalance: Rebalance, what: str) -> None:
    data = rebalance.to_dict()
    table = Table(title=f"{what}, {rebalance.at:%Y-%m-%d}: {rebalance.reason}")
    table.add_column("coin")
    for column in ("before", "target", "after"):
        table.add_column(column, justify="right")
    for coin, weights in data["weights"].items():
        row = (weights[f"{when}_bps"] / 100 for when in ("before", "target", "after"))
        table.add_row(coin, *(f"{value:.2f} %" for value in row))
    console.print(table)


def _show_swaps(console: Console, run: Run) -> None:
    table = Table(title="swaps")
    for column, side in (
        ("when", "left"),
        ("sold", "right"),
        ("bought", "right"),
        ("floor", "right"),
        ("through", "left"),
        ("cost, bps", "right"),
    ):
        table.add_column(column, justify=side, no_wrap=True)
    for rebalance in run.rebalances:
        for swap in rebalance.swaps:
            table.add_row(
                f"{rebalance.at:%m-%d}",
                f"{swap.amount_in:,.2f} {swap.token_in}",
                f"{swap.amount_out:,.2f} {swap.token_out}",
                f"{swap.floor:,.2f}",
                ", ".join(pool.split()[1].strip("(") + " %" for pool in swap.pools),
                f"{swap.cost_bps:+.2f}",
            )
    console.print(table)
