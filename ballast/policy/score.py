"""What a policy is worth on a fall: the position's value against its start and against holding it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ballast.model.crisis import CrisisParams, State
from ballast.policy.play import Moves, sweep
from ballast.policy.tracks import Track

SELL_COST: Final = 0.01  # of what is sold in an emergency: thin pools, a public fill's discount
BUY_COST: Final = 0.002  # of what is bought back, in calm


@dataclass(frozen=True)
class Worth:
    """A position of one dollar at its peg, at a track's end."""

    kept: float  # USD, following the policy
    held: float  # USD, untouched
    emergencies: int
    sold_at: float | None  # USD, the first time

    @property
    def against_hold(self) -> float:
        """How much better than untouched, as a fraction."""
        return self.kept / self.held - 1


def worth(track: Track, moves: Moves, steps: int) -> Worth:
    """Sells at the price of the look that says so, less costs; buys back step by step in the same way."""
    coins, cash, sold_at = 1.0, 0.0, None
    for at, held in moves.held:
        price = track.prices[at]
        if held == 0:
            sold_at = price if sold_at is None else sold_at
            cash, coins = cash + coins * price * (1 - SELL_COST), 0.0
        else:
            amount = min(cash, (coins * price + cash) * held / steps - coins * price)
            coins, cash = coins + max(0.0, amount) * (1 - BUY_COST) / price, cash - max(0.0, amount)
    end = track.prices[-1]
    return Worth(coins * end + cash, end, moves.emergencies, sold_at)


def worth_of(track: Track, params: CrisisParams) -> Worth:
    """The same for a policy's own moves."""
    return worth(track, sweep(track, params), params.steps)


@dataclass(frozen=True)
class Calm:
    """What a policy did along a whole track."""

    coin: str
    name: str
    years: float  # coin-years
    emergencies: int
    false: int  # emergencies of a coin that lives
    watch_days: float
    dark_days: float
    watches: int  # times that WATCH began
    worth: Worth


def calm_of(track: Track, params: CrisisParams) -> Calm:
    """Emergencies and days in WATCH and DARK. In a coin that died the last emergency was right."""
    moves = sweep(track, params)
    total = len(track.times)
    days = track.clock / 86_400
    false = moves.emergencies - (1 if track.has_died and moves.emergencies else 0)
    return Calm(
        track.coin,
        track.name,
        track.years,
        moves.emergencies,
        false,
        moves.looks_in(State.WATCH, total) * days,
        moves.looks_in(State.DARK, total) * days,
        sum(1 for _, state in moves.states if state is State.WATCH),
        worth(track, moves, params.steps),
    )


def mean(values: Iterable[float]) -> float:
    """0 of nothing."""
    found: Sequence[float] = list(values)
    return sum(found) / len(found) if found else 0.0
