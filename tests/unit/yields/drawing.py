"""Drawn lending markets: as they are found, and as they are not."""

from random import Random

from ballast.model.yields import KINK_MARGIN, MAX_AMOUNT, MAX_RATE, Market, Offer, is_fit
from ballast.units import PER_MILLE, WAD

SHARES = (10, 10, 3, 2)  # ours is at most one of so many parts of a market
KINDS = ("aave", "comet", "flat")
Case = tuple[list[Offer], int]


def draw_case(rng: Random) -> Case:
    """One to six markets of one coin, most of them near their kinks, and an amount that may fill them all."""
    unit = 10 ** rng.choice((6, 6, 18))
    share = rng.choice(SHARES)
    offers = [draw_offer(rng, unit, share) for _ in range(rng.randint(1, 6))]
    if rng.random() < 0.15:
        offers = [offers[0]] * len(offers)
    room = sum(offer.high for offer in offers)
    part = rng.choice((rng.uniform(0.001, 0.2), rng.uniform(0.2, 1), 1.5))
    return offers, max(int(room * part), 1)


def draw_offer(rng: Random, unit: int, share: int) -> Offer:
    """A market as they are found, all of whose room may be ours."""
    market = draw_market(rng, unit)
    high = market.supplied // (share - 1)
    if rng.random() < 0.3:
        high = int(high * rng.random())
    return Offer(market, market.supplied, 0, high, rng.choice((1_000, 900, rng.randint(1, 1_000))))


def draw_market(rng: Random, unit: int) -> Market:
    kind = rng.choice(KINDS)
    supplied = int(10 ** rng.uniform(4, 9)) * unit
    kink = int(rng.uniform(0.5, 0.95) * WAD)
    used = kink / WAD * rng.uniform(0.99, 1.1) if rng.random() < 0.7 else rng.uniform(0.1, 0.99)
    borrowed = 0 if kind == "flat" else int(supplied * min(used, 0.999))
    return Market(
        supplied,
        borrowed,
        supplied - borrowed,
        base=rng.choice((0, WAD // 100)),
        slope1=int(rng.uniform(0.01, 0.08) * WAD),
        slope2=int(rng.uniform(0.1, 3) * WAD),
        kink=kink,
        reserve_factor=int(rng.uniform(0, 0.3) * WAD),
        rewards=int(supplied * rng.choice((0, rng.uniform(0, 0.05)))),
        flat=int(rng.uniform(0, 0.08) * WAD) if kind == "flat" else 0,
        of_borrowers=kind == "aave",
    )


def draw_odd_case(rng: Random) -> Case:
    """Anything that is fit: extreme rates and sizes, coins that cannot leave, scores of 0."""
    offers = []
    for _ in range(rng.randint(1, 6)):
        offer = draw_odd_offer(rng)
        while not is_fit(offer.market, offer.others + offer.low):
            offer = draw_odd_offer(rng)
        offers.append(offer)
    lows = sum(offer.low for offer in offers)
    return offers, lows + rng.choice((0, 1, _size(rng), _size(rng), 2**256 - 1 - lows))


def draw_odd_offer(rng: Random) -> Offer:
    others = rng.choice((0, _size(rng), _size(rng)))
    market = Market(
        supplied=others,
        borrowed=min(
            MAX_AMOUNT, int(others * rng.choice((0, rng.random(), rng.random(), rng.uniform(1, 4))))
        ),
        available=0,
        base=_rate(rng),
        slope1=_rate(rng),
        slope2=_rate(rng),
        kink=rng.choice((KINK_MARGIN, WAD - KINK_MARGIN, rng.randint(KINK_MARGIN, WAD - KINK_MARGIN))),
        reserve_factor=rng.choice((0, WAD, rng.randint(0, WAD))),
        rewards=rng.choice((0, min(MAX_AMOUNT, int(others * rng.random() * 10 ** rng.uniform(-4, 2))))),
        flat=rng.choice((0, _rate(rng))),
        of_borrowers=rng.random() < 0.5,
    )
    low = rng.choice((0, 0, min(_size(rng), others), _size(rng)))
    high = rng.choice((0, min(MAX_AMOUNT, low + others // 9), min(MAX_AMOUNT, low + _size(rng)), MAX_AMOUNT))
    return Offer(market, others, low, high, rng.choice((0, 1, PER_MILLE, rng.randint(0, PER_MILLE))))


def _size(rng: Random) -> int:
    """{asset} of any order of magnitude."""
    return rng.randint(0, 2 ** rng.randint(1, 128) - 1)


def _rate(rng: Random) -> int:
    return rng.choice((0, rng.randint(0, MAX_RATE), int(10 ** rng.uniform(0, 20)), int(rng.random() * WAD)))
