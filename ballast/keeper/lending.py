"""What to lend where, from one snapshot: pure, so that a restarted keeper decides the same.

Taking back comes first (a coin on watch, a paused strategy, a cap exceeded, a buffer that is short), then
moving to the split that pays most, where that pays back its gas; then harvests, and last the looks that let
gains count and yields be known. Every bound here is one that the contracts hold, too: a keeper that forgot
one would be refused.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ballast.errors import DataError
from ballast.keeper.lending_view import LendingView, LentCoin, PendingReward, StrategyView
from ballast.keeper.rules import is_open, is_tradable
from ballast.keeper.snapshot import Snapshot
from ballast.model import yields
from ballast.model.rebalance import gas_cost
from ballast.units import BPS, PER_MILLE, SECONDS_PER_DAY, WAD, ceil_div, human

YEAR: Final = 365 * SECONDS_PER_DAY

# Gas, as measured on the replica with Aave's real code, which costs more than the others.
HARVEST_GAS: Final = 700_000
SYNC_GAS: Final = 150_000
RECORD_GAS: Final = 90_000

SLACK_BPS: Final = 50  # of the coin's reserve that interest may carry a strategy above its cap
SMALL_BPS: Final = 50  # of the coin's reserve: a smaller move is not worth its own transaction
SMALL_VALUE: Final = 100 * WAD  # WAD{USD}: likewise
MARGIN_PPM: Final = 1  # of the coin's reserve, left idle for what accrues until the next block
FEW_UNITS: Final = 10  # of the coin: what rounding leaves in a strategy is not fetched
RECORD_EVERY: Final = SECONDS_PER_DAY  # s between two looks at a share's price
RECORD_BPS: Final = 10  # of what is lendable, that these looks may cost in a year
HARVEST_WORTH: Final = 50  # times its gas: rewards that wait lose nothing but a little interest
SYNC_WORTH: Final = 5  # times its gas: until a gain is seen, those who leave get nothing of it


class MoveKind(StrEnum):
    """What is sent."""

    DEALLOCATE = "DEALLOCATE"
    ALLOCATE = "ALLOCATE"
    HARVEST = "HARVEST"
    SYNC = "SYNC"
    RECORD = "RECORD"


class Why(StrEnum):
    """The reason, one of these for every move and for every coin that is left as it is."""

    COIN_ON_WATCH = "COIN_ON_WATCH"
    STRATEGY_PAUSED = "STRATEGY_PAUSED"
    OVER_CAP = "OVER_CAP"
    BUFFER_SHORT = "BUFFER_SHORT"
    YIELD = "YIELD"
    REWARDS_DUE = "REWARDS_DUE"
    GAIN_UNSEEN = "GAIN_UNSEEN"  # the manager has not noted what the strategies have earned
    LOSS_UNSEEN = "LOSS_UNSEEN"
    PRICE_UNSEEN = "PRICE_UNSEEN"  # a lens has not seen a share's price for long
    # and these keep things as they are
    BEST_ALREADY = "BEST_ALREADY"
    DIFFERENTIAL_TOO_SMALL = "DIFFERENTIAL_TOO_SMALL"
    GAS_NOT_PAID_BACK = "GAS_NOT_PAID_BACK"
    NOTHING_QUALIFIES = "NOTHING_QUALIFIES"
    STALE_DATA = "STALE_DATA"
    SESSION_OPEN = "SESSION_OPEN"  # fills come first: what is idle may be sold in a minute
    STRATEGY_UNREADABLE = "STRATEGY_UNREADABLE"
    PAUSED = "PAUSED"  # somebody stopped the fund: nothing new is begun


@dataclass(frozen=True)
class Move:
    """One transaction of the lending side."""

    kind: MoveKind
    why: Why
    token: str
    strategy: str  # address; empty for a sync, which looks at all of the coin's
    amount: int  # {coin}; 0 for a harvest or a sync
    detail: str
    sales: tuple[PendingReward, ...] = ()
    lens: str = ""  # address, of a record
    is_whole: bool = False  # everything is to come back: what has accrued since the look, too

    @property
    def key(self) -> str:
        """What a refusal is remembered by."""
        return f"{self.kind.value} {self.strategy or self.token}"


@dataclass(frozen=True)
class Proposal:
    """One coin: how it is lent, how it would best be, and whether changing that is worth it."""

    coin: LentCoin
    targets: tuple[int, ...]  # {coin} a strategy, in the coin's order
    why: Why
    yield_now: int  # WAD{1/year} on all that is held of the coin, as the strategies pay now
    yield_then: int  # the same after the moves
    gain: int  # WAD{USD/year}, risk-adjusted, before gas
    cost: int  # WAD{USD} of gas

    @property
    def is_due(self) -> bool:
        """Whether the targets are to be gone to."""
        return self.why is Why.YIELD

    def net(self, horizon: int) -> int:
        """WAD{USD} gained within `horizon` seconds after gas; below 0 a loss."""
        return self.gain * horizon // YEAR - self.cost


def decide_lending(snapshot: Snapshot, refused: Set[str] = frozenset()) -> tuple[Move, ...]:
    """All moves that are due, in their order; after each the next look decides anew.

    `refused`: keys of moves that the chain would not take a short while ago. They are left out, so that one
    strategy's fault holds up no other's move.
    """
    view = snapshot.lending
    if view is None:
        return ()
    steps = (_taken_back, _reallocated, _harvested, _synced, _recorded)
    moves = (move for step in steps for coin in view.coins for move in step(snapshot, view, coin))
    return tuple(move for move in moves if move.key not in refused)


# --- taking back


def _taken_back(_: Snapshot, __: LendingView, coin: LentCoin) -> Iterator[Move]:
    """What must not stay lent, whatever it yields. Nothing while a loss could not be told: see `blind`."""
    if coin.blind:
        return
    forced = [move for strategy in coin.strategies if (move := _forced(coin, strategy)) is not None]
    yield from forced
    short = coin.buffer - coin.idle - sum(move.amount for move in forced)
    if not coin.may_enter or 2 * short <= coin.buffer or coin.worth(short) < SMALL_VALUE:
        return
    taken = {move.strategy for move in forced}
    for strategy in _dearest_last(coin):
        amount = min(short, strategy.liquid, strategy.value)
        if amount > FEW_UNITS and strategy.address not in taken:
            yield _back(coin, strategy, amount, Why.BUFFER_SHORT, "less than half of the buffer is idle")
            short -= amount


def _forced(coin: LentCoin, strategy: StrategyView) -> Move | None:
    """Out of one strategy: all of it, or what is above its cap."""
    liquid = min(strategy.value, strategy.liquid)
    excess = strategy.value - strategy.cap(coin.reserve)
    if liquid <= FEW_UNITS or not strategy.readable:
        return None
    if not coin.may_enter:
        return _back(coin, strategy, liquid, Why.COIN_ON_WATCH, "the coin is off its peg")
    if strategy.paused:
        return _back(coin, strategy, liquid, Why.STRATEGY_PAUSED, "the strategy is paused")
    if excess * BPS > coin.reserve * SLACK_BPS:
        return _back(coin, strategy, min(excess, liquid), Why.OVER_CAP, "above its cap")
    return None


def _back(coin: LentCoin, strategy: StrategyView, amount: int, why: Why, because: str) -> Move:
    whole = why in (Why.COIN_ON_WATCH, Why.STRATEGY_PAUSED) or amount == strategy.value
    out, detail = MoveKind.DEALLOCATE, f"{_told(coin, amount)} out of {strategy.name}: {because}"
    return Move(out, why, coin.token, strategy.address, amount, detail, is_whole=whole)


def _dearest_last(coin: LentCoin) -> list[StrategyView]:
    """Strategies with something to pay, the one that earns least first."""

    def earned(strategy: StrategyView) -> int:
        market = strategy.market
        return 0 if market is None else strategy.score * yields.rate(market, max(market.supplied, 1))

    return sorted((s for s in coin.strategies if s.readable), key=earned)


# --- the best split


def propose(snapshot: Snapshot, view: LendingView, coin: LentCoin) -> Proposal:
    """How the coin would best be split, and whether going there is worth it now."""
    held = tuple(strategy.value for strategy in coin.strategies)
    why = _obstacle(snapshot, coin)
    offers = [_offer(view, coin, strategy) for strategy in coin.strategies]
    known = [(at, offer) for at, offer in enumerate(offers) if offer is not None]
    if why is None and not any(offer.high > offer.low for _, offer in known):
        why = Why.NOTHING_QUALIFIES
    if why is not None:
        return _left(coin, held, why)
    targets, choices = list(held), [offer for _, offer in known]
    try:
        split = yields.split(choices, max(coin.lendable, sum(offer.low for offer in choices)))
    except DataError:
        return _left(coin, held, Why.NOTHING_QUALIFIES)
    for (at, _), amount in zip(known, split, strict=True):
        targets[at] = amount
    return _judged(snapshot, view, coin, known, tuple(targets))


def _obstacle(snapshot: Snapshot, coin: LentCoin) -> Why | None:
    """Why nothing may be moved for yield now."""
    if not coin.may_enter:
        return Why.COIN_ON_WATCH
    if snapshot.paused or snapshot.halted:
        return Why.PAUSED
    if coin.blind:
        return Why.STRATEGY_UNREADABLE
    if coin.price is None or not is_tradable(snapshot.eth_quote):
        return Why.STALE_DATA
    return Why.SESSION_OPEN if is_open(snapshot) else None


def _offer(view: LendingView, coin: LentCoin, strategy: StrategyView) -> yields.Offer | None:
    """How much of the strategy's market may be ours: from what cannot leave to the tightest bound."""
    market = strategy.market
    if market is None or not strategy.readable:
        return None
    low = max(0, strategy.value - strategy.liquid)
    others = max(0, market.supplied - strategy.value)
    share = others * view.max_share_bps // (BPS - view.max_share_bps)
    high = min(strategy.cap(coin.reserve), share, strategy.value + strategy.room)
    high = high if strategy.is_open else 0
    fit = yields.is_fit(market, others + low)
    return yields.Offer(market, others, low, max(low, high), strategy.score) if fit else None


