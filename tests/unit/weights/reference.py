"""What the weights must be, said another way: exact fractions, the ratio found among its breakpoints."""

from fractions import Fraction

from ballast.units import BPS
from tests.unit.weights.drawing import Case


def clip_and_renormalise(caps: list[int], low: int, high: int) -> list[int]:
    """What tutorials do: clip each weight, scale the sum back to 10,000, give the dust to the first coin."""
    total = sum(caps)
    clipped = [min(max(cap * BPS // total, low), high) for cap in caps]
    weights = [weight * BPS // sum(clipped) for weight in clipped]
    weights[0] += BPS - sum(weights)
    return weights


def continuous_projection(case: Case) -> list[Fraction]:
    """clamp(L * cap, min, max) with sum 10,000, unrounded: the smallest L at which the sum reaches 10,000.

    The sum is piecewise linear and rising in L; its breakpoints are the ratios at which a coin leaves its
    minimum or reaches its maximum. Where even an unbounded L falls short, coins without a cap share the rest
    as equals.
    """
    caps = list(case.caps)
    if _reach(case) < BPS:
        weights = [Fraction(high if cap else 0) for cap, high in zip(caps, case.maximums, strict=True)]
        zeros = [i for i, cap in enumerate(caps) if cap == 0]
        rest = BPS - sum(weights)
        for i, weight in zip(zeros, _fill([1] * len(zeros), case, zeros, rest), strict=True):
            weights[i] = weight
        return weights
    return _fill(caps, case, list(range(len(case))), Fraction(BPS))


def _reach(case: Case) -> int:
    """The sum at an unbounded ratio."""
    columns = zip(case.caps, case.minimums, case.maximums, strict=True)
    return sum(high if cap else low for cap, low, high in columns)


def _fill(caps: list[int], case: Case, coins: list[int], total: Fraction) -> list[Fraction]:
    bounds = [(case.minimums[i], case.maximums[i]) for i in coins]

    def at(ratio: Fraction) -> list[Fraction]:
        return [
            min(max(ratio * cap, Fraction(low)), Fraction(high))
            for cap, (low, high) in zip(caps, bounds, strict=True)
        ]

    points = sorted(
        {Fraction(b, cap) for cap, pair in zip(caps, bounds, strict=True) if cap for b in pair}
        | {Fraction(0)}
    )
    below, above = 0, len(points) - 1  # the first point whose sum reaches the total
    while below < above:
        middle = (below + above) // 2
        below, above = (below, middle) if sum(at(points[middle])) >= total else (middle + 1, above)
    upper = points[below]
    if below == 0 or sum(at(upper)) == total:
        return at(upper)
    lower = points[below - 1]
    missing, slope = total - sum(at(lower)), (sum(at(upper)) - sum(at(lower))) / (upper - lower)
    return at(lower + missing / slope)


def rounded(exact: list[Fraction], keys: tuple[int, ...]) -> list[int]:
    """Largest remainder, ties to the lower key."""
    whole = [int(weight) for weight in exact]
    order = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], keys[i]))
    for i in order[: BPS - sum(whole)]:
        whole[i] += 1
    return whole


def assert_optimal(case: Case, exact: list[Fraction]) -> None:
    """The Karush-Kuhn-Tucker conditions: one ratio, at which no coin wants to leave its bound."""
    assert sum(exact) == BPS
    ratios = [weight / cap if cap else None for weight, cap in zip(exact, case.caps, strict=True)]
    free = {
        ratio
        for ratio, weight, low, high in zip(ratios, exact, case.minimums, case.maximums, strict=True)
        if ratio is not None and low < weight < high
    }
    assert len(free) <= 1
    at_max = [
        r
        for r, w, low, high in zip(ratios, exact, case.minimums, case.maximums, strict=True)
        if r is not None and w == high > low
    ]
    at_min = [
        r
        for r, w, low, high in zip(ratios, exact, case.minimums, case.maximums, strict=True)
        if r is not None and w == low < high
    ]
    # The common ratio lies above every ratio stopped at a maximum and below every ratio held up at a minimum.
    highest_stopped, lowest_held = max(at_max, default=None), min(at_min, default=None)
    for ratio in free:
        assert highest_stopped is None or highest_stopped <= ratio
        assert lowest_held is None or ratio <= lowest_held
    if highest_stopped is not None and lowest_held is not None:
        assert highest_stopped <= lowest_held
