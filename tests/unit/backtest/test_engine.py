from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import backtest_world as w
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.backtest import engine
from ballast.backtest.engine import Backtest
from ballast.backtest.fund import Filled, Fund, Refusal, filled
from ballast.backtest.inputs import Assumptions, Inputs
from ballast.backtest.result import Result, max_drawdown
from ballast.data.series import History
from ballast.errors import DataError
from ballast.keeper.planning import PlannedTrade
from ballast.keeper.snapshot import Snapshot
from ballast.keeper.watch import QUIET
from ballast.model.crisis import DEFAULT
from ballast.units import BPS, WAD, wad_of
from tests.profiles import PROFILE

HOURS = 24 * 20


def drifting() -> Inputs:
    """Tether loses a twentieth of its supply a day, USDC gains it."""
    return w.inputs(w.calm(HOURS), w.caps(21, USDT=-0.05, USDC=0.03))


def stepped(path: Sequence[int]) -> list[int]:
    """Hourly prices out of one price every six hours."""
    return [price for price in path for _ in range(6)]


def test_run__calm_path__never_trades_and_loses_nothing() -> None:
    result = Backtest(w.inputs(w.calm(HOURS))).run()
    assert (result.trades, result.rebalances, result.refusals) == ([], [], [])
    assert {point.nav for point in result.points} == {result.points[0].hold}
    assert (result.nav_end_vs_hold, result.max_drawdown) == (0.0, 0.0)
    assert (result.coin_states, result.emergencies, result.recoveries) == ([], [], [])
    # Quiet coins, each looked at as seldom as the keeper's watch does.
    assert result.observations == len(result.coins) * (1 + (HOURS - 1) * 3_600 // QUIET)
    assert result.gas_used == result.observations * engine.OBSERVE_GAS + result.checkpoint_gas
    assert [(change.state, change.cause) for change in result.states] == [("IDLE", "IN_BAND")]


def test_run__drifting_supplies__rebalances_into_the_settle_band_and_keeps_the_cooldown() -> None:
    inputs = drifting()
    result = Backtest(inputs).run()
    band, cooldown = inputs.index.rebalancing.settle_band_bps, inputs.index.rebalancing.cooldown_seconds
    assert len(result.rebalances) >= 3
    assert {rebalance.reason for rebalance in result.rebalances} <= {"DRIFT", "CALENDAR"}
    for rebalance in result.rebalances:
        assert rebalance.settled
        assert rebalance.drift_after_bps <= band < rebalance.drift_before_bps
        assert rebalance.gas_used > engine.OPEN_GAS
    assert all(b.at - a.at > cooldown for a, b in pairwise(result.rebalances))


def test_run__any_trades__costs_lower_the_fund_by_exactly_what_they_are() -> None:
    alone = replace(drifting(), assumptions=Assumptions(twap_window=0))  # an average has roundings of its own
    result = Backtest(alone).run()
    first, last = result.points[0], result.points[-1]
    cost = sum(trade.cost for trade in result.trades)
    assert cost > 0
    # Prices stay, so only costs move the fund; each value is floored to a unit of WAD.
    assert abs((first.nav - last.nav) - cost) <= 2 * len(result.trades) + len(result.coins)
    assert sum(rebalance.cost for rebalance in result.rebalances) == cost
    assert last.hold == first.hold


def test_run__moving_prices__the_fund_is_its_first_basket_plus_its_trades() -> None:
    path = [wad_of(price) for price in ("1", "0.995", "0.8", "0.7", "0.99", "1.001")]
    prices = w.calm(6 * len(path)) | {"USDT": stepped(path)}
    inputs = w.inputs(prices)
    result = Backtest(inputs).run()
    assert {trade.sold for trade in result.trades} >= {"USDT"}
    held = dict(result.held_start)
    tokens = {coin.symbol: coin.token for coin in inputs.coins}
    for trade in result.trades:
        held[tokens[trade.sold]] -= trade.amount_in
        held[tokens[trade.bought]] += trade.amount_out
    assert held == result.held_end
    for point in result.points:
        assert sum(point.values) == point.nav


prices_of_a_path = st.lists(st.integers(7_000, 10_100), min_size=4, max_size=10)


@settings(max_examples=2 * PROFILE.examples, deadline=None)
@given(prices_of_a_path, prices_of_a_path, st.integers(1, 9), st.booleans())
def test_run__another_future__leaves_every_past_decision_as_it_was(
    path: list[int], future: list[int], cut: int, by_supply: bool
) -> None:
    """Values from the cut on are replaced: nothing recorded before it may change."""
    at = min(cut, len(path) - 1)
    other = path[:at] + [future[i % len(future)] for i in range(len(path) - at)]
    runs = []
    for prices in (path, other):
        usdc = stepped([price * WAD // BPS for price in prices])
        supply = w.caps(3) if not by_supply else supplies_turning(at, prices is other)
        paths = w.calm(len(usdc)) | {"USDC": usdc}
        runs.append(Backtest(w.inputs(paths, supply, report_interval=6 * w.HOUR)).run())
    turn = w.T0 + at * 6 * w.HOUR
    assert before(runs[0], turn) == before(runs[1], turn)


def supplies_turning(at: int, other: bool) -> History:
    """USDT's supply every six hours, another one from the turn on."""
    count = 11
    usdt = [w.CAPS["USDT"] * WAD * (7 if other and i >= at else 10) // 10 for i in range(count)]
    series = [w.one(c, [cap * WAD] * count, w.SUPPLY, every=6 * w.HOUR) for c, cap in w.CAPS.items()]
    series[1] = w.one("USDT", usdt, w.SUPPLY, every=6 * w.HOUR)
    return History(tuple(series))


def before(result: Result, turn: int) -> tuple[object, ...]:
    """All that was done and noted before a time."""
    return (
        [point for point in result.points if point.at < turn],
        [trade for trade in result.trades if trade.at < turn],
        [change for change in result.states if change.at < turn],
        [change for change in result.coin_states if change.at < turn],
        [(flight.asset, flight.at, flight.price) for flight in result.emergencies if flight.at < turn],
    )


def test_run__value_known_only_later__is_acted_on_only_then() -> None:
    """The same fall, known an hour later, moves every trade by an hour."""
    fall = [WAD] * 30 + [wad_of("0.8")] * 30
    now = w.inputs(w.calm(60) | {"USDC": fall})
    late = replace(now, prices=History(tuple(lagging(s, w.HOUR) for s in now.prices.series)))
    first, second = (Backtest(inputs).run().trades for inputs in (now, late))
    assert first
    # The pool's half-hour mean confirms at 30:30; 2,000 bps down are 1,500 beyond the allowance from then on.
    fills = DEFAULT.threshold // (2_000 - DEFAULT.allowance_bps)
    assert first[0].at == w.T0 + 30 * w.HOUR + w.HOUR // 2 + fills + engine.BLOCK
    assert [trade.at + w.HOUR for trade in first] == [trade.at for trade in second]


def lagging(series, lag: int):
    return replace(series, known_at=tuple(at + lag for at in series.known_at))


def test_run__refused_fills__change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "filled", lambda *_: Refusal("LossBudgetExceeded", "drawn"))
    result = Backtest(drifting()).run()
    assert len(result.refusals) > 10
    watching = result.observing_gas + result.checkpoint_gas
    assert (result.trades, result.rebalances, result.gas_used) == ([], [], watching)
    assert result.held_end == result.held_start
    assert {point.nav for point in result.points} == {result.points[0].nav}


def test_run__sources_that_disagree__no_trade_until_they_agree() -> None:
    result = Backtest(disagreeing(w.caps(3, USDT=-0.4), 30)).run()
    assert result.trades[0].at == w.T0 + 30 * w.HOUR
    assert ("IDLE", "STALE_DATA") in [(change.state, change.cause) for change in result.states]
    assert result.coin_states == []


def disagreeing(supplies: History, hours: int) -> Inputs:
    """One of USDC's two sources is off for some hours from the tenth on."""
    base = w.inputs(w.calm(48), supplies)
    series = tuple(s for s in base.prices.series if s.coin != "USDC")
    off = [WAD] * 10 + [wad_of("0.5")] * (hours - 10) + [WAD] * (48 - hours)
    both = (w.one("USDC", off, source="a"), w.one("USDC", [WAD] * 48, source="b"))
    return replace(base, prices=History(series + both))


def test_run__supplies_that_end__freeze_the_weights_and_say_so() -> None:
    result = Backtest(w.inputs(w.calm(HOURS), w.caps(2, USDT=-0.05))).run()
    assert result.states[-1].cause == "STALE_DATA"
    assert result.states[-1].at > w.T0 + 8 * 24 * w.HOUR


def test_run__thin_pools__the_rest_waits_for_later_sessions() -> None:
    result = Backtest(w.inputs(w.calm(210), w.caps(10, USDT=-0.2), depth=20_000 * WAD)).run()
    assert not result.rebalances[0].settled
    assert result.rebalances[0].fills >= 2
    assert len(result.rebalances) >= 2
    assert result.refusals == []


def test_run__few_coins_or_no_common_time__said_in_one_line() -> None:
    prices = w.calm(30)
    few = w.inputs({coin: prices[coin] for coin in ("USDC", "DAI")})
    with pytest.raises(DataError, match=r"prices of 2 coins .* 3 needed"):
        Backtest(few).run()
    with pytest.raises(DataError, match="no two times"):
        Backtest(w.inputs(prices)).run(start=w.T0 + 29 * w.HOUR)


def test_inputs__coin_without_prices__left_out_and_named() -> None:
    prices = w.calm(30)
    del prices["LUSD"]
    inputs = w.inputs(prices)
    assert inputs.left_out == ("LUSD",)
    assert Backtest(inputs).run().coins == ("USDC", "USDT", "DAI", "FRAX")


def test_to_dict__any_run__has_the_keys_a_replay_has() -> None:
    data = Backtest(drifting()).run().to_dict()
    assert data["nav_end_vs_hold"] == pytest.approx(data["nav_end_usd"] / data["hold_end_usd"] - 1, abs=1e-7)
    assert set(data) >= {"max_drawdown", "hold_max_drawdown", "rebalances", "gas_used"}
    assert set(data) >= {"emergencies", "recoveries", "states", "keeper_states"}
    watching = engine.OBSERVE_GAS * data["observations"] + data["checkpoint_gas"]
    assert data["gas_used"] == watching + sum(rebalance["gas_used"] for rebalance in data["rebalances"])
    weights = zip(*data["path"]["weights_bps"].values(), strict=True)
    assert all(sum(row) == pytest.approx(BPS, abs=0.1) for row in weights)


@pytest.mark.parametrize(
    ("values", "fraction"), [([5, 6, 7], 0.0), ([10, 8, 9], 0.2), ([10, 9, 20, 15, 30], 0.25)]
)
def test_max_drawdown__highs_and_lows__largest_fall_from_an_earlier_high(
    values: list[int], fraction: float
) -> None:
    assert max_drawdown(values) == pytest.approx(fraction)


Call = tuple[Fund, Snapshot, tuple[PlannedTrade, ...], tuple[int, ...]]


@pytest.fixture(scope="module")
def fill() -> Call:
    """The first fill of a drifting path as it came to settlement."""
    calls: list[Call] = []

    def spy(*arguments: Any) -> Any:
        calls.append(arguments)
        return filled(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "filled", spy)
        Backtest(drifting()).run()
    return calls[0]


def test_filled__what_the_venue_paid__settles(fill: Call) -> None:
    outcome = filled(*fill)
    assert isinstance(outcome, Filled)
    assert outcome.settled
    fund, _, trades, brought = fill
    for trade, got in zip(trades, brought, strict=True):
        assert outcome.fund.reserves[trade.token_in] < fund.reserves[trade.token_in]
        assert outcome.fund.reserves[trade.token_out] >= fund.reserves[trade.token_out] + got
    assert outcome.fund.session.last_settled_at == fill[1].timestamp


def limited(fill: Call, **limits: int) -> Call:
    fund, snapshot, trades, brought = fill
    params = replace(snapshot.params, fill=replace(snapshot.params.fill, **limits))
    return fund, replace(snapshot, params=params), trades, brought


def test_filled__what_the_contract_refuses__refused_by_its_name(fill: Call) -> None:
    fund, snapshot, trades, brought = fill
    floor = trades[0].min_amount_out
    twice = tuple(replace(t, amount_in=2 * t.amount_in, min_amount_out=0) for t in trades)
    recent = replace(fund, session=replace(fund.session, last_fill_at=snapshot.timestamp - 1))
    refused = {
        "TradeCount": filled(fund, snapshot, (), ()),
        "FillTooSoon": filled(recent, snapshot, trades, brought),
        "BelowFloor": filled(fund, snapshot, trades, (floor - 1, *brought[1:])),
        "TradeTooLarge": filled(*limited(fill, max_trade_value=trades[0].value_in - 1)),
        "LossBudgetExceeded": filled(*limited(fill, loss_budget_bps=0)),
        "MovementOVERSHOT": filled(fund, snapshot, twice, tuple(2 * got for got in brought)),
        "MovementAWAY": filled(*backwards(fill)),
    }
    assert {name: o.error for name, o in refused.items() if isinstance(o, Refusal)} == dict(
        zip(refused, refused, strict=True)
    )


def backwards(fill: Call) -> Call:
    """The first trade the other way round, paid what the oracle says."""
    fund, snapshot, trades, _ = fill
    first = trades[0]
    sold = snapshot.coin(first.token_out)
    amount = first.value_in * WAD // (sold.quote.mid * sold.scale)
    turned = replace(
        first, token_in=first.token_out, token_out=first.token_in, amount_in=amount, min_amount_out=0
    )
    return fund, snapshot, (turned,), (first.amount_in,)


def test_filled__floor_to_the_unit__accepted(fill: Call) -> None:
    fund, snapshot, trades, brought = fill
    outcome = filled(fund, snapshot, trades, (trades[0].min_amount_out, *brought[1:]))
    assert isinstance(outcome, Filled)
