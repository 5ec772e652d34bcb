"""Writes down what happened on the chain in the backtest's terms, so that both can be compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ape.api import ReceiptAPI

from ballast.backtest.inputs import Inputs
from ballast.backtest.result import (
    CoinState,
    Emergency,
    Point,
    Rebalance,
    Recovery,
    Result,
    StateChange,
    Traded,
    stamp,
)
from ballast.chain.keeper_loop import Step
from ballast.chain.system import System
from ballast.keeper.decide import Action
from ballast.keeper.rules import as_traded, basket_of
from ballast.keeper.snapshot import Snapshot
from ballast.model.crisis import State
from ballast.model.rebalance import gas_cost, max_drift, value_of


@dataclass(frozen=True)
class Reaction:
    """How long the fund took from the look that confirmed a crisis to the emergency."""

    asset: str
    at: int
    blocks: int
    seconds: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"asset": self.asset, "time": stamp(self.at), "blocks": self.blocks, "seconds": self.seconds}


class Scribe:
    """The result of one run. Times are the history's, reserves are by symbol."""

    def __init__(
        self, inputs: Inputs, system: System, names: Mapping[str, str], held: Mapping[str, int]
    ) -> None:
        """`names`: symbols by the chain's token addresses; `held`: the fund's first reserves."""
        self._inputs, self._system, self._names = inputs, system, names
        self._held = dict(held)
        self._states = {coin.symbol: State.SOUND for coin in inputs.coins}
        self._scales = {coin.symbol: 10 ** (18 - coin.decimals) for coin in inputs.coins}
        self._confirmed: dict[str, tuple[int, int]] = {}  # block and time of the look that found a crisis
        self.reactions: list[Reaction] = []
        self.result = Result(tuple(self._states), inputs.assumptions.deposit)
        self.result.held_start, self.result.held_end = dict(held), self._held

    def note(self, step: Step, now: int) -> bool:
        """One step of the keeper at `now`; whether it changed a coin's state."""
        change = StateChange(now, step.plan.state.value, step.plan.cause.value)
        states = self.result.states
        if not states or (states[-1].state, states[-1].cause) != (change.state, change.cause):
            states.append(change)
        if step.refusal is not None:
            self.result.refusals.append((now, step.plan.action.value, step.refusal))
        if step.receipt is None:
            return False
        match step.plan.action:
            case Action.OBSERVE:
                self.result.observations += 1
                self.result.observing_gas += step.receipt.gas_used
                return self._observed(step.receipt, now)
            case Action.OPEN_EMERGENCY:
                self._fled(step, step.receipt, now)
            case Action.CLOSE:
                self._closed(step, step.receipt)
            case Action.OPEN_AND_FILL | Action.FILL:
                self._filled(step, step.receipt, now)
            case _:
                self.result.observing_gas += step.receipt.gas_used
        return False

    def record(self, now: int, targets: Mapping[str, int]) -> None:
        """The fund at the end of a step; `targets` bps by symbol."""
        values, hold = self._values(self._held, now), self._values(self.result.held_start, now)
        nav, parts = sum(values.values()), tuple(values.values())
        drift = max_drift(parts, nav, [targets.get(symbol, 0) for symbol in values])
        prices = tuple(self._inputs.mark(symbol, now) or 0 for symbol in values)
        states = tuple(self._states.values())
        self.result.points.append(Point(now, nav, sum(hold.values()), parts, drift, prices, states))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types: the result's keys, and what only a chain can tell."""
        return self.result.to_dict() | {"reactions": [reaction.to_dict() for reaction in self.reactions]}

    def _observed(self, receipt: ReceiptAPI, now: int) -> bool:
        changes = list(self._system.detector.StateChanged.from_receipt(receipt))
        for change in changes:
            arguments = change.event_arguments
            symbol = self._names[arguments["asset"]]
            before, after = State(arguments["from"]), State(arguments["to"])
            self._states[symbol] = after
            self.result.coin_states.append(CoinState(symbol, now, before.name, after.name))
            if after is State.CRISIS:
                self._confirmed[symbol] = receipt.block_number, now
            self._recovery(symbol, before, after, now)
        return bool(changes)

    def _recovery(self, symbol: str, before: State, after: State, now: int) -> None:
        backs = self.result.recoveries
        if before is State.RECOVERING:
            coming = next(back for back in reversed(backs) if back.asset == symbol)
            coming.ended_at, coming.is_back = now, after is State.SOUND
            coming.weight_after = self._share(symbol, now)
        if after is State.RECOVERING:
            price, share = self._inputs.mark(symbol, now) or 0, self._share(symbol, now)
            backs.append(Recovery(symbol, now, price, share, share))

    def _fled(self, step: Step, receipt: ReceiptAPI, now: int) -> None:
        (event,) = self._system.rebalancer.SessionOpened.from_receipt(receipt)
        (token,) = step.plan.assets
        symbol, session = self._names[token], int(event.session)
        price, share = self._inputs.mark(symbol, now) or 0, self._share(symbol, now)
        self.result.emergencies.append(Emergency(symbol, now, price, share, share, session))
        drift = basket_of(as_traded(step.snapshot)).drift
        rebalance = Rebalance(now, session, step.plan.cause.value, drift, drift)
        self.result.rebalances.append(rebalance)
        self._charge(rebalance, step.snapshot, receipt)
        if symbol in self._confirmed:
            block, at = self._confirmed.pop(symbol)
            self.reactions.append(Reaction(symbol, now, receipt.block_number - block, now - at))

    def _closed(self, step: Step, receipt: ReceiptAPI) -> None:
        rebalance = self.result.rebalances[-1]
        for event in self._system.rebalancer.SessionSettled.from_receipt(receipt):
            rebalance.settled, rebalance.drift_after_bps = True, int(event.drift)
        self._charge(rebalance, step.snapshot, receipt)

    def _filled(self, step: Step, receipt: ReceiptAPI, now: int) -> None:
        brain = self._system.rebalancer
        (filled,) = brain.Filled.from_receipt(receipt)
        if step.plan.action is Action.OPEN_AND_FILL:
            opened = Rebalance(now, int(filled.session), step.plan.cause.value, int(filled.driftBefore), 0)
            self.result.rebalances.append(opened)
        rebalance = self.result.rebalances[-1]
        self._traded(step.snapshot, receipt, rebalance, now)
        rebalance.drift_after_bps = int(filled.driftAfter)
        rebalance.settled = bool(list(brain.SessionSettled.from_receipt(receipt)))
        rebalance.fills += 1
        self._charge(rebalance, step.snapshot, receipt)
        for flight in self.result.emergencies:
            if flight.session == rebalance.session:
                flight.weight_after = self._share(flight.asset, now)

    def _traded(self, snapshot: Snapshot, receipt: ReceiptAPI, rebalance: Rebalance, now: int) -> None:
        """What was really sold and bought, from the vault's own events."""
        for event in self._system.vault.Traded.from_receipt(receipt):
            sold, bought = snapshot.coin(event.tokenIn), snapshot.coin(event.tokenOut)
            self._held[sold.symbol] -= event.sold
            self._held[bought.symbol] += event.bought
            done = Traded(
                now,
                rebalance.session,
                sold.symbol,
                bought.symbol,
                event.sold,
                event.bought,
                value_of(event.sold, sold.scale, sold.quote.mid),
                value_of(event.bought, bought.scale, bought.quote.mid),
            )
            self.result.trades.append(done)
            rebalance.traded += done.value_in
            rebalance.cost += done.cost

    @staticmethod
    def _charge(rebalance: Rebalance, snapshot: Snapshot, receipt: ReceiptAPI) -> None:
        rebalance.gas_used += receipt.gas_used
        rebalance.gas_cost += gas_cost(int(receipt.gas_price), receipt.gas_used, snapshot.eth_quote.mid)

    def _share(self, symbol: str, now: int) -> float:
        values = self._values(self._held, now)
        return values[symbol] / max(1, sum(values.values()))

    def _values(self, reserves: Mapping[str, int], now: int) -> dict[str, int]:
        """WAD{USD} by symbol, as the coins trade."""
        return {
            symbol: value_of(reserves[symbol], scale, self._inputs.mark(symbol, now) or 0)
            for symbol, scale in self._scales.items()
        }
