"""What all tests share: the chain they run on, and the handles that move it.

Ape's own fixtures (`accounts`, `chain`, `project`) work on a fork of the replica, or of the real mainnet when
MAINNET_RPC_URL is set; Ape undoes every test's changes there. `mainnet` is faster: raw JSON-RPC on a replica
of its own.
"""

from collections.abc import Iterator

import pytest

from ballast.errors import BallastError
from ballast.replica import Node, Replica, start_replica
from ballast.replica.upstream import FORK, mainnet_rpc_url, start_upstream
from tests.isolation import restore_or_fail, set_up_too_early, sort_by_own_scopes

BLOCK_TIME = 1  # s
UPSTREAM = pytest.StashKey[Node | None]()


def pytest_configure(config: pytest.Config) -> None:
    """Starts what Ape is going to fork, before Ape connects; the fork is the default network of the tests."""
    if config.option.collectonly or "--help" in config.invocation_params.args:
        return
    if config.option.dist != "no" and not hasattr(config, "workerinput"):
        return  # it only hands the tests out; every worker has a chain of its own
    sort_by_own_scopes()
    restore_or_fail()
    if config.option.network is None:
        config.option.network = FORK
    if "mainnet-fork" in config.option.network:
        try:
            config.stash[UPSTREAM] = start_upstream()
        except BallastError as error:
            raise pytest.UsageError(str(error)) from None


def pytest_unconfigure(config: pytest.Config) -> None:
    upstream = config.stash.get(UPSTREAM, None)
    if upstream is not None:
        upstream.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that move prices cannot run on a fork of the real mainnet."""
    if mainnet_rpc_url() is None:
        return
    skip = pytest.mark.skip(
        reason="moves the replica's prices, which a fork of the real mainnet does not let it"
    )
    for item in items:
        if item.get_closest_marker("replica") or "replica" in getattr(item, "fixturenames", ()):
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def even_clock(networks, request) -> None:
    """A block a second on Ape's fork, however slow the machine: no test depends on the clock on the wall."""
    assert set_up_too_early(request.node) == []  # or what they do would never be undone
    networks.active_provider.make_request("anvil_setBlockTimestampInterval", [BLOCK_TIME])


@pytest.fixture(scope="session")
def replica_node() -> Iterator[Node]:
    """A replica of the session's own, apart from the one Ape forks."""
    with start_replica() as node:
        node.rpc().call("anvil_setBlockTimestampInterval", BLOCK_TIME)
        yield node


@pytest.fixture(scope="session")
def mainnet_handles(replica_node: Node) -> Replica:
    """Handles on `replica_node`; its users undo what they do."""
    return Replica(replica_node.url)


@pytest.fixture
def mainnet(mainnet_handles: Replica) -> Iterator[Replica]:
    """Handles on a replica by raw JSON-RPC; what a test does is undone after it."""
    with mainnet_handles.isolated():
        yield mainnet_handles


@pytest.fixture
def replica(networks) -> Replica:
    """Handles on the fork that Ape is connected to; what a test does is undone by Ape's isolation."""
    return Replica(networks.active_provider.uri)
