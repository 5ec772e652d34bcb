"""Runs begin where their test found the chain, whatever an earlier test remembered."""

import pytest

from tests.stateful.world import World

pytestmark = pytest.mark.replica


def height(world: World) -> int:
    return int(world.rpc.call("eth_blockNumber"), 16)


def test_begin__again__undoes_the_run(world: World) -> None:
    world.begin()
    before = height(world)
    world.rpc.call("anvil_mine", 3)
    world.begin()
    assert height(world) == before


def test_begin__of_a_later_test__keeps_what_came_between(settled: World) -> None:
    """Such as another part's deployment; going back behind it takes the snapshots of all tests away."""
    settled.start()
    settled.begin()
    settled.rpc.call("anvil_mine", 3)
    between = height(settled)
    settled.start()
    settled.begin()
    assert height(settled) >= between
