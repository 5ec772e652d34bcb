"""ConvexStrategy over the models of Convex and Curve's own pool: stake, earn, harvest, leave; what fails."""

from dataclasses import dataclass
from typing import Any

import pytest
from curve_world import DAY, EVERYTHING, HOUR, WEEK, CurveWorld, make_world

from ballast.replica import Replica
from ballast.replica.convex import convex_pool, earmark, shut_down
from ballast.replica.place import OPERATOR
from ballast.replica.uniswap import usd_price
from ballast.units import BPS, WAD
from tests.reverts import constructor_revert_of, revert_of

pytestmark = pytest.mark.replica
POOL_INIT_CODE_HASH = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
PAUSED, NORMAL = 4, 0  # TokenWithModes.Mode
EXTRA = 1_000 * WAD


@dataclass(frozen=True)
class ConvexWorld:
    """A Convex strategy, the venue that sells its rewards, and an extra reward that can fail."""

    curve: CurveWorld
    venue: Any
    extra: Any

    @property
    def strategy(self) -> Any:
        return self.curve.strategy

    @property
    def rpc(self) -> Any:
        return self.curve.replica.rpc

    def earn(self) -> None:
        """Two weeks: the gauge earns in the first, Convex pays it out in the second."""
        replica = self.curve.replica
        for _ in range(2):
            replica.pass_time(WEEK)
            earmark(replica.rpc, replica.book, self.curve.pool)

    def balance(self, symbol: str) -> int:
        return self.curve.replica.balance(symbol, self.strategy.address)

    def route(self, symbol: str) -> bytes:
        """From a reward over WETH to the asset."""
        book = self.curve.replica.book
        hops = [(symbol, book.pool(symbol, "WETH").fee), ("WETH", book.pool("WETH", "USDC").fee)]
        packed = b"".join(
            bytes.fromhex(book.token(s).address[2:]) + fee.to_bytes(3, "big") for s, fee in hops
        )
        return packed + bytes.fromhex(self.curve.asset[2:])

    def sale(self, symbol: str, amount: int) -> tuple:
        """A `RewardSale`."""
        return self.curve.replica.book.token(symbol).address, amount, self.venue.address, self.route(symbol)

    def harvest_all(self) -> int:
        """Claims, sells all CRV and CVX, and answers what came in."""
        sales = [self.sale(symbol, EVERYTHING) for symbol in ("CRV", "CVX")]
        receipt = self.strategy.harvest(sales, sender=self.curve.curator)
        return int(next(e for e in receipt.events if e.event_name == "Harvested").gain)


@pytest.fixture(scope="module")
def world(project, accounts, networks) -> ConvexWorld:
    """What a test does to it is undone by Ape's isolation."""
    replica = Replica(networks.active_provider.uri)
    extra = accounts[0].deploy(project.TokenWithModes, 18)
    made = make_world(project, accounts, replica, ("USDC", "USDT"), "USDC", [extra.address])
    factory = replica.book.contracts["uniswap_v3_factory"]
    venue = accounts[0].deploy(project.UniswapV3Venue, factory, POOL_INIT_CODE_HASH)
    pool = convex_pool(replica.rpc, replica.book, made.pool)
    args = (pool.rewards, extra, accounts[0])
    stream = accounts[0].deploy(project.ConvexExtraRewardPoolModel, *args)
    replica.rpc.send(pool.rewards, "addExtraReward(address)", [stream.address], sender=OPERATOR)
    extra.mint(stream, EXTRA, sender=accounts[0])
    stream.queueNewRewards(EXTRA, sender=accounts[0])
    return ConvexWorld(made, venue, extra)


def staked(world: ConvexWorld) -> int:
    pool = convex_pool(world.rpc, world.curve.replica.book, world.curve.pool)
    return int(world.rpc.read(pool.rewards, "balanceOf(address)", [world.strategy.address]))


def loose(world: ConvexWorld) -> int:
    return world.curve.read_pool("balanceOf(address)", world.strategy.address)


def test_deposit__the_lp_tokens__are_staked_and_nothing_stays_approved(world):
    strategy, curve = world.strategy, world.curve
    promised = strategy.previewDeposit(100_000 * curve.one)
    assert promised <= curve.deposit(100_000) <= promised * 1_000_001 // 10**6
    assert staked(world) == strategy.lpBalance() > 0
    assert loose(world) == 0
    booster = strategy.BOOSTER()
    assert curve.read_pool("allowance(address,address)", strategy.address, booster) == 0
    gauge = convex_pool(world.rpc, curve.replica.book, curve.pool).gauge
    assert curve.read_pool("balanceOf(address)", gauge) == staked(world)


