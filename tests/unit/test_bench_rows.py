"""What a bench row may claim, how it is written down and how a missed goal shows."""

import json
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ballast.bench.rows import FLOOR_GOALS, RATIO_GOALS, Registry, Row, missed, table, write_json
from ballast.errors import ConfigError

GAS = st.integers(min_value=1, max_value=10**9)


def printed(*rows: Row) -> str:
    out = StringIO()
    Console(width=200, file=out).print(table(rows))
    return out.getvalue()


@given(ours=GAS, peer=GAS, name=st.sampled_from(sorted(RATIO_GOALS)))
def test_met__ratio_goal__true_only_within_the_ceiling(ours: int, peer: int, name: str) -> None:
    row = Row(name, ours, peer)
    assert row.met is (Fraction(ours, peer) <= RATIO_GOALS[name])


@pytest.mark.parametrize("name", sorted(RATIO_GOALS))
def test_met__ratio_a_hair_above_the_goal__missed_though_it_rounds_to_it(name: str) -> None:
    peer = 10**12
    at_goal = int(RATIO_GOALS[name] * peer)
    assert Row(name, at_goal, peer).met is True
    above = Row(name, at_goal + 1, peer)
    assert above.as_json()["ratio"] == float(RATIO_GOALS[name])
    assert above.as_json()["met"] is False


def test_met__floor_goal__judges_ours_and_not_the_ratio() -> None:
    (name,) = FLOOR_GOALS
    floor = int(FLOOR_GOALS[name])
    assert Row(name, floor, 1, "cases/s").met is True
    assert Row(name, floor - 1, 1, "cases/s").met is False


def test_as_json__no_goal__goal_and_met_are_null(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "bench.json"
    write_json([Row("weights.n5.vs_floor", 30, 20, extra={"ours_max": 33})], path)
    (row,) = json.loads(path.read_text())
    assert row["goal"] is None
    assert row["met"] is None
    assert row["ratio"] == 1.5
    assert row["extra"] == {"ours_max": 33}


def test_as_json__any_row__carries_the_promised_keys_and_types() -> None:
    row = Row("rebalance.k8.vs_bare", 13, 10).as_json()
    assert list(row)[:6] == ["name", "ours", "peer", "ratio", "goal", "met"]
    assert (row["ours"], row["peer"], row["ratio"], row["goal"], row["met"]) == (13, 10, 1.3, 1.4, True)


def test_table__missed_goal__printed_as_missed() -> None:
    text = printed(Row("rebalance.k8.vs_bare", 141, 100), Row("rebalance.k8.vs_set_v2", 33, 100))
    bad, good = (next(x for x in text.splitlines() if name in x) for name in ("vs_bare", "vs_set_v2"))
    assert "MISSED" in bad
    assert "1.410" in bad
    assert "MISSED" not in good
    assert "met" in good


def test_missed__rows_with_and_without_goals__names_only_the_missed() -> None:
    rows = [
        Row("weights.n10.vs_tutorial", 29, 100),
        Row("weights.n50.vs_tutorial", 32, 100),
        Row("weights.n20.vs_tutorial", 99, 100),
    ]
    assert missed(rows) == ["weights.n10.vs_tutorial"]


@pytest.mark.parametrize(("ours", "peer"), [(0, 1), (1, 0), (-5, 3), (float("nan"), 1)])
def test_row__figure_not_positive__refused(ours: float, peer: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Row("weights.n5.vs_floor", ours, peer)


def test_matching__prefix__finds_the_sections_that_can_yield_it() -> None:
    registry = Registry({"weights": lambda lab: iter(()), "rebalance": lambda lab: iter(())})
    assert list(registry.matching("")) == ["weights", "rebalance"]
    assert list(registry.matching("we")) == ["weights"]
    assert list(registry.matching("rebalance.k8.vs")) == ["rebalance"]
    with pytest.raises(ConfigError, match="weights, rebalance"):
        registry.matching("weightsx")


def test_write_json__place_not_writable__one_line_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="--out"):
        write_json([], tmp_path / "file" / "bench.json")
