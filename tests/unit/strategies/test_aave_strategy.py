"""`AaveStrategy` on Aave V3's own code: in, interest, rewards sold on Uniswap, out, and what goes wrong."""

from decimal import Decimal

import pytest

from ballast.replica.place import OPERATOR
from tests.reverts import constructor_revert_of, passes, revert_of
from tests.unit.strategies.aave_world import aave_builder, interest
from tests.unit.strategies.conftest import DAY, EVERYTHING, ZERO

pytestmark = pytest.mark.replica
MILLION = 10**6  # whole coins
COINS = ("USDC", "USDT", "DAI", "FRAX", "LUSD")
TO_USDC = (("WETH", 3_000), ("USDC", 500))
ROUNDING = 4  # base units that one way in or out may cost
SECONDS = 1e-7  # of the value: what some seconds of interest are worth


@pytest.fixture(scope="module")
def builder(project, networks, access, governor, keeper):
    return aave_builder(project, networks.active_provider.uri, access, governor, keeper)


@pytest.fixture(scope="module")
def usdc(builder):
    return builder.world("USDC")


@pytest.fixture
def lent(usdc, investor):
    """A million USDC of the investor's in it."""
    usdc.deposit(investor, MILLION)
    return usdc


# --- in and out


@pytest.mark.parametrize("coin", COINS)
def test_deposit__accrue__leave__every_coin__brings_what_the_market_paid(builder, investor, other, coin):
    world = builder.world(coin)
    amount = 100_000 * world.unit
    assert world.deposit(investor, 100_000) == pytest.approx(amount * 10**6, rel=1e-9)
    world.deposit(other, 50_000)
    assert amount - ROUNDING <= world.worth(investor) == pytest.approx(amount, rel=SECONDS)
    assert world.replica.rpc.read(world.token, "balanceOf(address)", [world.strategy.address]) == 0
    args = [world.strategy.address, builder.replica.book.contracts["aave_v3_pool"]]
    assert world.replica.rpc.read(world.token, "allowance(address,address)", args) == 0
    share = interest(world, 30 * DAY)
    world.replica.pass_time(30 * DAY)
    grown = Decimal(world.worth(investor)) / amount - 1
    assert grown == pytest.approx(share, rel=Decimal("0.01"))
    part = world.worth(investor) // 3
    world.strategy.withdraw(part, investor, investor, sender=investor)
    assert world.balance(investor) == part
    owed, theirs = world.worth(investor), world.worth(other)
    assert owed - ROUNDING <= world.leave(investor) == pytest.approx(owed, rel=SECONDS)
    assert world.strategy.balanceOf(investor) == 0
    assert world.worth(other) >= theirs
    assert world.leave(other) >= theirs - ROUNDING


