"""The base of the strategies over a market of the tests' own: shares, previews, limits, pause, losses."""

import random

import pytest

from tests.profiles import PROFILE
from tests.reverts import constructor_revert_of, passes, revert_of
from tests.unit.strategies.conftest import COIN, DAY, EVERYTHING, MILLION, WAD, ZERO, wire

REENTERS, NORMAL, FEE = 6, 0, 3  # TokenWithModes.Mode


def test_constructor__no_authority_or_oracle__refused(project, world, access):
    for authority, oracle in ((ZERO, world.oracle.address), (access.address, ZERO)):
        args = (world.market.address, world.reward.address, authority, oracle)
        assert constructor_revert_of(project.MockStrategy, *args) == ("ZeroAddress",)


def test_deposit__first__shares_have_six_decimals_more(world, investor):
    assert world.strategy.decimals() == world.coin.decimals() + 6
    assert world.deposit(investor) == MILLION * 10**6
    assert world.strategy.totalAssets() == MILLION == world.market.position()
    assert world.worth(investor) == MILLION
    assert world.coin.allowance(world.strategy, world.market) == 0


def test_deposit_and_mint__a_market_that_keeps_some__whoever_enters_pays(world, investor, other):
    world.market.setKeeps(2, sender=world.governor)
    world.strategy.setCharge(2, sender=world.governor)
    world.deposit(investor)
    world.grow(123_457)
    stays = world.worth(investor)
    for amount in (1_000_003, 7, MILLION):
        expected = world.strategy.previewDeposit(amount)
        assert world.deposit(other, amount) >= expected
        assert world.worth(investor) >= stays
        stays = world.worth(investor)
    for shares in (10**6 * 1_000_003, 1, MILLION * 10**6):
        asked, before = world.strategy.previewMint(shares), world.coin.balanceOf(other)
        world.strategy.mint(shares, other, sender=other)
        assert before - world.coin.balanceOf(other) == asked
        assert world.worth(investor) >= stays
        stays = world.worth(investor)


def test_withdraw_and_redeem__a_market_that_keeps_some__whoever_leaves_pays(world, investor, other):
    world.deposit(investor)
    world.deposit(other)
    world.grow(123_457)
    world.market.setKeeps(2, sender=world.governor)
    world.strategy.setCharge(2, sender=world.governor)
    stays = world.worth(investor)
    for amount in (1_000_003, 1, 77 * COIN):
        burnt, before = world.strategy.previewWithdraw(amount), world.strategy.balanceOf(other)
        world.strategy.withdraw(amount, other, other, sender=other)
        assert before - world.strategy.balanceOf(other) == burnt
        assert world.worth(investor) >= stays
        stays = world.worth(investor)
    for shares in (10**6 * 1_000_003, 1, world.strategy.maxRedeem(other) - 10**6 * 1_000_004):
        paid, before = world.strategy.previewRedeem(shares), world.coin.balanceOf(other)
        world.strategy.redeem(shares, other, other, sender=other)
        assert world.coin.balanceOf(other) - before == paid
        assert world.worth(investor) >= stays
        stays = world.worth(investor)


def test_deposit__credited_less_than_promised__refused(world, investor):
    world.market.setKeeps(1, sender=world.governor)
    refused = revert_of(world.strategy.deposit, MILLION, investor, sender=investor)
    assert refused == ("CreditedShort", MILLION - 1, MILLION)


def test_deposit__a_coin_that_takes_a_fee__refused(world, investor):
    world.coin.setMode(FEE, sender=world.governor)
    world.coin.setFee(10, sender=world.governor)
    refused = revert_of(world.strategy.deposit, MILLION, investor, sender=investor)
    assert refused[0] == "CreditedShort"


@pytest.mark.parametrize("amount", [0, 1, 2])
def test_deposit__too_little_for_a_share__refused(world, investor, amount):
    world.strategy.setCharge(2, sender=world.governor)
    assert revert_of(world.strategy.deposit, amount, investor, sender=investor) == ("ZeroShares",)
    assert revert_of(world.strategy.mint, 0, investor, sender=investor) == ("ZeroShares",)


