"""Published histories whose columns and stamps need telling: what each column is and when it was known.

Found by a file's name. The lags come from comparing each file with minute data of the same days: an hourly
mean stamped at the start of its hour, say, was known only when the hour was over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ballast.data.series import History, history_of, read_history, series_of
from ballast.data.table import read_long, read_table
from ballast.data.values import BORROWS, DEPOSITS, ETH_PRICE, GAS, PRICE, SUPPLY, YIELD, Kind
from ballast.errors import DataError
from ballast.units import SECONDS_PER_DAY

_HOUR: Final = 3_600
_DAY: Final = SECONDS_PER_DAY


@dataclass(frozen=True)
class Facts:
    """How one file is read. `columns` maps a column, or a long file's key, to `COIN` or `COIN@SOURCE`.

    Without `columns` every column is named as its coin is. `quote` is the coin that prices are quoted in.
    """

    known_after: int  # s after the timestamp
    kind: Kind
    columns: Mapping[str | tuple[str, ...], str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()  # of a long file
    value: str = ""  # of a long file
    quote: str = "USD"
    zero_is_gap: bool = False


def _same(*names: str) -> dict[str | tuple[str, ...], str]:
    return {(name,): name for name in names}


_OHLC_COINS: Final = _same("DAI", "FRAX", "LUSD", "MIM", "SUSD", "USDC", "USDD", "USDP", "USDT", "UST")
_MAIN: Final = ("usdc", "usdt", "dai")
_MINOR: Final = ("BUSD", "TUSD", "GUSD", "sUSD", "FRAX", "LUSD", "PAX", "USDP")
_RENAMED: Final = {"sUSD": "SUSD", "PAX": "USDP"}
# Coins for the large ones; from LUSD on, and for UST, caps in USD, which fall with a price, too.
_SUPPLY_COINS: Final = (
    *("USDT", "USDC", "DAI", "FRAX", "TUSD", "BUSD", "FDUSD", "USDP", "LUSD", "GUSD", "FEI", "MIM"),
    *("USDD", "SUSD", "USDN", "CRVUSD", "HUSD"),
)
_SUPPLIES: Final[dict[str | tuple[str, ...], str]] = {"USTC": "UST", **{c: c for c in _SUPPLY_COINS}}

_AAVE: Final[dict[str | tuple[str, ...], str]] = {
    (f"aave_{v}_{c}",): f"{c.upper()}@aave_{v}" for v in ("v2", "v3") for c in _MAIN
}
_MINOR_MARKETS: Final[dict[str | tuple[str, ...], str]] = {
    (p, c): f"{_RENAMED.get(c, c)}@{p}" for p in ("aave_v2", "aave_v3", "compound_v2") for c in _MINOR
}


def _lending(
    known_after: int,
    columns: Mapping[str | tuple[str, ...], str],
    keys: tuple[str, ...] = ("protocol", "symbol"),
    values: tuple[str, ...] = ("supply_apr", "deposits_usd", "borrows_usd"),
) -> tuple[Facts, ...]:
    """A long file's rates, deposits and borrows."""
    kinds = (YIELD, DEPOSITS, BORROWS)
    return tuple(
        Facts(known_after, kind, columns, keys, value) for kind, value in zip(kinds, values, strict=True)
    )


