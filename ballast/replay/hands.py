"""Sends the players' transactions fast: plain JSON-RPC from accounts that the local chain has unlocked.

What is sent is what the keeper's own loop sends; what that loop does about dying and silent nodes is left
out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ape.contracts import ContractInstance
from ape.contracts.base import ContractEvent
from ape.utils import ManagerAccessMixin

from ballast.chain.explain import decode_revert
from ballast.chain.multicall import ContractCall
from ballast.errors import ChainError
from ballast.replica.node import BLOCK_GAS_LIMIT
from ballast.replica.rpc import Rpc, RpcError

GAS: Final = 15_000_000  # the limit of a transaction


class RefusedError(ChainError):
    """The chain would not take a transaction; the reason in words."""


@dataclass(frozen=True)
class Sent:
    """Transactions of one block that went through."""

    block: int
    gas_used: int
    gas_price: int  # wei
    logs: tuple[dict[str, Any], ...]

    def events(self, contract: ContractInstance, event: str) -> Iterator[Any]:
        """The contract's events of that name, decoded."""
        own = [log for log in self.logs if int(log["address"], 16) == int(str(contract.address), 16)]
        kind: ContractEvent = getattr(contract, event)
        yield from ManagerAccessMixin.network_manager.ethereum.decode_logs(own, kind.abi)


def send(rpc: Rpc, sender: str, calls: Sequence[ContractCall]) -> Sent:
    """All in one block, in their order. RefusedError, in words, when one of them reverts."""
    wire = [
        (str(contract.address), bytes(getattr(contract, method).encode_input(*arguments)))
        for contract, method, arguments in calls
    ]
    try:
        receipts = rpc.send_raw_together(sender, wire, gas=min(GAS, BLOCK_GAS_LIMIT // len(wire)))
    except RpcError as error:
        raise RefusedError(decode_revert(error.data) if error.data else str(error)) from error
    return Sent(
        int(receipts[-1]["blockNumber"], 16),
        sum(int(receipt["gasUsed"], 16) for receipt in receipts),
        int(receipts[-1]["effectiveGasPrice"], 16),
        tuple(log for receipt in receipts for log in receipt["logs"]),
    )