def test_deposit__first_depositor_robbed_by_a_donation__costs_the_robber_more(world, investor, stranger):
    """The classic: a share of one unit, then a gift that makes it dear."""
    world.coin.mint(stranger, MILLION, sender=world.governor)
    world.coin.approve(world.strategy, EVERYTHING, sender=stranger)
    world.strategy.deposit(1, stranger, sender=stranger)
    world.grow(MILLION - 1)  # what the robber gives to the position
    world.deposit(investor)
    robbed = MILLION - world.worth(investor)
    regained = world.worth(stranger)
    assert robbed < MILLION // 10**5
    assert regained < MILLION // 2 + robbed


def test_donation__coins_sent_to_the_strategy__count_for_nobody_until_harvested(world, investor):
    world.deposit(investor)
    world.coin.mint(world.strategy, MILLION, sender=world.governor)
    assert world.strategy.totalAssets() == MILLION
    world.harvest()
    assert world.strategy.totalAssets() == MILLION
    world.wait(4 * DAY)
    assert world.strategy.totalAssets() == 2 * MILLION


def test_max_deposit_and_mint__room__are_exactly_what_goes_in(world, investor):
    world.deposit(investor)
    world.grow(333_333)
    world.strategy.setCharge(2, sender=world.governor)
    world.market.setKeeps(2, sender=world.governor)
    room = 7_777_777
    world.market.setLimits(EVERYTHING, room, sender=world.governor)
    assert world.strategy.maxDeposit(investor) == room
    shares = world.strategy.maxMint(investor)
    assert world.strategy.previewMint(shares) <= room
    assert world.strategy.previewMint(shares + 10**6 * 2) > room
    assert passes(world.strategy.deposit, room, investor, sender=investor)
    assert passes(world.strategy.mint, shares, investor, sender=investor)
    refused = revert_of(world.strategy.deposit, room + 1, investor, sender=investor)
    assert refused == ("ERC4626ExceededMaxDeposit", investor.address, room + 1, room)
    refused = revert_of(world.strategy.mint, shares + 1, investor, sender=investor)
    assert refused == ("ERC4626ExceededMaxMint", investor.address, shares + 1, shares)


def test_max_deposit__room_for_less_than_a_share__is_none(world, investor):
    world.strategy.setCharge(2, sender=world.governor)
    world.market.setLimits(EVERYTHING, 2, sender=world.governor)
    assert world.strategy.maxDeposit(investor) == world.strategy.maxMint(investor) == 0


def test_max_mint__no_limit__says_so(world, investor):
    assert world.strategy.maxDeposit(investor) == EVERYTHING
    assert world.strategy.maxMint(investor) == EVERYTHING


@pytest.mark.parametrize("charge", [0, 2])
def test_max_withdraw_and_redeem__little_liquidity__are_exactly_what_comes_out(world, investor, charge):
    world.deposit(investor)
    world.grow(54_321)
    world.strategy.setCharge(charge, sender=world.governor)
    world.market.setKeeps(charge, sender=world.governor)
    liquid = 4_444_443
    world.market.setLimits(liquid, EVERYTHING, sender=world.governor)
    assert world.strategy.maxWithdraw(investor) == liquid
    shares = world.strategy.maxRedeem(investor)
    assert liquid - 1 <= world.strategy.previewRedeem(shares) <= liquid
    assert passes(world.strategy.withdraw, liquid, investor, investor, sender=investor)
    assert passes(world.strategy.redeem, shares, investor, investor, sender=investor)
    refused = revert_of(world.strategy.withdraw, liquid + 1, investor, investor, sender=investor)
    assert refused == ("ERC4626ExceededMaxWithdraw", investor.address, liquid + 1, liquid)
    refused = revert_of(world.strategy.redeem, shares + 1, investor, investor, sender=investor)
    assert refused == ("ERC4626ExceededMaxRedeem", investor.address, shares + 1, shares)


def test_max_withdraw__nothing_liquid__is_zero_and_shares_still_move(world, investor, other):
    shares = world.deposit(investor)
    world.market.setLimits(0, EVERYTHING, sender=world.governor)
    assert world.strategy.maxWithdraw(investor) == world.strategy.maxRedeem(investor) == 0
    world.strategy.transfer(other, shares, sender=investor)
    assert world.worth(other) == MILLION
    world.market.setLimits(EVERYTHING, EVERYTHING, sender=world.governor)
    assert world.leave(other) == MILLION


