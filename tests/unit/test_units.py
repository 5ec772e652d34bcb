from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.units import WAD, ceil_div, from_wad, human, to_wad, wad_of


@given(st.integers(0, 10**40), st.integers(1, 10**30))
def test_ceil_div__any_non_negative__is_the_least_integer_not_below(numerator: int, denominator: int) -> None:
    quotient = ceil_div(numerator, denominator)
    assert quotient * denominator >= numerator > (quotient - 1) * denominator


@given(st.integers(0, 10**30), st.integers(0, 18))
def test_to_wad__up_to_18_decimals__comes_back_unchanged(amount: int, decimals: int) -> None:
    assert from_wad(to_wad(amount, decimals), decimals) == amount


@given(st.integers(0, 10**40), st.integers(19, 30))
def test_to_wad__above_18_decimals__rounds_down(amount: int, decimals: int) -> None:
    assert 0 <= amount - from_wad(to_wad(amount, decimals), decimals) < 10 ** (decimals - 18)


@pytest.mark.parametrize(("text", "wad"), [("1", WAD), ("0.9987", 998_700_000_000_000_000), ("1e-18", 1)])
def test_wad_of__decimal_text__is_exact(text: str, wad: int) -> None:
    assert wad_of(text) == wad


def test_human__usdc_amount__reads_as_dollars() -> None:
    assert human(1_234_567, 6) == Decimal("1.234567")
