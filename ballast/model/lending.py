"""What lent coins count for, who is paid from where, how much may be lent: the twin of `LendingMath.sol`.

With V the value of a coin's strategies, C what counts for who leaves and L the gains still locked: who leaves
counts min(V, C), who enters counts V. A gain that a look at V finds is locked and comes to count evenly over
the coin's unlock period; a loss is taken from L first and then from C, at once. C is below zero after gains
came back as coins before they counted: so much of the idle coins waits. Amounts in the coin's own decimals.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ballast.units import BPS, ceil_div

PPT: Final = 10**12  # the coin's whole reserve
PPT_PER_BPS: Final = PPT // BPS
MAX_USED: Final = 2**40 - 1  # ppt
NOT_ASKED_AFTER: Final = 2  # failures of a coin's strategies


@dataclass(frozen=True, slots=True)
class Gains:
    """What is lent of a coin, for who leaves."""

    counted: int  # as of `since`
    locked: int  # comes to count from `since` to `full_at`
    since: int  # seconds
    full_at: int  # seconds


@dataclass(frozen=True, slots=True)
class Holding:
    """One strategy as it answers now; `pays` says whether a redemption goes through."""

    shares: int
    value: int
    liquid: int  # at most `value`
    pays: bool = True


@dataclass(frozen=True, slots=True)
class Payment:
    """What one strategy gives to who leaves: shares redeemed for `coins`, and shares given in kind."""

    redeemed: int
    coins: int
    given: int


def accrue(gains: Gains, time: int) -> Gains:
    """`gains` as of `time`: what has unlocked counts."""
    left = 0
    if time < gains.full_at:
        left = ceil_div(gains.locked * (gains.full_at - time), gains.full_at - gains.since)
    return replace(gains, counted=gains.counted + gains.locked - left, locked=left, since=time)


def settle(gains: Gains, value: int, period: int, time: int) -> tuple[Gains, int, int]:
    """A look at the value: (gains, newly locked gain, loss). `gains` must be up to `time`."""
    expected = gains.counted + gains.locked
    if value > expected:
        gain = value - expected
        left = max(0, gains.full_at - time)
        locked = gains.locked + gain
        full_at = time + (gains.locked * left + gain * period) // locked
        return replace(gains, locked=locked, full_at=full_at), gain, 0
    counted = min(gains.counted, value)
    return replace(gains, counted=counted, locked=max(0, value - gains.counted)), 0, expected - value


def low_of(value: int, counted: int) -> int:
    """What who leaves counts of the lent coins; below zero, so much of the idle ones waits."""
    return min(value, counted)


def scale_down(gains: Gains, part: int, whole: int) -> Gains:
    """`gains` without `part` of `whole` of what is lent: nothing of it shows as a loss."""
    counted = gains.counted - ceil_div(max(0, gains.counted) * part, whole)
    return replace(gains, counted=counted, locked=gains.locked - ceil_div(gains.locked * part, whole))


def shares_for(shares: int, assets: int, value: int) -> int:
    """Shares worth at most `assets` of a holding's `value`."""
    return shares if assets >= value else shares * assets // value


def shares_covering(shares: int, assets: int, value: int) -> int:
    """Shares worth at least `assets` of a holding's `value`, all of them at most."""
    return shares if assets >= value else ceil_div(shares * assets, value)


def worth_of(part: int, shares: int, value: int) -> int:
    """What `part` of a holding's `shares` is worth, rounded down."""
    return value * part // shares if shares else 0


def jumped(seen_value: int, seen_shares: int, value: int, shares: int, jump_bps: int) -> bool:
    """Whether a share's price moved by more than the bound, beyond what rounding two values explains."""
    if not seen_shares or not shares:
        return False
    then = seen_value * shares
    moved = abs(value * seen_shares - then) - shares - seen_shares
    return moved > 0 and moved > then * jump_bps // BPS


def by_largest(amounts: Sequence[int]) -> list[int]:
    """Positions, the largest amount first, equal ones as they come."""
    return sorted(range(len(amounts)), key=lambda at: -amounts[at])


def room_under_caps(reserve: int, value: int, absolute_cap: int, relative_cap_bps: int) -> int:
    """What a strategy may still take under its caps."""
    return max(0, min(absolute_cap, reserve * relative_cap_bps // BPS) - value)


def beyond_buffer(reserve: int, idle: int, buffer_bps: int) -> int:
    """Idle coins that the buffer does not keep."""
    return max(0, idle - ceil_div(reserve * buffer_bps, BPS))


def allocatable(
    idle: int,
    values: Sequence[int],
    at: int,
    absolute_cap: int,
    relative_cap_bps: int,
    buffer_bps: int,
    takes: int,
) -> int:
    """The most that strategy `at` may be given, where it has not jumped and nothing else forbids it."""
    reserve = idle + sum(values)
    under = room_under_caps(reserve, values[at], absolute_cap, relative_cap_bps)
    return min(beyond_buffer(reserve, idle, buffer_bps), under, takes)


def charged(used: int, elapsed: int, budget_bps: int, period: int, loss: int, reserve: int) -> int:
    """Parts per trillion of the reserve used of the loss budget, refilled and with `loss` on top."""
    used = max(0, used - budget_bps * PPT_PER_BPS * elapsed // period)
    if not loss:
        return used
    return min(MAX_USED, used + ceil_div(loss * PPT, reserve)) if reserve else MAX_USED


def from_idle(owed: int, idle: int) -> tuple[int, int]:
    """What is owed of a coin: (out of the idle coins, out of the strategies)."""
    return min(owed, idle), max(0, owed - idle)


def pay_out(assets: int, holdings: Sequence[Holding]) -> list[Payment]:
    """Who pays `assets`: coins from the most liquid first, then shares in the same order.

    A strategy that pays answers its shares' worth; after NOT_ASKED_AFTER failures the others are not asked.
    """
    order = by_largest([h.liquid for h in holdings])
    left = list(holdings)
    redeemed, coins, given = ([0] * len(left) for _ in range(3))
    failures = 0
    for at in order:
        take = min(assets, left[at].liquid)
        if not take or failures == NOT_ASKED_AFTER:
            break
        shares = shares_for(left[at].shares, take, left[at].value)
        if not left[at].pays or not shares:
            failures += 1
            continue
        redeemed[at], coins[at] = shares, worth_of(shares, left[at].shares, left[at].value)
        left[at] = replace(left[at], shares=left[at].shares - shares, value=left[at].value - take)
        assets -= take
    for at in order:
        take = min(assets, left[at].value)
        given[at] = shares_for(left[at].shares, take, left[at].value) if take else 0
        assets -= take if given[at] else 0
    return [Payment(*each) for each in zip(redeemed, coins, given, strict=True)]
