"""What a call reverts with, exactly: the error's name and arguments.

`ape.reverts(SomeError)` also passes when the revert carries no custom error at all, and traces the call
first; this asks the node once and decodes what it says.
"""

from typing import Any

import ape
from eth_abi import decode
from eth_utils import keccak, to_checksum_address
from web3.exceptions import Web3Exception


def _raw_revert(target: str, data: bytes, sender: Any, gas: int | None) -> bytes:
    call = {"to": target, "data": "0x" + data.hex(), "from": str(sender)} | ({"gas": gas} if gas else {})
    try:
        ape.chain.provider.web3.eth.call(call)
    except Web3Exception as error:
        raw = getattr(error, "data", None)
        if not isinstance(raw, str):
            raise AssertionError(f"failed without revert data: {error}") from error
        return bytes.fromhex(raw.removeprefix("0x"))
    raise AssertionError("did not revert")


def revert_of(
    method: Any, *args: Any, sender: Any, gas: int | None = None, errors_of: Any = None
) -> tuple[Any, ...]:
    """(name, argument, ...) of the custom error `method(*args)` reverts with now, or AssertionError.

    `errors_of` is a contract type whose errors are known besides those of the method's own contract.
    """
    contract = method.contract
    raw = _raw_revert(contract.address, method.encode_input(*args), sender, gas)
    known = [*contract.contract_type.errors, *(errors_of.errors if errors_of else ())]
    for abi in known:
        if keccak(text=abi.selector)[:4] == raw[:4]:
            types = [item.canonical_type for item in abi.inputs]
            values = decode(types, raw[4:])
            return (
                abi.name,
                *(
                    to_checksum_address(v) if t == "address" else v
                    for t, v in zip(types, values, strict=True)
                ),
            )
    raise AssertionError(f"reverted with an unknown error 0x{raw.hex()}")
