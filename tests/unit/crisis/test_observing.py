"""Looks at a coin: who, when, what is kept of them, and what is answered to others."""

import pytest
from eth_utils import to_checksum_address

from ballast.model.crisis import State
from tests.reverts import revert_of
from tests.unit.crisis.conftest import COIN, HOUR, OTHER

SPACING = 300  # s
NOWHERE = to_checksum_address("0x" + "dd" * 20)


def test_observe__first_look__needs_no_waiting_and_starts_sound(scene):
    assert scene.state() is State.SOUND
    assert scene.look(wait=1) is State.SOUND
    assert scene.detector.recordOf(COIN).at == scene.now


@pytest.mark.parametrize("early", [1, SPACING - 1])
def test_observe__before_the_spacing__refused_with_the_time(scene, early):
    scene.look()
    seen_at = scene.now
    scene.chain.mine(timestamp=seen_at + early)
    refused = revert_of(scene.detector.observe, COIN, sender=scene.stranger)
    assert refused == ("ObservedTooSoon", seen_at + SPACING)


def test_observe__at_the_spacing__anyone_may(scene):
    scene.look()
    assert scene.look(wait=SPACING) is State.SOUND


@pytest.mark.parametrize(("dollars", "bps"), [(0.4999, -5_001), (1.5001, 5_001), (3_000, 2**15 - 1)])
def test_observe__first_look_far_from_a_dollar__refused_as_no_dollar_coin(scene, dollars, bps):
    """Ether has a price at the oracle, too; nobody may have it watched and so make the fund unsound."""
    scene.show(dollars, dollars)
    refused = revert_of(scene.detector.observe, COIN, sender=scene.stranger)
    assert refused == ("NotADollarCoin", to_checksum_address(COIN), bps)
    assert scene.detector.allSound()


@pytest.mark.parametrize("dollars", [0.5, 1.5])
def test_observe__first_look_at_the_edge_of_a_dollar_coin__taken(scene, dollars):
    assert scene.look(dollars, dollars) is State.WATCH


def test_observe__other_coin__keeps_its_own_spacing(scene):
    scene.look()
    scene.look(asset=OTHER, wait=1)


def test_observe__asset_unknown_to_the_oracle__refused(scene):
    scene.show(asset=NOWHERE)
    assert revert_of(scene.detector.observe, NOWHERE, sender=scene.stranger) == ("UnknownAsset", NOWHERE)
    assert revert_of(scene.detector.preview, NOWHERE, sender=scene.stranger) == ("UnknownAsset", NOWHERE)


def test_observe__events__tell_the_look_and_the_change(scene):
    scene.look()
    scene.show(0.93, 0.95, 0.94)
    scene.chain.mine(timestamp=scene.now + HOUR)
    receipt = scene.detector.observe(COIN, sender=scene.stranger)
    (seen,) = receipt.decode_logs(scene.detector.Observed)
    (changed,) = receipt.decode_logs(scene.detector.StateChanged)
    assert seen.asset.lower() == changed.asset.lower() == COIN
    assert (seen.deviationBps, seen.spreadBps, seen.good, seen.area) == (-600, 215, 3, 0)
    assert (changed["from"], changed.to) == (State.SOUND, State.WATCH)


def test_observe__no_change__no_event_of_one(scene):
    scene.chain.mine(timestamp=scene.now + HOUR)
    receipt = scene.detector.observe(COIN, sender=scene.stranger)
    assert len(receipt.decode_logs(scene.detector.Observed)) == 1
    assert receipt.decode_logs(scene.detector.StateChanged) == []


def test_observations_of__more_than_the_ring_holds__the_last_in_order(scene):
    size = scene.detector.RING_SIZE()
    assert scene.detector.observationsOf(COIN) == []
    times = []
    for number in range(size + 3):
        scene.look(1 - number / 10_000, 1 - number / 10_000, wait=SPACING)
        times.append(scene.now)
    kept = scene.detector.observationsOf(COIN)
    assert [one.time for one in kept] == times[-size:]
    assert [one.deviationBps for one in kept] == [-number for number in range(3, size + 3)]


