"""What makes no problem is said in one line, with a way out."""

from typing import Any

import pytest

from ballast.errors import OptimizerError
from ballast.optimizer.problem import Candidate, Limits, Problem, check_covariance


def of(name: str, low: float = 0, high: float = 1, protocol: str = "A", **more: Any) -> Candidate:
    return Candidate(name, protocol, 0.05, limits=Limits(low, high), **more)


@pytest.mark.parametrize(
    ("given_", "more", "message"),
    [
        ((), {}, "give at least one"),
        ((of("a"), of("a")), {}, "each once"),
        ((of("a"),), {"horizon": 0}, "horizon 0"),
        ((of("a"),), {"aversion": -1}, "aversion -1"),
        ((of("a"),), {"protocols": {"B": Limits()}}, "limits of B, which no strategy is of"),
        ((of("a", 0.4), of("b", 0.4)), {"protocols": {"A": Limits(0, 0.5)}}, "need 0.8, it may hold 0.5"),
        ((of("a", 0, 0.2),), {"protocols": {"A": Limits(0.3, 1)}}, "may hold 0.2, it needs 0.3"),
        ((of("a", 0.6), of("b", 0.6, protocol="B")), {}, "need 1.2 of the money, 1 may be lent"),
        (
            (of("a", 0, 0.3), of("b", 0, 0.3)),
            {"total": Limits(1, 1)},
            "raise a cap or allow more to stay idle",
        ),
        ((of("a"), of("b")), {"covariance": ((1.0,),)}, "give a row for each"),
    ],
)
def test_problem__cannot_be_met__one_line_with_a_way_out(given_, more, message: str) -> None:
    with pytest.raises(OptimizerError, match=message) as caught:
        Problem(given_, **more)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("figures", [{"held": -0.1}, {"slope": -1}, {"cost": float("nan")}, {"gas": -1}])
def test_candidate__figures_no_market_has__refused(figures: dict[str, float]) -> None:
    with pytest.raises(OptimizerError, match="must be finite"):
        of("a", **figures)


@pytest.mark.parametrize("limits", [(0.5, 0.4), (-0.1, 1), (0, float("inf")), (0, float("nan"))])
def test_limits__least_above_most__refused(limits: tuple[float, float]) -> None:
    with pytest.raises(OptimizerError, match="not above the most"):
        Limits(*limits)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (((1.0, 2.0), (2.0, 1.0)), "negative variance"),
        (((1.0, 0.5), (0.4, 1.0)), "not symmetric"),
        (((float("inf"), 0.0), (0.0, 1.0)), "not finite"),
        (((1.0, 0.0), (0.0,)), "give a row for each"),
    ],
)
def test_check_covariance__no_covariance__refused(matrix, message: str) -> None:
    with pytest.raises(OptimizerError, match=message):
        check_covariance(matrix, 2)