def _left(coin: LentCoin, held: tuple[int, ...], why: Why) -> Proposal:
    rate = _rate(coin, held)
    return Proposal(coin, held, why, rate, rate, 0, 0)


def _rate(coin: LentCoin, positions: tuple[int, ...]) -> int:
    """WAD{1/year} on everything held of the coin, idle included, with those positions."""
    earned = 0
    for strategy, position in zip(coin.strategies, positions, strict=True):
        market = strategy.market
        if market is not None and position:
            total = max(0, market.supplied - strategy.value) + position
            earned += position * yields.rate(market, total)
    return earned // max(1, coin.idle + coin.lent)


def _judged(
    snapshot: Snapshot,
    view: LendingView,
    coin: LentCoin,
    known: list[tuple[int, yields.Offer]],
    targets: tuple[int, ...],
) -> Proposal:
    """The split held against the differential and its gas."""
    held = tuple(strategy.value for strategy in coin.strategies)
    moves = [abs(then - now) for now, then in zip(held, targets, strict=True)]
    moved = max(
        sum(t - h for h, t in zip(held, targets, strict=True) if t > h),
        sum(h - t for h, t in zip(held, targets, strict=True) if h > t),
    )
    earned = sum(yields.worth(o, targets[at]) - yields.worth(o, held[at]) for at, o in known)
    gain = max(0, earned) // PER_MILLE * (coin.price or 0) // (WAD * 10**coin.decimals)
    count = sum(1 for amount in moves if not _is_small(coin, amount))
    cost = gas_cost(snapshot.gas_price, view.move_gas * count, snapshot.eth_quote.high)
    why = Why.YIELD
    if count == 0 or earned <= 0:
        why = Why.BEST_ALREADY
    elif earned * BPS <= moved * view.differential_bps * WAD * PER_MILLE:
        why = Why.DIFFERENTIAL_TOO_SMALL
    elif gain * view.horizon <= cost * YEAR:
        why = Why.GAS_NOT_PAID_BACK
    return Proposal(coin, targets, why, _rate(coin, held), _rate(coin, targets), gain, cost)


