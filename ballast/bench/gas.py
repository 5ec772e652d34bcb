"""The laboratory: one replica, raw JSON-RPC, exact gas.

A transaction's gas is its receipt's `gasUsed`: intrinsic cost, calldata and refunds included. A view's gas is
its execution alone: `debug_traceCall` less the intrinsic cost of the same call, every slot and account cold
but the callee. Measurements that must not see each other run inside `aside()`, which restores the state.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from ballast.errors import ChainError
from ballast.replica import AddressBook, Replica, Rpc
from ballast.replica.rpc import encode_args, encode_call, hex0x

VIEW_GAS: Final = 16_000_000
INTRINSIC: Final = 21_000
PATIENCE: Final = 10  # seconds for the node to settle
MAX_UINT: Final = 2**256 - 1
ZERO: Final = "0x" + "00" * 20


@dataclass(frozen=True)
class Receipt:
    """What a measurement needs of a mined transaction."""

    gas: int
    tx_hash: str
    logs: list[dict[str, Any]]


class Lab:
    """Deploys, sends, measures. `bytecode(name)` gives the creation code of a contract of this project."""

    def __init__(
        self, replica: Replica, bytecode: Callable[[str], bytes], progress: Callable[[str], None]
    ) -> None:
        self.replica = replica
        self.rpc: Rpc = replica.rpc
        self.book: AddressBook = replica.book
        self.bytecode = bytecode
        self.progress = progress
        self.me: str = self.rpc.call("eth_accounts")[0]

    def deploy(self, code: str | bytes, types: str = "", *args: Any) -> str:
        """Address of a new contract: ours of that name, or the creation code given. `types`: with commas."""
        creation = self.bytecode(code) if isinstance(code, str) else code
        data = creation + (encode_args(types.split(","), args) if types else b"")
        return str(self.rpc.send_raw(None, data, sender=self.me)["contractAddress"])

    def send(self, to: str, signature: str, *args: Any, sender: str | None = None) -> Receipt:
        """Mines one transaction. RpcError when it reverts."""
        raw = self.rpc.send(to, signature, args, sender=sender or self.me)
        return Receipt(int(raw["gasUsed"], 16), raw["transactionHash"], raw["logs"])

    def read(self, to: str, signature: str, returns: str, *args: Any) -> Any:
        """A view's answer: one value bare, several as a tuple."""
        return self.rpc.read(to, signature, args, returns)

    def view_gas(self, to: str, signature: str, *args: Any) -> int:
        """Execution gas of a view on cold storage, without the intrinsic cost. ChainError on a revert."""
        data = encode_call(signature, args)
        tx = {"from": self.me, "to": to, "data": hex0x(data), "gas": hex(VIEW_GAS)}
        trace = self.rpc.call("debug_traceCall", tx, "latest", {"tracer": "callTracer"})
        if trace.get("error"):
            raise ChainError(f"{signature} of {to} reverts: {trace['error']} {trace.get('output', '')}")
        return int(trace["gasUsed"], 16) - intrinsic(data)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Whatever is sent inside is undone at the end."""
        with self.rpc.isolated():
            yield
            self._drain()

    def _drain(self) -> None:
        """Waits until the node's pool has let go of what is mined.

        It does so a moment after the receipt is there. If the state is put back before, the node may mine the
        transaction again, or drop the next one of the same nonce.
        """
        deadline = time.monotonic() + PATIENCE
        while self.rpc.call("txpool_status")["pending"] != "0x0":
            if time.monotonic() > deadline:
                raise ChainError(f"transactions are pending after {PATIENCE} s: the bench needs automine on")
            time.sleep(0.001)

    def approve(self, tokens: Sequence[str], spender: str, amount: int = MAX_UINT) -> None:
        """Approvals of several coins, `amount` base units each, in place of what was approved before."""
        for token in tokens:
            if self.read(token, "allowance(address,address)", "uint256", self.me, spender):
                self.send(token, "approve(address,uint256)", spender, 0)  # USDT insists
            self.send(token, "approve(address,uint256)", spender, amount)


def intrinsic(data: bytes) -> int:
    """What a transaction pays before its first instruction (EIP-2028)."""
    return INTRINSIC + sum(16 if byte else 4 for byte in data)
