"""The contracts of one deployed index, at hand by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from ape.contracts import ContractInstance

from ballast.chain.connect import contract_at
from ballast.chain.deployment import Deployment

# The oracle's key for ETH/USD: ETH has no token, this is what the field writes for it.
ETH = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"

LENSES: Final = ("AaveLens", "CometLens", "CurveLens", "SharePriceLens")
STRATEGY: Final = "Strategy/"  # how the names of strategies begin in a deployment record

_CONTRACTS = {
    "access": "IndexAccess",
    "oracle": "PriceOracle",
    "calculator": "IndexCalculator",
    "vault": "IndexVault",
    "manager": "StrategyManager",
    "optimizer": "YieldOptimizer",
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
    optimizer: ContractInstance
    rebalancer: ContractInstance
    venue: ContractInstance
    detector: ContractInstance
    emergency: ContractInstance
    kill_switch: ContractInstance
    strategies: Mapping[str, str]  # address by name in the record, of those that were deployed with the index
    lenses: Mapping[str, str]  # address by contract, of those that the index needs

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """The contracts that a record names. ChainError when one is missing."""
        where = {name: item.address for name, item in deployment.contracts.items()}
        own = {name: at for name, at in where.items() if name.startswith(STRATEGY)}
        lenses = {name: at for name, at in where.items() if name in LENSES}
        named = {field: contract_at(name, deployment.address(name)) for field, name in _CONTRACTS.items()}
        return cls(**named, strategies=own, lenses=lenses)

    def by_name(self, contract: str) -> ContractInstance:
        """The contract of a Solidity name, as the role table uses them."""
        return next(getattr(self, field) for field, name in _CONTRACTS.items() if name == contract)


def strategy_at(address: str) -> ContractInstance:
    """A strategy, or somebody else's ERC-4626 vault, with what all of ours have in common."""
    return contract_at("AaveStrategy", address)
