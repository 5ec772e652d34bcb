"""Plays a history: at every time that something becomes known, the reporter reports and the keeper acts.

The order of a step is look, report, keep, record; what overrides the calculator's weights belongs between
report and keep. Pools stand round the known price at each step and keep what a fill did to them within it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ballast.backtest.fund import Fund, Refusal, closed, filled, opened
from ballast.backtest.inputs import Inputs
from ballast.backtest.reporter import MarketData, first_report, report
from ballast.backtest.result import Point, Rebalance, Result, StateChange, Traded
from ballast.backtest.venue import PoolSpec, Venue, pools_of
from ballast.keeper.decide import Action, Cause, Plan, decide
from ballast.keeper.rules import assess, basket_of, is_open
from ballast.keeper.snapshot import (
    Coin,
    FillParams,
    PairLimits,
    Params,
    Phase,
    Session,
    Snapshot,
    Verdict,
)
from ballast.model.prices import Status
from ballast.model.rebalance import Reason, TriggerParams, gas_cost, max_drift, value_of
from ballast.units import BPS, WAD, wad_of

_ACTIONS: Final = 64  # that the keeper can take between two steps of the clock
# Estimates for five coins of two sources each. A swap: how benchmarked fills grow from 2 to 8 swaps. Opening
# and filling: what a session of 4 swaps took beyond them on the local mainnet (1,041,204 gas in all),
# split by judgement, as is closing.
OPEN_GAS: Final = 280_000
FILL_GAS: Final = 200_000
SWAP_GAS: Final = 140_000  # a pool
CLOSE_GAS: Final = 90_000


@dataclass(frozen=True)
class _Moment:
    """Quotes at one time; they change at the clock's times only, but age in between."""

    now: int
    coins: tuple[Coin, ...]
    marks: Mapping[str, int]  # WAD{USD/coin} by token


