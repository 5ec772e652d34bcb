"""The whole comparison as plain values: every coin, every size of fund, every way to lend it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ballast.backtest.lending import MOVE_GAS, Film, Run, play
from ballast.lending.allocator import Bounds, EqualSplit, Hold, Optimizing
from ballast.lending.study import Says, Study, read_study
from ballast.lending.walk import Walk, walk

SIZES: Final = (1e5, 1e6, 1e7, 1e8)  # USD
BOUNDED, FREE, EQUAL, AAVE, BEST = (
    "allocator",
    "allocator, no tenth rule",
    "equal split",
    "hold Aave",
    "best single",
)
WAYS: Final = (BOUNDED, FREE, EQUAL, AAVE, BEST)
_DEAR: Final = 2.0  # times the gas


@dataclass(frozen=True)
class Entry:
    """One way to lend one fund of one coin."""

    coin: str
    money: float  # USD
    way: str
    run: Run
    market: str = ""  # that is held, where it is one

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        run = self.run
        return {
            "coin": self.coin,
            "fund_usd": self.money,
            "way": self.way,
            "market": self.market,
            "net_apy": round(run.net, 6),
            "gas_usd": round(run.gas, 2),
            "moves": run.moves,
            "reallocations": run.changes,
            "mean_lent": round(run.mean_lent, 4),
        }


@dataclass(frozen=True)
class Report:
    """All that the study found."""

    study: Study
    entries: tuple[Entry, ...]
    walks: Mapping[tuple[float, str], Walk]  # by size and way
    dear: Mapping[tuple[str, float], float]  # net yield of the bounded allocator at twice the gas

    def entry(self, coin: str, money: float, way: str) -> Entry:
        """One of them."""
        return next(e for e in self.entries if (e.coin, e.money, e.way) == (coin, money, way))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "missing_files": self.study.missing,
            "gas_per_move": MOVE_GAS,
            "coins": {coin: film_row(film) for coin, film in self.study.films.items()},
            "funds": [entry.to_dict() for entry in self.entries],
            "net_apy_at_twice_the_gas": [
                {"coin": coin, "fund_usd": money, "net_apy": round(net, 6)}
                for (coin, money), net in self.dear.items()
            ],
            "chosen": [
                {
                    "fund_usd": money,
                    "way": way,
                    "since": day(since),
                    "half_life_days": params.half_life_days,
                    "differential_bps": params.differential_bps,
                    "horizon_days": params.horizon_days,
                }
                for (money, way), one in self.walks.items()
                for since, params in zip(one.schedule.since, one.schedule.chosen, strict=True)
            ],
        }


def day(moment: int) -> str:
    """2023-03-11."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def film_row(film: Film) -> dict[str, Any]:
    """What is played of a coin, as plain values."""
    return {
        "from": day(film.start),
        "to": day(int(film.clock[-1])),
        "markets": list(film.names()),
        "mean_move_cost_usd": round(float(film.move_cost[film.first :].mean()), 2),
    }


def run(folder: Path, say: Says) -> Report:
    """Everything; some minutes on one core."""
    study = read_study(folder, say)
    entries: list[Entry] = []
    walks, dear = {}, {}
    for money in SIZES:
        say(f"a fund of ${money:,.0f}")
        for way, bounds in ((BOUNDED, Bounds()), (FREE, Bounds(None))):
            walks[money, way] = found = walk(study.films, money, bounds)
            entries += [Entry(coin, money, way, one) for coin, one in found.runs.items()]
        schedule = walks[money, BOUNDED].schedule
        for coin, film in study.films.items():
            entries += _benchmarks(coin, film, money)
            twice = replace(film, move_cost=_DEAR * film.move_cost)
            dear[coin, money] = play(twice, Optimizing(schedule), money).net
    return Report(study, tuple(entries), walks, dear)


def _benchmarks(coin: str, film: Film, money: float) -> list[Entry]:
    """What needs no thought, and what needs to know the future."""
    holds = {name: play(film, Hold(name), money) for name in film.names()}
    aave = f"{coin}@aave_v2"
    best = max(holds, key=lambda name: holds[name].net)
    return [
        Entry(coin, money, EQUAL, play(film, EqualSplit(), money)),
        Entry(coin, money, AAVE, holds[aave], aave),
        Entry(coin, money, BEST, holds[best], best),
    ]
