"""A coin's issuer takes what the vault holds of it: the other coins, the exit and the claims go on."""

from typing import Any

import pytest
from ape.exceptions import ContractLogicError

from tests.attacks.conftest import Stage
from tests.deployed import balance
from tests.reverts import revert_of

pytestmark = pytest.mark.replica

SHARE = 10**18


def seize(stage: Stage) -> None:
    """Tether destroys the vault's USDT, as it can, and lets the vault's address go on."""
    replica, vault = stage.deployed.replica, str(stage.vault.address)
    usdt = stage.token("USDT")
    replica.freeze("USDT", vault)
    owner = replica.rpc.read(usdt, "owner()", [], "address")
    replica.rpc.send(usdt, "destroyBlackFunds(address)", [vault], sender=owner)
    replica.unfreeze("USDT", vault)
    assert balance(usdt, vault) == 0


def leave(stage: Stage, holder: Any, shares: int) -> list[int]:
    """Withdraws; what the preview said."""
    amounts = list(stage.vault.previewWithdraw(shares))
    stage.vault.withdraw(shares, holder, [0] * 5, sender=holder)
    return amounts


def test_withdraw__coin_seized_by_its_issuer__others_paid_and_rest_a_claim(stage: Stage) -> None:
    investor, vault, usdt = stage.deployed.investors[0], stage.vault, stage.token("USDT")
    seize(stage)
    held = {token: balance(token, str(investor)) for token in stage.deployed.tokens}
    amounts = leave(stage, investor, 1_000 * SHARE)
    for token, amount in zip(stage.deployed.tokens, amounts, strict=True):
        paid = balance(token, str(investor)) - held[token]
        assert paid == (0 if token == usdt else amount)
    assert vault.claimOf(investor, usdt) == amounts[stage.position("USDT")] > 0


def test_claim__coin_comes_back_in_part__paid_once_and_only_to_its_owner(stage: Stage) -> None:
    """Two claims, coins for one of them: the one is paid exactly once, the other stays owed."""
    first, second = stage.deployed.investors[:2]
    vault, usdt = stage.vault, stage.token("USDT")
    vault.transfer(second, 1_000 * SHARE, sender=first)
    seize(stage)
    for holder in (first, second):
        leave(stage, holder, 1_000 * SHARE)
    owed = vault.claimOf(first, usdt)
    assert abs(owed - vault.claimOf(second, usdt)) <= 1
    stage.deployed.replica.mint("USDT", str(vault.address), owed)
    before = balance(usdt, str(first))
    vault.claim(usdt, first, sender=first)
    assert balance(usdt, str(first)) - before == owed
    assert revert_of(vault.claim, usdt, first, sender=first) == ("ZeroAmount",)
    with pytest.raises(ContractLogicError):  # Tether names no error
        vault.claim.call(usdt, second, sender=second)
    assert abs(vault.claimOf(second, usdt) - owed) <= 1
