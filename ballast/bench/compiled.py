"""Creation code of this project's contracts, compiled by Ape exactly as they are deployed."""

import ape

from ballast.errors import ConfigError


def creation_code(name: str) -> bytes:
    """Of the contract of that name; ConfigError when there is none, or none to deploy."""
    contract = ape.project.contracts.get(name)
    if contract is None:
        raise ConfigError(f"the project has no contract {name}: is contracts/ complete?")
    compiled = contract.contract_type.deployment_bytecode
    code = bytes.fromhex((compiled.bytecode or "").removeprefix("0x")) if compiled else b""
    if not code:
        raise ConfigError(f"{name} has no creation code: it is an interface or abstract")
    return code
