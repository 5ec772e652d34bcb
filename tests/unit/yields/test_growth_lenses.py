"""Share-price growth from looks that anyone records: what it takes to be believed, and who cannot push it."""

from dataclasses import dataclass
from typing import Any

import pytest

from ballast.model.yields import Market, rate
from ballast.units import WAD
from tests.reverts import revert_of

DAY, YEAR = 86_400, 365 * 86_400
RATE = 5 * WAD // 100  # a year
NEAR = 1e-3  # of a rate: the blocks between two acts
SUPPLIED = 1_000_000 * 10**6


@dataclass(frozen=True)
class Watched:
    """A share that grows at `RATE`, and the lens that looks at it."""

    lens: Any
    share: Any
    chain: Any
    anyone: Any

    def at_rate(self, began: int) -> int:
        """WAD: the price of a share by now."""
        return WAD + RATE * (self.chain.pending_timestamp - began) // YEAR

    def look(self, price: int | None = None) -> None:
        if price is not None:
            self.share.setPrice(price, sender=self.anyone)
        self.lens.record(self.share, sender=self.anyone)

    def wait(self, seconds: int) -> None:
        self.chain.pending_timestamp += seconds
        self.chain.mine()

    def growth(self) -> int:
        return int(self.lens.growthOf(self.share))

    def market(self) -> Market:
        return Market(*self.lens.marketOf(self.share))


@pytest.fixture(scope="module", params=["SharePriceLens", "CurveLens"])
def watched(request, project, chain, accounts) -> Watched:
    governor, anyone = accounts[0], accounts[3]
    coin = governor.deploy(project.WeightsCoin, 6, 0)
    share = governor.deploy(project.MockShare, coin)
    lens = governor.deploy(getattr(project, request.param))
    return Watched(lens, share, chain, anyone)


@pytest.fixture
def grown(watched) -> tuple[Watched, int]:
    """Six looks, a day apart; and the start."""
    began = watched.chain.pending_timestamp
    for _ in range(6):
        watched.look(watched.at_rate(began))
        watched.wait(DAY)
    watched.share.setPrice(watched.at_rate(began), sender=watched.anyone)
    return watched, began


def test_growth_of__steady_growth__is_what_it_grew(grown):
    watched, _ = grown
    assert watched.growth() == pytest.approx(RATE, rel=NEAR)


def test_market_of__steady_growth__pays_it_at_the_size_that_is_there(grown):
    watched, _ = grown
    market = watched.market()
    assert market.supplied == pytest.approx(SUPPLIED, rel=NEAR)
    assert rate(market, market.supplied) == pytest.approx(RATE, rel=NEAR)


def test_market_of__twice_the_size__shares_the_same_fees_of_a_pool(grown):
    """An ERC-4626 is taken to pay the same at any size; a pool's fees do not grow with its liquidity."""
    watched, _ = grown
    market = watched.market()
    pool = watched.lens.contract_type.name == "CurveLens"
    expected = RATE // 2 if pool else RATE
    assert rate(market, 2 * market.supplied) == pytest.approx(expected, rel=NEAR)


def test_record__again_within_the_spacing__reverts(watched):
    watched.look()
    last = watched.lens.looksAt(watched.share)[-1].at
    expected = ("TooSoon", watched.share.address, last + watched.lens.SPACING())
    assert revert_of(watched.lens.record, watched.share, sender=watched.anyone) == expected


def test_record__no_price__reverts(watched):
    watched.share.setPrice(0, sender=watched.anyone)
    assert revert_of(watched.lens.record, watched.share, sender=watched.anyone)[0] == "NoPrice"


def test_record__more_looks_than_are_kept__forgets_the_oldest(watched):
    kept = watched.lens.LOOKS()
    for number in range(kept + 2):
        watched.look(WAD + number * WAD // 10**6)
        watched.wait(DAY // 2)
    looks = watched.lens.looksAt(watched.share)
    assert len(looks) == kept
    times = [look.at for look in looks]
    assert times == sorted(times)
    prices = [look.price for look in looks]
    assert prices == sorted(set(prices))


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_growth_of__too_few_looks__reverts(watched, looks):
    for _ in range(looks):
        watched.look()
        watched.wait(4 * DAY)
    assert revert_of(watched.lens.growthOf, watched.share, sender=watched.anyone)[0] == "TooFewLooks"
    assert revert_of(watched.lens.marketOf, watched.share, sender=watched.anyone)[0] == "TooFewLooks"


def test_growth_of__span_too_short__reverts(watched):
    for _ in range(4):
        watched.look()
        watched.wait(DAY)
    assert revert_of(watched.lens.growthOf, watched.share, sender=watched.anyone)[0] == "TooFewLooks"


def test_growth_of__nobody_looked_for_a_month__reverts(grown):
    watched, _ = grown
    watched.wait(31 * DAY)
    assert revert_of(watched.lens.growthOf, watched.share, sender=watched.anyone)[0] == "TooFewLooks"


def test_growth_of__price_pushed_up_now__adds_nothing(grown):
    watched, _ = grown
    honest = watched.growth()
    watched.share.setPrice(2 * WAD, sender=watched.anyone)
    assert watched.growth() == pytest.approx(honest, rel=NEAR)


def test_growth_of__pushed_up_and_recorded_at_once__adds_nothing(grown):
    """The newest look counts once it is hours old; the price now has to agree with it then."""
    watched, _ = grown
    honest = watched.growth()
    watched.look(2 * WAD)
    assert watched.growth() == pytest.approx(honest, rel=NEAR)


def test_growth_of__recorded_while_pushed_up__adds_nothing_later(grown):
    watched, began = grown
    honest = watched.growth()
    watched.look(2 * WAD)
    watched.wait(DAY)
    watched.share.setPrice(watched.at_rate(began), sender=watched.anyone)
    assert watched.growth() == pytest.approx(honest, rel=NEAR)


@pytest.mark.parametrize("pushed", [0, 1])
def test_growth_of__a_start_recorded_while_pushed_down__adds_nothing(watched, pushed):
    began = watched.chain.pending_timestamp
    for number in range(6):
        watched.look(WAD // 2 if number == pushed else watched.at_rate(began))
        watched.wait(DAY)
    watched.share.setPrice(watched.at_rate(began), sender=watched.anyone)
    assert watched.growth() == pytest.approx(RATE, rel=NEAR)


def test_growth_of__a_loss_now__counts_at_once(grown):
    watched, _ = grown
    watched.share.setPrice(WAD * 99 // 100, sender=watched.anyone)
    assert watched.growth() == 0


def test_growth_of__too_fast_to_be_true__is_capped(watched):
    for number in range(6):
        watched.look(WAD * (number + 1))
        watched.wait(DAY)
    watched.share.setPrice(7 * WAD, sender=watched.anyone)
    assert watched.growth() == watched.lens.MAX_GROWTH()
