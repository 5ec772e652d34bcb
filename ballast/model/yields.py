"""Exact twin of `YieldMath`: what lending markets pay at any size, and the split among them that pays most.

A market pays every supplier the same rate, and the rate falls as more is supplied, so what counts is what
one more coin adds: the *marginal* yield d/dy of y * rate(others + y). At the best split all markets that
could take more or give some up have the same. One thing spoils that rule: where more supply brings
utilisation below the kink, the rate stops falling steeply and the marginal yield jumps *up*, so two splits
may both look best. Each market is therefore cut at its kink into two pieces, on each of which marginal
yield falls all the way, as long as our position is no larger than everybody else's. A market counts at
first as its upper envelope, where the tangent that touches both pieces bridges the dent; that gives a bound
which no split can beat. Where the best split of the envelopes ends on a bridge, both of that market's
pieces are tried apart, until the best split found is within `TOLERANCE` of the bound.

Amounts {asset}, rates WAD{1/year}, scores per mille. A *price* is a risk-adjusted marginal yield, per mille
* WAD{1/year}; a *worth* per mille * WAD{asset/year}. Quotients are cut towards zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ballast.errors import DataError
from ballast.units import BPS, PER_MILLE, WAD, ceil_div

MAX_OFFERS: Final = 6
MAX_AMOUNT: Final = 2**128 - 1  # {asset}
MAX_RATE: Final = 100 * WAD  # 1/year
MAX_UTILISATION: Final = 4 * WAD  # a market that lends its own reserves too may be above 1
KINK_MARGIN: Final = WAD // BPS  # a kink is that far from 0 and from 1
TOLERANCE: Final = PER_MILLE * WAD // BPS // 10  # price: a tenth of a bp of APY
RESOLUTION: Final = PER_MILLE * WAD // BPS // 1_000  # price
MAX_STEPS: Final = 24  # of Newton's method
SMALL_STEP: Final = 10**6  # WAD: where it ends


@dataclass(frozen=True, slots=True)
class Market:
    """`IYieldLens.Market`."""

    supplied: int  # {asset}, our own part included
    borrowed: int  # {asset}
    available: int  # {asset} lying in the market, not lent out
    base: int  # WAD{1/year}, and the slopes
    slope1: int
    slope2: int
    kink: int  # WAD{1}
    reserve_factor: int  # WAD{1}
    rewards: int  # {asset/year} to all suppliers together
    flat: int  # WAD{1/year}, whatever the size
    of_borrowers: bool  # Aave: suppliers get what borrowers pay; Comet: a curve of their own


@dataclass(frozen=True, slots=True)
class Offer:
    """`YieldMath.Offer`: a market, and how much of it may be ours."""

    market: Market
    others: int  # {asset} supplied by everybody else
    low: int  # {asset} that is ours at least: what cannot leave
    high: int  # {asset} that is ours at most; no more than `others` counts, unless `low` is
    score: int  # per mille of its yield that counts


@dataclass(frozen=True, slots=True)
class Piece:
    """A market on one side of its kink: marginal yield c0 + (c1 + c2 * z) * z**2 with z = start / total."""

    low: int  # {asset} that is ours
    high: int
    others: int
    start: int  # {asset} in all at `low`
    end: int  # WAD{1}: z at `high`
    c0: int  # WAD{1/year}, signed, and the others
    c1: int
    c2: int


@dataclass(frozen=True, slots=True)
class Curve:
    """An offer cut into pieces."""

    offer: Offer
    steep: Piece  # above the kink, where little is ours; the only piece when `bridge` is None
    calm: Piece
    bridge: int | None  # WAD{1/year}: marginal yield of the tangent that touches both


def quotient(numerator: int, denominator: int) -> int:
    """Cut towards zero, as the EVM divides signed numbers."""
    return numerator // denominator if numerator >= 0 else -(-numerator // denominator)


# --- rates --------------------------------------------------------------------------------------------------


def is_fit(market: Market, least: int) -> bool:
    """Whether a market with at least `least` in it is in the range that this module reckons in."""
    rates = (market.base, market.slope1, market.slope2, market.flat)
    return (
        max(rates) <= MAX_RATE
        and KINK_MARGIN <= market.kink <= WAD - KINK_MARGIN
        and market.reserve_factor <= WAD
        and max(market.supplied, market.borrowed, market.available, market.rewards) <= MAX_AMOUNT
        and market.borrowed * WAD <= least * MAX_UTILISATION
        and market.rewards * WAD <= least * MAX_RATE
    )


def rate(market: Market, total: int) -> int:
    """WAD{1/year} that every supplier earns when `total` is supplied; the market must be fit for it."""
    if total == 0:
        return market.flat + (0 if market.of_borrowers else market.base)
    used = market.borrowed * WAD // total
    paid = market.base
    if used <= market.kink:
        paid += market.slope1 * used // market.kink
    else:
        paid += market.slope1 + market.slope2 * (used - market.kink) // (WAD - market.kink)
    if market.of_borrowers:
        paid = paid * used // WAD * (WAD - market.reserve_factor) // WAD
    return paid + market.flat + market.rewards * WAD // total


def marginal(market: Market, others: int, position: int) -> int:
    """WAD{1/year}, signed: d/dy of y * rate(others + y) at `position`; at the kink itself its calm side."""
    above = position < _kink_at(market, others)
    return _slope(_piece(market, others, position, position, above), WAD)


def worth(offer: Offer, position: int) -> int:
    """Per mille * WAD{asset/year} that a position earns, risk-adjusted."""
    return offer.score * position * rate(offer.market, offer.others + position)


# --- pieces -------------------------------------------------------------------------------------------------


def _kink_at(market: Market, others: int) -> int:
    """{asset} of ours from which on utilisation is at the kink or below."""
    total = ceil_div(market.borrowed * WAD, market.kink)
    return total - others if total > others else 0


def _piece(market: Market, others: int, low: int, high: int, above: bool) -> Piece:
    start = others + low
    if start == 0:
        return Piece(low, high, others, start, WAD, market.flat, 0, 0)
    used, rest, extra = (x * WAD // start for x in (market.borrowed, others, market.rewards))
    if above:
        gradient = market.slope2 * WAD // (WAD - market.kink)
        level = market.base + market.slope1 - gradient * market.kink // WAD
    else:
        gradient, level = market.slope1 * WAD // market.kink, market.base
    lent, extra = gradient * used // WAD, extra * rest // WAD
    end = start * WAD // (others + high)
    if not market.of_borrowers:
        return Piece(low, high, others, start, end, market.flat + level, lent * rest // WAD + extra, 0)
    kept = WAD - market.reserve_factor
    c1 = quotient(quotient((quotient(level * rest, WAD) - lent) * used, WAD) * kept, WAD) + extra
    c2 = 2 * lent * used // WAD * rest // WAD * kept // WAD
    return Piece(low, high, others, start, end, market.flat, c1, c2)


def _slope(piece: Piece, z: int) -> int:
    """WAD{1/year}, signed: marginal yield where start / total is `z`."""
    return piece.c0 + quotient(quotient((piece.c1 + quotient(piece.c2 * z, WAD)) * z, WAD) * z, WAD)


def _wanted(piece: Piece, floor: int) -> int:
    """{asset}: the position on a piece whose marginal yield is `floor`, WAD{1/year}, by Newton's method.

    The slope is convex and rises with z, so every step from z = 1 on lands on the same side of the answer.
    """
    if piece.low == piece.high or _slope(piece, WAD) <= floor:
        return piece.low
    if _slope(piece, piece.end) >= floor:
        return piece.high
    z = WAD
    for _ in range(MAX_STEPS):
        rise = quotient((2 * piece.c1 + quotient(3 * piece.c2 * z, WAD)) * z, WAD)
        if rise <= 0:
            break
        step = quotient((_slope(piece, z) - floor) * WAD, rise)
        z -= step
        if step <= SMALL_STEP:
            break
    if z <= piece.end:
        return piece.high
    total = piece.start * WAD // z
    return min(max(total - piece.others, piece.low), piece.high)


def _curve(offer: Offer) -> Curve:
    low = offer.low
    high = max(low, min(offer.high, offer.others)) if offer.score else low
    kink_at = _kink_at(offer.market, offer.others)
    if not low < kink_at < high:
        piece = _piece(offer.market, offer.others, low, high, kink_at >= high)
        return Curve(offer, piece, piece, None)
    steep = _piece(offer.market, offer.others, low, kink_at, True)
    calm = _piece(offer.market, offer.others, kink_at, high, False)
    return Curve(offer, steep, calm, _bridge(offer.market, steep, calm))


def _bridge(market: Market, steep: Piece, calm: Piece) -> int:
    """WAD{1/year} at which both pieces earn as much beyond it; 0 when the calm one never does."""
    below, above = 0, max(_slope(steep, WAD), _slope(calm, WAD), 0) + 1
    while above - below > RESOLUTION // PER_MILLE:
        middle = (below + above) // 2
        if _beyond(market, calm, middle) >= _beyond(market, steep, middle):
            below = middle
        else:
            above = middle
    return below


def _beyond(market: Market, piece: Piece, floor: int) -> int:
    """WAD{asset/year}, signed: the most that a position on the piece earns beyond `floor`."""
    position = _wanted(piece, floor)
    return position * (rate(market, piece.others + position) - floor)


# --- the split ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Split:
    """Positions, what they are worth, and what no split that keeps to the same pieces can beat."""

    positions: list[int]  # {asset}
    worth: int
    bound: int
    torn: int | None  # an offer that stands on its bridge


def split(offers: Sequence[Offer], amount: int) -> list[int]:
    """Positions {asset} in the offers' order that yield, risk-adjusted, the highest but for `TOLERANCE`.

    Each within its bounds, in all at most `amount`; what would only lower the yield stays out.
    DataError for more than `MAX_OFFERS` or when the lower bounds exceed the amount.
    """
    if len(offers) > MAX_OFFERS:
        raise DataError(f"{len(offers)} offers: a split is among {MAX_OFFERS} at most")
    lows = sum(offer.low for offer in offers)
    if lows > amount:
        raise DataError(f"{lows} cannot leave, which is above the amount of {amount}")
    amount = min(amount, sum(max(offer.low, min(offer.high, offer.others)) for offer in offers))
    curves = [_curve(offer) for offer in offers]
    top = max([_top(curve) for curve in curves], default=0)
    best: Split | None = None
    waiting = [(0, 0)]  # offers held to their steep and to their calm piece, bit by bit
    while waiting:
        steep, calm = waiting.pop()
        choices = [_Choice(c, steep >> i & 1 == 1, calm >> i & 1 == 1) for i, c in enumerate(curves)]
        found = _best_of(choices, amount, top)
        if found is None:
            continue
        if best is None or found.worth > best.worth:
            best = found
        if found.torn is not None and found.bound > best.worth + amount * TOLERANCE:
            bit = 1 << found.torn
            waiting += [(steep | bit, calm), (steep, calm | bit)]
    assert best is not None
    return best.positions


def _top(curve: Curve) -> int:
    """Price: above every marginal yield that the curve has."""
    slopes = (_slope(curve.steep, WAD), _slope(curve.calm, WAD), 0)
    return curve.offer.score * max(slopes) + 1


@dataclass(frozen=True, slots=True)
class _Choice:
    """A curve, and whether it is held to one of its pieces."""

    curve: Curve
    steep: bool
    calm: bool

    def is_steep(self, price: int) -> bool:
        curve = self.curve
        if curve.bridge is None or self.steep:
            return True
        return not self.calm and price // curve.offer.score >= curve.bridge

    def wanted(self, price: int) -> int:
        score = self.curve.offer.score
        piece = self.curve.steep if self.is_steep(price) else self.curve.calm
        return _wanted(piece, price // score) if score else piece.low


def _best_of(choices: Sequence[_Choice], amount: int, top: int) -> Split | None:
    """The best split of the envelopes, filled up to the amount; None when even the least is too much."""
    if sum(choice.wanted(top) for choice in choices) > amount:
        return None
    positions = [choice.wanted(0) for choice in choices]
    if sum(positions) <= amount:
        value = _worth_of(choices, positions)
        return Split(positions, value, value, None)
    below, above = 0, top
    while above - below > RESOLUTION:
        middle = (below + above) // 2
        if sum(choice.wanted(middle) for choice in choices) > amount:
            below = middle
        else:
            above = middle
    return _fill(choices, amount, below, above)


def _fill(choices: Sequence[_Choice], amount: int, below: int, above: int) -> Split:
    """From the positions wanted at `above` towards those at `below`, bridges last, up to the amount."""
    positions = [choice.wanted(above) for choice in choices]
    left = amount - sum(positions)
    bound = _worth_of(choices, positions) + above * left
    torn = None
    for bridges in (False, True):
        for i, choice in enumerate(choices):
            crosses = choice.is_steep(above) and not choice.is_steep(below)
            if crosses is not bridges:
                continue
            room = choice.wanted(below) - positions[i]
            more = max(0, min(room, left))
            positions[i] += more
            left -= more
            if bridges and 0 < more < room:
                torn = i
    return Split(positions, _worth_of(choices, positions), bound, torn)


def _worth_of(choices: Sequence[_Choice], positions: Sequence[int]) -> int:
    return sum(worth(choice.curve.offer, y) for choice, y in zip(choices, positions, strict=True))
