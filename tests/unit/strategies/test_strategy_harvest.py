"""Harvests of the base: what may be sold at which price, how a gain is let out, rewards that fail."""

import pytest

from tests.reverts import revert_of
from tests.unit.strategies.conftest import (
    BURNS_GAS,
    COIN,
    DAY,
    DIVERGED,
    EVERYTHING,
    INVALID,
    MILLION,
    PAYS,
    REVERTS,
    STALE,
    WAD,
    terms,
)

UNLOCK = 3 * DAY
SLIPPAGE_BPS = 100
NO_FUND, DOUBLE_FUND, OTHER_CALLER = 1, 2, 10  # VenueMocks.Mode


@pytest.fixture
def funded(world, investor):
    """A million deposited."""
    world.deposit(investor)
    return world


def venue_mock(world, project, mode):
    """A venue that pays one coin a reward in a mode."""
    venue = world.governor.deploy(project.VenueMocks)
    venue.setMode(mode, sender=world.governor)
    venue.setRate(10**6, sender=world.governor)  # WAD{unit of 6 decimals / unit of 18}
    world.coin.mint(venue, MILLION, sender=world.governor)
    return venue


# --- selling


def test_harvest__a_reward_sold__is_invested_and_told(funded):
    funded.pay_rewards(1_000 * WAD)
    receipt = funded.harvest(funded.sale(1_000 * WAD, 999 * COIN))
    (told,) = receipt.decode_logs(funded.strategy.Harvested)
    assert told.gain == 999 * COIN
    assert told.fullAt == funded.chain.pending_timestamp - 1 + UNLOCK
    assert funded.market.position() == MILLION + 999 * COIN
    assert funded.strategy.totalAssets() == MILLION
    assert funded.coin.balanceOf(funded.strategy) == funded.reward.balanceOf(funded.strategy) == 0


def test_harvest__all_there_is__sells_to_the_last_unit(funded):
    funded.pay_rewards(1_234 * WAD + 5)
    funded.harvest(funded.sale(EVERYTHING, 1_234 * COIN))
    assert funded.reward.balanceOf(funded.strategy) == 0


