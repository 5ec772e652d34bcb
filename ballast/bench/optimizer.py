"""What a split of the money costs to compute: the fast path against the readable one on the same problems.

Ten strategies of three protocols, each with a cap, a toll and a rate that falls with size; both get the
arrays of the problem and answer with the split. A row counts only when both agree to 1e-9. Of each problem
the fastest of a few runs is taken, and of those the median, so that other work on the machine hardly counts.
"""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Final

import numpy as np

from ballast.bench.gas import Lab
from ballast.bench.rows import Row
from ballast.errors import ChainError
from ballast.optimizer.fast import solve_fast
from ballast.optimizer.problem import Candidate, Floats, Limits, Problem, Terms

SIZE: Final = 10  # strategies
DRAWS: Final = 100
RUNS: Final = 5  # of each
AGREE: Final = 1e-9  # 1/year, and of the money
_PROTOCOLS: Final = ("lending", "exchange", "aggregator")


def rows(lab: Lab) -> Iterator[Row]:
    """`optimizer.n10.vs_cvxpy`."""
    # Here, because cvxpy takes seconds to import, which no other section of the bench should wait for.
    from ballast.optimizer.readable import solve_readable

    lab.progress("splits a second")
    terms = [draw(seed).terms for seed in range(DRAWS)]
    solve_fast(terms[0]), solve_readable(terms[0])  # imports and caches
    fast, splits = _timed(solve_fast, terms)
    readable, expected = _timed(solve_readable, terms)
    most = max(float(np.abs(a - b).max()) for a, b in zip(splits, expected, strict=True))
    if most > AGREE:
        raise ChainError(f"the fast split differs from the readable one by {most:.1e}, more than {AGREE}")
    note = f"a split of {SIZE} strategies, answers equal to {AGREE:g}, median of {DRAWS} problems"
    extra = {"times_faster": round(readable / fast, 1), "largest_difference": most}
    yield Row(f"optimizer.n{SIZE}.vs_cvxpy", round(fast, 2), round(readable, 2), "µs", note, extra)


def draw(seed: int) -> Problem:
    """One problem; the same every time."""
    rng = np.random.default_rng(seed)
    held = rng.dirichlet(np.ones(SIZE)) * rng.uniform(0.5, 1)
    sample = rng.normal(size=(SIZE, SIZE)) * 0.02
    candidates = tuple(
        Candidate(
            f"strategy {at}",
            _PROTOCOLS[at % len(_PROTOCOLS)],
            float(rng.uniform(0.01, 0.08)),
            float(held[at]),
            float(rng.uniform(0.001, 0.05)),
            Limits(0.0, float(rng.uniform(0.1, 0.5))),
            float(rng.uniform(0, 0.001)),
        )
        for at in range(SIZE)
    )
    protocols = {name: Limits(0.0, float(rng.uniform(0.3, 0.6))) for name in _PROTOCOLS}
    covariance = tuple(tuple(float(x) for x in row) for row in sample @ sample.T / SIZE)
    return Problem(candidates, covariance, 5.0, protocols, Limits(0.0, 0.95), 0.1)


def _timed(solve: Callable[[Terms], Floats], problems: list[Terms]) -> tuple[float, list[Floats]]:
    """The median in microseconds, and the answers."""
    spans, answers = [], []
    for terms in problems:
        runs = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            answer = solve(terms)
            runs.append(1e6 * (time.perf_counter() - begun))
        spans.append(min(runs))
        answers.append(answer)
    return median(spans), answers
