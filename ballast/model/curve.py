"""What a Curve LP token is worth in one of the pool's coins, at rest: the exact twin of `CurveMath.sol`.

Prices in WAD, fees over 10^10, LP tokens with 18 decimals; the formula is derived in the library's header.
"""

from collections.abc import Sequence
from typing import Final

from ballast.units import WAD, ceil_div

FEE_UNIT: Final = 10**10


def lp_price(virtual_price: int, averages: Sequence[int], index: int, fee: int) -> int:
    """WAD{coin/LP}, rounded down. `averages`: coin k + 1 in coin 0; `index`: of our coin."""
    lowest = min(WAD, *averages)
    own = WAD if index == 0 else averages[index - 1]
    if own == 0:
        return 0
    return virtual_price * lowest // own * (FEE_UNIT - exit_fee(fee, len(averages) + 1)) // FEE_UNIT


def exit_fee(fee: int, coins: int) -> int:
    """Over 10^10, rounded up: the most that leaving in one coin costs a pool that does not lean."""
    return ceil_div(fee * coins, 2 * (coins - 1))


def value_of(lp: int, price: int, decimals: int, *, up: bool = False) -> int:
    """Base units of the coin that `lp` are worth."""
    unit = 10 ** (36 - decimals)
    return ceil_div(lp * price, unit) if up else lp * price // unit


def lp_for(assets: int, price: int, decimals: int) -> int:
    """LP tokens worth at most `assets` base units; 0 when LP is worth nothing."""
    return 0 if price == 0 else assets * 10 ** (36 - decimals) // price
