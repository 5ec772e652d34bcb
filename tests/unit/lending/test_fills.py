"""A fill sells idle coins first and brings the rest; the basket is told whole, whoever asks."""

import pytest

from tests.reverts import revert_of
from tests.unit.lending.conftest import DAY, UNREADABLE, pass_time

UNIT = 10**6
RECALLED = 2**112


def reserves(world):
    return list(world.vault.getBasket().reserves)


def test_execute_trades__nothing_lent__errors_as_without_a_manager(world, owner):
    short = revert_of(world.vault.executeTrades, world.trade(5_000 * UNIT + 1), sender=owner)
    assert short == ("InsufficientReserve", world.coins[0].address, 5_000 * UNIT, 5_000 * UNIT + 1)


def test_execute_trades__idle_coins_suffice__no_strategy_is_asked(lent, owner):
    for strategy in lent.strategies:
        lent.mode("REDEEM_REVERTS", strategy)
    lent.vault.executeTrades(lent.trade(1_000 * UNIT), sender=owner)
    assert (lent.idle(), lent.low()) == (0, 4_000 * UNIT)


def test_execute_trades__more_than_idle__brought_and_measured(lent, owner):
    before = reserves(lent)
    receipt = lent.vault.executeTrades(lent.trade(2_500 * UNIT), sender=owner)
    sold, bought = receipt.return_value
    assert (list(sold), list(bought)) == ([2_500 * UNIT], [2_500 * UNIT])
    assert reserves(lent) == [before[0] - 2_500 * UNIT, before[1], before[2] + 2_500 * UNIT]
    assert (lent.idle(), lent.low()) == (0, 2_500 * UNIT)
    assert lent.coins[0].balanceOf(lent.vault) == 0


def test_execute_trades__several_of_one_coin__each_brings_what_it_needs(lent, owner):
    trades = [*lent.trade(1_500 * UNIT), *lent.trade(100 * UNIT, 2, 0), *lent.trade(700 * UNIT)]
    lent.vault.executeTrades(trades, sender=owner)
    assert (lent.idle(), lent.low()) == (0, 2_900 * UNIT)
    assert lent.idle(2) == 2_600 * UNIT


def test_execute_trades__the_most_liquid_refuses__the_next_one_pays(lent, owner):
    first, second = lent.strategies
    second.setLimits(1_800 * UNIT, 0, sender=lent.governor)
    lent.mode("REDEEM_REVERTS")
    lent.vault.executeTrades(lent.trade(2_500 * UNIT), sender=owner)
    assert [s.balanceOf(lent.manager) for s in (first, second)] == [2_000 * UNIT, 500 * UNIT]


def test_execute_trades__more_than_can_be_had__named_and_known_beforehand(lent, owner):
    """All of a coin that flees: what the strategies have is sold, the rest later."""
    coin = lent.coins[0]
    lent.strategies[0].setLimits(150 * UNIT, 0, sender=lent.governor)
    lent.strategies[1].setLimits(0, 0, sender=lent.governor)
    assert lent.vault.available(coin) == 1_150 * UNIT
    types = lent.manager.contract_type
    fill = lent.vault.executeTrades
    wanted = revert_of(fill, lent.trade(5_000 * UNIT), sender=owner, errors_of=types)
    assert wanted == ("NotEnoughLiquidity", coin.address, 4_000 * UNIT, 150 * UNIT)
    fill(lent.trade(1_150 * UNIT), sender=owner)
    assert lent.vault.available(coin) == 0
    assert reserves(lent)[0] == 3_850 * UNIT


def test_execute_trades__more_than_the_reserve__refused_though_locked_gains_are_there(lent, owner):
    lent.earn(lent.strategies[0], 9)
    types = lent.manager.contract_type
    wanted = revert_of(lent.vault.executeTrades, lent.trade(5_000 * UNIT + 1), sender=owner, errors_of=types)
    assert wanted == ("NotEnoughLiquidity", lent.coins[0].address, 4_000 * UNIT + 1, 4_000 * UNIT)
    lent.vault.executeTrades(lent.trade(5_000 * UNIT), sender=owner)
    assert (lent.idle(), lent.low(), lent.high()) == (0, 0, 18 * UNIT)


