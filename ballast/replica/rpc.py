"""A fast JSON-RPC client for anvil: one kept connection, ABI coding by signature, nothing of Ape or web3."""

import http.client
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from eth_abi.abi import decode, encode
from eth_abi.exceptions import EncodingError, ValueOutOfBounds
from eth_abi.grammar import TupleType, parse
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ballast.errors import ReplicaError

POOL_PATIENCE = 2.0  # seconds; transactions still there are held back on purpose
GAS = 30_000_000  # gas limit of a transaction that names none
MAX_FEE = 10**13  # wei a gas that transactions sent together would pay at the most
ERROR_SELECTOR = keccak(text="Error(string)")[:4]
PANIC_SELECTOR = keccak(text="Panic(uint256)")[:4]


class RpcError(ReplicaError):
    """The node answered with an error; `data` is the revert data when there is any."""

    def __init__(self, message: str, data: bytes = b"") -> None:
        super().__init__(message)
        self.data = data


@cache
def argument_types(signature: str) -> tuple[str, ...]:
    """`f(address,(uint256,bool))` as its top-level ABI types."""
    listed = signature[signature.index("(") :]
    if listed == "()":
        return ()
    parsed = parse(listed)
    assert isinstance(parsed, TupleType)
    return tuple(component.to_type_str() for component in parsed.components)


@cache
def selector(signature: str) -> bytes:
    """The four bytes that call `signature`."""
    return keccak(text=signature)[:4]


def encode_call(signature: str, args: Sequence[Any] = ()) -> bytes:
    """Call data for a function given by signature; ReplicaError when the arguments do not fit it."""
    return selector(signature) + encode_args(argument_types(signature), args)


def encode_args(types: Sequence[str], args: Sequence[Any]) -> bytes:
    """ABI encoding; ReplicaError when the arguments do not fit the types."""
    try:
        return encode(types, args)
    except (EncodingError, ValueOutOfBounds, TypeError, ValueError) as error:
        raise ReplicaError(f"arguments do not fit ({','.join(types)}): {error}") from error


def hex0x(data: bytes) -> str:
    """Bytes as the 0x-hex that JSON-RPC takes."""
    return "0x" + data.hex()


def revert_reason(data: bytes) -> str:
    """Revert data in words: the reason string, the panic code, or the hex as it is."""
    if data[:4] == ERROR_SELECTOR:
        return str(decode(["string"], data[4:])[0])
    if data[:4] == PANIC_SELECTOR:
        return f"panic {decode(['uint256'], data[4:])[0]:#x}"
    return hex0x(data) if data else "no reason given"


