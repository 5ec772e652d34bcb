"""Single figures of risk, by hand and against numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.errors import DataError
from ballast.risk.measures import (
    changes,
    concentration,
    correlation,
    correlations,
    covariance,
    liquidity_use,
    utilisation,
)

LEVELS = st.lists(st.integers(-1_000, 1_000), min_size=3, max_size=30)


@pytest.mark.parametrize(
    ("parts", "index"), [([], 0), ([0, 0], 0), ([7], 1), ([5, 5], 0.5), ([1] * 5, 0.2), ([3, 1], 0.625)]
)
def test_concentration__by_hand__as_expected(parts, index) -> None:
    assert concentration(parts) == pytest.approx(index)


def test_concentration__negative_amount__refused() -> None:
    with pytest.raises(DataError, match="negative"):
        concentration([1, -1])


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=10).filter(any))
def test_concentration__drawn_amounts__between_one_nth_and_one(parts) -> None:
    assert 1 / len(parts) - 1e-12 <= concentration(parts) <= 1 + 1e-12


def test_liquidity_use__market_that_pays_nothing__infinite_for_a_position_only() -> None:
    assert liquidity_use(10, 0) == float("inf")
    assert liquidity_use(0, 0) == 0
    assert liquidity_use(10, 40) == 0.25


@pytest.mark.parametrize(
    ("borrowed", "supplied", "used"), [(8, 10, 0.8), (11, 10, 1), (-1, 10, 0), (5, 0, 0)]
)
def test_utilisation__by_hand__as_expected(borrowed, supplied, used) -> None:
    assert utilisation(borrowed, supplied) == used


@given(LEVELS, st.integers(1, 9))
def test_correlation__a_multiple__one_and_its_opposite_minus_one(sample, factor) -> None:
    expected = 0.0 if len(set(sample)) == 1 else 1.0
    assert correlation(sample, [factor * x + 3 for x in sample]) == pytest.approx(expected)
    assert correlation(sample, [-factor * x for x in sample]) == pytest.approx(-expected)


@given(st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=3, max_size=40))
def test_covariance__drawn_samples__those_of_numpy_with_the_rest_shrunk(pairs) -> None:
    one, other = [list(map(float, sample)) for sample in zip(*pairs, strict=True)]
    expected = np.cov([one, other])
    found = np.array(covariance([one, other], shrink=0.25))
    assert np.diag(found) == pytest.approx(np.diag(expected))
    assert found[0][1] == found[1][0] == pytest.approx(0.75 * expected[0][1])
    if expected[0][0] > 0 and expected[1][1] > 0:
        assert correlation(one, other) == pytest.approx(np.corrcoef(one, other)[0][1], abs=1e-9)


def test_correlations__of_changes__drift_alone_is_none() -> None:
    up = [float(x) for x in (0, 2, 3, 5, 6, 8, 9)]
    other = [float(x) for x in (0, 1, 3, 4, 6, 7, 9)]
    assert correlation(up, other) > 0.98
    assert changes(up) == [2, 1, 2, 1, 2, 1]
    assert correlations({"a": changes(up), "b": changes(other)})[("a", "b")] == pytest.approx(-1)


@pytest.mark.parametrize(("one", "other"), [([1, 2], [1, 2]), ([1, 2, 3], [1, 2])])
def test_correlation__too_few_or_uneven__one_line(one, other) -> None:
    with pytest.raises(DataError, match="three or more"):
        correlation(one, other)
    with pytest.raises(DataError, match="three or more"):
        covariance([one, other])
