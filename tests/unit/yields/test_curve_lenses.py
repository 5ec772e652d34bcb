"""What the lenses read of Curve's own pool and of Convex's models, against what is earned there."""

import pytest

from ballast.model.yields import Market, is_fit, rate
from ballast.replica.convex import convex_pool, earmark
from ballast.units import WAD
from tests.unit.strategies.curve_world import make_world

pytestmark = pytest.mark.replica
DAY, YEAR = 86_400, 365 * 86_400
COINS = ("USDC", "USDT")
MILLION = 1_000_000
NEAR = 1e-3
LOOKS = 5


def trade_and_look(world, lens, governor) -> tuple[int, int]:
    """Days of trading, each looked at; the price of an LP token and the time at the first look."""
    start = world.read_pool("get_virtual_price()"), world.replica.timestamp()
    for _ in range(LOOKS):
        lens.record(world.strategy, sender=governor)
        world.trade(MILLION)
        world.replica.pass_time(DAY)
    return start


def test_curve_lens__days_of_trading__is_what_liquidity_earned(project, accounts, replica):
    world = make_world(project, accounts, replica, COINS, "USDC")
    lens = accounts[0].deploy(project.CurveLens)
    price, began = trade_and_look(world, lens, accounts[0])
    market = Market(*lens.marketOf(world.strategy))
    assert is_fit(market, market.supplied)
    now, passed = world.read_pool("get_virtual_price()"), replica.timestamp() - began
    earned = (now - price) * YEAR / price / passed
    assert earned > 0.0001
    assert rate(market, market.supplied) / WAD == pytest.approx(earned, rel=0.01)
    supply = world.read_pool("totalSupply()")
    assert market.supplied == supply * now // WAD * world.one // WAD
    assert market.available == replica.balance("USDC", world.pool.address)


def test_curve_lens__pool_pushed_now__hardly_moves(project, accounts, replica):
    """A push adds its fee to the virtual price, and the looks before it bound what is believed."""
    world = make_world(project, accounts, replica, COINS, "USDC")
    lens = accounts[0].deploy(project.CurveLens)
    trade_and_look(world, lens, accounts[0])
    before = lens.growthOf(world.strategy)
    world.push("USDC", "0.9")
    assert lens.growthOf(world.strategy) <= before * 1.001


def test_convex_lens__while_crv_is_paid__counts_it_at_its_low_price(project, accounts, replica):
    world = make_world(project, accounts, replica, COINS, "USDC", [])
    lens = accounts[0].deploy(project.ConvexLens, world.oracle)
    world.deposit(MILLION)
    trade_and_look(world, lens, accounts[0])
    pool = convex_pool(replica.rpc, replica.book, world.pool)
    earmark(replica.rpc, replica.book, world.pool)
    market = Market(*lens.marketOf(world.strategy))
    speed, staked = (replica.rpc.read(pool.rewards, name, ()) for name in ("rewardRate()", "totalSupply()"))
    low = world.oracle.quote(replica.book.token("CRV").address).low
    crv = speed * YEAR * low / WAD / 10**12 * world.read_pool("totalSupply()") / staked
    fees = market.supplied * lens.growthOf(world.strategy) // WAD
    assert crv > 0
    assert market.rewards - fees == pytest.approx(crv, rel=NEAR)
    replica.pass_time(8 * DAY)
    over = Market(*lens.marketOf(world.strategy))
    assert over.rewards == over.supplied * lens.growthOf(world.strategy) // WAD
