"""Volume in falls: how large it was against its average, and how deep the coin was then."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from ballast.data.table import Column, read_long, read_table
from ballast.data.values import PRICE, Kind

MINUTES: Final = "svb_minute.csv.gz"
DAYS: Final = "daily_ohlc_mcap_10coins.csv.gz"
VOLUME: Final = Kind("volume", "USD", Decimal(0), Decimal(10**13))
DEEP: Final = 0.95  # USD: falls below this are of interest
_HOURS_BACK, _DAYS_BACK = 64, 30  # a ring's worth of hours; a month
_COINS: Final = ("DAI", "FRAX", "MIM", "SUSD", "USDC", "USDD", "USDP", "USDT", "UST")


@dataclass(frozen=True)
class Surge:
    """One hour or day in a fall."""

    coin: str
    when: str
    lowest: float  # USD
    factor: float  # of the average volume before


def surges(folder: Path) -> list[Surge]:
    """The hours of USDC on Kraken in March 2023 and the days of ten coins that fell below `DEEP`."""
    found: list[Surge] = []
    if (folder / MINUTES).is_file():
        found += _hours(folder / MINUTES)
    if (folder / DAYS).is_file():
        found += _days(folder / DAYS)
    return found


def _hours(path: Path) -> list[Surge]:
    price, volume = "kraken_usdcusd_c", "kraken_usdcusd_vol"
    table = read_table(path, lambda column: {price: PRICE, volume: VOLUME}.get(column))
    lowest: dict[str, float] = {}
    for moment, value in zip(table.columns[price].times, table.columns[price].values, strict=True):
        hour = f"{moment:%Y-%m-%d %H}:00"
        lowest[hour] = min(lowest.get(hour, 9.0), float(value))
    sums: dict[str, float] = defaultdict(float)
    for moment, value in zip(table.columns[volume].times, table.columns[volume].values, strict=True):
        sums[f"{moment:%Y-%m-%d %H}:00"] += float(value)
    return _in_falls("USDC", lowest, sums, _HOURS_BACK)


def _days(path: Path) -> list[Surge]:
    keys: dict[tuple[str, ...], Kind] = {(coin,): PRICE for coin in _COINS}
    lows = read_long(path, ("symbol",), "low", keys, True)
    volumes = read_long(path, ("symbol",), "volume_usd", dict.fromkeys(keys, VOLUME), True)
    found = []
    for key in keys:
        found += _in_falls(key[0], _by_day(lows[key]), _by_day(volumes[key]), _DAYS_BACK)
    return found


def _by_day(column: Column) -> dict[str, float]:
    return {f"{moment:%Y-%m-%d}": float(v) for moment, v in zip(column.times, column.values, strict=True)}


def _in_falls(coin: str, lowest: dict[str, float], volumes: dict[str, float], back: int) -> list[Surge]:
    found, order = [], sorted(volumes)
    for place, when in enumerate(order):
        before = [volumes[one] for one in order[max(0, place - back) : place]]
        low = lowest.get(when, 9.0)
        if low < DEEP and len(before) >= 5 and sum(before) > 0:
            found.append(Surge(coin, when, low, volumes[when] * len(before) / sum(before)))
    return found
