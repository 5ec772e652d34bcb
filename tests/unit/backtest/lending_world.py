"""Lending markets made up for tests: constant or drawn rates and sizes."""

from collections.abc import Sequence

from ballast.backtest.lending import HOUR, STEP, Film, Listing, film
from ballast.data.series import Series
from ballast.data.values import BORROWS, DEPOSITS, ETH_PRICE, GAS, YIELD, Kind
from ballast.optimizer.markets import Curve
from ballast.units import SECONDS_PER_DAY, wad_of

T0 = 1_640_995_200  # 2022-01-01
WARM = 14 * SECONDS_PER_DAY
CURVE = Curve(0.9, 0.04, 0.6)


def series(name: str, kind: Kind, values: Sequence[float], every: int, start: int = T0) -> Series:
    """A value every so many seconds from `start` on."""
    coin, _, source = name.partition("@")
    times = tuple(start + at * every for at in range(len(values)))
    return Series(coin, source, kind, times, tuple(wad_of(str(round(value, 9))) for value in values))


def listing(
    name: str, rates: Sequence[float], supplied: Sequence[float], borrowed: Sequence[float], start: int = T0
) -> Listing:
    """Rates in % by the step, sizes in USD by the day."""
    return Listing(
        name,
        name.partition("@")[2],
        CURVE,
        series(name, YIELD, rates, STEP, start),
        series(name, DEPOSITS, supplied, SECONDS_PER_DAY, start),
        series(name, BORROWS, borrowed, SECONDS_PER_DAY, start),
    )


def steady(
    name: str, rate: float, days: int = 60, supplied: float = 1e9, used: float = 0.8, start: int = T0
) -> Listing:
    """The same rate and size every day."""
    steps = days * SECONDS_PER_DAY // STEP
    return listing(name, [rate] * steps, [supplied] * days, [used * supplied] * days, start)


def world(*listings: Listing, days: int = 60, gwei: float = 20.0, ether: float = 2_000.0) -> Film:
    """The listings from the day on which they are proven; gas as given all the time."""
    gas = series("GAS", GAS, [gwei] * days, SECONDS_PER_DAY)
    price = series("ETH", ETH_PRICE, [ether] * days, SECONDS_PER_DAY)
    end = T0 + days * SECONDS_PER_DAY - HOUR
    return film(listings, gas, price, T0, end).since(T0 + WARM)
