"""Every bad answer against every entry point of the oracle."""

import pytest
from ape.utils import ZERO_ADDRESS

from tests.bad_feeds import BAD_ANSWERS, GOOD, INVALID, MODES, NO_CODE, STALE, break_feed, mend_feed
from tests.reverts import revert_of
from tests.unit.oracle.conftest import COIN, OTHER_COIN, source

WAD = 10**18


def _refusal(feed, bad):
    """What `setSources` must revert with for this feed."""
    if bad.name == NO_CODE:
        return ("FeedHasNoCode", feed.address)
    return ("FeedNotGood", feed.address, bad.status)


bad_answers = pytest.mark.parametrize("bad", BAD_ANSWERS, ids=str)


def test_modes__named_in_python__are_the_contract_s(project):
    (setter,) = (m for m in project.BadFeed.contract_type.mutable_methods if m.name == "setMode")
    assert setter.inputs[0].internal_type == "enum BadFeed.Mode"
    ast_path = project.path / "contracts" / "test" / "BadFeed.sol"
    body = ast_path.read_text().split("enum Mode {")[1].split("}")[0]
    names = [line.split("//")[0].strip().rstrip(",") for line in body.splitlines()]
    assert tuple(name for name in names if name) == MODES
    assert len(BAD_ANSWERS) >= 12


@bad_answers
def test_quote__only_source_bad__has_no_price(priced, feed, curator, chain, bad):
    break_feed(feed, bad, chain, curator)
    assert tuple(priced.quote(COIN)) == (0, 0, bad.status)


@bad_answers
def test_quotes__one_asset_bad__others_unharmed(priced, feed, second_feed, curator, chain, bad):
    priced.setSources(OTHER_COIN, [source(second_feed)], 1, 0, sender=curator)
    break_feed(feed, bad, chain, curator)
    answers = [tuple(answer) for answer in priced.quotes([OTHER_COIN, COIN, OTHER_COIN])]
    assert answers == [(WAD, WAD, GOOD), (0, 0, bad.status), (WAD, WAD, GOOD)]


@bad_answers
def test_quote__one_of_two_bad_and_both_needed__keeps_other_s_bounds(
    twice_priced, feed, second_feed, curator, chain, bad
):
    break_feed(feed, bad, chain, curator)
    assert tuple(twice_priced.quote(COIN)) == (WAD, WAD, bad.status)


@bad_answers
def test_quote__one_of_two_bad_and_one_needed__is_good(oracle, feed, second_feed, curator, chain, bad):
    oracle.setSources(COIN, [source(feed), source(second_feed)], 1, 100, sender=curator)
    break_feed(feed, bad, chain, curator)
    assert tuple(oracle.quote(COIN)) == (WAD, WAD, GOOD)


@bad_answers
def test_set_sources__feed_bad__refused_by_name(oracle, feed, curator, chain, bad):
    bad_source = source(feed)
    break_feed(feed, bad, chain, curator)
    refusal = revert_of(oracle.setSources, COIN, [bad_source], 1, 0, sender=curator)
    assert refusal == _refusal(feed, bad)


@bad_answers
def test_set_sources__second_of_two_bad_though_one_suffices__refused(
    oracle, feed, second_feed, curator, chain, bad
):
    sources = [source(second_feed), source(feed)]
    break_feed(feed, bad, chain, curator)
    assert revert_of(oracle.setSources, COIN, sources, 1, 0, sender=curator) == _refusal(feed, bad)


@pytest.mark.parametrize("bad", [bad for bad in BAD_ANSWERS if bad.name != NO_CODE], ids=str)
def test_quote__feed_mends__is_good_again(priced, feed, curator, chain, bad):
    break_feed(feed, bad, chain, curator)
    mend_feed(feed, curator)
    assert tuple(priced.quote(COIN)) == (WAD, WAD, GOOD)


def test_quote__feed_is_a_plain_account__is_invalid(priced, feed, chain):
    chain.provider.make_request("anvil_setCode", [feed.address, "0x"])
    assert tuple(priced.quote(COIN)) == (0, 0, INVALID)


def test_quote__first_bad_source_decides__status_follows_order(twice_priced, feed, second_feed, curator):
    feed.setMode(MODES.index("STALE"), sender=curator)
    second_feed.setMode(MODES.index("ZERO"), sender=curator)
    assert tuple(twice_priced.quote(COIN)) == (0, 0, STALE)
    feed.setMode(MODES.index("ZERO"), sender=curator)
    second_feed.setMode(MODES.index("STALE"), sender=curator)
    assert tuple(twice_priced.quote(COIN)) == (0, 0, INVALID)


def test_set_sources__zero_address_feed__refused(oracle, feed, curator):
    nowhere = (ZERO_ADDRESS, *source(feed)[1:])
    refusal = revert_of(oracle.setSources, COIN, [nowhere], 1, 0, sender=curator)
    assert refusal == ("FeedHasNoCode", ZERO_ADDRESS)
