"""The split against an optimum found by search alone, and the search against plain enumeration."""

from random import Random

import numpy as np
import pytest

from ballast.model.yields import Market, Offer, marginal, split, worth
from ballast.units import BPS, PER_MILLE, WAD
from tests.profiles import PROFILE
from tests.unit.yields.drawing import draw_case
from tests.unit.yields.optimum import best_yield, earned

SEED = 4
SHORTFALL = 1.0  # bp of APY that the split may lack
ENUMERATED = 200_001  # splits between two markets
UNIT = 10**6
DENTED = Market(
    supplied=1_000_000 * UNIT,
    borrowed=945_000 * UNIT,
    available=55_000 * UNIT,
    base=0,
    slope1=8 * WAD // 100,
    slope2=20 * WAD // 100,
    kink=9 * WAD // 10,
    reserve_factor=WAD // 10,
    rewards=0,
    flat=0,
    of_borrowers=True,
)
CALM = Market(
    supplied=1_000_000 * UNIT,
    borrowed=700_000 * UNIT,
    available=300_000 * UNIT,
    base=0,
    slope1=5 * WAD // 100,
    slope2=60 * WAD // 100,
    kink=9 * WAD // 10,
    reserve_factor=WAD // 10,
    rewards=0,
    flat=0,
    of_borrowers=True,
)
LARGER = Market(
    supplied=3_000_000 * UNIT,
    borrowed=2_200_000 * UNIT,
    available=800_000 * UNIT,
    base=0,
    slope1=3 * WAD // 100,
    slope2=80 * WAD // 100,
    kink=8 * WAD // 10,
    reserve_factor=0,
    rewards=1_000 * UNIT,
    flat=0,
    of_borrowers=False,
)


def room_of(offers: list[Offer]) -> int:
    return sum(offer.high for offer in offers)


def yield_of(offers: list[Offer], positions: list[int]) -> float:
    """{asset/year}, risk-adjusted, by the reference's own reckoning."""
    pairs = zip(offers, positions, strict=True)
    return sum(float(earned(offer, np.array([float(y)]))[0]) for offer, y in pairs)


def straddles(offer: Offer) -> bool:
    """Whether the kink lies among the positions allowed."""
    market = offer.market
    return market.supplied < market.borrowed * WAD // market.kink < market.supplied + offer.high


def test_split__drawn_markets__within_a_basis_point_of_the_optimum():
    rng, cases = Random(SEED), PROFILE.differential_cases // 5
    gaps, torn = [], 0
    for _ in range(cases):
        offers, amount = draw_case(rng)
        positions = split(offers, amount)
        assert sum(positions) <= amount
        assert all(0 <= y <= offer.high for y, offer in zip(positions, offers, strict=True))
        put = min(amount, room_of(offers))
        gap = (best_yield(offers, amount) - yield_of(offers, positions)) / put * BPS
        gaps.append(gap)
        torn += sum(straddles(offer) for offer in offers) >= 2
        assert gap < SHORTFALL, (offers, amount)
    assert torn > cases // 5, "too few cases with kinks in reach"
    # A search that falls short itself would let any split pass.
    assert min(gaps) > -SHORTFALL / 2
    print(f"\n{cases} markets, {torn} with two kinks or more: short by {min(gaps):.4f} to {max(gaps):.4f} bp")


def test_best_yield__two_markets__is_what_enumeration_finds():
    rng, done = Random(SEED), 0
    while done < 20:
        offers, amount = draw_case(rng)
        offers = offers[:2]
        if len(offers) < 2 or not any(map(straddles, offers)):
            continue
        amount = min(amount, room_of(offers))
        first = np.linspace(0, min(amount, offers[0].high), ENUMERATED)
        second = np.minimum(amount - first, float(offers[1].high))
        enumerated = (earned(offers[0], first) + earned(offers[1], second)).max()
        gap = (enumerated - best_yield(offers, amount)) / amount * BPS
        assert abs(gap) < SHORTFALL / 10 or gap < 0  # the search may leave coins idle, the enumeration not
        done += 1