def test_observations_of__what_a_look_found__is_unpacked_as_it_was(scene):
    scene.look()
    scene.look(2, 4, 4)
    scene.look(sources=3)
    _, above, blind = scene.detector.observationsOf(COIN)
    assert (above.deviationBps, above.spreadBps, above.good) == (30_000, 10_000, 3)
    assert (above.seen, above.confirmed, above.stopped, above.surge) == (True, True, False, False)
    assert tuple(blind)[1:] == (0, 0, 0, 0, False, False, False, False)


def test_state__prices_and_time_alone__change_nothing(scene):
    scene.look()
    scene.show(0.5, 0.5)
    scene.chain.mine(timestamp=scene.now + 30 * 24 * HOUR)
    assert scene.state() is State.SOUND
    assert not scene.detector.isCrisisDetected(COIN)
    assert scene.detector.lastWorsenedAt() == 0


def test_preview__prices_now__shown_without_a_look(scene):
    scene.show(0.9, 0.8, 1.2)
    seen = scene.detector.preview(COIN)
    assert tuple(seen.sight) == (True, True, -1_000, 5_000, 3)
    assert (seen.stopped, seen.volume, seen.surge) == (False, 0, False)
    assert scene.detector.recordOf(COIN).at == 0


def test_all_sound__two_coins_in_trouble__only_when_both_are_back(scene):
    assert scene.detector.allSound()
    scene.look(0.98, 0.98)
    assert not scene.detector.allSound()
    first = scene.now
    assert scene.detector.lastWorsenedAt() == first
    scene.look(0.98, 0.98, asset=OTHER)
    assert scene.detector.lastWorsenedAt() == scene.now > first
    worsened = scene.now
    assert scene.looks(8, 1, 1)[-1] is State.SOUND
    assert not scene.detector.allSound()
    assert scene.looks(8, 1, 1, asset=OTHER)[-1] is State.SOUND
    assert scene.detector.allSound()
    assert scene.detector.lastWorsenedAt() == worsened


def test_states_of__several__in_their_order(scene):
    scene.look(0.98, 0.98, asset=OTHER)
    states = [State.WATCH, State.SOUND, State.SOUND]
    assert scene.detector.statesOf([OTHER, COIN, NOWHERE]) == states
    assert scene.detector.statesOf([]) == []


def test_may_enter__each_state__only_sound_and_recovering(scene):
    answers = {State.SOUND: scene.detector.mayEnter(COIN)}
    scene.look(0.98, 0.98)
    answers[scene.state()] = scene.detector.mayEnter(COIN)
    scene.break_peg()
    answers[scene.state()] = scene.detector.mayEnter(COIN)
    assert scene.detector.isCrisisDetected(COIN)
    scene.recover()
    answers[scene.state()] = scene.detector.mayEnter(COIN)
    assert not scene.detector.isCrisisDetected(COIN)
    assert scene.looks(5, asset=OTHER, sources=2)[-1] is State.DARK
    answers[State.DARK] = scene.detector.mayEnter(OTHER)
    allowed = {state for state, answer in answers.items() if answer}
    assert (set(answers), allowed) == (set(State), {State.SOUND, State.RECOVERING})


def test_forget__coin_the_oracle_still_has__refused(scene):
    refused = revert_of(scene.detector.forget, COIN, sender=scene.curator)
    assert refused == ("StillPriced", to_checksum_address(COIN))


def test_forget__coin_the_oracle_dropped__no_longer_waited_for(scene):
    scene.look(0.98, 0.98)
    scene.show(sources=0)
    receipt = scene.detector.forget(COIN, sender=scene.curator)
    (changed,) = receipt.decode_logs(scene.detector.StateChanged)
    assert (changed["from"], changed.to) == (State.WATCH, State.SOUND)
    assert scene.detector.allSound()
    assert tuple(scene.detector.recordOf(COIN)) == (0, 0, 0, 0, False, False, 0, 0, 0, 0)
    assert scene.look(1, 1) is State.SOUND
