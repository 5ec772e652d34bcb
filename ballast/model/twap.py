"""Exact twin of `TickMath`, `TwapMath` and the price of `UniswapV3TwapFeed`.

Ticks are powers of 1.0001; square roots of prices are Q96, raw token1 per raw token0; prices of coins are in
dollars with the decimals of the feed that gave them. The factors are computed here, not retyped.
"""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from typing import Final

from ballast.units import ceil_div

MAX_TICK: Final = 887_272
ANSWER_DECIMALS: Final = 8
_WIDE: Final = 1 << 128
_TICK_BITS: Final = 20
_PRECISION: Final = 120  # decimal digits, well over the 39 of 2**128


@cache
def _factors() -> tuple[int, ...]:
    """sqrt(1.0001)**-(2**i) as Q128, rounded to nearest, for i = 0 ... 19."""
    with localcontext() as context:
        context.prec = _PRECISION
        root = Decimal("1.0001").sqrt()
        exact = (Decimal(_WIDE) / root ** (2**i) for i in range(_TICK_BITS))
        return tuple(int(value.to_integral_value(ROUND_HALF_UP)) for value in exact)


def sqrt_ratio_at_tick(tick: int) -> int:
    """Square root of the price at a tick, Q96, rounded up; ValueError outside +-`MAX_TICK`."""
    if abs(tick) > MAX_TICK:
        raise ValueError(f"tick {tick} is outside +-{MAX_TICK}")
    ratio = _WIDE
    for i, factor in enumerate(_factors()):
        if abs(tick) >> i & 1:
            ratio = ratio * factor >> 128
    if tick > 0:
        ratio = (2**256 - 1) // ratio
    return ceil_div(ratio, 2**32)


def mean_tick(cumulative_delta: int, window: int) -> int:
    """Arithmetic mean tick over `window` seconds, rounded towards negative infinity."""
    return cumulative_delta // window


def harmonic_mean_liquidity(seconds_per_liquidity_delta: int, window: int) -> int:
    """Harmonic mean liquidity from the growth of seconds / liquidity (Q128) over the window, rounded down."""
    if seconds_per_liquidity_delta == 0:
        return window << 160
    return (window << 128) // seconds_per_liquidity_delta


def twap_price(tick: int, base_is_token0: bool, quote_price: int, up: int, down: int) -> int:
    """Price of one whole base coin: quote_price * raw quote per raw base * 10**up / 10**down, rounded down.

    `up` and `down` are powers of ten, not negative (see `exponents`). OverflowError where the contract
    reverts because a step does not fit 256 bits.
    """
    root = sqrt_ratio_at_tick(tick)
    ratio, one = (root * root, 1 << 192) if root < _WIDE else (root * root >> 64, _WIDE)
    numerator, denominator = (ratio, one) if base_is_token0 else (one, ratio)
    scaled: int = quote_price * 10**up
    value: int = scaled * numerator // denominator
    if max(scaled, value) >= 1 << 256:
        raise OverflowError("price does not fit 256 bits")
    answer: int = value // 10**down
    return answer


def exponents(base_decimals: int, quote_decimals: int, feed_decimals: int) -> tuple[int, int]:
    """(up, down) of `twap_price` for an answer with 8 decimals."""
    power = base_decimals + ANSWER_DECIMALS - quote_decimals - feed_decimals
    return max(power, 0), max(-power, 0)
