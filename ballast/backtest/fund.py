"""The fund and its session as vault and Rebalancer keep them; what settlement refuses stays undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ballast.keeper.planning import PlannedTrade
from ballast.keeper.rules import as_traded, basket_of, is_open, outdated_at, slip_limit, trade_limit
from ballast.keeper.snapshot import Phase, Session, SessionPrice, Snapshot
from ballast.model.rebalance import (
    PPT_PER_BPS,
    Move,
    at_worst,
    loss_share,
    max_drift,
    minimum_out,
    movement,
    refilled,
    snapshot_price,
    unit_value,
    value_of,
)


@dataclass(frozen=True)
class Fund:
    """What the chain remembers. Amounts in own decimals, weights bps, both by token."""

    reserves: Mapping[str, int]
    weights: Mapping[str, int]
    session: Session
    flight_loss: int = 0  # 1e-12 of the fund, spent of the emergencies' loss budget as of `flight_at`
    flight_at: int = 0  # s, the last fill of an emergency session

    @property
    def spent(self) -> tuple[int, int]:
        """What the open session's kind has spent of its loss budget, and as of when."""
        session = self.session
        if session.is_emergency:
            return self.flight_loss, self.flight_at
        return session.loss_used, session.last_fill_at


@dataclass(frozen=True)
class Refusal:
    """Why the contracts would have reverted."""

    error: str
    detail: str


@dataclass(frozen=True)
class Filled:
    """The fund after a fill that settled. Values WAD{USD} at the moment's mid prices."""

    fund: Fund
    value_before: int
    value_after: int
    drift_before_bps: int
    drift_after_bps: int
    settled: bool


def opened(fund: Fund, snapshot: Snapshot) -> Fund:
    """A new session: targets go to the vault, prices into the session."""
    return _begun(fund, snapshot, snapshot.params.trigger.session_length, False)


def fled(fund: Fund, snapshot: Snapshot) -> Fund:
    """An emergency session, in place of one that may be open."""
    session, emergency = snapshot.session, snapshot.emergency
    assert emergency is not None, "somebody says that a coin is to be fled"
    if session.phase == Phase.OPEN:
        ended = session.last_ended_at if is_open(snapshot) else _end_of(snapshot)
        snapshot = replace(snapshot, session=replace(session, phase=Phase.EXPIRED, last_ended_at=ended))
    return _begun(fund, snapshot, emergency.params.session_length, True)


def _begun(fund: Fund, snapshot: Snapshot, length: int, is_emergency: bool) -> Fund:
    session, basket = snapshot.session, basket_of(snapshot)
    ended = session.expires_at if session.phase == Phase.OPEN else session.last_ended_at
    prices = tuple(SessionPrice(coin.token, snapshot_price(coin.quote.mid)) for coin in basket.coins)
    fresh = replace(
        session,
        phase=Phase.OPEN,
        id=session.id + 1,
        opened_at=snapshot.timestamp,
        expires_at=snapshot.timestamp + length,
        last_ended_at=ended,
        prices=prices,
        is_emergency=is_emergency,
    )
    weights = {coin.token: weight for coin, weight in zip(basket.coins, basket.targets, strict=True)}
    return replace(fund, weights=weights, session=fresh)


def closed(fund: Fund, snapshot: Snapshot) -> Fund:
    """The session ended: past its time as of then, outdated or settled now. The caller knows that it may."""
    session = fund.session
    if not is_open(snapshot):
        over = replace(session, phase=Phase.EXPIRED, last_ended_at=_end_of(snapshot), prices=())
        return replace(fund, session=over)
    return replace(fund, session=_settled(session, snapshot.timestamp))


def filled(
    fund: Fund, snapshot: Snapshot, trades: Sequence[PlannedTrade], brought: Sequence[int]
) -> Filled | Refusal:
    """The trades settled by the Rebalancer's checks, or the first check that refuses them.

    `fund` and `snapshot` are those of the open session; `brought` is what the venue paid, own decimals.
    """
    snapshot = as_traded(snapshot)
    if not trades or len(trades) > snapshot.params.fill.max_trades:
        return Refusal("TradeCount", f"{len(trades)} trades")
    ready = fund.spent[1] + snapshot.params.fill.fill_interval
    if snapshot.timestamp < ready:
        return Refusal("FillTooSoon", f"ready at {ready}")
    refused = _check_trades(snapshot, trades, brought) or _check_holdings(fund, trades)
    if refused:
        return refused
    reserves = dict(fund.reserves)
    for trade, got in zip(trades, brought, strict=True):
        reserves[trade.token_in] -= trade.amount_in
        reserves[trade.token_out] += got
    return _measured(fund, snapshot, reserves)


