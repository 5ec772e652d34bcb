"""The engine on what really happened; skipped where the published histories are not at hand."""

import pytest

from ballast.backtest.engine import Backtest
from ballast.backtest.inputs import Inputs
from ballast.backtest.result import Result
from ballast.data.catalogue import CATALOGUE, read_any
from ballast.data.values import PRICE, SUPPLY, parse_time
from ballast.index_file import load_index
from ballast.settings import PACKAGED_INDEX
from tests.shared_data import folder, history

MANY = ("USDC", "USDT", "DAI", "FRAX", "LUSD", "TUSD", "BUSD", "USDP", "UST", "GAS", "ETH")


def play(prices: str, start: str, end: str) -> Result:
    index = load_index(PACKAGED_INDEX)
    symbols = [coin.symbol for coin in index.coins]
    given = read_any(history(prices), PRICE, symbols)
    supplies = read_any(history("supply_daily.csv.gz"), SUPPLY, symbols)
    times = (int(parse_time(text, text).timestamp()) for text in (start, end))
    return Backtest(Inputs(index, given, supplies)).run(*times)


def test_run__month_of_svb_by_the_hour__settles_every_session_in_band() -> None:
    result = play("prices_hourly_usdc_usdt_dai.csv.gz", "2023-03-01", "2023-04-01")
    assert len(result.points) > 700
    assert result.max_drawdown > 0.03  # USDC and DAI did fall
    assert result.rebalances
    assert all(r.settled and r.drift_after_bps <= 50 for r in result.rebalances)
    assert result.refusals == []
    assert abs(result.nav_end_vs_hold) < 0.005
    # Nothing is done about the fall before the hour after it was over.
    assert result.trades[0].at >= parse_time("2023-03-10T12:00:00Z", "").timestamp()


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_read_any__each_published_file__every_series_is_known_after_its_lag(name: str) -> None:
    path = history(name)
    for facts in CATALOGUE[name]:
        found = read_any(path, facts.kind, MANY, quote=facts.quote).series
        bare = read_any(path, facts.kind, MANY, known_after=0, quote=facts.quote).series
        assert found
        for one, unlagged in zip(found, bare, strict=True):
            assert one.values == unlagged.values
            assert [at - facts.known_after for at in one.known_at] == list(unlagged.known_at)


def test_folder__variable_set__wins(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("BALLAST_DATA", str(tmp_path))
    assert folder() == tmp_path
