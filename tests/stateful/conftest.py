"""One deployment for all campaigns of a session; each run and each sabotage goes back to it."""

import pytest

from tests.stateful.broker import Broker
from tests.stateful.setup import build_world
from tests.stateful.world import World


@pytest.fixture(scope="session")
def settled(networks, project, tmp_path_factory) -> World:
    return build_world(project, tmp_path_factory.mktemp("records"))


@pytest.fixture
def world(settled: World) -> World:
    settled.start()
    return settled


@pytest.fixture
def broker(world: World) -> Broker:
    return Broker(world)
