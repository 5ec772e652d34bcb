"""One figure, 0 (nothing lent) to 100, and what to take out when it is above the threshold.

Five parts, each 0 to 100 and each growing with what is lent, so that taking out never raises the figure:
protocols' risk, concentration, liquidity, utilisation and correlation. The figure is half the weighted mean
of the parts and half the worst of them: one thing that is badly wrong is not averaged away by four that are
well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ballast.errors import DataError
from ballast.risk.measures import liquidity_use

WEIGHTS: Final[Mapping[str, float]] = {
    "protocol": 0.30,
    "concentration": 0.20,
    "liquidity": 0.20,
    "utilisation": 0.15,
    "correlation": 0.15,
}
THRESHOLD: Final = 40.0
FULL_USE: Final = 0.1  # of what a market can pay out; a position of that size or more counts in full
CALM_UTILISATION: Final = 0.80  # below it a market counts nothing, at 1 in full
_SLICES: Final = 50  # parts of the fund in which is taken out
_DUST: Final = 1e-9


@dataclass(frozen=True)
class Position:
    """What is lent to one strategy, and the state of its market."""

    name: str
    protocol: str
    amount: float  # {coin}
    available: float  # {coin} that the market could pay out now
    utilisation: float  # 0 to 1
    protocol_risk: float  # 0 to 100: 100 less the protocol's score

    def __post_init__(self) -> None:
        """DataError for what no position can be."""
        ranges = 0 <= self.utilisation <= 1 and 0 <= self.protocol_risk <= 100
        if not (ranges and 0 <= self.amount < float("inf") and self.available >= 0):
            raise DataError(f"{self}: amounts >= 0, a utilisation up to 1, a risk up to 100")


@dataclass(frozen=True)
class Overall:
    """The figure and its parts, all 0 to 100."""

    parts: Mapping[str, float]

    @property
    def figure(self) -> float:
        """Half the weighted mean, half the worst."""
        mean = sum(WEIGHTS[name] * value for name, value in self.parts.items())
        return (mean + max(self.parts.values())) / 2

    @property
    def worst(self) -> str:
        """The part that is worst."""
        return max(self.parts, key=lambda name: self.parts[name])


def overall(
    positions: Sequence[Position],
    idle: float,
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> Overall:
    """The figure of a fund of these positions and idle coins.

    `correlations` of strategies by their names; a pair that is not in it counts as moving together in full.
    """
    total = idle + sum(position.amount for position in positions)
    if total <= 0:
        return Overall(dict.fromkeys(WEIGHTS, 0.0))
    shares = [position.amount / total for position in positions]
    protocols: dict[str, float] = {}
    for position, share in zip(positions, shares, strict=True):
        protocols[position.protocol] = protocols.get(position.protocol, 0.0) + share
    return Overall(
        {
            "protocol": _weighted(shares, [p.protocol_risk / 100 for p in positions]),
            "concentration": 100 * sum(share * share for share in protocols.values()),
            "liquidity": _weighted(
                shares, [min(1.0, liquidity_use(p.amount, p.available) / FULL_USE) for p in positions]
            ),
            "utilisation": _weighted(shares, [_strain(p.utilisation) for p in positions]),
            "correlation": _together(positions, shares, correlations or {}),
        }
    )


def _weighted(shares: Sequence[float], risks: Sequence[float]) -> float:
    return 100 * sum(share * risk for share, risk in zip(shares, risks, strict=True))


def _strain(utilisation: float) -> float:
    return max(0.0, (utilisation - CALM_UTILISATION) / (1 - CALM_UTILISATION))


def _together(
    positions: Sequence[Position], shares: Sequence[float], known: Mapping[tuple[str, str], float]
) -> float:
    """What moves together; a falling-together below 0 is no comfort and counts as none."""
    total = 0.0
    for one, mine in zip(positions, shares, strict=True):
        for other, theirs in zip(positions, shares, strict=True):
            alike = 1.0 if one.name == other.name else known.get((one.name, other.name), 1.0)
            total += mine * theirs * max(0.0, alike)
    return 100 * total


@dataclass(frozen=True)
class Reduction:
    """What to take out of one strategy."""

    name: str
    before: float  # {coin}
    after: float  # {coin}
    why: str  # the part that was worst when it was first cut


@dataclass(frozen=True)
class Plan:
    """How to come below the threshold, and where that ends."""

    before: Overall
    after: Overall
    threshold: float
    reductions: tuple[Reduction, ...] = field(default_factory=tuple)

    @property
    def is_enough(self) -> bool:
        """Whether the markets can pay out what it takes."""
        return self.after.figure <= self.threshold + _DUST


def derisk(
    positions: Sequence[Position],
    idle: float,
    threshold: float = THRESHOLD,
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> Plan:
    """What to reduce until the figure is at most the threshold; nothing when it is.

    Slice by slice from where a slice lowers the figure most; never more than a market can pay out.
    """
    held, cash = list(positions), idle
    begun = now = overall(held, cash, correlations)
    left = {position.name: min(position.amount, position.available) for position in positions}
    slice_ = (idle + sum(position.amount for position in positions)) / _SLICES
    causes: dict[str, str] = {}
    while now.figure > threshold + _DUST:
        tried = []
        for at, position in enumerate(held):
            out = min(slice_, left[position.name])
            if out > _DUST * slice_:
                cut = [*held[:at], _less(position, out), *held[at + 1 :]]
                found = overall(cut, cash + out, correlations)
                tried.append(((now.figure - found.figure) / out, at, out, cut, found))
        if not tried:
            break
        _, at, out, cut, found = max(tried, key=lambda one: one[:2])
        name = held[at].name
        causes.setdefault(name, now.worst)
        left[name] -= out
        held, cash, now = cut, cash + out, found
    reductions = tuple(
        Reduction(was.name, was.amount, is_.amount, causes[was.name])
        for was, is_ in zip(positions, held, strict=True)
        if was.name in causes
    )
    return Plan(begun, now, threshold, reductions)


def _less(position: Position, out: float) -> Position:
    """What is taken out is no longer there for the market to pay out, either."""
    kept = max(0.0, position.amount - out)
    return replace(position, amount=kept, available=max(0.0, position.available - out))
