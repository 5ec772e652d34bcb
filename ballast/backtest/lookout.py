"""The detector and the emergency weights of a backtest: what CrisisDetector and EmergencyIndex would hold."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from ballast.backtest.inputs import Inputs
from ballast.keeper.snapshot import EmergencyView, Peg
from ballast.keeper.watch import due_observations
from ballast.model.crisis import Record, Sight, State, is_surge, look, sight, steps_done
from ballast.model.emergency import Role, Stance, compose, first_due
from ballast.units import BPS

RING: Final = 64  # looks that volumes are averaged over
LEAST: Final = 24  # volumes that make an average
GROWTH: Final = 10  # a reported volume is at most so many times the one before
_VOLUME_MAX_AGE: Final = 2 * 3_600
_WORSE: Final = frozenset({State.WATCH, State.CRISIS, State.DARK})


class Lookout:
    """A record a coin. Weights and values are in the order of the inputs' coins."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._symbols = [coin.symbol for coin in inputs.coins]
        self._given = inputs.index.crisis
        self._params = self._given.detector.model
        self._terms = self._given.emergency.model
        self._volumes: dict[str, tuple[int, int]] = {}  # whole USD an hour as reported, and when
        self._rings: dict[str, deque[int]] = {symbol: deque(maxlen=RING) for symbol in self._symbols}
        self.records: dict[str, Record] = {symbol: Record() for symbol in self._symbols}
        self.changed_at = 0  # s, the last change of a state towards caution

    def report_volumes(self, now: int) -> None:
        """The reporter's volumes, within the detector's bounds."""
        for symbol in self._symbols:
            volume = self._inputs.volume(symbol, now)
            if volume:
                before, _ = self._volumes.get(symbol, (volume, 0))
                self._volumes[symbol] = min(volume, GROWTH * before), now

    def due(self, now: int) -> tuple[str, ...]:
        """The coins to look at now, by token."""
        return due_observations(self.view(now, None, 0, 0), now)

    def observe(self, symbol: str, now: int) -> tuple[State, State] | None:
        """One look; the states before and after when it changed."""
        old, volume = self.records[symbol], self._volume(symbol, now)
        ring = self._rings[symbol]
        known = [earlier for earlier in ring if earlier]
        surge = is_surge(volume, sum(known), len(known), LEAST, self._params.surge_tenths)
        new = look(old, self._sight(symbol, now), False, surge, now, self._params)
        ring.append(volume)
        self.records[symbol] = new
        if new.state is old.state:
            return None
        if new.state in _WORSE:
            self.changed_at = now
        return old.state, new.state

    def stances(self, weights: Sequence[int], values: Sequence[int]) -> list[Stance]:
        """Every coin's part in the composition."""
        total = max(1, sum(values))
        roles = self._roles()
        return [
            Stance(
                roles[symbol],
                weights[i],
                values[i] * BPS // total,
                self._plan(symbol, weights)[i],
                steps_done(self.records[symbol], self._params),
                self._params.steps,
            )
            for i, symbol in enumerate(self._symbols)
        ]

    def composed(self, weights: Sequence[int], values: Sequence[int]) -> tuple[list[int], str | None]:
        """The weights that the states allow, and the first coin to flee."""
        stances = self.stances(weights, values)
        if all(stance.role is Role.FREE for stance in stances):
            return list(weights), None
        plans = [
            self._plan(symbol, weights)
            for symbol, stance in zip(self._symbols, stances, strict=True)
            if stance.role is Role.CUT
        ]
        targets = compose(stances, plans, self._terms.cap_bps)
        at = first_due(stances, values, targets, self._terms.settle_band_bps)
        return targets, None if at is None else self._symbols[at]

    def view(self, now: int, due: str | None, loss_used: int, last_fill_at: int) -> EmergencyView:
        """What a keeper's snapshot shows of it."""
        pegs = tuple(self._peg(coin.symbol, coin.token, now) for coin in self._inputs.coins)
        return EmergencyView(self._terms, due, self.changed_at, loss_used, last_fill_at, pegs, self._params)

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

    def _volume(self, symbol: str, now: int) -> int:
        volume, at = self._volumes.get(symbol, (0, 0))
        return volume if now - at <= _VOLUME_MAX_AGE else 0

    def _roles(self) -> dict[str, Role]:
        """The most cautious role that applies to each coin."""
        states = {symbol: record.state for symbol, record in self.records.items()}
        leaning = {
            other
            for symbol, others in self._given.risk_groups.items()
            if states.get(symbol) is State.CRISIS
            for other in others
        }
        return {symbol: _role(state, symbol in leaning) for symbol, state in states.items()}

    def _plan(self, symbol: str, weights: Sequence[int]) -> list[int]:
        """The weights for the coin's crisis; unless given, the ordinary ones without it."""
        given = self._given.emergency_weights.get(symbol)
        if given is None:
            return [0 if name == symbol else weights[i] for i, name in enumerate(self._symbols)]
        return [given.get(name, 0) for name in self._symbols]


def _role(state: State, leans: bool) -> Role:
    if state is State.CRISIS:
        return Role.CUT
    if leans or state in (State.WATCH, State.DARK):
        return Role.HELD
    return Role.RETURNING if state is State.RECOVERING else Role.FREE
