"""What the published histories have of lending markets, coin by coin."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from ballast.backtest.lending import Film, Listing, film
from ballast.data.catalogue import read_any
from ballast.data.series import History, Series
from ballast.data.values import BORROWS, DEPOSITS, ETH_PRICE, GAS, YIELD, Kind
from ballast.errors import DataError
from ballast.optimizer.markets import Curve

HOURLY: Final = "aave_supply_apr_hourly.csv.gz"
DAILY: Final = "aave_daily_tvl_rates.csv.gz"
COMPOUND: Final = "compound_v3_supply_apr.csv.gz"
MINOR: Final = "lending_minor_markets.csv.gz"
GAS_FILE: Final = "gas_eth_daily.csv.gz"
FILES: Final = (HOURLY, DAILY, COMPOUND, MINOR, GAS_FILE)
COINS: Final = ("USDC", "USDT", "DAI", "TUSD")
END: Final = "2023-06-01"

# The shapes of the curves at the time. The level of a rate is as published; what matters is how it falls.
_AAVE_90: Final = Curve(0.90, 0.04, 0.60)
_AAVE_80: Final = Curve(0.80, 0.04, 0.75)
_COMPOUND_V2: Final = Curve(0.80, 0.04, 1.09)
_COMET: Final = Curve(0.80, 0.026, 0.08, of_borrowers=False)
CURVES: Final[Mapping[str, Curve]] = {
    "USDC@aave_v2": _AAVE_90,
    "USDC@aave_v3": _AAVE_90,
    "USDC@compound_v3": _COMET,
    "USDT@aave_v2": _AAVE_90,
    "USDT@aave_v3": _AAVE_90,
    "DAI@aave_v2": _AAVE_80,
    "DAI@aave_v3": _AAVE_80,
    "TUSD@aave_v2": _AAVE_80,
    "TUSD@compound_v2": _COMPOUND_V2,
}

Says = Callable[[str], None]


@dataclass
class Study:
    """Films by coin, from the day on which there are two markets to choose from."""

    films: dict[str, Film] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def moment(day: str) -> int:
    """2023-06-01 as seconds since 1970."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def read_study(folder: Path, say: Says = lambda _: None) -> Study:
    """Every coin of which the folder shows two markets. DataError when a needed file is missing."""
    study = Study(missing=[name for name in FILES if not (folder / name).is_file()])
    if GAS_FILE in study.missing or len(study.missing) >= len(FILES) - 1:
        raise DataError(
            f"{folder}: {', '.join(study.missing)} not there: name the folder of the published histories"
        )
    gas = _series(folder / GAS_FILE, GAS, ("GAS",)).series[0]
    ether = _series(folder / GAS_FILE, ETH_PRICE, ("ETH",)).series[0]
    listings = _listings(folder, say)
    for coin in COINS:
        found = [one for one in listings if one.name.startswith(f"{coin}@")]
        if len(found) > 1 and (whole := _whole(found, gas, ether)) is not None:
            study.films[coin] = whole
    if not study.films:
        raise DataError(f"{folder}: no coin has two lending markets in it: name the folder of all histories")
    return study


def _whole(listings: list[Listing], gas: Series, ether: Series) -> Film | None:
    """From the first step at which two markets can be used."""
    first = min(one.deposits.known_at[0] for one in listings)
    last = min(moment(END), max(one.rates.known_at[-1] for one in listings))
    played = film(listings, gas, ether, first, last)
    usable = np.array([tape.usable for tape in played.tapes]).sum(axis=0)
    starts = [int(now) for now in played.clock[usable > 1]]
    return played.since(starts[0]) if starts else None


def _listings(folder: Path, say: Says) -> list[Listing]:
    """Aave's rates by the hour, everything else as it comes."""
    sources = {HOURLY: (YIELD,), DAILY: (DEPOSITS, BORROWS)}
    kinds: dict[Kind, dict[str, Series]] = {YIELD: {}, DEPOSITS: {}, BORROWS: {}}
    for name in (HOURLY, DAILY, COMPOUND, MINOR):
        if (folder / name).is_file():
            say(f"reading {name}")
            for kind in sources.get(name, (YIELD, DEPOSITS, BORROWS)):
                for one in _series(folder / name, kind, COINS).series:
                    if one.values:
                        kinds[kind][one.name] = one
    return [
        Listing(
            name, name.partition("@")[2], curve, *(kinds[kind][name] for kind in (YIELD, DEPOSITS, BORROWS))
        )
        for name, curve in CURVES.items()
        if all(name in found for found in kinds.values())
    ]


def _series(path: Path, kind: Kind, coins: tuple[str, ...]) -> History:
    return read_any(path, kind, coins)
