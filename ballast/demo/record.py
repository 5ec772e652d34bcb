"""What a run of the demo leaves behind: frames of its acts, rebalances, crises, as plain JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ballast.backtest.result import CoinState, Emergency, Recovery, max_drawdown, stamp
from ballast.demo.lent import LentStory
from ballast.demo.sent import Sent, usd
from ballast.keeper.rules import basket_of
from ballast.keeper.snapshot import Coin, Snapshot
from ballast.model.crisis import State
from ballast.model.rebalance import value_of
from ballast.units import BPS, WAD, wad_of


def weights_of(snapshot: Snapshot) -> dict[str, float]:
    """bps of the fund's value per coin, to a hundredth."""
    basket = basket_of(snapshot)
    pairs = zip(basket.coins, basket.values, strict=True)
    return {coin.symbol: round(value * BPS / basket.total, 2) for coin, value in pairs}


def targets_of(snapshot: Snapshot) -> dict[str, int]:
    """bps per coin that the fund is traded towards: the session's targets, else the calculator's."""
    basket = basket_of(snapshot)
    return {coin.symbol: target for coin, target in zip(basket.coins, basket.targets, strict=True)}


@dataclass(frozen=True)
class Frame:
    """The fund at one time of the path."""

    at: datetime
    note: str
    snapshot: Snapshot
    caps: Mapping[str, int]  # whole USD
    prices: Mapping[str, Decimal]  # USD, as the coins trade
    states: Mapping[str, State]  # the detector's

    @property
    def values(self) -> dict[str, int]:
        """WAD{USD} by coin as they trade."""
        return {coin.symbol: self._worth(coin) for coin in self.snapshot.coins}

    @property
    def weights(self) -> dict[str, float]:
        """bps of the fund by coin as they trade."""
        values = self.values
        total = sum(values.values())
        return {symbol: value * BPS / total for symbol, value in values.items()}

    @property
    def share_value(self) -> int:
        """WAD{USD/share} as the coins trade."""
        return sum(self.values.values()) * WAD // self.snapshot.total_supply

    def held_at(self, prices: Mapping[str, Decimal]) -> int:
        """WAD{USD/share} that this frame's basket is worth at other prices."""
        worth = sum(_worth(coin, prices[coin.symbol]) for coin in self.snapshot.coins)
        return worth * WAD // self.snapshot.total_supply

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        basket = basket_of(self.snapshot)
        return {
            "at": self.at.isoformat(),
            "note": self.note,
            "block": self.snapshot.block,
            "prices_usd": {c.symbol: float(Decimal(c.quote.mid).scaleb(-18)) for c in basket.coins},
            "market_prices_usd": {coin: float(price) for coin, price in self.prices.items()},
            "market_caps_usd": dict(self.caps),
            "weights_bps": weights_of(self.snapshot),
            "targets_bps": targets_of(self.snapshot),
            "max_drift_bps": basket.drift,
            "nav_usd": usd(basket.total),
            "share_price_usd": basket.total / self.snapshot.total_supply,
            "should_rebalance": self.snapshot.verdict.should,
            "reason": self.snapshot.verdict.reason.name,
            "states": {coin: state.name for coin, state in self.states.items()},
        }

    def _worth(self, coin: Coin) -> int:
        return _worth(coin, self.prices[coin.symbol])


def _worth(coin: Coin, price: Decimal) -> int:
    """WAD{USD} of what the fund holds of a coin."""
    return value_of(coin.reserve, coin.scale, wad_of(price))


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
    is_emergency: bool = False
    is_overture: bool = False  # prepares the fund for an act
    is_outdated: bool = False  # ended because a coin had come under suspicion since it began

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
                coin: {
                    "before_bps": before.get(coin, 0.0),
                    "target_bps": target,
                    "after_bps": after.get(coin, 0.0),  # a coin that was left is no longer there
                }
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


@dataclass(frozen=True)
class Reaction:
    """Blocks from the look that confirmed a crisis to the emergency, and to its first trades."""

    asset: str
    at: datetime
    to_emergency: int
    to_trades: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "asset": self.asset,
            "time": stamp(int(self.at.timestamp())),
            "blocks_to_emergency": self.to_emergency,
            "blocks_to_trades": self.to_trades,
        }


@dataclass(frozen=True)
class Knock:
    """An investor who wanted to bring in one coin alone."""

    asset: str
    at: datetime
    price: Decimal  # USD
    refusal: str  # why not, in words; empty when it was taken

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        at = stamp(int(self.at.timestamp()))
        return {"asset": self.asset, "time": at, "price": float(self.price), "refusal": self.refusal}


