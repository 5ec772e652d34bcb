"""What a run of the demo leaves behind: frames of the path and every rebalance, as plain JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ballast.keeper.rules import basket_of
from ballast.keeper.snapshot import Snapshot
from ballast.units import BPS, WAD

_CENTS = Decimal("0.01")


def weights_of(snapshot: Snapshot) -> dict[str, float]:
    """bps of the fund's value per coin, to a hundredth."""
    basket = basket_of(snapshot)
    pairs = zip(basket.coins, basket.values, strict=True)
    return {coin.symbol: round(value * BPS / basket.total, 2) for coin, value in pairs}


def targets_of(snapshot: Snapshot) -> dict[str, int]:
    """bps per coin that the fund is traded towards: the session's targets, else the calculator's."""
    basket = basket_of(snapshot)
    return {coin.symbol: target for coin, target in zip(basket.coins, basket.targets, strict=True)}


def usd(value: int) -> float:
    """WAD{USD} as dollars and cents."""
    return float(Decimal(value).scaleb(-18).quantize(_CENTS))


@dataclass(frozen=True)
class Frame:
    """The fund at one time of the path."""

    at: datetime
    note: str
    snapshot: Snapshot
    caps: Mapping[str, int]  # whole USD

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        basket = basket_of(self.snapshot)
        return {
            "at": self.at.isoformat(),
            "note": self.note,
            "block": self.snapshot.block,
            "prices_usd": {c.symbol: float(Decimal(c.quote.mid).scaleb(-18)) for c in basket.coins},
            "market_caps_usd": dict(self.caps),
            "weights_bps": weights_of(self.snapshot),
            "targets_bps": targets_of(self.snapshot),
            "max_drift_bps": basket.drift,
            "nav_usd": usd(basket.total),
            "share_price_usd": basket.total / self.snapshot.total_supply,
            "should_rebalance": self.snapshot.verdict.should,
            "reason": self.snapshot.verdict.reason.name,
        }


@dataclass(frozen=True)
class Swap:
    """One executed trade; amounts in whole coins, values at the oracle's mid prices."""

    venue: str
    pools: list[str]
    token_in: str
    token_out: str
    amount_in: Decimal
    amount_out: Decimal
    floor: Decimal  # the least that settlement would have taken
    oracle_value_in: int  # WAD{USD}
    oracle_value_out: int  # WAD{USD}

    @property
    def cost_bps(self) -> float:
        """bps of the value sold that the swap cost against the oracle; below 0 a gain."""
        return round((self.oracle_value_in - self.oracle_value_out) * BPS / self.oracle_value_in, 3)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "venue": self.venue,
            "pools": self.pools,
            "token_in": self.token_in,
            "token_out": self.token_out,
            "amount_in": float(self.amount_in),
            "amount_out": float(self.amount_out),
            "floor": float(self.floor),
            "oracle_value_in_usd": usd(self.oracle_value_in),
            "oracle_value_out_usd": usd(self.oracle_value_out),
            "cost_bps": self.cost_bps,
        }


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


@dataclass
class Rebalance:
    """One session, from the look that opened it to the look after its last transaction."""

    at: datetime
    reason: str
    before: Snapshot
    after: Snapshot | None = None
    targets: dict[str, int] = field(default_factory=dict)  # bps
    swaps: list[Swap] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    @property
    def cost(self) -> int:
        """WAD{USD} lost against the oracle in swaps; below 0 a gain."""
        return sum(swap.oracle_value_in - swap.oracle_value_out for swap in self.swaps)

    @property
    def traded(self) -> int:
        """WAD{USD} sold."""
        return sum(swap.oracle_value_in for swap in self.swaps)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        before, after = weights_of(self.before), weights_of(self.after or self.before)
        return {
            "at": self.at.isoformat(),
            "reason": self.reason,
            "session": (self.after or self.before).session.id,
            "weights": {
                coin: {"before_bps": before[coin], "target_bps": target, "after_bps": after[coin]}
                for coin, target in self.targets.items()
            },
            "max_drift_before_bps": basket_of(self.before).drift,
            "max_drift_after_bps": basket_of(self.after or self.before).drift,
            "swaps": [swap.to_dict() for swap in self.swaps],
            "transactions": [sent.to_dict() for sent in self.sent],
            "gas_used": sum(sent.gas_used for sent in self.sent),
            "traded_usd": usd(self.traded),
            "cost_usd": usd(self.cost),
            "cost_bps": round(self.cost * BPS / self.traded, 3) if self.traded else 0.0,
            "cost_bps_of_fund": round(self.cost * BPS / basket_of(self.before).total, 4),
        }


@dataclass
class Run:
    """The whole run. The headline is the rebalance that began farthest from its targets."""

    scenario: str
    source: str
    deployment: dict[str, str]
    settle_band_bps: int
    frames: list[Frame] = field(default_factory=list)
    rebalances: list[Rebalance] = field(default_factory=list)
    exit_check: dict[str, Any] = field(default_factory=dict)

    @property
    def headline(self) -> Rebalance | None:
        """The rebalance with the largest drift before it."""
        return max(self.rebalances, key=lambda r: basket_of(r.before).drift, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, as `build/demo/run.json` holds it."""
        rebalances = [rebalance.to_dict() for rebalance in self.rebalances]
        headline = self.headline.to_dict() if self.headline else {}
        traded = sum(r.traded for r in self.rebalances)
        cost = sum(r.cost for r in self.rebalances)
        drift = basket_of(self.frames[-1].snapshot).drift
        return {
            "scenario": self.scenario,
            "source": self.source,
            "deployment": self.deployment,
            "settle_band_bps": self.settle_band_bps,
            "max_drift_before_bps": headline.get("max_drift_before_bps", drift),
            "max_drift_after_bps": max((r["max_drift_after_bps"] for r in rebalances), default=drift),
            "final_drift_bps": drift,
            "weights": headline.get("weights", {}),
            "swaps": [swap for r in rebalances for swap in r["swaps"]],
            "gas_per_transaction": [sent for r in rebalances for sent in r["transactions"]],
            "gas_used": sum(r["gas_used"] for r in rebalances),
            "traded_usd": usd(traded),
            "total_cost_usd": usd(cost),
            "total_cost_bps": round(cost * BPS / traded, 3) if traded else 0.0,
            "rebalances": rebalances,
            "exit": self.exit_check,
            "frames": [frame.to_dict() for frame in self.frames],
        }


def ether_cost(wei: int, eth_price: int) -> int:
    """WAD{USD} of an amount of wei at WAD{USD/ETH}."""
    return wei * eth_price // WAD