class Backtest:
    """One run of one index over one history."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._params = params_of(inputs)
        symbols = tuple(coin.symbol for coin in inputs.coins)
        self._pools: tuple[PoolSpec, ...] = pools_of(inputs.index, symbols, inputs.assumptions.depth)
        self._hubs = tuple(inputs.index.coin(hub).token for hub in inputs.index.hubs if hub in symbols)
        self._names = {coin.token: coin.symbol for coin in inputs.coins}
        self._data: MarketData
        self._fund: Fund
        self._venue: Venue | None = None
        self._last_verdict: tuple[Verdict, Phase] | None = None
        self._result = Result(symbols, inputs.assumptions.deposit)

    def run(self, start: int | None = None, end: int | None = None) -> Result:
        """The whole history between two times (s). DataError when it cannot be played."""
        clock = self._inputs.clock(start, end)
        self._begin(clock[0])
        for at, now in enumerate(clock):
            self._venue = None
            self._data = report(self._inputs, self._data, now)
            self._keep(now, clock[at + 1] if at + 1 < len(clock) else now + 1)
            self._record(now)
        self._result.held_end = self._fund.reserves
        return self._result

    def _begin(self, now: int) -> None:
        """The deposit buys the basket at its targets and at the known prices."""
        self._data = first_report(self._inputs, now)
        weights = {coin.token: self._data.weights[coin.symbol] for coin in self._inputs.coins}
        reserves = {}
        for coin in self._inputs.coins:
            price = self._inputs.quote(coin.symbol, now).mid
            value = self._inputs.assumptions.deposit * weights[coin.token] // BPS
            reserves[coin.token] = int(value * WAD // (price * 10 ** (18 - coin.decimals)))
        self._fund = Fund(reserves, weights, Session(Phase.IDLE, 0, last_settled_at=now))
        self._result.held_start = reserves

    # -- looking

    def _look(self, now: int) -> tuple[Snapshot, _Moment]:
        """The system as the keeper sees it at `now`, without the venue's depth."""
        inputs, fund = self._inputs, self._fund
        coins, marks = [], {}
        for coin in inputs.coins:
            token, quote = coin.token, inputs.quote(coin.symbol, now)
            coins.append(
                Coin(
                    token,
                    coin.symbol,
                    coin.decimals,
                    fund.reserves[token],
                    fund.weights[token],
                    self._data.weights[coin.symbol],
                    quote,
                )
            )
            marks[token] = quote.mid if quote.status == Status.GOOD else inputs.mark(coin.symbol, now) or 0
        snapshot = Snapshot(
            chain_id=inputs.index.chain_id,
            block=len(self._result.points),
            timestamp=now,
            coins=tuple(coins),
            total_supply=self._result.supply,
            data_stale=self._data.is_stale(now, inputs.index.calculator.max_age_seconds),
            params=self._params,
            session=fund.session,
            paused=False,
            gas_price=inputs.gas_price(now),
            eth_quote=inputs.eth_quote(now),
            verdict=Verdict(False, Reason.IN_BAND),
            hops=(),
            hubs=self._hubs,
        )
        return replace(snapshot, verdict=assess(snapshot)), _Moment(now, snapshot.coins, marks)

    def _with_depth(self, snapshot: Snapshot, moment: _Moment) -> tuple[Snapshot, Venue]:
        venue = self._venue or Venue.around(self._pools, moment.coins, moment.marks)
        half = basket_of(snapshot).total // 2
        largest = {coin.token: half * WAD // (moment.marks[coin.token] * coin.scale) for coin in moment.coins}
        return replace(snapshot, hops=venue.hops(largest)), venue

    # -- acting

    def _keep(self, now: int, next_at: int) -> None:
        """The keeper, from one step of the clock to the next; it plans only when something is due."""
        moment = now
        for _ in range(_ACTIONS):
            snapshot, market = self._look(moment)
            expired = snapshot.session.phase == Phase.OPEN and not is_open(snapshot)
            if not snapshot.verdict.should and not expired:
                if self._last_verdict != (snapshot.verdict, snapshot.session.phase):
                    self._note(decide(snapshot), moment)
                self._last_verdict = snapshot.verdict, snapshot.session.phase
                return
            self._last_verdict = None
            if expired:
                self._close(snapshot, decide(snapshot))
                continue
            snapshot, venue = self._with_depth(snapshot, market)
            plan = decide(snapshot, self._inputs.assumptions.policy)
            self._note(plan, moment)
            if plan.action is Action.WAIT:
                if plan.cause is not Cause.FILL_INTERVAL or plan.look_again_at >= next_at:
                    return
                moment = plan.look_again_at
            elif plan.action is Action.CLOSE:
                self._close(snapshot, plan)
            elif not self._fill(snapshot, venue, plan):
                return

    def _close(self, snapshot: Snapshot, plan: Plan) -> None:
        self._note(plan, snapshot.timestamp)
        self._fund = closed(self._fund, snapshot)
        rebalance = self._result.rebalances[-1]
        rebalance.settled = self._fund.session.phase == Phase.SETTLED
        if rebalance.settled:
            rebalance.drift_after_bps = basket_of(snapshot).drift
        self._charge(rebalance, snapshot, CLOSE_GAS)

    def _fill(self, snapshot: Snapshot, venue: Venue, plan: Plan) -> bool:
        """Executes a plan's trades; nothing has changed when settlement refuses them."""
        assert plan.fill is not None, "a plan to fill has trades"
        is_new = plan.action is Action.OPEN_AND_FILL
        fund = opened(self._fund, snapshot) if is_new else self._fund
        held = [replace(coin, vault_weight=fund.weights[coin.token]) for coin in snapshot.coins]
        within = replace(snapshot, session=fund.session, coins=tuple(held))
        after, brought = venue.executed(plan.fill.trades)
        outcome = filled(fund, within, plan.fill.trades, brought)
        if isinstance(outcome, Refusal):
            self._result.refusals.append((snapshot.timestamp, outcome.error, outcome.detail))
            return False
        self._fund, self._venue = outcome.fund, after
        if is_new:
            self._result.rebalances.append(
                Rebalance(snapshot.timestamp, fund.session.id, plan.cause.value, outcome.drift_before_bps, 0)
            )
        rebalance = self._result.rebalances[-1]
        self._write(snapshot, plan, brought, rebalance)
        rebalance.drift_after_bps, rebalance.settled = outcome.drift_after_bps, outcome.settled
        swaps = sum(len(trade.hops) for trade in plan.fill.trades)
        self._charge(rebalance, snapshot, FILL_GAS + SWAP_GAS * swaps + (OPEN_GAS if is_new else 0))
        return True

    # -- writing down

    def _write(self, snapshot: Snapshot, plan: Plan, brought: tuple[int, ...], rebalance: Rebalance) -> None:
        trades = plan.fill.trades if plan.fill else ()
        for trade, got in zip(trades, brought, strict=True):
            sold, bought = snapshot.coin(trade.token_in), snapshot.coin(trade.token_out)
            done = Traded(
                snapshot.timestamp,
                rebalance.session,
                sold.symbol,
                bought.symbol,
                trade.amount_in,
                got,
                value_of(trade.amount_in, sold.scale, sold.quote.mid),
                value_of(got, bought.scale, bought.quote.mid),
            )
            self._result.trades.append(done)
            rebalance.traded += done.value_in
            rebalance.cost += done.cost
        rebalance.fills += 1

    def _charge(self, rebalance: Rebalance, snapshot: Snapshot, units: int) -> None:
        rebalance.gas_used += units
        rebalance.gas_cost += gas_cost(snapshot.gas_price, units, snapshot.eth_quote.mid)

    def _note(self, plan: Plan, now: int) -> None:
        change = StateChange(now, plan.state.value, plan.cause.value)
        states = self._result.states
        if not states or (states[-1].state, states[-1].cause) != (change.state, change.cause):
            states.append(change)

    def _record(self, now: int) -> None:
        values, holds, targets = [], [], []
        for coin in self._inputs.coins:
            price, scale = self._inputs.mark(coin.symbol, now) or 0, 10 ** (18 - coin.decimals)
            values.append(value_of(self._fund.reserves[coin.token], scale, price))
            holds.append(value_of(self._result.held_start[coin.token], scale, price))
            targets.append(self._data.weights[coin.symbol])
        nav = sum(values)
        drift = max_drift(values, nav, targets)
        self._result.points.append(Point(now, nav, sum(holds), tuple(values), drift))


def params_of(inputs: Inputs) -> Params:
    """The Rebalancer's parameters as the index description sets them."""
    given = inputs.index.rebalancing
    trigger = TriggerParams(
        drift_bps=given.drift_limit_bps,
        price_bps=given.price_limit_bps,
        calendar_interval=given.calendar_seconds,
        cooldown=given.cooldown_seconds,
        session_length=given.session_seconds,
        gas_estimate=given.gas_estimate,
        min_value=wad_of(given.min_value_usd),
        gas_ceiling=wad_of(given.gas_ceiling_usd),
    )
    fill = FillParams(
        settle_band_bps=given.settle_band_bps,
        slip_bps=given.slippage_bps,
        slip_ceiling_bps=given.slippage_ceiling_bps,
        loss_budget_bps=given.loss_budget_bps,
        loss_period=given.loss_period_seconds,
        fill_interval=given.fill_interval_seconds,
        max_trades=given.max_trades,
        max_trade_value=wad_of(given.max_trade_usd),
    )
    tokens = {coin.symbol: coin.token for coin in inputs.coins}
    pairs = tuple(
        PairLimits(tokens[own.coins[0]], tokens[own.coins[1]], own.slippage_bps, wad_of(own.max_trade_usd))
        for own in inputs.index.pair_limits
        if set(own.coins) <= set(tokens)
    )
    return Params(trigger, fill, pairs)