def _is_small(coin: LentCoin, amount: int) -> bool:
    return amount * BPS < coin.reserve * SMALL_BPS or coin.worth(amount) < SMALL_VALUE


def _reallocated(snapshot: Snapshot, view: LendingView, coin: LentCoin) -> Iterator[Move]:
    """The moves to the best split; what was taken back first is lent in later looks."""
    if any(_taken_back(snapshot, view, coin)):
        return
    proposal = propose(snapshot, view, coin)
    if not proposal.is_due:
        return
    shown = f"{_percent(proposal.yield_now)} → {_percent(proposal.yield_then)}"
    pairs = list(zip(coin.strategies, proposal.targets, strict=True))
    margin = ceil_div(coin.reserve * MARGIN_PPM, 10**6) + FEW_UNITS
    free = max(0, coin.idle - coin.buffer - margin)
    for strategy, target in pairs:
        amount = min(strategy.value - target, strategy.liquid)
        if amount > 0 and not _is_small(coin, amount):
            yield _back(coin, strategy, amount, Why.YIELD, f"{shown} a year")
            free += amount
    for strategy, target in pairs:
        amount = min(target - strategy.value - margin, free)
        if amount > 0 and not _is_small(coin, amount):
            detail = f"{_told(coin, amount)} into {strategy.name}: {shown} a year"
            yield Move(MoveKind.ALLOCATE, Why.YIELD, coin.token, strategy.address, amount, detail)
            free -= amount


