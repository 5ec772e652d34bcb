"""What the oracle costs on top of the real Chainlink proxies and the real Uniswap pools."""

from decimal import Decimal

import pytest
from ape.utils import ZERO_ADDRESS

from tests.access import access_manager_type

pytestmark = pytest.mark.replica

PER_ASSET = 4_500  # gas over the feed's own
WHOLE_CALL = 4_000  # gas once, for the call of the oracle itself
WINDOW = 1_800


@pytest.fixture(scope="module")
def curator(accounts):
    return accounts[5]


@pytest.fixture
def oracle(project, curator):
    return curator.deploy(
        project.PriceOracle, curator.deploy(access_manager_type(), curator), ZERO_ADDRESS, 0
    )


def _chainlink(feed):
    low, high = (int(Decimal(bound) * 10**18) for bound in feed.bounds)
    return feed.address, feed.heartbeat, feed.decimals, low, high


def test_quotes__nine_single_source_assets__cost_little_over_their_feeds(
    project, curator, replica, oracle, record_property
):
    rows = [_chainlink(feed) for feed in replica.book.feeds.values()][:9]
    assets = [f"0x{number:040x}" for number in range(1, 10)]
    for asset, row in zip(assets, rows, strict=True):
        oracle.setSources(asset, [row], 1, 0, sender=curator)
    probe = curator.deploy(project.OracleGas)
    total, feeds = probe.ofQuotes(oracle, assets), probe.ofFeeds([row[0] for row in rows])
    per_asset = (total - feeds - WHOLE_CALL) / len(assets)
    print(f"\nquotes of 9: {total} gas, their feeds bare: {feeds}, over them per asset: {per_asset:.0f}")
    record_property("gas_per_asset", per_asset)
    assert 0 < per_asset <= PER_ASSET


def test_quote__twap_over_a_full_ring__fits_the_gas_of_a_feed(project, curator, replica, oracle):
    """The dearest answer: a pool whose ring holds as many observations as it can between window and now."""
    pool, feed = replica.book.pool("USDC", "USDT", 100), replica.book.feed("USDT")
    for number in range(60):
        replica.move_pool("USDC", "USDT", Decimal("0.9990") + Decimal(number % 2) * Decimal("0.0010"), 100)
    replica.pass_time(WINDOW - 10)
    config = (
        replica.book.contracts["uniswap_v3_factory"],
        pool.address,
        replica.book.token("USDC").address,
        feed.address,
        10**6,
        10**11,
        WINDOW,
        1,
    )
    twap = curator.deploy(project.UniswapV3TwapFeed, config)
    used = curator.deploy(project.OracleGas).ofFeeds([twap.address])
    print(f"\ntwap: {used} gas of {oracle.FEED_GAS()}")
    assert used < oracle.FEED_GAS() * 2 // 3
