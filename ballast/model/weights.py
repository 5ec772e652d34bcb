"""The weights, exactly as `WeightMath` computes them on chain.

One ratio L gives every coin ``clamp(L * cap, min, max)`` with sum 10,000 bps, rounded by largest remainder.
A tie of remainders goes to the lower key (the token's address as an integer), so order does not matter.
"""

from collections.abc import Sequence
from typing import Final

from ballast.errors import DataError
from ballast.units import BPS, PER_MILLE

MIN_COINS: Final = 3
MAX_COINS: Final = 255
MAX_ADJUSTED_CAP: Final = 2**208 - 1


def adjusted_cap(cap: int, score: int, volatility_bps: int = 0, yield_bps: int = 0) -> int:
    """Cap (whole USD) times score (per mille) times both tilts (bps), exactly.

    DataError for a value out of its range.
    """
    if cap < 0 or not 0 <= score <= PER_MILLE or not 0 <= volatility_bps <= BPS or yield_bps < 0:
        raise DataError(
            f"market data out of range: cap {cap}, score {score}, volatility {volatility_bps},"
            f" yield {yield_bps};"
            " caps and yields are not negative, scores 0 to 1000 per mille, volatilities 0 to 10,000 bps"
        )
    return cap * score * (BPS - volatility_bps) * (BPS + yield_bps)


def check_bounds(minimums: Sequence[int], maximums: Sequence[int]) -> None:
    """DataError unless some weights meet all the bounds (bps) and the number of coins is allowed."""
    count = len(minimums)
    if count != len(maximums):
        raise DataError(f"{count} minimums and {len(maximums)} maximums: give one of each per coin")
    if not MIN_COINS <= count <= MAX_COINS:
        raise DataError(f"{count} active coins: an index has {MIN_COINS} to {MAX_COINS}")
    for low, high in zip(minimums, maximums, strict=True):
        if not 0 <= low <= high:
            raise DataError(f"bounds {low} to {high} bps: a minimum must not exceed its maximum")
    if sum(minimums) > BPS or sum(maximums) < BPS:
        raise DataError(
            f"bounds cannot be met: minimums sum to {sum(minimums)}, maximums to {sum(maximums)} bps;"
            f" {BPS} must lie between"
        )


def bounded_weights(
    adjusted: Sequence[int],
    minimums: Sequence[int],
    maximums: Sequence[int],
    keys: Sequence[int] | None = None,
) -> list[int]:
    """Weights (bps, sum exactly 10,000) of adjusted caps (any unit) within bounds (bps), in the order given.

    `keys` break ties of remainders, the lowest first; positions when left out.
    DataError for input the contract refuses.
    """
    keys = range(len(adjusted)) if keys is None else keys
    if not len(adjusted) == len(minimums) == len(keys):
        raise DataError(f"{len(adjusted)} caps, {len(minimums)} bounds, {len(keys)} keys: give one per coin")
    check_bounds(minimums, maximums)
    if not all(0 <= cap <= MAX_ADJUSTED_CAP for cap in adjusted):
        raise DataError(f"adjusted caps must lie between 0 and {MAX_ADJUSTED_CAP}")
    weights = [0] * len(adjusted)
    caps, free, budget = _fix_at_bounds(adjusted, minimums, maximums, weights)
    _share_by_largest_remainder(caps, free, budget, keys, weights)
    return weights


def _fix_at_bounds(
    adjusted: Sequence[int], minimums: Sequence[int], maximums: Sequence[int], weights: list[int]
) -> tuple[Sequence[int], list[int], int]:
    """Writes the weights that end at a bound; returns the caps, the positions left and the bps they share."""
    caps, free, budget = adjusted, list(range(len(adjusted))), BPS
    while free:
        total = sum(caps[i] for i in free)
        if total == 0:  # only zero caps are left, with weight to share: they count as equal
            caps, total = [1] * len(adjusted), len(free)
        over = {
            i: budget * caps[i] - maximums[i] * total for i in free if budget * caps[i] > maximums[i] * total
        }
        under = {
            i: minimums[i] * total - budget * caps[i] for i in free if budget * caps[i] < minimums[i] * total
        }
        if not over and not under:
            break
        excess, lack = sum(over.values()), sum(under.values())
        fixed = {i: maximums[i] for i in over} if excess >= lack else {}
        if lack >= excess:
            fixed |= {i: minimums[i] for i in under}
        for i, weight in fixed.items():
            weights[i] = weight
            budget -= weight
        free = [i for i in free if i not in fixed]
    return caps, free, budget


def _share_by_largest_remainder(
    caps: Sequence[int], free: list[int], budget: int, keys: Sequence[int], weights: list[int]
) -> None:
    """Writes the weights of the coins at no bound."""
    total = sum(caps[i] for i in free)
    for i in free:
        weights[i] = budget * caps[i] // total
    left = budget - sum(weights[i] for i in free)
    ranked = sorted(free, key=lambda i: (-(budget * caps[i] % total), keys[i]))
    for i in ranked[:left]:
        weights[i] += 1
