"""Deploys contracts on the replica: at the next address, or in place at a given one.

In place means that the real constructor runs at the mainnet address: the initcode is set as the account's
code, a call answers the runtime code with its immutables, a transaction leaves the constructor's storage,
and the runtime is set.
"""

from collections.abc import Sequence
from typing import Any, Final

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ballast.errors import ReplicaError
from ballast.replica.rpc import Rpc, encode_args, hex0x
from ballast.replica.solc import Artifact

DEPLOY_GAS: Final = 60_000_000


def role_account(role: str) -> str:
    """The replica's account for a role nobody has a key of; it acts by impersonation only."""
    return to_checksum_address(keccak(text=f"ballast.replica.{role}")[12:])


OPERATOR: Final = role_account("operator")  # owns the feeds, the tokens' powers and the seeded liquidity
PROXY_ADMIN: Final = role_account("proxy-admin")  # may upgrade USDC, and therefore cannot use it


class Deployer:
    """Puts code on a node in the name of OPERATOR."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc = rpc

    def create(
        self,
        artifact: Artifact,
        types: str = "",
        args: Sequence[Any] = (),
        links: dict[str, str] | None = None,
    ) -> str:
        """An ordinary deployment; the new address."""
        receipt = self.rpc.send_raw(
            None, _initcode(artifact, types, args, links or {}), sender=OPERATOR, gas=DEPLOY_GAS
        )
        return to_checksum_address(receipt["contractAddress"])

    def place(
        self,
        address: str,
        artifact: Artifact,
        types: str = "",
        args: Sequence[Any] = (),
        links: dict[str, str] | None = None,
    ) -> str:
        """Runs the constructor at `address`; `types` lists its parameters, comma-separated."""
        initcode = _initcode(artifact, types, args, links or {})
        call = {"from": OPERATOR, "to": address, "gas": hex(DEPLOY_GAS)}
        self.rpc.batch([("anvil_setNonce", (address, "0x1")), ("anvil_setCode", (address, hex0x(initcode)))])
        runtime = self.rpc.call("eth_call", call, "latest")
        if len(runtime) <= 2:
            raise ReplicaError(f"{artifact.name}: its constructor left no code at {address}")
        self.rpc.send_raw(address, b"", sender=OPERATOR, gas=DEPLOY_GAS)
        self.rpc.call("anvil_setCode", address, runtime)
        return address


def _initcode(artifact: Artifact, types: str, args: Sequence[Any], links: dict[str, str]) -> bytes:
    listed = types.split(",") if types else []
    return artifact.linked(links) + encode_args(listed, args)
