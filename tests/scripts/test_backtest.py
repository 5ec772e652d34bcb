"""`ape run backtest` as a command; it needs no chain."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.commands import assert_refused, command

HOURS = 96


def backtest(*arguments: Any) -> Result:
    return CliRunner(mix_stderr=False).invoke(command("backtest"), [str(word) for word in arguments])


def stamped(hour: int) -> str:
    return f"2023-03-{10 + hour // 24:02d}T{hour % 24:02d}:00:00Z"


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """USDC loses six cents after a day and is back two days later; the others stay."""
    rows = [f"{stamped(hour)},{0.94 if 24 <= hour < 72 else 1},1,0.9995,1.0002" for hour in range(HOURS)]
    path = tmp_path / "prices.csv.gz"
    path.write_bytes(gzip.compress(("timestamp_utc,USDC,USDT,DAI@a,FRAX\n" + "\n".join(rows)).encode()))
    return path


def test_backtest__a_fall__trades_prints_and_writes_json(prices: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "run.json"
    done = backtest("--prices", prices, "--deposit", "1_000_000", "--json", out)
    assert done.exit_code == 0, (done.stdout, done.stderr, done.exception)
    data = json.loads(out.read_text())
    assert "left out, because no file has their prices: LUSD" in done.stdout
    assert f"{len(data['rebalances'])} rebalances" in done.stdout
    assert data["nav_start_usd"] == pytest.approx(1_000_000, abs=1)
    assert data["left_out"] == ["LUSD"]
    assert {trade["bought"] for trade in data["trades"]} >= {"USDC"}
    assert data["rebalances"][0]["at"] == "2023-03-11T00:00:00Z"
    assert all(rebalance["settled"] for rebalance in data["rebalances"])
    assert data["nav_end_vs_hold"] > 0 > -data["max_drawdown"]
    assert set(data) >= {"hold_max_drawdown", "states", "gas_used"}


def test_backtest__lag__moves_the_first_trade_by_as_much(prices: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    assert backtest("--prices", prices, "--lag", 7_200, "--json", out).exit_code == 0
    assert json.loads(out.read_text())["rebalances"][0]["at"] == "2023-03-11T02:00:00Z"


def test_backtest__dates__cut_the_history(prices: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    done = backtest("--prices", prices, "--from", "2023-03-12T06:00:00Z", "--to", "2023-03-12", "--json", out)
    assert done.exit_code == 0, done.stderr
    data = json.loads(out.read_text())
    assert (data["from"], data["to"]) == ("2023-03-12T06:00:00Z", "2023-03-12T23:00:00Z")


def test_backtest__supplies_and_gas__are_used(prices: Path, tmp_path: Path) -> None:
    supplies, gas, out = tmp_path / "supplies.csv", tmp_path / "gas.csv", tmp_path / "run.json"
    supplies.write_text("timestamp_utc,USDT\n" + "".join(f"2023-03-{d:02d},7e10\n" for d in range(8, 15)))
    gas.write_text("timestamp_utc,GAS,ETH\n2023-03-09,5000,1500\n")
    done = backtest("--prices", prices, "--supplies", supplies, "--gas", gas, "--json", out)
    assert done.exit_code == 0, done.stderr
    data = json.loads(out.read_text())
    assert data["rebalances"] == []
    assert "GAS_TOO_HIGH" in {state["cause"] for state in data["states"]}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--from", "soon"], "not a time"),
        (["--deposit", "much"], "no amount of USD"),
        (["--deposit", "0"], "outside"),
        (["--depth", "-5"], "outside"),
        (["--from", "2024-01-01"], "no two times"),
        (["--supplies", "none.csv"], "none.csv: No such file"),
        (["--prices", "none.csv"], "none.csv: No such file"),
        (["--index", "none.yaml"], "none.yaml: No such file"),
    ],
)
def test_backtest__bad_input__one_line(prices: Path, arguments: list[str], says: str) -> None:
    assert_refused(backtest("--prices", prices, *arguments), says)


def test_backtest__second_file__gives_what_the_first_lacks(prices: Path, tmp_path: Path) -> None:
    more, out = tmp_path / "more.csv", tmp_path / "run.json"
    more.write_text("timestamp_utc,LUSD,USDC\n2023-03-10,1,0.5\n2023-03-11,1,0.5\n2023-03-12,1,0.5\n")
    done = backtest("--prices", prices, "--prices", more, "--json", out)
    assert done.exit_code == 0, done.stderr
    assert "more.csv: USDC not used: an earlier file has it" in done.stdout
    data = json.loads(out.read_text())
    assert (data["left_out"], len(data["coins"])) == ([], 5)
    assert data["max_drawdown"] < 0.05


def test_backtest__bad_cell__one_line(prices: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("timestamp_utc,LUSD\n2023-03-10,1\n2023-03-11,-1\n")
    assert_refused(backtest("--prices", prices, "--prices", bad), "bad.csv: row 3: LUSD: -1 is outside")