@pytest.mark.parametrize("coin", ["USDC", "DAI"])
def test_previews__after_months_of_interest__are_what_happens(builder, investor, other, coin):
    """The index has no round value then: Aave credits less, and takes more, than it is asked."""
    world = builder.world(coin)
    world.deposit(investor, MILLION)
    world.fund(other, 2 * MILLION)
    world.replica.pass_time(123 * DAY + 4_567)
    world.market.use(coin, "0")  # no interest from here on, so that nothing hides a unit
    strategy = world.strategy
    for amount in (5, 6, 1_000_003, 999_999 * world.unit):
        expected = strategy.previewDeposit(amount)
        got, paid = moved(world, other, strategy.deposit, amount, other)
        assert expected <= got <= expected + ROUNDING * 10**6
        assert paid == -amount
    for amount in (1, 2, 1_000_003, 77_777 * world.unit):
        expected = strategy.previewWithdraw(amount)
        assert moved(world, other, strategy.withdraw, amount, other, other) == (-expected, amount)
    for shares in (1, 10**6 * 5, 10**6 * 1_000_003 + 1, strategy.maxRedeem(other) // 3):
        expected = strategy.previewRedeem(shares)
        assert moved(world, other, strategy.redeem, shares, other, other) == (-shares, expected)
    for shares in (1, 10**6 * 5, 10**6 * 77_777_777):
        expected = strategy.previewMint(shares)
        assert moved(world, other, strategy.mint, shares, other) == (shares, -expected)


def moved(world, account, method, *args):
    """What an act of `account`'s adds to its shares and coins; nobody else's shares may lose by it."""
    price = world.strategy.convertToAssets(10**36)
    shares, coins = world.strategy.balanceOf(account), world.balance(account)
    method(*args, sender=account)
    assert world.strategy.convertToAssets(10**36) >= price
    return world.strategy.balanceOf(account) - shares, world.balance(account) - coins


def test_constructor__a_coin_that_is_not_listed__refused(project, usdc, builder):
    known, oracle = builder.replica.book.contracts, builder.oracle.address
    aave = builder.replica.book.token("AAVE").address
    args = ("A", "A", aave, known["aave_v3_pool"], known["aave_v3_rewards"], builder.access.address, oracle)
    assert constructor_revert_of(project.AaveStrategy, *args) == ("NotListed", aave)


def test_constructor__usdc__knows_its_deposit_token(usdc, builder):
    assert usdc.strategy.DEPOSIT_TOKEN() == builder.replica.book.contracts["aave_v3_usdc"]
    assert usdc.strategy.IS_V3()


# --- harvest


def test_harvest__a_week_of_rewards__sold_on_uniswap_and_let_out_over_three_days(lent, investor):
    lent.market.emit_rewards("USDC", "AAVE", 10**16, 30 * DAY)  # 864 AAVE a day among all
    lent.replica.pass_time(7 * DAY)
    token = lent.replica.book.token("AAVE").address
    supplied = lent.market.supplied("USDC")
    (told,) = lent.harvest(lent.sale(*TO_USDC)).decode_logs(lent.strategy.Harvested)
    assert lent.replica.rpc.read(token, "balanceOf(address)", [lent.strategy.address]) == 0
    fair = 7 * 864 * 150 * MILLION * lent.unit * lent.unit // supplied  # at $150 an AAVE
    assert told.gain == pytest.approx(fair, rel=0.01)  # less the pools' fees
    after = lent.worth(investor)
    assert lent.strategy.lockedProfit() == pytest.approx(told.gain, rel=1e-4)
    without = interest(lent, 3 * DAY) * after
    lent.replica.pass_time(3 * DAY)
    assert lent.strategy.lockedProfit() == 0
    assert lent.worth(investor) - after == pytest.approx(without + told.gain, rel=Decimal("0.01"))


def test_harvest__joined_the_minute_before__gains_nothing(lent, investor, other):
    lent.market.emit_rewards("USDC", "AAVE", 10**18, 30 * DAY)
    lent.replica.pass_time(7 * DAY)
    lent.deposit(other, 9 * MILLION)
    lent.harvest(lent.sale(*TO_USDC))
    gain = lent.strategy.lockedProfit()
    assert gain > 1_000 * lent.unit
    # A few seconds of interest and of the gain.
    assert lent.leave(other) - 9 * MILLION * lent.unit < 100 * lent.unit + gain // 10_000
    assert lent.strategy.lockedProfit() == pytest.approx(gain, rel=1e-4)


def test_harvest__a_pool_that_was_pushed__is_refused_below_the_floor(lent):
    lent.market.emit_rewards("USDC", "AAVE", 10**18, 30 * DAY)
    lent.replica.pass_time(DAY)
    lent.replica.move_pool("AAVE", "WETH", lent.replica.pool_price("AAVE", "WETH") * Decimal("0.95"))
    refused = revert_of(lent.strategy.harvest, [lent.sale(*TO_USDC)], sender=lent.keeper)
    assert refused[:2] == ("BelowFloor", 0)


def test_harvest__rewards_in_the_asset_and_in_the_deposit_token__are_gains_without_a_sale(lent, investor):
    """Both are real on mainnet; neither is ever for sale."""
    deposit_token = lent.market.deposit_token("USDC")
    lent.market.emit_rewards("USDC", "USDC", 100 * lent.unit, 30 * DAY)
    lent.replica.pass_time(DAY)
    assert list(lent.strategy.rewardTokens()) == []
    for token in (lent.token, deposit_token):
        sale = (token, 1, lent.venue.address, b"")
        refused = revert_of(lent.strategy.harvest, [sale], sender=lent.keeper)
        assert refused == ("NotAReward", token)
    (told,) = lent.harvest().decode_logs(lent.strategy.Harvested)
    fair = 86_400 * 100 * MILLION * lent.unit * lent.unit // lent.market.supplied("USDC")
    assert told.gain == pytest.approx(fair, rel=0.01)
    assert lent.balance(lent.strategy) == 0


def test_harvest__one_reward_that_fails__is_told_and_takes_no_other_with_it(lent, investor):
    lent.market.emit_rewards("USDC", "AAVE", 10**16, 30 * DAY)
    lent.market.emit_rewards("USDC", "USDT", 10 * lent.unit, 30 * DAY)
    lent.replica.pass_time(DAY)
    lent.market.pay_rewards("USDT", paid=False)
    receipt = lent.harvest(lent.sale(*TO_USDC))
    refused = [event.source for event in receipt.decode_logs(lent.strategy.RewardsRefused)]
    assert refused == [lent.replica.book.token("USDT").address]
    (told,) = receipt.decode_logs(lent.strategy.Harvested)
    assert told.gain > 0
    owed = lent.worth(investor)
    assert lent.leave(investor) >= owed - ROUNDING


# --- limits


def test_full_utilisation__nothing_comes_out_until_somebody_repays(lent, investor, other):
    lent.market.use("USDC", "1")
    strategy = lent.strategy
    assert strategy.maxWithdraw(investor) == strategy.maxRedeem(investor) == 0
    refused = revert_of(strategy.redeem, 10**12, investor, investor, sender=investor)
    assert refused == ("ERC4626ExceededMaxRedeem", investor.address, 10**12, 0)
    # Its value stands, its shares move, and whoever comes in brings what may leave.
    assert lent.worth(investor) >= MILLION * lent.unit - ROUNDING
    lent.deposit(other, 100_000)
    liquid = strategy.maxWithdraw(investor)
    assert liquid == lent.market.available("USDC") == 100_000 * lent.unit
    strategy.withdraw(liquid, investor, investor, sender=investor)
    assert lent.market.available("USDC") == 0
    lent.market.use("USDC", "0.9")
    owed = lent.worth(investor)
    assert lent.leave(investor) >= owed - ROUNDING


def test_max_redeem__some_liquidity__is_what_really_comes_out(lent, investor):
    lent.market.use("USDC", "1")
    lent.market.supply("USDC", 1_234_567_891)
    shares = lent.strategy.maxRedeem(investor)
    assert 1_234_567_889 <= lent.strategy.previewRedeem(shares) <= 1_234_567_891
    assert passes(lent.strategy.redeem, shares, investor, investor, sender=investor)
    assert passes(lent.strategy.withdraw, 1_234_567_891, investor, investor, sender=investor)


def test_max_withdraw__coins_sent_to_aaves_own_token__are_not_promised(lent, investor):
    """Aave counts what it was supplied with: a gift to it can be withdrawn by nobody."""
    lent.market.use("USDC", "1")
    lent.replica.mint("USDC", lent.market.deposit_token("USDC"), 500 * lent.unit)
    assert lent.strategy.maxWithdraw(investor) == 0


@pytest.mark.parametrize("after", [0, 45 * DAY])
def test_max_deposit__near_the_supply_cap__goes_in_and_no_unit_more_is_promised(lent, other, after):
    """The treasury's part counts against the cap, also what it has not been given yet."""
    lent.market.set_supply_cap("USDC", lent.market.supplied("USDC") // lent.unit + 40_000_000)
    if after:
        lent.replica.pass_time(after)
    room = lent.strategy.maxDeposit(other)
    assert 0 < room < 41_000_000 * lent.unit
    lent.fund(other, 50_000_000)
    # The next block's interest takes a little of it.
    fits = room - 500 * lent.unit
    assert passes(lent.strategy.deposit, fits, other, sender=other)
    lent.strategy.deposit(fits, other, sender=other)
    assert lent.strategy.maxDeposit(other) < 600 * lent.unit
    lent.market.set_supply_cap("USDC", 1)
    assert lent.strategy.maxDeposit(other) == lent.strategy.maxMint(other) == 0


def test_max_deposit__no_cap__is_without_limit(lent, other):
    lent.market.set_supply_cap("USDC", 0)
    assert lent.strategy.maxDeposit(other) == lent.strategy.maxMint(other) == EVERYTHING


def test_pause__aaves__nothing_moves_and_nothing_is_promised(lent, investor, other):
    lent.market.pause("USDC")
    strategy = lent.strategy
    assert strategy.maxDeposit(other) == strategy.maxMint(other) == 0
    assert strategy.maxWithdraw(investor) == strategy.maxRedeem(investor) == 0
    assert lent.worth(investor) >= MILLION * lent.unit - ROUNDING
    lent.harvest()  # nothing to invest, nothing fails
    lent.market.pause("USDC", paused=False)
    owed = lent.worth(investor)
    assert lent.leave(investor) >= owed - ROUNDING


def test_freeze__aaves__lets_out_and_not_in(lent, investor, other):
    lent.market.freeze("USDC")
    assert lent.strategy.maxDeposit(other) == lent.strategy.maxMint(other) == 0
    owed = lent.worth(investor)
    assert lent.leave(investor) >= owed - ROUNDING


def test_harvest__while_frozen__sells_and_keeps_the_coins_for_later(lent):
    lent.market.emit_rewards("USDC", "AAVE", 10**17, 30 * DAY)
    lent.replica.pass_time(DAY)
    lent.market.freeze("USDC")
    lent.harvest(lent.sale(*TO_USDC))
    kept = lent.balance(lent.strategy)
    assert kept > 0
    lent.market.freeze("USDC", frozen=False)
    lent.harvest()
    assert lent.balance(lent.strategy) == 0
    assert lent.strategy.lockedProfit() == pytest.approx(kept, rel=1e-3)


def test_pause__ours__lets_out_and_not_in(lent, investor, other, guardian):
    lent.strategy.pauseDeposits(sender=guardian)
    lent.fund(other, 1)
    refused = revert_of(lent.strategy.deposit, lent.unit, other, sender=other)
    assert refused == ("ERC4626ExceededMaxDeposit", other.address, lent.unit, 0)
    owed = lent.worth(investor)
    assert lent.leave(investor) >= owed - ROUNDING


# --- loss


def test_bad_debt__that_nobody_covers__is_shared_at_once(lent, investor, other):
    before, supplied = lent.worth(investor), lent.market.supplied("USDC")
    deficit = lent.market.default("USDC", 30_000_000 * lent.unit)
    lost = before - lent.worth(investor)
    assert lost == pytest.approx(before * deficit / supplied, rel=0.01)
    # Whoever comes now buys at the lower value, and those there pay nothing for it.
    stays = lent.strategy.convertToAssets(10**24)
    lent.deposit(other, MILLION)
    assert lent.strategy.convertToAssets(10**24) >= stays
    theirs = lent.worth(other)
    assert theirs == pytest.approx(MILLION * lent.unit * (1 - deficit / supplied), rel=1e-3)
    # And whoever leaves takes a part of what is left, and no more.
    owed = lent.worth(investor)
    assert owed - ROUNDING <= lent.leave(investor) == pytest.approx(owed, rel=SECONDS)
    assert lent.worth(other) >= theirs


def test_bad_debt__previews_and_limits__hold(lent, investor, other):
    lent.market.default("USDC", 10_000_000 * lent.unit)
    lent.replica.pass_time(33 * DAY)
    lent.fund(other, 2 * MILLION)
    strategy = lent.strategy
    for amount in (1_000_003, MILLION * lent.unit):
        shares, before = strategy.previewDeposit(amount), strategy.balanceOf(other)
        strategy.deposit(amount, other, sender=other)
        assert strategy.balanceOf(other) - before >= shares
    shares = 10**6 * 7_654_321
    stays, asked = strategy.convertToAssets(10**24), lent.balance(other)
    strategy.mint(shares, other, sender=other)
    assert asked - lent.balance(other) <= strategy.previewMint(shares) + 1
    assert strategy.convertToAssets(10**24) >= stays
    assert passes(strategy.withdraw, strategy.maxWithdraw(investor), investor, investor, sender=investor)
    assert passes(strategy.redeem, strategy.maxRedeem(investor), investor, investor, sender=investor)


def test_bad_debt__eats_a_locked_harvest_first(lent, investor):
    lent.market.emit_rewards("USDC", "AAVE", 10**18, 30 * DAY)
    lent.replica.pass_time(7 * DAY)
    lent.harvest(lent.sale(*TO_USDC))
    locked, before = lent.strategy.lockedProfit(), lent.worth(investor)
    deficit = lent.market.default("USDC", 3_000_000 * lent.unit)
    loss = MILLION * lent.unit * deficit / lent.market.supplied("USDC")
    assert loss < locked
    assert lent.strategy.lockedProfit() == pytest.approx(locked - loss, rel=0.02)
    assert lent.worth(investor) == pytest.approx(before, rel=1e-5)


def test_theft__of_the_deposit_token__counts_at_once(lent, investor):
    """Were a hole found in Aave: half of the deposits gone."""
    token, thief = lent.market.deposit_token("USDC"), OPERATOR
    lent.replica.rpc.call("anvil_impersonateAccount", lent.strategy.address)
    lent.replica.give_eth(lent.strategy.address, 10**18)
    half = MILLION * lent.unit // 2
    lent.replica.rpc.send(token, "transfer(address,uint256)", [thief, half], sender=lent.strategy.address)
    assert lent.worth(investor) == pytest.approx(half, abs=10 * lent.unit)
    assert lent.leave(investor) == pytest.approx(half, abs=10 * lent.unit)


def test_donation__of_the_deposit_token__enriches_only_those_who_were_there(lent, investor, other):
    token = lent.market.deposit_token("USDC")
    gift = 1_000 * lent.unit
    args = [lent.strategy.address, gift]
    lent.replica.rpc.send(token, "transfer(address,uint256)", args, sender=OPERATOR)
    assert lent.worth(investor) == pytest.approx(MILLION * lent.unit + gift, abs=lent.unit)
    lent.deposit(other, MILLION)
    assert lent.leave(other) <= MILLION * lent.unit + lent.unit  # and a second or two of interest


def test_no_rewards_controller__harvest__does_nothing_and_no_harm(builder, investor):
    world = builder.world("DAI", rewards="none")
    world.deposit(investor, 1_000)
    assert world.strategy.REWARDS() == ZERO
    assert list(world.strategy.rewardTokens()) == []
    (told,) = world.harvest().decode_logs(world.strategy.Harvested)
    assert told.gain == 0