def test_redeem__everything__leaves_next_to_nothing(world, investor, other):
    world.deposit(investor)
    world.deposit(other, MILLION // 3)
    world.grow(987_654_321)
    owed = world.worth(investor) + world.worth(other)
    assert world.leave(investor) + world.leave(other) == pytest.approx(owed, abs=2)
    assert world.strategy.totalSupply() == 0
    # A virtual million of the smallest shares stays on the books, worth about a unit.
    assert world.market.position() <= 10**6
    assert world.deposit(investor) > 0
    assert world.worth(investor) == pytest.approx(MILLION, abs=2)


def test_withdraw__by_another__needs_and_uses_the_allowance(world, investor, stranger):
    world.deposit(investor)
    refused = revert_of(world.strategy.withdraw, COIN, stranger, investor, sender=stranger)
    assert refused[0] == "ERC20InsufficientAllowance"
    world.strategy.approve(stranger, world.strategy.previewWithdraw(COIN), sender=investor)
    world.strategy.withdraw(COIN, stranger, investor, sender=stranger)
    assert world.coin.balanceOf(stranger) == COIN
    assert world.strategy.allowance(investor, stranger) == 0


# --- pause


def test_pause__by_the_guardian__stops_deposits_and_nobody_from_leaving(
    world, investor, other, guardian, curator
):
    world.deposit(investor)
    world.strategy.pauseDeposits(sender=guardian)
    assert world.strategy.depositsPaused()
    assert world.strategy.maxDeposit(other) == world.strategy.maxMint(other) == 0
    refused = revert_of(world.strategy.deposit, COIN, other, sender=other)
    assert refused == ("ERC4626ExceededMaxDeposit", other.address, COIN, 0)
    refused = revert_of(world.strategy.mint, 1, other, sender=other)
    assert refused == ("ERC4626ExceededMaxMint", other.address, 1, 0)
    assert world.leave(investor) == MILLION
    world.strategy.unpauseDeposits(sender=curator)
    assert not world.strategy.depositsPaused()
    assert world.deposit(other) > 0


def test_roles__anybody_else__is_refused(world, access, guardian, curator, keeper, stranger):
    calls = (
        (world.strategy.pauseDeposits, (), (curator, keeper, stranger)),
        (world.strategy.unpauseDeposits, (), (guardian, keeper, stranger)),
        (world.strategy.harvest, ([],), (guardian, curator, stranger)),
    )
    for method, args, callers in calls:
        for caller in callers:
            assert revert_of(method, *args, sender=caller) == ("AccessManagedUnauthorized", caller.address)


# --- losses


def test_loss__of_the_position__counts_at_once(world, investor, other):
    world.deposit(investor)
    world.deposit(other)
    world.grow(-MILLION)
    assert world.worth(investor) == world.worth(other) == MILLION // 2
    assert world.leave(investor) == MILLION // 2
    assert world.leave(other) == MILLION // 2


def test_loss__while_gains_are_locked__eats_those_first(world, investor):
    world.deposit(investor)
    world.harvest_gain(30_000)
    world.grow(-10_000 * COIN)
    assert world.strategy.totalAssets() == pytest.approx(MILLION, rel=1e-6)
    assert world.strategy.lockedProfit() == pytest.approx(20_000 * COIN, rel=1e-4)
    world.grow(-50_000 * COIN)
    assert world.strategy.lockedProfit() == 0
    assert world.strategy.totalAssets() == MILLION - 30_000 * COIN
    world.wait(4 * DAY)
    assert world.strategy.totalAssets() == MILLION - 30_000 * COIN


def test_loss__eaten_by_locked_gains__stays_so_when_somebody_comes_and_goes(world, investor, other):
    """Whoever comes after the loss neither heals nor repeats it."""
    world.deposit(investor)
    world.harvest_gain(30_000)
    world.grow(-10_000 * COIN)
    world.deposit(other)
    assert world.strategy.lockedProfit() == pytest.approx(20_000 * COIN, rel=1e-4)
    assert world.leave(other) == pytest.approx(MILLION, rel=1e-6)
    assert world.strategy.lockedProfit() == pytest.approx(20_000 * COIN, rel=1e-4)
    assert world.worth(investor) == pytest.approx(MILLION, rel=1e-6)
    world.wait(4 * DAY)
    assert world.worth(investor) == pytest.approx(MILLION + 20_000 * COIN, rel=1e-6)


def test_loss__total__previews_and_limits_still_answer(world, investor):
    world.deposit(investor)
    world.market.setPosition(0, sender=world.governor)
    strategy = world.strategy
    assert strategy.totalAssets() == strategy.maxWithdraw(investor) == strategy.previewRedeem(10**12) == 0
    assert strategy.maxRedeem(investor) == strategy.balanceOf(investor)
    assert strategy.maxDeposit(investor) == EVERYTHING
    strategy.redeem(strategy.balanceOf(investor), investor, investor, sender=investor)
    assert strategy.totalSupply() == 0


# --- reentrancy


@pytest.mark.parametrize("act", ["deposit", "withdraw", "harvest"])
def test_reentrancy__a_coin_that_calls_out__sees_the_old_price_and_gets_nowhere(
    project, world, investor, other, act
):
    world.deposit(investor)
    world.grow(250_000 * COIN)
    world.pay_rewards(1_000 * WAD)
    watcher = world.governor.deploy(project.StrategyWatcher)
    world.coin.mint(watcher, MILLION, sender=world.governor)
    world.strategy.deposit(1_000 * COIN, watcher, sender=other)
    watcher.watch(world.strategy, sender=world.governor)
    fair = world.strategy.convertToAssets(10**18)
    world.coin.setHook(watcher, watcher.look.encode_input(), sender=world.governor)
    world.coin.setMode(REENTERS, sender=world.governor)
    assert min(world.strategy.maxWithdraw(watcher), world.strategy.maxRedeem(watcher)) > 0
    if act == "deposit":
        world.deposit(other)
    elif act == "withdraw":
        world.strategy.withdraw(300_000 * COIN, investor, investor, sender=investor)
    else:
        world.harvest(world.sale(EVERYTHING, 1_000 * COIN))
    assert watcher.looks() > 0
    assert watcher.openLooks() == 0
    assert watcher.entries() == 0
    assert fair <= watcher.least() <= watcher.most() <= fair + 1


# --- drawn sequences


def test_price__drawn_deposits_and_withdrawals__never_falls_for_who_stays(
    project, world, access, investor, other
):
    """A market that keeps up to three units of each move, and a strategy that says so."""
    draw = random.Random(20_261_120)
    world.deposit(investor, 1_234_567)
    for _ in range(PROFILE.examples * 4):
        keeps = draw.randint(0, 3)
        world.market.setKeeps(keeps, sender=world.governor)
        world.strategy.setCharge(draw.randint(keeps, 3), sender=world.governor)
        before = world.strategy.convertToAssets(10**24)
        _draw_act(world, other, draw)
        assert world.strategy.convertToAssets(10**24) >= before


def _draw_act(world, account, draw):
    strategy = world.strategy
    amount = draw.choice((draw.randint(4, 50), draw.randint(50, MILLION)))
    act = draw.choice(("deposit", "mint", "withdraw", "redeem"))
    if act == "deposit":
        strategy.deposit(amount, account, sender=account)
    elif act == "mint":
        strategy.mint(amount * 10**6 - draw.randint(0, 10**6), account, sender=account)
    elif act == "withdraw":
        strategy.withdraw(min(amount, strategy.maxWithdraw(account)), account, account, sender=account)
    else:
        strategy.redeem(min(amount * 10**6, strategy.maxRedeem(account)), account, account, sender=account)


def test_wire__of_the_tests__gives_a_second_strategy_the_same_roles(project, world, access, guardian):
    second = world.governor.deploy(project.MockStrategy, world.market, world.reward, access, world.oracle)
    assert revert_of(second.pauseDeposits, sender=guardian)[0] == "AccessManagedUnauthorized"
    wire(access, second, world.governor)
    second.pauseDeposits(sender=guardian)
    assert second.depositsPaused()
