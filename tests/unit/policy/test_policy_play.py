"""The sweep against the exact model, and what the default policy does on made paths."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.model.crisis import CrisisParams, State, sight
from ballast.policy.play import play, sweep
from ballast.policy.report import BASE
from ballast.policy.score import SELL_COST, worth, worth_of
from ballast.policy.search import standard_deaths, wrong_price
from ballast.policy.tracks import HEARTBEAT, NANO, Source, Track, sights
from ballast.units import WAD
from tests.unit.policy.paths import DYING, FLAT, HOUR, RECOVERING, T0, WICK, path, source, track

PRICES = st.sampled_from([1.0, 1.0, 0.998, 0.992, 0.985, 1.02, 0.94, 0.9, 0.8, 0.5, 0.0])
PARAMS = st.builds(
    replace,
    st.just(BASE),
    allowance_bps=st.sampled_from([150, 500, 900]),
    threshold=st.sampled_from([500_000, 5_000_000, 40_000_000]),
    calm_period=st.sampled_from([1_800, 6 * HOUR]),
    recovery_period=st.sampled_from([1_800, 5 * HOUR]),
    step_interval=st.sampled_from([1_800, 2 * HOUR]),
    steps=st.integers(1, 5),
    max_gap=st.sampled_from([900, 3_600]),
    dark_period=st.sampled_from([1_800, 3 * HOUR]),
)
PIECES = st.lists(st.tuples(PRICES, st.integers(1, 30)), min_size=1, max_size=25)


def gapped(pieces: list[tuple[float, int]], second: bool) -> Track:
    """Hours at prices, 0 for hours without one. A heartbeat of two hours, so that gaps are seen."""
    prices = np.array([1.0, 1.0, *(price for price, hours in pieces for _ in range(hours))])
    times = T0 + HOUR * np.arange(len(prices), dtype=np.int64)
    whole = Source(times[prices > 0], (prices[prices > 0] * NANO).astype(np.int64))
    made = track(whole, source(prices.clip(min=0.1).tolist())) if second else track(whole)
    return replace(made, heartbeat=7_200).warped(1.0, 1.0)


@given(PIECES, PARAMS, st.booleans())
def test_sweep__drawn_paths__the_exact_models_states_and_moves(
    pieces: list[tuple[float, int]], params: CrisisParams, second: bool
) -> None:
    made = gapped(pieces, second)
    assert sweep(made, params) == play(made, params)


def test_gapped__a_day_without_prices__is_not_seen() -> None:
    made = gapped([(1.0, 5), (0.0, 24), (1.0, 5)], False)
    states = {state for _, state in play(made, BASE).states}
    assert not made.seen.all()
    assert State.DARK in states


@given(
    st.lists(st.lists(st.integers(-1, 3 * NANO).filter(bool), min_size=1, max_size=1), min_size=1, max_size=6)
)
def test_sights__drawn_prices__the_exact_models(column: list[list[int]]) -> None:
    prices = [row[0] for row in column]
    deviation, good = sights(np.array(column, dtype=np.int64), 2)
    exact = sight([price * (WAD // NANO) for price in prices if price >= 0], max(len(prices), 2), 2)
    assert (int(deviation[0]), int(good[0])) == (exact.deviation, exact.good)


def test_twap__a_step__follows_within_half_an_hour() -> None:
    made = source([1.0, 1.0, 0.8])
    clock = T0 + 2 * HOUR + np.array([0, 900, 1_800], dtype=np.int64)
    assert made.twap(clock).tolist() == [NANO, NANO * 9 // 10, NANO * 8 // 10]


def test_at__older_than_the_heartbeat__no_value() -> None:
    made = source([1.0])
    assert made.at(np.array([T0 - 1, T0, T0 + HEARTBEAT, T0 + HEARTBEAT + 1])).tolist() == [
        -1,
        NANO,
        NANO,
        -1,
    ]


def test_policy__dying_coin__sold_once_near_the_first_tenth() -> None:
    result = worth_of(track(source(DYING)), BASE)
    assert result.emergencies == 1
    assert result.kept > 0.75 > 0.05 > result.held


def test_policy__coin_that_comes_back_within_two_days__nothing_sold() -> None:
    made = track(source(RECOVERING))
    assert min(made.prices) == pytest.approx(0.9)
    assert worth_of(made, BASE).emergencies == 0
    assert State.WATCH in {state for _, state in sweep(made, BASE).states}


def test_policy__wick_of_one_hour_on_every_source__nothing_sold() -> None:
    assert worth_of(track(source(WICK)), BASE).emergencies == 0


def test_policy__wick_of_a_day_on_one_of_two_sources__not_even_watched() -> None:
    made = track(source(path((0.3, 24), (1.0, 200))), source(path((1.0, 224))))
    assert sweep(made, BASE).states == [(0, State.SOUND)]


def test_policy__flat_coin__sound_throughout() -> None:
    assert sweep(track(source(FLAT)), BASE).states == [(0, State.SOUND)]


def test_policy__two_wrong_hours__nothing_sold() -> None:
    assert worth_of(wrong_price(), BASE).emergencies == 0


def test_policy__standing_at_96_cents_for_a_year__watched_and_not_sold() -> None:
    made = track(source(path((0.96, 24 * 365))))
    moves = sweep(made, BASE)
    assert (moves.emergencies, moves.states[-1][1]) == (0, State.WATCH)


def test_policy__standard_deaths__sold_once_each_and_the_slower_the_better() -> None:
    kept = [worth_of(made, BASE).kept for made in standard_deaths().values()]
    assert kept == sorted(kept)
    assert kept[0] > 0.25
    assert kept[-1] > 0.85


def test_worth__sold_and_bought_back_in_steps__costs_and_prices_counted() -> None:
    made = track(source(path((0.8, 24), (1.0, 24 * 10))))
    moves = sweep(made, BASE)
    assert [held for _, held in moves.held] == [0, 1, 2, 3, 4]
    result = worth(made, moves, BASE.steps)
    assert result.sold_at == pytest.approx(0.8)
    assert 0.8 * (1 - SELL_COST) * 0.99 < result.kept < 0.8 * (1 - SELL_COST)
    assert result.against_hold == pytest.approx(result.kept - 1)


def test_warped__twice_as_deep_and_long__as_said() -> None:
    made = track(source(path((0.9, 24), (1.0, 24)))).warped(2.0, 2.0)
    assert min(made.prices) == pytest.approx(0.81, abs=1e-4)
    assert (made.deviation < -1_000).sum() == pytest.approx(2 * 48, abs=4)
