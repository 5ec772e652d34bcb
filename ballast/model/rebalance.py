"""Exact twin of `RebalanceMath`, `PriceSnapshot` and `BasketMath`: when to rebalance, and what a fill may do.

Units as on chain: values WAD{USD}, prices WAD{USD/coin}, scales 10**(18 - decimals), weights and drifts bps,
the loss budget in 1e-12 of the fund ("ppt"), times in seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import starmap
from typing import Final

from ballast.units import BPS, WAD, ceil_div

PPT: Final = 10**12  # the whole fund
PPT_PER_BPS: Final = PPT // BPS
SNAP_PRICE_MAX: Final = 2**43 - 1  # 1e-8 USD: a snapshot holds no more than $87,960
WAD_PER_SNAP: Final = 10**10  # WAD in 1e-8 USD
DUST: Final = WAD // 100  # WAD{coin}: as little of a coin is left behind when it is dropped


class Reason(IntEnum):
    """`IRebalancer.Reason`: one for every yes and every no."""

    IN_BAND = 0
    DRIFT = 1
    PRICE = 2
    CALENDAR = 3
    SESSION_OPEN = 4
    COOLDOWN = 5
    BELOW_MIN_VALUE = 6
    GAS_TOO_HIGH = 7
    STALE_DATA = 8
    PAUSED = 9
    CRISIS = 10


class Move(IntEnum):
    """`RebalanceMath.Move`: how a coin moved against its target."""

    OK = 0
    AWAY = 1
    OVERSHOT = 2


@dataclass(frozen=True, slots=True)
class TriggerParams:
    """When a session may open; the contract's `TriggerParams`."""

    drift_bps: int
    price_bps: int
    calendar_interval: int  # s
    cooldown: int  # s
    session_length: int  # s
    gas_estimate: int  # gas
    min_value: int  # WAD{USD}
    gas_ceiling: int  # WAD{USD}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decision looks at; the contract's `Facts`."""

    paused: bool
    data_good: bool
    session_open: bool
    since_ended: int  # s; 2**256 - 1 when no session ever ended
    since_settled: int  # s
    drift_bps: int
    peg_bps: int
    to_move: int  # WAD{USD}
    gas_cost: int  # WAD{USD}
    crisis: bool = False  # an emergency is due, and no emergency session is open
    halted: bool = False  # ordinary trading is stopped


def mid(low: int, high: int) -> int:
    """WAD{USD/coin}, rounded down."""
    return (low + high) // 2


def value_of(reserve: int, scale: int, price: int) -> int:
    """WAD{USD} of a reserve in its token's own decimals, rounded down."""
    return reserve * scale * price // WAD


def values_of(
    reserves: Sequence[int], scales: Sequence[int], prices: Sequence[int]
) -> tuple[tuple[int, ...], int]:
    """Each coin's value and their sum, WAD{USD}."""
    values = tuple(starmap(value_of, zip(reserves, scales, prices, strict=True)))
    return values, sum(values)


def max_drift(values: Sequence[int], total: int, weights: Sequence[int]) -> int:
    """bps of the fund that the farthest coin is off its target, rounded up; 0 for an empty fund."""
    if total == 0:
        return 0
    return ceil_div(max(_off_target(values, total, weights), default=0), total)


def value_to_move(values: Sequence[int], total: int, weights: Sequence[int]) -> int:
    """WAD{USD} that must change hands to be on target: half of all distances, rounded down."""
    return sum(_off_target(values, total, weights)) // (2 * BPS)


def worst_peg(prices: Sequence[int]) -> int:
    """bps of a dollar that the farthest coin is off one dollar, rounded up."""
    return ceil_div(max((abs(price - WAD) for price in prices), default=0) * BPS, WAD)


def gas_cost(gas_price: int, gas_units: int, eth_price: int) -> int:
    """WAD{USD} of `gas_units` at `gas_price` wei and `eth_price` WAD{USD/ETH}, rounded down."""
    return gas_price * gas_units * eth_price // WAD


def decide(facts: Facts, params: TriggerParams, settle_band_bps: int) -> tuple[bool, Reason]:
    """Whether a rebalance may run now, and the one reason why or why not."""
    gates = (
        (facts.paused, False, Reason.PAUSED),
        (facts.crisis, True, Reason.CRISIS),
        (facts.halted, False, Reason.PAUSED),
        (not facts.data_good, False, Reason.STALE_DATA),
        (facts.session_open, True, Reason.SESSION_OPEN),
        (facts.since_ended < params.cooldown, False, Reason.COOLDOWN),
    )
    for holds, verdict, reason in gates:
        if holds:
            return verdict, reason
    trigger = _trigger(facts, params, settle_band_bps)
    if trigger is Reason.IN_BAND:
        return False, trigger
    if facts.to_move < params.min_value:
        return False, Reason.BELOW_MIN_VALUE
    if facts.gas_cost > params.gas_ceiling:
        return False, Reason.GAS_TOO_HIGH
    return True, trigger


