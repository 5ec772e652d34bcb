"""What is to be split, among what, within which limits; one objective for every solver.

Amounts are fractions of the money to be split, rates and variances are per year. A strategy's rate falls as
more is lent to it: `slope` is by how much for the whole of the money; at x it pays rate - slope * (x - held).
The objective is what the split earns in a year, less half the aversion times its variance, less the tolls:

    sum x (rate - slope (x - held)) - aversion / 2 * x' covariance x - sum (cost / horizon) |x - held|

and, outside the quadratic program, gas / horizon for every strategy that is moved at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from ballast.errors import OptimizerError

Floats = npt.NDArray[np.float64]

# Added to the Hessian: one answer where several are as good, the more even one. Worth 0.05 bp a year at most.
RIDGE: Final = 1e-5
STILL: Final = 1e-9  # of the money: less than that is no move
_LOOSE: Final = 1e-12  # by which sums of limits may miss each other, for they are sums of floats


@dataclass(frozen=True)
class Limits:
    """The least and the most, as fractions of the money."""

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        """OptimizerError unless 0 <= low <= high."""
        if not 0 <= self.low <= self.high < float("inf"):
            raise OptimizerError(
                f"limits {self.low:g} to {self.high:g}: give a least that is >= 0 and not above the most"
            )


@dataclass(frozen=True)
class Candidate:
    """One strategy as it stands."""

    name: str
    protocol: str
    rate: float  # 1/year, at what is held
    held: float = 0.0
    slope: float = 0.0  # 1/year by which the rate falls when the whole of the money is added
    limits: Limits = field(default_factory=Limits)
    cost: float = 0.0  # of what is moved in or out
    gas: float = 0.0  # of the money, for a move of any size

    def __post_init__(self) -> None:
        """OptimizerError for figures that no market can have."""
        figures = (self.rate, self.held, self.slope, self.cost, self.gas)
        if not np.isfinite(figures).all() or min(figures[1:]) < 0:
            raise OptimizerError(
                f"{self.name}: rate {self.rate:g}, held {self.held:g}, slope {self.slope:g}, "
                f"cost {self.cost:g}, gas {self.gas:g}: all must be finite, all but the rate >= 0"
            )


@dataclass(frozen=True, eq=False)
class Terms:
    """As arrays: linear' x - x' quadratic x / 2 - toll' |x - held|, x in bounds, rows @ x in a range."""

    quadratic: Floats
    linear: Floats
    held: Floats
    toll: Floats
    gas: Floats
    low: Floats
    high: Floats
    rows: Floats  # the total first, then one a protocol with limits
    row_low: Floats
    row_high: Floats

    def value(self, split: Floats) -> float:
        """What the solvers maximise; the gas of moves is not in it."""
        earned = self.linear @ split - split @ self.quadratic @ split / 2
        return float(earned - self.toll @ np.abs(split - self.held))

    def moved(self, split: Floats) -> npt.NDArray[np.bool_]:
        """Which strategies are moved."""
        flags: npt.NDArray[np.bool_] = np.abs(split - self.held) > STILL
        return flags

    def net(self, split: Floats) -> float:
        """The value less the gas of the moves."""
        return self.value(split) - float(self.gas @ self.moved(split))


