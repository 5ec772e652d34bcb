import re

import pytest

from ballast.units import WAD
from tests.commands import assert_refused, run
from tests.deployed import Deployed

pytestmark = pytest.mark.replica


def invest(deployed: Deployed, index_file, *arguments):
    options = ("--index", index_file, "--records", deployed.folder)
    return run("invest", arguments[0], *options, "--account", "TEST::10", *arguments[1:])


def newcomer(accounts):
    """A test account that nothing was given to."""
    return accounts[10]


def allowances(deployed: Deployed, account) -> list[int]:
    signature, vault = "allowance(address,address)", str(deployed.system.vault.address)
    read = deployed.replica.rpc.read
    return [int(read(token, signature, [str(account.address), vault])) for token in deployed.tokens]


def test_contribute__first_investor__gets_a_share_a_dollar_and_leaves_no_allowance(
    deployed, index_file, accounts
):
    result = invest(deployed, index_file, "contribute", "--usd", "1000", "--mint")
    assert result.exit_code == 0, result.stderr
    shares = deployed.system.vault.balanceOf(newcomer(accounts).address)
    assert shares == pytest.approx(1_000 * WAD, rel=1e-3)
    assert allowances(deployed, newcomer(accounts)) == [0] * 5
    assert re.search(r"received [\d.,]+ BAL5 in 0x[0-9a-f]{64}", result.stdout)


def test_contribute__fund_with_holders__takes_the_proportion_and_nothing_from_them(
    deployed, index_file, accounts
):
    deployed.contribute(1_000_000)
    vault = deployed.system.vault
    before = vault.previewWithdraw(WAD)
    result = invest(deployed, index_file, "contribute", "--usd", "2500.5", "--mint")
    assert result.exit_code == 0, result.stderr
    assert vault.balanceOf(newcomer(accounts).address) == pytest.approx(2_500.5 * WAD, rel=2e-3)
    assert all(now >= was for now, was in zip(vault.previewWithdraw(WAD), before, strict=True))


def test_contribute__too_few_coins__names_what_is_missing_and_sends_nothing(deployed, index_file, accounts):
    assert_refused(invest(deployed, index_file, "contribute", "--usd", "1000"), "short of", "USDC", "LUSD")
    assert deployed.system.vault.totalSupply() == 0
    assert allowances(deployed, newcomer(accounts)) == [0] * 5


def test_contribute__no_good_price__says_so(deployed, index_file):
    deployed.replica.pass_time(7 * 86_400, keep_feeds=False)
    assert_refused(
        invest(deployed, index_file, "contribute", "--usd", "10", "--mint"), "no good price for USDC"
    )


@pytest.mark.parametrize("usd", ["0", "-5", "nan"])
def test_contribute__no_amount__is_refused_before_anything_is_read(deployed, index_file, usd):
    result = invest(deployed, index_file, "contribute", "--usd", usd)
    assert result.exit_code == 2
    assert "above zero" in result.stderr


def test_withdraw__all_shares__brings_the_coins_back(deployed, index_file, accounts):
    deployed.contribute(1_000_000)
    assert invest(deployed, index_file, "contribute", "--usd", "1000", "--mint").exit_code == 0
    result = invest(deployed, index_file, "withdraw")
    assert result.exit_code == 0, result.stderr
    assert deployed.system.vault.balanceOf(newcomer(accounts).address) == 0
    for coin in ("USDC", "USDT", "DAI", "FRAX", "LUSD"):
        assert deployed.replica.balance(coin, str(newcomer(accounts).address)) > 0


def test_withdraw__coin_paused__pays_the_others_and_keeps_a_claim(deployed, index_file, accounts):
    deployed.contribute(1_000_000)
    assert invest(deployed, index_file, "contribute", "--usd", "1000", "--mint").exit_code == 0
    deployed.replica.pause("USDC")
    result = invest(deployed, index_file, "withdraw")
    assert result.exit_code == 0, result.stderr
    assert re.search(r"[\d.,]+ USDC could not be paid now and are kept as a claim", result.stdout)
    usdc = deployed.replica.book.token("USDC").address
    assert deployed.system.vault.claimOf(newcomer(accounts).address, usdc) > 0


def test_withdraw__more_than_held__says_what_is_held(deployed, index_file):
    deployed.contribute(1_000_000)
    assert_refused(invest(deployed, index_file, "withdraw", "--shares", "1"), "holds 0.0000 shares")
