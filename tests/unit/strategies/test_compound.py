"""CompoundStrategy on the models of Compound V3: in, interest, harvest, out, and what can stop it."""

import pytest

from ballast.replica import Replica
from ballast.replica.comet import COMET_COINS, MONTH, borrower
from tests.reverts import constructor_revert_of, passes, revert_of
from tests.unit.strategies.compound import FUNDS, ONE, SHARE, lend

pytestmark = pytest.mark.replica
MILLION = 1_000_000 * ONE
MOMENT = 20_000  # base units: interest of a few seconds on a few millions
UNLOCK = 3 * 86_400  # s
BALANCE = "balanceOf(address)"
ALLOWANCE = "allowance(address,address)"


@pytest.fixture(scope="module")
def everywhere(networks, project, accounts):
    """A strategy for each market; what a test does to them is undone by Ape's isolation."""
    replica = Replica(networks.active_provider.uri)
    return {coin: lend(coin, replica, project, accounts) for coin in COMET_COINS}


@pytest.fixture(params=COMET_COINS)
def lent(request, everywhere):
    return everywhere[request.param]


@pytest.fixture
def lent_usdc(everywhere):
    return everywhere["USDC"]


def position(lent):
    return lent.market.read(BALANCE, [lent.strategy.address])


# --- in and out ---------------------------------------------------------------------------------------------


def test_constructor__the_asset__is_the_markets_base_token(lent):
    assert lent.strategy.asset() == lent.market.base.address
    assert lent.strategy.decimals() == 12
    assert lent.strategy.COMET() == lent.market.address
    assert lent.strategy.rewardTokens() == [lent.replica.book.token("COMP").address]


def test_constructor__an_account_without_code__is_refused(lent_usdc, project):
    comet, authority = lent_usdc.market.address, lent_usdc.strategy.authority()
    rewards, nobody = lent_usdc.strategy.REWARDS(), lent_usdc.alice.address
    wrong = ("C", "c", nobody, rewards, authority, lent_usdc.oracle)
    assert constructor_revert_of(project.CompoundStrategy, *wrong) == ("NotAMarket", nobody)
    wrong = ("C", "c", comet, nobody, authority, lent_usdc.oracle)
    assert constructor_revert_of(project.CompoundStrategy, *wrong) == ("NoCode", nobody)


def test_deposit__a_million__is_all_supplied_and_nothing_stays_approved(lent):
    cash = lent.market.cash()
    shares = lent.deposit(MILLION)
    assert lent.market.cash() == cash + MILLION
    assert MILLION - lent.strategy.rounding() <= position(lent) <= MILLION
    assert lent.strategy.totalAssets() == position(lent)
    assert shares == pytest.approx(1_000_000 * SHARE, rel=1e-11)
    assert lent.held(lent.strategy) == 0
    asset, approval = lent.market.base.address, [lent.strategy.address, lent.market.address]
    assert lent.replica.rpc.read(asset, ALLOWANCE, approval) == 0


