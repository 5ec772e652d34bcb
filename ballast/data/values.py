"""One cell of a history: a time or a number in plausible bounds, or a DataError that names the place."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ballast.errors import DataError


@dataclass(frozen=True)
class Kind:
    """What a column holds; a value outside [low, high] is in another unit."""

    name: str
    unit: str
    low: Decimal
    high: Decimal


PRICE: Final = Kind("price", "USD per coin", Decimal("0.0001"), Decimal(100))
ETH_PRICE: Final = Kind("ETH price", "USD per ETH", Decimal("0.1"), Decimal(1_000_000))
SUPPLY: Final = Kind("supply", "coins", Decimal(1), Decimal(10**13))
YIELD: Final = Kind("yield", "% APR", Decimal(0), Decimal(10_000))
DEPOSITS: Final = Kind("deposits", "USD", Decimal(0), Decimal(10**13))  # lent to a market, in all
BORROWS: Final = Kind("borrows", "USD", Decimal(0), Decimal(10**13))  # and what of it is lent out
VOLUME: Final = Kind("volume", "USD an hour", Decimal(0), Decimal(10**13))
GAS: Final = Kind("gas price", "gwei", Decimal("0.000001"), Decimal(100_000))


def parse_number(value: Any, kind: Kind, place: str) -> Decimal:
    """A finite number within the kind's bounds. DataError otherwise; `place` opens its message."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise DataError(f"{place}: {str(value)[:40]!r} is not a number") from None
    if not number.is_finite() or not kind.low <= number <= kind.high:
        raise DataError(f"{place}: {value} is outside {kind.low}..{kind.high} {kind.unit}: check the units")
    return number


def is_number_in(value: str, low: float, high: float) -> bool:
    """Whether a cell is a number within the bounds."""
    try:
        return low <= float(value) <= high
    except ValueError:
        return False


def parse_time(value: Any, place: str) -> datetime:
    """An ISO 8601 time in UTC; one without a zone is UTC already. DataError otherwise."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise DataError(f"{place}: {str(value)[:40]!r} is not a time such as 2022-05-01T00:00:00Z") from None
