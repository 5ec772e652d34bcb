"""Markets whose rate falls with size: curves by hand, and the split against a fine grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.optimizer.markets import Curve, Market, Terms, split_among
from ballast.optimizer.problem import Limits

AAVE = Curve(0.9, 0.04, 0.6)
COMET = Curve(0.8, 0.026, 0.08, of_borrowers=False)
FULL = Limits(1, 1)


def market(name: str, used: float, curve: Curve = AAVE, supplied: float = 100.0, **more: float) -> Market:
    rate = curve.at(used) * (0.9 if curve.of_borrowers else 1)
    return Market(name, name, rate, supplied, used * supplied, curve, **more)


@pytest.mark.parametrize(
    ("curve", "used", "rate"),
    [
        (AAVE, 0, 0),
        (AAVE, 0.45, 0.02 * 0.45),
        (AAVE, 0.9, 0.04 * 0.9),
        (AAVE, 1, 0.64),
        (COMET, 0.4, 0.013),
        (COMET, 0.9, 0.026 + 0.04),
        (Curve(0.5, 0.02, 0.1, base=0.01), 0.25, 0.02 * 0.25),
    ],
)
def test_curve_at__by_hand__as_documented(curve: Curve, used: float, rate: float) -> None:
    assert curve.at(used) == pytest.approx(rate)


def test_rate_with__as_much_again_below_the_kink__a_quarter_where_borrowers_pay_and_half_elsewhere() -> None:
    aave, comet = market("a", 0.8), market("c", 0.8, COMET)
    assert aave.rate_with(0) == aave.rate
    assert aave.rate_with(100) == pytest.approx(aave.rate / 4)
    assert comet.rate_with(100) == pytest.approx(comet.rate / 2)


def test_rate_with__nobody_borrows_or_nobody_is_there__no_division_by_zero() -> None:
    unused = Market("a", "a", 0.02, 100, 0, AAVE)
    assert unused.rate_with(100) == pytest.approx(0.01)
    assert Market("a", "a", 0.02, 0, 0, AAVE).rate_with(100) == 0


@given(used=st.floats(0.05, 0.85), amount=st.floats(0.1, 300))
def test_marginal__below_the_kink__what_the_closed_form_says(used: float, amount: float) -> None:
    # income = x r (S / (S + x))^2, so the marginal rate is r S^2 (S - x) / (S + x)^3.
    one = market("a", used)
    exact = one.rate * 100**2 * (100 - amount) / (100 + amount) ** 3
    assert one.marginal(amount) == pytest.approx(exact, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(
    first=st.floats(0.3, 0.85),
    second=st.floats(0.3, 0.85),
    size=st.floats(20, 200),
    money=st.floats(1, 60),
    share=st.floats(0, 1),
)
def test_split_among__two_markets__within_a_tenth_of_a_basis_point_of_a_fine_grid(
    first: float, second: float, size: float, money: float, share: float
) -> None:
    markets = [market("a", first), market("b", second, COMET, size)]
    held = {"a": share * money, "b": (1 - share) * money}
    found = split_among(markets, held, 0.0, Terms(total=FULL, rounds=8))
    grid = np.linspace(0, money, 2_001)
    best = max((markets[0].income(x) + markets[1].income(money - x)) / money for x in grid)
    assert found.value >= best - 1e-5
    assert sum(found.split) == pytest.approx(1, abs=1e-8)


def test_split_among__caps_stuck_amounts_and_gas__are_kept() -> None:
    markets = [market("a", 0.85, most=5), market("b", 0.3, least=7)]
    held = {"a": 0.0, "b": 20.0}
    found = split_among(markets, held, 0.0, Terms())
    assert found.of("a") * 20 == pytest.approx(5)
    assert found.of("b") * 20 >= 7 - 1e-9
    assert found.gain > 0
    stays = split_among(markets, held, 0.0, Terms(gas=1.0, horizon=0.1))
    assert stays.moved == ()
    assert stays.gain == 0
