"""Which chain this is, and whether what must be there is there."""

import subprocess
from functools import partial
from pathlib import Path

from ape import project
from ape.contracts import ContractInstance
from ape.exceptions import ApeException
from ape.utils import ManagerAccessMixin
from eth_utils.address import to_checksum_address
from web3.exceptions import Web3Exception

from ballast.chain.deployment import ChainIdentity
from ballast.chain.explain import explain
from ballast.errors import ChainError

_ROOT = Path(__file__).resolve().parent.parent.parent
_FAULTS = (ApeException, Web3Exception, OSError, ValueError)


def chain_identity() -> ChainIdentity:
    """Id and first block of the connected chain; where the node has pruned block 0, its earliest block."""
    web3 = ManagerAccessMixin.network_manager.provider.web3
    try:
        chain_id = int(web3.eth.chain_id)
        try:
            first = web3.eth.get_block(0)
        except _FAULTS:
            first = web3.eth.get_block("earliest")
        return ChainIdentity(
            chain_id=chain_id, first_block=int(first["number"]), first_hash="0x" + bytes(first["hash"]).hex()
        )
    except _FAULTS as error:
        raise ChainError(f"the node does not say which chain it is on: {explain(error)}") from error


def expect_quick_receipts() -> None:
    """For a local chain, which mines at once: asks for receipts every few ms, not every tenth of a second."""
    eth = ManagerAccessMixin.network_manager.provider.web3.eth
    setattr(  # noqa: B010  web3 offers no setting; Ape passes none on
        eth, "wait_for_transaction_receipt", partial(eth.wait_for_transaction_receipt, poll_latency=0.005)
    )


def require_chain(expected: int, actual: int, what: str) -> None:
    """ChainError when the connected chain is not the one the index is for."""
    if expected != actual:
        raise ChainError(
            f"{what} is for chain {expected}, connected to chain {actual}: choose another --network"
        )


def has_code(address: str, block: int | str = "latest") -> bool:
    """True when there is a contract at the address."""
    web3 = ManagerAccessMixin.network_manager.provider.web3
    try:
        return bool(bytes(web3.eth.get_code(to_checksum_address(address), block)))
    except _FAULTS as error:
        raise ChainError(f"asking for the code at {address} failed: {explain(error)}") from error


def require_code(address: str, what: str) -> None:
    """ChainError when nothing is deployed at an address something relies on."""
    if not has_code(address):
        raise ChainError(
            f"{what}: no contract at {address} on this chain: correct the address or the --network"
        )


def contract_at(name: str, address: str) -> ContractInstance:
    """One of the project's contracts (or interfaces) at an address, without asking any explorer."""
    return ContractInstance(to_checksum_address(address), project.get_contract(name).contract_type)


def git_commit() -> str:
    """Commit of the checkout, with `+dirty` when files differ from it; `unknown` outside a checkout."""
    head = _git("rev-parse", "HEAD")
    if head is None:
        return "unknown"
    return head + ("+dirty" if _git("status", "--porcelain") else "")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", *arguments],  # noqa: S607 - whichever git the person uses
            cwd=_ROOT,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
