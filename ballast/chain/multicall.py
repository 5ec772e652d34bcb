"""Many reads in one `eth_call`, or many calls that anybody may make in one transaction, by Multicall3."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ape.api import TransactionAPI
from ape.contracts import ContractInstance
from ape.contracts.base import ContractMethodHandler
from ape.exceptions import ApeException
from ape.utils import ManagerAccessMixin
from ape_ethereum.multicall.constants import MULTICALL3_ADDRESS, MULTICALL3_CONTRACT_TYPE
from eth_abi.abi import encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from ethpm_types import ContractType
from ethpm_types.abi import ABIType

from ballast.chain.codec import decode
from ballast.chain.explain import decode_revert, explain
from ballast.errors import ChainError

_AGGREGATE3 = keccak(text="aggregate3((address,bool,bytes)[])")[:4]
_READER = "0x000000000000000000000000000000000000bEEF"  # nobody: who asks when a gas price is given
_GAS = 30_000_000  # of one eth_call: below the cap of every common node

ContractCall = tuple[ContractInstance, str, tuple[Any, ...]]  # contract, method, arguments


@dataclass(frozen=True)
class Call:
    """One read: where, what, with which arguments; `may_fail` makes a revert the answer None."""

    target: str
    method: str
    outputs: tuple[ABIType, ...]
    data: bytes
    may_fail: bool = False

    @property
    def name(self) -> str:
        """Readable name of the call, as errors show it."""
        return f"{self.method} at {self.target}"


def read(contract: ContractInstance, method: str, *args: Any, may_fail: bool = False) -> Call:
    """A call of a contract's view (or of a quoter's reverting function) by its name."""
    handler: ContractMethodHandler = getattr(contract, method)
    abi = next((abi for abi in handler.abis if len(abi.inputs) == len(args)), None)
    if abi is None:
        raise ChainError(f"{contract.contract_type.name} has no {method} with {len(args)} arguments")
    return Call(contract.address, method, tuple(abi.outputs), bytes(handler.encode_input(*args)), may_fail)


def foreign(target: str, signature: str, *args: Any, may_fail: bool = False) -> Call:
    """A call of somebody else's contract by its signature with outputs, such as `decimals()(uint8)`.

    Inputs and outputs are elementary types, or one tuple of them as the only input.
    """
    head, outputs = signature[:-1].rsplit(")(", 1)
    selector = keccak(text=head + ")")[:4]
    method, inputs = head.split("(", 1)
    if inputs.startswith("("):
        types, args = [inputs], (args,)
    else:
        types = inputs.split(",") if inputs else []
    shapes = tuple(ABIType(name="", type=kind) for kind in outputs.split(",") if kind)
    return Call(to_checksum_address(target), method, shapes, selector + encode(types, args), may_fail)


def aggregate(
    calls: Sequence[Call], block: int | None = None, chunk: int = 500, gas_price: int = 0
) -> list[Any]:
    """Answers of all calls at one block, in their order; None for a failed call that may fail.

    More than `chunk` calls are split over several `eth_call`s at the same block. `gas_price` (wei) is what
    the contracts see as the transaction's; nobody pays it.
    """
    if not calls:
        return []
    block = current_block() if block is None else block
    answers: list[Any] = []
    for start in range(0, len(calls), chunk):
        part = calls[start : start + chunk]
        for call, (success, data) in zip(part, _send(part, block, gas_price), strict=True):
            answers.append(_answer(call, success, data))
    return answers


def all_or_none(calls: Sequence[ContractCall], sender: str) -> TransactionAPI:
    """One transaction that makes every call, in Multicall3's name; it reverts when one of them does."""
    kind = ContractType.model_validate(MULTICALL3_CONTRACT_TYPE)
    multicall: Any = ContractInstance(to_checksum_address(MULTICALL3_ADDRESS), kind)
    wire = [
        (contract.address, False, bytes(getattr(contract, method).encode_input(*arguments)))
        for contract, method, arguments in calls
    ]
    transaction: TransactionAPI = multicall.aggregate3.as_transaction(wire, sender=sender)
    return transaction


def current_block() -> int:
    """Number of the newest block."""
    return int(ManagerAccessMixin.network_manager.provider.web3.eth.block_number)


def _send(calls: Sequence[Call], block: int, gas_price: int) -> list[tuple[bool, bytes]]:
    """One eth_call of aggregate3; every sub-call may fail here, so that the failing one can be named."""
    tuples = [(call.target, True, call.data) for call in calls]
    data = _AGGREGATE3 + encode(["(address,bool,bytes)[]"], [tuples])
    provider = ManagerAccessMixin.network_manager.provider
    request = {"to": MULTICALL3_ADDRESS, "data": "0x" + data.hex(), "gas": hex(_GAS)}
    parameters: list[Any] = [request, hex(block)]
    if gas_price:
        request |= {"from": _READER, "gasPrice": hex(gas_price)}
        parameters.append({_READER: {"balance": hex(2**128)}})
    try:
        answer = provider.make_request("eth_call", parameters)
    except (ApeException, ValueError) as error:
        raise ChainError(f"reading the chain at block {block} failed: {explain(error)}") from error
    raw = bytes.fromhex(str(answer).removeprefix("0x"))
    if not raw:
        raise ChainError(
            f"no Multicall3 at {MULTICALL3_ADDRESS} on this chain: connect to mainnet or a fork of it"
        )
    return [(success, data) for success, data in decode(["(bool,bytes)[]"], raw)[0]]


def _answer(call: Call, success: bool, data: bytes) -> Any:
    """The decoded answer; a failure that must not be is a ChainError naming the call."""
    if not success:
        if call.may_fail:
            return None
        raise ChainError(f"{call.name} failed: {decode_revert(data)}")
    if not data and call.outputs:
        if call.may_fail:
            return None
        raise ChainError(f"{call.name} answered nothing: there is no such contract on this chain")
    try:
        values = decode([item.canonical_type for item in call.outputs], data)
    except DecodingError as error:
        raise ChainError(f"{call.name} answered what its ABI does not allow: {error}") from error
    shaped = [_shape(value, item) for value, item in zip(values, call.outputs, strict=True)]
    return shaped[0] if len(shaped) == 1 else tuple(shaped)


def _shape(value: Any, item: ABIType) -> Any:
    """A decoded value in Python's terms: addresses with checksum, structs as dictionaries by member name."""
    if isinstance(value, tuple) and item.canonical_type.endswith("]"):
        return [_shape(member, _element(item)) for member in value]
    if item.components:
        return {part.name: _shape(member, part) for part, member in zip(item.components, value, strict=True)}
    return to_checksum_address(value) if item.canonical_type == "address" else value


def _element(item: ABIType) -> ABIType:
    """The type of an array's elements."""
    return item.model_copy(update={"type": str(item.type)[: str(item.type).rindex("[")]})