def slippage(base: int, ceiling: int, mid_in: int, mid_out: int, snap_in: int, snap_out: int) -> int:
    """bps of a trade: the limit at rest, plus the pair's move since the session opened, up to the ceiling."""
    now, then = mid_in * snap_out, mid_out * snap_in
    if then == 0:
        return ceiling
    return min(ceiling, base + abs(now - then) * BPS // then)


def minimum_out(sold: int, scale_in: int, low_in: int, scale_out: int, high_out: int, slip_bps: int) -> int:
    """The least a trade may bring, in the bought token's own decimals, rounded up."""
    return ceil_div(sold * scale_in * low_in * (BPS - slip_bps), scale_out * high_out * BPS)


def movement(before: int, after: int, weight: int, total: int, dust: int, tolerance: int) -> Move:
    """How a coin's value WAD{USD} moved against `weight` bps of the fund's `total` before the fill.

    `dust` is the WAD{USD} of one unit of the coin, `tolerance` the bps of the fund it may land beyond target.
    """
    target, start, end = weight * total, before * BPS, after * BPS
    distance = abs(end - target)
    if distance > abs(start - target) + dust * BPS:
        return Move.AWAY
    crossed = end < target if start > target else end > target
    return Move.OVERSHOT if crossed and distance > tolerance * total else Move.OK


def unit_value(scale: int, price: int) -> int:
    """WAD{USD} of one unit of a coin, rounded up."""
    return ceil_div(scale * price, WAD)


def refilled(used: int, elapsed: int, budget_bps: int, period: int) -> int:
    """ppt still spent of the budget after `elapsed` seconds."""
    return max(0, used - budget_bps * PPT_PER_BPS * elapsed // period)


def loss_share(loss: int, total: int) -> int:
    """ppt of `total` that `loss` is, rounded up."""
    return ceil_div(loss * PPT, total)


def loss_available(used: int, budget_bps: int, total: int) -> int:
    """WAD{USD} left to lose, rounded down."""
    return max(0, budget_bps * PPT_PER_BPS - used) * total // PPT


def at_worst(before: int, after: int, low: int, high: int) -> tuple[int, int]:
    """WAD{USD} (given, taken) of one coin in an emergency fill: sold at its high price, bought at its low.

    Such a fill loses the sum of what was given less the sum of what was taken: no more is lost, whichever
    source is false. `before` and `after` are the coin's values at mid.
    """
    mid_price = mid(low, high)
    if after < before:
        return ceil_div((before - after) * high, mid_price), 0
    return 0, (after - before) * low // mid_price


def snapshot_price(price: int) -> int:
    """A price as a session stores it: 1e-8 USD, rounded down, held at the largest that fits."""
    return min(price // WAD_PER_SNAP, SNAP_PRICE_MAX)


def merge_targets(
    held: Sequence[tuple[str, int, int]], wanted: Sequence[tuple[str, int]]
) -> tuple[tuple[str, int, int], ...]:
    """The basket the next session sets, as (token, weight in bps, reserve).

    `held` are the vault's (token, reserve, scale), `wanted` the calculator's (token, weight). Held coins keep
    their order, at weight 0 when no longer wanted, left out when no more than dust is left of them; new coins
    follow. Wanted at weight 0 is not wanted: a coin that was fled leaves, and its dead feed with it.
    """
    weights = {token: weight for token, weight in wanted if weight}
    kept = tuple(
        (token, weights.get(token, 0), reserve)
        for token, reserve, scale in held
        if token in weights or reserve * scale > DUST
    )
    known = {token for token, _, _ in held}
    return kept + tuple((token, weight, 0) for token, weight in weights.items() if token not in known)


def _trigger(facts: Facts, params: TriggerParams, settle_band_bps: int) -> Reason:
    if facts.drift_bps > params.drift_bps:
        return Reason.DRIFT
    if facts.drift_bps <= settle_band_bps:
        return Reason.IN_BAND
    if facts.peg_bps > params.price_bps:
        return Reason.PRICE
    return Reason.CALENDAR if facts.since_settled > params.calendar_interval else Reason.IN_BAND


def _off_target(values: Sequence[int], total: int, weights: Sequence[int]) -> list[int]:
    return [abs(value * BPS - weight * total) for value, weight in zip(values, weights, strict=True)]