def _end_of(snapshot: Snapshot) -> int:
    """s, when a session that is open no more has ended: at its time, or when its targets were outdated."""
    expires_at, void_at = snapshot.session.expires_at, outdated_at(snapshot)
    return expires_at if void_at is None else min(expires_at, void_at)


def _settled(session: Session, now: int) -> Session:
    return replace(session, phase=Phase.SETTLED, last_ended_at=now, last_settled_at=now, prices=())


def _check_trades(
    snapshot: Snapshot, trades: Sequence[PlannedTrade], brought: Sequence[int]
) -> Refusal | None:
    """Floors, one by one, and the value that each pair trades in the fill."""
    sizes: dict[frozenset[str], int] = {}
    for trade, got in zip(trades, brought, strict=True):
        sold, bought = snapshot.coin(trade.token_in), snapshot.coin(trade.token_out)
        slip = slip_limit(snapshot, sold, bought)
        floor = minimum_out(
            trade.amount_in, sold.scale, sold.quote.low, bought.scale, bought.quote.high, slip
        )
        least = max(floor, trade.min_amount_out)
        if got < least:
            return Refusal(
                "BelowFloor", f"{sold.symbol} -> {bought.symbol} brought {got} of at least {least}"
            )
        pair, limit = frozenset(trade.pair), trade_limit(snapshot, sold, bought)
        sizes[pair] = sizes.get(pair, 0) + value_of(trade.amount_in, sold.scale, sold.quote.mid)
        if sizes[pair] > limit:
            return Refusal("TradeTooLarge", f"{sold.symbol} -> {bought.symbol}: {sizes[pair]} of {limit}")
    return None


def _check_holdings(fund: Fund, trades: Sequence[PlannedTrade]) -> Refusal | None:
    for token in {trade.token_in for trade in trades}:
        sold = sum(trade.amount_in for trade in trades if trade.token_in == token)
        if sold > fund.reserves[token]:
            return Refusal("ReserveExceeded", f"{sold} of {fund.reserves[token]}")
    return None


def _measured(fund: Fund, snapshot: Snapshot, reserves: Mapping[str, int]) -> Filled | Refusal:
    """Movements towards the targets, then the loss budget."""
    basket, limits, now = basket_of(snapshot), snapshot.params.fill, snapshot.timestamp
    ends, counted = [], 0
    for coin, target, value in zip(basket.coins, basket.targets, basket.values, strict=True):
        end = value_of(reserves[coin.token], coin.scale, coin.quote.mid)
        dust = unit_value(coin.scale, coin.quote.mid)
        move = movement(value, end, target, basket.total, dust, limits.settle_band_bps // 2)
        if move is not Move.OK:
            return Refusal(
                "Movement" + move.name, f"{coin.symbol} from {value} to {end}, target {target} bps"
            )
        ends.append(end)
        if end != value:
            given, taken = at_worst(value, end, coin.quote.low, coin.quote.high)
            counted += given - taken
    total = sum(ends)
    budget, (spent, spent_at) = limits.loss_budget_bps, fund.spent
    used = refilled(spent, now - spent_at, budget, limits.loss_period)
    loss = counted if fund.session.is_emergency else basket.total - total
    if loss > 0:
        used += loss_share(loss, basket.total)
        if used > budget * PPT_PER_BPS:
            return Refusal("LossBudgetExceeded", f"{loss}")
    drift = max_drift(ends, total, basket.targets)
    settled = drift <= limits.settle_band_bps
    fresh = _charged(replace(fund, reserves=reserves), used, now)
    if settled:
        fresh = replace(fresh, session=_settled(fresh.session, now))
    return Filled(fresh, basket.total, total, basket.drift, drift, settled)


def _charged(fund: Fund, used: int, now: int) -> Fund:
    """Ordinary sessions and emergencies have a loss budget each."""
    if fund.session.is_emergency:
        return replace(fund, flight_loss=used, flight_at=now)
    return replace(fund, session=replace(fund.session, loss_used=used, last_fill_at=now))
