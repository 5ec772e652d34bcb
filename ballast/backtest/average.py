"""A coin's half-hour average price as its pool would show it: the twin of the replay's TWAP feeds.

The pool is one of the coin against an 18-decimal dollar, the coin its token0, and stands at the price known
at each step of the clock. Averages are of ticks (0.01 % each), rounded down, as `UniswapV3TwapFeed` has them.
"""

import math
from functools import cache
from typing import Final

from ballast.data.series import Series
from ballast.model.prices import RawAnswer
from ballast.model.twap import ANSWER_DECIMALS, exponents, mean_tick, sqrt_ratio_at_tick, twap_price
from ballast.units import WAD

DOLLAR_DECIMALS: Final = 18
_DOLLAR: Final = 10**ANSWER_DECIMALS  # as its feed answers
_Q96: Final = 1 << 96


def average(series: Series, decimals: int, now: int, window: int, step: int) -> RawAnswer | None:
    """The mean over the `window` s before `now` of the price at each whole `step` (s); None before any."""
    known = series.at(now)
    if known is None:
        return None
    area, until, at = 0, now, now // step * step
    while until > now - window:
        since = max(at, now - window)
        if since < until:
            area += _tick(_price(series, at), decimals) * (until - since)
        until, at = since, at - step
    price = _price_at(mean_tick(area, window), decimals)
    return RawAnswer(1, price * WAD // _DOLLAR, known.known_at, known.known_at, 1)


def _price(series: Series, at: int) -> int:
    """WAD{USD}; before the first value the first one."""
    known = series.at(at)
    return series.values[0] if known is None else known.value


@cache
def _tick(price: int, decimals: int) -> int:
    """The tick of a pool at a price: that of the largest root not above its own."""
    raw = price * 10 ** (DOLLAR_DECIMALS - decimals)
    root = math.isqrt(raw * _Q96**2 // WAD)
    tick = math.floor(2 * math.log(root / _Q96, 1.0001))
    while sqrt_ratio_at_tick(tick) > root:
        tick -= 1
    while sqrt_ratio_at_tick(tick + 1) <= root:
        tick += 1
    return tick


@cache
def _price_at(tick: int, decimals: int) -> int:
    """USD with 8 decimals."""
    return twap_price(tick, True, _DOLLAR, *exponents(decimals, DOLLAR_DECIMALS, ANSWER_DECIMALS))
