"""The engine on what really happened; skipped where the published histories are not at hand."""

import pytest

from ballast.backtest.engine import Backtest
from ballast.backtest.inputs import Assumptions, Inputs
from ballast.backtest.result import Result
from ballast.cast import cast
from ballast.data.catalogue import CATALOGUE, read_any
from ballast.data.values import SUPPLY, parse_time
from ballast.index_file import load_index
from ballast.settings import PACKAGED_INDEX
from tests.shared_data import folder, history

MANY = ("USDC", "USDT", "DAI", "FRAX", "LUSD", "TUSD", "BUSD", "USDP", "UST", "GAS", "ETH")


HOURLY, WIDE = "prices_hourly_usdc_usdt_dai.csv.gz", "prices_hourly_13coins.csv.gz"
MAJORS = ("USDC", "USDT", "DAI")


def play(prices: tuple[str, ...], start: str, end: str, only: tuple[str, ...] = (), step: int = 30) -> Result:
    since, until = (int(parse_time(text, text).timestamp()) for text in (start, end))
    playing = cast([history(name) for name in prices], load_index(PACKAGED_INDEX), None, since, only)
    supplies = read_any(history("supply_daily.csv.gz"), SUPPLY, playing.symbols)
    assumed = Assumptions(step=60 * step)
    return Backtest(Inputs(playing.index, playing.prices, supplies, assumptions=assumed)).run(since, until)


@pytest.mark.parametrize("step", [5, 30])
@pytest.mark.parametrize("prices", [(HOURLY,), ("svb_minute.csv.gz", HOURLY)])
def test_run__month_of_svb__holds_on_and_ends_at_hold(prices: tuple[str, ...], step: int) -> None:
    result = play(prices, "2023-03-01", "2023-04-01", step=step)
    assert result.max_drawdown > 0.03  # USDC and DAI did fall
    assert result.emergencies == []
    assert "WATCH" in {state.after for state in result.coin_states if state.asset == "USDC"}
    assert all(r.settled and r.drift_after_bps <= 50 for r in result.rebalances)
    assert result.refusals == []
    assert result.nav_end_vs_hold >= -0.005


def test_run__may_2022__leaves_ust_in_time() -> None:
    result = play((WIDE,), "2022-05-01", "2022-05-31", (*MAJORS, "FRAX", "LUSD", "UST"))
    assert {flight.asset for flight in result.emergencies} == {"UST"}
    first, last = result.points[0], result.points[-1]
    inside = first.values[result.coins.index("UST")]
    assert inside / first.nav > 0.099  # at its cap
    assert last.nav >= 0.98 * (first.nav - inside) + 0.6 * inside
    assert result.refusals == []


@pytest.mark.parametrize("prices", [HOURLY, WIDE])
@pytest.mark.parametrize(("start", "end"), [("2021-01-01", "2022-01-01"), ("2022-01-01", "2022-05-01")])
def test_run__calm_hours_of_the_majors__no_emergency(prices: str, start: str, end: str) -> None:
    result = play((prices,), start, end, MAJORS)
    assert len(result.points) > 5_000
    assert result.emergencies == []


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
