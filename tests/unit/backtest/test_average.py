"""A pool's average over half an hour, as the backtest takes it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.backtest.average import average
from ballast.data.series import Series
from ballast.data.values import PRICE
from ballast.units import WAD, wad_of
from tests.profiles import PROFILE

WINDOW, T0 = 1_800, 1_800_000_000 // 3_600 * 3_600
TICK = 1.0001


def series(*values: int) -> Series:
    """A value an hour."""
    return Series("X", "", PRICE, tuple(T0 + 3_600 * i for i in range(len(values))), values)


@settings(max_examples=PROFILE.examples, deadline=None)
@given(st.integers(WAD // 1_000, 100 * WAD), st.sampled_from([6, 8, 18]))
def test_average__constant_price__is_less_than_two_ticks_below_it(price: int, decimals: int) -> None:
    answer = average(series(price), decimals, T0 + 9_000, WINDOW, 1_800)
    assert answer is not None
    # A tick for the price, rounded down, and the answer's eighth decimal.
    assert price / TICK - WAD / 10**8 <= answer.answer <= price


@pytest.mark.parametrize(
    ("step", "after", "share"),
    [(1_800, 0, 0), (1_800, 12, 12 / 1_800), (1_800, 1_800, 1), (600, 600, 1 / 3), (60, 900, 1 / 2)],
)
def test_average__price_changes__counts_for_its_seconds(step: int, after: int, share: float) -> None:
    old, new = wad_of("1"), wad_of("0.8")
    answer = average(series(old, new), 18, T0 + 3_600 + after, WINDOW, step)
    assert answer is not None
    assert answer.answer / WAD == pytest.approx(0.8**share, rel=1.1e-4)  # a mean of logarithms
    assert answer.updated_at == T0 + 3_600


def test_average__nothing_known_yet__none() -> None:
    assert average(series(WAD), 18, T0 - 1, WINDOW, 1_800) is None
