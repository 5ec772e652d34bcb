"""ERC-2612 on the share token."""

from typing import Any

from eth_account.messages import encode_typed_data

from tests.reverts import revert_of

FOREVER = 2**256 - 1
PERMIT = [
    {"name": "owner", "type": "address"},
    {"name": "spender", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]


def signed(vault: Any, signer: Any, spender: Any, value: int, deadline: int) -> tuple[int, bytes, bytes]:
    fields, name, version, chain_id, verifying, *_ = vault.eip712Domain()
    assert fields == b"\x0f"
    domain = {"name": name, "version": version, "chainId": chain_id, "verifyingContract": verifying}
    message = {
        "owner": str(signer),
        "spender": str(spender),
        "value": value,
        "nonce": vault.nonces(signer),
        "deadline": deadline,
    }
    signature = signer.sign_message(encode_typed_data(domain, {"Permit": PERMIT}, message))
    return signature.v, signature.r, signature.s


def test_permit__signed_by_holder__allows_once(vault: Any, investor: Any, newcomer: Any) -> None:
    permit = (investor, newcomer, 5, FOREVER, *signed(vault, investor, newcomer, 5, FOREVER))
    vault.permit(*permit, sender=newcomer)
    assert vault.allowance(investor, newcomer) == 5
    assert vault.nonces(investor) == 1
    vault.transferFrom(investor, newcomer, 5, sender=newcomer)
    assert vault.balanceOf(newcomer) == 5
    assert revert_of(vault.permit, *permit, sender=newcomer)[0] == "ERC2612InvalidSigner"


def test_permit__past_its_deadline__reverts(vault: Any, investor: Any, newcomer: Any) -> None:
    permit = (investor, newcomer, 5, 1, *signed(vault, investor, newcomer, 5, 1))
    assert revert_of(vault.permit, *permit, sender=newcomer) == ("ERC2612ExpiredSignature", 1)


def test_permit__signed_by_another__reverts(vault: Any, investor: Any, attacker: Any) -> None:
    permit = (investor, attacker, 5, FOREVER, *signed(vault, attacker, attacker, 5, FOREVER))
    assert revert_of(vault.permit, *permit, sender=attacker)[0] == "ERC2612InvalidSigner"


def test_metadata__of_the_share__eighteen_decimals(vault: Any) -> None:
    assert (vault.name(), vault.symbol(), vault.decimals()) == ("Ballast Index", "BLST", 18)