class Rpc:
    """A connection to one node. Not for use from several threads at once."""

    def __init__(self, url: str, timeout: float = 120) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ReplicaError(f"{url!r} is not an http:// JSON-RPC address")
        self.url = url
        self._http = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
        self._path = parts.path or "/"
        self._id = 0

    def close(self) -> None:
        """Closes the connection; the next request opens it again."""
        self._http.close()

    def call(self, method: str, *params: Any) -> Any:
        """One JSON-RPC request; its result. RpcError when the node answers with an error."""
        return self._result(self._post(self._request(method, params)))

    def batch(self, requests: Iterable[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Several requests in one round trip; their results in order."""
        wire = [self._request(method, params) for method, params in requests]
        if not wire:
            return []
        answers = {answer["id"]: answer for answer in self._post(wire)}
        return [self._result(answers[request["id"]]) for request in wire]

    def read(self, to: str, signature: str, args: Sequence[Any] = (), returns: str = "uint256") -> Any:
        """`eth_call` at the latest block. `returns`: types, comma-separated; one gives its bare value."""
        data = self.call("eth_call", {"to": to, "data": hex0x(encode_call(signature, args))}, "latest")
        return decode_as(returns, data)

    def read_many(self, calls: Sequence[tuple[str, str, Sequence[Any], str]]) -> list[Any]:
        """Many `read`s in one round trip, each given as (to, signature, args, returns)."""
        wire = [
            ("eth_call", ({"to": to, "data": hex0x(encode_call(signature, args))}, "latest"))
            for to, signature, args, _ in calls
        ]
        return [decode_as(call[3], data) for call, data in zip(calls, self.batch(wire), strict=True)]

    def send(
        self,
        to: str,
        signature: str,
        args: Sequence[Any] = (),
        *,
        sender: str,
        value: int = 0,
        gas: int = GAS,
    ) -> dict[str, Any]:
        """A transaction of an unlocked or impersonated account; its receipt. RpcError when it reverts."""
        return self.send_raw(to, encode_call(signature, args), sender=sender, value=value, gas=gas)

    def send_raw(
        self, to: str | None, data: bytes, *, sender: str, value: int = 0, gas: int = GAS
    ) -> dict[str, Any]:
        """Like `send`, with the call data (or, without `to`, the initcode) given as bytes."""
        fields = {"from": sender, "data": hex0x(data), "gas": hex(gas), "value": hex(value)}
        if to is not None:
            fields["to"] = to
        # anvil's eth_sendTransaction may answer before the block is there; this answers with the receipt.
        return self._succeeded(self.call("eth_sendTransactionSync", fields), fields)

    def send_together(
        self,
        sender: str,
        calls: Sequence[tuple[str, str, Sequence[Any]]],
        *,
        at: int | None = None,
        gas: int = 1_000_000,
    ) -> list[dict[str, Any]]:
        """Transactions of one sender, each (to, signature, args), mined in one block; their receipts.

        `at`: the block's time, in seconds; `gas`: the limit of each. RpcError when one of them reverts.
        """
        wire = [(to, encode_call(signature, args)) for to, signature, args in calls]
        return self.send_raw_together(sender, wire, at=at, gas=gas)

    def send_raw_together(
        self, sender: str, calls: Sequence[tuple[str, bytes]], *, at: int | None = None, gas: int = 1_000_000
    ) -> list[dict[str, Any]]:
        """Like `send_together`, with the call data given as bytes."""
        nonce = int(self.call("eth_getTransactionCount", sender, "latest"), 16)
        wire = [
            {
                "from": sender,
                "to": to,
                "data": hex0x(data),
                "gas": hex(gas),
                "nonce": hex(nonce + i),
                "maxFeePerGas": hex(MAX_FEE),
                "maxPriorityFeePerGas": "0x0",
            }
            for i, (to, data) in enumerate(calls)
        ]
        self.call("evm_setAutomine", False)
        try:
            hashes = self.batch([("eth_sendTransaction", (fields,)) for fields in wire])
            if at is not None:
                self.call("evm_setNextBlockTimestamp", at)
            self.call("evm_mine")
        finally:
            self.call("evm_setAutomine", True)
        receipts = self.batch([("eth_getTransactionReceipt", (h,)) for h in hashes])
        return [self._succeeded(receipt, fields) for receipt, fields in zip(receipts, wire, strict=True)]

    def _succeeded(self, receipt: dict[str, Any] | None, fields: dict[str, Any]) -> dict[str, Any]:
        """The receipt, unless it is of a failed transaction: then RpcError with the revert reason."""
        if receipt is None:
            raise RpcError("a transaction was sent but not mined: is its gas limit above the block's?")
        if receipt["status"] != "0x1":
            replay = {k: v for k, v in fields.items() if k != "nonce"}
            self.call("eth_call", replay, hex(int(receipt["blockNumber"], 16) - 1))
            raise RpcError(f"transaction {receipt['transactionHash']} reverted")
        return receipt

    def timestamp(self) -> int:
        """Time of the latest block, in seconds."""
        return int(self.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def mine_after(self, seconds: int) -> None:
        """Mines one block `seconds` after the latest one; later blocks go on from there."""
        self.call("evm_setNextBlockTimestamp", self.timestamp() + seconds)
        self.call("evm_mine")

    def snapshot(self) -> str:
        """Remembers the state; give the answer to `revert`, once."""
        return str(self.call("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Back to a snapshot; ReplicaError when the node does not know it."""
        self._await_pool()
        if self.call("evm_revert", snapshot) is not True:
            raise ReplicaError(f"snapshot {snapshot} is unknown to the node: each can be used once")

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Whatever happens inside is undone at the end."""
        snapshot = self.snapshot()
        try:
            yield
        finally:
            self.revert(snapshot)

    def _await_pool(self) -> None:
        """Waits until anvil's pool has let go of what is mined, for `POOL_PATIENCE` at most.

        It does so a moment after the receipt is there. If the state is put back before, the node may mine the
        transaction again, or drop the next one of the same nonce.
        """
        deadline = time.monotonic() + POOL_PATIENCE
        while time.monotonic() < deadline and self.call("txpool_status")["pending"] != "0x0":
            time.sleep(0.001)

    def _request(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        self._id += 1
        return {"jsonrpc": "2.0", "id": self._id, "method": method, "params": list(params)}

    def _post(self, body: Any) -> Any:
        payload = json.dumps(body).encode()
        for attempt in (1, 2):
            try:
                self._http.request("POST", self._path, payload, {"Content-Type": "application/json"})
                return json.loads(self._http.getresponse().read())
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
                # An idle connection was closed by the other side: nothing was processed, so send it again.
                self._http.close()
                if attempt == 2:
                    raise ReplicaError(f"the node at {self.url} closed the connection ({error})") from error
            except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
                self._http.close()
                raise ReplicaError(f"no node answers at {self.url} ({error})") from error
        raise AssertionError("unreachable")

    @staticmethod
    def _result(answer: dict[str, Any]) -> Any:
        error = answer.get("error")
        if error is None:
            return answer["result"]
        raw = error.get("data")
        data = bytes.fromhex(raw[2:]) if isinstance(raw, str) and raw.startswith("0x") else b""
        why = revert_reason(data) if data else error.get("message", "no message")
        raise RpcError(f"{error.get('message', 'error')}" if not data else f"reverted: {why}", data)


def decode_as(returns: str, data: str) -> Any:
    """Return data as the comma-separated types say; addresses checksummed; one type gives its bare value."""
    types = argument_types(f"({returns})")
    raw = bytes.fromhex(data[2:])
    if types and not raw:
        raise ReplicaError(f"an empty answer where ({returns}) was expected: is there code at the address?")
    values = [
        to_checksum_address(v) if t == "address" else v
        for t, v in zip(types, decode(types, raw), strict=True)
    ]
    return values[0] if len(values) == 1 else tuple(values)
