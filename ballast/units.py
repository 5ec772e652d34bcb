"""Integer units shared with the contracts: WAD (1e18), basis points (1e4), per mille (1e3).

Everything on chain is an integer; so is everything here. Floats appear only where a person reads a number.
"""

from decimal import Decimal
from typing import Final

WAD: Final = 10**18  # 1.0 in prices and values
BPS: Final = 10_000  # 100 % in basis points
PER_MILLE: Final = 1_000  # 1.0 in stability scores
SECONDS_PER_DAY: Final = 86_400


def ceil_div(numerator: int, denominator: int) -> int:
    """Quotient of two non-negative integers, rounded up. ZeroDivisionError when the denominator is 0."""
    return -(-numerator // denominator)


def to_wad(amount: int, decimals: int) -> int:
    """A token amount in its own decimals as WAD; exact for decimals <= 18, rounded down above."""
    scale: int = 10 ** abs(18 - decimals)
    return amount * scale if decimals <= 18 else amount // scale


def from_wad(amount: int, decimals: int) -> int:
    """A WAD amount in the token's own decimals, rounded down."""
    scale: int = 10 ** abs(18 - decimals)
    return amount // scale if decimals <= 18 else amount * scale


def wad_of(value: str | int | Decimal) -> int:
    """A decimal number as WAD, exactly; more than 18 decimal places are cut off."""
    return int(Decimal(value).scaleb(18))


def human(amount: int, decimals: int = 18) -> Decimal:
    """An integer amount as the decimal number a person reads."""
    return Decimal(amount).scaleb(-decimals)
