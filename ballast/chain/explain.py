"""Errors of the chain in one line to act on; custom errors decoded by selector over all our ABIs."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from ape import project
from ape.exceptions import ApeException, CustomError
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ballast.chain.codec import decode
from ballast.chain.error_words import in_words
from ballast.errors import BallastError

# A node's address often holds its key: in the path, the query or as a user.
_ADDRESS = re.compile(r"\b((?:https?|wss?)://)(?:[^\s/?#@'\"]*@)?([^\s/?#'\"()<>]+)([/?#][^\s'\")<>]*)?")
_NO_NODE = "No (supported) node found"  # how Ape begins to say so
_HEX = re.compile(r"0x[0-9a-fA-F]{8,}")
_PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "value out of an enum",
    0x32: "index out of bounds",
}
_DEPLOYED = (
    "PriceOracle",
    "IndexCalculator",
    "IndexVault",
    "Rebalancer",
    "UniswapV3Venue",
    "IndexAccess",
    "CrisisDetector",
    "EmergencyIndex",
    "KillSwitch",
    "StrategyManager",
    "YieldOptimizer",
)
_Entry = tuple[str, tuple[str, ...], tuple[str, ...]]
_BUILT_IN: tuple[_Entry, ...] = (("Error", ("string",), ("reason",)), ("Panic", ("uint256",), ("code",)))


@cache
def error_table() -> dict[bytes, _Entry]:
    """Selector -> (name, argument types, argument names) of every custom error in the project's contracts."""
    table = {_selector(name, types): (name, types, names) for name, types, names in _BUILT_IN}
    # One selector may be declared with other argument names elsewhere: the deployed contracts' names win. The
    # others come from what was compiled before: asking the project for all of them would compile it again.
    others = list((project.manifest.contract_types or {}).values())
    for kind in (*others, *(project.get_contract(name).contract_type for name in _DEPLOYED)):
        for abi in kind.errors:
            types = tuple(item.canonical_type for item in abi.inputs)
            names = tuple(item.name or f"arg{at}" for at, item in enumerate(abi.inputs))
            table[_selector(abi.name, types)] = (abi.name, types, names)
    return table


def _selector(name: str, types: Iterable[str]) -> bytes:
    return keccak(text=f"{name}({','.join(types)})")[:4]


def decode_revert(data: bytes) -> str:
    """Revert data as `Name(argument=value, ...)`; the bare bytes when no ABI of ours knows them."""
    if not data:
        return "reverted without a reason"
    known = error_table().get(data[:4])
    if known is None:
        return f"unknown error 0x{data[:4].hex()}" + (f" with {len(data) - 4} bytes" if len(data) > 4 else "")
    name, types, names = known
    try:
        values = decode(types, data[4:])
    except DecodingError:
        return f"{name} with undecodable arguments"
    if name == "Error":
        return str(values[0])
    if name == "Panic":
        return _PANICS.get(values[0], f"panic {values[0]:#x}")
    shown = [to_checksum_address(v) if t == "address" else v for t, v in zip(types, values, strict=True)]
    return _told(name, dict(zip(names, shown, strict=True)))


def _told(name: str, values: dict[str, Any]) -> str:
    """A custom error in words where it has any, else by name and arguments."""
    listed = ", ".join(f"{key}={_show(value)}" for key, value in values.items())
    return in_words(name, values) or f"{name}({listed})"


def _show(value: Any) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_show(item) for item in value) + "]"
    return str(value)


def explain(error: BaseException) -> str:
    """One line that says what went wrong, for any exception of the chain or of our own code."""
    if isinstance(error, BallastError):
        return _one_line(str(error))
    if isinstance(error, CustomError):
        return _told(error.name, error.inputs)
    if data := _revert_data(error):
        return decode_revert(data)
    text = str(error) or type(error).__name__
    if text.startswith(_NO_NODE):
        where = _one_line(text.rstrip("."))
        return f"{where}: start one there (`ape run replica` for a local one) or change --network"
    found = _HEX.search(text)
    if isinstance(error, ApeException) and found and len(found[0]) % 2 == 0 and len(found[0]) != 42:
        data = bytes.fromhex(found[0][2:])
        if data[:4] in error_table():
            return decode_revert(data)
    return _one_line(text)


def _revert_data(error: BaseException) -> bytes:
    """What web3 keeps of a revert; empty for other errors."""
    data = getattr(error, "data", None)
    if isinstance(data, str) and re.fullmatch(r"0x(?:[0-9a-fA-F]{2}){4,}", data):
        return bytes.fromhex(data[2:])
    return b""


def _host_only(found: re.Match[str]) -> str:
    scheme, host, rest = found.groups()
    return f"{scheme}{host}" + ("/..." if rest and rest.strip("/") else rest or "")


def _one_line(text: str) -> str:
    """The text without line breaks and without an address's secrets, cut where nobody reads on."""
    flat = _ADDRESS.sub(_host_only, " ".join(text.split()))
    return flat if len(flat) <= 400 else flat[:397] + "..."