def test_harvest__at_and_below_the_floor__passes_and_is_refused(funded):
    """The reward at its low price, the coin at its high one, and the slippage allowed."""
    funded.pay_rewards(1_000 * WAD)
    funded.oracle.set(funded.reward, 90 * WAD // 100, 95 * WAD // 100, 1, sender=funded.governor)
    funded.oracle.set(funded.coin, WAD, 101 * WAD // 100, 1, sender=funded.governor)
    worth = -(-900 * 10**18 * 10**6 // (101 * WAD // 100))
    floor = -(-worth * (10_000 - SLIPPAGE_BPS) // 10_000)
    sale = funded.sale(1_000 * WAD, floor - 1)
    refused = revert_of(funded.strategy.harvest, [sale], sender=funded.keeper)
    assert refused == ("BelowFloor", 0, floor - 1, floor)
    funded.harvest(funded.sale(1_000 * WAD, floor))
    assert funded.market.position() == MILLION + floor


@pytest.mark.parametrize("status", [0, DIVERGED, STALE, INVALID])
@pytest.mark.parametrize("which", ["reward", "coin"])
def test_harvest__a_price_that_is_not_good__sells_nothing(funded, status, which):
    funded.pay_rewards(WAD)
    token = getattr(funded, which)
    funded.oracle.set(token, WAD, WAD, status, sender=funded.governor)
    refused = revert_of(funded.strategy.harvest, [funded.sale(WAD, COIN)], sender=funded.keeper)
    assert refused == ("PriceNotGood", token.address, status)


def test_harvest__a_token_that_is_no_reward__refused(funded, project):
    strange = funded.governor.deploy(project.TokenWithModes, 18)
    for token in (strange, funded.coin, funded.strategy):
        sale = (token.address, 1, funded.venue.address, terms(1))
        refused = revert_of(funded.strategy.harvest, [sale], sender=funded.keeper)
        assert refused == ("NotAReward", token.address)


def test_harvest__a_venue_without_code__refused(funded, stranger):
    sale = (funded.reward.address, 1, stranger.address, b"")
    refused = revert_of(funded.strategy.harvest, [sale], sender=funded.keeper)
    assert refused == ("VenueHasNoCode", stranger.address)


@pytest.mark.parametrize(
    ("mode", "error"), [(NO_FUND, "NotFunded"), (DOUBLE_FUND, "NoSaleOpen"), (OTHER_CALLER, "NotSaleVenue")]
)
def test_harvest__a_venue_that_cheats_on_the_funding__refused(funded, project, mode, error):
    funded.pay_rewards(1_000 * WAD)
    venue = venue_mock(funded, project, mode)
    friend = venue_mock(funded, project, mode)
    venue.setHook(friend, b"", sender=funded.governor)
    sale = (funded.reward.address, 100 * WAD, venue.address, b"")
    refused = revert_of(
        funded.strategy.harvest, [sale], sender=funded.keeper, errors_of=project.VenueMocks.contract_type
    )
    assert refused[0] == error


def test_fund__outside_a_sale__refused(funded, stranger):
    assert revert_of(funded.strategy.fund, stranger, sender=stranger) == ("NoSaleOpen",)


def test_harvest__two_sales_in_one__both_at_their_floor(funded):
    funded.pay_rewards(1_000 * WAD)
    funded.harvest(funded.sale(400 * WAD, 400 * COIN), funded.sale(600 * WAD, 597 * COIN))
    assert funded.market.position() == MILLION + 997 * COIN
    funded.pay_rewards(1_000 * WAD)
    sales = [funded.sale(400 * WAD, 400 * COIN), funded.sale(600 * WAD, 500 * COIN)]
    assert revert_of(funded.strategy.harvest, sales, sender=funded.keeper)[:2] == ("BelowFloor", 1)


# --- gains


def test_harvest__and_the_time_after__lets_the_gain_out_evenly(funded, investor):
    funded.harvest_gain(30_000)
    for days, out in ((1, 10_000), (2, 20_000), (3, 30_000), (4, 30_000)):
        with funded.chain.isolate():
            funded.wait(days * DAY)
            assert funded.worth(investor) == pytest.approx(MILLION + out * COIN, abs=COIN)
            assert funded.strategy.lockedProfit() == pytest.approx((30_000 - out) * COIN, abs=COIN)


def test_harvest__joined_the_minute_before__brings_the_joiner_nothing(funded, investor, other):
    funded.deposit(other, 9 * MILLION)
    funded.harvest_gain(30_000)
    assert funded.leave(other) <= 9 * MILLION + 9 * COIN  # nine tenths of what a second or two let out
    funded.wait(UNLOCK)
    assert funded.worth(investor) == pytest.approx(MILLION + 30_000 * COIN, abs=10 * COIN)


def test_harvest__again_while_gains_are_locked__neither_hurries_nor_holds_them_up(funded):
    funded.harvest_gain(30_000)
    funded.wait(2 * DAY)
    funded.harvest_gain(10_000)
    # 10,000 with a day to go and 10,000 with three: all out in two.
    assert funded.strategy.lockedProfit() == pytest.approx(20_000 * COIN, rel=1e-4)
    funded.wait(DAY)
    assert funded.strategy.lockedProfit() == pytest.approx(10_000 * COIN, rel=1e-4)
    funded.wait(DAY)
    assert funded.strategy.lockedProfit() == 0


def test_harvest__of_nothing__every_hour_holds_no_gain_up(funded):
    funded.harvest_gain(30_000)
    for _ in range(12):
        funded.wait(6 * 3_600)
        funded.harvest()
    assert funded.strategy.lockedProfit() < 30_000 * COIN // 1_000
    assert funded.strategy.totalAssets() > MILLION + 29_900 * COIN


def test_harvest__a_reward_in_the_asset_itself__is_a_gain_without_a_sale(funded):
    funded.pay_rewards(500 * COIN, funded.coin)
    receipt = funded.harvest()
    (told,) = receipt.decode_logs(funded.strategy.Harvested)
    assert told.gain == 500 * COIN
    assert funded.market.position() == MILLION + 500 * COIN
    assert funded.strategy.totalAssets() == MILLION
    assert funded.coin.balanceOf(funded.strategy) == 0


def test_harvest__a_market_without_room__keeps_the_rest_for_the_next(funded):
    funded.pay_rewards(500 * COIN, funded.coin)
    funded.market.setLimits(EVERYTHING, 200 * COIN, sender=funded.governor)
    funded.harvest()
    assert funded.market.position() == MILLION + 200 * COIN
    assert funded.coin.balanceOf(funded.strategy) == 300 * COIN
    funded.market.setLimits(EVERYTHING, 0, sender=funded.governor)
    funded.harvest()
    assert funded.coin.balanceOf(funded.strategy) == 300 * COIN
    funded.market.setLimits(EVERYTHING, EVERYTHING, sender=funded.governor)
    funded.harvest()
    assert funded.market.position() == MILLION + 500 * COIN
    assert funded.strategy.totalAssets() == pytest.approx(MILLION, rel=1e-6)


def test_harvest__a_unit_too_small_to_invest__hinders_nothing(funded):
    """Anybody may send a unit here; a market that refuses it must not stop harvests."""
    funded.strategy.setCharge(2, sender=funded.governor)
    funded.coin.mint(funded.strategy, 2, sender=funded.governor)
    funded.harvest()
    assert funded.coin.balanceOf(funded.strategy) == 2


def test_harvest__somebody_comes_and_goes_meanwhile__the_gain_is_let_out_all_the_same(
    funded, investor, other
):
    funded.harvest_gain(30_000)
    funded.deposit(other)
    funded.wait(DAY)
    funded.leave(other)
    funded.wait(2 * DAY)
    assert funded.strategy.lockedProfit() == 0
    # `other` had half of the shares for a third of the time.
    assert funded.worth(investor) == pytest.approx(MILLION + 25_000 * COIN, rel=1e-4)


# --- rewards that fail


@pytest.mark.parametrize("mode", [REVERTS, BURNS_GAS])
def test_harvest__a_reward_that_fails__is_told_and_hinders_nobody(funded, investor, mode):
    funded.market.setReward(funded.reward, mode, sender=funded.governor)
    receipt = funded.harvest()
    assert [e.source for e in receipt.decode_logs(funded.strategy.RewardsRefused)] == [funded.market.address]
    assert funded.leave(investor) == MILLION
    funded.deposit(investor)
    funded.market.setReward(funded.reward, PAYS, sender=funded.governor)
    assert funded.harvest().decode_logs(funded.strategy.RewardsRefused) == []
