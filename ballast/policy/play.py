"""What the detector does along a track: the exact model, and the same verdicts faster for sweeps.

Both answer the moves of a position: how much of it is held from which look on. Volumes and issuers play no
part here: no history has them for the coins that died.
"""

from dataclasses import dataclass, field

import numpy as np

from ballast.model.crisis import CrisisParams, Record, State, look, steps_done
from ballast.policy.tracks import Track


@dataclass
class Moves:
    """States and what they do to a position; places are those of the track's looks."""

    states: list[tuple[int, State]] = field(default_factory=list)  # from this look on
    held: list[tuple[int, int]] = field(default_factory=list)  # steps of the position held from this look on

    @property
    def crises(self) -> list[int]:
        """Where a crisis began or began anew."""
        return [at for at, state in self.states if state is State.CRISIS]

    @property
    def emergencies(self) -> int:
        """Times that something was sold."""
        return sum(1 for _, steps in self.held if steps == 0)

    def looks_in(self, state: State, total: int) -> int:
        """How many of the track's `total` looks were in a state."""
        ends = [at for at, _ in self.states[1:]] + [total]
        return sum(end - at for (at, s), end in zip(self.states, ends, strict=True) if s is state)


def play(track: Track, params: CrisisParams) -> Moves:
    """Every look of the track through the exact model."""
    record, moves, steps = Record(), Moves(), params.steps
    moves.states.append((0, State.SOUND))
    for at, now in enumerate(track.times.tolist()):
        before = record.state
        record = look(record, track.sight(at), False, False, now, params)
        if record.state is not before:
            moves.states.append((at, record.state))
        held = _held(record, params, steps)
        if held != steps:
            moves.held.append((at, held))
            steps = held
    return moves


def _held(record: Record, params: CrisisParams, before: int) -> int:
    match record.state:
        case State.CRISIS:
            return 0
        case State.RECOVERING:
            return steps_done(record, params)
        case State.SOUND:
            return params.steps
    return before


def sweep(track: Track, params: CrisisParams) -> Moves:
    """As `play`, passing over looks at which nothing can change."""
    return _Sweep(track, params).run()


class _Sweep:
    """One run. A quiet coin that is SOUND and a coin in CRISIS that is not calm stay so."""

    def __init__(self, track: Track, params: CrisisParams) -> None:
        self._p = params
        self._times, self._dev, self._seen = track.rows
        size = np.abs(track.deviation)
        self._loud = np.flatnonzero((size >= params.watch_bps) | ~track.seen)
        self._calm = np.flatnonzero((size < params.calm_bps) & track.seen)
        self._moves = Moves([(0, State.SOUND)])
        self._area = self._calm_for = self._blind = 0

    def run(self) -> Moves:
        at = self._next(self._loud, 0)
        while at < len(self._times):
            at = self._next(self._loud, self._until_sound(at))
        return self._moves

    def _next(self, places: np.ndarray, at: int) -> int:  # type: ignore[type-arg]
        found = int(np.searchsorted(places, at))
        return int(places[found]) if found < len(places) else len(self._times)

    def _until_sound(self, at: int) -> int:
        """Look by look from a loud one until the coin is SOUND and seen again; the place after."""
        self._area = self._calm_for = self._blind = 0
        state = State.SOUND
        while at < len(self._times):
            after = self._step(state, at)
            if after is not state:
                self._enter(after, at)
                state = after
            elif state is State.RECOVERING:
                self._hold(at, min(self._p.steps, self._calm_for // self._p.step_interval))
            at += 1
            if state is State.SOUND and not self._blind:
                return at
            if state is State.CRISIS:
                at = self._next(self._calm, at)  # the look before it was not calm, so it adds nothing
        return at

    def _step(self, state: State, at: int) -> State:
        p, dev, seen = self._p, self._dev, self._seen
        passed = min(self._times[at] - self._times[at - 1], p.max_gap) if at else 0
        here, before = dev[at], dev[at - 1] if at else 0
        both = -1  # not confirmed at both ends
        if seen[at] and at and seen[at - 1]:
            both = max(0, min(-here, -before))
            self._area = max(0, min(2 * p.threshold, self._area + (both - p.allowance_bps) * passed))
        if seen[at] and -p.calm_bps < here < p.calm_bps:
            if at and seen[at - 1] and -p.calm_bps < before < p.calm_bps:
                self._calm_for += passed
            elif state is not State.RECOVERING:
                self._calm_for = 0
        elif state is not State.RECOVERING:
            self._calm_for = 0
        self._blind = 0 if seen[at] else self._blind + passed
        return self._verdict(state, at, both)

    def _verdict(self, state: State, at: int, both: int) -> State:
        p = self._p
        match state:
            case State.SOUND if self._seen[at] and abs(self._dev[at]) >= p.watch_bps:
                return State.WATCH
            case State.WATCH if self._area >= p.threshold:
                return State.CRISIS
            case State.WATCH if self._calm_for >= p.calm_period:
                return State.SOUND
            case State.SOUND | State.WATCH if self._blind >= p.dark_period:
                return State.DARK
            case State.DARK if self._seen[at]:
                return State.WATCH
            case State.CRISIS if self._calm_for >= p.recovery_period:
                return State.RECOVERING
            case State.RECOVERING if both >= p.allowance_bps or self._blind >= p.dark_period:
                return State.CRISIS
            case State.RECOVERING if self._calm_for >= p.steps * p.step_interval:
                return State.SOUND
        return state

    def _enter(self, state: State, at: int) -> None:
        self._moves.states.append((at, state))
        self._calm_for = 0
        if state in (State.RECOVERING, State.SOUND):
            self._area = 0
        if state is State.CRISIS:
            self._hold(at, 0)
        elif state is State.SOUND:
            self._hold(at, self._p.steps)
        elif state is State.RECOVERING:
            self._hold(at, 0)

    def _hold(self, at: int, steps: int) -> None:
        last = self._moves.held[-1][1] if self._moves.held else self._p.steps
        if steps != last:
            self._moves.held.append((at, steps))
