"""The vault on the coins it is for: USDC behind its proxy, USDT without return values, DAI, FRAX, LUSD."""

from dataclasses import dataclass
from typing import Any

import pytest

from ballast.replica import Replica, address_book

NAMES = ("USDC", "USDT", "DAI", "FRAX", "LUSD")
ZERO = "0x" + "00" * 20
WEIGHTS = [3_500, 2_500, 2_000, 1_000, 1_000]  # bps
CONTRIBUTE_LIMIT, WITHDRAW_LIMIT = 1.30, 1.30  # of the bare transfers

pytestmark = pytest.mark.replica


@dataclass(frozen=True)
class Setting:
    """A funded vault on mainnet coins, the bare transfers beside it, both with every slot already in use."""

    vault: Any
    bare: Any
    oracle: Any
    coins: list[str]
    investor: Any
    receiver: Any

    def by_weight(self, dollars: int) -> list[int]:
        tokens = [address_book().token(name) for name in NAMES]
        return [dollars * w * 10**t.decimals // 10_000 for w, t in zip(WEIGHTS, tokens, strict=True)]


@pytest.fixture
def setting(replica: Replica, project: Any, accounts: Any) -> Setting:
    governor, investor, receiver = accounts[0], accounts[4], accounts[5]
    coins = [address_book().token(name).address for name in NAMES]
    oracle = governor.deploy(project.MockOracle)
    access = governor.deploy(project.IndexAccess, governor)
    vault = governor.deploy(
        project.IndexVault, "Ballast Index", "BLST", access, oracle, governor, coins, WEIGHTS, ZERO, ZERO
    )
    bare = governor.deploy(project.BareTransfers)
    for name, coin in zip(NAMES, coins, strict=True):
        units = 10 ** (6 + address_book().token(name).decimals)
        for account in (investor, receiver):
            replica.mint(name, str(account), units)
        for spender in (vault, bare):
            data = "approve(address,uint256)", [str(spender), units]
            replica.rpc.send(coin, *data, sender=str(investor))
    setting = Setting(vault, bare, oracle, coins, investor, receiver)
    vault.contribute(setting.by_weight(10_000), investor, 0, sender=investor)
    bare.pull(coins, setting.by_weight(10_000), sender=investor)
    return setting


def test_contribute__five_mainnet_coins__near_the_bare_transfers(setting: Setting) -> None:
    amounts = setting.vault.amountsForShares(1_000 * 10**18)
    bare = setting.bare.pull(setting.coins, amounts, sender=setting.investor).gas_used
    setting.oracle.setBroken(True, sender=setting.investor)
    ours = setting.vault.contribute(amounts, setting.investor, 0, sender=setting.investor).gas_used
    print(f"contribute {ours} / bare {bare} = {ours / bare:.3f}")
    assert ours <= CONTRIBUTE_LIMIT * bare


def test_withdraw__five_mainnet_coins__near_the_bare_transfers(setting: Setting) -> None:
    lp = 1_000 * 10**18
    amounts = setting.vault.previewWithdraw(lp)
    bare = setting.bare.push(setting.coins, amounts, setting.receiver, sender=setting.investor).gas_used
    setting.oracle.setBroken(True, sender=setting.investor)
    ours = setting.vault.withdraw(lp, setting.receiver, [0] * 5, sender=setting.investor).gas_used
    print(f"withdraw {ours} / bare {bare} = {ours / bare:.3f}")
    assert ours <= WITHDRAW_LIMIT * bare
