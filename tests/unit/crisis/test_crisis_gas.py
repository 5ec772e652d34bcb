"""What a look costs over what the feeds cost, and what asking for the verdict does."""

import pytest
from ape.utils import ZERO_ADDRESS
from eth_utils import keccak

from ballast.model.crisis import State
from tests.unit.crisis.conftest import COIN, WAD

OBSERVE = 70_000  # gas of the whole transaction, the feeds' own apart
VERDICT = 5_000  # gas of the call
TRANSACTION = 21_000  # gas
CENT = WAD // 100


@pytest.fixture(scope="module")
def warm(project, governor, deploy_scene):
    """A coin of two feeds whose ring has gone around, with volumes in it."""
    access = governor.deploy(project.IndexAccess, governor)
    scene = deploy_scene(governor.deploy(project.PriceOracle, access, ZERO_ADDRESS, 0))
    feeds = [governor.deploy(project.BadFeed, 8, 10**8) for _ in range(2)]
    rows = [(feed, 86_400, 8, CENT, 1_000 * WAD) for feed in feeds]
    scene.oracle.setSources(COIN, rows, 2, 200, sender=governor)
    for number in range(scene.detector.RING_SIZE() + 2):
        if number % 12 == 0:
            scene.send(scene.now + 600, scene.detector.reportVolumes, [COIN], [10**6], sender=scene.reporter)
        assert scene.look(wait=600) is State.SOUND
    probe = governor.deploy(project.OracleGas)
    return scene, feeds, probe.ofFeeds(feeds)


def observe_gas(scene):
    scene.chain.mine(timestamp=scene.now + 600)
    return scene.detector.observe(COIN, sender=scene.stranger).gas_used


def test_observe__warm_ring__costs_little_over_its_feeds(warm, record_property):
    scene, _, feeds = warm
    gas = observe_gas(scene) - feeds
    print(f"\nobserve: {gas} gas and its two feeds' {feeds}")
    record_property("gas_observe", gas)
    assert gas <= OBSERVE


def test_observe__change_of_state__costs_one_more_slot(warm, governor):
    scene, feeds, cost = warm
    for feed in feeds:
        feed.setAnswer(90 * 10**6, sender=governor)
    gas = observe_gas(scene) - cost
    assert scene.state() is State.WATCH
    print(f"\nobserve with a change of state, the first ever: {gas} gas")
    assert gas <= OBSERVE + 30_000


def test_observe__two_issuer_probes__cost_their_slots_and_calls(warm, project, governor):
    scene, _, cost = warm
    issuer = governor.deploy(project.TokenWithModes, 6)
    blocked = keccak(text="balanceOf(address)")[:4] + bytes(12) + bytes.fromhex(str(issuer.address)[2:])
    probes = [(issuer, keccak(text="feeBps()")[:4]), (issuer, blocked)]
    scene.detector.setIssuerProbes(COIN, probes, sender=scene.curator)
    gas = observe_gas(scene) - cost
    print(f"\nobserve with two issuer probes: {gas} gas")
    assert gas <= OBSERVE + 20_000


def test_is_crisis_detected__cold__costs_one_slot(warm):
    scene, _, _ = warm
    gas = scene.detector.isCrisisDetected.estimate_gas_cost(COIN) - TRANSACTION
    print(f"\nisCrisisDetected: {gas} gas with its calldata")
    assert gas <= VERDICT
