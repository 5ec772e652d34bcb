"""Emergencies as a person reads them: tables and lines, no decision."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from ballast.chain.emergency_run import Flight
from ballast.chain.emergency_weights import WeightChange
from ballast.units import BPS, human

_HOUR = 3_600
_WIDTH = 150  # columns where there is no terminal


def wide_console() -> Console:
    """A console that cuts nothing when its output goes to a file."""
    return Console(width=None if Console().is_terminal else _WIDTH, highlight=False)


def moment(seconds: int) -> str:
    """Seconds since 1970 as a person reads them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if seconds else "never"


def change_table(changes: Sequence[WeightChange]) -> Table:
    """Emergency weights before and after, one row a coin of each crisis."""
    table = Table(title="emergency weights")
    for column in ("in a crisis of", "coin", "now", "then", "change"):
        table.add_column(column, justify="left" if column in ("in a crisis of", "coin") else "right")
    for change in changes:
        for coin, then in change.then.items():
            now = change.now.get(coin, 0)
            moved = "" if now == then else f"{(then - now) / 100:+.2f} %"
            name = change.asset if change.is_set else f"{change.asset} (composed now)"
            table.add_row(name, coin, _percent(now), _percent(then), moved)
        table.add_section()
    return table


def emergency_tables(status: dict[str, Any], title: str) -> list[Table]:
    """The pegs, the weights to flee to, and what stands ready."""
    return [peg_table(status, title), _targets(status), _readiness(status)]


def _peg_rows(status: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            coin["symbol"],
            _state(coin),
            moment(coin["since"]),
            f"{coin['deviation_bps']:+d}" if coin["observed_at"] else "no look yet",
            "unseen" if coin["now_bps"] is None else f"{coin['now_bps']:+d}",
            f"{coin['area_left'] / _HOUR:,.0f} bps h" + _at_this_depth(coin["crisis_in"]),
            f"{coin['steps_done']} of {coin['steps']}" if coin["state"] == "RECOVERING" else "",
            _percent(coin["weight_bps"]),
        )
        for coin in status["coins"]
    ]


def _state(coin: dict[str, Any]) -> str:
    marks = [word for key, word in (("forced", "forced"), ("issuer_stopped", "stopped")) if coin[key]]
    return ", ".join([coin["state"], *marks])


def _at_this_depth(seconds: int | None) -> str:
    return "" if seconds is None else f" ({seconds / _HOUR:.1f} h like this)"


def peg_table(status: dict[str, Any], title: str = "pegs") -> Table:
    """Per coin: state and since when, deviations, distance to a crisis, steps back."""
    table = Table(title=title)
    for column in (
        "coin",
        "state",
        "since",
        "last look, bps",
        "now, bps",
        "left to a crisis",
        "steps",
        "weight",
    ):
        table.add_column(column, no_wrap=True)
    for row in _peg_rows(status):
        table.add_row(*row)
    return table


def _targets(status: dict[str, Any]) -> Table:
    table = Table(title="emergency weights")
    symbols = [coin["symbol"] for coin in status["coins"]]
    table.add_column("in a crisis of")
    for symbol in symbols:
        table.add_column(symbol, justify="right")
    table.add_column("how")
    table.add_column("leaning on it")
    for coin in status["coins"]:
        weights = coin["emergency_weights"]
        cells = [_percent(weights.get(symbol, 0)) for symbol in symbols]
        how = "set" if coin["emergency_weights_set"] else "composed"
        table.add_row(coin["symbol"], *cells, how, ", ".join(coin["leaning"]))
    return table


def readiness(status: dict[str, Any]) -> dict[str, str]:
    """What stands ready, one line each."""
    budget, switch = status["loss_budget"], status["kill_switch"]
    trading = "paused" if status["paused"] else "halted, emergencies go on" if status["halted"] else "open"
    fallen = (
        "no checkpoint yet" if switch["fallen_bps"] is None else f"{switch['fallen_bps'] / 100:.2f} % down"
    )
    limit = _percent(switch["drop_bps"])
    return {
        "emergency due": status["due"] or ("in session" if status["in_session"] else "none"),
        "emergency loss budget": f"{human(budget['available']):,.2f} of {human(budget['capacity']):,.2f} USD",
        "kill switch": f"{fallen}, trips beyond {limit} in {switch['window'] / _HOUR:g} h",
        "last checkpoint": moment(switch["checkpoint_at"]),
        "trading": trading,
    }


def _readiness(status: dict[str, Any]) -> Table:
    table = Table(show_header=False)
    for name, value in readiness(status).items():
        table.add_row(name, value)
    return table


def flight_lines(flight: Flight, seconds: float) -> list[str]:
    """What one emergency did."""
    end = f"not settled: {flight.left}" if flight.left else "settled"
    return [f"{end}: {len(flight.sent)} transactions, {flight.gas_used:,} gas, {seconds:.1f} s"]


def drill_tables(report: dict[str, Any]) -> list[Any]:
    """A rehearsal: weights before and after, what it cost, and what would be signed."""
    weights = Table(title=f"rehearsal: {report['asset']} at {report['price']} USD")
    for column in ("coin", "before", "after", "emergency target"):
        weights.add_column(column, justify="left" if column == "coin" else "right")
    for coin in report["coins"]:
        weights.add_row(
            coin["symbol"], *(_percent(coin[f"{key}_bps"]) for key in ("before", "after", "target"))
        )
    facts = Table(show_header=False)
    for name, value in _drill_facts(report).items():
        facts.add_row(name, value)
    sent = Table(title="sent on the fork")
    for column in ("what", "by", "gas"):
        sent.add_column(column, no_wrap=True)
    for item in report["transactions"]:
        sent.add_row(item["what"], item["sender"], f"{item['gas_used']:,}")
    lines = [
        f"{report['guardian']} (GUARDIAN) would sign: {item['what']}\n  to       {item['to']}\n"
        f"  function {item['function']}\n  data     {item['data']}"
        for item in report["to_sign"]
    ]
    return [weights, facts, sent, *lines]


def _drill_facts(report: dict[str, Any]) -> dict[str, str]:
    value = report["value_before"]
    share = report["cost"] * BPS / value if value else 0
    after = report["crisis_after"]
    return {
        "on the fork": report["how"],
        "until the crisis is confirmed": "a guardian's word"
        if after is None
        else f"{after / _HOUR:.1f} h, {report['looks']} looks",
        "from then": f"{report['blocks']} blocks, {report['flight_seconds']} s",
        "trades": str(report["trades"]),
        "cost against the oracle": f"{human(report['cost']):,.2f} USD, {share:.1f} bps of the fund",
        "gas": f"{report['gas_used']:,}",
        "end": "settled" if report["settled"] else f"not settled: {report['left']}",
        "rehearsed in": f"{report['rehearsed_in']} s",
    }


def _percent(bps: int | None) -> str:
    return "" if bps is None else f"{bps / 100:.2f} %"
