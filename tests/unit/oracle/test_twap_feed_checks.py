"""The TWAP feed's own checks, on a model of a pool that stands still; real pools: tests/integration."""

from types import SimpleNamespace

import pytest
from ape.utils import ZERO_ADDRESS

from ballast.model.twap import exponents, twap_price
from tests.bad_feeds import BAD_ANSWERS, GOOD, INVALID, break_feed
from tests.reverts import constructor_revert_of, revert_of
from tests.unit.oracle.conftest import COIN, HEARTBEAT

WAD = 10**18
CENT = 10**16
WINDOW = 1_800
LIQUIDITY = 10**18
bad_answers = pytest.mark.parametrize("bad", BAD_ANSWERS, ids=str)


def _config(model, base, feed, **changes):
    """A `UniswapV3TwapFeed.Config` as a tuple."""
    fields = {
        "factory": model.address,
        "pool": model.address,
        "base": base.address,
        "quote_feed": feed.address,
        "minimum": feed.minAnswer(),
        "maximum": feed.maxAnswer(),
        "window": WINDOW,
        "liquidity": LIQUIDITY // 2,
    }
    assert set(changes) <= set(fields)
    return tuple((fields | changes).values())


@pytest.fixture(scope="module")
def tokens(project, governor):
    return {decimals: governor.deploy(project.DecimalsOnlyToken, decimals) for decimals in (0, 6, 8, 18, 19)}


@pytest.fixture(scope="module")
def quote_token(project, governor):
    return governor.deploy(project.DecimalsOnlyToken, 6)


@pytest.fixture(scope="module")
def market(project, governor, tokens, quote_token, feed):
    """An 18-decimals coin at one dollar in a pool against a 6-decimals one, and its TWAP feed."""
    tick = -276_324  # raw price 1e-12
    pool = governor.deploy(project.UniswapV3PoolModel, tokens[18], quote_token, True, tick, LIQUIDITY)
    twap = governor.deploy(project.UniswapV3TwapFeed, _config(pool, tokens[18], feed))
    return SimpleNamespace(pool=pool, base=tokens[18], twap=twap, tick=tick)


@pytest.fixture
def oracle_on_twap(oracle, market, curator):
    oracle.setSources(COIN, [(market.twap.address, HEARTBEAT, 8, CENT, 1_000 * WAD)], 1, 0, sender=curator)
    return oracle


@bad_answers
def test_latest_round_data__quote_feed_bad__is_never_good(oracle_on_twap, market, feed, curator, chain, bad):
    assert oracle_on_twap.quote(COIN).status == GOOD
    break_feed(feed, bad, chain, curator)
    assert tuple(oracle_on_twap.quote(COIN)) == (0, 0, bad.status)


@bad_answers
def test_set_sources__twap_with_bad_quote_feed__refused(oracle, market, feed, curator, chain, bad):
    break_feed(feed, bad, chain, curator)
    sources = [(market.twap.address, HEARTBEAT, 8, CENT, 1_000 * WAD)]
    refusal = revert_of(oracle.setSources, COIN, sources, 1, 0, sender=curator)
    assert refusal == ("FeedNotGood", market.twap.address, bad.status)


def test_latest_round_data__good__carries_the_quote_s_round(market, feed, curator, chain):
    made = chain.blocks.head.timestamp - 100
    feed.setRound((11, 10**8, made - 1, made, 12), sender=curator)
    price = twap_price(market.tick, True, 10**8, *exponents(18, 6, 8))
    assert tuple(market.twap.latestRoundData()) == (11, price, made - 1, made, 12)
    assert abs(price - 10**8) < 10**4  # within 1 bp of a dollar: the tick is whole


def test_latest_round_data__quote_from_the_future__answers_zero_dated_now(market, feed, curator, chain):
    ahead = chain.pending_timestamp + 10**6
    feed.setRound((11, 10**8, ahead, ahead, 11), sender=curator)
    answer = market.twap.latestRoundData()
    assert answer.answer == 0
    assert answer.updatedAt < ahead


