"""No single source decides: not a venue with a wick, not a bad feed or a dead one, for nor against."""

import pytest
from ape.utils import ZERO_ADDRESS

from ballast.model.crisis import State
from tests.bad_feeds import BAD_ANSWERS, MODES, bounds_of, break_feed
from tests.unit.crisis.conftest import COIN, HOUR, OTHER, WAD

SOUND, WATCH, CRISIS, RECOVERING, DARK = State
DAY = 86_400
LONG = 12  # looks an hour apart: two would do at a price of 0.01
ASSETS = tuple(f"0x{number:040x}" for number in range(0xA1, 0xA4))  # of one, two and three sources


def source(feed):
    """A `PriceOracle.Source` over a `BadFeed` that never grows stale by itself."""
    low, high = bounds_of(feed)
    return (feed.address, 12 * DAY, feed.decimals(), low, high)


@pytest.fixture(scope="module")
def feeds(project, governor):
    return [governor.deploy(project.BadFeed, 8, 10**8) for _ in range(3)]


@pytest.fixture(scope="module")
def fed(project, governor, deploy_scene, feeds):
    """A detector over the real oracle: three coins of one, two and three sources, the first one shared."""
    scene = deploy_scene(
        governor.deploy(project.PriceOracle, _open_access(project, governor), ZERO_ADDRESS, 0)
    )
    for number, asset in enumerate(ASSETS, start=1):
        sources = [source(feed) for feed in feeds[:number]]
        scene.oracle.setSources(asset, sources, number, 200, sender=governor)
    return scene


def _open_access(project, governor):
    return governor.deploy(project.IndexAccess, governor)


def watch(scene, looks):
    """Each coin's states over looks an hour apart."""
    seen = {asset: [] for asset in ASSETS}
    for _ in range(looks):
        for wait, asset in zip((HOUR - 2, 1, 1), ASSETS, strict=True):
            seen[asset].append(scene.look(asset=asset, wait=wait))
    return [seen[asset] for asset in ASSETS]


@pytest.mark.parametrize("bad", BAD_ANSWERS, ids=str)
def test_bad_answer__of_one_feed__is_never_a_crisis(fed, feeds, governor, chain, bad):
    watch(fed, 1)
    break_feed(feeds[0], bad, chain, governor)
    alone, of_two, of_three = watch(fed, 5)
    assert alone == of_two == [SOUND, SOUND, DARK, DARK, DARK]
    assert set(of_three) == {SOUND}


@pytest.mark.parametrize("dollars", [3.99, 0.02, 0.50, 0.87])
def test_wick__on_one_venue__moves_no_coin_that_has_another(fed, feeds, governor, dollars):
    """May 2022: USDCUSDT at 3.99 on one exchange."""
    watch(fed, 1)
    feeds[0].setAnswer(round(dollars * 10**8), sender=governor)
    alone, of_two, of_three = watch(fed, LONG)
    assert set(alone) == {WATCH}
    assert set(of_two) == set(of_three) == {SOUND}


def test_feeds__all_dead__dark_and_no_crisis(fed, feeds, governor):
    watch(fed, 1)
    for feed in feeds:
        feed.setMode(MODES.index("REVERTING_EMPTY"), sender=governor)
    assert watch(fed, 4) == [[SOUND, SOUND, DARK, DARK]] * 3


def test_feeds__stale_at_a_low_price__dark_and_no_crisis(fed, feeds, governor):
    watch(fed, 1)
    for feed in feeds:
        feed.setRound((7, 5 * 10**7, 1, 1, 7), sender=governor)
    assert watch(fed, 4) == [[SOUND, SOUND, DARK, DARK]] * 3


def test_asset__frozen_by_a_guardian__dark_and_no_crisis(fed, feeds, governor):
    watch(fed, 1)
    feeds[0].setAnswer(5 * 10**7, sender=governor)
    feeds[1].setAnswer(5 * 10**7, sender=governor)
    for asset in ASSETS:
        fed.oracle.freezeAsset(asset, sender=governor)
    assert watch(fed, 4) == [[SOUND, SOUND, DARK, DARK]] * 3


def test_sequencer__down__dark_and_no_crisis(project, governor, deploy_scene, feeds):
    sequencer = governor.deploy(project.BadFeed, 0, 0)
    sequencer.setRound((1, 0, 1, 1, 1), sender=governor)
    oracle = governor.deploy(project.PriceOracle, _open_access(project, governor), sequencer, HOUR)
    scene = deploy_scene(oracle)
    oracle.setSources(ASSETS[2], [source(feed) for feed in feeds], 2, 200, sender=governor)
    assert scene.look(asset=ASSETS[2]) is SOUND
    sequencer.setRound((2, 1, 1, 1, 2), sender=governor)
    assert scene.looks(3, asset=ASSETS[2]) == [SOUND, SOUND, DARK]


def test_one_of_three__at_nearly_nothing__triggers_nothing(scene):
    assert set(scene.looks(LONG, 0.01, 1, 1)) == {SOUND}


@pytest.mark.parametrize("stuck", [1, 3.99, 0.01])
def test_one_of_three__stuck_at_anything__holds_up_no_crisis(scene, stuck):
    assert scene.looks(5, stuck, 0.70, 0.70)[-1] is CRISIS


def test_one_of_three__dead__holds_up_no_crisis(scene):
    assert scene.looks(5, 0.70, 0.70, sources=3)[-1] is CRISIS


@pytest.mark.parametrize("stuck", [0.01, 0.70, 3.99])
def test_one_of_three__still_off__holds_up_no_recovery(scene, stuck):
    scene.break_peg()
    assert scene.looks(26, stuck, 1, 1)[-1] is RECOVERING


def test_one_of_three__falls__returns_nothing_to_crisis(scene):
    scene.break_peg()
    scene.recover()
    assert set(scene.looks(LONG, 0.01, 1, 1)) == {RECOVERING}


def test_two_of_four__against_two__the_fall_is_believed(scene):
    """Two sources show it, as many as the policy asks for; that two others do not is no proof against it."""
    assert scene.looks(5, 0.70, 0.70, 1, 1)[-1] is CRISIS


def test_single_source__falls__on_watch_but_never_a_crisis(scene):
    scene.look()
    assert set(scene.looks(LONG, 0.01, sources=1)) == {WATCH}


def test_wick__on_every_venue_for_one_look__no_crisis(scene):
    scene.look()
    assert scene.look(3.99, 3.99) is WATCH
    assert set(scene.looks(LONG, 1, 1)) <= {WATCH, SOUND}


def test_confirmations__three_asked_for__two_of_three_are_not_enough(scene):
    scene.set_params(confirmations=3)
    assert set(scene.looks(LONG, 0.5, 0.5, 1)) == {SOUND}
    assert scene.looks(4, 0.5, 0.5, 0.6)[-1] is CRISIS
    assert scene.state(OTHER) is SOUND
    assert scene.detector.observationsOf(COIN)[-1].deviationBps == -4_000
    assert scene.oracle.quote(COIN).low == WAD
