"""Coins that lose their peg, in the engine: the shipped histories and drawn paths."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import backtest_world as w
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.backtest.engine import BLOCK, Backtest
from ballast.backtest.inputs import Assumptions, Inputs
from ballast.backtest.lookout import Lookout
from ballast.backtest.result import Result
from ballast.cast import cast
from ballast.data.series import History
from ballast.histories import FOLDER
from ballast.index_file import IndexFile
from ballast.model import crisis
from ballast.model.crisis import State
from ballast.units import BPS, WAD, wad_of
from tests.profiles import PROFILE

DAY = 24
PARAMS = crisis.DEFAULT


def shipped(name: str, index: IndexFile | None = None) -> Inputs:
    playing = cast([FOLDER / f"{name}.csv"], index or w.index())
    return Inputs(playing.index, playing.prices)


def kept(result: Result, coin: str) -> float:
    """The fund's end over 98 % of what it held outside the coin and 60 % of what it held of it."""
    first, last = result.points[0], result.points[-1]
    inside = first.values[result.coins.index(coin)]
    return last.nav / (0.98 * (first.nav - inside) + 0.6 * inside)


def test_run__shipped_svb__holds_on_and_ends_the_month_at_hold() -> None:
    result = Backtest(shipped("usdc_march_2023")).run()
    assert result.coins == w.COINS
    assert result.emergencies == []
    assert ("USDC", "SOUND", "WATCH") in [(s.asset, s.before, s.after) for s in result.coin_states]
    assert result.nav_end_vs_hold >= -0.005
    assert result.hold_max_drawdown > 0.03


def test_run__shipped_ust__leaves_in_time() -> None:
    inputs = shipped("ust_may_2022")
    result = Backtest(inputs).run()
    first = result.points[0]
    at_cap = inputs.index.coin("UST").max_weight_bps / BPS
    assert first.values[result.coins.index("UST")] / first.nav == pytest.approx(at_cap, abs=1e-4)
    (flight,) = result.emergencies
    assert (flight.asset, flight.weight_after < 0.005) == ("UST", True)
    assert flight.price >= wad_of("0.8")
    assert kept(result, "UST") >= 1
    assert result.refusals == []


def test_run__ust_as_two_fifths_of_the_fund__still_keeps_what_is_asked() -> None:
    inputs = shipped("ust_may_2022")
    coins = [
        coin
        if coin.symbol != "UST"
        else coin.model_copy(update={"min_weight_bps": 4_000, "max_weight_bps": 4_000})
        for coin in inputs.index.coins
    ]
    heavy = replace(inputs, index=inputs.index.model_copy(update={"coins": tuple(coins)}))
    result = Backtest(heavy).run()
    first = result.points[0]
    assert first.values[result.coins.index("UST")] / first.nav == pytest.approx(0.4, abs=1e-4)
    assert kept(result, "UST") >= 1


def fallen(price: str, hours: int, after: int = 8 * DAY, coin: str = "USDT") -> Result:
    """A coin falls after a day, for some hours."""
    path = [WAD] * DAY + [wad_of(price)] * hours + [WAD] * after
    return Backtest(w.inputs(w.calm(len(path)) | {coin: path})).run()


def test_run__coin_that_comes_back__returns_in_steps_none_skipped() -> None:
    result = fallen("0.75", 24)
    (flight,), (back,) = result.emergencies, result.recoveries
    assert [(s.before, s.after) for s in result.coin_states] == [
        ("SOUND", "WATCH"),
        ("WATCH", "CRISIS"),
        ("CRISIS", "RECOVERING"),
        ("RECOVERING", "SOUND"),
    ]
    assert back.at - (w.T0 + 2 * DAY * w.HOUR) >= PARAMS.recovery_period
    assert back.is_back
    assert back.ended_at is not None
    assert back.ended_at - back.at >= PARAMS.steps * PARAMS.step_interval
    at = result.coins.index("USDT")
    weights = [point.values[at] / point.nav for point in result.points if point.at > flight.at]
    assert flight.weight_after < 0.005
    full = result.points[0].values[at] / result.points[0].nav
    # Each session brings it nearer by no more than a step and what prices and the settle band move.
    assert max(b - a for a, b in pairwise(weights)) <= 1.5 * full / PARAMS.steps
    # Where it was, but for the score that its fall has cost it.
    assert 0.9 * full < weights[-1] < 1.1 * full
    assert result.points[-1].drift_bps <= w.index().rebalancing.drift_limit_bps


def test_run__fall_again_while_coming_back__flees_again() -> None:
    down = [wad_of("0.7")] * 24
    path = [WAD] * DAY + down + [WAD] * 68 + down + [WAD] * 24
    result = Backtest(w.inputs(w.calm(len(path)) | {"USDT": path})).run()
    assert ("RECOVERING", "CRISIS") in [(s.before, s.after) for s in result.coin_states]
    (back,) = result.recoveries
    assert (back.is_back, back.ended_at is None) == (False, False)


def test_run__coins_that_lean_on_the_fled_one__are_not_bought() -> None:
    result = fallen("0.7", 48, after=0, coin="USDC")
    assert {flight.asset for flight in result.emergencies} == {"USDC"}
    since = result.emergencies[0].at
    bought = {trade.bought for trade in result.trades if trade.at >= since}
    assert bought
    assert bought.isdisjoint({"USDC", "DAI", "FRAX"})