def test_total_assets__a_month_later__counts_the_interest_before_anybody_accrues(lent):
    lent.deposit(MILLION)
    rate = lent.market.read("getSupplyRate(uint256)", [lent.market.read("getUtilization()")])
    lent.replica.pass_time(MONTH)
    earned = lent.strategy.totalAssets() - MILLION
    assert earned == pytest.approx(MILLION * rate * MONTH // 10**18, rel=1e-3)
    assert lent.strategy.totalAssets() == position(lent)
    assert lent.strategy.convertToAssets(lent.strategy.balanceOf(lent.alice)) == pytest.approx(
        MILLION + earned, abs=2
    )


def test_withdraw__half__pays_exactly_that_and_leaves_the_rest(lent):
    lent.deposit(MILLION)
    lent.replica.pass_time(MONTH)
    before, shares = lent.held(lent.alice), lent.strategy.balanceOf(lent.alice)
    lent.strategy.withdraw(MILLION // 2, lent.alice, lent.alice, sender=lent.alice)
    assert lent.held(lent.alice) == before + MILLION // 2
    assert lent.strategy.balanceOf(lent.alice) == pytest.approx(shares // 2, rel=0.01)
    assert lent.strategy.totalAssets() > MILLION // 2


def test_redeem__everything__pays_supply_and_interest_but_for_dust(lent):
    lent.deposit(MILLION)
    lent.replica.pass_time(MONTH)
    worth, before = lent.strategy.totalAssets(), lent.held(lent.bob)
    lent.strategy.redeem(lent.strategy.balanceOf(lent.alice), lent.bob, lent.alice, sender=lent.alice)
    paid = lent.held(lent.bob) - before
    assert worth - 4 <= paid <= worth + MOMENT
    assert lent.strategy.totalSupply() == 0
    assert position(lent) <= 4
    assert lent.market.read("borrowBalanceOf(address)", [lent.strategy.address]) == 0


def test_max_redeem__of_all_shares__goes_through_to_the_last_unit(lent):
    lent.deposit(MILLION)
    lent.deposit(3 * MILLION + 7, lent.bob)
    for who in (lent.alice, lent.bob):
        lent.strategy.redeem(lent.strategy.maxRedeem(who), who, who, sender=who)
        assert lent.strategy.balanceOf(who) == 0
        assert FUNDS - 4 <= lent.held(who) <= FUNDS + MOMENT


def test_withdraw__for_somebody_else__spends_the_allowance_of_shares(lent_usdc):
    lent = lent_usdc
    shares = lent.deposit(MILLION)
    call = (ONE, lent.bob, lent.alice)
    assert revert_of(lent.strategy.withdraw, *call, sender=lent.bob)[0] == "ERC20InsufficientAllowance"
    lent.strategy.approve(lent.bob, shares, sender=lent.alice)
    lent.strategy.withdraw(*call, sender=lent.bob)
    assert lent.strategy.allowance(lent.alice, lent.bob) < shares


# --- harvest ------------------------------------------------------------------------------------------------


def test_harvest__a_month_of_rewards__is_sold_on_the_pools_and_lent(lent):
    lent.deposit(20 * MILLION)
    lent.replica.pass_time(MONTH)
    owed, before = lent.claimable(), lent.strategy.totalAssets()
    assert owed > 10 * 10**18
    receipt = lent.strategy.harvest([lent.sale(owed)], sender=lent.governor)
    (event,) = receipt.decode_logs(lent.strategy.Harvested)
    dollars = owed * 45 // 10**18 * ONE
    assert 0.985 * dollars < event.gain < 1.001 * dollars
    # Lent at once, counted bit by bit.
    assert position(lent) >= before + event.gain
    assert lent.strategy.totalAssets() - before < event.gain // 100
    assert lent.strategy.lockedProfit() == pytest.approx(event.gain, rel=1e-4)
    lent.replica.pass_time(UNLOCK)
    assert lent.strategy.lockedProfit() == 0
    assert lent.strategy.totalAssets() >= before + event.gain
    assert lent.held(lent.strategy, "COMP") < 10**18  # what came in the block of the harvest itself


def test_harvest__below_the_oracles_floor__is_refused(lent_usdc):
    lent = lent_usdc
    lent.deposit(20 * MILLION)
    lent.replica.pass_time(MONTH)
    lent.replica.set_feed("COMP", "46")  # the pool pays 45
    assert revert_of(lent.strategy.harvest, [lent.sale(lent.claimable())], sender=lent.governor)[0] == (
        "BelowFloor"
    )


def test_harvest__by_a_stranger__is_refused(lent_usdc):
    refused = revert_of(lent_usdc.strategy.harvest, [], sender=lent_usdc.bob)
    assert refused == ("AccessManagedUnauthorized", lent_usdc.bob.address)


def test_harvest__rewards_starved__says_so_and_loses_nothing(lent):
    lent.deposit(20 * MILLION)
    lent.replica.pass_time(MONTH)
    lent.market.starve_rewards()
    owed = lent.claimable()
    receipt = lent.strategy.harvest([], sender=lent.governor)
    (event,) = receipt.decode_logs(lent.strategy.RewardsRefused)
    assert event.source == lent.strategy.REWARDS()
    lent.strategy.redeem(lent.strategy.balanceOf(lent.alice), lent.alice, lent.alice, sender=lent.alice)
    assert lent.held(lent.alice) > FUNDS
    lent.market.fund_rewards()
    lent.strategy.harvest([lent.sale(owed)], sender=lent.governor)


def test_harvest__rewards_that_burn_all_gas__cost_a_bounded_amount(lent_usdc):
    lent = lent_usdc
    lent.deposit(MILLION)
    # JUMPDEST, PUSH0, JUMP: an endless loop in the place of CometRewards.
    lent.replica.rpc.call("anvil_setCode", lent.strategy.REWARDS(), "0x5b5f56")
    receipt = lent.strategy.harvest([], sender=lent.governor, gas_limit=5_000_000)
    assert len(list(receipt.decode_logs(lent.strategy.RewardsRefused))) == 1
    assert lent.strategy.CLAIM_GAS() < receipt.gas_used < lent.strategy.CLAIM_GAS() + 400_000
    lent.strategy.redeem(lent.strategy.balanceOf(lent.alice), lent.alice, lent.alice, sender=lent.alice)
    assert lent.held(lent.alice) >= FUNDS - 4


def test_harvest__the_supply_paused__keeps_what_was_sold_for_the_next(lent_usdc):
    lent = lent_usdc
    lent.deposit(20 * MILLION)
    lent.replica.pass_time(MONTH)
    lent.market.pause(supply=True)
    lent.strategy.harvest([lent.sale(lent.claimable())], sender=lent.governor)
    kept = lent.held(lent.strategy)
    assert kept > 0
    lent.market.pause()
    before = position(lent)
    lent.strategy.harvest([], sender=lent.governor)
    assert lent.held(lent.strategy) == 0
    assert position(lent) >= before + kept - 2


# --- pauses and full utilisation ----------------------------------------------------------------------------


def test_supply_paused__nobody_gets_in_and_everybody_out(lent):
    lent.deposit(MILLION)
    lent.market.pause(supply=True)
    assert lent.strategy.maxDeposit(lent.bob) == lent.strategy.maxMint(lent.bob) == 0
    refused = revert_of(lent.strategy.deposit, ONE, lent.bob, sender=lent.bob)
    assert refused[0] == "ERC4626ExceededMaxDeposit"
    assert MILLION - 4 <= lent.strategy.maxWithdraw(lent.alice) <= MILLION + MOMENT
    lent.strategy.withdraw(MILLION // 2, lent.alice, lent.alice, sender=lent.alice)


def test_withdraw_paused__nothing_can_leave_and_the_value_stays(lent):
    lent.deposit(MILLION)
    lent.market.pause(withdraw=True)
    assert lent.strategy.maxWithdraw(lent.alice) == lent.strategy.maxRedeem(lent.alice) == 0
    refused = revert_of(lent.strategy.withdraw, ONE, lent.alice, lent.alice, sender=lent.alice)
    assert refused[0] == "ERC4626ExceededMaxWithdraw"
    assert lent.strategy.totalAssets() >= MILLION - 2
    assert lent.strategy.maxDeposit(lent.bob) > 0
    lent.market.pause()
    lent.strategy.withdraw(MILLION // 2, lent.alice, lent.alice, sender=lent.alice)


def test_pause_deposits__of_the_strategy_itself__stops_the_way_in_alone(lent_usdc):
    lent = lent_usdc
    lent.deposit(MILLION)
    lent.strategy.pauseDeposits(sender=lent.governor)
    assert lent.strategy.maxDeposit(lent.bob) == 0
    lent.strategy.withdraw(ONE, lent.alice, lent.alice, sender=lent.alice)
    lent.strategy.unpauseDeposits(sender=lent.governor)
    lent.deposit(ONE, lent.bob)


def test_full_utilisation__max_withdraw__is_what_lies_there(lent):
    lent.deposit(MILLION)
    lent.market.borrow_all()
    assert lent.strategy.maxWithdraw(lent.alice) == lent.strategy.maxRedeem(lent.alice) == 0
    assert lent.strategy.totalAssets() >= MILLION - 2  # lent, not lost
    lent.market.supply(1_000 * ONE, borrower(lent.coin))
    assert lent.strategy.maxWithdraw(lent.alice) == 1_000 * ONE
    before = lent.held(lent.alice)
    lent.strategy.withdraw(1_000 * ONE, lent.alice, lent.alice, sender=lent.alice)
    assert lent.held(lent.alice) == before + 1_000 * ONE
    assert lent.market.cash() == 0


def test_full_utilisation__max_redeem__goes_through(lent):
    lent.deposit(MILLION)
    lent.market.borrow_all()
    lent.market.supply(1_234_567, borrower(lent.coin))
    shares = lent.strategy.maxRedeem(lent.alice)
    assert 0 < shares < lent.strategy.balanceOf(lent.alice)
    assert passes(lent.strategy.redeem, shares, lent.alice, lent.alice, sender=lent.alice)
    assert not passes(lent.strategy.redeem, shares + SHARE, lent.alice, lent.alice, sender=lent.alice)
    lent.strategy.redeem(shares - SHARE // 100, lent.alice, lent.alice, sender=lent.alice)
    assert lent.market.cash() <= ONE // 100


# --- losses -------------------------------------------------------------------------------------------------


def test_loss__bad_debt_within_the_reserves__costs_the_suppliers_nothing(lent):
    lent.deposit(MILLION)
    reserves = lent.market.read("getReserves()", (), "int256")
    lent.market.push_loss(-reserves // 2)
    assert 0 < lent.market.read("getReserves()", (), "int256") < reserves
    assert lent.strategy.totalAssets() >= MILLION - 2
    assert lent.strategy.maxDeposit(lent.bob) > 0


def test_loss__beyond_the_reserves__is_shared_at_once_and_closes_the_door(lent):
    lent.deposit(10 * MILLION)
    lent.market.push_loss(8 * MILLION)
    owed = lent.market.read("totalSupply()")
    missing = -lent.market.read("getReserves()", (), "int256")
    held = position(lent)
    expected = held * (owed - missing) // owed
    assert lent.strategy.totalAssets() == pytest.approx(expected, rel=1e-8)
    assert lent.strategy.totalAssets() < held - held // 100
    assert lent.strategy.maxDeposit(lent.bob) == 0
    # Who leaves gets its part of what is there; who stays has no less than before.
    per_share = lent.strategy.convertToAssets(SHARE * 10**6)
    lent.strategy.redeem(lent.strategy.balanceOf(lent.alice) // 2, lent.alice, lent.alice, sender=lent.alice)
    assert lent.held(lent.alice) - (FUNDS - 10 * MILLION) == pytest.approx(expected // 2, rel=1e-6)
    assert lent.strategy.convertToAssets(SHARE * 10**6) >= per_share


def test_loss__made_good_by_a_gift__opens_the_door_again(lent_usdc):
    lent = lent_usdc
    lent.deposit(MILLION)
    lent.market.push_loss(2 * MILLION)
    gift = -lent.market.read("getReserves()", (), "int256") + 1_000 * ONE
    transfer = [lent.market.address, gift]
    lent.replica.rpc.send(
        lent.market.base.address, "transfer(address,uint256)", transfer, sender=lent.bob.address
    )
    assert lent.strategy.totalAssets() >= MILLION - 2
    lent.deposit(ONE, lent.bob)
