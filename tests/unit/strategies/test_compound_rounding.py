"""CompoundStrategy to the base unit: whoever comes or goes pays Comet's rounding, and nobody else does."""

from random import Random

import pytest

from ballast.replica import Replica
from ballast.replica.comet import COMET_COINS, MONTH, shaky_borrower
from ballast.replica.place import OPERATOR
from tests.profiles import PROFILE
from tests.unit.strategies.compound import ONE, SHARE, lend

pytestmark = pytest.mark.replica
MILLION = 1_000_000 * ONE
YEAR = 365 * 86_400  # s
INDEX_ONE = 10**15
TOTALS = "uint64,uint64,uint64,uint64,uint104,uint104,uint40,uint8"
BASIC = "int104,uint64,uint64,uint16,uint8"
PRICE_OF = SHARE * 10**12  # so many shares that their worth shows every change of a share's price


@pytest.fixture(scope="module")
def everywhere(networks, project, accounts):
    """A strategy for each market; what a test does to them is undone by Ape's isolation."""
    replica = Replica(networks.active_provider.uri)
    return {coin: lend(coin, replica, project, accounts) for coin in COMET_COINS}


@pytest.fixture
def lent(everywhere):
    return everywhere["USDC"]


@pytest.fixture(params=COMET_COINS)
def old(request, everywhere):
    """A strategy over a market of some years: its index is an odd number well above one."""
    everywhere[request.param].replica.pass_time(3 * YEAR + 12_345)
    return everywhere[request.param]


def stored_index(lent):
    return lent.market.read("totalsBasic()", (), TOTALS)[0]


def principal(lent):
    return lent.market.read(
        "userBasic(address)", [lent.strategy.address], "int104,uint64,uint64,uint16,uint8"
    )[0]


def worth(lent, shares=PRICE_OF):
    return lent.strategy.convertToAssets(shares)


@pytest.fixture
def frozen_clock(replica):
    """Blocks that may share a second: what moves a share's price is rounding, not interest."""
    replica.rpc.call("anvil_setBlockTimestampInterval", 0)
    yield
    replica.rpc.call("anvil_setBlockTimestampInterval", 1)


ACTIONS = {
    "deposit": "deposit(uint256,address)",
    "mint": "mint(uint256,address)",
    "withdraw": "withdraw(uint256,address,address)",
    "redeem": "redeem(uint256,address,address)",
}
LIMITS = ("maxWithdraw(address)", "maxRedeem(address)")


class Drawn:
    """Drawn comings and goings by plain JSON-RPC, each in the second of the looks round it."""

    def __init__(self, lent, random):
        self.lent, self.random, self.rpc = lent, random, lent.replica.rpc
        self.at = str(lent.strategy.address)

    def step(self):
        """Does one thing that the limits allow and checks it, unless they allow nothing."""
        who = self.random.choice((self.lent.alice, self.lent.bob)).address
        name, amount = self._draw(who)
        if not amount:
            return False
        preview = f"preview{name.capitalize()}(uint256)"
        promised = self.rpc.read(self.at, preview, [amount])
        before, shares, coins = self._look(who)
        now = self.rpc.timestamp()
        self.rpc.call("evm_setNextBlockTimestamp", now)
        args = [amount, who] if name in ("deposit", "mint") else [amount, who, who]
        self.rpc.send(self.at, ACTIONS[name], args, sender=who)
        assert self.rpc.timestamp() == now
        after, shares_after, coins_after = self._look(who)
        assert after >= before, name
        if name == "deposit":
            assert shares_after - shares >= promised  # Comet rounded less than it might have
        else:
            moved = coins_after - coins if name in ("mint", "redeem") else shares_after - shares
            assert abs(moved) == promised
        return True

    def _draw(self, who):
        amount = self.random.randint(1, self.random.choice((4, 100, 10**6, 10**12)))
        name = self.random.choice(list(ACTIONS))
        most, most_shares = self.rpc.read_many([(self.at, limit, [who], "uint256") for limit in LIMITS])
        if name == "deposit":
            return name, amount + 2
        if name == "mint":
            return name, amount * 10**5 + self.random.randint(1, 10**6)
        if name == "withdraw":
            return name, min(amount, most)
        return name, min(amount * 10**6 + self.random.randint(0, 10**6), most_shares)

    def _look(self, who):
        """A share's price, and what the account has of shares and of coins."""
        return self.rpc.read_many(
            [
                (self.at, "convertToAssets(uint256)", [PRICE_OF], "uint256"),
                (self.at, "balanceOf(address)", [who], "uint256"),
                (self.lent.market.base.address, "balanceOf(address)", [who], "uint256"),
            ]
        )


