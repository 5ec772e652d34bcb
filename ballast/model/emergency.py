"""Exact twin of `EmergencyMath`: target weights while coins are off their pegs, and the public fill's price.

All weights bps. What is taken from coins that must not be held or bought goes to those that may be, in
proportion to their ordinary weights, none above the cap; what fits nowhere stays where it is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import Final

from ballast.model.crisis import State
from ballast.units import BPS, SECONDS_PER_DAY, WAD


@dataclass(frozen=True, slots=True)
class EmergencyParams:
    """`IEmergencyIndex.EmergencyParams`: how an emergency session trades."""

    settle_band_bps: int  # of the fund: settled at or below this drift; above it an emergency is due
    slip_bps: int  # of a trade below the oracle: the hard ceiling, nothing widens it
    loss_budget_bps: int  # of the fund that emergency fills may lose at once
    loss_period: int  # s in which an exhausted budget is full again
    fill_interval: int  # s between two keeper fills
    session_length: int  # s
    auction_length: int  # s from the premium down to the floor, for public fills
    premium_bps: int  # of a trade above the oracle that a public fill pays at the opening
    max_trades: int  # in one fill
    max_trade_value: int  # WAD{USD} per pair and fill
    cap_bps: int  # of the fund: no coin is raised above this by an emergency


DEFAULT: Final = EmergencyParams(
    settle_band_bps=50,
    slip_bps=300,
    loss_budget_bps=200,
    loss_period=SECONDS_PER_DAY,
    fill_interval=12,
    session_length=6 * 3_600,
    auction_length=20 * 60,
    premium_bps=100,
    max_trades=16,
    max_trade_value=5_000_000 * WAD,
    cap_bps=7_000,
)


class Role(IntEnum):
    """`EmergencyMath.Role`: what a coin may do in the composed weights."""

    FREE = 0  # may be bought
    HELD = 1  # not bought: on watch, dark, or leaning on a coin that is cut
    CUT = 2  # down to its emergency weight: in crisis, or a guardian's word
    RETURNING = 3  # comes back in steps


@dataclass(frozen=True, slots=True)
class Stance:
    """One coin in the composition."""

    role: Role
    weight: int  # what the calculator says
    share: int  # of the fund's value that it is now, rounded down
    own: int = 0  # its own emergency weight; for RETURNING
    done: int = 0  # steps back; for RETURNING
    steps: int = 0  # all steps, at least 1; for RETURNING


def role_of(state: State, forced: bool = False, leaning: bool = False, returning: bool = False) -> Role:
    """The most cautious role that applies.

    `forced`: a guardian's word. `leaning`: on a coin that is CUT. `returning`: released a while ago.
    """
    if forced or state is State.CRISIS:
        return Role.CUT
    if state in (State.WATCH, State.DARK) or leaning:
        return Role.HELD
    return Role.RETURNING if returning or state is State.RECOVERING else Role.FREE


@dataclass(frozen=True, slots=True)
class Situation:
    """One coin as `EmergencyIndex` finds it."""

    weight: int  # bps, what the calculator says
    share: int  # bps of the fund's value that it is now, rounded down
    state: State = State.SOUND
    recovered: tuple[int, int] = (0, 1)  # in RECOVERING: steps back, all steps
    forced: bool = False  # by a guardian's word
    released: tuple[int, int] = (0, 0)  # since a curator took that back: steps, all steps (0: never)
    plan: tuple[int, ...] | None = None  # bps of every coin in this one's crisis; None: its default
    leaning: frozenset[int] = frozenset()  # positions of the coins that lean on it


def targets(coins: Sequence[Situation], cap: int) -> list[int]:
    """What `EmergencyIndex` answers; the calculator's weights while every coin is FREE."""
    cut = [i for i, coin in enumerate(coins) if role_of(coin.state, coin.forced) is Role.CUT]
    leaning = frozenset(i for asset in cut for i in coins[asset].leaning)
    weights = [coin.weight for coin in coins]
    plans = [coins[asset].plan or [w * (i != asset) for i, w in enumerate(weights)] for asset in cut]
    return compose([_stance(coin, i, i in leaning) for i, coin in enumerate(coins)], plans, cap)


def first_due(coins: Sequence[Situation], weights: Sequence[int], settle_band_bps: int) -> int | None:
    """The first coin that is CUT and more of the fund than its target and the settle band; None without one.

    `weights` are the targets, bps.
    """
    return next(
        (
            i
            for i, (coin, weight) in enumerate(zip(coins, weights, strict=True))
            if role_of(coin.state, coin.forced) is Role.CUT and coin.share > weight + settle_band_bps
        ),
        None,
    )


