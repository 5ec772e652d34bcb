"""Ape on the fork: accounts, receipts, errors, isolation; and on the replica itself."""

import ape
import pytest

from ballast.replica import Replica

DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"


@pytest.fixture
def coin(project, accounts):
    return accounts[0].deploy(project.LusdModel, accounts[0])


def test_transfer__between_test_accounts__moves_ether(accounts):
    before = accounts[1].balance
    receipt = accounts[0].transfer(accounts[1], "1 ETH")
    assert receipt.status == 1
    assert accounts[1].balance == before + 10**18


def test_chain__on_the_fork__is_mainnet_by_its_id(chain, networks):
    assert chain.chain_id == 1
    assert networks.active_provider.network.name == "mainnet-fork"
    assert len(chain.provider.get_code(DAI)) > 100


def test_transaction__on_the_fork__has_events_and_gas(coin, accounts):
    receipt = coin.mint(accounts[1], 100, sender=accounts[0])
    assert [event.value for event in receipt.events] == [100]
    assert 21_000 < receipt.gas_used < 100_000
    assert receipt.gas_price > 0
    assert coin.balanceOf(accounts[1]) == 100


def test_transaction__a_custom_error__is_decoded_by_name(coin, accounts):
    with ape.reverts(coin.ERC20InsufficientBalance):
        coin.transfer(accounts[2], 1, sender=accounts[1])
    with ape.reverts("LUSDToken: Caller is not BorrowerOperations"):
        coin.mint(accounts[2], 1, sender=accounts[1])


@pytest.mark.replica
def test_handles__on_the_fork__are_seen_by_ape(replica, chain):
    feed = replica.book.feed("USDC").address
    replica.set_feed("USDC", "0.91")
    replica.pass_time(600)
    replica.move_pool("USDC", "USDT", "0.92")
    assert chain.pending_timestamp >= replica.timestamp()
    assert Replica(chain.provider.uri).feed_price("USDC") == replica.feed_price("USDC")
    raw = chain.provider.make_request("eth_call", [{"to": feed, "data": "0x50d25bcd"}, "latest"])
    assert int(raw, 16) == 91_000_000


@pytest.mark.replica
def test_handles__in_the_next_test__were_undone(replica, accounts):
    assert replica.feed_price("USDC") == replica.book.feed("USDC").price
    assert accounts[1].balance == 1_000_000 * 10**18


@pytest.mark.replica
def test_replica_network__ape_on_a_running_replica__deploys_and_decodes(replica_node, project):
    """`--network ethereum:replica:node`, as `ape run deploy` uses it, at this node's address."""
    account = ape.accounts.test_accounts[9]
    other = ape.accounts.test_accounts[8]
    with ape.networks.parse_network_choice(f"ethereum:replica:{replica_node.url}") as provider:
        assert provider.network.name == "replica"
        coin = account.deploy(project.LusdModel, account)
        receipt = coin.mint(account, 7, sender=account)
        assert receipt.status == 1
        assert coin.balanceOf(account) == 7
        with ape.reverts(coin.ERC20InsufficientBalance):
            coin.transfer(account, 1, sender=other)