@pytest.mark.parametrize(
    ("liquidity", "is_good"), [(LIQUIDITY // 2 + 1, True), (LIQUIDITY // 2 - 2, False), (0, False)]
)
def test_latest_round_data__liquidity_around_the_minimum__zero_below(
    oracle_on_twap, market, curator, liquidity, is_good
):
    market.pool.set(market.tick, liquidity, sender=curator)
    assert (market.twap.latestRoundData().answer > 0) is is_good
    assert oracle_on_twap.quote(COIN).status == (GOOD if is_good else INVALID)


def test_latest_round_data__pool_forgot_too_soon__is_invalid(oracle_on_twap, market, curator):
    market.pool.setMemory(500, WINDOW - 1, sender=curator)
    assert tuple(oracle_on_twap.quote(COIN)) == (0, 0, INVALID)


@pytest.mark.parametrize("base_is_token0", [True, False])
@pytest.mark.parametrize(("base_decimals", "quote_decimals"), [(18, 6), (6, 18), (8, 8), (0, 18), (18, 0)])
@pytest.mark.parametrize("feed_decimals", [6, 8, 18])
def test_latest_round_data__any_decimals_and_order__is_the_model_s_price(
    project, governor, deploy_feed, tokens, base_decimals, quote_decimals, feed_decimals, base_is_token0
):
    quote_feed = deploy_feed(feed_decimals, 10**feed_decimals * 99 // 100)
    quote = governor.deploy(project.DecimalsOnlyToken, quote_decimals)
    near = round((quote_decimals - base_decimals) / 0.0000434272768626) * (1 if base_is_token0 else -1) + 7
    pool = governor.deploy(
        project.UniswapV3PoolModel, tokens[base_decimals], quote, base_is_token0, near, LIQUIDITY
    )
    twap = governor.deploy(project.UniswapV3TwapFeed, _config(pool, tokens[base_decimals], quote_feed))
    up_down = exponents(base_decimals, quote_decimals, feed_decimals)
    answer = twap.latestRoundData().answer
    assert answer == twap_price(near, base_is_token0, quote_feed.answer(), *up_down)
    assert abs(answer - 99 * 10**6) < 99 * 10**6 // 1_000  # 7 ticks off 0.99


# ----------------------------------------------------------------------------------------------- constructor


def _refused(project, *config):
    return constructor_revert_of(project.UniswapV3TwapFeed, config)


def test_constructor__pool_unknown_to_the_factory__refused(project, market, feed, governor):
    market.pool.setRegistered(False, sender=governor)
    refusal = _refused(project, *_config(market.pool, market.base, feed))
    assert refusal == ("NotAPool", market.pool.address)


def test_constructor__pool_without_code__refused(project, market, feed, attacker):
    refusal = _refused(project, *_config(market.pool, market.base, feed, pool=attacker.address))
    assert refusal == ("NotAPool", attacker.address)


def test_constructor__base_not_in_the_pool__refused(project, market, feed, tokens):
    assert _refused(project, *_config(market.pool, tokens[6], feed)) == ("NotInPool", tokens[6].address)


def test_constructor__no_quote_feed__refused(project, market, feed):
    refusal = _refused(project, *_config(market.pool, market.base, feed, quote_feed=ZERO_ADDRESS))
    assert refusal == ("FeedHasNoCode", ZERO_ADDRESS)


def test_constructor__window_too_short__refused(project, market, feed):
    shortest = market.twap.MIN_WINDOW()
    refusal = _refused(project, *_config(market.pool, market.base, feed, window=shortest - 1))
    assert refusal == ("WindowTooShort", shortest - 1, shortest)


def test_constructor__ring_shorter_than_the_window__refused(project, market, feed, governor):
    needed = WINDOW // market.twap.BLOCK_TIME() + 1
    market.pool.setMemory(needed - 1, 10**6, sender=governor)
    refusal = _refused(project, *_config(market.pool, market.base, feed))
    assert refusal == ("CardinalityTooSmall", needed - 1, needed)


def test_constructor__ring_not_filled_yet__refused(project, market, feed, governor):
    market.pool.setMemory(500, WINDOW - 1, sender=governor)
    with pytest.raises(AssertionError, match="unknown error"):  # the pool's own
        _refused(project, *_config(market.pool, market.base, feed))


def test_constructor__no_liquidity_asked_for__refused(project, market, feed):
    assert _refused(project, *_config(market.pool, market.base, feed, liquidity=0)) == ("ZeroLiquidity",)


@pytest.mark.parametrize(("minimum", "maximum"), [(5, 5), (6, 5), (0, 2**96)])
def test_constructor__quote_bounds_unordered_or_too_wide__refused(project, market, feed, minimum, maximum):
    refusal = _refused(project, *_config(market.pool, market.base, feed, minimum=minimum, maximum=maximum))
    assert refusal == ("BoundsOutOfRange", minimum, maximum)


def test_constructor__coin_with_more_than_18_decimals__refused(project, governor, tokens, quote_token, feed):
    pool = governor.deploy(project.UniswapV3PoolModel, tokens[19], quote_token, True, 0, LIQUIDITY)
    assert _refused(project, *_config(pool, tokens[19], feed)) == ("UnsupportedDecimals", 19)
