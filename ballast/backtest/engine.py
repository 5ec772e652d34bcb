"""Plays a history: at each step of the clock the reporter reports, the detector looks, the keeper acts.

The order of a step is that of the replay on a chain: report, observe every coin that is due, flee if a coin
is to be fled, the ordinary keeper, record. Pools stand round the known price at each step and keep what a
fill did to them within it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ballast.backtest.fund import Fund, Refusal, closed, filled, fled, opened
from ballast.backtest.inputs import Inputs
from ballast.backtest.lookout import Lookout
from ballast.backtest.reporter import MarketData, first_report, report
from ballast.backtest.result import (
    CoinState,
    Emergency,
    Point,
    Rebalance,
    Recovery,
    Result,
    StateChange,
    Traded,
)
from ballast.backtest.switch import Switch
from ballast.backtest.venue import PoolSpec, Venue, pools_of
from ballast.keeper.decide import Action, Cause, Plan, decide
from ballast.keeper.rules import as_traded, assess, basket_of, is_open, is_tradable
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
from ballast.keeper.watchdog import guarded, has_fallen, is_due
from ballast.model.crisis import State
from ballast.model.prices import PriceQuote
from ballast.model.rebalance import Reason, TriggerParams, gas_cost, max_drift, value_of
from ballast.units import BPS, WAD, wad_of

_ACTIONS: Final = 64  # that the keeper can take between two steps of the clock
# Measured on the local mainnet, five coins of a feed and a pool each (`make bench`, observe and emergency):
# fills of 1 to 4 swaps lie on a line, and opening in the same transaction adds the same to each.
OPEN_GAS: Final = 175_000
FILL_GAS: Final = 394_000
SWAP_GAS: Final = 82_000  # a pool
CLOSE_GAS: Final = 40_000  # a session past its time
SETTLE_GAS: Final = 330_000  # one that is closed as settled, at prices read for that
FLIGHT_GAS: Final = 690_000  # opening an emergency, which reads the states and composes the weights
FLIGHT_FILL_GAS: Final = 30_000  # what a fill takes more in an emergency
OBSERVE_GAS: Final = 130_000  # mean of the five coins, issuer probes included
CHECKPOINT_GAS: Final = 325_000  # of the kill switch, its ring gone round
TRIP_GAS: Final = 585_000  # which goes over every slot of the ring
BLOCK: Final = 12  # s, from what is observed to what is done about it


@dataclass(frozen=True)
class _Moment:
    """Quotes at one time; they change at the clock's times only, but age in between."""

    now: int
    coins: tuple[Coin, ...]
    marks: Mapping[str, int]  # WAD{USD/coin} by token


@dataclass(frozen=True)
class _Target:
    """What the emergency index answers: weights in bps by symbol, and the coin to flee."""

    weights: Mapping[str, int]
    due: str | None