@dataclass
class Chapter:
    """One act as it went: the fund and, untouched, the basket that it began with."""

    name: str
    headline: str
    source: str
    is_drawn: bool
    frames: list[Frame] = field(default_factory=list)  # from the time on that is compared

    @property
    def nav(self) -> list[int]:
        """WAD{USD/share}, a frame each."""
        return [frame.share_value for frame in self.frames]

    @property
    def hold(self) -> list[int]:
        """The same of the first basket."""
        return [self.frames[0].held_at(frame.prices) for frame in self.frames]

    @property
    def nav_end_vs_hold(self) -> float:
        """Fraction that the fund ended above (below 0: under) the first basket."""
        return self.nav[-1] / self.hold[-1] - 1

    @property
    def max_drawdown(self) -> float:
        """Largest fall from an earlier high, as a fraction of that high."""
        return max_drawdown(self.nav)

    @property
    def hold_max_drawdown(self) -> float:
        """The same of the first basket."""
        return max_drawdown(self.hold)

    def figures(self) -> dict[str, float]:
        """Fund against hold."""
        return {
            "nav_end_vs_hold": self.nav_end_vs_hold,
            "max_drawdown": self.max_drawdown,
            "hold_max_drawdown": self.hold_max_drawdown,
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "name": self.name,
            "headline": self.headline,
            "source": self.source,
            "from": self.frames[0].at.isoformat(),
            "to": self.frames[-1].at.isoformat(),
            **self.figures(),
            "path": {
                "at": [frame.at.isoformat() for frame in self.frames],
                "nav_per_share": [value / WAD for value in self.nav],
                "hold_per_share": [value / WAD for value in self.hold],
            },
        }


@dataclass
class Run:
    """The whole run. The headline is the ordinary rebalance that began farthest from its targets."""

    deployment: dict[str, str]
    settle_band_bps: int
    chapters: list[Chapter] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    rebalances: list[Rebalance] = field(default_factory=list)
    looks: list[Sent] = field(default_factory=list)  # of the detector, and the kill switch's checkpoints
    states: list[CoinState] = field(default_factory=list)
    emergencies: list[Emergency] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    knocks: list[Knock] = field(default_factory=list)
    exit_check: dict[str, Any] = field(default_factory=dict)
    lent: LentStory | None = None  # the lending act, where it was played

    @property
    def headline(self) -> Rebalance | None:
        """The ordinary rebalance with the largest drift before it."""
        ordinary = [r for r in self.rebalances if not (r.is_emergency or r.is_overture)]
        return max(ordinary, key=lambda r: basket_of(r.before).drift, default=None)

    @property
    def whole(self) -> Chapter:
        """All acts as one, from the first contribution on."""
        names, sources = [c.name for c in self.chapters], [c.source for c in self.chapters]
        return Chapter(", ".join(names), "", "; ".join(sources), False, self.frames)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, as `build/demo/run.json` holds it."""
        whole = self.whole
        return {
            "scenario": whole.name,
            "source": whole.source,
            "deployment": self.deployment,
            "settle_band_bps": self.settle_band_bps,
            **self._trading(),
            **whole.figures(),
            "acts": [chapter.to_dict() for chapter in self.chapters],
            "states": [
                {"asset": s.asset, "time": stamp(s.at), "from": s.before, "to": s.after} for s in self.states
            ],
            "emergencies": [flight.to_dict() for flight in self.emergencies],
            "recoveries": [back.to_dict() for back in self.recoveries],
            "reactions": [reaction.to_dict() for reaction in self.reactions],
            "contributions_of_one_coin": [knock.to_dict() for knock in self.knocks],
            "observing": {
                "transactions": len(self.looks),
                "gas_used": sum(sent.gas_used for sent in self.looks),
            },
            "exit": self.exit_check,
            "lending": self.lent.to_dict() if self.lent else None,
            "frames": [frame.to_dict() for frame in self.frames],
        }

    def _trading(self) -> dict[str, Any]:
        rebalances = [rebalance.to_dict() for rebalance in self.rebalances]
        finished = [r for r, told in zip(rebalances, self.rebalances, strict=True) if not told.is_outdated]
        headline = self.headline.to_dict() if self.headline else {}
        traded = sum(r.traded for r in self.rebalances)
        cost = sum(r.cost for r in self.rebalances)
        drift = basket_of(self.frames[-1].snapshot).drift
        return {
            "max_drift_before_bps": headline.get("max_drift_before_bps", drift),
            "max_drift_after_bps": max((r["max_drift_after_bps"] for r in finished), default=drift),
            "final_drift_bps": drift,
            "weights": headline.get("weights", {}),
            "swaps": [swap for r in rebalances for swap in r["swaps"]],
            "gas_per_transaction": [sent for r in rebalances for sent in r["transactions"]],
            "gas_used": sum(r["gas_used"] for r in rebalances),
            "traded_usd": usd(traded),
            "total_cost_usd": usd(cost),
            "total_cost_bps": round(cost * BPS / traded, 3) if traded else 0.0,
            "rebalances": rebalances,
        }
