"""The lending engine: interest, own size, gas, liquidity, and what a market must be before it is used."""

import pytest

from ballast.backtest.lending import MOVE_GAS, STEP, YEAR, Sight, film, play
from ballast.errors import DataError
from ballast.lending.allocator import EqualSplit, Hold, Optimizing, Params
from tests.unit.backtest.lending_world import T0, WARM, listing, series, steady, world

A, B = "USDC@aave_v2", "USDC@compound_v3"
COST = MOVE_GAS * 20e-9 * 2_000  # USD a move


def test_play__constant_rate__compounds_step_by_step_less_one_move() -> None:
    run = play(world(steady(A, 5.0)), Hold(A), 1_000.0)
    steps = len(run.times) - 1
    kept = 1_000 - COST
    assert run.worth[0] == pytest.approx(kept)
    assert run.worth[-1] == pytest.approx(kept * (1 + 0.05 * STEP / YEAR) ** steps, rel=1e-5)
    assert (run.moves, run.changes, run.gas) == (1, 1, pytest.approx(COST))
    assert run.net == pytest.approx((run.worth[-1] / 1_000) ** (1 / run.years) - 1)


def test_play__as_much_again_as_the_market__earns_a_quarter() -> None:
    whole = play(world(steady(A, 4.0)), Hold(A), 1e9)
    assert whole.net == pytest.approx(0.01, rel=0.02)


def test_play__market_fully_used__what_is_stuck_stays_and_the_rest_leaves() -> None:
    full = listing(A, [5.0] * 120, [1e8] * 60, [1e8 + 6e5] * 60)

    def leaves(sight: Sight) -> dict[str, float] | None:
        return {A: 1e6} if sight.at == sight.film.first else {A: 0.0}

    run = play(world(full), leaves, 1e6)
    assert run.splits[1][0] * run.worth[1] == pytest.approx(6e5, rel=1e-3)


def test_play__gas_above_what_is_idle__comes_out_of_the_largest_position() -> None:
    run = play(world(steady(A, 5.0), steady(B, 3.0)), EqualSplit(), 1_000.0)
    assert run.gas == pytest.approx(2 * COST)
    assert run.worth[0] == pytest.approx(1_000 - 2 * COST)
    assert run.splits[0][0] == pytest.approx((500 - 2 * COST) / (1_000 - 2 * COST), rel=1e-6)


def test_film__young_small_or_silent_market__cannot_be_used() -> None:
    young = steady("USDC@young", 70.0, days=50, start=T0 + 10 * 86_400)
    small = steady("USDC@small", 70.0, supplied=9e5)
    silent = listing("USDC@silent", [5.0] * 40, [1e9] * 60, [5e8] * 60)  # its last rate is of day 20
    played = world(steady(A, 5.0), young, small, silent)
    old, fresh, tiny, dumb = (tape.usable for tape in played.tapes)
    assert old[played.first]
    assert not old[: played.first - 1].any()
    assert not fresh[played.first]
    assert fresh[-1]
    assert not tiny.any()
    assert dumb[played.first]
    assert not dumb[-1]


def test_film__less_than_two_steps__one_line() -> None:
    gas = series("GAS", steady(A, 1).rates.kind, [1], 60)
    with pytest.raises(DataError, match="give a longer time"):
        film([steady(A, 1)], gas, gas, T0, T0 + 60)


def test_optimizing__spread_between_two_steady_markets__goes_to_the_better_one() -> None:
    run = play(world(steady(A, 2.0), steady(B, 4.0)), Optimizing(), 1e6)
    assert run.splits[-1] == pytest.approx((0, 1), abs=1e-6)
    assert run.moves == 1


def test_optimizing__spread_turns__moves_when_it_pays_and_not_when_it_does_not() -> None:
    turning = [5.0] * 60 + [1.0] * 60
    markets = listing(A, turning, [1e9] * 60, [8e8] * 60), steady(B, 3.0)
    large = play(world(*markets), Optimizing(Params(1.0, 50, 30)), 1e6)
    assert large.splits[0] == pytest.approx((1, 0), abs=1e-6)
    assert large.splits[-1] == pytest.approx((0, 1), abs=1e-6)
    small = play(world(*markets), Optimizing(Params(1.0, 50, 30)), 5_000.0)
    assert small.splits[-1] == pytest.approx((1, 0), abs=1e-6)
    unmoved = play(world(*markets), Optimizing(Params(1.0, 500, 30)), 1e6)
    assert unmoved.splits[-1] == (0, 0)  # no spread of 5 points: not even out of idle


def test_optimizing__market_smaller_than_the_fund__never_above_a_tenth_of_it() -> None:
    run = play(world(steady(A, 5.0, supplied=2e6)), Optimizing(), 1e6)
    ours = run.splits[0][0] * run.worth[0]
    assert ours / (2e6 + ours) == pytest.approx(0.1, abs=1e-6)
    assert run.mean_lent < 0.25


def test_hold__market_listed_later__idle_until_then() -> None:
    late = steady(B, 9.0, days=40, start=T0 + 20 * 86_400)
    run = play(world(steady(A, 1.0), late), Hold(B), 1e6)
    first = next(at for at, lent in enumerate(run.lent) if lent > 0)
    assert run.times[first] == pytest.approx(T0 + 20 * 86_400 + WARM, abs=2 * STEP)
