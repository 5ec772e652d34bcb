"""The default policy on published histories: what must hold before anything else."""

from functools import cache

import pytest

from ballast.model.crisis import State
from ballast.policy.falls import events_of
from ballast.policy.play import play, sweep
from ballast.policy.report import BASE
from ballast.policy.score import Worth, worth_of
from ballast.policy.search import LARGE, LEAST_KEPT
from ballast.policy.study import Study, read_study
from ballast.policy.tracks import Track
from tests.shared_data import folder, history

SVB = (1_677_628_800, 1_685_577_600)  # March to May 2023
CALM = (1_609_459_200, 1_651_363_200)  # 2021 and January to April 2022
MAY_2022 = (1_651_363_200, 1_654_041_600)


@cache
def study() -> Study:
    return read_study(folder())


@pytest.fixture
def tracks() -> list[Track]:
    for name in ("prices_hourly_usdc_usdt_dai.csv.gz", "prices_hourly_13coins.csv.gz", "svb_minute.csv.gz"):
        history(name)
    for name in (
        "daily_prices_17coins.csv.gz",
        "events_minute_binance.csv.gz",
        "binance_hourly_close.csv.gz",
    ):
        history(name)
    return study().tracks


def of(tracks: list[Track], coin: str, span: tuple[int, int] = (0, 2**40)) -> list[Track]:
    """The coin's tracks cut to the span, those that have looks in it."""
    cut = [track.between(*span) for track in tracks if track.coin == coin]
    found = [track for track in cut if len(track.times) > 48]
    assert found
    return found


def results(tracks: list[Track]) -> list[Worth]:
    return [worth_of(track, BASE) for track in tracks]


@pytest.mark.parametrize("coin", ["USDC", "DAI", "FRAX", "USDT"])
def test_policy__svb_however_seen__nothing_sold(tracks: list[Track], coin: str) -> None:
    assert [result.emergencies for result in results(of(tracks, coin, SVB))] == [0] * len(
        of(tracks, coin, SVB)
    )


@pytest.mark.parametrize("warp", [(1.33, 1.0), (1.0, 2.0)])
def test_policy__svb_a_third_deeper_or_twice_as_long__nothing_sold(
    tracks: list[Track], warp: tuple[float, float]
) -> None:
    falls = [e for e in events_of(tracks) if e.coin in LARGE and e.start > SVB[0]]
    assert {event.coin for event in falls} >= {"USDC", "DAI"}
    warped = [f.track.warped(*warp) for event in falls for f in event.falls if f.track.clock == 1_800]
    assert [worth_of(track, BASE).emergencies for track in warped] == [0] * len(warped)


def test_policy__coins_that_died__enough_kept(tracks: list[Track]) -> None:
    died = [event for event in events_of(tracks) if event.has_died]
    assert [event.coin for event in died] == ["UST", "HUSD", "USDN"]
    kept = {event.coin: min(worth_of(f.track, BASE).kept for f in event.falls) for event in died}
    assert min(kept.values()) >= LEAST_KEPT
    assert kept["UST"] >= 0.75


@pytest.mark.parametrize("coin", ["USDC", "USDT", "DAI"])
def test_policy__calm_years__no_emergency(tracks: list[Track], coin: str) -> None:
    assert all(result.emergencies == 0 for result in results(of(tracks, coin, CALM)))


def test_policy__may_2022_wick__no_crisis(tracks: list[Track]) -> None:
    for track in of(tracks, "USDC", MAY_2022):
        assert State.CRISIS not in {state for _, state in sweep(track, BASE).states}


def test_policy__two_wrong_hours_of_ust_in_march_2022__nothing_sold(tracks: list[Track]) -> None:
    """A published file has UST at 0.09 for two hours; nobody else saw it."""
    for track in of(tracks, "UST", (1_640_995_200, MAY_2022[0])):
        assert worth_of(track, BASE).emergencies == 0


def test_sweep__every_track__the_exact_models_moves(tracks: list[Track]) -> None:
    short = [track for track in tracks if len(track.times) < 45_000]
    assert len(short) > 20
    for track in short[::5]:
        assert sweep(track, BASE) == play(track, BASE)
