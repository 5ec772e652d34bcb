"""Writes down what the keeper did, from its receipts: looks, state changes, rebalances, emergencies."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from ape.api import ReceiptAPI

from ballast.backtest.result import CoinState, Emergency, Recovery
from ballast.chain.keeper_loop import Step
from ballast.chain.system import System
from ballast.demo.record import Reaction, Rebalance, Run, Swap, targets_of, weights_of
from ballast.demo.sent import Sent, ether_cost
from ballast.keeper.decide import Action, Cause
from ballast.model.crisis import State
from ballast.model.rebalance import value_of
from ballast.units import BPS, human, wad_of

_TRADES = (Action.OPEN_AND_FILL, Action.FILL)


class Notes:
    """One run's notes. `names`: symbols by token."""

    def __init__(self, run: Run, system: System, names: Mapping[str, str]) -> None:
        self._run, self._system, self._names = run, system, names
        self._confirmed: dict[str, int] = {}  # by symbol, block of the look that found the crisis
        self._fleeing: tuple[str, int, int] | None = None  # symbol, that block, the emergency's block
        self.areas: dict[str, int] = {}  # bps * s by symbol, the largest seen
        self.is_overture = False  # whether what happens now only prepares the fund for an act

    def take(
        self, step: Step, receipt: ReceiptAPI, at: datetime, prices: Mapping[str, Decimal]
    ) -> list[CoinState]:
        """Notes a transaction of the keeper; the states that it changed."""
        gas = int(receipt.gas_used)
        cost = ether_cost(gas * int(receipt.gas_price), step.snapshot.eth_quote.mid)
        sent = Sent(step.plan.action.value, step.tx_hash or "", gas, cost)
        match step.plan.action:
            case Action.OBSERVE:
                self._run.looks.append(sent)
                return self._looked(step, receipt, at, prices)
            case Action.CHECKPOINT | Action.TRIP:
                self._run.looks.append(sent)
                return []
            case Action.OPEN_EMERGENCY:
                self._begin(step, at, is_emergency=True)
                self._fled(step, receipt, at, prices)
            case Action.OPEN_AND_FILL:
                self._begin(step, at, is_emergency=False)
        rebalance = self._run.rebalances[-1]  # whatever else is done belongs to the session that began last
        rebalance.sent.append(sent)
        rebalance.is_outdated |= step.plan.cause is Cause.OUTDATED
        if step.plan.action in _TRADES:
            rebalance.swaps.extend(self._swaps(step, receipt))
            self._reacted(receipt, at)
        return []

    def _begin(self, step: Step, at: datetime, is_emergency: bool) -> None:
        rebalance = Rebalance(at, step.plan.cause.value, step.snapshot, targets=targets_of(step.snapshot))
        rebalance.is_emergency, rebalance.is_overture = is_emergency, self.is_overture
        self._run.rebalances.append(rebalance)

    def _looked(
        self, step: Step, receipt: ReceiptAPI, at: datetime, prices: Mapping[str, Decimal]
    ) -> list[CoinState]:
        detector: Any = self._system.detector
        for seen in detector.Observed.from_receipt(receipt):
            symbol = self._names[seen.asset]
            self.areas[symbol] = max(self.areas.get(symbol, 0), seen.area)
        changes = []
        for event in detector.StateChanged.from_receipt(receipt):
            arguments = event.event_arguments
            before, after = State(arguments["from"]), State(arguments["to"])
            symbol = self._names[arguments["asset"]]
            changes.append(CoinState(symbol, int(at.timestamp()), before.name, after.name))
            if after is State.CRISIS:
                self._confirmed[symbol] = receipt.block_number
            self._recovery(step, symbol, (before, after), at, prices)
        self._run.states.extend(changes)
        return changes

    def _recovery(
        self,
        step: Step,
        symbol: str,
        change: tuple[State, State],
        at: datetime,
        prices: Mapping[str, Decimal],
    ) -> None:
        before, after = change
        share, now = weights_of(step.snapshot).get(symbol, 0.0) / BPS, int(at.timestamp())
        backs = self._run.recoveries
        if before is State.RECOVERING:
            coming = next(back for back in reversed(backs) if back.asset == symbol)
            coming.ended_at, coming.is_back, coming.weight_after = now, after is State.SOUND, share
        if after is State.RECOVERING:
            backs.append(Recovery(symbol, now, wad_of(prices[symbol]), share, share))

    def _fled(self, step: Step, receipt: ReceiptAPI, at: datetime, prices: Mapping[str, Decimal]) -> None:
        symbol = self._names[step.plan.assets[0]]
        share = weights_of(step.snapshot)[symbol] / BPS
        (opened,) = self._system.rebalancer.SessionOpened.from_receipt(receipt)
        flight = Emergency(symbol, int(at.timestamp()), wad_of(prices[symbol]), share, share, opened.session)
        self._run.emergencies.append(flight)
        if symbol in self._confirmed:
            self._fleeing = (symbol, self._confirmed.pop(symbol), receipt.block_number)

    def _reacted(self, receipt: ReceiptAPI, at: datetime) -> None:
        """The first trades after a verdict."""
        if self._fleeing is not None:
            symbol, verdict, opened = self._fleeing
            trades = receipt.block_number - verdict
            self._run.reactions.append(Reaction(symbol, at, opened - verdict, trades))
            self._fleeing = None

    def _swaps(self, step: Step, receipt: ReceiptAPI) -> list[Swap]:
        """What was really sold and bought, from the vault's own events, beside what was planned."""
        trades = step.plan.fill.trades if step.plan.fill else ()
        events = list(self._system.vault.Traded.from_receipt(receipt))
        swaps = []
        for trade, event in zip(trades, events, strict=True):
            sold, bought = step.snapshot.coin(trade.token_in), step.snapshot.coin(trade.token_out)
            swaps.append(
                Swap(
                    "Uniswap V3",
                    [f"{hop.pool} ({hop.fee / 10_000:g} %)" for hop in trade.hops],
                    sold.symbol,
                    bought.symbol,
                    human(event.sold, sold.decimals),
                    human(event.bought, bought.decimals),
                    human(trade.floor_out, bought.decimals),
                    value_of(event.sold, sold.scale, sold.quote.mid),
                    value_of(event.bought, bought.scale, bought.quote.mid),
                )
            )
        return swaps
