"""The stability score that the reporter pushes: how closely a coin has kept to its dollar."""

from collections.abc import Sequence

from ballast.units import BPS, PER_MILLE, WAD

FLOOR = 500  # per mille: below it the answer is the crisis rules', not a smaller weight


def stability_score(prices: Sequence[int]) -> int:
    """Per mille: 1000 less the mean distance from $1 in bps over the window, at least `FLOOR`.

    `prices` WAD{USD/coin}, at least one (ValueError). A coin 1 % off on average scores 900.
    """
    if not prices:
        raise ValueError("at least one price is needed")
    distance = sum(abs(price - WAD) for price in prices) * BPS // (len(prices) * WAD)
    return max(FLOOR, PER_MILLE - distance)