CATALOGUE: Final[Mapping[str, tuple[Facts, ...]]] = {
    "prices_hourly_usdc_usdt_dai.csv.gz": (Facts(_HOUR, PRICE),),
    "prices_hourly_13coins.csv.gz": (Facts(0, PRICE), Facts(0, ETH_PRICE, {"WETH": "ETH"})),
    "daily_prices_17coins.csv.gz": (Facts(_DAY, PRICE),),
    "svb_minute.csv.gz": (
        Facts(
            60,
            PRICE,
            {
                "kraken_usdcusd_c": "USDC@kraken",
                "kraken_usdtusd_c": "USDT@kraken",
                "coinbase_usdtusd_c": "USDT@coinbase",
            },
        ),
        Facts(
            60,
            PRICE,
            {
                "kraken_usdcusdt_c": "USDC@kraken_usdt",
                "binanceus_usdcusdt_c": "USDC@binanceus_usdt",
                "binance_usdcusdt_c": "USDC@binance_usdt",
            },
            quote="USDT",
        ),
    ),
    "binance_hourly_close.csv.gz": (
        Facts(
            _HOUR,
            PRICE,
            {f"{coin}USDT": f"{coin}@binance" for coin in ("USDC", "TUSD", "USDP", "BUSD", "USTC", "UST")},
            quote="USDT",
        ),
    ),
    "uniswap_v3_usdc_usdt_hourly.csv.gz": (
        Facts(0, PRICE, {"usdc_in_usdt": "USDC@uniswap_v3"}, quote="USDT"),
    ),
    "events_minute_binance.csv.gz": (
        Facts(
            60,
            PRICE,
            {
                (event, f"{coin}USDT"): f"{coin}@binance_{event}"
                for event in ("terra_luna_2022", "celsius_3ac_2022", "ftx_2022", "busd_2023")
                for coin in ("USDC", "TUSD", "USDP", "BUSD", "UST")
            },
            keys=("event", "symbol"),
            value="close",
            quote="USDT",
        ),
    ),
    "daily_ohlc_mcap_10coins.csv.gz": (
        Facts(_DAY, PRICE, _OHLC_COINS, ("symbol",), "close"),
        Facts(_DAY, SUPPLY, _OHLC_COINS, ("symbol",), "circulating"),
    ),
    "supply_daily.csv.gz": (Facts(_DAY, SUPPLY, _SUPPLIES, zero_is_gap=True),),
    "aave_supply_apr_hourly.csv.gz": (
        Facts(
            _HOUR,
            YIELD,
            {f"aave_{v}_{c}_supply_apr": f"{c.upper()}@aave_{v}" for v in ("v2", "v3") for c in _MAIN},
        ),
    ),
    "aave_daily_tvl_rates.csv.gz": (
        *_lending(_DAY, _AAVE, ("market",), ("supply_apr_mean", "supplied_usd", "borrowed_usd")),
    ),
    "compound_v3_supply_apr.csv.gz": _lending(0, {("compound_v3", "USDC"): "USDC@compound_v3"}),
    "lending_minor_markets.csv.gz": _lending(0, _MINOR_MARKETS),
    "gas_eth_daily.csv.gz": (
        Facts(_DAY, GAS, {"eth_avg_gas_gwei": "GAS"}, zero_is_gap=True),
        Facts(_DAY, ETH_PRICE, {"eth_usd": "ETH"}, zero_is_gap=True),
    ),
}


def facts_of(path: Path, kind: Kind, quote: str = "USD") -> Facts | None:
    """What is known about a file of this name, for values of one kind; None for a file like any other."""
    found = CATALOGUE.get(path.name, ())
    return next((facts for facts in found if facts.kind == kind and facts.quote == quote), None)


def read_any(
    path: Path, kind: Kind, known: Sequence[str], known_after: int | None = None, quote: str = "USD"
) -> History:
    """The series of `known` coins in a file, known `known_after` s after their stamps.

    Without a lag of the caller's a catalogued file has its own, any other none.

    DataError as `read_history`; also when a catalogued file has values of another kind or quote only.
    """
    facts = facts_of(path, kind, quote)
    if facts is None:
        if path.name in CATALOGUE:
            raise DataError(f"{path}: holds no {kind.name} in {quote}: name another file")
        return read_history(path, kind, known, known_after or 0)
    if known_after is not None:
        facts = replace(facts, known_after=known_after)
    if not facts.columns:
        return read_history(path, kind, known, facts.known_after)
    names = {column: name for column, name in facts.columns.items() if name.partition("@")[0] in known}
    if facts.keys:
        return _read_long(path, facts, {key: name for key, name in names.items() if isinstance(key, tuple)})
    table = read_table(path, lambda column: facts.kind if column in names else None, facts.zero_is_gap)
    wide = {column: (name, kind) for column, name in names.items() if isinstance(column, str)}
    return history_of(table, wide, facts.known_after, known)


def _read_long(path: Path, facts: Facts, names: Mapping[tuple[str, ...], str]) -> History:
    wanted = dict.fromkeys(names, facts.kind)
    columns = read_long(path, facts.keys, facts.value, wanted, facts.zero_is_gap)
    series = [
        series_of(names[key], facts.kind, column, facts.known_after)
        for key, column in columns.items()
        if column.values
    ]
    if not series:
        raise DataError(f"{path}: no values of {', '.join(names.values()) or 'a coin that is asked for'}")
    return History(tuple(series))
