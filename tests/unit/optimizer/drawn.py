"""Drawn problems: strategies over the sizes that markets have, with limits that can be met.

Rates have digits to the last place, as markets have them: where a rate is exactly at the edge of what pays,
an interior-point method stops thousandths of a basis point before the edge and there is nothing to compare.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ballast.optimizer.problem import Candidate, Limits, Problem

RATES = st.floats(0, 0.12, allow_subnormal=False)
SHARES = st.floats(0.05, 1)


def matrix(size: int, seed: int) -> tuple[tuple[float, ...], ...]:
    """A covariance as that of a few weeks of rates."""
    sample = np.random.default_rng(seed).normal(size=(size, size + 3)) * 0.02
    return tuple(tuple(float(x) for x in row) for row in sample @ sample.T / (size + 3))


@st.composite
def problems(draw: Callable[[Any], Any], most: int = 10) -> Problem:
    size = draw(st.integers(1, most))
    digits = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).uniform(1e-5, 1e-3, size)
    protocols = [draw(st.sampled_from("ABC")) for _ in range(size)]
    weights = [draw(st.floats(0, 1)) for _ in range(size)]
    lent = draw(st.sampled_from([0.0, 0.5, 1.0])) / max(sum(weights), 1e-9)
    candidates = tuple(
        Candidate(
            f"s{at}",
            protocols[at],
            draw(RATES) + float(digits[at]),
            min(1.0, weights[at] * lent),
            draw(st.sampled_from([0.0, 0.002, 0.1])),
            Limits(draw(st.sampled_from([0.0, 0.0, 0.02])), draw(SHARES)),
            draw(st.sampled_from([0.0, 0.0005, 0.003])),
            draw(st.sampled_from([0.0, 1e-6, 2e-4])),
        )
        for at in range(size)
    )
    named = {p: Limits(0.0, draw(st.floats(0.3, 1))) for p in "ABC" if p in protocols and draw(st.booleans())}
    lowest = sum(c.limits.low for c in candidates)
    reach = sum(
        min(sum(c.limits.high for c in candidates if c.protocol == p), named[p].high if p in named else 99)
        for p in sorted(set(protocols))
    )
    most_lent = draw(st.floats(max(0.5, lowest), 1))
    total = Limits(min(reach, most_lent) if draw(st.booleans()) else 0.0, most_lent)
    covariance = matrix(size, draw(st.integers(0, 2**32 - 1))) if draw(st.booleans()) else ()
    aversion = draw(st.sampled_from([0.0, 1.0, 20.0]))
    return Problem(candidates, covariance, aversion, named, total, draw(st.sampled_from([0.02, 0.1, 1.0])))
