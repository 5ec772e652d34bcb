"""What the views cost whoever asks by `eth_call`: nodes allow some 50 million gas."""

from dataclasses import astuple, replace
from random import Random

import pytest

from ballast.model.yields import Offer
from ballast.units import PER_MILLE, WAD
from tests.profiles import PROFILE
from tests.unit.yields.conftest import STEADY, UNIT, Place, paying
from tests.unit.yields.drawing import draw_case

NODE = 50_000_000  # gas of a call that common nodes allow
USUAL = 2_500_000  # gas: six markets, lenses and manager apart
MILLION = 1_000_000 * UNIT
AT_THE_KINK = replace(
    STEADY,
    supplied=10_000_000 * UNIT,
    borrowed=9_100_000 * UNIT,
    slope1=WAD // 25,
    slope2=WAD // 2,
    kink=9 * WAD // 10,
    reserve_factor=WAD // 10,
    flat=0,
    of_borrowers=True,
)


def words(offer: Offer) -> tuple:
    return (astuple(offer.market), *astuple(offer)[1:])


@pytest.fixture
def six(desk):
    """Two curves near their kinks, rewards, and three that pay the same at any size."""
    comet = replace(AT_THE_KINK, slope1=WAD // 30, of_borrowers=False)
    rewarded = replace(AT_THE_KINK, borrowed=5_000_000 * UNIT, rewards=200_000 * UNIT)
    flat = [Place(paying(bps, supplied=3_000_000)) for bps in (300, 250, 200)]
    held = Place(AT_THE_KINK, value=100_000 * UNIT)
    desk.show(held, Place(comet), Place(rewarded), *flat, idle=2 * MILLION, buffer_bps=1_000)
    return desk


def test_views__six_strategies__cost_little_of_what_a_node_allows(six, yield_batch, record_property):
    arguments = {
        "optimizeYield": (six.coin, 100_000 * UNIT),
        "optimalAllocation": (six.coin, MILLION),
        "optimalPositions": (six.coin,),
        "shouldReallocate": (six.coin,),
    }
    for name, given in arguments.items():
        question = getattr(six.optimizer, name).encode_input(*given)
        gas = yield_batch.gasOf(six.optimizer, question)
        print(f"\n{name}: {gas} gas with mock lenses and manager")
        record_property(f"gas_{name}", gas)
        assert gas < USUAL


def test_split__drawn_markets__fits_into_a_call(yield_batch):
    rng = Random(9)
    costs = []
    for _ in range(PROFILE.examples * 2):
        offers, amount = draw_case(rng)
        costs.append(yield_batch.gasOfSplit([words(offer) for offer in offers], amount))
    costs.sort()
    print(f"\nsplit: {costs[len(costs) // 2]} gas in the middle, {costs[-1]} at most")
    assert costs[len(costs) // 2] < USUAL
    assert costs[-1] < NODE


@pytest.mark.parametrize("steps", [2, 5, 11])
def test_split__six_equal_markets_at_their_kinks__still_fits_into_a_call(yield_batch, steps):
    """The worst for branch and bound: every choice of pieces looks as good as many others."""
    offers = [Offer(AT_THE_KINK, AT_THE_KINK.supplied, 0, 3 * MILLION, PER_MILLE)] * 6
    gas = yield_batch.gasOfSplit([words(offer) for offer in offers], steps * MILLION)
    print(f"\nsplit of {steps} million among six equal markets: {gas} gas")
    assert gas < NODE
