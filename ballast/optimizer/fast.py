"""The same answer for sweeps: DAQP's dual active-set method, and one proximal step on the set that it found.

A split is what is held, plus what is bought, less what is sold; both are bounded below by 0 (or by what a
changed cap demands), so the tolls are linear. That Hessian is singular and DAQP wants a definite one: a small
regularisation gives it, and solving once more, pulled to the first answer instead of to 0, takes the
regularisation's error out again. Where DAQP finds no answer, limits that meet in one point mostly, the
readable path has the last word.
"""

from typing import Final

import daqp
import numpy as np

from ballast.optimizer.problem import Floats, Terms

_PULL: Final = 1e-9  # of the regularisation; against the ridge of the problem it leaves its square as error
_SLACK: Final = 1e-12  # of sums: those of limits that meet exactly miss each other by rounding
_SETTINGS: Final = {"eps_prox": 0.0, "primal_tol": 1e-9}


def solve_fast(terms: Terms) -> Floats:
    """The best split without the gas of moves. OptimizerError when there is none."""
    held, quadratic = terms.held, terms.quadratic
    size = len(held)
    hessian = np.empty((2 * size, 2 * size))
    hessian[:size, :size] = hessian[size:, size:] = quadratic
    hessian[:size, size:] = hessian[size:, :size] = -quadratic
    hessian.flat[:: 2 * size + 1] += _PULL
    uphill = terms.linear - quadratic @ held
    downhill = np.concatenate([terms.toll - uphill, terms.toll + uphill])
    base = terms.rows @ held
    low = np.concatenate([terms.low - held, held - terms.high, terms.row_low - base])
    high = np.concatenate([terms.high - held, held - terms.low, terms.row_high - base])
    both = 2 * size  # what is bought, then what is sold
    np.maximum(low[:both], 0, out=low[:both])
    np.maximum(high[:both], 0, out=high[:both])
    model = daqp.Model()
    model.settings = _SETTINGS
    high[both:] += _SLACK
    low[both:] -= _SLACK
    flag, _ = model.setup(hessian, downhill, np.hstack([terms.rows, -terms.rows]), high, low)
    if flag < 0 or (first := _solved(model)) is None:
        return _judged(terms)
    model.update(f=downhill - _PULL * first)
    if (moved := _solved(model)) is None:
        return _judged(terms)
    split: Floats = held + moved[:size] - moved[size:]
    return _bounded(terms, split)


def _bounded(terms: Terms, split: Floats) -> Floats:
    """Without what rounding leaves beyond the bounds."""
    return np.minimum(np.maximum(split, terms.low), terms.high)


def _judged(terms: Terms) -> Floats:
    # Here, because cvxpy takes a second to import and is hardly ever asked.
    from ballast.optimizer.readable import solve_readable

    return _bounded(terms, solve_readable(terms))


def _solved(model: daqp.Model) -> Floats | None:
    found, _, flag, _ = model.solve()
    return np.asarray(found) if flag > 0 else None
