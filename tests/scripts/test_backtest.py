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
    """USDC loses a fifth after a day and is back two days later; the others stay."""
    rows = [f"{stamped(hour)},{0.8 if 24 <= hour < 72 else 1},1,0.9995,1.0002" for hour in range(HOURS)]
    path = tmp_path / "prices.csv.gz"
    path.write_bytes(gzip.compress(("timestamp_utc,USDC,USDT,DAI@a,FRAX\n" + "\n".join(rows)).encode()))
    return path


def test_backtest__a_fall__flees_prints_and_writes_json(prices: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "run.json"
    done = backtest("--prices", prices, "--deposit", "1_000_000", "--json", out)
    assert done.exit_code == 0, (done.stdout, done.stderr, done.exception)
    data = json.loads(out.read_text())
    assert "left out, because no file has their prices: LUSD" in done.stdout
    assert f"{len(data['rebalances'])} rebalances" in done.stdout
    assert data["nav_start_usd"] == pytest.approx(1_000_000, abs=1)
    assert data["left_out"] == ["LUSD"]
    flight = data["emergencies"][0]
    assert f"{flight['time']} fled USDC at 0.8000 USD" in done.stdout
    assert (flight["asset"], flight["time"], flight["price"]) == ("USDC", FLIGHT, 0.8)
    # DAI and FRAX lean on USDC and USDT is full at 70 %: what fits nowhere stays.
    assert flight["weight_before"] > 0.31 > 0.23 > flight["weight_after"]
    assert {trade["sold"] for trade in data["trades"]} >= {"USDC"}
    assert data["rebalances"][0]["reason"] == "CRISIS"
    assert all(rebalance["settled"] for rebalance in data["rebalances"])
    assert [(s["asset"], s["from"], s["to"]) for s in data["states"]][:2] == [
        ("USDC", "SOUND", "WATCH"),
        ("USDC", "WATCH", "CRISIS"),
    ]
    assert data["nav_end_vs_hold"] < 0  # it came back
    assert set(data) >= {"hold_max_drawdown", "recoveries", "keeper_states", "gas_used"}


FLIGHT = "2023-03-11T08:30:12Z"  # seen by both sources at 00:30, eight hours at 1,500 bps too much, a block


def test_backtest__lag__moves_the_first_trade_by_as_much(prices: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    assert backtest("--prices", prices, "--lag", 7_200, "--json", out).exit_code == 0
    assert json.loads(out.read_text())["rebalances"][0]["at"] == "2023-03-11T10:30:12Z"


def test_backtest__dates__cut_the_history(prices: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    done = backtest("--prices", prices, "--from", "2023-03-12T06:00:00Z", "--to", "2023-03-12", "--json", out)
    assert done.exit_code == 0, done.stderr
    data = json.loads(out.read_text())
    assert (data["from"], data["to"]) == ("2023-03-12T06:00:00Z", "2023-03-12T23:30:00Z")


def test_backtest__minutes_per_step__spaces_the_clock(prices: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    assert backtest("--prices", prices, "--minutes-per-step", 60, "--json", out).exit_code == 0
    assert json.loads(out.read_text())["steps"] == HOURS


def test_backtest__volumes__confirm_a_deep_fall_at_once(prices: Path, tmp_path: Path) -> None:
    volumes, out = tmp_path / "volumes.csv", tmp_path / "run.json"
    rows = [f"{stamped(hour)},{9e8 if hour >= 24 else 1e8}" for hour in range(HOURS)]
    volumes.write_text("timestamp_utc,USDC\n" + "\n".join(rows))
    old = [f"2023-03-0{1 + hour // 24}T{hour % 24:02d}:00:00Z,1,1,1,1" for hour in range(9 * 24)]
    text = gzip.decompress(prices.read_bytes()).decode().replace(",0.8,", ",0.7,").split("\n", 1)
    prices.write_bytes(gzip.compress("\n".join([text[0], *old, text[1]]).encode()))
    early = [f"2023-03-0{1 + hour // 24}T{hour % 24:02d}:00:00Z,{1e8}" for hour in range(9 * 24)]
    volumes.write_text("timestamp_utc,USDC\n" + "\n".join([*early, *rows]))
    done = backtest("--prices", prices, "--volumes", volumes, "--json", out)
    assert done.exit_code == 0, done.stderr
    assert json.loads(out.read_text())["emergencies"][0]["time"] < "2023-03-11T02:00:00Z"


def test_backtest__coins_that_the_index_lacks__join_or_are_left_out_aloud(tmp_path: Path) -> None:
    path, out = tmp_path / "prices.csv", tmp_path / "run.json"
    rows = [f"{stamped(hour)},1,1,1,1,0.02,1700" for hour in range(HOURS)]
    path.write_text("timestamp_utc,USDC,USDT,DAI,PYUSD,UST,WETH\n" + "\n".join(rows))
    done = backtest("--prices", path, "--json", out)
    assert done.exit_code == 0, done.stderr
    assert "PYUSD joins the index: 5 to 40 % of the fund" in done.stdout
    assert "not near a dollar at the start: UST, WETH" in done.stdout
    data = json.loads(out.read_text())
    assert (data["joined"], data["coins"]) == (["PYUSD"], ["USDC", "USDT", "DAI", "PYUSD"])
    alone = backtest("--prices", path, "--coins", "USDC,USDT,DAI", "--json", out)
    assert alone.exit_code == 0, alone.stderr
    assert json.loads(out.read_text())["coins"] == ["USDC", "USDT", "DAI"]


def test_backtest__shipped_name__needs_no_path(tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    done = backtest("--prices", "ust_may_2022", "--json", out)
    assert done.exit_code == 0, done.stderr
    assert [flight["asset"] for flight in json.loads(out.read_text())["emergencies"]] == ["UST"]


def test_backtest__supplies_and_gas__are_used(tmp_path: Path) -> None:
    prices, supplies, gas = (tmp_path / f"{name}.csv" for name in ("prices", "supplies", "gas"))
    prices.write_text(
        "timestamp_utc,USDC,USDT,DAI\n" + "".join(f"{stamped(h)},1,1,1\n" for h in range(HOURS))
    )
    rows = [f"2023-03-{d:02d},{7e10 if d < 11 else 2e10}\n" for d in range(8, 15)]
    supplies.write_text("timestamp_utc,USDT\n" + "".join(rows))
    gas.write_text("timestamp_utc,GAS,ETH\n2023-03-09,5000,1500\n")
    out = tmp_path / "run.json"
    done = backtest("--prices", prices, "--supplies", supplies, "--gas", gas, "--json", out)
    assert done.exit_code == 0, done.stderr
    data = json.loads(out.read_text())
    assert data["rebalances"] == []
    assert "GAS_TOO_HIGH" in {state["cause"] for state in data["keeper_states"]}


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
    assert data["max_drawdown"] < 0.1


def test_backtest__bad_cell__one_line(prices: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("timestamp_utc,LUSD\n2023-03-10,1\n2023-03-11,-1\n")
    assert_refused(backtest("--prices", prices, "--prices", bad), "bad.csv: row 3: LUSD: -1 is outside")
