"""Calls as a batch file that a Safe's Transaction Builder imports."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ballast.chain.authority import Act
from ballast.errors import ConfigError

FORMAT: Final = "1.0"  # of the Transaction Builder's files


def write_batch(path: Path, chain_id: int, name: str, acts: Sequence[Act], created_at: int) -> None:
    """The acts as a batch. `created_at` in seconds. ConfigError when the file cannot be written."""
    batch = {
        "version": FORMAT,
        "chainId": str(chain_id),
        "createdAt": created_at * 1_000,
        "meta": {"name": name, "description": "; ".join(act.what for act in acts)},
        "transactions": [_transaction(act) for act in acts],
    }
    try:
        path.write_text(json.dumps(batch, indent=2) + "\n")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: give --safe another file") from None


def _transaction(act: Act) -> dict[str, Any]:
    """The call data as it is sent, and beside it the method and values that signers read."""
    inputs = act.abi.inputs
    return {
        "to": act.to,
        "value": "0",
        "data": "0x" + act.data.hex(),
        "contractMethod": {
            "inputs": [_input(item) for item in inputs],
            "name": act.method,
            "payable": False,
        },
        "contractInputsValues": {
            item.name: _text(value) for item, value in zip(inputs, act.arguments, strict=True)
        },
    }


def _input(item: Any) -> dict[str, Any]:
    """One input in JSON ABI, members of a struct included."""
    described = {"name": item.name, "type": str(item.type), "internalType": str(item.internal_type)}
    if item.components:
        described["components"] = [_input(part) for part in item.components]
    return described


def _text(value: Any) -> str:
    """An argument as the Transaction Builder writes it."""
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_text(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
