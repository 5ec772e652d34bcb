"""Lending markets whose rate falls as more is lent to them, and the split that counts it.

What suppliers earn is known at one utilisation, as read; a curve of the protocol's shape says how it changes
with another. Only the shape is the curve's, the level is what was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ballast.optimizer.moves import Allocation, best_split
from ballast.optimizer.problem import Candidate, Limits, Problem


@dataclass(frozen=True)
class Curve:
    """base + slope1 * u / kink up to the kink, and beyond it slope2 * (u - kink) / (1 - kink) on top."""

    kink: float
    slope1: float  # 1/year
    slope2: float  # 1/year
    base: float = 0.0  # 1/year
    of_borrowers: bool = True  # suppliers get u of what borrowers pay; else the curve is their own

    def at(self, used: float) -> float:
        """What suppliers earn at a utilisation, up to a reserve factor that cancels out. 1/year"""
        rate = self.base + self.slope1 * min(used, self.kink) / self.kink
        rate += self.slope2 * max(0.0, used - self.kink) / (1 - self.kink)
        return rate * used if self.of_borrowers else rate


@dataclass(frozen=True)
class Market:
    """A market as it is without us. Amounts in {coin}."""

    name: str
    protocol: str
    rate: float  # 1/year, what suppliers earn without us
    supplied: float  # by others
    borrowed: float
    curve: Curve
    most: float = float("inf")  # that we may have in it
    least: float = 0.0  # that cannot leave

    def rate_with(self, amount: float) -> float:
        """What suppliers earn with that much of ours in it; nobody else is supposed to react. 1/year"""
        before = self.curve.at(_used(self.borrowed, self.supplied))
        if before <= 0:
            return self.rate * self.supplied / (self.supplied + amount) if self.supplied > 0 else 0.0
        return self.rate * self.curve.at(_used(self.borrowed, self.supplied + amount)) / before

    def income(self, amount: float) -> float:
        """What that amount earns. {coin/year}"""
        return amount * self.rate_with(amount)

    def marginal(self, amount: float) -> float:
        """What one more earns, its effect on the rest of ours counted. 1/year"""
        step = 1e-5 * (self.supplied + amount) + 1e-9
        return (self.income(amount + step) - self.income(max(0.0, amount - step))) / (
            step + min(amount, step)
        )

    def curvature(self, amount: float) -> float:
        """By how much `marginal` falls for one more, at least 0. 1/(year {coin})"""
        step = 1e-3 * (self.supplied + amount) + 1e-9
        low = max(0.0, amount - step)
        return max(0.0, (self.marginal(low) - self.marginal(amount + step)) / (amount + step - low))


def _used(borrowed: float, supplied: float) -> float:
    return min(1.0, borrowed / supplied) if supplied > 0 else 0.0


@dataclass(frozen=True)
class Terms:
    """What a split of money over markets is bound by."""

    gas: float = 0.0  # {coin} for every market that is moved
    horizon: float = 1.0  # years in which a move has to earn its costs
    aversion: float = 0.0
    covariance: tuple[tuple[float, ...], ...] = ()  # of the rates, 1/year^2
    protocols: Mapping[str, Limits] = field(default_factory=dict)
    total: Limits = field(default_factory=Limits)
    rounds: int = 3  # of the quadratic program


def split_among(
    markets: Sequence[Market], held: Mapping[str, float], idle: float, terms: Terms
) -> Allocation:
    """The split of what is held and idle, as fractions of both together; every round is a Newton step.

    The quadratic of a round has the marginal rates and their slopes at the split of the round before; the gas
    decides on the moves anew each time. OptimizerError when no split keeps the limits.
    """
    money = idle + sum(held.values())
    near = {market.name: held.get(market.name, 0.0) for market in markets}
    found = None
    for _ in range(terms.rounds):
        candidates = tuple(
            _candidate(market, held.get(market.name, 0.0), near[market.name], money, terms)
            for market in markets
        )
        problem = Problem(
            candidates, terms.covariance, terms.aversion, terms.protocols, terms.total, terms.horizon
        )
        found = best_split(problem)
        near = {name: share * money for name, share in zip(found.names, found.split, strict=True)}
    assert found is not None, "at least one round"
    return _valued(found, markets, held, money)


def _candidate(market: Market, held: float, near: float, money: float, terms: Terms) -> Candidate:
    """The market's income as a quadratic that is exact in value's slope and bend at `near`."""
    slope = market.curvature(near) * money / 2
    share, now = near / money, held / money
    rate = market.marginal(near) + 2 * slope * share - slope * now
    most = max(0.0, market.most) / money
    low = min(1.0, market.least / money)
    return Candidate(
        market.name,
        market.protocol,
        rate,
        now,
        slope,
        Limits(low, max(low, min(1.0, most))),
        0.0,
        terms.gas / money,
    )


def _valued(
    found: Allocation, markets: Sequence[Market], held: Mapping[str, float], money: float
) -> Allocation:
    """The allocation with the markets' own income instead of the quadratic's."""
    after = sum(m.income(found.of(m.name) * money) for m in markets) / money
    before = sum(m.income(held.get(m.name, 0.0)) for m in markets) / money
    return replace(found, value=after, before=before)
