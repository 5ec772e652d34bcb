"""The Rebalancer's view of a snapshot: basket, verdict, limits; computed with the exact model."""

from dataclasses import dataclass

from ballast.keeper.rebalance_math import (
    gas_cost,
    loss_available,
    max_drift,
    minimum_out,
    refilled,
    slippage,
    value_of,
    value_to_move,
    worst_peg,
)
from ballast.keeper.snapshot import ChainReason, Coin, Phase, Snapshot, Verdict
from ballast.units import BPS

_SNAPSHOT_PRICE_UNIT = 10**10  # WAD in one 1e-8 USD


@dataclass(frozen=True)
class Basket:
    """The coins a session is about, their targets and their values at mid prices, all in one order."""

    coins: tuple[Coin, ...]
    targets: tuple[int, ...]  # bps
    values: tuple[int, ...]  # WAD{USD}

    @property
    def total(self) -> int:
        """WAD{USD}."""
        return sum(self.values)

    @property
    def drift(self) -> int:
        """bps of the fund, rounded up."""
        return max_drift(self.values, self.total, self.targets)

    @property
    def to_move(self) -> int:
        """WAD{USD} that must change hands to be on target."""
        return value_to_move(self.values, self.total, self.targets)

    def gap(self, token: str) -> int:
        """WAD{USD} * bps above (or, negative, below) target. KeyError for a coin outside the basket."""
        for coin, target, value in zip(self.coins, self.targets, self.values, strict=True):
            if coin.token == token:
                return value * BPS - target * self.total
        raise KeyError(token)


def is_open(snapshot: Snapshot) -> bool:
    """Whether a session is open; one past its time is not, even before anybody says so on chain."""
    return snapshot.session.phase == Phase.OPEN and snapshot.timestamp < snapshot.session.expires_at


def basket_of(snapshot: Snapshot) -> Basket:
    """The open session's basket; with none open, that of the session that would open now."""
    open_now = is_open(snapshot)
    coins = tuple(
        c for c in snapshot.coins if (c.vault_weight if open_now else c.optimal_weight) or c.reserve
    )
    targets = tuple(c.vault_weight if open_now else c.optimal_weight for c in coins)
    values = tuple(value_of(c.reserve, c.scale, c.quote.mid) for c in coins)
    return Basket(coins, targets, values)


def bad_prices(snapshot: Snapshot) -> tuple[str, ...]:
    """Symbols of what cannot be priced now, ETH included."""
    coins = basket_of(snapshot).coins
    bad = [f"{c.symbol} ({c.quote.status.name})" for c in coins if not c.quote.is_good]
    if not snapshot.eth_quote.is_good:
        bad.append(f"ETH ({snapshot.eth_quote.status.name})")
    return tuple(bad)


def since_ended(snapshot: Snapshot) -> int | None:
    """Seconds since a session last ended; None when none ever did or one is open."""
    session = snapshot.session
    ended_at = session.expires_at if session.phase == Phase.OPEN else session.last_ended_at
    return None if ended_at == 0 or is_open(snapshot) else snapshot.timestamp - ended_at


def assess(snapshot: Snapshot) -> Verdict:
    """What `shouldRebalance()` must answer in the snapshot's block."""
    trigger = snapshot.params.trigger
    if snapshot.paused:
        return Verdict(False, ChainReason.PAUSED)
    if snapshot.data_stale or bad_prices(snapshot):
        return Verdict(False, ChainReason.STALE_DATA)
    if is_open(snapshot):
        return Verdict(True, ChainReason.SESSION_OPEN)
    ended = since_ended(snapshot)
    if ended is not None and ended < trigger.cooldown:
        return Verdict(False, ChainReason.COOLDOWN)
    basket = basket_of(snapshot)
    reason = _trigger(snapshot, basket)
    if reason == ChainReason.IN_BAND:
        return Verdict(False, reason)
    if basket.to_move < trigger.min_value:
        return Verdict(False, ChainReason.BELOW_MIN_VALUE)
    cost = gas_cost(snapshot.gas_price, trigger.gas_estimate, snapshot.eth_quote.high)
    if cost > trigger.gas_ceiling:
        return Verdict(False, ChainReason.GAS_TOO_HIGH)
    return Verdict(True, reason)


def _trigger(snapshot: Snapshot, basket: Basket) -> ChainReason:
    trigger = snapshot.params.trigger
    if basket.drift > trigger.drift_bps:
        return ChainReason.DRIFT
    if basket.drift <= snapshot.params.fill.settle_band_bps:
        return ChainReason.IN_BAND
    if worst_peg(tuple(c.quote.mid for c in basket.coins)) > trigger.price_bps:
        return ChainReason.PRICE
    if snapshot.timestamp - snapshot.session.last_settled_at > trigger.calendar_interval:
        return ChainReason.CALENDAR
    return ChainReason.IN_BAND


def slip_limit(snapshot: Snapshot, sold: Coin, bought: Coin) -> int:
    """bps that a trade of the pair may fall below the oracle."""
    fill = snapshot.params.fill
    base = min(_limits(snapshot, sold, bought)[0], fill.slip_ceiling_bps)
    if not is_open(snapshot):
        return base  # the session that opens with the fill stores today's prices
    stored = {price.token: price.price for price in snapshot.session.prices}
    snap_in, snap_out = stored.get(sold.token, 0), stored.get(bought.token, 0)
    return slippage(base, fill.slip_ceiling_bps, sold.quote.mid, bought.quote.mid, snap_in, snap_out)


def trade_limit(snapshot: Snapshot, sold: Coin, bought: Coin) -> int:
    """WAD{USD} that one fill may trade of the pair."""
    return _limits(snapshot, sold, bought)[1]


def floor_out(snapshot: Snapshot, sold: Coin, bought: Coin, amount_in: int) -> int:
    """The least that settlement accepts for an amount; own decimals of the coin bought, rounded up."""
    slip = slip_limit(snapshot, sold, bought)
    return minimum_out(amount_in, sold.scale, sold.quote.low, bought.scale, bought.quote.high, slip)


def budget_left(snapshot: Snapshot) -> int:
    """WAD{USD} that keeper fills may still lose now, refill included."""
    fill, session = snapshot.params.fill, snapshot.session
    elapsed = snapshot.timestamp - session.last_fill_at
    used = refilled(session.loss_used, elapsed, fill.loss_budget_bps, fill.loss_period)
    return loss_available(used, fill.loss_budget_bps, basket_of(snapshot).total)


def _limits(snapshot: Snapshot, sold: Coin, bought: Coin) -> tuple[int, int]:
    """Slippage at rest and largest value of a pair, either way round."""
    for own in snapshot.params.pairs:
        if {own.token_a, own.token_b} == {sold.token, bought.token}:
            return own.slip_bps, own.max_trade_value
    return snapshot.params.fill.slip_bps, snapshot.params.fill.max_trade_value
