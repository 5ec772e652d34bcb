"""Temporary stand-in for ballast.model.rebalance: replaced by imports when that lands."""

from ballast.units import BPS, WAD, ceil_div

PPT = 10**12
PPT_PER_BPS = 10**8


def value_of(reserve: int, scale: int, price: int) -> int:
    """WAD{USD}, rounded down."""
    return reserve * scale * price // WAD


def max_drift(values: tuple[int, ...], total: int, weights: tuple[int, ...]) -> int:
    """bps of the fund, rounded up."""
    if total == 0:
        return 0
    worst = max((abs(v * BPS - w * total) for v, w in zip(values, weights, strict=True)), default=0)
    return ceil_div(worst, total)


def value_to_move(values: tuple[int, ...], total: int, weights: tuple[int, ...]) -> int:
    """WAD{USD}, rounded down."""
    return sum(abs(v * BPS - w * total) for v, w in zip(values, weights, strict=True)) // (2 * BPS)


def worst_peg(prices: tuple[int, ...]) -> int:
    """bps off one dollar, rounded up."""
    return ceil_div(max((abs(p - WAD) for p in prices), default=0) * BPS, WAD)


def gas_cost(gas_price: int, gas_units: int, eth_price: int) -> int:
    """WAD{USD}, rounded down."""
    return gas_price * gas_units * eth_price // WAD


def slippage(base: int, ceiling: int, mid_in: int, mid_out: int, snap_in: int, snap_out: int) -> int:
    """bps of the trade."""
    now, then = mid_in * snap_out, mid_out * snap_in
    return ceiling if then == 0 else min(ceiling, base + abs(now - then) * BPS // then)


def minimum_out(sold: int, scale_in: int, low_in: int, scale_out: int, high_out: int, slip_bps: int) -> int:
    """Of the coin bought, own decimals, rounded up."""
    return ceil_div(sold * scale_in * low_in * (BPS - slip_bps), scale_out * high_out * BPS)


def refilled(used: int, elapsed: int, budget_bps: int, period: int) -> int:
    """ppt still spent."""
    return max(0, used - budget_bps * PPT_PER_BPS * elapsed // period)


def loss_available(used: int, budget_bps: int, total: int) -> int:
    """WAD{USD} left to lose, rounded down."""
    return max(0, budget_bps * PPT_PER_BPS - used) * total // PPT
