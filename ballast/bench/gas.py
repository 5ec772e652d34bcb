"""The laboratory: one node, raw JSON-RPC, exact gas.

A transaction's gas is its receipt's `gasUsed`: intrinsic cost, calldata and refunds included. A view's gas is
its execution alone: `debug_traceCall` less the intrinsic cost of the same call, every slot and account cold
but the callee. Measurements that must not see each other run inside `aside()`, which restores the state.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from eth_abi.abi import decode, encode
from eth_utils.abi import function_signature_to_4byte_selector

from ballast.errors import ChainError

TX_GAS: Final = 16_000_000  # what a measured or preparing transaction may use
VIEW_GAS: Final = 100_000_000
PATIENCE: Final = 10  # seconds for one receipt
INTRINSIC: Final = 21_000
MAX_UINT: Final = 2**256 - 1
ZERO: Final = "0x" + "00" * 20


class Rpc(Protocol):
    """What the laboratory needs of a node's client: one JSON-RPC request, its result or an exception."""

    def call(self, method: str, *params: Any) -> Any:
        """The `result` of one request."""


@dataclass(frozen=True)
class Receipt:
    """What a measurement needs of a mined transaction."""

    gas: int
    contract: str | None
    logs: list[dict[str, Any]]


class Lab:
    """Deploys, sends, measures. `bytecode(name)` gives the creation code of a contract of this project."""

    def __init__(self, rpc: Rpc, bytecode: Callable[[str], bytes], progress: Callable[[str], None]) -> None:
        self.rpc = rpc
        self.bytecode = bytecode
        self.progress = progress
        self.me: str = rpc.call("eth_accounts")[0]

    def deploy(self, code: str | bytes, types: Sequence[str] = (), args: Sequence[Any] = ()) -> str:
        """Address of a new contract: our contract of that name, or the creation code given."""
        creation = self.bytecode(code) if isinstance(code, str) else code
        receipt = self._mine(None, creation + encode(list(types), list(args)), self.me, 0)
        if receipt.contract is None:
            raise ChainError(
                "a deployment's receipt names no contract; the node is not one the bench can use"
            )
        return receipt.contract

    def send(self, to: str, signature: str, *args: Any, sender: str | None = None, value: int = 0) -> Receipt:
        """Mines one transaction. ChainError with the revert's data when it fails."""
        return self._mine(to, calldata(signature, *args), sender or self.me, value)

    def gas(self, to: str, signature: str, *args: Any, sender: str | None = None) -> int:
        """The transaction's gas as its receipt states it."""
        return self.send(to, signature, *args, sender=sender).gas

    def read(self, to: str, signature: str, outputs: Sequence[str], *args: Any) -> tuple[Any, ...]:
        """A view's decoded outputs."""
        tx = {"from": self.me, "to": to, "data": _hex(calldata(signature, *args)), "gas": hex(VIEW_GAS)}
        answer = self.rpc.call("eth_call", tx, "latest")
        return tuple(decode(list(outputs), bytes.fromhex(answer[2:])))

    def view_gas(self, to: str, signature: str, *args: Any) -> int:
        """Execution gas of a view on cold storage, without the intrinsic cost. ChainError on a revert."""
        data = calldata(signature, *args)
        tx = {"from": self.me, "to": to, "data": _hex(data), "gas": hex(TX_GAS)}
        trace = self.rpc.call("debug_traceCall", tx, "latest", {"tracer": "callTracer"})
        if trace.get("error"):
            raise ChainError(f"{signature} of {to} reverts: {trace['error']} {trace.get('output', '')}")
        return int(trace["gasUsed"], 16) - intrinsic(data)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Whatever is sent inside is undone at the end."""
        snapshot = self.rpc.call("evm_snapshot")
        try:
            yield
        finally:
            if self.rpc.call("evm_revert", snapshot) is not True:
                raise ChainError(
                    "the node did not restore a snapshot, so the figures after it would be wrong"
                )

    def pass_time(self, seconds: int) -> None:
        """Mines a block that many seconds after the last."""
        self.rpc.call("evm_increaseTime", seconds)
        self.rpc.call("evm_mine")

    def _mine(self, to: str | None, data: bytes, sender: str, value: int) -> Receipt:
        tx = {"from": sender, "data": _hex(data), "gas": hex(TX_GAS), "value": hex(value)}
        if to is not None:
            tx["to"] = to
        receipt = self._receipt(self.rpc.call("eth_sendTransaction", tx))
        if int(receipt["status"], 16) != 1:
            self.rpc.call("eth_call", tx, "latest")  # raises with the reason
            raise ChainError(f"a transaction to {to} failed and its repetition did not")
        return Receipt(int(receipt["gasUsed"], 16), receipt["contractAddress"], receipt["logs"])

    def _receipt(self, tx_hash: str) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            receipt: dict[str, Any] | None = self.rpc.call("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                return receipt
            time.sleep(0.001)
        raise ChainError(
            f"a transaction was not mined within {PATIENCE} s: the bench needs a node that automines"
        )


def calldata(signature: str, *args: Any) -> bytes:
    """Selector and encoded arguments of `name(type,type)`."""
    return bytes(function_signature_to_4byte_selector(signature)) + encode(
        argument_types(signature), list(args)
    )


def argument_types(signature: str) -> list[str]:
    """Top-level argument types of `name(type,(type,type)[])`."""
    types: list[str] = []
    depth, begin = 0, signature.index("(") + 1
    for at, char in enumerate(signature):
        if (char == "," and depth == 1) or (char == ")" and depth == 1):
            types.append(signature[begin:at])
            begin = at + 1
        depth += (char == "(") - (char == ")")
    return [t for t in types if t]


def intrinsic(data: bytes) -> int:
    """What a transaction pays before its first instruction (EIP-2028)."""
    return INTRINSIC + sum(16 if byte else 4 for byte in data)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
