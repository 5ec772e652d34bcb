import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from ballast.errors import DataError
from ballast.model.stability import FLOOR, stability_score
from ballast.scenario import MAX_STEPS, PACKAGED, load_history, load_scenario
from ballast.units import PER_MILLE, WAD, wad_of

COINS = ("USDC", "USDT", "DAI", "FRAX", "LUSD")


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_load_scenario__packaged_path__has_every_coin_and_ascending_times() -> None:
    scenario = load_scenario(PACKAGED, COINS)
    assert set(scenario.coins) == set(COINS)
    assert scenario.steps[0].market_caps["USDT"] == 83_166_000_000
    assert [step.at for step in scenario.steps] == sorted(step.at for step in scenario.steps)


def test_load_scenario__csv_with_caps_and_gaps__keeps_what_is_given(tmp_path: Path) -> None:
    text = (
        "timestamp_utc,USDC,DAI,DAI.cap,WETH\n2023-03-10T00:00:00Z,1,0.999,5e9,1500\n2023-03-11,0.9,,,1400\n"
    )
    scenario = load_scenario(write(tmp_path, "svb.csv", text), COINS)
    first, second = scenario.steps
    assert dict(first.prices) == {"USDC": Decimal(1), "DAI": Decimal("0.999")}
    assert first.market_caps == {"DAI": 5_000_000_000}
    assert dict(second.prices) == {"USDC": Decimal("0.9")}


def test_load_scenario__long_gzipped_csv__is_thinned_keeping_both_ends(tmp_path: Path) -> None:
    rows = [f"2022-01-{1 + i // 24:02d}T{i % 24:02d}:00:00Z,{1 + i / 100000:.5f}" for i in range(24 * 30)]
    path = tmp_path / "hours.csv.gz"
    path.write_bytes(gzip.compress(("timestamp_utc,USDT\n" + "\n".join(rows)).encode()))
    steps = load_scenario(path, COINS).steps
    assert len(steps) == MAX_STEPS
    assert (steps[0].prices["USDT"], steps[-1].prices["USDT"]) == (Decimal("1.00000"), Decimal("1.00719"))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.yaml", "steps: [", "not YAML"),
        ("a.yaml", "prices: {}", "list of `steps`"),
        ("a.yaml", "steps: [{at: 2022-01-01}]", "`at` and `prices`"),
        ("a.yaml", "steps: [{at: 2022-01-01, prices: {UST: 1}}]", "no coin of the index"),
        ("a.yaml", "steps: [{at: soon, prices: {DAI: 1}}]", "not a time"),
        ("a.yaml", "steps: [{at: 2022-01-01, prices: {DAI: 1}, volume: 2}]", "unknown key volume"),
        ("a.yaml", "steps: [{at: 2022-01-01, prices: {DAI: 1}}]", "at least two steps"),
        ("a.csv", "time,DAI\n1,1\n", "header"),
        ("a.csv", "timestamp_utc,UST\n2022-01-01,1\n", "no column prices"),
        ("a.csv", "timestamp_utc,DAI\n2022-01-01,x\n2022-01-02,1\n", "not a number"),
        ("a.csv", "timestamp_utc,DAI\n2022-01-01,nan\n2022-01-02,1\n", "outside"),
        ("a.csv", "timestamp_utc,DAI\n2022-01-01,99990000\n2022-01-02,1\n", "check the units"),
        ("a.csv", "timestamp_utc,DAI\n2022-01-02,1\n2022-01-01,1\n", "does not come after"),
    ],
)
def test_load_scenario__bad_file__says_in_one_line_what_is_wrong(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    with pytest.raises(DataError, match=says) as caught:
        load_scenario(write(tmp_path, name, text), COINS)
    assert "\n" not in str(caught.value)


def test_load_scenario__missing_file__says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        load_scenario(tmp_path / "none.csv", COINS)


def test_stability_score__always_at_a_dollar__is_full() -> None:
    assert stability_score([WAD] * 5) == PER_MILLE


def test_stability_score__one_percent_off_on_average__loses_a_tenth() -> None:
    assert stability_score([wad_of("1.02"), WAD]) == 900


def test_stability_score__far_off__stops_at_the_floor() -> None:
    assert stability_score([wad_of("0.5")]) == FLOOR


def test_load_history__chosen_columns__stand_for_their_coins(tmp_path: Path) -> None:
    text = "timestamp_utc,USDC@a,USDC@b,UST\n2022-05-01,1,2,0.9\n2022-05-02,0.99,,\n"
    path = write(tmp_path, "history.csv", text)
    scenario = load_history(path, {"USDC@a": "USDC", "UST": "FRAX"})
    assert [dict(step.prices) for step in scenario.steps] == [
        {"USDC": Decimal(1), "FRAX": Decimal("0.9")},
        {"USDC": Decimal("0.99")},
    ]
    with pytest.raises(DataError, match="no column UST@b"):
        load_history(path, {"UST@b": "FRAX"})
