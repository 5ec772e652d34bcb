"""The Rebalancer's view of a snapshot: basket, verdict, limits; computed with the exact model.

An emergency session has terms of its own: `as_traded` puts them into the snapshot, so that nothing else here
has to tell sessions apart.
"""

from dataclasses import dataclass, replace

from ballast.keeper.snapshot import Coin, EmergencyView, FillParams, Phase, Snapshot, Verdict
from ballast.model.prices import PriceQuote, Status
from ballast.model.rebalance import (
    Facts,
    at_worst,
    decide,
    gas_cost,
    loss_available,
    max_drift,
    merge_targets,
    minimum_out,
    refilled,
    slippage,
    value_of,
    value_to_move,
    worst_peg,
)
from ballast.units import BPS

_NEVER = 2**256 - 1  # s since what never happened, as on chain


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

    def headroom(self, token: str, beyond_bps: int) -> int:
        """WAD{USD} * bps that may be bought: to target and so far beyond, or half as far as it is below."""
        short = max(0, -self.gap(token))
        return short + min(short // 2, beyond_bps * self.total)

    @property
    def leaving(self) -> frozenset[str]:
        """Coins on their way out."""
        pairs = zip(self.coins, self.targets, strict=True)
        return frozenset(coin.token for coin, target in pairs if target == 0)


def is_open(snapshot: Snapshot) -> bool:
    """Whether a session is open; one past its time or outdated is not, even before anybody says so."""
    in_time = snapshot.timestamp < snapshot.session.expires_at
    return snapshot.session.phase == Phase.OPEN and in_time and not is_outdated(snapshot)


def is_outdated(snapshot: Snapshot) -> bool:
    """Whether the session's targets were set before the last change towards caution."""
    return outdated_at(snapshot) is not None


def outdated_at(snapshot: Snapshot) -> int | None:
    """When the session's targets became outdated, in seconds; None while they hold.

    By a coin whose state worsened; an emergency's own also by a plan or a guardian's word.
    """
    session, emergency = snapshot.session, snapshot.emergency
    if emergency is None:
        return None
    at = emergency.changed_at if session.is_emergency else emergency.worsened_at
    # What was opened in the block of the change may have been opened before it; an emergency answers to it.
    return at if at >= session.opened_at + session.is_emergency else None


def in_emergency(snapshot: Snapshot) -> bool:
    """Whether an emergency session is open."""
    return is_open(snapshot) and snapshot.session.is_emergency


def is_tradable(quote: PriceQuote, lenient: bool = False) -> bool:
    """Whether a price is fit to trade on; an emergency also trades on sources that disagree."""
    fit = (Status.GOOD, Status.DIVERGED) if lenient else (Status.GOOD,)
    return quote.status in fit and 0 < quote.low <= quote.high


def as_traded(snapshot: Snapshot) -> Snapshot:
    """The snapshot with the terms that fills are held to: in an emergency session prices, limits and loss
    budget are the emergency's, and a coin without a usable price counts nothing. The same when done twice.
    """
    emergency = snapshot.emergency
    if emergency is None or not in_emergency(snapshot):
        return snapshot
    used, filled_at = emergency.loss_used, emergency.last_fill_at
    return replace(
        snapshot,
        coins=tuple(
            coin
            if is_tradable(coin.quote, lenient=True)
            else replace(coin, quote=PriceQuote(0, 0, coin.quote.status))
            for coin in snapshot.coins
        ),
        params=replace(snapshot.params, fill=_emergency_fill(emergency), pairs=()),
        session=replace(snapshot.session, loss_used=used, last_fill_at=filled_at),
    )


def _emergency_fill(emergency: EmergencyView) -> FillParams:
    """An emergency's limits as a session's: the ceiling is the slippage at rest, so nothing widens it."""
    given = emergency.params
    return FillParams(
        settle_band_bps=given.settle_band_bps,
        slip_bps=given.slip_bps,
        slip_ceiling_bps=given.slip_bps,
        loss_budget_bps=given.loss_budget_bps,
        loss_period=given.loss_period,
        fill_interval=given.fill_interval,
        max_trades=given.max_trades,
        max_trade_value=given.max_trade_value,
    )


def basket_of(snapshot: Snapshot) -> Basket:
    """The open session's basket; with none open, that of the session that would open now."""
    by_token = {coin.token: coin for coin in snapshot.coins}
    held = [coin for coin in snapshot.coins if coin.held]
    if is_open(snapshot):
        targets = [(coin.token, coin.vault_weight) for coin in held]
    else:
        wanted = [(coin.token, coin.optimal_weight) for coin in snapshot.coins]
        merged = merge_targets([(coin.token, coin.reserve, coin.scale) for coin in held], wanted)
        targets = [(token, weight) for token, weight, _ in merged]
    coins = tuple(by_token[token] for token, _ in targets)
    values = tuple(value_of(coin.reserve, coin.scale, coin.quote.mid) for coin in coins)
    return Basket(coins, tuple(weight for _, weight in targets), values)


def bad_prices(snapshot: Snapshot) -> tuple[str, ...]:
    """What cannot be priced now, ETH included, each with its status."""
    priced = [(coin.symbol, coin.quote) for coin in basket_of(snapshot).coins]
    priced.append(("ETH", snapshot.eth_quote))
    return tuple(f"{symbol} ({quote.status.name})" for symbol, quote in priced if not is_tradable(quote))


def since_ended(snapshot: Snapshot) -> int:
    """Seconds since a session last ended; beyond any cooldown when none ever did or one is open."""
    session, void_at = snapshot.session, outdated_at(snapshot)
    ended_at = session.expires_at if session.phase == Phase.OPEN else session.last_ended_at
    if session.phase == Phase.OPEN and void_at is not None:
        ended_at = min(ended_at, void_at)
    return _NEVER if ended_at == 0 or is_open(snapshot) else snapshot.timestamp - ended_at


def assess(snapshot: Snapshot) -> Verdict:
    """What `shouldRebalance()` must answer in the snapshot's block."""
    snapshot = as_traded(snapshot)
    trigger, basket = snapshot.params.trigger, basket_of(snapshot)
    fleeing = in_emergency(snapshot)
    crisis = snapshot.emergency is not None and snapshot.emergency.due is not None and not fleeing
    facts = Facts(
        paused=snapshot.paused,
        halted=snapshot.halted and not fleeing,
        crisis=crisis,
        data_good=fleeing or not (snapshot.data_stale or bad_prices(snapshot)),
        session_open=is_open(snapshot),
        since_ended=since_ended(snapshot),
        since_settled=snapshot.timestamp - snapshot.session.last_settled_at,
        drift_bps=basket.drift,
        peg_bps=worst_peg([coin.quote.mid for coin in basket.coins]),
        to_move=basket.to_move,
        gas_cost=gas_cost(snapshot.gas_price, trigger.gas_estimate, snapshot.eth_quote.high),
    )
    return Verdict(*decide(facts, trigger, snapshot.params.fill.settle_band_bps))


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


def bought_beyond(snapshot: Snapshot, basket: Basket) -> int:
    """bps beyond their targets that coins are bought so that a leaving one can be sold to the last unit.

    Half of what settlement tolerates; nothing while no coin leaves.
    """
    return snapshot.params.fill.settle_band_bps // 4 if basket.leaving else 0


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


def loss_counted(snapshot: Snapshot, sold: Coin, bought: Coin, value_in: int, value_out: int) -> int:
    """WAD{USD} that a trade takes off the loss budget; below 0 a gain. Both values at mid prices.

    An emergency trades on sources that disagree, and counts the worst of them.
    """
    if not in_emergency(snapshot):
        return value_in - value_out
    given, _ = at_worst(value_in, 0, sold.quote.low, sold.quote.high)
    _, taken = at_worst(0, value_out, bought.quote.low, bought.quote.high)
    return given - taken


def _limits(snapshot: Snapshot, sold: Coin, bought: Coin) -> tuple[int, int]:
    """Slippage at rest and largest value of a pair, either way round."""
    for own in snapshot.params.pairs:
        if {own.token_a, own.token_b} == {sold.token, bought.token}:
            return own.slip_bps, own.max_trade_value
    return snapshot.params.fill.slip_bps, snapshot.params.fill.max_trade_value
