"""Quotes of pools that a crisis has drained: they must not cost the keeper its view of the chain."""

from decimal import Decimal

import pytest

from ballast.chain.multicall import aggregate, foreign
from ballast.chain.snapshot import take_snapshot
from tests.deployed import deploy_five

pytestmark = pytest.mark.replica

QUOTE = "quoteExactInputSingle((address,address,uint256,uint24,uint160))(uint256,uint160,uint32,uint256)"
PRICES = ("0.98", "0.75", "0.60")  # of USDC: in its pools, too


@pytest.fixture(scope="module")
def fund(networks, project, tmp_path_factory):
    deployed = deploy_five(tmp_path_factory.mktemp("records"))
    deployed.contribute(8_000_000)
    deployed.contribute(8_000_000, deployed.investors[1])
    return deployed


@pytest.mark.parametrize("price", PRICES)
def test_take_snapshot__coin_fallen_in_all_its_pools__answers(fund, price):
    """A quote for more than a pool holds would walk its ticks to the end, for tens of millions of gas."""
    with fund.replica.isolated():
        fund.replica.depeg("USDC", Decimal(price))
        snapshot = take_snapshot(fund.system, fund.index)
    assert any(hop.is_usable for hop in snapshot.hops)


@pytest.mark.parametrize("price", PRICES)
def test_take_snapshot__coin_fallen_in_all_its_pools__pays_what_the_pool_pays(fund, price):
    """What is quoted within limits is what the pool pays without any."""
    with fund.replica.isolated():
        fund.replica.depeg("USDC", Decimal(price))
        snapshot = take_snapshot(fund.system, fund.index)
        quoter = fund.index.venues.uniswap_v3.quoter
        rungs = [(hop, hop.ladder[-1]) for hop in snapshot.hops if hop.ladder]
        calls = [
            foreign(quoter, QUOTE, hop.token_in, hop.token_out, rung.amount_in, hop.fee, 0)
            for hop, rung in rungs
        ]
        paid = [answer[0] for answer in aggregate(calls, snapshot.block, chunk=8)]
    assert paid == [rung.amount_out for _, rung in rungs]


@pytest.mark.parametrize("stop", ["pause", "freeze"])
def test_take_snapshot__coin_stopped_by_its_issuer__no_route_through_it(fund, stop):
    """One trade with it would fail, and all the others of the fill with that one."""
    usdc, vault = fund.replica.book.token("USDC").address, str(fund.system.vault.address)
    with fund.replica.isolated():
        fund.replica.depeg("LUSD", Decimal("0.97"))  # something to trade for
        before = take_snapshot(fund.system, fund.index)
        fund.replica.pause("USDC") if stop == "pause" else fund.replica.freeze("USDC", vault)
        after = take_snapshot(fund.system, fund.index)
    assert any(usdc in (hop.token_in, hop.token_out) for hop in before.hops)
    assert after.hops
    assert not [hop for hop in after.hops if usdc in (hop.token_in, hop.token_out)]