def test_run__coin_on_watch__is_not_bought() -> None:
    path = [WAD] * DAY + [wad_of("0.97")] * (10 * DAY)
    prices = w.calm(len(path)) | {"USDC": path}
    result = Backtest(w.inputs(prices, w.caps(11, USDC=0.1))).run()
    fell = w.T0 + DAY * w.HOUR
    assert not [trade for trade in result.trades if trade.bought == "USDC" and trade.at > fell + w.HOUR]
    calm = Backtest(w.inputs(w.calm(len(path)), w.caps(11, USDC=0.1))).run()
    assert [trade for trade in calm.trades if trade.bought == "USDC" and trade.at > fell + w.HOUR]


def two_sources(first: Sequence[int], second: Sequence[int]) -> Inputs:
    base = w.inputs(w.calm(len(first)))
    others = tuple(series for series in base.prices.series if series.coin != "USDC")
    both = (w.one("USDC", first, source="a"), w.one("USDC", second, source="b"))
    return replace(base, prices=History(others + both))


@settings(max_examples=2 * PROFILE.examples, deadline=None)
@given(st.lists(st.integers(600, 19_900), min_size=4, max_size=40), st.booleans())
def test_run__one_source_of_two_lies__nothing_is_ever_fled(path: list[int], is_first: bool) -> None:
    lies, truth = [WAD] + [price * WAD // BPS for price in path], [WAD] * (1 + len(path))
    inputs = two_sources(lies, truth) if is_first else two_sources(truth, lies)
    result = Backtest(replace(inputs, assumptions=Assumptions(step=w.HOUR))).run()
    assert result.emergencies == []
    assert {state.after for state in result.coin_states} <= {"WATCH", "SOUND"}


@settings(max_examples=2 * PROFILE.examples, deadline=None)
@given(st.lists(st.integers(600, 19_900), min_size=4, max_size=40))
def test_run__coin_with_a_single_source__never_in_crisis(path: list[int]) -> None:
    prices = w.calm(len(path)) | {"USDC": [price * WAD // BPS for price in path]}
    inputs = w.inputs(prices, twap_window=0, step=w.HOUR)
    lookout = Lookout(inputs)
    for hour in range(len(path)):
        lookout.observe("USDC", w.T0 + hour * w.HOUR)
        assert lookout.records["USDC"].state in (State.SOUND, State.WATCH)
    assert lookout.records["USDC"].area == 0


def test_run__fled_coin_that_dies_for_good__does_not_stop_the_others() -> None:
    """Below the feeds' bounds it has no price any more, and no place in the basket either."""
    path = [WAD] * DAY + [wad_of("0.75")] * DAY + [wad_of("0.02")] * (10 * DAY)
    dear = [WAD] * (4 * DAY) + [wad_of("1.08")] * (8 * DAY)
    result = Backtest(w.inputs(w.calm(len(path)) | {"USDT": path, "DAI": dear})).run()
    assert [flight.asset for flight in result.emergencies] == ["USDT"]
    dead = result.points[0].at + 2 * DAY * w.HOUR
    assert [rebalance.reason for rebalance in result.rebalances if rebalance.at > dead]


def test_run__fund_falls_too_far_too_fast__ordinary_trading_stops_and_fleeing_goes_on() -> None:
    result = fallen("0.5", 2 * DAY)
    assert result.halted_at is not None
    assert [flight.asset for flight in result.emergencies] == ["USDT"]
    assert {rebalance.reason for rebalance in result.rebalances} == {"CRISIS"}
    assert fallen("0.75", 2 * DAY).halted_at is None


def test_run__shock_that_is_over_within_the_hour__no_crisis() -> None:
    assert fallen("0.2", 1).emergencies == []


def test_run__same_crisis__is_answered_a_block_after_it_is_seen() -> None:
    result = fallen("0.7", 24)
    (seen,) = [state.at for state in result.coin_states if state.after == "CRISIS"]
    assert result.emergencies[0].at == seen + BLOCK


def test_run__feed_that_dies__is_dark_and_not_fled() -> None:
    prices = w.calm(5 * DAY)
    prices["DAI"] = prices["DAI"][:DAY]
    result = Backtest(w.inputs(prices, heartbeat=6 * w.HOUR)).run()
    assert [(s.asset, s.after) for s in result.coin_states] == [("DAI", "DARK")]
    assert (result.emergencies, result.trades) == ([], [])


def test_mark__one_or_more_columns__their_median() -> None:
    inputs = two_sources([WAD, 3 * WAD], [2 * WAD, WAD])
    assert inputs.mark("USDC", w.T0) == 3 * WAD // 2
    assert inputs.mark("DAI", w.T0) == WAD
    assert inputs.mark("DAI", w.T0 - 1) is None


def test_good_prices__single_column__is_seconded_by_half_an_hour_of_it() -> None:
    path = [WAD, wad_of("0.9"), wad_of("0.9")]
    inputs = w.inputs(w.calm(3) | {"USDC": path})
    for minutes, twap in ((0, "1"), (10, str(1 - 0.1 / 3)), (15, "0.95"), (30, "0.9")):
        prices, sources = inputs.good_prices("USDC", w.T0 + w.HOUR + 60 * minutes)
        assert sources == 2
        assert [price / WAD for price in prices] == pytest.approx([0.9, float(twap)], rel=2e-3)
    alone = replace(inputs, assumptions=Assumptions(twap_window=0))
    assert alone.good_prices("USDC", w.T0) == ([WAD], 1)
