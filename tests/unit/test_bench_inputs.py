"""What the bench measures with: draws that can be met, weights that add up, a command that says why not."""

import subprocess
import sys
from pathlib import Path

import pytest

from ballast.bench.draws import BOUNDS, DISTRIBUTIONS, DRAWS, SMALLEST_CAP, draws
from ballast.bench.market import Coin, Market
from ballast.bench.rebalance import HUB_STEP, SIZES, STEP, even_weights, skewed_weights
from ballast.bench.rows import FLOOR_GOALS, RATIO_GOALS
from ballast.bench.sections import SECTIONS
from ballast.model.weights import check_bounds
from ballast.units import BPS, PER_MILLE

ROOT = Path(__file__).resolve().parents[2]


def market_of(count: int) -> Market:
    return Market(Coin("0xhub", 6), tuple(Coin(f"0x{i}", 18, f"0xpool{i}", 500) for i in range(count)))


@pytest.mark.parametrize("n", sorted(BOUNDS))
def test_draws__every_size__within_range_and_the_same_each_time(n: int) -> None:
    found = list(draws(n))
    assert found == list(draws(n))
    assert len(found) == DRAWS * len(DISTRIBUTIONS)
    assert len({draw.caps for draw in found}) == len(found)
    for draw in found:
        assert len(draw.caps) == len(draw.scores) == n
        assert min(draw.caps) >= SMALLEST_CAP
        assert all(0 < score <= PER_MILLE for score in draw.scores)
        check_bounds([draw.low] * n, [draw.high] * n)


@pytest.mark.parametrize("k", SIZES)
def test_skewed_weights__k_coins__half_sold_half_bought_and_the_hub_grows(k: int) -> None:
    market = market_of(k)
    even, skewed = even_weights(market), skewed_weights(market)
    assert sum(even.values()) == sum(skewed.values()) == BPS
    moves = [skewed[c.token] - even[c.token] for c in market.coins]
    assert moves == [-STEP] * (k // 2) + [STEP - HUB_STEP] * (k // 2)
    assert skewed[market.hub.token] > even[market.hub.token]


def test_sections__every_goal__has_a_section_that_can_yield_its_row() -> None:
    for name in (*RATIO_GOALS, *FLOOR_GOALS):
        assert SECTIONS.matching(name)


def test_bench_command__no_such_rows__one_line_that_names_the_sections() -> None:
    ape = Path(sys.executable).with_name("ape")
    run = subprocess.run(
        [ape, "run", "bench", "--only", "nonsense"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "no rows start with 'nonsense'" in run.stderr
    assert "weights, rebalance" in run.stderr
    assert "Traceback" not in run.stderr + run.stdout
