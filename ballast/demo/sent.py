"""One transaction and what it cost: the smallest part of what the demo leaves behind."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ballast.units import WAD

_CENTS = Decimal("0.01")


def usd(value: int) -> float:
    """WAD{USD} as dollars and cents."""
    return float(Decimal(value).scaleb(-18).quantize(_CENTS))


def ether_cost(wei: int, eth_price: int) -> int:
    """WAD{USD} of an amount of wei at WAD{USD/ETH}."""
    return wei * eth_price // WAD


@dataclass(frozen=True)
class Sent:
    """One transaction of the keeper."""

    purpose: str
    tx_hash: str
    gas_used: int
    gas_cost: int  # WAD{USD}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "purpose": self.purpose,
            "tx": self.tx_hash,
            "gas_used": self.gas_used,
            "gas_cost_usd": usd(self.gas_cost),
        }
