"""What a contribution and a withdrawal are worth: the exact twin of `ShareMath.sol` and the vault around it.

Amounts and reserves are in each coin's own decimals, shares and dollars in WAD, weights in bps. Rounding and
the conditions for an error are the contract's; the formulae are derived in its header.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ballast.errors import BallastError
from ballast.units import BPS, WAD, ceil_div

MAX_RESERVE: Final = 2**112 - 1
MAX_SUPPLY: Final = 2**112 - 1
MAX_PRICE: Final = 2**96 - 1  # WAD{USD/coin}
TOLERANCE: Final = 10**6  # one part in this, and one unit of a coin held, pass without a price
DEAD_SHARES: Final = 10**15
MIN_FIRST_VALUE: Final = WAD


class ShareError(BallastError):
    """The vault would refuse; the message says why and what would be accepted."""


class LengthMismatchError(ShareError):
    """One amount per constituent, in their order."""


class ZeroAmountError(ShareError):
    """Nothing was brought, or no shares were given back."""


class ReserveOverflowError(ShareError):
    """A reserve would outgrow 112 bits."""


class SupplyOverflowError(ShareError):
    """The supply would outgrow 112 bits."""


class EmptyBasketError(ShareError):
    """Shares exist and every reserve is empty."""


class PriceNotGoodError(ShareError):
    """A price that the excess needs is missing or unusable."""


class PastBandError(ShareError):
    """An amount would carry its coin past target + band."""


class BelowBandError(ShareError):
    """A first contribution leaves a coin below target - band."""


class BelowMinimumValueError(ShareError):
    """A first contribution is worth too little."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One constituent to the vault and its oracle; price bounds are None where the status is not GOOD."""

    reserve: int  # own decimals
    weight: int  # target, bps
    scale: int  # 10 ** (18 - decimals)
    low: int | None  # WAD{USD/coin}
    high: int | None  # WAD{USD/coin}


