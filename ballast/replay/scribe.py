"""Writes down what happened on the chain in the backtest's terms, so that both can be compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from ballast.chain.system import System
from ballast.keeper.decide import Action, Plan
from ballast.keeper.rules import as_traded, basket_of
from ballast.keeper.snapshot import Snapshot
from ballast.model.crisis import State
from ballast.model.rebalance import gas_cost, max_drift, value_of
from ballast.replay.hands import Sent


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

    def note(self, plan: Plan, now: int) -> None:
        """What the keeper thinks at `now`."""
        change = StateChange(now, plan.state.value, plan.cause.value)
        states = self.result.states
        if not states or (states[-1].state, states[-1].cause) != (change.state, change.cause):
            states.append(change)

    def refused(self, plan: Plan, why: str, now: int) -> None:
        """The chain would not take what the keeper sent."""
        self.result.refusals.append((now, plan.action.value, why))

    def done(self, snapshot: Snapshot, plan: Plan, sent: Sent, now: int) -> bool:
        """What the keeper did at `now`, seen from `snapshot`; whether it changed a coin's state."""
        match plan.action:
            case Action.OBSERVE:
                self.result.observations += len(plan.assets)
                self.result.observing_gas += sent.gas_used
                return self._observed(sent, now)
            case Action.OPEN_EMERGENCY:
                self._fled(snapshot, plan, sent, now)
            case Action.CLOSE:
                self._closed(snapshot, sent)
            case Action.OPEN_AND_FILL | Action.FILL:
                self._filled(snapshot, plan, sent, now)
            case _:
                self.result.checkpoint_gas += sent.gas_used
                if plan.action is Action.TRIP:
                    self.result.halted_at = now
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
        return self.result.to_dict() | {
            "reactions": [reaction.to_dict() for reaction in self.reactions],
        }

    def _observed(self, sent: Sent, now: int) -> bool:
        changes = list(sent.events(self._system.detector, "StateChanged"))
        for change in changes:
            arguments = change.event_arguments
            symbol = self._names[arguments["asset"]]
            before, after = State(arguments["from"]), State(arguments["to"])
            self._states[symbol] = after
            self.result.coin_states.append(CoinState(symbol, now, before.name, after.name))
            if after is State.CRISIS:
                self._confirmed[symbol] = sent.block, now
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

    def _fled(self, snapshot: Snapshot, plan: Plan, sent: Sent, now: int) -> None:
        (event,) = sent.events(self._system.rebalancer, "SessionOpened")
        (token,) = plan.assets
        symbol, session = self._names[token], int(event.session)
        price, share = self._inputs.mark(symbol, now) or 0, self._share(symbol, now)
        self.result.emergencies.append(Emergency(symbol, now, price, share, share, session))
        drift = basket_of(as_traded(snapshot)).drift
        rebalance = Rebalance(now, session, plan.cause.value, drift, drift)
        self.result.rebalances.append(rebalance)
        self._charge(rebalance, snapshot, sent)
        if symbol in self._confirmed:
            block, at = self._confirmed.pop(symbol)
            self.reactions.append(Reaction(symbol, now, sent.block - block, now - at))

    def _closed(self, snapshot: Snapshot, sent: Sent) -> None:
        rebalance = self.result.rebalances[-1]
        for event in sent.events(self._system.rebalancer, "SessionSettled"):
            rebalance.settled, rebalance.drift_after_bps = True, int(event.drift)
        self._charge(rebalance, snapshot, sent)

    def _filled(self, snapshot: Snapshot, plan: Plan, sent: Sent, now: int) -> None:
        brain = self._system.rebalancer
        (filled,) = sent.events(brain, "Filled")
        if plan.action is Action.OPEN_AND_FILL:
            opened = Rebalance(now, int(filled.session), plan.cause.value, int(filled.driftBefore), 0)
            self.result.rebalances.append(opened)
        rebalance = self.result.rebalances[-1]
        self._traded(snapshot, sent, rebalance, now)
        rebalance.drift_after_bps = int(filled.driftAfter)
        rebalance.settled = bool(list(sent.events(brain, "SessionSettled")))
        rebalance.fills += 1
        self._charge(rebalance, snapshot, sent)
        for flight in self.result.emergencies:
            if flight.session == rebalance.session:
                flight.weight_after = self._share(flight.asset, now)

    def _traded(self, snapshot: Snapshot, sent: Sent, rebalance: Rebalance, now: int) -> None:
        """What was really sold and bought, from the vault's own events."""
        for event in sent.events(self._system.vault, "Traded"):
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
    def _charge(rebalance: Rebalance, snapshot: Snapshot, sent: Sent) -> None:
        rebalance.gas_used += sent.gas_used
        rebalance.gas_cost += gas_cost(sent.gas_price, sent.gas_used, snapshot.eth_quote.mid)

    def _share(self, symbol: str, now: int) -> float:
        values = self._values(self._held, now)
        return values[symbol] / max(1, sum(values.values()))

    def _values(self, reserves: Mapping[str, int], now: int) -> dict[str, int]:
        """WAD{USD} by symbol, as the coins trade."""
        return {
            symbol: value_of(reserves[symbol], scale, self._inputs.mark(symbol, now) or 0)
            for symbol, scale in self._scales.items()
        }
