"""Nothing is done before it could be known: other futures, the same past."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.backtest.lending import STEP, Film, Listing, play
from ballast.lending.allocator import Bounds, EqualSplit, Optimizing, Params
from ballast.lending.walk import walk
from ballast.units import SECONDS_PER_DAY
from tests.unit.backtest.lending_world import T0, WARM, listing, world

DAYS = 90
STEPS = DAYS * SECONDS_PER_DAY // STEP
NAMES = ("USDC@aave_v2", "USDC@compound_v3")
GRID = (Params(1.0, 10, 30), Params(10.0, 50, 90))
SEEDS = st.integers(0, 2**32 - 1)


def drawn(name: str, seed: int, cut: int, other: int) -> Listing:
    """Rates and sizes that wander; from the cut on they wander elsewhere."""

    def wander(salt: str, count: int, every: int, low: float, high: float) -> list[float]:
        values = []
        for at in range(count):
            source = seed if T0 + at * every <= cut else other
            values.append(random.Random(f"{name} {salt} {source} {at // 7}").uniform(low, high))
        return values

    supplied = wander("supplied", DAYS, SECONDS_PER_DAY, 5e6, 5e8)
    used = wander("used", DAYS, SECONDS_PER_DAY, 0.3, 1.0)
    rates = wander("rate", STEPS, STEP, 0.0, 9.0)
    return listing(name, rates, supplied, [s * u for s, u in zip(supplied, used, strict=True)])


def films(seed: int, cut: int, other: int) -> Film:
    return world(*(drawn(name, seed, cut, other) for name in NAMES), days=DAYS)


@settings(max_examples=12, deadline=None)
@given(seed=SEEDS, other=SEEDS, day=st.integers(20, DAYS - 5), money=st.sampled_from([1e5, 1e7, 1e8]))
def test_walk__another_future__the_same_splits_and_worth_until_then(
    seed: int, other: int, day: int, money: float
) -> None:
    cut = T0 + day * SECONDS_PER_DAY
    one, two = (walk({"USDC": films(seed, cut, future)}, money, Bounds(), GRID) for future in (seed, other))
    known = sum(at <= cut for at in one.runs["USDC"].times)
    assert known >= (cut - T0 - WARM) // STEP
    assert one.runs["USDC"].splits[:known] == two.runs["USDC"].splits[:known]
    assert one.runs["USDC"].worth[:known] == two.runs["USDC"].worth[:known]
    chosen = [
        [p for since, p in zip(w.schedule.since, w.schedule.chosen, strict=True) if since <= cut]
        for w in (one, two)
    ]
    assert chosen[0] == chosen[1]


def test_another_future__after_the_cut__does_show() -> None:
    """The property above could go red: the two futures differ where they may."""
    cut = T0 + 40 * SECONDS_PER_DAY
    one, two = (play(films(1, cut, future), Optimizing(GRID[0]), 1e6) for future in (1, 2))
    assert one.worth[-1] != two.worth[-1]
    assert play(films(1, cut, 2), EqualSplit(), 1e6).worth[-1] != one.worth[-1]
