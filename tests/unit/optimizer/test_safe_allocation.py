"""The safe allocation of an emergency: out of what is risky or stuck, never into anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.errors import OptimizerError
from ballast.optimizer.emergency import Lent, SafeRules, safe_allocation

AMOUNTS = st.integers(0, 10**9)
LENT = st.builds(
    Lent,
    name=st.uuids().map(str),
    protocol=st.sampled_from("ABC"),
    amount=AMOUNTS,
    available=AMOUNTS,
    risk=st.floats(0, 100),
    cap=AMOUNTS,
)


@given(positions=st.lists(LENT, max_size=8, unique_by=lambda p: p.name), idle=AMOUNTS)
def test_safe_allocation__drawn_positions__nothing_grows_and_everything_is_accounted_for(
    positions, idle
) -> None:
    rules = SafeRules()
    safe = safe_allocation(positions, idle, rules)
    total = idle + sum(p.amount for p in positions)
    for p in positions:
        left, out, stuck = safe.left[p.name], safe.withdrawn[p.name], safe.stuck.get(p.name, 0.0)
        assert left + out == pytest.approx(p.amount)
        assert -1e-6 <= out <= p.available + 1e-6
        wanted = left - stuck
        assert wanted <= min(p.cap, rules.most_available * p.available) + 1e-6
        assert p.risk <= rules.most_risk or wanted <= 1e-6
        assert stuck == 0 or out == pytest.approx(min(p.amount, p.available), abs=1e-6)
    if not safe.stuck:
        assert sum(safe.left.values()) <= rules.most_lent * total * (1 + 1e-9) + 1e-6


def test_safe_allocation__two_that_fit__the_least_risky_keeps_most() -> None:
    positions = [Lent("a", "A", 30, 10_000, 20), Lent("b", "B", 30, 1_000, 5), Lent("c", "C", 30, 10_000, 5)]
    safe = safe_allocation(positions, 10, SafeRules(most_lent=0.4, most_protocol=0.3))
    assert safe.left == {"c": 30, "b": 10, "a": 0}
    assert safe.reasons["b"] == "the share that may be lent"
    assert safe.stuck == {}


def test_safe_allocation__market_fully_used__what_cannot_leave_takes_the_room() -> None:
    positions = [Lent("dry", "A", 20, 0, 90), Lent("sound", "B", 80, 1e6, 1)]
    safe = safe_allocation(positions, 0, SafeRules(most_lent=0.25, most_protocol=0.25))
    assert safe.left == pytest.approx({"dry": 20, "sound": 5})
    assert safe.stuck == {"dry": 20}
    assert safe.withdrawn["sound"] == 75


@pytest.mark.parametrize("field", ["most_risk", "most_lent", "most_protocol", "most_available"])
def test_safe_rules__out_of_range__refused(field: str) -> None:
    with pytest.raises(OptimizerError):
        SafeRules(**{field: 101})