def _stance(coin: Situation, position: int, leaning: bool) -> Stance:
    since_release, steps = coin.released
    role = role_of(coin.state, coin.forced, leaning, since_release < steps)
    if role is not Role.RETURNING:
        return Stance(role, coin.weight, coin.share)
    paces = [pace for pace in (coin.released,) if pace[0] < pace[1]]
    if coin.state is State.RECOVERING:
        paces.append(coin.recovered)
    done, steps = min(paces, key=lambda pace: Fraction(*pace))
    own = coin.plan[position] if coin.plan else 0
    return Stance(role, coin.weight, coin.share, own, done, steps)


def compose(coins: Sequence[Stance], emergency: Sequence[Sequence[int]], cap: int) -> list[int]:
    """Target weights, sum exactly 10,000.

    `emergency` holds, for each coin that is CUT and in any order, the weights of all coins in that crisis:
    10,000 or less. No FREE coin is raised above `cap` or its ordinary weight while another coin has room; one
    that returns at most to its step, one that is HELD or CUT never.
    """
    base = [min((e[i] for e in emergency), default=coin.weight) for i, coin in enumerate(coins)]
    tops = [_top(coin, at, cap) for coin, at in zip(coins, base, strict=True)]
    weights = [min(at, top) for at, top in zip(base, tops, strict=True)]
    limits = [
        top if coin.role is Role.FREE else max(top, coin.share) for coin, top in zip(coins, tops, strict=True)
    ]
    free = [i for i, coin in enumerate(coins) if coin.role is Role.FREE]
    left = BPS - sum(weights)
    total = sum(coins[i].weight for i in free)
    if total:
        for i, added in [(i, min(left * coins[i].weight // total, limits[i] - weights[i])) for i in free]:
            weights[i] += added
        left = BPS - sum(weights)
    for roles in ((Role.FREE,), (Role.HELD, Role.RETURNING), (Role.CUT,)):
        among = [i for i, coin in enumerate(coins) if coin.role in roles]
        left = _spread(weights, limits, among, left)
    weights[_last_resort(coins, weights)] += left
    return weights


def defaults(asset: int, weights: Sequence[int], leaning: Sequence[bool], cap: int) -> list[int]:
    """Emergency weights of the coin at `asset`: none of it, no more of what leans on it, others composed."""
    coins = [
        Stance(Role.CUT if i == asset else Role.HELD if leaning[i] else Role.FREE, weight, weight)
        for i, weight in enumerate(weights)
    ]
    without = [0 if i == asset else weight for i, weight in enumerate(weights)]
    return compose(coins, [without], cap)


def public_keep(elapsed: int, auction: int, premium: int, slip: int) -> int:
    """bps of the oracle's price that a public fill brings: from 10,000 + premium down to 10,000 - slip."""
    if elapsed >= auction:
        return BPS - slip
    return BPS + premium - (premium + slip) * elapsed // auction


def _top(coin: Stance, base: int, cap: int) -> int:
    """What a coin's own role allows it. No cut leaves a coin with more than its ordinary weight."""
    match coin.role:
        case Role.FREE:
            return max(cap, coin.weight)
        case Role.CUT:
            return min(coin.weight, coin.share)
        case Role.RETURNING:
            if coin.weight <= coin.own:
                return coin.weight
            return coin.own + (coin.weight - coin.own) * coin.done // coin.steps
    return min(base, coin.share)


def _spread(weights: list[int], limits: Sequence[int], among: Sequence[int], left: int) -> int:
    """Raises coins in proportion to their room, the rest unit by unit in their order; what still is left."""
    rooms = {i: max(0, limits[i] - weights[i]) for i in among}
    total = sum(rooms.values())
    given = min(left, total)
    if given == 0:
        return left
    for i, room in rooms.items():
        weights[i] += given * room // total
    rest = given - sum(given * room // total for room in rooms.values())
    for i in among:
        more = min(rest, max(0, limits[i] - weights[i]))
        weights[i] += more
        rest -= more
    return left - given


def _last_resort(coins: Sequence[Stance], weights: Sequence[int]) -> int:
    """The largest coin that may be bought, else the largest share not CUT, else of all; first of equals."""

    def rank(i: int) -> tuple[bool, bool, int, int]:
        is_free = coins[i].role is Role.FREE
        return is_free, coins[i].role is not Role.CUT, weights[i] if is_free else coins[i].share, -i

    return max(range(len(coins)), key=rank)