class Backtest:
    """One run of one index over one history."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._params = params_of(inputs)
        symbols = tuple(coin.symbol for coin in inputs.coins)
        self._pools: tuple[PoolSpec, ...] = pools_of(inputs.index, symbols, inputs.assumptions.depth)
        self._hubs = tuple(inputs.index.coin(hub).token for hub in inputs.index.hubs if hub in symbols)
        self._names = {coin.token: coin.symbol for coin in inputs.coins}
        self._tokens = {coin.symbol: coin.token for coin in inputs.coins}
        self._lookout = Lookout(inputs)
        self._switch = Switch(inputs.index.crisis.kill_switch, inputs.assumptions.deposit)
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
            self._lookout.report_volumes(now)
            changed = self._observe(self._lookout.due(now), now)
            # What is done about a change comes a block after the transaction that brought it.
            self._keep(now + BLOCK * changed, clock[at + 1] if at + 1 < len(clock) else now + BLOCK + 1)
            self._record(now)
        self._result.held_end = self._fund.reserves
        return self._result

    def _begin(self, now: int) -> None:
        """The deposit buys the basket at its targets and at the known prices."""
        self._data = first_report(self._inputs, now)
        weights = {coin.token: self._data.weights[coin.symbol] for coin in self._inputs.coins}
        reserves = {}
        for coin in self._inputs.coins:
            price = self._inputs.mark(coin.symbol, now) or 0
            value = self._inputs.assumptions.deposit * weights[coin.token] // BPS
            reserves[coin.token] = int(value * WAD // (price * 10 ** (18 - coin.decimals)))
        self._fund = Fund(reserves, weights, Session(Phase.IDLE, 0, last_settled_at=now))
        self._result.held_start = reserves

    # -- looking

    def _look(self, now: int) -> tuple[Snapshot, _Moment]:
        """The system as the keeper sees it at `now`, without the venue's depth."""
        fund, coins = self._fund, []
        quotes = {coin.symbol: self._inputs.quote(coin.symbol, now) for coin in self._inputs.coins}
        target = self._target(quotes)
        for coin in self._inputs.coins:
            token = coin.token
            seen = Coin(
                token,
                coin.symbol,
                coin.decimals,
                fund.reserves[token],
                fund.weights.get(token, 0),
                target.weights[coin.symbol],
                quotes[coin.symbol],
                token in fund.weights,
            )
            coins.append(seen)
        snapshot = self._snapshot(now, tuple(coins), target)
        marks = {coin.token: self._inputs.mark(coin.symbol, now) or 0 for coin in self._inputs.coins}
        return replace(snapshot, verdict=assess(snapshot)), _Moment(now, snapshot.coins, marks)

    def _target(self, quotes: Mapping[str, PriceQuote]) -> _Target:
        """The calculator's weights as the coins' states allow them."""
        values = [
            value_of(self._fund.reserves[coin.token], 10 ** (18 - coin.decimals), quotes[coin.symbol].mid)
            if is_tradable(quotes[coin.symbol], lenient=True)
            else 0
            for coin in self._inputs.coins
        ]
        wanted = [self._data.weights[coin.symbol] for coin in self._inputs.coins]
        weights, due = self._lookout.composed(wanted, values)
        named = zip(self._result.coins, weights, strict=True)
        return _Target(dict(named), None if due is None else self._tokens[due])

    def _snapshot(self, now: int, coins: tuple[Coin, ...], target: _Target) -> Snapshot:
        inputs, fund = self._inputs, self._fund
        return Snapshot(
            chain_id=inputs.index.chain_id,
            block=len(self._result.points),
            timestamp=now,
            coins=coins,
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
            halted=self._switch.halted_at is not None,
            emergency=self._lookout.view(now, target.due, fund.flight_loss, fund.flight_at),
            kill_switch=self._switch.view(coins, now),
        )

    def _with_depth(self, snapshot: Snapshot, moment: _Moment) -> tuple[Snapshot, Venue]:
        venue = self._venue or Venue.around(self._pools, moment.coins, moment.marks)
        half = basket_of(snapshot).total // 2
        largest = {coin.token: half * WAD // (moment.marks[coin.token] * coin.scale) for coin in moment.coins}
        return replace(snapshot, hops=venue.hops(largest)), venue

    # -- acting

    def _observe(self, tokens: Sequence[str], now: int) -> bool:
        """The detector looks at the coins; whether a state changed."""
        self._result.observations += len(tokens)
        self._result.observing_gas += OBSERVE_GAS * len(tokens)
        changes = [self._changed(self._names[token], now) for token in tokens]
        return any(changes)

    def _changed(self, symbol: str, now: int) -> bool:
        """One look, with what it changed written down."""
        change = self._lookout.observe(symbol, now)
        if change is None:
            return False
        before, after = change
        self._result.coin_states.append(CoinState(symbol, now, before.name, after.name))
        coming = [back for back in self._result.recoveries if back.asset == symbol and back.ended_at is None]
        if coming and before is State.RECOVERING:
            coming[-1].ended_at, coming[-1].is_back = now, after is State.SOUND
            coming[-1].weight_after = self._share(symbol, now)
        if after is State.RECOVERING:
            price, share = self._inputs.mark(symbol, now) or 0, self._share(symbol, now)
            self._result.recoveries.append(Recovery(symbol, now, price, share, share))
        return True

    def _share(self, symbol: str, now: int) -> float:
        """The fraction of the fund that a coin is, as it trades."""
        values = self._values(self._fund.reserves, now)
        return values[symbol] / max(1, sum(values.values()))

    def _keep(self, now: int, next_at: int) -> None:
        """The keeper, from one step of the clock to the next; it plans only when something is due."""
        moment = now
        for _ in range(_ACTIONS):
            snapshot, market = self._look(moment)
            verdict = snapshot.verdict
            is_over = snapshot.session.phase == Phase.OPEN and not is_open(snapshot)
            if not verdict.should and not is_over:
                if self._last_verdict != (verdict, snapshot.session.phase):
                    self._note(decide(snapshot), moment)
                self._last_verdict = verdict, snapshot.session.phase
                if not self._guarded(snapshot):
                    return
                continue
            self._last_verdict = None
            if verdict.reason is not Reason.CRISIS and not is_over:
                snapshot, self._venue = self._with_depth(snapshot, market)
            plan = guarded(snapshot, decide(snapshot, self._inputs.assumptions.policy))
            self._note(plan, moment)
            if plan.action is Action.WAIT:
                if plan.cause is not Cause.FILL_INTERVAL or plan.look_again_at >= next_at:
                    return
                moment = plan.look_again_at
            elif not self._act(snapshot, plan):
                return

    def _guarded(self, snapshot: Snapshot) -> bool:
        """A quiet moment is the kill switch's; whether it did something."""
        switch = snapshot.kill_switch
        assert switch is not None, "a backtest always has one"
        if has_fallen(switch) and not snapshot.halted:
            self._trip(snapshot.timestamp)
        elif is_due(switch, snapshot.timestamp):
            self._checkpoint(snapshot)
        else:
            return False
        return True

    def _trip(self, now: int) -> None:
        self._switch.trip(now)
        self._result.halted_at = now
        self._result.checkpoint_gas += TRIP_GAS

    def _checkpoint(self, snapshot: Snapshot) -> None:
        self._switch.checkpoint(snapshot.coins, snapshot.timestamp)
        self._result.checkpoint_gas += CHECKPOINT_GAS

    def _act(self, snapshot: Snapshot, plan: Plan) -> bool:
        """Carries out what is not a wait; whether there may be more to do."""
        if plan.action is Action.OBSERVE:
            self._observe(plan.assets, snapshot.timestamp)
        elif plan.action is Action.OPEN_EMERGENCY:
            self._flee(snapshot, plan)
        elif plan.action is Action.CLOSE:
            self._close(snapshot)
        elif plan.action is Action.TRIP:
            self._trip(snapshot.timestamp)
        elif plan.action is Action.CHECKPOINT:
            self._checkpoint(snapshot)
        else:
            return self._fill(snapshot, plan)
        return True

    def _flee(self, snapshot: Snapshot, plan: Plan) -> None:
        (token,) = plan.assets
        symbol, now = self._names[token], snapshot.timestamp
        self._fund = fled(self._fund, snapshot)
        price, share = self._inputs.mark(symbol, now) or 0, self._share(symbol, now)
        session = self._fund.session.id
        self._result.emergencies.append(Emergency(symbol, now, price, share, share, session))
        drift = basket_of(as_traded(_within(snapshot, self._fund))).drift
        rebalance = Rebalance(now, session, plan.cause.value, drift, drift)
        self._result.rebalances.append(rebalance)
        self._charge(rebalance, snapshot, FLIGHT_GAS)

    def _close(self, snapshot: Snapshot) -> None:
        self._fund = closed(self._fund, snapshot)
        rebalance = self._result.rebalances[-1]
        rebalance.settled = self._fund.session.phase == Phase.SETTLED
        if rebalance.settled:
            rebalance.drift_after_bps = basket_of(as_traded(snapshot)).drift
        self._charge(rebalance, snapshot, SETTLE_GAS if rebalance.settled else CLOSE_GAS)

    def _fill(self, snapshot: Snapshot, plan: Plan) -> bool:
        """Executes a plan's trades; nothing has changed when settlement refuses them."""
        assert plan.fill is not None, "a plan to fill has trades"
        assert self._venue is not None, "a plan to fill was made with depth"
        is_new = plan.action is Action.OPEN_AND_FILL
        fund = opened(self._fund, snapshot) if is_new else self._fund
        after, brought = self._venue.executed(plan.fill.trades)
        outcome = filled(fund, _within(snapshot, fund), plan.fill.trades, brought)
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
        for flight in self._result.emergencies:
            if flight.session == rebalance.session:
                flight.weight_after = self._share(flight.asset, snapshot.timestamp)
        swaps = sum(len(trade.hops) for trade in plan.fill.trades)
        more = OPEN_GAS * is_new + FLIGHT_FILL_GAS * fund.session.is_emergency
        self._charge(rebalance, snapshot, FILL_GAS + SWAP_GAS * swaps + more)
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

    def _values(self, reserves: Mapping[str, int], now: int) -> dict[str, int]:
        """WAD{USD} by symbol, as the coins trade."""
        return {
            coin.symbol: value_of(
                reserves[coin.token], 10 ** (18 - coin.decimals), self._inputs.mark(coin.symbol, now) or 0
            )
            for coin in self._inputs.coins
        }

    def _record(self, now: int) -> None:
        values = self._values(self._fund.reserves, now)
        hold = sum(self._values(self._result.held_start, now).values())
        target = self._target(
            {coin.symbol: self._inputs.quote(coin.symbol, now) for coin in self._inputs.coins}
        )
        parts, nav = tuple(values.values()), sum(values.values())
        drift = max_drift(parts, nav, tuple(target.weights.values()))
        prices = tuple(self._inputs.mark(symbol, now) or 0 for symbol in values)
        states = tuple(self._lookout.records[symbol].state for symbol in values)
        self._result.points.append(Point(now, nav, hold, parts, drift, prices, states))


def _within(snapshot: Snapshot, fund: Fund) -> Snapshot:
    """The snapshot with the session and the targets that the fund has now."""
    coins = tuple(
        replace(coin, vault_weight=fund.weights.get(coin.token, 0), held=coin.token in fund.weights)
        for coin in snapshot.coins
    )
    return replace(snapshot, session=fund.session, coins=coins)


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
