"""What a backtest found: points, trades, rebalances; figures and JSON from them. Values WAD{USD}, times s."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ballast.model.crisis import State
from ballast.units import BPS, human


@dataclass(frozen=True)
class Point:
    """The fund at one time, after what the keeper did."""

    at: int
    nav: int  # WAD{USD}
    hold: int  # WAD{USD} of the first basket, untouched
    values: tuple[int, ...]  # WAD{USD} by coin
    drift_bps: int  # against the targets of the moment
    prices: tuple[int, ...] = ()  # WAD{USD/coin} by coin
    states: tuple[State, ...] = ()  # the detector's, by coin


@dataclass(frozen=True)
class Traded:
    """One trade; amounts in whole coins and values at mid prices."""

    at: int
    session: int
    sold: str
    bought: str
    amount_in: int  # own decimals
    amount_out: int  # own decimals
    value_in: int
    value_out: int

    @property
    def cost(self) -> int:
        """WAD{USD} lost against the oracle; below 0 a gain."""
        return self.value_in - self.value_out


@dataclass
class Rebalance:
    """One session from its opening to its end."""

    at: int
    session: int
    reason: str
    drift_before_bps: int
    drift_after_bps: int
    fills: int = 0
    traded: int = 0
    cost: int = 0
    gas_used: int = 0
    gas_cost: int = 0  # WAD{USD}, paid by the keeper, not by the fund
    settled: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "at": stamp(self.at),
            "session": self.session,
            "reason": self.reason,
            "drift_before_bps": self.drift_before_bps,
            "drift_after_bps": self.drift_after_bps,
            "fills": self.fills,
            "traded_usd": _usd(self.traded),
            "cost_usd": _usd(self.cost),
            "cost_bps": round(self.cost * BPS / self.traded, 4) if self.traded else 0.0,
            "gas_used": self.gas_used,
            "gas_cost_usd": _usd(self.gas_cost),
            "settled": self.settled,
        }


@dataclass(frozen=True)
class StateChange:
    """The keeper's state from a time on, and why."""

    at: int
    state: str
    cause: str


@dataclass(frozen=True)
class CoinState:
    """A coin's state as the detector changed it."""

    asset: str
    at: int
    before: str
    after: str


@dataclass
class Emergency:
    """One emergency session. Weights are fractions of the fund at market prices."""

    asset: str
    at: int
    price: int  # WAD{USD/coin}
    weight_before: float
    weight_after: float  # as the session left it
    session: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "asset": self.asset,
            "time": stamp(self.at),
            "price": _price(self.price),
            "weight_before": round(self.weight_before, 6),
            "weight_after": round(self.weight_after, 6),
            "session": self.session,
        }


@dataclass
class Recovery:
    """A coin's way back, from the first calm day to SOUND or to the next fall."""

    asset: str
    at: int
    price: int  # WAD{USD/coin}
    weight_before: float
    weight_after: float
    ended_at: int | None = None
    is_back: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "asset": self.asset,
            "time": stamp(self.at),
            "price": _price(self.price),
            "weight_before": round(self.weight_before, 6),
            "weight_after": round(self.weight_after, 6),
            "ended": None if self.ended_at is None else stamp(self.ended_at),
            "sound": self.is_back,
        }


