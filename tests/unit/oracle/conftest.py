"""A price oracle with its roles, and feeds that can be told to misbehave."""

import pytest
from eth_utils import keccak

from tests.access import access_manager_type
from tests.bad_feeds import bounds_of

CURATOR_ROLE, GUARDIAN_ROLE = 1, 2
HEARTBEAT = 86_400  # s
DOLLAR_8 = 10**8  # one dollar in a Chainlink dollar feed
ZERO = "0x" + "00" * 20
COIN = "0x" + "c0" * 20
OTHER_COIN = "0x" + "c1" * 20
CURATED = ("setSources", "removeAsset", "unfreezeAsset")
GUARDED = ("freezeAsset",)


def selectors(contract, names):
    """The four-byte selectors of a contract's methods."""
    methods = [m for m in contract.contract_type.mutable_methods if m.name in names]
    assert len(methods) == len(names)
    return [keccak(text=method.selector)[:4] for method in methods]


def source(feed, heartbeat=HEARTBEAT, bounds=None, decimals=None):
    """A `PriceOracle.Source` over a `BadFeed`, bounded by the feed's own limits."""
    low, high = bounds or bounds_of(feed)
    return (feed.address, heartbeat, feed.decimals() if decimals is None else decimals, low, high)


@pytest.fixture(scope="session")
def governor(accounts):
    return accounts[0]


@pytest.fixture(scope="session")
def curator(accounts):
    return accounts[1]


@pytest.fixture(scope="session")
def guardian(accounts):
    return accounts[2]


@pytest.fixture(scope="session")
def attacker(accounts):
    return accounts[3]


@pytest.fixture(scope="session")
def manager(governor, curator, guardian):
    access = governor.deploy(access_manager_type(), governor)
    access.grantRole(CURATOR_ROLE, curator, 0, sender=governor)
    access.grantRole(GUARDIAN_ROLE, guardian, 0, sender=governor)
    return access


@pytest.fixture(scope="session")
def deploy_oracle(project, manager, governor):
    """Deploys an oracle (type, sequencer feed, grace) whose roles are wired."""

    def deploy(container=None, sequencer=ZERO, grace=0):
        oracle = governor.deploy(container or project.PriceOracle, manager, sequencer, grace)
        for names, role in ((CURATED, CURATOR_ROLE), (GUARDED, GUARDIAN_ROLE)):
            manager.setTargetFunctionRole(oracle, selectors(oracle, names), role, sender=governor)
        return oracle

    return deploy


@pytest.fixture(scope="session")
def oracle(deploy_oracle):
    return deploy_oracle()


@pytest.fixture(scope="session")
def deploy_feed(project, governor):
    """Deploys a `BadFeed` that answers well: (decimals, answer)."""

    def deploy(decimals=8, answer=None):
        return governor.deploy(project.BadFeed, decimals, 10**decimals if answer is None else answer)

    return deploy


@pytest.fixture(scope="session")
def feed(deploy_feed):
    return deploy_feed()


@pytest.fixture(scope="session")
def second_feed(deploy_feed):
    return deploy_feed(18)


@pytest.fixture
def priced(oracle, feed, curator):
    """The oracle with COIN priced by one feed."""
    oracle.setSources(COIN, [source(feed)], 1, 0, sender=curator)
    return oracle


@pytest.fixture
def twice_priced(oracle, feed, second_feed, curator):
    """The oracle with COIN priced by two feeds that must both be good and within 100 bps."""
    oracle.setSources(COIN, [source(feed), source(second_feed)], 2, 100, sender=curator)
    return oracle
