"""The Rebalancer's rules as the keeper recomputes them."""

from dataclasses import dataclass

from ballast.keeper.snapshot import ChainReason, Phase, Snapshot, Verdict
from ballast.units import BPS, WAD, ceil_div

YES = frozenset({ChainReason.DRIFT, ChainReason.PRICE, ChainReason.CALENDAR, ChainReason.SESSION_OPEN})


@dataclass(frozen=True)
class Basket:
    """Values and targets of every coin, in one order."""

    values: tuple[int, ...]  # WAD{USD}
    targets: tuple[int, ...]  # bps

    @property
    def total(self) -> int:
        """WAD{USD}."""
        return sum(self.values)

    @property
    def max_drift_bps(self) -> int:
        """Largest distance of a weight from its target, rounded up."""
        gaps = [abs(v * BPS - t * self.total) for v, t in zip(self.values, self.targets, strict=True)]
        return ceil_div(max(gaps), self.total)
