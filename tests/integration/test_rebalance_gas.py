"""What a fill costs beside the same swaps bare, and beside a rebalancer as tutorials write it."""

import pytest

from tests.rebalance_rig import PAIRS, RebalanceRig

MOST_OF_BARE = 1.40


@pytest.fixture(scope="module")
def rig(project, accounts, networks) -> RebalanceRig:
    return RebalanceRig.build(project, accounts, networks.active_provider.uri)


@pytest.mark.replica
def test_execute__eight_swaps__cost_little_beside_the_swaps_themselves(rig):
    gas = rig.measure(len(PAIRS))
    assert gas["ballast"] <= MOST_OF_BARE * gas["bare"], gas
    assert gas["ballast"] < gas["tutorial"], gas
