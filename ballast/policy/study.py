"""The tracks of the study: which published histories show which coin."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ballast.data.catalogue import read_any
from ballast.data.series import Series, in_usd
from ballast.data.values import PRICE
from ballast.errors import DataError
from ballast.policy.tracks import CLOCK, Source, Track, source_of, track_of

_HOURLY: Final = "prices_hourly_usdc_usdt_dai.csv.gz"
_WIDE: Final = "prices_hourly_13coins.csv.gz"
_BINANCE: Final = "binance_hourly_close.csv.gz"
_UNISWAP: Final = "uniswap_v3_usdc_usdt_hourly.csv.gz"
_SVB: Final = "svb_minute.csv.gz"
_EVENTS: Final = "events_minute_binance.csv.gz"
_DAILY: Final = "daily_prices_17coins.csv.gz"
_OHLC: Final = "daily_ohlc_mcap_10coins.csv.gz"
_IN_USDT: Final = (_BINANCE, _UNISWAP, _SVB, _EVENTS)  # wholly or partly
_COINS: Final = (
    *("USDC", "USDT", "DAI", "FRAX", "LUSD", "TUSD", "BUSD", "GUSD", "USDP", "UST", "FEI", "SUSD"),
    *("MIM", "USDD", "HUSD", "USDN", "OUSD", "MUSD", "CUSD", "USDK", "RSV"),
)
_QUOTE_AGE: Final = 7_200  # s

Says = Callable[[str], None]
# (coin, what the track is called, (file, source in the file; "" for a column without one), s between looks)
_Plan = tuple[str, str, tuple[tuple[str, str], ...], int]


def _plans() -> Iterator[_Plan]:
    for coin in ("USDC", "USDT", "DAI"):
        yield coin, "hourly", ((_HOURLY, ""),), CLOCK
    every = ((_HOURLY, ""), (_WIDE, ""), (_BINANCE, "binance"), (_UNISWAP, "uniswap_v3"))
    yield "USDC", "4 hourly sources", every, CLOCK
    minutes = tuple((_SVB, name) for name in ("kraken", "kraken_usdt", "binanceus_usdt", "binance_usdt"))
    svb = (*minutes, (_HOURLY, ""), (_UNISWAP, "uniswap_v3"))
    yield "USDC", "6 sources, SVB minutes", svb, CLOCK
    yield "USDC", "6 sources, SVB every 5 min", svb, 300
    yield "USDC", "Kraken minutes", ((_SVB, "kraken"),), 300
    wick = ((_EVENTS, "binance_terra_luna_2022"), (_HOURLY, ""), (_UNISWAP, "uniswap_v3"))
    yield "USDC", "3 sources, May 2022 minutes", wick, 300
    yield "USDC", "Binance minutes, May 2022", wick[:1], 300
    yield "USDT", "3 sources, SVB minutes", ((_SVB, "kraken"), (_SVB, "coinbase"), (_HOURLY, "")), CLOCK
    for coin in ("USDT", "DAI"):
        yield coin, "2 hourly sources", ((_HOURLY, ""), (_WIDE, "")), CLOCK
    for coin in ("TUSD", "BUSD", "USDP", "UST"):
        yield coin, "2 hourly sources", ((_WIDE, ""), (_BINANCE, "binance")), CLOCK
    for coin in ("FRAX", "LUSD", "TUSD", "BUSD", "GUSD", "USDP", "UST", "FEI", "SUSD"):
        yield coin, "hourly, wide file", ((_WIDE, ""),), CLOCK
    for coin in (*_COINS[:10], "SUSD", *_COINS[14:]):
        yield coin, "daily", ((_DAILY, ""),), CLOCK
    for coin in ("DAI", "FRAX", "LUSD", "MIM", "SUSD", "USDC", "USDD", "USDP", "USDT", "UST"):
        yield coin, "daily close", ((_OHLC, ""),), CLOCK


@dataclass
class Study:
    """Every track that a folder's files give, and the files that are not there."""

    tracks: list[Track] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def read_study(folder: Path, say: Says = lambda _: None) -> Study:
    """Reads what the folder has of the catalogued files. DataError when it has none of them."""
    files, study = {}, Study()
    for name in (_HOURLY, _WIDE, _BINANCE, _UNISWAP, _SVB, _EVENTS, _DAILY, _OHLC):
        if (folder / name).is_file():
            say(f"reading {name}")
            files[name] = _series(folder / name)
        else:
            study.missing.append(name)
    if not files:
        raise DataError(f"{folder}: none of the published histories ({_HOURLY}, ...): name their folder")
    usdt = next((s for s in files.get(_HOURLY, ()) if s.name == "USDT"), None)
    for coin, name, parts, clock in _plans():
        sources = [s for file, at in parts if (s := _source(files.get(file, ()), coin, at, file, usdt))]
        if len(sources) == len(parts):
            study.tracks.append(track_of(coin, name, sources, clock=clock))
    return study


def _series(path: Path) -> tuple[Series, ...]:
    found: list[Series] = []
    for quote in ("USD", "USDT") if path.name in _IN_USDT else ("USD",):
        try:
            found += read_any(path, PRICE, _COINS, quote=quote).series
        except DataError:
            if quote == "USDT":
                raise  # every file of this tuple has prices in USDT
    return tuple(found)


def _source(series: Sequence[Series], coin: str, at: str, file: str, usdt: Series | None) -> Source | None:
    found = next((one for one in series if (one.coin, one.source) == (coin, at) and one.values), None)
    if found is None:
        return None
    in_dollars = file not in _IN_USDT or at in ("kraken", "coinbase")
    if not in_dollars:
        if usdt is None:
            return None
        found = in_usd(found, usdt, _QUOTE_AGE)
    return source_of(found)
