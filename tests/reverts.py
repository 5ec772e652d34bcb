"""What a call reverts with, exactly: the error's name and arguments.

`ape.reverts(SomeError)` also passes when the revert carries no custom error at all, and traces the call
first; this asks the node once and decodes what it says.
"""

from typing import Any

import ape
from eth_abi import decode
from eth_utils import keccak, to_checksum_address
from web3.exceptions import Web3Exception


def _raw_revert(call: dict[str, Any]) -> bytes:
    try:
        ape.chain.provider.web3.eth.call(call)
    except Web3Exception as error:
        raw = getattr(error, "data", None)
        if not isinstance(raw, str):
            raise AssertionError(f"failed without revert data: {error}") from error
        return bytes.fromhex(raw.removeprefix("0x"))
    raise AssertionError("did not revert")


def _decoded(raw: bytes, *contract_types: Any) -> tuple[Any, ...]:
    for abi in (error for contract_type in contract_types for error in contract_type.errors):
        if keccak(text=abi.selector)[:4] == raw[:4]:
            types = [item.canonical_type for item in abi.inputs]
            values = zip(types, decode(types, raw[4:]), strict=True)
            return (abi.name, *(to_checksum_address(v) if t == "address" else v for t, v in values))
    raise AssertionError(f"reverted with an unknown error 0x{raw.hex()}")


def revert_of(
    method: Any, *args: Any, sender: Any, gas: int | None = None, errors_of: Any = None
) -> tuple[Any, ...]:
    """(name, argument, ...) of the custom error `method(*args)` reverts with now, or AssertionError.

    `errors_of` is a contract type whose errors are known besides those of the method's own contract.
    """
    contract = method.contract
    call = {"to": contract.address, "data": "0x" + method.encode_input(*args).hex(), "from": str(sender)}
    raw = _raw_revert(call | ({"gas": gas} if gas else {}))
    return _decoded(raw, contract.contract_type, *([errors_of] if errors_of else []))


def passes(method: Any, *args: Any, sender: Any) -> bool:
    """Whether the transaction would go through now: asked first, as Ape traces a refused one for a second."""
    data = "0x" + method.encode_input(*args).hex()
    try:
        ape.chain.provider.web3.eth.call({"to": method.contract.address, "from": str(sender), "data": data})
    except Web3Exception:
        return False
    return True


def constructor_revert_of(container: Any, *args: Any) -> tuple[Any, ...]:
    """The same for the deployment of a contract."""
    data = container.constructor.serialize_transaction(*args).data
    return _decoded(_raw_revert({"data": "0x" + bytes(data).hex()}), container.contract_type)