def test_execute_trades__too_dear_to_bring__refused(lent, owner):
    for strategy in lent.strategies:
        strategy.setFees(0, lent.manager.MAX_EXIT_SLIP_BPS() + 1, sender=lent.governor)
    types = lent.manager.contract_type
    refused = revert_of(lent.vault.executeTrades, lent.trade(2_000 * UNIT), sender=owner, errors_of=types)
    assert refused[0] == "NotEnoughLiquidity"


@pytest.mark.parametrize("mode", UNREADABLE)
def test_basket__unreadable_strategy__told_as_last_seen(lent, mode):
    before = reserves(lent)
    lent.mode(mode)
    assert reserves(lent) == before
    assert lent.vault.getReserve(lent.coins[0]) == before[0]
    state = lent.manager.strategiesOf(lent.coins[0])[0]
    assert (state.readable, state.value, state.shares) == (False, 0, 2_000 * UNIT)
    assert lent.vault.available(lent.coins[0]) == 3_000 * UNIT


def test_rebalance__drops_a_coin_that_is_lent__refused_until_it_is_back(lent, owner):
    kept = lent.coins[:2]
    lent.vault.executeTrades(lent.trade(lent.idle(2), 2, 0), sender=owner)
    reverted = revert_of(lent.vault.rebalance, kept, [6_000, 4_000], sender=owner)
    assert reverted == ("ReserveNotEmpty", lent.coins[2].address)
    lent.manager.deallocate(lent.other, RECALLED, sender=lent.governor)
    lent.vault.executeTrades(lent.trade(lent.idle(2), 2, 0), sender=owner)
    lent.vault.rebalance(kept, [6_000, 4_000], sender=owner)
    assert lent.manager.allocatable(lent.other) == (0, "coin not in the fund")


def test_basket__only_locked_gains_left_of_a_coin__does_not_look_empty(lent, owner):
    """Else a brain would drop the coin, the vault would refuse, and no session could open for a day."""
    lent.earn(lent.other, 9)
    lent.vault.executeTrades(lent.trade(2_000 * UNIT, 2, 0), sender=owner)
    assert (lent.idle(2), lent.low(2), lent.high(2)) == (0, 0, 13_499_999)
    assert reserves(lent)[2] == 13_499_999
    assert (
        revert_of(lent.vault.rebalance, lent.coins[:2], [6_000, 4_000], sender=owner)[0] == "ReserveNotEmpty"
    )
    lent.manager.sync(lent.coins[2], sender=owner)
    pass_time(2 * DAY)
    lent.vault.executeTrades(lent.trade(13_499_999, 2, 0), sender=owner)
    lent.vault.rebalance(lent.coins[:2], [6_000, 4_000], sender=owner)


def test_vault_functions__anyone_but_the_manager__refused(lent, governor):
    for function, arguments in (
        (lent.vault.lend, (lent.coins[0], 1)),
        (lent.vault.takeBack, (lent.coins[0],)),
    ):
        assert revert_of(function, *arguments, sender=governor) == ("NotManager", governor.address)


def test_manager_zero__lends_nothing_and_asks_nobody(project, world, governor, owner, investor):
    zero = "0x" + "00" * 20
    arguments = "Alone", "A", world.access, world.vault.oracle(), owner, world.coins, [5_000, 3_000, 2_000]
    alone = governor.deploy(project.IndexVault, *arguments, zero, zero)
    for coin in world.coins:
        coin.approve(alone, 2**256 - 1, sender=investor)
    alone.contribute(world.by_weight(100), investor, 0, sender=investor)
    assert alone.manager() == zero
    assert alone.available(world.coins[0]) == alone.idleOf(world.coins[0]) == 50 * UNIT
    due = list(alone.previewWithdraw(alone.balanceOf(investor)))
    alone.withdraw(alone.balanceOf(investor), investor, due, sender=investor)
    bind = world.manager.bind
    assert revert_of(bind, alone, sender=governor) == ("AlreadyBound", world.vault.address)
    other = governor.deploy(project.StrategyManager, world.access)
    assert revert_of(other.bind, alone, sender=governor) == ("NotItsManager", alone.address)
    assert revert_of(other.addStrategy, world.other, 1, 1, sender=governor) == ("NotBound",)
