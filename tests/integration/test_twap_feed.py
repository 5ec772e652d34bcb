"""`UniswapV3TwapFeed` over the real Uniswap V3 code: what swaps do to it, and what they cannot."""

from decimal import Decimal
from functools import partial

import pytest
from ape.utils import ZERO_ADDRESS

from ballast.model.prices import Status
from ballast.model.twap import (
    MAX_TICK,
    exponents,
    harmonic_mean_liquidity,
    mean_tick,
    sqrt_ratio_at_tick,
    twap_price,
)
from ballast.replica import RpcError
from tests.access import access_manager_type

pytestmark = pytest.mark.replica

WINDOW = 1_800
BLOCK = 12
ONE_TICK = Decimal("0.000101")  # the mean tick is whole, so a price is off by up to one
POOLS = [("USDC", "USDT", 100), ("DAI", "USDC", 100), ("FRAX", "USDC", 500), ("LUSD", "USDC", 500)]
SLOT0 = "uint160,int24,uint16,uint16,uint16,uint8,bool"


@pytest.fixture(scope="module")
def curator(accounts):
    return accounts[5]


def _tick_now(replica, pool):
    return replica.rpc.read(pool.address, "slot0()", (), SLOT0)[1]


def _observe(replica, pool):
    """(mean tick, harmonic mean liquidity) that the pool itself tells at the latest block."""
    types = "int56[],uint160[]"
    ticks, spent = replica.rpc.read(pool.address, "observe(uint32[])", ([WINDOW, 0],), types)
    spent_in_window = (spent[1] - spent[0]) % 2**160
    return mean_tick(ticks[1] - ticks[0], WINDOW), harmonic_mean_liquidity(spent_in_window, WINDOW)


@pytest.fixture
def deploy_twap(project, curator, replica):
    """Deploys the TWAP feed of a coin in its real pool: (base, quote, fee, least liquidity)."""

    def deploy(base, quote, fee, minimum=None):
        pool, feed = replica.book.pool(base, quote, fee), replica.book.feed(quote)
        low, high = (int(Decimal(bound) * 10**feed.decimals) for bound in feed.bounds)
        least = minimum or _observe(replica, pool)[1] // 2
        factory, coin = replica.book.contracts["uniswap_v3_factory"], replica.book.token(base)
        config = (factory, pool.address, coin.address, feed.address, low, high, WINDOW, least)
        return curator.deploy(project.UniswapV3TwapFeed, config)

    return deploy


@pytest.fixture
def settled(deploy_twap, replica):
    """The feed of USDC after a window without trades, with its pool and the tick it stands at."""
    twap, pool = deploy_twap("USDC", "USDT", 100), replica.book.pool("USDC", "USDT", 100)
    replica.pass_time(WINDOW + 1)
    return twap, pool, _tick_now(replica, pool)


def _price(twap):
    """USD"""
    return Decimal(twap.latestRoundData().answer) / 10**8


@pytest.mark.parametrize(("first", "second", "fee"), POOLS)
@pytest.mark.parametrize("inverted", [False, True])
def test_latest_round_data__quiet_pool__is_the_pool_s_price(
    deploy_twap, replica, first, second, fee, inverted
):
    base, quote = (second, first) if inverted else (first, second)
    twap = deploy_twap(base, quote, fee)
    replica.pass_time(WINDOW + 1)
    price = replica.pool_price(base, quote, fee) * replica.feed_price(quote)
    assert abs(_price(twap) / price - 1) < ONE_TICK


@pytest.mark.parametrize(("base", "quote", "fee"), POOLS)
def test_latest_round_data__moving_pool__is_the_model_s_price(deploy_twap, replica, base, quote, fee):
    twap, pool = deploy_twap(base, quote, fee, minimum=1), replica.book.pool(base, quote, fee)
    decimals = [replica.book.token(coin).decimals for coin in (base, quote)]
    up, down = exponents(*decimals, replica.book.feed(quote).decimals)
    answers = set()
    for target in ("0.999", "1.0005", "0.9985"):
        replica.move_pool(base, quote, Decimal(target), fee)
        replica.pass_time(200)
        tick, liquidity = _observe(replica, pool)
        assert tuple(twap.consult()) == (tick, liquidity)
        quote_price = int(replica.feed_price(quote) * 10**8)
        answers.add(twap.latestRoundData().answer)
        assert twap.latestRoundData().answer == twap_price(tick, twap.baseIsToken0(), quote_price, up, down)
    assert len(answers) > 1  # it did move


def test_latest_round_data__in_the_block_of_a_huge_swap__has_not_moved(settled, replica):
    twap, pool, tick_before = settled
    before = twap.latestRoundData().answer
    replica.move_pool("USDC", "USDT", Decimal("0.80"))
    assert abs(_tick_now(replica, pool) - tick_before) > 2_000
    assert twap.consult().tick == tick_before
    assert twap.latestRoundData().answer == before