@dataclass
class Result:
    """One run."""

    coins: tuple[str, ...]
    supply: int  # WAD{share}, constant: nobody enters or leaves
    points: list[Point] = field(default_factory=list)
    trades: list[Traded] = field(default_factory=list)
    rebalances: list[Rebalance] = field(default_factory=list)
    states: list[StateChange] = field(default_factory=list)  # the keeper's
    coin_states: list[CoinState] = field(default_factory=list)
    emergencies: list[Emergency] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    observations: int = 0
    observing_gas: int = 0  # gas
    checkpoint_gas: int = 0  # gas of the kill switch
    halted_at: int | None = None  # s, when the kill switch stopped ordinary trading
    refusals: list[tuple[int, str, str]] = field(default_factory=list)
    held_start: Mapping[str, int] = field(default_factory=dict)  # own decimals by token
    held_end: Mapping[str, int] = field(default_factory=dict)

    @property
    def nav_end_vs_hold(self) -> float:
        """Fraction of the fund that it ended above (below 0: under) the first basket, untouched."""
        last = self.points[-1]
        return last.nav / last.hold - 1

    @property
    def max_drawdown(self) -> float:
        """Largest fall of the fund from an earlier high, as a fraction of that high."""
        return max_drawdown([point.nav for point in self.points])

    @property
    def hold_max_drawdown(self) -> float:
        """The same of the first basket, untouched."""
        return max_drawdown([point.hold for point in self.points])

    @property
    def gas_used(self) -> int:
        """Gas units, estimated."""
        watching = self.observing_gas + self.checkpoint_gas
        return watching + sum(rebalance.gas_used for rebalance in self.rebalances)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        first, last = self.points[0], self.points[-1]
        traded = sum(trade.value_in for trade in self.trades)
        cost = sum(trade.cost for trade in self.trades)
        return {
            "from": stamp(first.at),
            "to": stamp(last.at),
            "steps": len(self.points),
            "coins": list(self.coins),
            "nav_start_usd": _usd(first.nav),
            "nav_end_usd": _usd(last.nav),
            "hold_end_usd": _usd(last.hold),
            "nav_per_share_end": float(human(last.nav * 10**18 // self.supply)),
            "nav_end_vs_hold": self.nav_end_vs_hold,
            "max_drawdown": self.max_drawdown,
            "hold_max_drawdown": self.hold_max_drawdown,
            "traded_usd": _usd(traded),
            "cost_usd": _usd(cost),
            "cost_bps": round(cost * BPS / traded, 4) if traded else 0.0,
            "gas_used": self.gas_used,
            "gas_cost_usd": _usd(sum(rebalance.gas_cost for rebalance in self.rebalances)),
            "rebalances": [rebalance.to_dict() for rebalance in self.rebalances],
            "emergencies": [flight.to_dict() for flight in self.emergencies],
            "recoveries": [back.to_dict() for back in self.recoveries],
            "states": [
                {"asset": s.asset, "time": stamp(s.at), "from": s.before, "to": s.after}
                for s in self.coin_states
            ],
            "observations": self.observations,
            "checkpoint_gas": self.checkpoint_gas,
            "halted": None if self.halted_at is None else stamp(self.halted_at),
            "keeper_states": [{"at": stamp(s.at), "state": s.state, "cause": s.cause} for s in self.states],
            "refusals": [{"at": stamp(at), "error": e, "detail": d} for at, e, d in self.refusals],
            "trades": [self._trade(trade) for trade in self.trades],
            "path": self._path(),
        }

    def _path(self) -> Mapping[str, Any]:
        return {
            "at": [stamp(point.at) for point in self.points],
            "nav_per_share": [round(point.nav / self.supply, 8) for point in self.points],
            "hold_per_share": [round(point.hold / self.supply, 8) for point in self.points],
            "drift_bps": [point.drift_bps for point in self.points],
            "weights_bps": {
                coin: [round(point.values[i] * BPS / point.nav, 2) for point in self.points]
                for i, coin in enumerate(self.coins)
            },
            "prices": {
                coin: [_price(point.prices[i]) for point in self.points] for i, coin in enumerate(self.coins)
            },
        }

    @staticmethod
    def _trade(trade: Traded) -> dict[str, Any]:
        return {
            "at": stamp(trade.at),
            "session": trade.session,
            "sold": trade.sold,
            "bought": trade.bought,
            "value_in_usd": _usd(trade.value_in),
            "value_out_usd": _usd(trade.value_out),
            "cost_bps": round(trade.cost * BPS / trade.value_in, 4),
        }


def max_drawdown(values: Sequence[int]) -> float:
    """Largest fall from an earlier high, as a fraction of that high; 0 for a path that never falls."""
    high, worst = 0, 0.0
    for value in values:
        high = max(high, value)
        worst = max(worst, 1 - value / high)
    return worst


def stamp(at: int) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _price(price: int) -> float:
    return round(float(human(price)), 6)


def _usd(value: int) -> float:
    return round(float(human(value)), 2)
