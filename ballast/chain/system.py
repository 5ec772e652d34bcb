"""The contracts of one deployed index, at hand by name."""

from dataclasses import dataclass
from typing import Self

from ape.contracts import ContractInstance

from ballast.chain.connect import contract_at
from ballast.chain.deployment import Deployment

# The oracle's key for ETH/USD: ETH has no token, this is what the field writes for it.
ETH = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"

_CONTRACTS = {
    "access": "IndexAccess",
    "oracle": "PriceOracle",
    "calculator": "IndexCalculator",
    "vault": "IndexVault",
    "manager": "StrategyManager",
    "rebalancer": "Rebalancer",
    "venue": "UniswapV3Venue",
    "detector": "CrisisDetector",
    "emergency": "EmergencyIndex",
    "kill_switch": "KillSwitch",
}


@dataclass(frozen=True)
class System:
    """One index's contracts."""

    access: ContractInstance
    oracle: ContractInstance
    calculator: ContractInstance
    vault: ContractInstance
    manager: ContractInstance
    rebalancer: ContractInstance
    venue: ContractInstance
    detector: ContractInstance
    emergency: ContractInstance
    kill_switch: ContractInstance

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """The contracts that a record names. ChainError when one is missing."""
        return cls(
            **{field: contract_at(name, deployment.address(name)) for field, name in _CONTRACTS.items()}
        )

    def by_name(self, contract: str) -> ContractInstance:
        """The contract of a Solidity name, as the role table uses them."""
        return next(getattr(self, field) for field, name in _CONTRACTS.items() if name == contract)
