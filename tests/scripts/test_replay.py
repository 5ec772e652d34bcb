"""`ape run replay`: the dramatic hours of the shipped histories on a chain, as in the backtest."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ballast.backtest.engine import Backtest
from ballast.index_file import load_index
from ballast.report.asked import asked
from ballast.settings import PACKAGED_INDEX
from tests.commands import assert_refused, command

ROOT = Path(__file__).resolve().parents[2]
APE = str(Path(sys.executable).parent / "ape")
UST = ("ust_may_2022", "2022-05-09T21:00", "2022-05-10T20:00")
USDC = ("usdc_march_2023", "2023-03-11T01:00", "2023-03-11T14:00")
VOLUMES = "timestamp_utc,UST\n2022-05-09T20:00:00Z,900000000\n2022-05-10T02:00:00Z,2000000000\n"

pytestmark = pytest.mark.replica


def replayed(folder: Path, history: str, start: str, end: str, *more: str) -> dict[str, Any]:
    out = folder / f"{history}.json"
    words = [APE, "run", "replay", "--prices", history, "--from", start, "--to", end, "--json", str(out)]
    done = subprocess.run([*words, *more], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(out.read_text())
    return told


def backtested(history: str, start: str, end: str, volumes: Path | None = None) -> dict[str, Any]:
    options = {
        **dict.fromkeys(("coins", "supplies", "gas", "lag")),
        "prices": (Path(history),), "start": start, "end": end, "volumes": volumes,
        "deposit": "10000000", "depth": "10000000", "minutes": 30,
    }  # fmt: skip
    run = asked(load_index(PACKAGED_INDEX), options)
    return Backtest(run.inputs).run(run.start, run.end).to_dict()


@pytest.fixture(scope="module")
def ust(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("replay")
    volumes = folder / "volumes.csv"
    volumes.write_text(VOLUMES)
    return replayed(folder, *UST, "--volumes", str(volumes)), backtested(*UST, volumes)


@pytest.fixture(scope="module")
def usdc(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    return replayed(tmp_path_factory.mktemp("replay"), *USDC), backtested(*USDC)


def test_replay__a_coin_that_dies__is_fled_when_the_backtest_flees_it(ust) -> None:
    chain, model = ust
    assert chain["states"] == model["states"]
    fled, expected = (
        [
            {key: flight[key] for key in ("asset", "time", "price", "weight_before")}
            for flight in one["emergencies"]
        ]
        for one in ust
    )
    assert fled == expected
    assert [flight["asset"] for flight in chain["emergencies"]] == ["UST"]
    assert chain["emergencies"][0]["weight_after"] < 0.01 < chain["emergencies"][0]["weight_before"]


def test_replay__a_confirmed_crisis__is_fled_within_two_blocks(ust) -> None:
    reactions = ust[0]["reactions"]
    assert [reaction["asset"] for reaction in reactions] == ["UST"]
    assert all(reaction["blocks"] <= 2 for reaction in reactions)


def test_replay__a_coin_that_dies__costs_what_it_costs_in_the_backtest(ust) -> None:
    chain, model = ust
    for key in ("nav_end_vs_hold", "max_drawdown", "hold_max_drawdown"):
        assert chain[key] == pytest.approx(model[key], abs=5e-4), key
    assert chain["path"]["prices"] == model["path"]["prices"]
    assert chain["refusals"] == []


def test_replay__a_coin_that_comes_back__is_watched_and_kept(usdc) -> None:
    chain, model = usdc
    assert chain["states"] == model["states"]
    assert {state["to"] for state in chain["states"]} == {"WATCH"}
    assert {state["asset"] for state in chain["states"]} >= {"USDC", "DAI", "FRAX"}
    assert chain["emergencies"] == model["emergencies"] == []
    assert chain["observations"] == model["observations"]
    for key in ("nav_end_vs_hold", "max_drawdown", "hold_max_drawdown", "traded_usd"):
        assert chain[key] == pytest.approx(model[key], abs=1e-9), key


def test_replay__gas__is_what_the_transactions_took(ust) -> None:
    chain = ust[0]
    assert all(rebalance["gas_used"] > 200_000 for rebalance in chain["rebalances"])
    assert chain["gas_used"] > sum(rebalance["gas_used"] for rebalance in chain["rebalances"])
    assert chain["gas_used"] == pytest.approx(ust[1]["gas_used"], rel=0.25)
    assert chain["checkpoint_gas"] > 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--prices", "no_such_history"), "no_such_history"),
        (("--prices", UST[0], "--from", "yesterday"), "--from"),
        (("--prices", UST[0], "--from", "2030-01-01"), "widen the dates"),
        (("--prices", UST[0], "--deposit", "-5"), "--deposit"),
        (("--prices", UST[0], "--coins", "UST"), "needed"),
    ],
)
def test_replay__a_bad_input__ends_in_one_line(words, told) -> None:
    assert_refused(CliRunner(mix_stderr=False).invoke(command("replay"), list(words)), told)