@dataclass(frozen=True)
class Problem:
    """Candidates and limits. OptimizerError, one line with a way out, when no split keeps the limits."""

    candidates: tuple[Candidate, ...]
    covariance: tuple[tuple[float, ...], ...] = ()  # 1/year^2 of the rates; none: they are taken as certain
    aversion: float = 0.0
    protocols: Mapping[str, Limits] = field(default_factory=dict)
    total: Limits = field(default_factory=Limits)  # of everything together; what is not lent stays idle
    horizon: float = 1.0  # years in which the costs of a move have to be earned

    def __post_init__(self) -> None:
        self._check_figures()
        self._check_limits()

    @cached_property
    def terms(self) -> Terms:
        """The same as arrays."""
        own = self.candidates
        rate, held, slope, cost, gas = np.array(
            [(c.rate, c.held, c.slope, c.cost, c.gas) for c in own], dtype=np.float64
        ).T
        low, high = np.array([(c.limits.low, c.limits.high) for c in own], dtype=np.float64).T
        quadratic = np.diag(2 * slope + RIDGE)
        if self.covariance:
            quadratic += self.aversion * np.array(self.covariance, dtype=np.float64)
        rows = [[1.0] * len(own)]
        rows += [[float(c.protocol == protocol) for c in own] for protocol in self.protocols]
        limits = [self.total, *self.protocols.values()]
        row_low, row_high = np.array([(limit.low, limit.high) for limit in limits], dtype=np.float64).T
        tolls = cost / self.horizon, gas / self.horizon
        return Terms(
            quadratic, rate + slope * held, held, *tolls, low, high, np.array(rows), row_low, row_high
        )

    def _check_figures(self) -> None:
        names = [candidate.name for candidate in self.candidates]
        if not names or len(set(names)) < len(names):
            raise OptimizerError(f"strategies {', '.join(names) or '(none)'}: give at least one, each once")
        if not (self.horizon > 0 and 0 <= self.aversion < float("inf")):
            raise OptimizerError(
                f"horizon {self.horizon:g}, aversion {self.aversion:g}: above 0 and not negative"
            )
        if self.covariance:
            check_covariance(self.covariance, len(names))
        for protocol in self.protocols:
            if protocol not in {candidate.protocol for candidate in self.candidates}:
                raise OptimizerError(f"limits of {protocol}, which no strategy is of: remove them")

    def _check_limits(self) -> None:
        """Protocols part the strategies, so limits can be met exactly when they can be met level by level."""
        least, most = 0.0, 0.0
        for protocol in {candidate.protocol: None for candidate in self.candidates}:
            own = [c.limits for c in self.candidates if c.protocol == protocol]
            low, high = sum(limit.low for limit in own), sum(limit.high for limit in own)
            limit = self.protocols.get(protocol, Limits(0.0, high))
            if low > limit.high + _LOOSE:
                raise OptimizerError(
                    f"the strategies of {protocol} need {low:g}, it may hold {limit.high:g}: "
                    "lower their least or raise its most"
                )
            if high < limit.low - _LOOSE:
                raise OptimizerError(
                    f"the strategies of {protocol} may hold {high:g}, it needs {limit.low:g}: "
                    "raise their most or lower its least"
                )
            least, most = least + max(low, limit.low), most + min(high, limit.high)
        if least > self.total.high + _LOOSE:
            raise OptimizerError(
                f"strategies and protocols need {least:g} of the money, {self.total.high:g} may be lent: "
                "lower what they need"
            )
        if most < self.total.low - _LOOSE:
            raise OptimizerError(
                f"strategies and protocols may hold {most:g} of the money, {self.total.low:g} must be lent: "
                "raise a cap or allow more to stay idle"
            )


def check_covariance(covariance: Sequence[Sequence[float]], size: int) -> None:
    """OptimizerError unless it is a covariance matrix of `size` strategies."""
    if len(covariance) != size or any(len(row) != size for row in covariance):
        raise OptimizerError(f"a covariance of {len(covariance)} strategies for {size}: give a row for each")
    matrix: Floats = np.array(covariance, dtype=np.float64)
    if not np.isfinite(matrix).all() or np.abs(matrix - matrix.T).max() > 1e-12 * max(
        1, np.abs(matrix).max()
    ):
        raise OptimizerError("the covariance is not symmetric or not finite: estimate it anew")
    if np.linalg.eigvalsh(matrix)[0] < -1e-9 * max(float(np.trace(matrix)), 1e-12):
        raise OptimizerError("the covariance has a negative variance in it: estimate it from one sample")
