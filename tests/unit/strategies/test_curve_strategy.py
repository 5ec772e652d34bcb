"""CurveStrategy on Curve's own pool: in, fees, out, pause, a pool that runs dry, a coin off its peg."""

from fractions import Fraction

import pytest
from curve_world import FUNDS, HOUR, SHARE_UNIT, WEEK, CurveWorld, make_world

from ballast.model import curve as model
from ballast.replica import Replica, curve
from ballast.units import BPS, WAD
from tests.reverts import constructor_revert_of, passes, revert_of

pytestmark = pytest.mark.replica
POOLS = {
    "usdc-usdt": (("USDC", "USDT"), "USDC"),
    "usdt": (("USDC", "USDT"), "USDT"),
    "three": (("DAI", "USDC", "USDT"), "DAI"),
    "frax": (("FRAX", "USDC"), "FRAX"),
}
DUST = 10  # base units, or a trillionth of an amount with 18 decimals


@pytest.fixture(scope="module")
def worlds(project, accounts, networks) -> dict[str, CurveWorld]:
    """One for each pool; what a test does to them is undone by Ape's isolation."""
    replica = Replica(networks.active_provider.uri)
    return {name: make_world(project, accounts, replica, *pool) for name, pool in POOLS.items()}


@pytest.fixture(params=list(POOLS))
def every(worlds, request) -> CurveWorld:
    return worlds[request.param]


@pytest.fixture
def world(worlds) -> CurveWorld:
    return worlds["usdc-usdt"]


@pytest.fixture
def frax(worlds) -> CurveWorld:
    """A pool whose fees show."""
    return worlds["frax"]