@pytest.mark.parametrize("target", ["0.9975", "1.0025"])
@pytest.mark.parametrize("seconds", [BLOCK, WINDOW // 2, WINDOW - 1])
def test_latest_round_data__pushed_for_a_while__moves_in_proportion(settled, replica, target, seconds):
    twap, pool, tick_before = settled
    before = _price(twap)
    replica.move_pool("USDC", "USDT", Decimal(target))
    pushed_at, pushed_to = replica.timestamp(), _tick_now(replica, pool)
    assert abs(pushed_to - tick_before) > 20  # the push was a real one
    replica.pass_time(seconds)
    held = replica.timestamp() - pushed_at
    expected = (tick_before * (WINDOW - held) + pushed_to * held) // WINDOW
    assert twap.consult().tick == expected
    most = Decimal("1.0001") ** (abs(pushed_to - tick_before) * held // WINDOW + 1) - 1
    assert abs(_price(twap) / before - 1) <= most


def test_latest_round_data__pushed_for_a_whole_window__has_followed(settled, replica):
    twap, _, _ = settled
    replica.move_pool("USDC", "USDT", Decimal("0.9975"))
    replica.pass_time(WINDOW + 1)
    followed = Decimal("0.9975") * replica.feed_price("USDT")
    assert abs(_price(twap) / followed - 1) < ONE_TICK


def test_latest_round_data__pushed_past_all_liquidity_for_a_block__answers_zero(deploy_twap, replica):
    """Beyond the last position a push costs no more however far it goes: it must not be worth more either."""
    twap = deploy_twap("USDC", "USDT", 500)
    replica.pass_time(WINDOW + 1)
    assert twap.latestRoundData().answer > 0
    replica.move_pool("USDC", "USDT", Decimal("0.01"), 500)
    replica.pass_time(BLOCK)
    assert twap.latestRoundData().answer == 0


def test_quote__real_chainlink_and_real_pool__good_diverged_good_stale(
    project, curator, deploy_twap, replica
):
    oracle = curator.deploy(
        project.PriceOracle, curator.deploy(access_manager_type(), curator), ZERO_ADDRESS, 0
    )
    usdc, feed = replica.book.token("USDC").address, replica.book.feed("USDC")
    twap = deploy_twap("USDC", "USDT", 100, minimum=1)
    bounds = [int(Decimal(bound) * 10**18) for bound in feed.bounds]
    sources = [(source, feed.heartbeat, 8, *bounds) for source in (feed.address, twap.address)]
    oracle.setSources(usdc, sources, 2, 50, sender=curator)
    assert oracle.quote(usdc).status == Status.GOOD
    replica.move_pool("USDC", "USDT", Decimal("0.98"))
    replica.pass_time(WINDOW)
    assert oracle.quote(usdc).status == Status.DIVERGED
    replica.set_feed("USDC", "0.98")
    low, high, status = oracle.quote(usdc)
    assert status == Status.GOOD
    assert Decimal("0.975") < Decimal(low) / 10**18 <= Decimal(high) / 10**18 < Decimal("0.985")
    replica.pass_time(feed.heartbeat + 1, keep_feeds=False)
    assert tuple(oracle.quote(usdc)) == (0, 0, Status.STALE)


def _pool_lands_on(mainnet, pool, sqrt_price, sender):
    """The tick a real, blank pool finds for a square root price; None when it refuses it."""
    mainnet.rpc.call("anvil_setStorageAt", pool, hex(0), "0x" + "00" * 32)
    try:
        mainnet.rpc.send(pool, "initialize(uint160)", [sqrt_price], sender=sender)
    except RpcError:
        return None
    return mainnet.rpc.read(pool, "slot0()", (), SLOT0)[1]


def test_sqrt_ratio_at_tick__real_pool__finds_that_tick_there_and_the_one_below_just_under(mainnet, curator):
    """So the pool's own table has, to the unit, our ratio: it looks ticks up by comparing with it."""
    factory = mainnet.book.contracts["uniswap_v3_factory"]
    pair = ["0x" + "00" * 19 + "a1", "0x" + "00" * 19 + "a2", 500]
    mainnet.rpc.send(factory, "createPool(address,address,uint24)", pair, sender=curator.address)
    pool = mainnet.rpc.read(factory, "getPool(address,address,uint24)", pair, "address")
    powers = [sign * (1 << bit) + step for bit in range(20) for sign in (1, -1) for step in (-1, 0)]
    lands = partial(_pool_lands_on, mainnet, pool, sender=curator.address)
    for tick in sorted({tick for tick in powers if abs(tick) < MAX_TICK} | {276_324, -276_324, 500_501}):
        ratio = sqrt_ratio_at_tick(tick)
        assert lands(sqrt_price=ratio) == tick
        assert lands(sqrt_price=ratio - 1) == tick - 1
    assert lands(sqrt_price=sqrt_ratio_at_tick(-MAX_TICK)) == -MAX_TICK
    assert lands(sqrt_price=sqrt_ratio_at_tick(-MAX_TICK) - 1) is None
    assert lands(sqrt_price=sqrt_ratio_at_tick(MAX_TICK)) is None
    assert lands(sqrt_price=sqrt_ratio_at_tick(MAX_TICK) - 1) == MAX_TICK - 1