def proportional_shares(amounts: Sequence[int], reserves: Sequence[int], supply: int) -> int:
    """Shares of the largest part of `amounts` in the basket's own proportion, rounded down."""
    for index, (amount, reserve) in enumerate(zip(amounts, reserves, strict=True)):
        if amount + reserve > MAX_RESERVE:
            raise ReserveOverflowError(f"amount {amount} of coin {index} does not fit: bring less")
    if not any(amounts):
        raise ZeroAmountError("every amount is zero: bring some of at least one coin")
    parts = [a * supply // r for a, r in zip(amounts, reserves, strict=True) if r]
    if not parts:
        raise EmptyBasketError("the basket is empty but shares exist: nothing can be priced")
    return min(parts)


def excess_of(amount: int, reserve: int, supply: int, shares: int) -> int:
    """What `amount` has beyond `shares` of the basket and the tolerance, coin units * supply * TOLERANCE."""
    if amount == 0:
        return 0
    brought = amount - 1 if reserve else amount
    return max(0, brought * supply * TOLERANCE - shares * reserve * (TOLERANCE + 1))


def limit_of(target: int, band_bps: int) -> int:
    """How much of the basket an excess may make a coin, bps: target + band, nothing of one wanted no more."""
    return target + band_bps if target else 0


def excess_shares(
    amounts: Sequence[int],
    reserves: Sequence[int],
    lows: Sequence[int],
    highs: Sequence[int],
    supply: int,
    shares: int,
) -> int:
    """Shares for what is beyond the proportional part, rounded down once.

    `lows` and `highs` are WAD{USD/coin} times the coin's scale, lows not above $1.
    """
    divisor = sum(r * h for r, h in zip(reserves, highs, strict=True)) * (TOLERANCE + 1)
    if divisor == 0:
        raise EmptyBasketError("the basket is worth nothing: an excess cannot be priced against it")
    worth = sum(
        low * excess_of(a, r, supply, shares) for a, r, low in zip(amounts, reserves, lows, strict=True)
    )
    return worth // divisor


def past_band(
    amounts: Sequence[int],
    reserves: Sequence[int],
    weights: Sequence[int],
    highs: Sequence[int],
    supply: int,
    shares: int,
    band_bps: int,
) -> tuple[int, int] | None:
    """The first coin whose excess carries it past target + band, with its weight then in bps rounded up."""
    after = [(a + r) * h for a, r, h in zip(amounts, reserves, highs, strict=True)]
    total = sum(after)
    for index, value in enumerate(after):
        if excess_of(amounts[index], reserves[index], supply, shares) == 0:
            continue
        weight = ceil_div(value * BPS, total)
        if weight > limit_of(weights[index], band_bps):
            return index, weight
    return None


def first_shares(
    amounts: Sequence[int], weights: Sequence[int], lows: Sequence[int], band_bps: int
) -> tuple[int, int, int]:
    """(shares before the dead ones, index of the first coin off its band or the count, its weight in bps)."""
    for index, amount in enumerate(amounts):
        if amount > MAX_RESERVE:
            raise ReserveOverflowError(f"amount {amount} of coin {index} does not fit: bring less")
    values = [a * low for a, low in zip(amounts, lows, strict=True)]
    total = sum(values)
    if total == 0:
        raise ZeroAmountError("every amount is zero: bring some of each coin")
    for index, (value, target) in enumerate(zip(values, weights, strict=True)):
        if value * BPS > limit_of(target, band_bps) * total:
            return total // WAD, index, ceil_div(value * BPS, total)
        if value * BPS + band_bps * total < target * total:
            return total // WAD, index, value * BPS // total
    return total // WAD, len(values), 0


def shares_for_contribution(
    amounts: Sequence[int], holdings: Sequence[Holding], supply: int, band_bps: int
) -> int:
    """What `previewContribute` answers, or the ShareError that stands for the contract's error."""
    if len(amounts) != len(holdings):
        raise LengthMismatchError(f"{len(amounts)} amounts for {len(holdings)} coins: bring one for each")
    if supply == 0:
        shares = _first_contribution(amounts, holdings, band_bps)
    else:
        reserves = [h.reserve for h in holdings]
        shares = proportional_shares(amounts, reserves, supply)
        if any(excess_of(a, r, supply, shares) for a, r in zip(amounts, reserves, strict=True)):
            shares += _priced_excess(amounts, holdings, supply, shares, band_bps)
    if supply + shares > MAX_SUPPLY - DEAD_SHARES:
        raise SupplyOverflowError(f"{shares} more shares do not fit: bring less")
    return shares


def amounts_for_withdrawal(reserves: Sequence[int], shares: int, supply: int) -> tuple[int, ...]:
    """Coins owed for `shares` of `supply`, rounded down. ZeroAmountError for none."""
    if shares == 0:
        raise ZeroAmountError("no shares: give back at least one unit")
    return tuple(reserve * shares // supply for reserve in reserves)


def amounts_for_shares(reserves: Sequence[int], shares: int, supply: int) -> tuple[int, ...]:
    """Coins, rounded up, whose contribution gives at least `shares` and needs no price."""
    return tuple(ceil_div(reserve * shares, supply) for reserve in reserves)


def basket_value(holdings: Sequence[Holding]) -> int:
    """What `totalBasketValue` answers: WAD{USD} at high prices, rounded down once."""
    highs = scaled_prices(holdings, [h.reserve for h in holdings])[1]
    return sum(h.reserve * high for h, high in zip(holdings, highs, strict=True)) // WAD


def scaled_prices(holdings: Sequence[Holding], held: Sequence[int]) -> tuple[list[int], list[int]]:
    """Lows (not above $1) and highs times scale; 0 for coins where `held` is 0, which need no price."""
    lows, highs = [0] * len(held), [0] * len(held)
    for index, holding in enumerate(holdings):
        if not held[index]:
            continue
        low, high = holding.low, holding.high
        if low is None or high is None or not 0 < low <= high <= MAX_PRICE:
            raise PriceNotGoodError(f"the price of coin {index} is not good: bring the basket's proportion")
        lows[index] = min(low, WAD) * holding.scale
        highs[index] = high * holding.scale
    return lows, highs


def _first_contribution(amounts: Sequence[int], holdings: Sequence[Holding], band_bps: int) -> int:
    lows, _ = scaled_prices(holdings, amounts)
    weights = [h.weight for h in holdings]
    shares, index, weight = first_shares(amounts, weights, lows, band_bps)
    if index < len(holdings):
        error = PastBandError if weight > weights[index] else BelowBandError
        raise error(f"coin {index} would weigh {weight} bps, its target is {weights[index]} +- {band_bps}")
    if shares < MIN_FIRST_VALUE:
        raise BelowMinimumValueError(f"worth {shares}, the first contribution needs {MIN_FIRST_VALUE} (WAD)")
    return shares - DEAD_SHARES


def _priced_excess(
    amounts: Sequence[int], holdings: Sequence[Holding], supply: int, shares: int, band_bps: int
) -> int:
    reserves = [h.reserve for h in holdings]
    weights = [h.weight for h in holdings]
    lows, highs = scaled_prices(holdings, [a | r for a, r in zip(amounts, reserves, strict=True)])
    past = past_band(amounts, reserves, weights, highs, supply, shares, band_bps)
    if past is not None:
        index, weight = past
        limit = limit_of(weights[index], band_bps)
        raise PastBandError(f"coin {index} would weigh {weight} bps, more than {limit}: bring less of it")
    return excess_shares(amounts, reserves, lows, highs, supply, shares)
