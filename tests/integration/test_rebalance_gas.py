"""What a fill costs beside the same swaps bare: a guard; `ape run bench` measures it in full."""

from typing import Any

import pytest

from ballast.replica import Replica
from tests.integration.test_rebalance_on_pools import Fund

pytestmark = pytest.mark.replica

MOST_OF_BARE = 1.68  # against growing dearer; where it stands against its goal is the bench's to say
EIGHT = (
    ("USDC", "DAI", 100),
    ("USDT", "DAI", 100),
    ("USDC", "FRAX", 500),
    ("USDT", "FRAX", 500),
    ("USDC", "LUSD", 500),
    ("USDT", "LUSD", 500),
    ("USDC", "DAI", 500),
    ("USDC", "USDT", 100),
)
DOLLARS = 10_000


@pytest.fixture(scope="module")
def fund(project: Any, accounts: Any, networks: Any) -> Fund:
    return Fund(Replica(networks.active_provider.uri), project, accounts)


def test_execute__eight_swaps_of_five_real_coins__within_its_bounds(fund, project):
    fund.aim(2_500, 2_600, 2_800, 1_400, 700)
    fund.rebalancer.open(sender=fund.keeper)
    bare = fund.governor.deploy(project.BareSwaps)
    trades, swaps = [], []
    for source, target, fee in EIGHT:
        a, b = fund.book.token(source), fund.book.token(target)
        fund.replica.mint(source, bare.address, DOLLARS * 10**a.decimals)
        trades.append(fund.trade(source, target, DOLLARS, fee=fee))
        pool = fund.book.pool(source, target, fee).address
        below = int(a.address, 16) < int(b.address, 16)
        swaps.append((pool, a.address, below, DOLLARS * 10**a.decimals))
    for token in fund.tokens:  # nobody's first coin is measured
        fund.replica.mint(token.symbol, bare.address, 1)
    with fund.replica.isolated():
        ballast = fund.fill(*trades).gas_used
    with fund.replica.isolated():
        floor = bare.run(swaps, sender=fund.governor).gas_used
    assert ballast <= MOST_OF_BARE * floor, (ballast, floor)
