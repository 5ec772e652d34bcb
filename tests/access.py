"""OpenZeppelin's AccessManager, as its package ships it compiled, for tests of what one authority may do."""

import json
from pathlib import Path

from ape.contracts import ContractContainer
from ethpm_types import ContractType

BUILT = "node_modules/@openzeppelin/contracts/build/contracts/AccessManager.json"


def access_manager_type() -> ContractContainer:
    """Deploy with the admin's address; until roles are wired, the admin may call everything."""
    built = json.loads((Path(__file__).parents[1] / BUILT).read_text())
    fields = {
        "contractName": built["contractName"],
        "abi": built["abi"],
        "deploymentBytecode": built["bytecode"],
    }
    return ContractContainer(ContractType.model_validate(fields))