def dust(world: CurveWorld) -> int:
    return max(DUST, world.one // 10**6)


def test_deposit__an_amount__mints_what_the_preview_said_for_the_lp_that_came(every):
    strategy, amount = every.strategy, 100_000 * every.one
    promised = strategy.previewDeposit(amount)
    got = every.deposit(100_000)
    assert promised <= got <= promised * 1_000_001 // 10**6
    assert strategy.lpBalance() == every.read_pool("balanceOf(address)", strategy.address) > 0
    assert every.held(strategy) == 0
    worth = strategy.convertToAssets(got)
    fee = every.read_pool("fee()")
    assert amount * (model.FEE_UNIT - 3 * fee) // model.FEE_UNIT - dust(every) <= worth <= amount
    assert (
        every.replica.rpc.read(
            every.asset, "allowance(address,address)", [strategy.address, every.pool.address]
        )
        == 0
    )


def test_mint__shares__cost_what_the_preview_said(every):
    every.deposit(10_000)
    shares = 50_000 * every.one * SHARE_UNIT
    before, cost = every.held(), every.strategy.previewMint(shares)
    held = every.strategy.balanceOf(every.holder)
    every.strategy.mint(shares, every.holder, sender=every.holder)
    assert before - every.held() == cost
    assert every.strategy.balanceOf(every.holder) - held == shares
    assert shares // SHARE_UNIT <= cost + dust(every)


def test_lp_price__at_rest__is_the_model_s_and_below_the_virtual_price(every):
    strategy, count = every.strategy, len(every.pool.coins)
    averages = [every.read_pool("price_oracle(uint256)", k) for k in range(count - 1)]
    virtual = every.read_pool("get_virtual_price()")
    index = every.pool.index(every.coin)
    price = strategy.lpPrice()
    assert price == model.lp_price(virtual, averages, index, every.read_pool("fee()"))
    assert virtual * 9_990 // BPS < price < virtual


def test_total_assets__at_rest__is_no_more_than_the_pool_pays(every):
    every.deposit(500_000)
    every.replica.pass_time(6 * HOUR)
    strategy = every.strategy
    paid = every.read_pool(
        "calc_withdraw_one_coin(uint256,int128)", strategy.lpBalance(), every.pool.index(every.coin)
    )
    assert paid * 9_990 // BPS < strategy.totalAssets() <= paid


def test_accrue__trades_in_the_pool__raise_the_price_by_their_fees(frax):
    shares = frax.deposit(1_000_000)
    before = frax.strategy.convertToAssets(shares)
    for _ in range(4):
        frax.trade(2_000_000)
    frax.replica.pass_time(6 * HOUR)
    after = frax.strategy.convertToAssets(shares)
    # 16 million sold at 1 bp, half of it for the providers, of whom the strategy is a twenty-first.
    assert 20 * frax.one < after - before < 60 * frax.one


def test_withdraw__a_part__pays_exactly_and_costs_what_the_preview_said(every):
    shares, amount = every.deposit(200_000), 70_000 * every.one
    every.replica.pass_time(HOUR)
    cost, before = every.strategy.previewWithdraw(amount), every.held()
    every.strategy.withdraw(amount, every.holder, every.holder, sender=every.holder)
    assert every.held() - before == amount
    assert shares - every.strategy.balanceOf(every.holder) == cost
    assert every.held(every.strategy) == 0


def test_redeem__everything__pays_the_fair_value_and_leaves_others_no_less(every):
    shares, others = every.deposit(200_000), every.deposit(300_000, every.other)
    every.replica.pass_time(HOUR)
    promised, before = every.strategy.previewRedeem(shares), every.held()
    theirs = every.strategy.convertToAssets(others)
    assert every.strategy.maxRedeem(every.holder) == shares
    assert promised == every.strategy.convertToAssets(shares)
    every.strategy.redeem(shares, every.holder, every.holder, sender=every.holder)
    assert every.held() - before == promised
    assert every.strategy.convertToAssets(others) >= theirs
    assert every.strategy.balanceOf(every.holder) == 0


def test_withdraw__the_most__is_what_max_withdraw_said(every):
    shares = every.deposit(200_000)
    every.replica.pass_time(6 * HOUR)
    most = every.strategy.maxWithdraw(every.holder)
    assert most >= every.strategy.previewRedeem(shares) * 99_998 // 100_000
    every.strategy.withdraw(most, every.holder, every.holder, sender=every.holder)
    # The margin, and what the pool charged less than the fair price reckons with.
    left = most * every.read_pool("fee()") // model.FEE_UNIT + most // 50_000
    assert every.strategy.maxWithdraw(every.holder) <= left + dust(every)


def test_redeem__for_somebody_else__needs_his_allowance(world):
    shares = world.deposit(1_000)
    refused = revert_of(world.strategy.redeem, shares, world.other, world.holder, sender=world.other)
    assert refused[0] == "ERC20InsufficientAllowance"
    world.strategy.approve(world.other, shares, sender=world.holder)
    world.strategy.redeem(shares, world.other, world.holder, sender=world.other)
    assert world.held(world.other) > FUNDS * world.one


def test_pause__deposits_stop__and_nobody_is_held(world):
    shares = world.deposit(50_000)
    assert revert_of(world.strategy.pauseDeposits, sender=world.holder)[0] == "AccessManagedUnauthorized"
    world.strategy.pauseDeposits(sender=world.curator)
    assert world.strategy.maxDeposit(world.other) == world.strategy.maxMint(world.other) == 0
    refused = revert_of(world.strategy.deposit, world.one, world.other, sender=world.other)
    assert refused[0] == "ERC4626ExceededMaxDeposit"
    world.strategy.redeem(shares, world.holder, world.holder, sender=world.holder)
    assert world.strategy.totalSupply() == 0
    world.strategy.unpauseDeposits(sender=world.curator)
    assert world.deposit(1_000) > 0


def test_harvest__nothing_to_claim__puts_stray_coins_to_work_as_a_gain(world):
    shares = world.deposit(50_000)
    world.replica.pass_time(6 * HOUR)
    before = world.strategy.convertToAssets(shares)
    world.replica.mint(world.coin, world.strategy.address, 100 * world.one)
    assert abs(world.strategy.convertToAssets(shares) - before) <= 1
    world.strategy.harvest([], sender=world.curator)
    assert world.held(world.strategy) == 0
    assert abs(world.strategy.convertToAssets(shares) - before) <= world.one // 100
    world.replica.pass_time(WEEK)
    assert 99 * world.one < world.strategy.convertToAssets(shares) - before <= 100 * world.one
    assert list(world.strategy.rewardTokens()) == []
    assert revert_of(world.strategy.harvest, [], sender=world.holder)[0] == "AccessManagedUnauthorized"


def test_max_deposit__a_tenth_of_the_pool__and_no_further(world):
    room = world.strategy.maxDeposit(world.holder)
    supply = world.read_pool("totalSupply()")
    assert room == pytest.approx(supply // 10 // 10**12, rel=1e-3)
    world.strategy.deposit(room, world.holder, sender=world.holder)
    left = world.strategy.maxDeposit(world.other)
    assert left <= room // 9  # a tenth of what itself made the pool larger
    refused = revert_of(world.strategy.deposit, left + 1, world.other, sender=world.other)
    assert refused[0] == "ERC4626ExceededMaxDeposit"


def test_max_deposit__the_pool_leans_towards_our_coin__takes_none_at_a_bad_price(world):
    world.deposit(1_000)
    world.push("USDC", "0.999")
    world.push("USDC", "0.8")
    assert world.strategy.maxDeposit(world.holder) == 0
    assert world.strategy.maxMint(world.holder) == 0


def test_illiquid__our_coin_has_run_out__the_limits_say_what_still_goes_and_lp_tokens_pay_the_rest(world):
    shares = world.deposit(1_500_000)
    world.push("USDT", "1.11")
    left = curve.balances(world.replica.rpc, world.pool)[0]
    strategy = world.strategy
    assert left < 500_000 * world.one
    limit, most = strategy.maxRedeem(world.holder), strategy.maxWithdraw(world.holder)
    assert 0 < limit < shares
    assert 0 < most < left
    refused = revert_of(strategy.redeem, shares, world.holder, world.holder, sender=world.holder)
    assert refused[0] == "ERC4626ExceededMaxRedeem"
    before, fair = world.held(), strategy.convertToAssets(limit)
    strategy.redeem(limit, world.holder, world.holder, sender=world.holder)
    paid = world.held() - before
    assert fair * (BPS - strategy.EXIT_SLIPPAGE_BPS()) // BPS <= paid < fair
    rest, lp = strategy.balanceOf(world.holder), strategy.lpBalance()
    strategy.redeemForLp(rest, world.holder, world.holder, sender=world.holder)
    got = world.read_pool("balanceOf(address)", world.holder.address)
    assert got == pytest.approx(lp, rel=1e-3)
    assert strategy.lpBalance() == lp - got


def test_withdraw__while_the_pool_pays_less_than_fair__shares_pay_the_difference(world):
    world.deposit(1_000_000)
    world.deposit(1_000_000, world.other)
    world.push("USDT", "0.97")
    strategy = world.strategy
    behind = world.lp_per_share()
    amount = strategy.maxWithdraw(world.holder) // 2
    cost = strategy.previewWithdraw(amount)
    assert strategy.convertToAssets(cost) > amount
    before = world.held()
    strategy.withdraw(amount, world.holder, world.holder, sender=world.holder)
    assert world.held() - before == amount
    assert world.lp_per_share() >= behind


def test_loss__the_other_coin_loses_its_peg__the_value_falls_with_it(frax):
    shares = frax.deposit(1_000_000)
    before = frax.strategy.convertToAssets(shares)
    price = frax.depeg("1.045")
    after = frax.strategy.convertToAssets(shares)
    assert Fraction(88, 100) < price < Fraction(92, 100)
    assert before * price * Fraction(999, 1_000) < after < before * price * Fraction(1_002, 1_000)
    index = frax.pool.index("FRAX")
    paid = frax.read_pool("calc_withdraw_one_coin(uint256,int128)", frax.strategy.lpBalance(), index)
    assert paid < before * 92 // 100
    assert frax.strategy.convertToAssets(frax.deposit(5_000, frax.other)) <= 5_000 * frax.one
    assert frax.strategy.convertToAssets(shares) >= after - dust(frax)


def test_loss__our_coin_loses_its_peg__is_worth_no_more_than_the_virtual_price(frax):
    """In coins that have become cheap the position is worth more of them; that much is not promised."""
    shares = frax.deposit(1_000_000)
    frax.push("FRAX", "0.86")
    frax.replica.pass_time(6 * HOUR)
    virtual = frax.read_pool("get_virtual_price()")
    assert frax.strategy.convertToAssets(shares) <= frax.strategy.lpBalance() * virtual // WAD
    before, fair = frax.held(), frax.strategy.convertToAssets(shares)
    frax.strategy.redeem(shares, frax.holder, frax.holder, sender=frax.holder)
    assert abs(frax.held() - before - fair) <= dust(frax)  # never more than fair, whatever the pool would pay
    assert frax.strategy.lpBalance() > 0


def test_redeem__while_the_peg_breaks_and_the_average_lags__pays_what_the_pool_pays(frax):
    shares = frax.deposit(500_000)
    frax.deposit(500_000, frax.other)
    frax.push("USDC", "0.985")
    fair, behind = frax.strategy.convertToAssets(shares), frax.lp_per_share()
    paid, before = frax.strategy.previewRedeem(shares), frax.held()
    assert paid < fair * 98 // 100
    frax.strategy.redeem(shares, frax.holder, frax.holder, sender=frax.holder)
    assert abs(frax.held() - before - paid) <= dust(frax)
    assert frax.lp_per_share() >= behind  # the others keep their part of the pool


def test_limits__the_pool_cannot_be_asked__are_nothing_and_do_not_revert(world):
    world.deposit(1_000)
    code = world.replica.rpc.call("eth_getCode", world.pool.address, "latest")
    world.replica.rpc.call("anvil_setCode", world.pool.address, "0x5f5ffd")  # reverts
    strategy = world.strategy
    assert [strategy.maxDeposit(world.holder), strategy.maxMint(world.holder)] == [0, 0]
    assert [strategy.maxWithdraw(world.holder), strategy.maxRedeem(world.holder)] == [0, 0]
    world.replica.rpc.call("anvil_setCode", world.pool.address, code)
    assert strategy.maxRedeem(world.holder) > 0


def test_zero__amounts__cost_and_pay_nothing(world):
    strategy = world.strategy
    previews = (
        strategy.previewDeposit,
        strategy.previewMint,
        strategy.previewWithdraw,
        strategy.previewRedeem,
    )
    assert [preview(0) for preview in previews] == [0, 0, 0, 0]
    world.deposit(1_000)
    assert [preview(0) for preview in previews] == [0, 0, 0, 0]
    assert passes(strategy.redeem, 0, world.holder, world.holder, sender=world.holder)
    assert passes(strategy.withdraw, 0, world.holder, world.holder, sender=world.holder)


def test_constructor__asset_not_in_the_pool__is_named(project, world):
    dai = world.replica.book.token("DAI").address
    start = ("n", "s", world.pool.address, dai, world.strategy.authority(), world.oracle)
    assert constructor_revert_of(project.CurveStrategy, *start) == ("NotInThePool", dai)


def test_months__of_nothing__move_no_price(world):
    shares = world.deposit(100_000)
    before = world.strategy.convertToAssets(shares)
    world.replica.pass_time(4 * WEEK)
    assert abs(world.strategy.convertToAssets(shares) - before) <= before // 10**6
