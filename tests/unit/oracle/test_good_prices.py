"""What single sources answer: in order, whether they agree or not, and never a revert because of a feed."""

import pytest

from tests.bad_feeds import BAD_ANSWERS, DIVERGED, MODES, break_feed, mend_feed
from tests.reverts import revert_of
from tests.unit.oracle.conftest import COIN, OTHER_COIN, source

WAD = 10**18
CENT = 10**16
UP, DOWN = 0, 1
GRACE = 3_600

bad_answers = pytest.mark.parametrize("bad", BAD_ANSWERS, ids=str)


def good_prices(oracle, asset=COIN):
    prices, sources = oracle.goodPrices(asset)
    return list(prices), sources


def test_good_prices__sources_far_apart__all_in_their_order(oracle, deploy_feed, curator):
    feeds = [deploy_feed(decimals) for decimals in (8, 18, 6, 0)]
    oracle.setSources(COIN, [source(feed) for feed in feeds], 2, 100, sender=curator)
    for feed, answer in zip(feeds, (101 * 10**6, 99 * CENT, 3_990_000, 2), strict=True):
        feed.setAnswer(answer, sender=curator)
    assert oracle.quote(COIN).status == DIVERGED
    assert good_prices(oracle) == ([101 * CENT, 99 * CENT, 399 * CENT, 2 * WAD], 4)


@bad_answers
def test_good_prices__only_source_bad__none(priced, feed, curator, chain, bad):
    break_feed(feed, bad, chain, curator)
    assert good_prices(priced) == ([], 1)


@bad_answers
@pytest.mark.parametrize("position", [0, 1, 2])
def test_good_prices__one_of_three_bad__the_others_in_order(
    oracle, deploy_feed, curator, chain, bad, position
):
    feeds = [deploy_feed() for _ in range(3)]
    oracle.setSources(COIN, [source(one) for one in feeds], 3, 0, sender=curator)
    answers = [WAD, 99 * CENT, 98 * CENT]
    for one, answer in zip(feeds, answers, strict=True):
        one.setAnswer(answer // 10**10, sender=curator)
    break_feed(feeds[position], bad, chain, curator)
    del answers[position]
    assert good_prices(oracle) == (answers, 3)


def test_good_prices__source_mends__is_back(twice_priced, feed, curator):
    feed.setMode(MODES.index("REVERTING_BOMB"), sender=curator)
    assert good_prices(twice_priced) == ([WAD], 2)
    mend_feed(feed, curator)
    assert good_prices(twice_priced) == ([WAD, WAD], 2)


def test_good_prices__unknown_asset__none_of_none(oracle):
    assert good_prices(oracle, OTHER_COIN) == ([], 0)


def test_good_prices__frozen__none_until_thawed(twice_priced, curator, guardian):
    twice_priced.freezeAsset(COIN, sender=guardian)
    assert good_prices(twice_priced) == ([], 2)
    twice_priced.unfreezeAsset(COIN, sender=curator)
    assert good_prices(twice_priced) == ([WAD, WAD], 2)


def test_good_prices__sequencer_down__none(deploy_oracle, deploy_feed, feed, curator):
    sequencer = deploy_feed(0, UP)
    sequencer.setRound((7, UP, 1, 1, 7), sender=curator)
    oracle = deploy_oracle(sequencer=sequencer, grace=GRACE)
    oracle.setSources(COIN, [source(feed)], 1, 0, sender=curator)
    assert good_prices(oracle) == ([WAD], 1)
    sequencer.setRound((8, DOWN, 1, 1, 8), sender=curator)
    assert good_prices(oracle) == ([], 1)
    assert good_prices(oracle, OTHER_COIN) == ([], 0)


def test_good_prices__little_gas__reverts_instead_of_losing_a_source(twice_priced, curator):
    name, *_ = revert_of(twice_priced.goodPrices, COIN, sender=curator, gas=200_000)
    assert name == "InsufficientGas"
