"""Compound V3 as Ballast takes it to be: on the replica's models, and on the real markets given a node.

Every test has both names, `model` and `real`: the one that is not there is skipped. The bodies are the same.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from ballast.replica import Rpc, RpcError, address_book
from ballast.replica.rpc import selector
from ballast.replica.upstream import mainnet_rpc_url
from ballast.units import WAD
from tests.comet_twin import INDEX_ONE, Curve, Twin
from tests.profiles import PROFILE

pytestmark = pytest.mark.fork
ONE = 10**6
MILLION = 1_000_000 * ONE
MONTH = 30 * 86_400  # s
EVERYTHING = 2**256 - 1
SUPPLY, WITHDRAW = "supply(address,uint256)", "withdraw(address,uint256)"
ACCRUE, APPROVE, TRANSFER = "accrueAccount(address)", "approve(address,uint256)", "transfer(address,uint256)"
TOTALS = "uint64,uint64,uint64,uint64,uint104,uint104,uint40,uint8"
BASIC = "int104,uint64,uint64,uint16,uint8"
CLAIM = "claim(address,address,bool)"


@dataclass(frozen=True)
class Market:
    """A market, asked and moved by plain JSON-RPC; `lender` holds two million of its coin, approved."""

    rpc: Rpc
    address: str
    base: str
    rewards: str
    lender: str
    friend: str

    def read(self, signature: str, *args: Any, returns: str = "uint256") -> Any:
        return self.rpc.read(self.address, signature, args, returns)

    def send(self, sender: str, signature: str, *args: Any) -> None:
        self.rpc.send(self.address, signature, args, sender=sender)

    def totals(self) -> Any:
        return self.read("totalsBasic()", returns=TOTALS)

    def principal(self, account: str) -> int:
        return int(self.read("userBasic(address)", account, returns=BASIC)[0])

    def balance(self, account: str) -> int:
        return int(self.read("balanceOf(address)", account))

    def twin(self, *accounts: str) -> Twin:
        """The market as it stands, with the curves that it states."""
        supply_index, borrow_index, tracking_supply, tracking_borrow, supplied, borrowed, _, _ = self.totals()
        return Twin(
            self._curve("supply"),
            self._curve("borrow"),
            self.read("baseTrackingSupplySpeed()"),
            self.read("baseTrackingBorrowSpeed()"),
            self.read("baseMinForRewards()"),
            supply_index,
            borrow_index,
            tracking_supply,
            tracking_borrow,
            supplied,
            borrowed,
            {account: self.principal(account) for account in accounts},
        )

    def _curve(self, side: str) -> Curve:
        parts = ("SlopeLow", "SlopeHigh", "Base")
        rates = [self.read(f"{side}PerSecondInterestRate{part}()") for part in parts]
        return Curve(self.read(f"{side}Kink()"), *rates)


@pytest.fixture(params=["model", "real"])
def rpc(request, networks):
    if (request.param == "real") != (mainnet_rpc_url() is not None):
        pytest.skip(f"no {request.param} Compound V3 here: MAINNET_RPC_URL decides which one there is")
    return Rpc(networks.active_provider.uri)


@pytest.fixture(params=["usdc", "usdt"])
def market(request, rpc, accounts):
    """The coins are borrowed from what Aave holds: nobody else need mint any."""
    book = address_book()
    lender, friend = accounts[3].address, accounts[4].address
    base, comet = book.token(request.param.upper()).address, book.contracts[f"comet_{request.param}"]
    holder = book.contracts[f"aave_v3_{request.param}"]
    with rpc.isolated():
        rpc.call("anvil_impersonateAccount", holder)
        rpc.call("anvil_setBalance", holder, hex(10 * WAD))
        rpc.send(base, TRANSFER, [lender, 2 * MILLION], sender=holder)
        rpc.call("anvil_stopImpersonatingAccount", holder)
        for allowed in (0, 2**255):  # USDT takes no second allowance over a first
            rpc.send(base, APPROVE, [comet, allowed], sender=lender)
        yield Market(rpc, comet, base, book.contracts["comet_rewards"], lender, friend)


def refused(error):
    """The custom error without arguments that a transaction is refused with."""
    return pytest.raises(RpcError, match="0x" + selector(f"{error}()").hex())


def test_scales__of_every_integer__are_those_the_strategy_and_the_twin_count_with(market):
    assert market.read("baseIndexScale()", returns="uint64") == INDEX_ONE
    assert market.read("trackingIndexScale()") == 10**15
    assert market.read("baseAccrualScale()", returns="uint64") == 10**6
    assert market.read("factorScale()", returns="uint64") == WAD
    assert market.read("baseScale()") == ONE
    assert market.read("baseToken()", returns="address") == market.base


def test_rates__drawn_utilisations__lie_on_two_straight_lines(market):
    random, twin = Random(4), market.twin()
    points = [0, WAD, *(market.read("supplyKink()") + d for d in (-1, 0, 1))]
    points += [random.randrange(2 * WAD) for _ in range(PROFILE.differential_cases // 10)]
    sides = (("Supply", twin.supply_curve), ("Borrow", twin.borrow_curve))
    calls = [
        (market.address, f"get{side}Rate(uint256)", [at], "uint64") for at in points for side, _ in sides
    ]
    assert market.rpc.read_many(calls) == [curve.rate(at) for at in points for _, curve in sides]


def test_indices__drawn_supplies_and_withdrawals__equal_the_twin_by_the_unit(market):
    random = Random(7)
    market.send(market.friend, ACCRUE, market.lender)
    twin, then = market.twin(market.lender), market.totals()[6]
    for _ in range(PROFILE.examples):
        market.rpc.mine_after(random.choice((1, 13, 3_600, MONTH)))
        amount = random.randint(1, random.choice((3, 10**6, 10**10)))
        if random.random() < 0.5:
            market.send(market.lender, SUPPLY, market.base, amount)
        else:
            amount = -min(amount, twin.balance(market.lender))
            market.send(market.lender, WITHDRAW, market.base, -amount)
        totals = market.totals()
        twin.accrue(totals[6] - then)
        twin.change(market.lender, amount)
        then = totals[6]
        assert totals[:2] == (twin.supply_index, twin.borrow_index)
        assert totals[2:4] == (twin.tracking_supply, twin.tracking_borrow)
        assert totals[4:6] == (twin.supplied, twin.borrowed)
        assert market.principal(market.lender) == twin.principals[market.lender]
        assert market.read("getUtilization()") == twin.utilization()


def test_views__between_accruals__already_count_the_interest(market):
    market.send(market.lender, SUPPLY, market.base, MILLION)
    market.rpc.mine_after(MONTH)
    twin = market.twin(market.lender)
    twin.accrue(market.rpc.timestamp() - market.totals()[6])
    assert market.balance(market.lender) == twin.balance(market.lender) > MILLION
    assert market.read("totalSupply()") == twin.supplied * twin.supply_index // INDEX_ONE
    assert market.read("totalBorrow()") == twin.borrowed * twin.borrow_index // INDEX_ONE
    cash = market.rpc.read(market.base, "balanceOf(address)", [market.address])
    reserves = cash + market.read("totalBorrow()") - market.read("totalSupply()")
    assert market.read("getReserves()", returns="int256") == reserves


def test_supply__a_month__earns_what_the_rate_says(market):
    market.send(market.lender, SUPPLY, market.base, MILLION)
    rate = market.read("getSupplyRate(uint256)", market.read("getUtilization()"))
    market.rpc.mine_after(MONTH)
    assert market.balance(market.lender) - MILLION == pytest.approx(MILLION * rate * MONTH / WAD, rel=1e-3)


def test_withdraw__one_unit__costs_a_whole_unit_of_principal(market):
    market.send(market.lender, SUPPLY, market.base, 1_000 * ONE)
    before = market.principal(market.lender)
    market.send(market.lender, WITHDRAW, market.base, 1)
    assert market.principal(market.lender) < before


def test_withdraw__everything__leaves_neither_dust_nor_debt(market):
    market.send(market.lender, SUPPLY, market.base, 1_000 * ONE)
    market.rpc.mine_after(MONTH)
    market.send(market.lender, WITHDRAW, market.base, EVERYTHING)
    assert market.principal(market.lender) == 0


def test_withdraw__beyond_the_balance_without_collateral__is_refused(market):
    market.send(market.lender, SUPPLY, market.base, 1_000 * ONE)
    least = market.read("baseBorrowMin()")
    with refused("BorrowTooSmall"):
        market.send(market.lender, WITHDRAW, market.base, 1_000 * ONE + least // 2)
    with refused("NotCollateralized"):
        market.send(market.lender, WITHDRAW, market.base, 1_000 * ONE + 2 * least)


def test_transfer__of_a_supply__moves_it_without_a_coin(market):
    market.send(market.lender, SUPPLY, market.base, 1_000 * ONE)
    cash = market.rpc.read(market.base, "balanceOf(address)", [market.address])
    market.send(market.lender, TRANSFER, market.friend, 400 * ONE)
    assert market.rpc.read(market.base, "balanceOf(address)", [market.address]) == cash
    assert 400 * ONE - 2 <= market.balance(market.friend) <= 400 * ONE
    with refused("NoSelfTransfer"):
        market.send(market.lender, TRANSFER, market.lender, 1)


def test_allow__a_manager__may_act_until_it_is_taken_back(market):
    lender, friend = market.lender, market.friend
    pull = ("withdrawFrom(address,address,address,uint256)", lender, friend, market.base, 1)
    market.send(lender, SUPPLY, market.base, 1_000 * ONE)
    with refused("Unauthorized"):
        market.send(friend, *pull)
    market.send(lender, "allow(address,bool)", friend, True)
    assert market.read("allowance(address,address)", lender, friend) == EVERYTHING
    market.send(friend, *pull)
    market.send(lender, APPROVE, friend, 0)
    assert not market.read("isAllowed(address,address)", lender, friend, returns="bool")
    with refused("BadAmount"):
        market.send(lender, APPROVE, friend, 5)


@pytest.mark.parametrize("action", ["supply", "withdraw", "transfer"])
def test_pause__by_the_guardian__stops_that_action_alone(market, action):
    guardian = market.read("pauseGuardian()", returns="address")
    flags = [action == name for name in ("supply", "transfer", "withdraw")] + [False, False]
    calls = {
        "supply": (SUPPLY, market.base, ONE),
        "withdraw": (WITHDRAW, market.base, ONE),
        "transfer": (TRANSFER, market.friend, ONE),
    }
    market.send(market.lender, SUPPLY, market.base, 10 * ONE)
    with refused("Unauthorized"):
        market.send(market.lender, "pause(bool,bool,bool,bool,bool)", *flags)
    market.rpc.call("anvil_impersonateAccount", guardian)
    market.rpc.call("anvil_setBalance", guardian, hex(10 * WAD))
    market.send(guardian, "pause(bool,bool,bool,bool,bool)", *flags)
    for name, call in calls.items():
        assert market.read(f"is{name.capitalize()}Paused()", returns="bool") is (name == action)
        if name == action:
            with refused("Paused"):
                market.send(market.lender, *call)
        else:
            market.send(market.lender, *call)


def test_claim__after_a_month__pays_what_was_tracked_to_the_unit(market):
    comp = address_book().token("COMP").address
    token, factor, up = market.rpc.read(
        market.rewards, "rewardConfig(address)", [market.address], "address,uint64,bool"
    )
    assert (token, factor, up) == (comp, 10**12, True)
    market.send(market.lender, SUPPLY, market.base, MILLION)
    market.rpc.mine_after(MONTH)
    owed = ("getRewardOwed(address,address)", [market.address, market.lender], "address,uint256")
    expected = market.rpc.read(market.rewards, *owed)
    market.rpc.send(market.rewards, CLAIM, [market.address, market.lender, True], sender=market.friend)
    tracked = market.read("baseTrackingAccrued(address)", market.lender, returns="uint64")
    paid = market.rpc.read(comp, "balanceOf(address)", [market.lender])
    assert paid == tracked * factor
    assert expected[0] == comp
    assert paid == pytest.approx(expected[1], rel=1e-4)
    speed, supplied = market.read("baseTrackingSupplySpeed()"), market.totals()[4]
    share = speed * MONTH * market.principal(market.lender) * 1_000 // supplied  # COMP, 1e18
    assert paid == pytest.approx(share, rel=1e-4)
    market.rpc.send(market.rewards, CLAIM, [market.address, market.lender, False], sender=market.friend)
    assert market.rpc.read(comp, "balanceOf(address)", [market.lender]) == paid


def test_claim_to__by_a_stranger__is_refused(market):
    args = [market.address, market.lender, market.friend, True]
    with pytest.raises(RpcError, match="0x" + selector("NotPermitted(address)").hex()):
        market.rpc.send(market.rewards, "claimTo(address,address,address,bool)", args, sender=market.friend)


def test_collateral__each_of_the_markets__can_be_asked_what_the_backing_reads(market):
    count = market.read("numAssets()", returns="uint8")
    assert count > 0
    info = "uint8,address,address,uint64,uint64,uint64,uint64,uint128"
    for index in range(count):
        _, asset, feed, scale, _, _, factor, _ = market.read("getAssetInfo(uint8)", index, returns=info)
        assert scale == 10 ** market.rpc.read(asset, "decimals()", (), "uint8")
        assert market.read("getPrice(address)", feed) > 0
        assert WAD // 2 < factor <= WAD
        assert market.read("getCollateralReserves(address)", asset) >= 0
    base_price = market.read("getPrice(address)", market.read("baseTokenPriceFeed()", returns="address"))
    assert base_price == pytest.approx(10**8, rel=0.05)


def test_strategy__deposit_month_claim_and_way_out__as_on_the_replica(market, project, accounts):
    authority = accounts[0].deploy(project.IndexAccess, accounts[0])
    oracle, lender = accounts[0].deploy(project.MockOracle), accounts[3]
    args = ("Compound", "C", market.address, market.rewards, authority, oracle)
    strategy = accounts[0].deploy(project.CompoundStrategy, *args)
    assert strategy.asset() == market.base
    assert strategy.rewardTokens() == [address_book().token("COMP").address]
    assert strategy.maxDeposit(lender) > 0
    market.rpc.send(market.base, APPROVE, [market.address, 0], sender=market.lender)
    market.rpc.send(market.base, APPROVE, [strategy.address, 2**255], sender=market.lender)
    start = market.rpc.read(market.base, "balanceOf(address)", [market.lender])
    strategy.deposit(MILLION, lender, sender=lender)
    assert market.balance(strategy.address) >= MILLION - strategy.rounding()
    market.rpc.mine_after(MONTH)
    assert strategy.totalAssets() == market.balance(strategy.address) > MILLION
    assert list(strategy.harvest([], sender=accounts[0]).decode_logs(strategy.RewardsRefused)) == []
    strategy.withdraw(MILLION // 2, lender, lender, sender=lender)
    strategy.redeem(strategy.balanceOf(lender), lender, lender, sender=lender)
    assert market.rpc.read(market.base, "balanceOf(address)", [market.lender]) > start
    assert market.principal(strategy.address) <= 4
