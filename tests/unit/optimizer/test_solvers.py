"""The fast path against the readable one, and both against what an optimum is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from ballast.bench.optimizer import draw as qp_draw
from ballast.errors import OptimizerError
from ballast.optimizer.fast import solve_fast
from ballast.optimizer.problem import Candidate, Limits, Problem
from ballast.optimizer.readable import solve_readable
from tests.profiles import PROFILE
from tests.unit.optimizer.drawn import problems

SAME = 1e-9
drawn = settings(
    max_examples=max(100, PROFILE.differential_cases // 10),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@settings(drawn, max_examples=max(100, PROFILE.differential_cases // 5))
@given(problem=problems())
def test_solve_fast__drawn_problems__the_readable_answer_to_1e_9(problem: Problem) -> None:
    terms = problem.terms
    fast, readable = solve_fast(terms), solve_readable(terms)
    assert terms.value(fast) == pytest.approx(terms.value(readable), abs=SAME)
    assert fast == pytest.approx(readable, abs=10 * SAME)  # the readable one's limits are kept to about 1e-9


@pytest.mark.parametrize("seed", range(200))
def test_solve_fast__ten_strategies_as_markets_have_them__the_same_amounts_to_1e_9(seed: int) -> None:
    terms = qp_draw(seed).terms
    assert solve_fast(terms) == pytest.approx(solve_readable(terms), abs=SAME)


@drawn
@given(problem=problems())
def test_solve_fast__drawn_problems__keeps_every_limit(problem: Problem) -> None:
    terms = problem.terms
    split = solve_fast(terms)
    sums = terms.rows @ split
    assert (split >= terms.low).all()
    assert (split <= terms.high).all()
    assert (sums >= terms.row_low - 1e-8).all()
    assert (sums <= terms.row_high + 1e-8).all()


@drawn
@given(problem=problems())
def test_solve_fast__any_shift_between_two_strategies__gains_nothing(problem: Problem) -> None:
    """First-order optimality, without a solver: no small move that keeps the limits is worth anything."""
    terms, size = problem.terms, len(problem.candidates)
    split, step = solve_fast(terms), 1e-5
    value = terms.value(split)
    moves = [(a, b) for a in range(size) for b in range(-1, size) if a != b]
    for gains, gives in moves:
        other = split.copy()
        other[gains] += step
        if gives >= 0:
            other[gives] -= step
        sums = terms.rows @ other
        keeps = (other >= terms.low) & (other <= terms.high)
        if keeps.all() and (sums >= terms.row_low).all() and (sums <= terms.row_high).all():
            assert terms.value(other) <= value + 1e-12


@pytest.mark.parametrize("solve", [solve_fast, solve_readable])
def test_solve__two_sloping_markets__marginal_rates_meet(solve) -> None:
    # 6 % falling by 4 points, 4 % falling by 2 points: 6 - 8x = 4 - 4(1 - x), x = 1/2.
    given_ = (Candidate("a", "A", 0.06, slope=0.04), Candidate("b", "B", 0.04, slope=0.02))
    assert solve(Problem(given_, total=Limits(1, 1)).terms) == pytest.approx([0.5, 0.5], abs=1e-4)


@pytest.mark.parametrize("solve", [solve_fast, solve_readable])
def test_solve__toll_above_the_spread__nothing_moves(solve) -> None:
    given_ = (Candidate("a", "A", 0.04, 0.6, cost=0.001), Candidate("b", "B", 0.05, 0.4, cost=0.001))
    stays = Problem(given_, total=Limits(1, 1), horizon=0.1)  # both tolls: 2 points a year
    moves = Problem(given_, total=Limits(1, 1), horizon=1)
    assert solve(stays.terms) == pytest.approx([0.6, 0.4], abs=SAME)
    assert solve(moves.terms) == pytest.approx([0, 1], abs=SAME)


@pytest.mark.parametrize("solve", [solve_fast, solve_readable])
def test_solve__cap_cut_below_what_is_held__goes_down_to_the_cap(solve) -> None:
    given_ = (Candidate("a", "A", 0.09, 0.6, limits=Limits(0, 0.1)), Candidate("b", "B", 0.01, 0.4))
    assert solve(Problem(given_, total=Limits(1, 1)).terms) == pytest.approx([0.1, 0.9], abs=SAME)


@pytest.mark.parametrize("solve", [solve_fast, solve_readable])
def test_solve__two_that_rise_and_fall_together__aversion_spreads(solve) -> None:
    given_ = tuple(Candidate(name, name, 0.05) for name in "abc")
    together = ((4e-4, 4e-4, 0), (4e-4, 4e-4, 0), (0, 0, 4e-4))
    split = solve(Problem(given_, together, 50, total=Limits(1, 1)).terms)
    assert split == pytest.approx([0.25, 0.25, 0.5], abs=1e-3)
    assert split[0] == pytest.approx(split[1], abs=SAME)


@pytest.mark.parametrize("solve", [solve_fast, solve_readable])
def test_solve__limits_that_meet_in_one_point__that_point(solve) -> None:
    halves = tuple(
        Candidate(name, "A", rate, limits=Limits(0, 0.5)) for name, rate in (("a", 0.05), ("b", 0))
    )
    only = Problem(halves, protocols={"A": Limits(1, 1)}, total=Limits(1, 1))
    assert solve(only.terms) == pytest.approx([0.5, 0.5], abs=1e-8)


@pytest.mark.parametrize("solve", [solve_fast, solve_readable])
def test_solve__arrays_that_no_split_fits__one_line_with_a_way_out(solve) -> None:
    terms = Problem((Candidate("a", "A", 0.05), Candidate("b", "B", 0.04))).terms
    with pytest.raises(OptimizerError, match=r"no split keeps the limits .*: widen one of them"):
        solve(replace(terms, row_low=np.array([3.0]), row_high=np.array([3.0])))


def test_solve__negative_rates__everything_idle() -> None:
    given_ = (Candidate("a", "A", -0.01, 0.5), Candidate("b", "B", -0.02, 0.5))
    assert np.abs(solve_fast(Problem(given_).terms)).max() < SAME