def _told(coin: LentCoin, amount: int) -> str:
    return f"{human(amount, coin.decimals):,.0f} {coin.symbol}"


def _percent(rate: int) -> str:
    return f"{rate * 100 / WAD:.2f} %"


# --- rewards and looks


def _harvested(snapshot: Snapshot, _: LendingView, coin: LentCoin) -> Iterator[Move]:
    """Rewards worth several times what fetching them costs."""
    if coin.price is None or not is_tradable(snapshot.eth_quote):
        return
    least = HARVEST_WORTH * gas_cost(snapshot.gas_price, HARVEST_GAS, snapshot.eth_quote.high)
    for strategy in coin.strategies:
        sales = tuple(r for r in strategy.rewards if r.value and r.amount and r.path)
        value = sum(reward.value for reward in sales)
        if value > least and strategy.readable:
            names = ", ".join(reward.symbol for reward in sales)
            detail = f"{coin.symbol} in {strategy.name}: {value // WAD:,} USD of {names}"
            harvest, due = MoveKind.HARVEST, Why.REWARDS_DUE
            yield Move(harvest, due, coin.token, strategy.address, 0, detail, sales)


def _synced(snapshot: Snapshot, _: LendingView, coin: LentCoin) -> Iterator[Move]:
    """Gains that do not count yet, losses that nobody has written down."""
    if coin.price is None or not is_tradable(snapshot.eth_quote):
        return
    least = SYNC_WORTH * gas_cost(snapshot.gas_price, SYNC_GAS, snapshot.eth_quote.high)
    value = coin.worth(abs(coin.unsynced))
    if value > least:
        why, word = (Why.GAIN_UNSEEN, "earned") if coin.unsynced > 0 else (Why.LOSS_UNSEEN, "lost")
        detail = f"{coin.symbol}: {value // WAD:,} USD {word} since the last look"
        yield Move(MoveKind.SYNC, why, coin.token, "", 0, detail)


def _recorded(snapshot: Snapshot, _: LendingView, coin: LentCoin) -> Iterator[Move]:
    """Looks at the price of shares whose yield is known by their growth alone."""
    if coin.price is None or not coin.may_enter or not is_tradable(snapshot.eth_quote):
        return
    cost = gas_cost(snapshot.gas_price, RECORD_GAS, snapshot.eth_quote.high) * YEAR // RECORD_EVERY
    for strategy in coin.strategies:
        due = snapshot.timestamp - strategy.recorded_at >= RECORD_EVERY
        if strategy.recorder and due and cost * BPS <= coin.worth(coin.lendable) * RECORD_BPS:
            record, why = MoveKind.RECORD, Why.PRICE_UNSEEN
            detail = f"{coin.symbol} in {strategy.name}: a day since the last look at its share's price"
            yield Move(record, why, coin.token, strategy.address, 0, detail, lens=strategy.recorder)
