"""Who may change what the oracle believes, and how soon."""

import pytest

from tests.bad_feeds import GOOD, INVALID, MODES, UNKNOWN_ASSET
from tests.reverts import revert_of
from tests.unit.oracle.conftest import (
    COIN,
    CURATED,
    CURATOR_ROLE,
    GUARDED,
    GUARDIAN_ROLE,
    OTHER_COIN,
    selectors,
    source,
)

WAD = 10**18
DELAY = 2 * 86_400


def _calls(oracle, feed):
    """Every privileged function with good arguments."""
    return {
        "setSources": (oracle.setSources, COIN, [source(feed)], 1, 0),
        "removeAsset": (oracle.removeAsset, COIN),
        "unfreezeAsset": (oracle.unfreezeAsset, COIN),
        "freezeAsset": (oracle.freezeAsset, COIN),
    }


def test_privileged__functions__are_all_of_them(oracle):
    inherited = {"setAuthority"}  # the manager's alone
    assert {m.name for m in oracle.contract_type.mutable_methods} - inherited == {*CURATED, *GUARDED}


MAY_NOT = [(name, role) for name in CURATED for role in ("attacker", "guardian", "governor")] + [
    (name, role) for name in GUARDED for role in ("attacker", "curator", "governor")
]


@pytest.mark.parametrize(("name", "role"), MAY_NOT)
def test_privileged__caller_without_the_role__refused(priced, feed, request, name, role):
    sender = request.getfixturevalue(role)
    method, *args = _calls(priced, feed)[name]
    assert revert_of(method, *args, sender=sender) == ("AccessManagedUnauthorized", sender.address)


def test_set_authority__anyone__refused(oracle, attacker, governor, curator):
    for sender in (attacker, governor, curator):
        refusal = revert_of(oracle.setAuthority, attacker.address, sender=sender)
        assert refusal == ("AccessManagedUnauthorized", sender.address)


@pytest.fixture
def slow_curator(manager, governor, curator):
    """The curator with its delay on."""
    manager.grantRole(CURATOR_ROLE, curator, DELAY, sender=governor)
    return curator


@pytest.mark.parametrize("name", CURATED)
def test_curated__before_the_delay__refused_and_after_it_done(
    priced, feed, manager, slow_curator, guardian, chain, name
):
    if name == "unfreezeAsset":
        priced.freezeAsset(COIN, sender=guardian)
    method, *args = _calls(priced, feed)[name]
    data = method.encode_input(*args)
    unscheduled, *_ = revert_of(method, *args, sender=slow_curator, errors_of=manager.contract_type)
    assert unscheduled == "AccessManagerNotScheduled"
    manager.schedule(priced, data, 0, sender=slow_curator)
    chain.mine(timestamp=chain.blocks.head.timestamp + DELAY - 10)
    early, *_ = revert_of(method, *args, sender=slow_curator, errors_of=manager.contract_type)
    assert early == "AccessManagerNotReady"
    chain.mine(timestamp=chain.blocks.head.timestamp + 10)
    feed.setAnswer(feed.answer(), sender=slow_curator)
    method(*args, sender=slow_curator)
    assert priced.quote(COIN).status == (UNKNOWN_ASSET if name == "removeAsset" else GOOD)


def test_freeze_asset__guardian__invalid_at_once_until_the_curator_thaws(
    twice_priced, feed, second_feed, curator, guardian
):
    twice_priced.setSources(OTHER_COIN, [source(feed)], 1, 0, sender=curator)
    receipt = twice_priced.freezeAsset(COIN, sender=guardian)
    assert [log.event_name for log in receipt.decode_logs(twice_priced.AssetFrozen)] == ["AssetFrozen"]
    assert tuple(twice_priced.quote(COIN)) == (0, 0, INVALID)
    assert tuple(twice_priced.quote(OTHER_COIN)) == (WAD, WAD, GOOD)
    sources, *settings = twice_priced.getSources(COIN)
    assert [tuple(one) for one in sources] == [source(feed), source(second_feed)]
    assert settings == [2, 100, True]
    receipt = twice_priced.unfreezeAsset(COIN, sender=curator)
    assert [log.event_name for log in receipt.decode_logs(twice_priced.AssetUnfrozen)] == ["AssetUnfrozen"]
    assert tuple(twice_priced.quote(COIN)) == (WAD, WAD, GOOD)


def test_set_sources__asset_frozen_meanwhile__stays_frozen(priced, feed, second_feed, curator, guardian):
    priced.freezeAsset(COIN, sender=guardian)
    priced.setSources(COIN, [source(second_feed)], 1, 5, sender=curator)
    assert tuple(priced.quote(COIN)) == (0, 0, INVALID)
    sources, *settings = priced.getSources(COIN)
    assert [tuple(one) for one in sources] == [source(second_feed)]
    assert settings == [1, 5, True]


def test_set_sources__asset_frozen_and_feed_bad__refused_all_the_same(priced, feed, curator, guardian):
    priced.freezeAsset(COIN, sender=guardian)
    feed.setMode(MODES.index("ZERO"), sender=curator)
    refusal = revert_of(priced.setSources, COIN, [source(feed)], 1, 0, sender=curator)
    assert refusal == ("FeedNotGood", feed.address, INVALID)


def test_remove_asset__curator__forgets_it(twice_priced, curator):
    receipt = twice_priced.removeAsset(COIN, sender=curator)
    assert len(receipt.decode_logs(twice_priced.AssetRemoved)) == 1
    assert tuple(twice_priced.quote(COIN)) == (0, 0, UNKNOWN_ASSET)
    sources, *settings = twice_priced.getSources(COIN)
    assert (len(sources), settings) == (0, [0, 0, False])


@pytest.mark.parametrize(
    ("name", "role"), [("removeAsset", "curator"), ("unfreezeAsset", "curator"), ("freezeAsset", "guardian")]
)
def test_privileged__unknown_asset__refused(oracle, request, name, role):
    refusal = revert_of(getattr(oracle, name), OTHER_COIN, sender=request.getfixturevalue(role))
    assert refusal[0] == "UnknownAsset"
    assert refusal[1].lower() == OTHER_COIN


def test_selectors__guardian__has_freezing_only(oracle, manager):
    for name, role in [(name, CURATOR_ROLE) for name in CURATED] + [
        (name, GUARDIAN_ROLE) for name in GUARDED
    ]:
        (selector,) = selectors(oracle, (name,))
        assert manager.getTargetFunctionRole(oracle, selector) == role
