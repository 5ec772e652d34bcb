"""Histories for the backtest's tests: hourly paths of the packaged index's five coins, drawn or given."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ballast.backtest.inputs import Assumptions, Inputs
from ballast.data.series import History, Series
from ballast.data.values import PRICE, SUPPLY, Kind
from ballast.index_file import IndexFile, load_index
from ballast.settings import PACKAGED_INDEX
from ballast.units import WAD

T0 = 1_672_531_200
HOUR = 3_600
COINS = ("USDC", "USDT", "DAI", "FRAX", "LUSD")
CAPS = {"USDC": 40 * 10**9, "USDT": 60 * 10**9, "DAI": 5 * 10**9, "FRAX": 10**9, "LUSD": 3 * 10**8}


def index() -> IndexFile:
    return load_index(PACKAGED_INDEX)


def one(coin: str, values: Sequence[int], kind: Kind = PRICE, source: str = "", every: int = HOUR) -> Series:
    times = tuple(T0 + i * every for i in range(len(values)))
    return Series(coin, source, kind, times, tuple(values))


def history(paths: Mapping[str, Sequence[int]], kind: Kind = PRICE, every: int = HOUR) -> History:
    return History(tuple(one(coin, path, kind, every=every) for coin, path in paths.items()))


def calm(hours: int) -> dict[str, list[int]]:
    return {coin: [WAD] * hours for coin in COINS}


def caps(days: int, **growth: float) -> History:
    """Daily supplies; a coin grows by its rate a day, the others stay."""
    paths = {
        coin: [int(cap * (1 + growth.get(coin, 0.0)) ** day) * WAD for day in range(days)]
        for coin, cap in CAPS.items()
    }
    return history(paths, SUPPLY, 24 * HOUR)


def inputs(prices: Mapping[str, Sequence[int]], supplies: History | None = None, **changes: int) -> Inputs:
    assumed = replace(Assumptions(), **changes) if changes else Assumptions()
    return Inputs(
        index(), history(prices), supplies or caps(1 + len(prices["USDC"]) // 24), assumptions=assumed
    )