def test_redeem__a_part_and_the_rest__pays_in_coins_and_claims_nothing(world):
    shares = world.curve.deposit(100_000)
    world.earn()
    for part in (shares // 3, shares - shares // 3):
        before, promised = world.curve.held(), world.strategy.previewRedeem(part)
        world.strategy.redeem(part, world.curve.holder, world.curve.holder, sender=world.curve.holder)
        assert abs(world.curve.held() - before - promised) <= 1
    assert world.balance("CRV") == world.balance("CVX") == 0
    assert world.strategy.totalSupply() == 0


def test_harvest__two_weeks_of_rewards__are_sold_over_the_floor_staked_and_let_out_over_three_days(world):
    strategy, replica = world.strategy, world.curve.replica
    shares = world.curve.deposit(1_000_000)
    before, lp = strategy.convertToAssets(shares), strategy.lpBalance()
    world.earn()
    gain = world.harvest_all()
    # 20,000 CRV went to the stakers, less what Convex keeps; all of it to the only one; CVX on top.
    crv = 20_000 * (BPS - 1_700) // BPS * usd_price(replica.book, replica.book.token("CRV"))
    worth = crv + crv * 19 // 1_000 * 5
    assert worth * 97 // 100 < gain // world.curve.one < worth * 101 // 100
    assert world.balance("CRV") < WAD
    assert strategy.lpBalance() > lp
    assert staked(world) == strategy.lpBalance()
    fresh = strategy.convertToAssets(shares)
    assert abs(fresh - before) < gain // 100  # nothing yet for those who are here
    assert gain * 99 // 100 < strategy.lockedProfit() <= gain
    assert fresh >= before - 1
    replica.pass_time(3 * DAY)
    assert strategy.lockedProfit() == 0
    assert strategy.convertToAssets(shares) - fresh > gain * 98 // 100


def test_harvest__joined_the_minute_before__brings_the_newcomer_nothing(world):
    world.curve.deposit(500_000)
    world.earn()
    shares = world.curve.deposit(500_000, world.curve.other)
    world.harvest_all()
    assert world.strategy.convertToAssets(shares) <= 500_000 * world.curve.one
    before = world.curve.held(world.curve.other)
    who = world.curve.other
    world.strategy.redeem(shares, who, who, sender=who)
    assert world.curve.held(who) - before <= 500_000 * world.curve.one


def test_harvest__a_price_below_the_floor__is_refused_whole(world):
    world.curve.deposit(500_000)
    world.earn()
    replica = world.curve.replica
    dear = int(replica.book.feed("CRV").price * WAD) * 103 // 100
    good = 1
    world.curve.oracle.set(replica.book.token("CRV").address, dear, dear, good, sender=world.curve.curator)
    sales = [world.sale("CRV", 1_000 * WAD)]
    assert revert_of(world.strategy.harvest, sales, sender=world.curve.curator)[0] == "BelowFloor"


def test_harvest__what_the_position_is_made_of__cannot_be_sold(world):
    world.curve.deposit(1_000)
    for token in (world.curve.pool.address, world.curve.asset):
        sale = [(token, 1, world.venue.address, b"")]
        refused = revert_of(world.strategy.harvest, sale, sender=world.curve.curator)
        assert refused == ("NotAReward", token)


def test_extra_rewards__paid__come_with_the_others(world):
    world.curve.deposit(100_000)
    world.earn()
    world.strategy.harvest([], sender=world.curve.curator)
    assert world.extra.balanceOf(world.strategy) == pytest.approx(EXTRA, rel=1e-3)
    assert world.balance("CRV") > 16_000 * WAD
    assert world.balance("CVX") == world.balance("CRV") * 20 // 1_000


def test_extra_rewards__failing__hold_back_neither_crv_nor_a_withdrawal(world):
    shares = world.curve.deposit(100_000)
    world.earn()
    world.extra.setMode(PAUSED, sender=world.curve.curator)
    receipt = world.strategy.harvest([], sender=world.curve.curator)
    assert [e.source for e in receipt.events if e.event_name == "RewardsRefused"] == [
        world.strategy.REWARDS()
    ]
    assert world.balance("CRV") > 16_000 * WAD
    assert world.extra.balanceOf(world.strategy) == 0
    world.strategy.redeem(shares, world.curve.holder, world.curve.holder, sender=world.curve.holder)
    assert world.strategy.totalSupply() == 0
    world.extra.setMode(NORMAL, sender=world.curve.curator)
    world.strategy.harvest([], sender=world.curve.curator)
    assert world.extra.balanceOf(world.strategy) > 0


def test_all_rewards__failing__hold_back_no_withdrawal(world):
    """CVX can no longer be minted, so the reward pool pays nothing at all."""
    shares = world.curve.deposit(100_000)
    world.earn()
    cvx = world.curve.replica.book.token("CVX").address
    world.rpc.call("anvil_setCode", cvx, "0x5f5ffd")  # reverts
    world.strategy.harvest([], sender=world.curve.curator)
    assert world.balance("CRV") == 0
    before = world.curve.held()
    world.strategy.redeem(shares, world.curve.holder, world.curve.holder, sender=world.curve.holder)
    assert world.curve.held() - before > 99_990 * world.curve.one


@pytest.mark.parametrize("whole", [False, True], ids=["pool", "system"])
def test_shutdown__of_convex__stops_deposits_and_traps_nothing(world, whole):
    curve = world.curve
    shares = curve.deposit(200_000)
    world.earn()
    value = world.strategy.convertToAssets(shares)
    shut_down(curve.replica.rpc, curve.replica.book, None if whole else curve.pool)
    assert world.strategy.stakingOpen() is False
    assert world.strategy.maxDeposit(curve.other) == world.strategy.maxMint(curve.other) == 0
    assert abs(world.strategy.convertToAssets(shares) - value) <= 1
    assert world.harvest_all() == 0  # what was earned before is still paid, and waits
    waiting = curve.held(world.strategy)
    assert waiting > 0
    before = curve.held()
    half = shares // 2
    world.strategy.redeem(half, curve.holder, curve.holder, sender=curve.holder)
    assert curve.held() - before >= value // 2 - 1
    world.strategy.leaveConvex(sender=curve.curator)
    assert world.strategy.maxDeposit(curve.other) > 0
    gain = world.harvest_all()
    assert waiting * 999 // 1_000 < gain <= waiting
    assert (curve.held(world.strategy), staked(world)) == (0, 0)
    world.strategy.redeem(shares - half, curve.holder, curve.holder, sender=curve.holder)
    assert curve.held() - before >= value - 2


def test_leave_convex__by_the_guardian__takes_all_out_and_the_strategy_goes_on(world):
    curve = world.curve
    shares = curve.deposit(200_000)
    world.earn()
    value, lp = world.strategy.convertToAssets(shares), world.strategy.lpBalance()
    refused = revert_of(world.strategy.leaveConvex, sender=curve.holder)
    assert refused[0] == "AccessManagedUnauthorized"
    world.strategy.leaveConvex(sender=curve.curator)
    assert (staked(world), loose(world)) == (0, lp)
    assert abs(world.strategy.convertToAssets(shares) - value) <= 1
    curve.deposit(50_000, curve.other)
    assert staked(world) == 0
    before = curve.held()
    world.strategy.redeem(shares, curve.holder, curve.holder, sender=curve.holder)
    assert curve.held() - before >= value - 1


def test_redeem_for_lp__staked_tokens__are_unstaked_and_handed_over(world):
    shares, lp = world.curve.deposit(10_000), world.strategy.lpBalance()
    world.strategy.redeemForLp(shares, world.curve.other, world.curve.holder, sender=world.curve.holder)
    got = world.curve.read_pool("balanceOf(address)", world.curve.other.address)
    assert lp - lp // 10**6 < got <= lp


def test_pause__deposits_stop__and_nobody_is_held(world):
    shares = world.curve.deposit(10_000)
    world.strategy.pauseDeposits(sender=world.curve.curator)
    assert world.strategy.maxDeposit(world.curve.other) == 0
    world.strategy.redeem(shares, world.curve.holder, world.curve.holder, sender=world.curve.holder)
    assert world.strategy.totalSupply() == 0


def test_illiquid__our_coin_has_run_out__what_goes_goes_and_lp_tokens_pay_the_rest(world):
    curve = world.curve
    shares = curve.deposit(1_500_000)
    curve.push("USDT", "1.11")
    limit = world.strategy.maxRedeem(curve.holder)
    assert 0 < limit < shares
    world.strategy.redeem(limit, curve.holder, curve.holder, sender=curve.holder)
    rest = world.strategy.balanceOf(curve.holder)
    world.strategy.redeemForLp(rest, curve.holder, curve.holder, sender=curve.holder)
    assert curve.read_pool("balanceOf(address)", curve.holder.address) > 1_000_000 * WAD


def test_loss__the_other_coin_loses_its_peg__the_value_falls_with_it(world):
    shares = world.curve.deposit(100_000)
    before = world.strategy.convertToAssets(shares)
    price = world.curve.depeg("0.985")
    assert price < 1
    after = world.strategy.convertToAssets(shares)
    assert abs(after - before * price) < before // 200


def test_accrue__trades_and_a_day__raise_the_price(world):
    shares = world.curve.deposit(1_000_000)
    before = world.strategy.convertToAssets(shares)
    world.curve.trade(5_000_000)
    world.curve.replica.pass_time(6 * HOUR)
    assert world.strategy.convertToAssets(shares) > before


def test_constructor__wrong_pool_or_reward__is_named(project, world):
    curve, book = world.curve, world.curve.replica.book
    booster, dai = book.contracts["convex_booster"], book.token("DAI").address
    end = (world.strategy.authority(), curve.oracle)
    other = book.curve_pool("DAI", "USDC", "USDT").address
    args = ("n", "s", curve.pool.address, curve.asset, booster, 1, [], *end)
    assert constructor_revert_of(project.ConvexStrategy, *args) == ("NotTheLpToken", other)
    for token in (curve.pool.address, curve.asset):
        args = ("n", "s", curve.pool.address, curve.asset, booster, 0, [dai, token], *end)
        assert constructor_revert_of(project.ConvexStrategy, *args) == ("NotARewardToken", token)
