"""The same `AaveStrategy` on Aave V2's own code, the pool of the old index."""

import pytest

from ballast.replica.aave_v2 import freeze_v2, pause_v2, use_up_v2
from ballast.replica.place import OPERATOR
from tests.reverts import revert_of
from tests.unit.strategies.aave_world import aave_builder
from tests.unit.strategies.conftest import DAY, EVERYTHING, ZERO

pytestmark = pytest.mark.replica
MILLION = 10**6  # whole coins
ROUNDING = 4  # base units that one way in or out may cost
SECONDS = 1e-7  # of the value: what some seconds of interest are worth


@pytest.fixture(scope="module")
def builder(project, networks, access, governor, keeper):
    return aave_builder(project, networks.active_provider.uri, access, governor, keeper)


@pytest.fixture(scope="module")
def usdc(builder):
    return builder.world("USDC", pool="aave_v2_pool", rewards="none")


@pytest.fixture
def lent(usdc, investor):
    """A million USDC of the investor's in it."""
    usdc.deposit(investor, MILLION)
    return usdc


def test_constructor__a_v2_pool__is_known_as_one(usdc, builder):
    assert not usdc.strategy.IS_V3()
    assert usdc.strategy.DEPOSIT_TOKEN() == builder.replica.book.contracts["aave_v2_usdc"]
    assert usdc.strategy.REWARDS() == ZERO


@pytest.mark.parametrize("coin", ["USDC", "DAI"])
def test_deposit__accrue__leave__brings_interest_and_costs_nobody_else(builder, investor, other, coin):
    world = builder.world(coin, pool="aave_v2_pool", rewards="none")
    amount = 100_000 * world.unit
    world.deposit(investor, 100_000)
    assert amount - ROUNDING <= world.worth(investor) == pytest.approx(amount, rel=SECONDS)
    world.replica.pass_time(91 * DAY + 77)
    assert amount * 1.005 < world.worth(investor) < amount * 1.015
    world.fund(other, MILLION)
    price = world.strategy.convertToAssets(10**36)
    for deposit in (5, 1_000_003, 99_999 * world.unit):
        shares, before = world.strategy.previewDeposit(deposit), world.strategy.balanceOf(other)
        world.strategy.deposit(deposit, other, sender=other)
        # A second of interest makes shares a little dearer than the preview knew.
        assert world.strategy.balanceOf(other) - before == pytest.approx(shares, rel=SECONDS, abs=4 * 10**6)
        assert world.strategy.convertToAssets(10**36) >= price
        price = world.strategy.convertToAssets(10**36)
    part = world.worth(investor) // 3
    world.strategy.withdraw(part, investor, investor, sender=investor)
    assert world.balance(investor) == part
    assert world.strategy.convertToAssets(10**36) >= price
    owed = world.worth(investor)
    assert owed - ROUNDING <= world.leave(investor) == pytest.approx(owed, rel=SECONDS)
    assert world.leave(other) > 0
    assert world.strategy.totalSupply() == 0


def test_pause__of_the_whole_pool__nothing_moves_and_nothing_is_promised(lent, investor, other):
    pause_v2(lent.replica)
    strategy = lent.strategy
    assert strategy.maxDeposit(other) == strategy.maxMint(other) == 0
    assert strategy.maxWithdraw(investor) == strategy.maxRedeem(investor) == 0
    assert lent.worth(investor) >= MILLION * lent.unit - ROUNDING
    pause_v2(lent.replica, paused=False)
    owed = lent.worth(investor)
    assert lent.leave(investor) >= owed - ROUNDING


def test_freeze__of_the_coin__lets_out_and_not_in(lent, investor, other):
    """As V2 stands on mainnet today."""
    freeze_v2(lent.replica, "USDC")
    assert lent.strategy.maxDeposit(other) == 0
    owed = lent.worth(investor)
    assert lent.leave(investor) >= owed - ROUNDING


def test_full_utilisation__nothing_comes_out_until_somebody_supplies(lent, investor):
    assert lent.strategy.maxDeposit(investor) == EVERYTHING
    use_up_v2(lent.replica, "USDC")
    assert lent.strategy.maxWithdraw(investor) == lent.strategy.maxRedeem(investor) == 0
    refused = revert_of(lent.strategy.withdraw, 1, investor, investor, sender=investor)
    assert refused == ("ERC4626ExceededMaxWithdraw", investor.address, 1, 0)
    args = [lent.token, 1_000 * lent.unit, OPERATOR, 0]
    pool = lent.replica.book.contracts["aave_v2_pool"]
    lent.replica.rpc.send(pool, "deposit(address,uint256,address,uint16)", args, sender=OPERATOR)
    assert lent.strategy.maxWithdraw(investor) == 1_000 * lent.unit
    lent.strategy.withdraw(1_000 * lent.unit, investor, investor, sender=investor)
    assert lent.balance(investor) == 1_000 * lent.unit


def test_loss__of_the_deposit_token__counts_at_once(lent, investor):
    token, half = lent.replica.book.contracts["aave_v2_usdc"], MILLION * lent.unit // 2
    lent.replica.rpc.call("anvil_impersonateAccount", lent.strategy.address)
    lent.replica.give_eth(lent.strategy.address, 10**18)
    args = [OPERATOR, half]
    lent.replica.rpc.send(token, "transfer(address,uint256)", args, sender=lent.strategy.address)
    assert lent.worth(investor) == pytest.approx(half, abs=10 * lent.unit)
    assert lent.leave(investor) == pytest.approx(half, abs=10 * lent.unit)


def test_harvest__without_rewards__does_nothing_and_no_harm(lent):
    (told,) = lent.harvest().decode_logs(lent.strategy.Harvested)
    assert told.gain == 0
