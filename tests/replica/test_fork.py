"""Ape on a fork of the replica: accounts, receipts, handles."""

import pytest

pytestmark = pytest.mark.replica


def test_transfer__between_test_accounts__moves_ether(accounts):
    before = accounts[1].balance
    receipt = accounts[0].transfer(accounts[1], "1 ETH")
    assert receipt.status == 1
    assert accounts[1].balance == before + 10**18


def test_transfer__in_the_next_test__was_undone(accounts, replica):
    assert accounts[1].balance == 1_000_000 * 10**18
    replica.mint("USDC", accounts[1].address, 5)
    assert replica.balance("USDC", accounts[1].address) == 5
