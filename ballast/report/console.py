"""A result as a person reads it in a terminal."""

from typing import Final

from rich.console import Console
from rich.table import Table

from ballast.backtest.result import Result, stamp
from ballast.units import human

SHOWN: Final = 20  # rebalances in the table


def show(result: Result, measured: bool) -> None:
    """The figures. `measured`: gas and refusals come from a chain, not from estimates."""
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
        f"at {data['cost_bps']} bps, {'' if measured else 'about '}{result.gas_used:,} gas "
        f"({data['gas_cost_usd']:,.0f} USD for trades, paid by the keeper), "
        f"{result.checkpoint_gas:,} of it for the kill switch's checkpoints"
    )
    if result.halted_at is not None:
        console.print(f"[red]{stamp(result.halted_at)} the kill switch stopped ordinary trading[/red]")
    for flight in result.emergencies:
        console.print(
            f"[red]{stamp(flight.at)} fled {flight.asset}[/red] at {human(flight.price):.4f} USD: "
            f"{flight.weight_before:.2%} → {flight.weight_after:.2%} of the fund"
        )
    for back in result.recoveries:
        ended = f", sound {stamp(back.ended_at)}" if back.ended_at is not None and back.is_back else ""
        console.print(f"{stamp(back.at)} {back.asset} recovers at {human(back.price):.4f} USD{ended}")
    if result.refusals:
        console.print(f"[red]{len(result.refusals)} refused, the first: {result.refusals[0][1]}[/red]")


def _table(result: Result) -> Table:
    hidden = max(0, len(result.rebalances) - SHOWN)
    table = Table(
        title="rebalances" + (f" (the last {SHOWN}, {hidden} earlier ones in --json)" if hidden else "")
    )
    for column in ("when", "reason", "drift", "after", "fills", "traded USD", "cost bps", "settled"):
        table.add_column(column, justify="left" if column in ("when", "reason") else "right", no_wrap=True)
    for rebalance in result.rebalances[-SHOWN:]:
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
