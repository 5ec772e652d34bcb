"""`ape run policy` as a command; it needs no chain."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.commands import assert_refused, command

HOURS = 24 * 40


def policy(*arguments: Any) -> Result:
    return CliRunner(mix_stderr=False).invoke(command("policy"), [str(word) for word in arguments])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One of the published files, made up: DAI dies, USDC is at 92 cents for a day and comes back."""
    rows = []
    for hour in range(HOURS):
        usdc = 0.92 if 240 <= hour < 264 else 1
        dai = max(0.1, 1 - max(0, hour - 300) / 200)
        stamp = datetime(2021, 3, 1, tzinfo=UTC) + timedelta(hours=hour)
        rows.append(f"{stamp:%Y-%m-%dT%H:%M:%SZ},{usdc},1.0005,{dai:.4f}")
    folder = tmp_path / "histories"
    folder.mkdir()
    packed = gzip.compress(("timestamp_utc,USDC,USDT,DAI\n" + "\n".join(rows) + "\n").encode())
    (folder / "prices_hourly_usdc_usdt_dai.csv.gz").write_bytes(packed)
    return folder


def test_policy__one_file__chooses_writes_draws_and_names_what_is_not_there(
    data: Path, tmp_path: Path
) -> None:
    out, picture = tmp_path / "out" / "policy.json", tmp_path / "out" / "policy.png"
    done = policy("--data", data, "--json", out, "--picture", picture)
    assert done.exit_code == 0, done.stderr
    assert "svb_minute.csv.gz" in done.stdout.partition("not there:")[2]
    report = json.loads(out.read_text())
    fates = {(fall["coin"], fall["died"]): fall["loss"] for fall in report["falls"]}
    assert fates[("USDC", False)] == 0
    assert 0 < fates[("DAI", True)] < 0.3
    assert [step["known_deaths"] for step in report["walk_forward"]] == [1, 1, 1, 1]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_policy__folder_without_histories__one_line(tmp_path: Path) -> None:
    assert_refused(policy("--data", tmp_path), "none of the published histories")


def test_policy__picture_of_another_kind__refused_before_the_search(data: Path) -> None:
    assert_refused(policy("--data", data, "--picture", "policy.pdf"), "ends in none of .png, .svg")