def test_share_price__drawn_comings_and_goings__never_falls(old, frozen_clock):
    old.market.rpc.send(old.market.address, "accrueAccount(address)", [old.strategy.address], sender=OPERATOR)
    old.deposit(MILLION // 7, old.bob)
    assert stored_index(old) > INDEX_ONE * 105 // 100
    drawn = Drawn(old, Random(11))
    done = sum(drawn.step() for _ in range(4 * PROFILE.examples))
    assert done > 2 * PROFILE.examples


def test_rounding__of_every_small_amount__is_within_what_the_strategy_says(old):
    bound = old.strategy.rounding()
    assert bound == 2
    for amount in (3, 4, 5, 99, 10**6 + 1, 10**9 + 7):
        before = principal(old) * stored_index(old) // INDEX_ONE
        old.deposit(amount)
        grown = principal(old) * stored_index(old) // INDEX_ONE
        old.market.rpc.send(
            old.market.address, "accrueAccount(address)", [old.strategy.address], sender=OPERATOR
        )
        assert amount - bound <= grown - before <= amount + grown // 10**6  # interest of seconds


def test_rounding__an_index_above_two__is_one_unit_more(lent):
    lent.market.set_utilization(9 * 10**17)
    while stored_index(lent) < 2 * INDEX_ONE:
        lent.replica.pass_time(20 * YEAR)
        lent.market.rpc.send(
            lent.market.address, "accrueAccount(address)", [lent.strategy.address], sender=OPERATOR
        )
    assert lent.strategy.rounding() == stored_index(lent) // INDEX_ONE + 1 >= 3
    # The market owes more interest than its borrowers do by now, so it takes nothing; a gift puts that right.
    missing = -lent.market.read("getReserves()", (), "int256")
    if missing > 0:
        gift = [lent.market.address, missing + MILLION]
        lent.replica.rpc.send(lent.market.base.address, "transfer(address,uint256)", gift, sender=OPERATOR)
    lent.deposit(MILLION)
    for amount in (1, 2, 3, 10**6 + 1):
        before = worth(lent)
        lent.strategy.withdraw(amount, lent.alice, lent.alice, sender=lent.alice)
        assert worth(lent) >= before


def test_preview_deposit__no_more_than_the_rounding__promises_nothing(lent):
    lent.deposit(MILLION)
    assert lent.strategy.previewDeposit(lent.strategy.rounding()) == 0
    assert lent.strategy.previewDeposit(lent.strategy.rounding() + 1) > 0
    assert lent.strategy.previewRedeem(SHARE // ONE) == 0  # a base unit's worth


def test_gift__of_a_supply_before_the_first_deposit__gains_the_giver_nothing(lent):
    lent.deposit(10, lent.bob)
    approval = [lent.market.address, 2**256 - 1]
    lent.replica.rpc.send(
        lent.market.base.address, "approve(address,uint256)", approval, sender=lent.bob.address
    )
    give = [lent.strategy.address, lent.market.base.address, MILLION]
    start = lent.held(lent.bob)
    lent.replica.rpc.send(
        lent.market.address, "supplyTo(address,address,uint256)", give, sender=lent.bob.address
    )
    lent.deposit(1_000 * ONE)
    lent.strategy.redeem(lent.strategy.balanceOf(lent.bob), lent.bob, lent.bob, sender=lent.bob)
    assert lent.held(lent.bob) < start
    mine = lent.strategy.convertToAssets(lent.strategy.balanceOf(lent.alice))
    assert mine > 998 * ONE  # the giver can waste a thousandth of it, for a thousand times as much


def test_collateral__given_to_the_strategy__never_lets_it_borrow(lent):
    shares, weth = lent.deposit(MILLION), lent.market.collateral
    give = [lent.strategy.address, weth.address, 10_000 * 10**18]
    lent.replica.mint("WETH", OPERATOR, 10_000 * 10**18)
    lent.replica.rpc.send(lent.market.address, "supplyTo(address,address,uint256)", give, sender=OPERATOR)
    most = lent.strategy.maxWithdraw(lent.alice)
    assert most <= MILLION + 20_000
    lent.strategy.redeem(shares, lent.alice, lent.alice, sender=lent.alice)
    assert lent.market.read("borrowBalanceOf(address)", [lent.strategy.address]) == 0
    assert principal(lent) >= 0


# --- collateral that an absorption leaves -------------------------------------------------------------------


def absorb(lent):
    args = [OPERATOR, [shaky_borrower(lent.coin)]]
    lent.market.rpc.send(lent.market.address, "absorb(address,address[])", args, sender=OPERATOR)


def test_absorb__a_debt_that_its_collateral_covers__moves_no_value(lent):
    lent.deposit(MILLION)
    lent.replica.set_feed("ETH", "2569")
    before = worth(lent)
    absorb(lent)
    assert lent.market.read("getReserves()", (), "int256") < -50 * MILLION  # until the collateral is sold
    assert before <= worth(lent) <= before * 1_000_001 // 1_000_000
    assert lent.strategy.maxDeposit(lent.bob) > 0


def test_absorb__the_collateral_falls_on__shows_as_a_loss_and_comes_back_with_it(lent):
    lent.deposit(MILLION)
    lent.replica.set_feed("ETH", "2569")
    absorb(lent)
    whole = worth(lent)
    lent.replica.set_feed("ETH", "2000")
    assert 0.95 * whole < worth(lent) < 0.99 * whole
    assert lent.strategy.maxDeposit(lent.bob) == 0
    lent.replica.set_feed("ETH", "2569")
    assert worth(lent) >= whole


def test_absorb__a_collateral_without_a_price__counts_nothing_and_reverts_nothing(lent, project):
    lent.deposit(MILLION)
    lent.replica.set_feed("ETH", "2569")
    absorb(lent)
    whole = worth(lent)
    lent.replica.break_feed("ETH", lent.oracle.address)  # answers no round: Comet's price reverts
    assert 0.8 * whole < worth(lent) < 0.9 * whole
    before = lent.held(lent.alice)
    lent.strategy.redeem(lent.strategy.balanceOf(lent.alice), lent.alice, lent.alice, sender=lent.alice)
    assert lent.held(lent.alice) > before


def test_interest__a_month__reaches_the_holder_by_the_unit(old):
    """The position in the strategy against a supply of one's own: only rounding lies between."""
    old.deposit(MILLION)
    before = principal(old)
    old.replica.pass_time(MONTH)
    supplied = old.market.read("balanceOf(address)", [old.strategy.address])
    assert old.strategy.totalAssets() == supplied > MILLION
    assert principal(old) == before
