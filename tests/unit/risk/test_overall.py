"""The one figure grows with what is lent, falls with what is taken out; plans end below the threshold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.errors import DataError
from ballast.risk.overall import THRESHOLD, WEIGHTS, Overall, Position, derisk, overall

POSITIONS = st.lists(
    st.builds(
        Position,
        name=st.uuids().map(str),
        protocol=st.sampled_from("ABC"),
        amount=st.integers(0, 10**6),
        available=st.integers(0, 10**8),
        utilisation=st.floats(0, 1),
        protocol_risk=st.floats(0, 100),
    ),
    max_size=5,
    unique_by=lambda p: p.name,
)


def sound(name: str, amount: float = 10, **more: float) -> Position:
    state = {"available": 1e6, "utilisation": 0.5, "protocol_risk": 20.0, **more}
    return Position(name, name, amount, **state)


@given(positions=POSITIONS, idle=st.integers(0, 10**6))
def test_overall__drawn_funds__every_part_within_range(positions, idle) -> None:
    found = overall(positions, idle)
    assert found.parts.keys() == WEIGHTS.keys()
    assert all(-1e-9 <= value <= 100 + 1e-9 for value in (*found.parts.values(), found.figure))


def test_overall__nothing_lent__zero() -> None:
    assert overall([], 100).figure == overall([], 0).figure == overall([sound("a", 0)], 5).figure == 0


def test_overall__by_hand__the_parts_as_documented() -> None:
    used = Position("a", "A", 40, 800, 0.9, 50)
    calm = Position("b", "B", 10, 1e9, 0.2, 10)
    found = overall([used, calm], 50, {("a", "b"): 0.5, ("b", "a"): 0.5})
    assert found.parts == pytest.approx(
        {
            "protocol": 0.4 * 50 + 0.1 * 10,
            "concentration": 16 + 1,
            "liquidity": 40 * 0.5,
            "utilisation": 40 * 0.5,
            "correlation": 16 + 1 + 2 * 4 * 0.5,
        },
        abs=1e-3,
    )
    mean = 0.3 * 21 + 0.2 * 17 + 0.2 * 20 + 0.15 * 20 + 0.15 * 21
    assert found.figure == pytest.approx((mean + 21) / 2, abs=1e-3)


def test_overall__pair_not_measured__counts_as_moving_together() -> None:
    pair = [sound("a", 50), sound("b", 50)]
    assert overall(pair, 0).parts["correlation"] == pytest.approx(100)
    apart = {("a", "b"): -0.9, ("b", "a"): -0.9}
    assert overall(pair, 0, apart).parts["correlation"] == pytest.approx(50)


def test_overall__one_thing_badly_wrong__is_not_averaged_away() -> None:
    parts = dict.fromkeys(WEIGHTS, 0.0) | {"utilisation": 100.0}
    assert Overall(parts).figure == pytest.approx((15 + 100) / 2)
    assert Overall(parts).worst == "utilisation"


@settings(max_examples=100, deadline=None)
@given(positions=POSITIONS, idle=st.integers(0, 10**6), threshold=st.floats(0, 100))
def test_derisk__drawn_funds__below_the_threshold_or_nothing_more_can_leave(
    positions, idle, threshold
) -> None:
    plan = derisk(positions, idle, threshold)
    by_name = {p.name: p for p in positions}
    assert plan.after.figure <= plan.before.figure + 1e-9
    for cut in plan.reductions:
        taken = cut.before - cut.after
        assert 0 < taken <= by_name[cut.name].available + 1e-6
        assert cut.why in WEIGHTS
    assert bool(plan.reductions) <= (plan.before.figure > threshold)
    if not plan.is_enough:
        cuts = {cut.name: cut.before - cut.after for cut in plan.reductions}
        stuck = [p for p in positions if min(p.amount, p.available) - cuts.get(p.name, 0) > 1e-3]
        assert stuck == []


def test_derisk__one_market_nearly_used_up__only_that_one_is_left() -> None:
    positions = [sound("calm", 30), sound("used", 60, utilisation=0.99, available=100)]
    apart = {("calm", "used"): 0.0, ("used", "calm"): 0.0}
    plan = derisk(positions, 10, correlations=apart)
    assert plan.before.figure > THRESHOLD >= plan.after.figure
    assert plan.is_enough
    assert [(cut.name, cut.why) for cut in plan.reductions] == [("used", "liquidity")]


def test_derisk__market_pays_nothing__says_that_it_is_not_enough() -> None:
    plan = derisk([sound("dry", 100, available=0, utilisation=1)], 0)
    assert plan.reductions == ()
    assert not plan.is_enough


@pytest.mark.parametrize(
    "state", [{"utilisation": 1.1}, {"protocol_risk": 101}, {"amount": -1}, {"available": -1}]
)
def test_position__what_no_position_can_be__refused(state) -> None:
    with pytest.raises(DataError):
        sound("a", **state)
