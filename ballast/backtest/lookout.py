"""The detector and the emergency weights of a backtest: what CrisisDetector and EmergencyIndex would hold."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ballast.backtest.inputs import Inputs
from ballast.keeper.snapshot import EmergencyView, Peg
from ballast.keeper.watch import due_observations
from ballast.model.crisis import Record, Sight, State, look, sight, steps_done
from ballast.model.emergency import Situation, first_due, targets
from ballast.model.volumes import Volumes
from ballast.units import BPS

_WORSE: Final = frozenset({State.WATCH, State.CRISIS, State.DARK})


class Lookout:
    """A record a coin. Weights and values are in the order of the inputs' coins."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._symbols = [coin.symbol for coin in inputs.coins]
        self._given = inputs.index.crisis
        self._params = self._given.detector.model
        self._terms = self._given.emergency.model
        self._volumes: dict[str, Volumes] = {symbol: Volumes() for symbol in self._symbols}
        self.records: dict[str, Record] = {symbol: Record() for symbol in self._symbols}
        self.changed_at = 0  # s, the last change of a state towards caution

    def report_volumes(self, now: int) -> None:
        """The reporter's volumes, within the detector's bounds."""
        for symbol, before in self._volumes.items():
            volume = min(self._inputs.volume(symbol, now), before.allowed(now))
            if volume:
                self._volumes[symbol] = before.reported(volume, now)

    def due(self, now: int) -> tuple[str, ...]:
        """The coins to look at now, by token."""
        return due_observations(self.view(now, None, 0, 0), now)

    def observe(self, symbol: str, now: int) -> tuple[State, State] | None:
        """One look; the states before and after when it changed."""
        old, volumes = self.records[symbol], self._volumes[symbol]
        surge = volumes.surges(now, self._params.surge_tenths)
        new = look(old, self._sight(symbol, now), False, surge, now, self._params)
        self._volumes[symbol], self.records[symbol] = volumes.looked(now), new
        if new.state is old.state:
            return None
        if new.state in _WORSE:
            self.changed_at = now
        return old.state, new.state

    def composed(self, weights: Sequence[int], values: Sequence[int]) -> tuple[list[int], str | None]:
        """The weights that the states allow, and the first coin to flee."""
        if all(record.state is State.SOUND for record in self.records.values()):
            return list(weights), None
        total = max(1, sum(values))
        coins = [
            replace(self._situation(symbol), weight=weight, share=value * BPS // total)
            for symbol, weight, value in zip(self._symbols, weights, values, strict=True)
        ]
        wanted = targets(coins, self._terms.cap_bps)
        at = first_due(coins, wanted, self._terms.settle_band_bps)
        return wanted, None if at is None else self._symbols[at]

    def _situation(self, symbol: str) -> Situation:
        """A coin's state and what was set beforehand for it."""
        record, plan = self.records[symbol], self._given.emergency_weights.get(symbol)
        leaning = self._given.risk_groups.get(symbol, ())
        return Situation(
            weight=0,
            share=0,
            state=record.state,
            recovered=(steps_done(record, self._params), self._params.steps),
            plan=None if plan is None else tuple(plan.get(name, 0) for name in self._symbols),
            leaning=frozenset(i for i, name in enumerate(self._symbols) if name in leaning),
        )

    def view(self, now: int, due: str | None, loss_used: int, last_fill_at: int) -> EmergencyView:
        """What a keeper's snapshot shows of it."""
        pegs = tuple(self._peg(coin.symbol, coin.token, now) for coin in self._inputs.coins)
        at = self.changed_at  # by a coin's state: nobody else changes anything here
        return EmergencyView(self._terms, due, at, loss_used, last_fill_at, pegs, self._params, at)

    def _peg(self, symbol: str, token: str, now: int) -> Peg:
        record = self.records[symbol]
        return Peg(
            token,
            record.state,
            record.since,
            record.at,
            record.deviation,
            self._sight(symbol, now),
            done=steps_done(record, self._params),
        )

    def _sight(self, symbol: str, now: int) -> Sight:
        prices, sources = self._inputs.good_prices(symbol, now)
        return sight(prices, sources, self._params.confirmations)
