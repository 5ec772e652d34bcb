"""The contracts of one deployed index, at hand by name."""

from dataclasses import dataclass
from typing import Self

from ape.contracts import ContractInstance

from ballast.chain.connect import contract_at
from ballast.chain.deployment import Deployment

# The oracle's key for ETH/USD: ETH has no token, this is what the field writes for it.
ETH = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"


@dataclass(frozen=True)
class System:
    """One index's contracts."""

    access: ContractInstance
    oracle: ContractInstance
    calculator: ContractInstance
    vault: ContractInstance
    rebalancer: ContractInstance
    venue: ContractInstance

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """The contracts that a record names. ChainError when one is missing."""
        return cls(
            access=contract_at("IndexAccess", deployment.address("IndexAccess")),
            oracle=contract_at("PriceOracle", deployment.address("PriceOracle")),
            calculator=contract_at("IndexCalculator", deployment.address("IndexCalculator")),
            vault=contract_at("IndexVault", deployment.address("IndexVault")),
            rebalancer=contract_at("Rebalancer", deployment.address("Rebalancer")),
            venue=contract_at("UniswapV3Venue", deployment.address("UniswapV3Venue")),
        )

    def by_name(self, contract: str) -> ContractInstance:
        """The contract of a Solidity name, as the role table uses them."""
        return {
            "PriceOracle": self.oracle,
            "IndexCalculator": self.calculator,
            "IndexVault": self.vault,
            "Rebalancer": self.rebalancer,
        }[contract]
