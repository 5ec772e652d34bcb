"""`make demo` as a command: what it writes is true of any price path, and differs from path to path."""

import json
import subprocess
import sys
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
    "2024-01-02,0.95,1.004,0.96,0.95,80e9,40e9\n"
    "2024-01-09,0.99,1.001,0.99,0.99,70e9,50e9\n"
)

pytestmark = pytest.mark.replica


def demo(scenario: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [APE, "run", "demo", "--scenario", str(scenario), "--out", str(out)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def play(folder: Path, name: str, text: str) -> dict[str, Any]:
    path = folder / name
    path.write_text(text)
    done = demo(path, folder / path.stem)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / path.stem / "weights.png").read_bytes().startswith(b"\x89PNG")
    run: dict[str, Any] = json.loads((folder / path.stem / "run.json").read_text())
    return run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo")
    return {"calm": play(folder, "calm.csv", CALM), "wild": play(folder, "wild.csv", WILD)}


def test_demo__coins_off_their_peg__rebalances_into_the_settle_band(runs) -> None:
    run = runs["wild"]
    assert run["max_drift_before_bps"] > run["settle_band_bps"]
    assert run["max_drift_after_bps"] <= run["settle_band_bps"]
    assert {r["reason"] for r in run["rebalances"]} <= {"DRIFT", "PRICE", "CALENDAR"}


def test_demo__each_rebalance__has_weights_that_sum_and_drifts_that_follow_from_them(runs) -> None:
    for rebalance in runs["wild"]["rebalances"]:
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


def test_demo__redemption_at_the_end__pays_every_coin(runs) -> None:
    for run in runs.values():
        assert run["exit"]["all_paid"]
        assert set(run["exit"]["received"]) == COINS


def test_demo__calm_path__trades_less_and_still_ends_in_band(runs) -> None:
    calm, wild = runs["calm"], runs["wild"]
    assert calm["max_drift_after_bps"] <= calm["settle_band_bps"]
    assert calm["max_drift_before_bps"] < wild["max_drift_before_bps"]
    assert calm["traded_usd"] < wild["traded_usd"]


def test_demo__frames__follow_the_path_given(runs) -> None:
    frames = {frame["at"][:10]: frame for frame in runs["wild"]["frames"] if frame["note"] == "market moved"}
    assert frames["2024-01-02"]["prices_usd"]["USDC"] == pytest.approx(0.95, rel=1e-3)
    assert frames["2024-01-09"]["market_caps_usd"]["USDC"] == 50_000_000_000


def test_demo__bad_scenario__ends_in_one_line(tmp_path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("timestamp_utc,USDC\n2024-01-01,1\n2024-01-02,oops\n")
    done = demo(path, tmp_path / "out")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "row 3: USDC: 'oops' is not a number" in lines[0]
