"""`ape run lending` as a command; it needs no chain."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ballast.lending import report as lending_report
from tests.commands import assert_refused, command

DAYS = 90


def lending(*arguments: Any) -> Result:
    return CliRunner(mix_stderr=False).invoke(command("lending"), [str(word) for word in arguments])


def packed(folder: Path, name: str, header: str, rows: list[str]) -> None:
    (folder / name).write_bytes(gzip.compress((header + "\n" + "\n".join(rows) + "\n").encode()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """TUSD in two markets, made up: one pays 2 %, the other 5 %."""
    folder = tmp_path / "histories"
    folder.mkdir()
    days = [datetime(2022, 3, 1, tzinfo=UTC) + timedelta(days=day) for day in range(DAYS)]
    stamps = [f"{day:%Y-%m-%dT%H:%M:%SZ}" for day in days]
    markets = [
        f"{stamp},{protocol},TUSD,{rate},50000000,{borrowed}"
        for protocol, rate, borrowed in (("aave_v2", 2.0, 3e7), ("compound_v2", 5.0, 4e7))
        for stamp in stamps
    ]
    header = "timestamp_utc,protocol,symbol,supply_apr,deposits_usd,borrows_usd"
    packed(folder, "lending_minor_markets.csv.gz", header, markets)
    gas = [f"{stamp},20.0,2000.0" for stamp in stamps]
    packed(folder, "gas_eth_daily.csv.gz", "timestamp_utc,eth_avg_gas_gwei,eth_usd", gas)
    return folder


def test_lending__two_files__compares_writes_draws_and_names_what_is_not_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending_report, "SIZES", lending_report.SIZES[:3])
    out, picture = tmp_path / "out" / "lending.json", tmp_path / "out" / "lending.png"
    done = lending("--data", data, "--json", out, "--picture", picture)
    assert done.exit_code == 0, done.stderr
    assert "aave_daily_tvl_rates.csv.gz" in done.stdout.partition("not there:")[2]
    funds = {(one["fund_usd"], one["way"]): one for one in json.loads(out.read_text())["funds"]}
    million = {way: funds[1e6, way]["net_apy"] for _, way in funds}
    assert million["hold Aave"] == pytest.approx(0.02, abs=0.002)
    assert million["equal split"] == pytest.approx(0.035, abs=0.002)
    assert million["allocator"] == pytest.approx(million["best single"], abs=1e-4)
    assert funds[1e6, "best single"]["market"] == "TUSD@compound_v2"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_lending__folder_without_histories__one_line(tmp_path: Path) -> None:
    assert_refused(lending("--data", tmp_path), "not there: name the folder")


def test_lending__picture_of_another_kind__refused_before_the_search(data: Path) -> None:
    assert_refused(lending("--data", data, "--picture", "lending.pdf"), "ends in none of .png, .svg")
