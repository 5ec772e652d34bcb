"""The lent part as a person reads it: tables and lines, no decision."""

from typing import Any, Final

from rich.table import Table

from ballast.chain.lending_run import Done
from ballast.keeper.lending import MoveKind
from ballast.units import SECONDS_PER_DAY, WAD, human

_WHY: Final = {
    "BEST_ALREADY": "as good as it gets",
    "YIELD": "pays more than it costs",
    "DIFFERENTIAL_TOO_SMALL": "pays too little more",
    "GAS_NOT_PAID_BACK": "would not pay back its gas in time",
    "NOTHING_QUALIFIES": "no strategy may take more",
    "STALE_DATA": "a price is not good",
    "COIN_ON_WATCH": "the coin is off its peg: it comes home",
    "SESSION_OPEN": "a rebalance is under way: it goes first",
    "STRATEGY_UNREADABLE": "a strategy does not say what it is worth",
    "PAUSED": "the fund is stopped",
}
_WORDS: Final = {
    MoveKind.ALLOCATE: "lent",
    MoveKind.DEALLOCATE: "took back",
    MoveKind.HARVEST: "harvested",
    MoveKind.SYNC: "looked",
    MoveKind.RECORD: "recorded",
}


def lending_table(lending: dict[str, Any]) -> Table:
    """Per coin and strategy: what is lent, what it pays, what could be had now."""
    table = Table(title="lent")
    for column in ("coin", "where", "amount", "to be had now", "cap", "a year", "score", ""):
        table.add_column(column, justify="left" if column in ("coin", "where", "") else "right", no_wrap=True)
    for coin in lending["coins"]:
        places = coin["decimals"]
        watch = "on watch" if coin["on_watch"] else ""
        idle = _amount(coin["idle"], places)
        table.add_row(coin["symbol"], "idle", idle, idle, "", "", "", watch)
        for strategy in coin["strategies"]:
            table.add_row(
                "",
                strategy["name"],
                _amount(strategy["value"], places),
                _amount(min(strategy["liquid"], strategy["value"]), places),
                _amount(strategy["cap"], places),
                percent(strategy["apy"]),
                f"{strategy['score']} ‰",
                _marks(strategy),
            )
        table.add_row(
            "", "in all", _amount(coin["idle"] + coin["lent"], places), "", "", percent(coin["apy"])
        )
        table.add_section()
    return table


def _marks(strategy: dict[str, Any]) -> str:
    marks = [
        word
        for word, shown in (("paused", strategy["paused"]), ("unreadable", not strategy["readable"]))
        if shown
    ]
    rewards = [one for one in strategy["rewards"] if one["value"] >= WAD]
    marks += [f"{human(one['value']):,.0f} USD of {one['symbol']} to harvest" for one in rewards]
    return ", ".join(marks)


def proposal_table(coin: dict[str, Any]) -> Table:
    """One coin: the present and the proposed split, and why."""
    places = coin["decimals"]
    table = Table(title=f"{coin['symbol']}: {told(coin['why'])}")
    for column in ("where", "now", "proposed", "change", "cap", "a year", "score", ""):
        table.add_column(column, justify="left" if column in ("where", "") else "right", no_wrap=True)
    targets = {target["address"]: target["amount"] for target in coin["targets"]}
    for strategy in coin["strategies"]:
        now, then = strategy["value"], targets[strategy["address"]]
        table.add_row(
            strategy["name"],
            _amount(now, places),
            _amount(then, places),
            f"{human(then - now, places):+,.2f}" if then != now else "",
            _amount(strategy["cap"], places),
            percent(strategy["apy"]),
            f"{strategy['score']} ‰",
            _marks(strategy),
        )
    idle = coin["idle"] + coin["lent"] - sum(targets.values())
    buffer = f"buffer {coin['buffer_bps'] / 100:g} %" + (", on watch" if coin["on_watch"] else "")
    change = f"{human(idle - coin['idle'], places):+,.2f}" if idle != coin["idle"] else ""
    table.add_row("idle", _amount(coin["idle"], places), _amount(idle, places), change, "", "", "", buffer)
    table.add_section()
    now, then = percent(coin["yield_now"]), percent(coin["yield_then"])
    table.add_row("in all, a year", now, then, "", "", "", "", "")
    return table


def gain_line(coin: dict[str, Any], horizon: int) -> str:
    """What going to the proposed split is worth; `horizon` in seconds."""
    days = horizon / SECONDS_PER_DAY
    gain, cost = human(coin["gain_per_year"]), human(coin["gas_cost"])
    net = f"net of it {human(coin['net_gain']):+,.0f} USD in {days:g} days"
    return f"expected gain {gain:+,.0f} USD a year, gas {cost:,.2f} USD; {net}"


def move_lines(coin: dict[str, Any]) -> list[str]:
    """What is due, a line a transaction."""
    return [f"{move['kind'].lower()}, {move['why']}: {move['detail']}" for move in coin["moves"]]


def done_line(done: Done) -> str:
    """One move that was sent."""
    if done.refusal is not None:
        return f"refused: {done.refusal}"
    return f"{_WORDS[done.move.kind]}: {done.move.detail} ({done.gas_used:,} gas, {done.tx_hash})"


def told(why: str) -> str:
    """A reason with its words."""
    return f"{why}, {_WHY[why]}" if why in _WHY else why


def percent(rate: int | None) -> str:
    """A yield as people write it."""
    return "unknown" if rate is None else f"{rate * 100 / WAD:.2f} %"


def _amount(amount: int, places: int) -> str:
    return f"{human(amount, places):,.2f}"
