"""The problem as a person would state it, in cvxpy with Clarabel: slow, plain, the judge of the fast path."""

import warnings
from typing import Final

import cvxpy as cp
import numpy as np

from ballast.errors import OptimizerError
from ballast.optimizer.problem import Floats, Terms

_TIGHT: Final = 1e-14  # gaps and feasibility of the interior-point method
_PER_CENT: Final = 100  # yields are hundredths, and gaps are absolute: in per cent they are about 1


def solve_readable(terms: Terms) -> Floats:
    """The best split without the gas of moves. OptimizerError when there is none."""
    split = cp.Variable(len(terms.held))
    earned = terms.linear @ split
    risk_and_size = cp.quad_form(split, cp.psd_wrap(terms.quadratic)) / 2
    tolls = terms.toll @ cp.abs(split - terms.held)
    limits = [
        split >= terms.low,
        split <= terms.high,
        terms.rows @ split >= terms.row_low,
        terms.rows @ split <= terms.row_high,
    ]
    problem = cp.Problem(cp.Maximize(_PER_CENT * (earned - risk_and_size - tolls)), limits)
    with warnings.catch_warnings():
        # So tight that it is often told "almost": the answer is as good as it gets, and taken.
        warnings.simplefilter("ignore", UserWarning)
        problem.solve(solver=cp.CLARABEL, tol_gap_abs=_TIGHT, tol_gap_rel=_TIGHT, tol_feas=_TIGHT)
    if split.value is None or problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        raise OptimizerError(f"no split keeps the limits ({problem.status}): widen one of them")
    return np.asarray(split.value, dtype=np.float64)
