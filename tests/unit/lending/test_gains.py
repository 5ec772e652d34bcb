"""Gains come to count over time and losses at once: nobody joins for the minute of a harvest."""

import pytest

from tests.reverts import revert_of
from tests.unit.lending.conftest import DAY, UNREADABLE, World, pass_time
from tests.unit.lending.test_exits import gained, part

UNIT = 10**6


def sync(world: World, index: int = 0) -> None:
    world.manager.sync(world.coins[index], sender=world.governor)


def leaving(world: World) -> int:
    """What all shares together would leave with, of coin 0."""
    return world.vault.previewWithdraw(world.vault.totalSupply())[0]


def test_gain__not_looked_at__counts_for_who_enters_and_for_nobody_who_leaves(lent):
    gain = lent.earn(lent.strategies[0], 5)
    assert gain == 10 * UNIT
    assert (lent.low(), lent.high()) == (4_000 * UNIT, 4_010 * UNIT)
    assert lent.vault.getReserve(lent.coins[0]) == lent.vault.getBasket().reserves[0] == 5_000 * UNIT
    supply = lent.vault.totalSupply()
    assert lent.vault.amountsForShares(supply)[0] == 5_010 * UNIT
    assert leaving(lent) == 5_000 * UNIT


def test_gain__looked_at__counts_evenly_over_the_period(lent):
    gain = lent.earn(lent.strategies[0], 5)
    sync(lent)
    assert lent.manager.gainsOf(lent.coins[0]).locked == gain
    pass_time(DAY // 4)
    assert lent.low() == pytest.approx(4_000 * UNIT + gain // 4, abs=gain // 10_000)
    pass_time(DAY)
    assert (lent.low(), lent.high()) == (4_000 * UNIT + gain,) * 2


def test_gain__on_top_of_one_that_unlocks__period_weighted_by_amounts(lent):
    first = lent.earn(lent.strategies[0], 5)
    sync(lent)
    pass_time(DAY // 2)
    second = lent.earn(lent.strategies[1], 5)
    sync(lent)
    gains = lent.manager.gainsOf(lent.coins[0])
    assert gains.locked == pytest.approx(first // 2 + second, rel=1e-3)
    weighted = (first // 2 * DAY // 2 + second * DAY) // (first // 2 + second)
    now = lent.governor.provider.get_block("latest").timestamp
    assert gains.fullAt - now == pytest.approx(weighted, abs=10)


def test_loss__counts_at_once_locked_gains_first(lent):
    gain = lent.earn(lent.strategies[0], 8)
    sync(lent)
    lent.strategies[1].setRate(998 * 10**15, sender=lent.governor)  # a loss of 4
    assert lent.low() == pytest.approx(4_000 * UNIT, abs=gain // 1_000)  # the lock has more than that
    sync(lent)
    assert lent.manager.gainsOf(lent.coins[0]).locked == pytest.approx(gain - 4 * UNIT, rel=1e-3)
    lent.strategies[1].setRate(98 * 10**16, sender=lent.governor)  # 40 in all
    assert lent.low() == lent.high() == 4_000 * UNIT + gain - 40 * UNIT
    sync(lent)
    assert lent.manager.gainsOf(lent.coins[0]).locked == 0


def test_contribute__the_minute_before_a_harvest__gains_nothing(lent, newcomer):
    lent.earn(lent.strategies[0], 3)
    sync(lent)
    before = [coin.balanceOf(newcomer) for coin in lent.coins]
    lent.enter(newcomer, part(lent, 50))
    lent.earn(lent.strategies[0], 9)
    sync(lent)
    lent.leave(newcomer, lent.vault.balanceOf(newcomer))
    held = [s.balanceOf(newcomer) for s in lent.strategies]
    after = [coin.balanceOf(newcomer) for coin in lent.coins]
    assert held == [0, 0]
    assert all(now <= then for now, then in zip(after, before, strict=True))


def test_contribute__harvest_then_all_taken_back_in_the_same_minute__gains_nothing(lent, newcomer):
    """Gains that come back as coins before they count wait among the idle ones. A few seconds do pass."""
    before = lent.coins[0].balanceOf(newcomer)
    lent.enter(newcomer, part(lent, 50))
    gain = lent.earn(lent.strategies[0], 9)
    sync(lent)
    for strategy in lent.strategies:
        lent.manager.deallocate(strategy, lent.worth(strategy), sender=lent.governor)
    assert lent.low() < 0 <= lent.low() + gain
    assert lent.high() == 0
    lent.leave(newcomer, lent.vault.balanceOf(newcomer))
    assert lent.coins[0].balanceOf(newcomer) <= before + gain * 10 // DAY
    pass_time(2 * DAY)
    assert lent.low() == 0
    assert leaving(lent) == lent.idle()


def test_deallocate__the_last_of_all_coins__its_gains_still_wait(lent, investor):
    lent.manager.deallocate(lent.other, lent.worth(lent.other), sender=lent.governor)
    lent.manager.deallocate(lent.strategies[1], lent.worth(lent.strategies[1]), sender=lent.governor)
    lent.earn(lent.strategies[0], 9)
    lent.manager.deallocate(lent.strategies[0], lent.worth(lent.strategies[0]), sender=lent.governor)
    waiting = -lent.low()
    assert waiting == pytest.approx(18 * UNIT, rel=1e-3)
    assert leaving(lent) == lent.idle() - waiting
    assert lent.vault.getReserve(lent.coins[0]) == lent.idle() - waiting
    paid = gained(lent, investor, lambda: lent.leave(investor, part(lent, 50)))[0]
    assert paid == pytest.approx(2_500 * UNIT, abs=UNIT // 100)


def test_sync__nothing_lent_any_more__the_fund_asks_nobody(lent, stranger, investor):
    """Once nothing is lent and no gain waits, the manager and its strategies are out of every exit."""
    lent.earn(lent.strategies[0], 9)
    for strategy in (*lent.strategies, lent.other):
        lent.manager.deallocate(strategy, lent.worth(strategy), sender=lent.governor)
    pass_time(2 * DAY)
    before = lent.vault.previewWithdraw.estimate_gas_cost(part(lent, 1))
    lent.manager.sync(lent.coins[0], sender=stranger)
    assert lent.vault.previewWithdraw.estimate_gas_cost(part(lent, 1)) < before - 5_000
    assert lent.idle() == lent.vault.getReserve(lent.coins[0])


def test_contribute__proportional__enters_against_highs(lent, newcomer):
    lent.earn(lent.strategies[0], 9)
    supply, paid = lent.vault.totalSupply(), lent.vault.amountsForShares(part(lent, 10))
    assert paid[0] == -(-(lent.idle() + lent.high()) * part(lent, 10) // supply)
    expected = lent.vault.previewContribute(paid)
    lent.vault.contribute(paid, newcomer, expected, sender=newcomer)
    assert lent.vault.balanceOf(newcomer) == expected >= part(lent, 9)


def test_contribute__excess__priced_against_the_whole_basket(lent, newcomer):
    value = lent.vault.totalBasketValue()
    assert value == 10_000 * 10**18
    lent.earn(lent.strategies[0], 9)
    assert lent.vault.totalBasketValue() == value + 18 * 10**18
    amounts = [10 * UNIT, 0, 0]
    shares = lent.vault.previewContribute(amounts)
    assert 0 < shares < 10 * 10**18
    lent.vault.contribute(amounts, newcomer, shares, sender=newcomer)
    assert lent.idle() == 1_010 * UNIT


@pytest.mark.parametrize("mode", UNREADABLE)
def test_contribute__unreadable_strategy__refused_naming_the_coin(lent, newcomer, mode):
    lent.mode(mode, lent.other)
    amounts = lent.by_weight(100)
    expected = ("StrategyUnreadable", lent.coins[2].address)
    assert revert_of(lent.vault.contribute, amounts, newcomer, 0, sender=newcomer) == expected
    assert revert_of(lent.vault.previewContribute, amounts, sender=newcomer) == expected
    assert lent.vault.getBasket().reserves[2] == 2_000 * UNIT  # as last seen: no fall, no reason to buy


def test_write_off__dead_strategy__others_enter_again_and_the_loss_is_taken(lent, newcomer):
    first = lent.strategies[0]
    write_off = lent.manager.writeOff
    assert revert_of(write_off, first, sender=lent.governor) == ("StrategyReadable", first.address)
    lent.mode("VALUE_REVERTS")
    write_off(first, sender=lent.governor)
    assert (lent.low(), lent.high()) == (2_000 * UNIT,) * 2
    lent.enter(newcomer, part(lent, 10))
    assert lent.manager.allocatable(first) == (0, "written off")


def test_write_off__it_comes_back_to_life__its_coins_come_to_count_slowly(lent):
    first = lent.strategies[0]
    lent.mode("VALUE_REVERTS")
    lent.manager.writeOff(first, sender=lent.governor)
    lent.mode("HONEST")
    lent.manager.recall(first, 2**112, 2_000 * UNIT, sender=lent.governor)
    sync(lent)
    assert lent.idle() + lent.low() == pytest.approx(3_000 * UNIT, abs=UNIT // 10)
    pass_time(2 * DAY)
    assert lent.idle() + lent.low() == 5_000 * UNIT
    lent.manager.removeStrategy(first, sender=lent.governor)


def test_leaving__gains_locked__stay_with_who_stays(lent, investor):
    lent.earn(lent.strategies[0], 9)
    sync(lent)
    supply = lent.vault.totalSupply()
    paid = gained(lent, investor, lambda: lent.leave(investor, part(lent, 50)))[0]
    assert paid == pytest.approx(2_500 * UNIT, abs=18 * UNIT * 10 // DAY)
    pass_time(2 * DAY)
    per_share = (lent.idle() + lent.low()) / lent.vault.totalSupply()
    assert per_share == pytest.approx((2_500 * UNIT + 18 * UNIT) / (supply / 2), rel=1e-6)
