"""The twin alone: hand-checked cases and refusals."""

import pytest

from ballast.errors import DataError
from ballast.model.weights import MAX_ADJUSTED_CAP, MAX_COINS, adjusted_cap, bounded_weights
from ballast.units import BPS


def test_bounded_weights__no_bound_binding__plain_proportion():
    assert bounded_weights([1, 2, 3], [0] * 3, [BPS] * 3) == [1667, 3333, 5000]


def test_bounded_weights__two_giants__sit_at_their_maximum():
    assert bounded_weights([900, 700, 1, 1], [500] * 4, [4000] * 4) == [4000, 4000, 1000, 1000]


def test_bounded_weights__only_zero_caps__equal_with_dust_to_the_lowest_key():
    assert bounded_weights([0, 0, 0], [0] * 3, [BPS] * 3, [30, 10, 20]) == [3333, 3334, 3333]


def test_bounded_weights__zero_caps_among_others__take_their_minimum():
    assert bounded_weights([0, 5, 5], [100, 0, 0], [BPS] * 3) == [100, 4950, 4950]


def test_bounded_weights__maxima_leave_weight_over__zero_caps_share_it():
    assert bounded_weights([0, 0, 5], [0] * 3, [BPS, BPS, 4000]) == [3000, 3000, 4000]


@pytest.mark.parametrize(
    ("caps", "minimums", "maximums", "message"),
    [
        ([1, 1], [0, 0], [BPS, BPS], "2 active coins"),
        ([1] * (MAX_COINS + 1), [0] * (MAX_COINS + 1), [BPS] * (MAX_COINS + 1), "256 active coins"),
        ([1, 1, 1], [3334, 3333, 3334], [BPS] * 3, "cannot be met"),
        ([1, 1, 1], [0] * 3, [3333, 3333, 3333], "cannot be met"),
        ([1, 1, 1], [10, 0, 0], [9, BPS, BPS], "must not exceed"),
        ([1, 1, 1], [0, 0], [BPS] * 3, "give one per coin"),
        ([1, 1, 1], [0] * 3, [BPS] * 2, "give one of each"),
        ([1, 1, MAX_ADJUSTED_CAP + 1], [0] * 3, [BPS] * 3, "adjusted caps must lie"),
        ([1, 1, -1], [0] * 3, [BPS] * 3, "adjusted caps must lie"),
    ],
)
def test_bounded_weights__bad_input__one_line_saying_why(caps, minimums, maximums, message):
    with pytest.raises(DataError, match=message):
        bounded_weights(caps, minimums, maximums)


def test_adjusted_cap__tilts__multiply_exactly():
    assert adjusted_cap(7, 900, 100, 50) == 7 * 900 * 9_900 * 10_050


@pytest.mark.parametrize(
    "data", [(-1, 0, 0, 0), (1, 1001, 0, 0), (1, 1, BPS + 1, 0), (1, 1, 0, -1), (1, -1, 0, 0)]
)
def test_adjusted_cap__out_of_range__refused(data):
    with pytest.raises(DataError, match="out of range"):
        adjusted_cap(*data)
