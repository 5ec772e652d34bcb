"""Statuses, quorum, spread, time, gas and settings of the oracle, with feeds that answer as told."""

import pytest
from ape.utils import ZERO_ADDRESS
from eth_utils import keccak, to_checksum_address
from web3.exceptions import Web3Exception

from tests.bad_feeds import DIVERGED, GOOD, INVALID, MODES, SEQUENCER_DOWN, STALE, UNKNOWN_ASSET
from tests.reverts import constructor_revert_of, revert_of
from tests.unit.oracle.conftest import COIN, DOLLAR_8, HEARTBEAT, OTHER_COIN, source

WAD = 10**18
CENT = 10**16
MILLI = 10**15
UP, DOWN = 0, 1
GRACE = 3_600


def _now(chain):
    """The time the next call or transaction will see, made certain by mining at it."""
    chain.mine(timestamp=chain.pending_timestamp + 1)
    return chain.blocks.head.timestamp


def _answer(feed, sender, answer, updated_at, started_at=None):
    feed.setRound((7, answer, started_at or updated_at, updated_at, 7), sender=sender)


def _at(chain, timestamp):
    chain.mine(timestamp=timestamp)


# ---------------------------------------------------------------------------------------------------- quotes


@pytest.mark.parametrize("decimals", [0, 2, 6, 8, 18])
def test_quote__feed_of_any_decimals__answers_in_wad(oracle, deploy_feed, curator, decimals):
    feed = deploy_feed(decimals, 3 * 10**decimals)
    bounds = (CENT, 1_000 * WAD)
    oracle.setSources(COIN, [source(feed, bounds=bounds)], 1, 0, sender=curator)
    assert tuple(oracle.quote(COIN)) == (3 * WAD, 3 * WAD, GOOD)


def test_quote__asset_without_sources__is_unknown(oracle):
    assert tuple(oracle.quote(COIN)) == (0, 0, UNKNOWN_ASSET)