def test_best_yield__greedy_split_over_a_kink__is_seen_to_fall_short():
    """A canary: to fill what pays most for the next coin stops before the dent and misses its far side."""
    offers = [Offer(DENTED, DENTED.supplied, 0, DENTED.supplied // 2, PER_MILLE), steady(3 * WAD // 100)]
    amount = DENTED.supplied // 2
    greedy, step = [0, 0], amount // 1_000
    for _ in range(1_000):
        slopes = [marginal(o.market, o.others, y) for o, y in zip(offers, greedy, strict=True)]
        greedy[slopes[1] > slopes[0]] += step
    lost = (best_yield(offers, amount) - yield_of(offers, greedy)) / amount * BPS
    assert lost > 10 * SHORTFALL
    positions = split(offers, amount)
    assert (best_yield(offers, amount) - yield_of(offers, positions)) / amount * BPS < SHORTFALL


def steady(flat: int, supplied: int = 10**8 * UNIT) -> Offer:
    """A market that pays the same whatever the size."""
    market = Market(supplied, 0, supplied, 0, 0, 0, WAD // 2, 0, 0, flat, of_borrowers=False)
    return Offer(market, supplied, 0, supplied, PER_MILLE)


@pytest.mark.parametrize("position", [0, 20_000, 49_000, 51_000, 90_000])
def test_marginal__either_side_of_the_kink__is_the_slope_of_what_is_earned(position):
    offer = Offer(DENTED, DENTED.supplied, 0, DENTED.supplied, PER_MILLE)
    here, step = position * UNIT, 100 * UNIT
    rise = (worth(offer, here + step) - worth(offer, here)) / PER_MILLE / step
    assert marginal(DENTED, DENTED.supplied, here + step // 2) == pytest.approx(rise, rel=1e-5)


def test_marginal__at_the_kink__jumps_up():
    at_kink = 50_000 * UNIT
    before, after = (marginal(DENTED, DENTED.supplied, at_kink + k) for k in (-1, 0))
    assert after > before


def test_split__equal_markets__share_equally():
    offers = [Offer(CALM, CALM.supplied, 0, CALM.supplied // 9, PER_MILLE)] * 4
    positions = split(offers, 200_000 * UNIT)
    assert sum(positions) == 200_000 * UNIT
    assert max(positions) - min(positions) < 10 * UNIT


def test_split__different_markets__have_equal_risk_adjusted_marginal_yields():
    offers = [Offer(CALM, CALM.supplied, 0, CALM.supplied, PER_MILLE)]
    offers.append(Offer(LARGER, LARGER.supplied, 0, LARGER.supplied, 900))
    positions = split(offers, 600_000 * UNIT)
    slopes = [o.score * marginal(o.market, o.others, y) for o, y in zip(offers, positions, strict=True)]
    assert all(positions)
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-4)


def test_split__a_coin_more_lowers_what_is_earned__stays_out():
    """Deep in the steep piece our own supply costs more in rate than it earns."""
    market = Market(10**12, 10**12, 0, 0, WAD // 10, WAD, 9 * WAD // 10, 0, 0, 0, of_borrowers=True)
    offer = Offer(market, market.supplied, 0, market.supplied // 10, PER_MILLE)
    (position,) = split([offer], 10**12)
    assert position < offer.high
    assert marginal(market, market.supplied, position) == pytest.approx(0, abs=WAD // 10**6)


def test_split__cap_binds__is_met_exactly():
    offers = [Offer(CALM, CALM.supplied, 0, 12_345_678_901, PER_MILLE), steady(WAD // 100)]
    assert split(offers, 10**6 * UNIT) == [12_345_678_901, 10**6 * UNIT - 12_345_678_901]


def test_split__what_cannot_leave__stays():
    stuck = Offer(CALM, CALM.supplied, 60_000 * UNIT, 80_000 * UNIT, PER_MILLE)
    assert split([stuck, steady(WAD // 2)], 100_000 * UNIT) == [60_000 * UNIT, 40_000 * UNIT]


def test_split__no_score__gets_nothing():
    offer = Offer(CALM, CALM.supplied, 0, CALM.supplied // 9, 0)
    assert split([offer], 10**6 * UNIT) == [0]


def test_split__no_offers__is_empty():
    assert split([], 10**6) == []
