"""Which coins play a price history, in a backtest as in a replay: the index's own, and those that join it.

Every column `COIN` or `COIN@SOURCE` of a file is a source. A coin that the index does not have joins it with
`JOINING`'s bounds and, unless that says otherwise, a market cap like the middle one of the others. A column
that is not near a dollar at the start is left out: it is no dollar coin, or one that had already died.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from statistics import median_low
from typing import Final

from eth_utils.address import to_checksum_address

from ballast.data.catalogue import CATALOGUE, facts_of, read_any
from ballast.data.series import History, Series
from ballast.data.table import first_cells
from ballast.data.values import PRICE, is_number_in
from ballast.errors import DataError
from ballast.index_file import Coin, IndexFile, MarketCap
from ballast.index_types import ChainlinkSource
from ballast.units import BPS, SECONDS_PER_DAY, WAD

NEAR: Final = (8 * WAD // 10, 12 * WAD // 10)  # WAD{USD}: a dollar coin at the start


@dataclass(frozen=True)
class Joining:
    """How a coin joins an index that does not describe it."""

    min_weight_bps: int = 500
    max_weight_bps: int = 4_000
    cap_usd: int | None = None  # None: as much as the middle one of the index's coins
    decimals: int = 18


# UST: the supply of 2022-05-05 by DefiLlama's public stablecoin series; so large a coin sits at its bound.
JOINING: Final[Mapping[str, Joining]] = {"UST": Joining(500, 1_000, 18_700_000_000, 6)}


@dataclass(frozen=True)
class Cast:
    """The index with all coins that play, their price columns, and what to say about them."""

    index: IndexFile
    prices: History
    absent: tuple[str, ...]  # coins of the index without prices
    joined: tuple[str, ...]  # coins that only the prices have
    strange: tuple[str, ...]  # columns that are not near a dollar at the start
    unused: tuple[str, ...] = ()  # columns of a later file that an earlier one has, with the file's name

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every coin that plays, in the index's order."""
        return tuple(coin.symbol for coin in self.index.coins if coin.symbol in self.prices.coins)

    def said(self) -> list[str]:
        """What is not as the index and the files have it, a line each."""
        lines = [f"{column} not used: an earlier file has it" for column in self.unused]
        if self.absent:
            lines.append(f"left out, because no file has their prices: {', '.join(self.absent)}")
        if self.strange:
            lines.append(f"left out, because not near a dollar at the start: {', '.join(self.strange)}")
        for symbol in self.joined:
            coin = self.index.coin(symbol)
            lines.append(
                f"{symbol} joins the index: {coin.min_weight_bps / 100:g} to {coin.max_weight_bps / 100:g} % "
                f"of the fund, market cap {coin.market_cap.initial_usd:,.0f} USD unless --supplies has it"
            )
        return lines


def cast(
    paths: Sequence[Path],
    index: IndexFile,
    lag: int | None = None,
    start: int | None = None,
    only: Sequence[str] = (),
) -> Cast:
    """Who plays the files' prices from `start` (s) on. `lag` as `read_any` has it, `only` these coins.

    DataError as `read_any`; also when more coins join than their smallest weights leave room for.
    """
    own = [coin.symbol for coin in index.coins]
    whole: History | None = None
    unused: list[str] = []
    strange: list[str] = []
    for path in paths:
        near, far = _near_a_dollar(path)
        known = [symbol for symbol in dict.fromkeys([*own, *near]) if not only or symbol in only]
        strange += [column for column in far if not only and column.partition("@")[0] not in own]
        found = read_any(path, PRICE, known, lag)
        if whole is not None:
            found, both = whole.completed(found)
            unused += [f"{path.name}: {column}" for column in both]
        whole = found
    assert whole is not None, "a command asks for one file at least"
    played = tuple(one for one in whole.series if one.values and _is_near(one, start))
    prices = History(played, whole.ignored)
    joined = tuple(symbol for symbol in prices.coins if symbol not in own)
    strange += [one.name for one in whole.series if one.values and one not in played]
    absent = tuple(symbol for symbol in own if symbol not in prices.coins)
    return Cast(with_joining(index, joined), prices, absent, joined, tuple(strange), tuple(unused))


def with_joining(index: IndexFile, symbols: Iterable[str]) -> IndexFile:
    """The index with further coins, modelled ones. DataError when their smallest weights leave no room."""
    middle = int(median_low(coin.market_cap.initial_usd for coin in index.coins))
    joining = tuple(_modelled(symbol, middle, index.coins[0]) for symbol in symbols)
    coins = index.coins + joining
    if sum(coin.min_weight_bps for coin in coins) > BPS:
        names = ", ".join(coin.symbol for coin in joining)
        raise DataError(f"no room in the index for all of {names}: choose the coins with --coins")
    return index.model_copy(update={"coins": coins})


def only(index: IndexFile, symbols: Collection[str]) -> IndexFile:
    """The index of these coins alone: what it says of others goes."""
    crisis, known = index.crisis, set(symbols)
    groups = {
        coin: tuple(name for name in leaning if name in known)
        for coin, leaning in crisis.risk_groups.items()
        if coin in known
    }
    weights = {coin: given for coin, given in crisis.emergency_weights.items() if {coin, *given} <= known}
    probes = {coin: asked for coin, asked in crisis.issuer_probes.items() if coin in known}
    kept = {"risk_groups": groups, "emergency_weights": weights, "issuer_probes": probes}
    return index.model_copy(
        update={
            "coins": tuple(coin for coin in index.coins if coin.symbol in known),
            "crisis": crisis.model_copy(update=kept),
            "pair_limits": tuple(pair for pair in index.pair_limits if set(pair.coins) <= known),
            "hubs": tuple(hub for hub in index.hubs if hub in known),
        }
    )


def _modelled(symbol: str, middle: int, like: Coin) -> Coin:
    """A coin of the price file's, at addresses that follow from its name."""
    joining = JOINING.get(symbol, Joining())
    bounds = {"min_price": like.oracle[0].min_price, "max_price": like.oracle[0].max_price}
    feed = ChainlinkSource(
        kind="chainlink", feed=_address(f"{symbol} feed"), heartbeat=SECONDS_PER_DAY, **bounds
    )
    return Coin(
        symbol=symbol,
        token=_address(symbol),
        decimals=joining.decimals,
        min_weight_bps=joining.min_weight_bps,
        max_weight_bps=joining.max_weight_bps,
        oracle=(feed, feed),
        min_sources=2,
        market_cap=MarketCap(initial_usd=Decimal(joining.cap_usd or middle)),
    )


def _address(name: str) -> str:
    return to_checksum_address("0x" + sha256(f"ballast {name}".encode()).hexdigest()[:40])


def _near_a_dollar(path: Path) -> tuple[list[str], list[str]]:
    """The file's coins whose first values are near a dollar, and the columns that are not."""
    facts = facts_of(path, PRICE)
    if facts is not None and facts.columns:
        return [name.partition("@")[0] for name in facts.columns.values()], []
    if facts is None and path.name in CATALOGUE:
        return [], []  # `read_any` says why
    low, high = (value / WAD for value in NEAR)
    cells = first_cells(path)
    far = [column for column, cell in cells.items() if not is_number_in(cell, low, high)]
    return [column.partition("@")[0] for column in cells if column not in far], far


def _is_near(series: Series, start: int | None) -> bool:
    known = None if start is None else series.at(start)
    value = series.values[0] if known is None else known.value
    return NEAR[0] <= value <= NEAR[1]
