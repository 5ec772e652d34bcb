"""What is left where when a coin or a market is in trouble: the safe allocation.

No yield enters. Nothing grows: an emergency only ever takes out, which may be done at once. What a market
cannot pay out stays, and is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ballast.errors import OptimizerError

TENTH: Final = 0.1


@dataclass(frozen=True)
class Lent:
    """A position in a strategy."""

    name: str
    protocol: str
    amount: float  # {coin}
    available: float  # {coin} that the market could pay out now
    risk: float  # 0 (none) to 100
    cap: float = float("inf")  # {coin}


@dataclass(frozen=True)
class SafeRules:
    """How careful an emergency is."""

    most_risk: float = 30.0  # of a strategy that is left anything
    most_lent: float = 0.25  # of idle and lent coins together
    most_protocol: float = 0.15  # of the same, in one protocol
    most_available: float = TENTH  # of what the market could pay out now

    def __post_init__(self) -> None:
        """OptimizerError for shares outside 0 to 1 and risks outside 0 to 100."""
        shares = (self.most_lent, self.most_protocol, self.most_available, self.most_risk / 100)
        if not all(0 <= share <= 1 for share in shares):
            raise OptimizerError(f"{self}: shares from 0 to 1 and a risk from 0 to 100, please")


@dataclass(frozen=True)
class SafeAllocation:
    """Amounts to be left, by strategy, and why not more."""

    left: Mapping[str, float]  # {coin}
    withdrawn: Mapping[str, float]  # {coin}
    stuck: Mapping[str, float] = field(default_factory=dict)  # {coin} that should leave and cannot now
    reasons: Mapping[str, str] = field(default_factory=dict)


def safe_allocation(positions: Sequence[Lent], idle: float, rules: SafeRules | None = None) -> SafeAllocation:
    """The least risky and then most liquid positions, as far as the rules let them stay. {coin}"""
    rules = rules or SafeRules()
    total = idle + sum(position.amount for position in positions)
    frozen = {p.name: max(0.0, p.amount - max(0.0, p.available)) for p in positions}
    # What cannot leave takes its part of every share first, so that the rest makes room for it.
    room = max(0.0, rules.most_lent * total - sum(frozen.values()))
    rooms = {
        protocol: max(0.0, rules.most_protocol * total - _of(positions, frozen, protocol))
        for protocol in {position.protocol for position in positions}
    }
    left, withdrawn, stuck, reasons = {}, {}, {}, {}
    for position in sorted(positions, key=lambda p: (p.risk, -p.available, p.name)):
        name, fixed = position.name, frozen[position.name]
        bounds = {
            "it is all there is": position.amount,
            "it is too risky": 0.0 if position.risk > rules.most_risk else float("inf"),
            "its cap": position.cap,
            "it would be too much of what the market can pay out": rules.most_available * position.available,
            "the protocol's share": rooms[position.protocol] + fixed,
            "the share that may be lent": room + fixed,
        }
        reasons[name] = min(bounds, key=lambda bound: bounds[bound])
        wanted = max(0.0, bounds[reasons[name]])
        left[name] = max(wanted, fixed)
        withdrawn[name] = position.amount - left[name]
        if fixed > wanted:
            stuck[name] = fixed - wanted
        room = max(0.0, room - (left[name] - fixed))
        rooms[position.protocol] = max(0.0, rooms[position.protocol] - (left[name] - fixed))
    return SafeAllocation(left, withdrawn, stuck, reasons)


def _of(positions: Sequence[Lent], amounts: Mapping[str, float], protocol: str) -> float:
    return sum(amounts[position.name] for position in positions if position.protocol == protocol)