def test_quotes__several__equal_quote_in_order(twice_priced, second_feed, curator):
    twice_priced.setSources(OTHER_COIN, [source(second_feed)], 1, 0, sender=curator)
    second_feed.setAnswer(1_005 * WAD // 1_000, sender=curator)
    assets = [OTHER_COIN, ZERO_ADDRESS, COIN, COIN]
    expected = [tuple(twice_priced.quote(asset)) for asset in assets]
    assert [tuple(one) for one in twice_priced.quotes(assets)] == expected
    assert expected[2] == (WAD, 1_005 * WAD // 1_000, GOOD)
    assert [tuple(one) for one in twice_priced.quotes([])] == []


@pytest.mark.parametrize(
    ("above", "status"), [(0, GOOD), (WAD // 100, GOOD), (WAD // 100 + 1, DIVERGED), (WAD, DIVERGED)]
)
def test_quote__two_sources__diverge_just_past_the_spread(twice_priced, second_feed, curator, above, status):
    second_feed.setAnswer(WAD + above, sender=curator)
    assert tuple(twice_priced.quote(COIN)) == (WAD, WAD + above, status)


def test_quote__first_source_higher__low_and_high_are_sorted(twice_priced, feed, curator):
    feed.setAnswer(DOLLAR_8 + 1, sender=curator)
    assert tuple(twice_priced.quote(COIN)) == (WAD, WAD + 10**10, GOOD)


def test_quote__bad_source_beyond_the_spread__counts_for_nothing(oracle, deploy_feed, curator):
    feeds = [deploy_feed() for _ in range(4)]
    oracle.setSources(COIN, [source(one) for one in feeds], 2, 50, sender=curator)
    feeds[1].setAnswer(2 * DOLLAR_8, sender=curator)
    assert tuple(oracle.quote(COIN)) == (WAD, 2 * WAD, DIVERGED)
    feeds[1].setMode(MODES.index("STALE"), sender=curator)
    assert tuple(oracle.quote(COIN)) == (WAD, WAD, GOOD)


@pytest.mark.parametrize(("good", "status"), [(4, GOOD), (3, GOOD), (2, INVALID), (1, INVALID), (0, INVALID)])
def test_quote__quorum_of_three_in_four__holds_exactly(oracle, deploy_feed, curator, good, status):
    feeds = [deploy_feed() for _ in range(4)]
    oracle.setSources(COIN, [source(one) for one in feeds], 3, 50, sender=curator)
    for feed in feeds[good:]:
        feed.setMode(MODES.index("REVERTING"), sender=curator)
    price = WAD if good else 0
    assert tuple(oracle.quote(COIN)) == (price, price, status)


@pytest.mark.parametrize(("age", "status"), [(0, GOOD), (HEARTBEAT, GOOD), (HEARTBEAT + 1, STALE)])
def test_quote__answer_as_old_as_the_heartbeat__is_the_last_good_one(
    priced, feed, curator, chain, age, status
):
    made = _now(chain)
    _answer(feed, curator, DOLLAR_8, made)
    _at(chain, max(made + age, chain.pending_timestamp))
    head = chain.blocks.head.timestamp
    if head != made + age:  # only for age 0: the answer's own transaction took a second
        assert age == 0
        _answer(feed, curator, DOLLAR_8, head)
    assert priced.quote(COIN).status == status


@pytest.mark.parametrize(
    ("offset", "low_status", "high_status"), [(-1, INVALID, GOOD), (0, INVALID, INVALID), (1, GOOD, INVALID)]
)
def test_quote__price_around_a_bound__only_strictly_inside_is_good(
    priced, feed, curator, offset, low_status, high_status
):
    feed.setAnswer(feed.minAnswer() + offset, sender=curator)
    assert priced.quote(COIN).status == low_status
    feed.setAnswer(feed.maxAnswer() + offset, sender=curator)
    assert priced.quote(COIN).status == high_status


def test_quote__answered_in_a_later_round__is_good(priced, feed, curator, chain):
    feed.setRound((7, DOLLAR_8, 1, _now(chain), 8), sender=curator)
    assert priced.quote(COIN).status == GOOD


# ------------------------------------------------------------------------------------------------------- gas


def _quote_with(chain, oracle, asset, gas):
    """The quote with `gas` for the call itself, or the name of the revert."""
    data = oracle.quote.encode_input(asset)
    intrinsic = 21_000 + sum(16 if byte else 4 for byte in data)
    call = {"to": oracle.address, "data": "0x" + data.hex(), "gas": hex(intrinsic + gas)}
    try:
        answer = chain.provider.web3.eth.call(call)
    except Web3Exception as error:
        raw = str(getattr(error, "data", ""))
        starved = "0x" + keccak(text="InsufficientGas(uint256,uint256)")[:4].hex()
        return "InsufficientGas" if raw.startswith(starved) else "out of gas"
    return tuple(int.from_bytes(answer[i : i + 32], "big") for i in range(0, 96, 32))


def test_quote__any_amount_of_gas__never_makes_a_good_feed_look_bad(
    project, oracle, governor, curator, chain
):
    """The feed needs nearly all it may use; whatever the caller supplies, it is good or the call reverts."""
    heavy = governor.deploy(project.HeavyFeed, oracle.FEED_GAS() - 1_000)
    oracle.setSources(COIN, [(heavy.address, HEARTBEAT, 8, CENT, 1_000 * WAD)], 1, 0, sender=curator)
    outcomes = {gas: _quote_with(chain, oracle, COIN, gas) for gas in range(0, 300_000, 997)}
    assert set(outcomes.values()) == {"out of gas", "InsufficientGas", (WAD, WAD, GOOD)}
    edge = min(gas for gas, outcome in outcomes.items() if outcome == (WAD, WAD, GOOD))
    for gas in range(edge - 997, edge + 1, 13):
        assert _quote_with(chain, oracle, COIN, gas) in ("InsufficientGas", (WAD, WAD, GOOD)), gas


def test_quote__feed_that_needs_more_than_its_gas__is_invalid_however_much_is_supplied(
    priced, feed, curator, chain
):
    feed.setMode(MODES.index("BURNING"), sender=curator)
    for gas in (300_000, 3_000_000, 25_000_000):
        assert _quote_with(chain, priced, COIN, gas) == (0, 0, INVALID)


def test_quotes__gas_runs_short_at_a_later_asset__reverts_whole(priced, feed, curator, chain):
    assets = [COIN] * 3
    feed.setMode(MODES.index("BURNING"), sender=curator)
    needed = int(priced.FEED_GAS()) * 2
    name, *_ = revert_of(priced.quotes, assets, sender=curator, gas=needed)
    assert name == "InsufficientGas"


# ------------------------------------------------------------------------------------------------- sequencer


@pytest.fixture
def sequencer(deploy_feed):
    return deploy_feed(0, UP)


@pytest.fixture
def l2_oracle(deploy_oracle, sequencer, feed, curator, chain):
    """An oracle behind a sequencer that has been up for long, pricing COIN."""
    _answer(sequencer, curator, UP, 1)
    oracle = deploy_oracle(sequencer=sequencer, grace=GRACE)
    oracle.setSources(COIN, [source(feed)], 1, 0, sender=curator)
    return oracle


def test_quote__sequencer_up_for_long__is_good(l2_oracle):
    assert tuple(l2_oracle.quote(COIN)) == (WAD, WAD, GOOD)
    assert [tuple(one) for one in l2_oracle.quotes([COIN])] == [(WAD, WAD, GOOD)]


@pytest.mark.parametrize("mode", [name for name in MODES if name not in ("GOOD", "ROUND", "STALE", "ZERO")])
def test_quote__sequencer_feed_bad__everything_is_down(l2_oracle, sequencer, curator, mode):
    sequencer.setAnswer(DOWN, sender=curator)
    sequencer.setMode(MODES.index(mode), sender=curator)
    assert tuple(l2_oracle.quote(COIN)) == (0, 0, SEQUENCER_DOWN)
    down = [tuple(one) for one in l2_oracle.quotes([COIN, OTHER_COIN])]
    assert down == [(0, 0, SEQUENCER_DOWN)] * 2


def test_quote__sequencer_down__is_down(l2_oracle, sequencer, curator):
    _answer(sequencer, curator, DOWN, 1)
    assert tuple(l2_oracle.quote(COIN)) == (0, 0, SEQUENCER_DOWN)


@pytest.mark.parametrize(
    ("after", "status"), [(GRACE - 1, SEQUENCER_DOWN), (GRACE, SEQUENCER_DOWN), (GRACE + 1, GOOD)]
)
def test_quote__sequencer_back__is_good_only_after_the_grace(
    l2_oracle, sequencer, curator, chain, after, status
):
    back = _now(chain)
    _answer(sequencer, curator, UP, back)
    _at(chain, back + after)
    assert l2_oracle.quote(COIN).status == status


def test_quote__sequencer_never_reported__is_down(l2_oracle, sequencer, curator):
    sequencer.setRound((0, UP, 0, 0, 0), sender=curator)
    assert l2_oracle.quote(COIN).status == SEQUENCER_DOWN


def test_quote__sequencer_started_in_the_future__is_down(l2_oracle, sequencer, curator, chain):
    sequencer.setRound((1, UP, _now(chain) + 10**6, 1, 1), sender=curator)
    assert l2_oracle.quote(COIN).status == SEQUENCER_DOWN


def test_set_sources__sequencer_down__refused(l2_oracle, sequencer, feed, curator):
    _answer(sequencer, curator, DOWN, 1)
    refusal = revert_of(l2_oracle.setSources, COIN, [source(feed)], 1, 0, sender=curator)
    assert refusal == ("SourcesNotGood", SEQUENCER_DOWN)


# -------------------------------------------------------------------------------------------------- settings


def test_set_sources__two_sources__shown_as_set(twice_priced, feed, second_feed):
    sources, quorum, spread, frozen = twice_priced.getSources(COIN)
    assert [tuple(one) for one in sources] == [source(feed), source(second_feed)]
    assert (quorum, spread, frozen) == (2, 100, False)


def test_set_sources__widest_values__survive_packing(oracle, deploy_feed, curator):
    feeds = [deploy_feed(18, 16_777_216 * MILLI) for _ in range(4)]
    widest = [source(one, heartbeat=2**20 - 1, bounds=(0, (2**28 - 1) * MILLI)) for one in feeds]
    widest[3] = source(feeds[3], heartbeat=1, bounds=((2**24 - 1) * MILLI, (2**24 + 1) * MILLI))
    oracle.setSources(COIN, widest, 4, 10_000, sender=curator)
    oracle.setSources(OTHER_COIN, widest[:1], 1, 0, sender=curator)
    sources, quorum, spread, frozen = oracle.getSources(COIN)
    assert [tuple(one) for one in sources] == widest
    assert (quorum, spread, frozen) == (4, 10_000, False)


def test_set_sources__fewer_than_before__forgets_the_rest(twice_priced, feed, second_feed, curator):
    twice_priced.setSources(COIN, [source(second_feed)], 1, 0, sender=curator)
    feed.setMode(MODES.index("REVERTING"), sender=curator)
    assert tuple(twice_priced.quote(COIN)) == (WAD, WAD, GOOD)
    assert [tuple(one) for one in twice_priced.getSources(COIN).sources] == [source(second_feed)]


def test_set_sources__success__logs_everything(oracle, feed, curator):
    receipt = oracle.setSources(COIN, [source(feed)], 1, 7, sender=curator)
    (event,) = receipt.decode_logs(oracle.SourcesSet)
    assert event.asset.lower() == COIN
    logged = [(to_checksum_address(address), *rest) for address, *rest in event.sources]
    assert logged == [source(feed)]
    assert (event.quorum, event.maxSpreadBps) == (1, 7)


def _refused(oracle, curator, *args):
    return revert_of(oracle.setSources, *args, sender=curator)


def test_set_sources__zero_asset__refused(oracle, feed, curator):
    assert _refused(oracle, curator, ZERO_ADDRESS, [source(feed)], 1, 0) == ("ZeroAsset",)


@pytest.mark.parametrize("count", [0, 5])
def test_set_sources__too_few_or_many__refused(oracle, feed, curator, count):
    refusal = _refused(oracle, curator, COIN, [source(feed)] * count, 1, 0)
    assert refusal == ("SourceCountOutOfRange", count, oracle.MAX_SOURCES())


@pytest.mark.parametrize("quorum", [0, 2, 2**256 - 1])
def test_set_sources__quorum_not_in_one_to_count__refused(oracle, feed, curator, quorum):
    assert _refused(oracle, curator, COIN, [source(feed)], quorum, 0) == ("QuorumOutOfRange", quorum, 1)


def test_set_sources__spread_over_all__refused(oracle, feed, curator):
    assert _refused(oracle, curator, COIN, [source(feed)], 1, 10_001) == ("SpreadOutOfRange", 10_001)


def test_set_sources__same_feed_twice__refused(oracle, feed, curator):
    assert _refused(oracle, curator, COIN, [source(feed)] * 2, 1, 0) == ("DuplicateFeed", feed.address)


@pytest.mark.parametrize("heartbeat", [0, 2**20, 2**32 - 1])
def test_set_sources__heartbeat_zero_or_too_wide__refused(oracle, feed, curator, heartbeat):
    refusal = _refused(oracle, curator, COIN, [source(feed, heartbeat=heartbeat)], 1, 0)
    assert refusal == ("HeartbeatOutOfRange", feed.address, heartbeat)


@pytest.mark.parametrize(
    "bounds",
    [
        (WAD, WAD),
        (2 * WAD, WAD),
        (CENT + 1, WAD * 2),
        (CENT, 2 * WAD + 1),
        (2**24 * MILLI, 2**25 * MILLI),
        (0, 2**28 * MILLI),
        (0, 2**256 - 1),
    ],
)
def test_set_sources__bounds_unordered_uneven_or_too_wide__refused(oracle, feed, curator, bounds):
    refusal = _refused(oracle, curator, COIN, [source(feed, bounds=bounds)], 1, 0)
    assert refusal == ("BoundsOutOfRange", feed.address, *bounds)


@pytest.mark.parametrize(("said", "actual"), [(6, 8), (18, 8), (19, 19), (255, 255)])
def test_set_sources__decimals_other_than_the_feed_s_or_over_18__refused(
    oracle, deploy_feed, curator, said, actual
):
    feed = deploy_feed(actual if actual < 77 else 8, 1)
    feed.setDecimals(actual, sender=curator)
    refusal = _refused(oracle, curator, COIN, [(feed.address, HEARTBEAT, said, CENT, WAD * 1_000)], 1, 0)
    assert refusal == ("DecimalsMismatch", feed.address, said, actual)


def test_set_sources__sources_disagree__refused(oracle, feed, second_feed, curator):
    second_feed.setAnswer(WAD + WAD // 100 + 1, sender=curator)
    refusal = _refused(oracle, curator, COIN, [source(feed), source(second_feed)], 1, 100)
    assert refusal == ("SourcesNotGood", DIVERGED)


def test_constructor__sequencer_settings_that_mean_nothing__refused(project, manager, attacker):
    refusal = constructor_revert_of(project.PriceOracle, manager.address, ZERO_ADDRESS, GRACE)
    assert refusal == ("GraceWithoutFeed",)
    refusal = constructor_revert_of(project.PriceOracle, manager.address, attacker.address, GRACE)
    assert refusal == ("FeedHasNoCode", attacker.address)
