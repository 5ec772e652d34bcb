"""`make demo` as a command: what it writes is true of any price path, and differs from path to path."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
APE = str(Path(sys.executable).parent / "ape")
COINS = {"USDC", "USDT", "DAI", "FRAX", "LUSD"}

CALM = "timestamp_utc,USDC,DAI\n2024-01-01,1,1\n2024-01-03,1.0004,0.9998\n2024-01-05,1.0001,0.9999\n"
WILD = (
    "timestamp_utc,USDC,USDT,DAI,FRAX,USDT.cap,USDC.cap\n"
    "2024-01-01,1,1,1,1,80e9,40e9\n"
    "2024-01-02,0.993,1.004,0.994,0.992,80e9,40e9\n"
    "2024-01-09,0.998,1.001,0.999,0.998,60e9,60e9\n"
)
# Ten hours at 60 cents fill the area; a day later it is back, and calm for long enough to return whole.
FALLEN = (
    "timestamp_utc,USDC,DAI,DAI.cap\n2024-01-01,1,1,20e9\n2024-01-02,1,0.6,20e9\n"
    "2024-01-03,1,1,20e9\n2024-01-09,1,1,20e9\n"
)

pytestmark = pytest.mark.replica


def demo(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [APE, "run", "demo", *options, "--out", str(out)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


def played(out: Path, *options: str) -> dict[str, Any]:
    done = demo(out, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (out / "weights.png").read_bytes().startswith(b"\x89PNG")
    run: dict[str, Any] = json.loads((out / "run.json").read_text())
    return run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo")
    found = {}
    for name, text in (("calm", CALM), ("wild", WILD), ("fallen", FALLEN)):
        (folder / f"{name}.csv").write_text(text)
        found[name] = played(folder / name, "--scenario", str(folder / f"{name}.csv"))
    return found


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return played(tmp_path_factory.mktemp("shipped"))


def act(run: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in run["acts"] if one["name"] == name)


def changes(run: dict[str, Any], asset: str) -> list[str]:
    return [change["to"] for change in run["states"] if change["asset"] == asset]


def test_demo__caps_shift__rebalances_into_the_settle_band(runs) -> None:
    run = runs["wild"]
    assert run["max_drift_before_bps"] > run["settle_band_bps"]
    assert run["max_drift_after_bps"] <= run["settle_band_bps"]
    assert {r["reason"] for r in run["rebalances"]} <= {"DRIFT", "PRICE", "CALENDAR"}


def test_demo__each_rebalance__has_weights_that_sum_and_drifts_that_follow_from_them(runs, shipped) -> None:
    for rebalance in (*runs["wild"]["rebalances"], *shipped["rebalances"]):
        weights = rebalance["weights"]
        assert set(weights) == COINS
        for when in ("before", "target", "after"):
            assert sum(w[f"{when}_bps"] for w in weights.values()) == pytest.approx(10_000, abs=0.1)
        for when in ("before", "after"):
            drift = max(abs(w[f"{when}_bps"] - w["target_bps"]) for w in weights.values())
            assert rebalance[f"max_drift_{when}_bps"] == pytest.approx(drift, abs=1.01)


def test_demo__each_swap__is_above_its_floor_and_costs_what_its_values_say(runs) -> None:
    swaps = runs["wild"]["swaps"]
    assert swaps
    for swap in swaps:
        assert swap["venue"] == "Uniswap V3"
        assert swap["amount_out"] >= swap["floor"] > 0
        value_in, value_out = swap["oracle_value_in_usd"], swap["oracle_value_out_usd"]
        assert swap["cost_bps"] == pytest.approx((value_in - value_out) / value_in * 10_000, abs=2)
    total = sum(s["oracle_value_in_usd"] for s in swaps)
    assert runs["wild"]["traded_usd"] == pytest.approx(total, abs=1)


def test_demo__each_transaction__has_its_gas(runs) -> None:
    sent = runs["wild"]["gas_per_transaction"]
    assert sent
    assert all(tx["gas_used"] > 100_000 for tx in sent)
    assert runs["wild"]["gas_used"] == sum(tx["gas_used"] for tx in sent)


def test_demo__redemption_at_the_end__pays_every_coin(runs, shipped) -> None:
    for run in (*runs.values(), shipped):
        assert run["exit"]["all_paid"]
        assert set(run["exit"]["received"]) == COINS


def test_demo__calm_path__trades_less_and_still_ends_in_band(runs) -> None:
    calm, wild = runs["calm"], runs["wild"]
    assert calm["max_drift_after_bps"] <= calm["settle_band_bps"]
    assert calm["max_drift_before_bps"] < wild["max_drift_before_bps"]
    assert calm["traded_usd"] < wild["traded_usd"]
    assert calm["states"] == calm["emergencies"] == calm["recoveries"] == []


def test_demo__frames__follow_the_path_given(runs) -> None:
    frames = {frame["at"][:10]: frame for frame in runs["wild"]["frames"] if frame["note"] == "market moved"}
    assert frames["2024-01-02"]["prices_usd"]["USDC"] == pytest.approx(0.993, rel=1e-3)
    assert frames["2024-01-09"]["market_caps_usd"]["USDC"] == 60_000_000_000


def test_demo__coin_falls_deep_and_comes_back__is_left_and_returns_whole(runs) -> None:
    run = runs["fallen"]
    assert changes(run, "DAI") == ["WATCH", "CRISIS", "RECOVERING", "SOUND"]
    (flight,), (back,) = run["emergencies"], run["recoveries"]
    assert (flight["asset"], flight["price"]) == ("DAI", 0.6)
    assert flight["weight_before"] > 0.05
    assert flight["weight_after"] < 0.001
    assert back["sound"]
    assert run["frames"][-1]["weights_bps"]["DAI"] > 1_000


def test_demo__weekend_that_comes_back__is_watched_and_nothing_is_sold(shipped) -> None:
    weekend = act(shipped, "svb-weekend")
    during = [r for r in shipped["rebalances"] if weekend["from"] <= r["at"] <= weekend["to"]]
    assert during == []
    assert changes(shipped, "USDC") == ["WATCH", "SOUND"]
    assert abs(weekend["nav_end_vs_hold"]) < 0.001
    assert weekend["max_drawdown"] == pytest.approx(weekend["hold_max_drawdown"], abs=0.001)
    (knock,) = shipped["contributions_of_one_coin"]
    assert knock["asset"] == "USDC"
    assert "CoinOnWatch" in knock["refusal"]


def test_demo__coin_that_does_not_come_back__is_left_at_once_and_the_fund_keeps_what_hold_loses(
    shipped,
) -> None:
    fall = act(shipped, "what-if-frax-were-ust")
    assert changes(shipped, "FRAX")[-2:] == ["WATCH", "CRISIS"]
    (flight,), (reaction,) = shipped["emergencies"], shipped["reactions"]
    assert flight["asset"] == reaction["asset"] == "FRAX"
    assert flight["weight_before"] > 0.1
    assert flight["weight_after"] < 0.001
    assert reaction["blocks_to_emergency"] <= reaction["blocks_to_trades"] <= 2
    assert fall["nav_end_vs_hold"] > 0.05
    assert fall["max_drawdown"] < fall["hold_max_drawdown"] / 2


def test_demo__lent_basket__earns_for_a_month_and_sells_its_rewards(shipped) -> None:
    lent = shipped["lending"]
    first, last = lent["frames"][0], lent["frames"][-1]
    assert last["share_price_usd"] / first["share_price_usd"] - 1 == pytest.approx(lent["earned"])
    assert 0.01 < lent["per_year"] < 0.08
    prices = [frame["share_price_usd"] for frame in lent["frames"]]
    assert all(late >= early * (1 - 1e-6) for early, late in pairwise(prices))
    lent_share = 1 - first["places_usd"]["idle"] / sum(first["places_usd"].values())
    assert 0.7 < lent_share < 0.9
    assert lent["harvests"]
    assert lent["harvested_usd"] == pytest.approx(sum(one["gain_usd"] for one in lent["harvests"]), abs=0.1)
    assert {"ALLOCATE", "DEALLOCATE", "HARVEST", "SYNC"} == {move["kind"] for move in lent["moves"]}
    assert lent["gas_used"] == sum(move["gas_used"] for move in lent["moves"])


def test_demo__market_without_a_coin_left__pays_the_rest_in_shares_that_are_redeemed_later(shipped) -> None:
    leaving = shipped["lending"]["exit"]
    coin = leaving["coin"]
    in_shares = sum(leaving["in_strategy_shares_usd"].values())
    assert in_shares > 100_000
    assert all(name.startswith(f"{coin} in ") for name in leaving["in_strategy_shares_usd"])
    assert leaving["paid_usd"][coin] + in_shares == pytest.approx(leaving["owed_usd"][coin], rel=1e-6)
    for name, owed in leaving["owed_usd"].items():
        if name != coin:
            assert leaving["paid_usd"][name] == pytest.approx(owed, rel=1e-6, abs=0.01)
    assert leaving["redeemed_usd"] >= in_shares
    assert leaving["redeemed_at"] > leaving["at"]


def test_demo__other_price_path__lends_nothing(runs) -> None:
    assert all(run["lending"] is None for run in runs.values())


def test_demo__bad_scenario__ends_in_one_line(tmp_path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("timestamp_utc,USDC\n2024-01-01,1\n2024-01-02,oops\n")
    done = demo(tmp_path / "out", "--scenario", str(path))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "row 3: USDC: 'oops' is not a number" in lines[0]
