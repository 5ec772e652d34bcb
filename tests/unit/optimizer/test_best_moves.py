"""Which moves pay for their gas: against every choice tried out, and by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from ballast.errors import OptimizerError
from ballast.optimizer.fast import solve_fast
from ballast.optimizer.moves import best_split
from ballast.optimizer.problem import Candidate, Limits, Problem, Terms
from ballast.optimizer.readable import solve_readable
from tests.profiles import PROFILE
from tests.unit.optimizer.drawn import problems

TWO = Limits(1, 1)


def tried(terms: Terms) -> float:
    """The most that any choice of strategies to move can earn, gas paid."""
    nets = []
    for moves in product([False, True], repeat=len(terms.held)):
        still = ~np.array(moves)
        outside = (terms.held < terms.low) | (terms.held > terms.high)
        if (still & outside).any():
            continue
        low, high = np.where(still, terms.held, terms.low), np.where(still, terms.held, terms.high)
        rest = Terms(
            terms.quadratic, terms.linear, terms.held, terms.toll, terms.gas, low, high,
            terms.rows, terms.row_low, terms.row_high,
        )  # fmt: skip
        try:
            nets.append(terms.net(solve_fast(rest)))
        except OptimizerError:
            continue
    return max(nets)


@settings(
    max_examples=max(50, PROFILE.differential_cases // 20),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(problem=problems(most=5))
def test_best_split__drawn_problems__no_choice_of_moves_is_better(problem: Problem) -> None:
    best = best_split(problem)
    assert best.value - best.gas == pytest.approx(tried(problem.terms), abs=2e-9)
    assert best.gain == pytest.approx(best.value - best.gas - problem.terms.value(problem.terms.held))


@pytest.mark.parametrize("solve", [solve_fast, solve_readable])
def test_best_split__gas_above_the_gain__stays(solve) -> None:
    given_ = (Candidate("a", "A", 0.04, 0.5, gas=0.001), Candidate("b", "B", 0.05, 0.5, gas=0.001))
    dear = best_split(Problem(given_, total=TWO, horizon=0.1), solve)
    assert (dear.moved, dear.turnover, dear.gain, dear.differential) == ((), 0, 0, 0)
    cheap = best_split(Problem(given_, total=TWO, horizon=1), solve)
    assert cheap.moved == ("a", "b")
    assert cheap.of("b") == pytest.approx(1)
    assert cheap.gain == pytest.approx(0.005 - 0.002, abs=1e-5)
    assert cheap.differential == pytest.approx(0.005, abs=1e-5)


def test_best_split__small_move_beside_a_large_one__only_the_large_one_is_made() -> None:
    given_ = (
        Candidate("from", "A", 0.01, 0.9, gas=2e-5),
        Candidate("to", "B", 0.05, 0.0, gas=2e-5),
        Candidate("scrap", "C", 0.052, 0.0998, limits=Limits(0, 0.1), gas=2e-5),
    )
    assert best_split(Problem(given_)).moved == ("from", "to")


def test_best_split__held_above_a_cap__moves_though_it_does_not_pay() -> None:
    given_ = (
        Candidate("a", "A", 0.05, 0.8, limits=Limits(0, 0.5), gas=0.1),
        Candidate("b", "B", 0.05, gas=0.1),
    )
    found = best_split(Problem(given_))
    assert found.moved == ("a",)
    assert found.of("a") == pytest.approx(0.5)
    assert found.gain < 0
