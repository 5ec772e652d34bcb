"""Which moves pay for their gas. It is the same for a move of any size: no convex program can hold it.

Branch and bound over the strategies: the program without gas bounds what any choice of moves can earn, and
only moves that it wants to make are ever decided on. With a handful of strategies that is a dozen programs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ballast.errors import OptimizerError
from ballast.optimizer.fast import solve_fast
from ballast.optimizer.problem import STILL, Floats, Problem, Terms

Solver = Callable[[Terms], Floats]
_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Allocation:
    """A split and what it is worth; figures per year, of the money."""

    names: tuple[str, ...]
    split: tuple[float, ...]
    moved: tuple[str, ...]
    turnover: float  # of the money, what is moved in plus what is moved out
    value: float  # the objective, tolls paid
    before: float  # the objective of staying as it is, whether or not that keeps the limits
    gas: float  # spread over the horizon

    @property
    def gain(self) -> float:
        """What the moves add, all costs paid."""
        return self.value - self.before - self.gas

    @property
    def differential(self) -> float:
        """What the moves add for every unit moved, tolls paid and gas not: the spread that is taken."""
        return (self.value - self.before) / self.turnover if self.turnover > STILL else 0.0

    def of(self, name: str) -> float:
        """What the split gives to one strategy."""
        return self.split[self.names.index(name)]


def best_split(problem: Problem, solve: Solver = solve_fast) -> Allocation:
    """The split that is worth most with the gas of its moves paid; staying is one of the choices.

    OptimizerError when no split keeps the limits.
    """
    terms = problem.terms
    best = _searched(terms, solve)
    moved = terms.moved(best)
    names = tuple(candidate.name for candidate in problem.candidates)
    return Allocation(
        names,
        tuple(float(share) for share in best),
        tuple(name for name, is_moved in zip(names, moved, strict=True) if is_moved),
        float(np.abs(best - terms.held).sum()),
        terms.value(best),
        terms.value(terms.held),
        float(terms.gas @ moved),
    )


def _searched(terms: Terms, solve: Solver) -> Floats:
    nobody = np.zeros(len(terms.held), dtype=bool)
    best = terms.held if _keeps(terms, terms.held) else None
    most = -np.inf if best is None else terms.net(best)
    nodes: list[tuple[_Flags, _Flags]] = [(nobody, nobody)]  # (not to be moved, gas paid already)
    while nodes:
        still, paid = nodes.pop()
        split = _solved(terms, still, solve)
        if split is None or terms.value(split) - float(terms.gas @ paid) <= most:
            continue
        if (net := terms.net(split)) > most:
            best, most = split, net
        undecided = np.flatnonzero(terms.moved(split) & ~paid & (terms.gas > 0))
        if undecided.size:
            # The smallest move is the likeliest not to pay.
            chosen = undecided[np.argmin(np.abs(split - terms.held)[undecided])]
            one = np.zeros_like(nobody)
            one[chosen] = True
            nodes.append((still, paid | one))
            if terms.low[chosen] <= terms.held[chosen] <= terms.high[chosen]:
                nodes.append((still | one, paid))
    if best is None:
        raise OptimizerError("no split keeps the limits: widen one of them")
    return best


def _solved(terms: Terms, still: _Flags, solve: Solver) -> Floats | None:
    """The best split in which some stay as they are; None when there is none."""
    try:
        split = solve(_fixed(terms, still))
    except OptimizerError:
        if not still.any():
            raise
        return None
    return np.where(terms.moved(split), split, terms.held)


def _fixed(terms: Terms, still: _Flags) -> Terms:
    if not still.any():
        return terms
    low, high = np.where(still, terms.held, terms.low), np.where(still, terms.held, terms.high)
    return replace(terms, low=low, high=high)


def _keeps(terms: Terms, split: Floats) -> bool:
    sums = terms.rows @ split
    return bool(
        (split >= terms.low - STILL).all()
        and (split <= terms.high + STILL).all()
        and (sums >= terms.row_low - STILL).all()
        and (sums <= terms.row_high + STILL).all()
    )
