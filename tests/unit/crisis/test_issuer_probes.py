"""What an issuer says: believed when it is an answer, nothing when it is none, never more than a watch."""

import pytest
from eth_abi import encode
from eth_utils import keccak

from ballast.model.crisis import State
from tests.bad_feeds import BAD_ANSWERS, NO_CODE, break_feed
from tests.reverts import revert_of
from tests.unit.crisis.conftest import COIN, HOUR

SOUND, WATCH, CRISIS, RECOVERING, DARK = State
# Those in which the call to `decimals()` itself goes wrong.
FAILING = ("REVERTING", "REVERTING_EMPTY", "PANICKING", "REVERTING_LONG", "REVERTING_BOMB", "EMPTY", "SHORT")
CALL_FAULTS = [bad for bad in BAD_ANSWERS if bad.name in (*FAILING, "BURNING", NO_CODE)]


def selector(text):
    return keccak(text=text)[:4]


@pytest.fixture(scope="module")
def issuer(project, governor):
    """`balanceOf(account)` plays `isBlacklisted(account)`."""
    return governor.deploy(project.TokenWithModes, 6)


@pytest.fixture(scope="module")
def switch(project, governor):
    """`decimals()` is 0 and may fail in every way; `answer()` plays `paused()`."""
    return governor.deploy(project.BadFeed, 0, 0)


@pytest.fixture(scope="module")
def probed(scene, issuer, switch):
    """COIN asks whether it is paused and whether the stranger, for the vault, is blocked."""
    blocked = selector("balanceOf(address)") + encode(["address"], [str(scene.stranger)])
    probes = [(switch, selector("answer()")), (issuer, blocked)]
    scene.detector.setIssuerProbes(COIN, probes, sender=scene.curator)
    return scene


def test_set_issuer_probes__two__shown_and_announced(probed, issuer, switch):
    shown = probed.detector.issuerProbesOf(COIN)
    assert [one.target for one in shown] == [switch.address, issuer.address]
    assert [len(one.data) for one in shown] == [4, 36]
    assert bytes(shown[1].data)[4:] == encode(["address"], [str(probed.stranger)])
    assert probed.detector.trackOf(COIN).probes == 2


def test_set_issuer_probes__fewer__the_rest_forgotten(probed, switch):
    receipt = probed.detector.setIssuerProbes(COIN, [(switch, selector("decimals()"))], sender=probed.curator)
    (event,) = receipt.decode_logs(probed.detector.IssuerProbesSet)
    assert len(event.probes) == 1
    assert len(probed.detector.issuerProbesOf(COIN)) == 1
    probed.detector.setIssuerProbes(COIN, [], sender=probed.curator)
    assert probed.detector.issuerProbesOf(COIN) == []


def refusal(scene, *probes):
    return revert_of(scene.detector.setIssuerProbes, COIN, list(probes), sender=scene.curator)


def test_set_issuer_probes__too_many__refused(scene, switch):
    one = (switch.address, selector("answer()"))
    assert refusal(scene, one, one, one) == ("ProbeCountOutOfRange", 3, 2)


@pytest.mark.parametrize("size", [0, 3, 5, 35, 37, 68])
def test_set_issuer_probes__data_of_another_length__refused(scene, switch, size):
    one, odd = (switch.address, selector("answer()")), (switch.address, b"\1" * size)
    assert refusal(scene, one, odd) == ("ProbeDataLength", 1, size)


def test_set_issuer_probes__target_without_an_answer__refused(scene, switch, stranger):
    nobody = (stranger.address, selector("answer()"))
    assert refusal(scene, nobody) == ("ProbeFails", 0, stranger.address)
    unheard = (switch.address, selector("paused()"))
    assert refusal(scene, unheard) == ("ProbeFails", 0, switch.address)


def test_observe__coin_paused__on_watch_at_once_and_until_long_after(probed, switch, governor):
    assert probed.look() is SOUND
    switch.setAnswer(1, sender=governor)
    assert probed.detector.preview(COIN).stopped
    assert probed.look() is WATCH
    assert set(probed.looks(30)) == {WATCH}
    switch.setAnswer(0, sender=governor)
    assert probed.looks(7)[-1] is SOUND
    assert [one.stopped for one in probed.detector.observationsOf(COIN)] == [False] + [True] * 31 + [
        False
    ] * 7


def test_observe__fund_blacklisted__on_watch(probed, issuer, governor):
    issuer.mint(governor, 1, sender=governor)
    assert probed.look() is SOUND
    issuer.mint(probed.stranger, 1, sender=governor)
    assert probed.look() is WATCH


def test_observe__stopped_while_recovering__holds_its_steps(probed, switch, governor):
    probed.break_peg()
    probed.recover()
    probed.looks(13)
    switch.setAnswer(1, sender=governor)
    assert set(probed.looks(20)) == {RECOVERING}
    assert probed.detector.recoverySteps(COIN).done == 1


@pytest.mark.parametrize("fault", CALL_FAULTS, ids=str)
def test_observe__probe_fails__says_nothing(scene, switch, governor, chain, fault):
    scene.detector.setIssuerProbes(COIN, [(switch, selector("decimals()"))], sender=scene.curator)
    break_feed(switch, fault, chain, governor)
    assert scene.look() is SOUND
    assert not scene.detector.preview(COIN).stopped


def test_observe__first_probe_fails__the_second_is_still_asked(scene, switch, issuer, governor):
    blocked = selector("balanceOf(address)") + encode(["address"], [str(scene.stranger)])
    probes = [(switch, selector("decimals()")), (issuer, blocked)]
    scene.detector.setIssuerProbes(COIN, probes, sender=scene.curator)
    issuer.mint(scene.stranger, 1, sender=governor)
    break_feed(switch, CALL_FAULTS[-2], scene.chain, governor)
    assert scene.look() is WATCH


def test_observe__little_gas__reverts_instead_of_losing_a_signal(probed, switch, governor):
    """Whatever is supplied, the issuer's word is heard or nothing happens."""
    probed.look()
    switch.setAnswer(1, sender=governor)
    probed.chain.mine(timestamp=probed.now + HOUR)
    name, *_ = revert_of(
        probed.detector.observe,
        COIN,
        sender=probed.stranger,
        gas=100_000,
        errors_of=probed.oracle.contract_type,
    )
    assert name == "InsufficientGas"
