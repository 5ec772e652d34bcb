"""The best split by search alone: no derivative, no kink, no convexity, floats and numpy.

Dynamic programming over a grid of amounts finds the best of all splits in steps of amount / GRID; the same
on ever finer grids around what was found makes it sharp. Every value is one of a split that is allowed, so
a search that falls short can only understate the optimum: the tests hold it against plain enumeration and
against the splits that it judges.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ballast.model.yields import Offer
from ballast.units import PER_MILLE, WAD

GRID, WITHIN = 200, 64  # steps of the search, and places looked at within each
AROUND = 16  # steps either way of a refinement
ROUNDS, FINER = 6, 6
Floats = NDArray[np.float64]


def earned(offer: Offer, positions: Floats) -> Floats:
    """{asset/year} that positions earn, risk-adjusted, as the interface of the lenses describes a market."""
    m = offer.market
    total = np.maximum(positions + float(offer.others), 1e-9)
    used, kink = m.borrowed / total, m.kink / WAD
    steep = m.slope2 / WAD * np.maximum(used - kink, 0) / (1 - kink)
    paid = m.base / WAD + m.slope1 / WAD * np.minimum(used, kink) / kink + steep
    if m.of_borrowers:
        paid = paid * used * (1 - m.reserve_factor / WAD)
    rate: Floats = paid + m.flat / WAD + m.rewards / total
    return offer.score / PER_MILLE * positions * rate


def best_yield(offers: Sequence[Offer], amount: int) -> float:
    """{asset/year}: the highest risk-adjusted yield of any split of `amount` found."""
    amount = min(amount, sum(offer.high for offer in offers))
    positions = _search(offers, amount)
    width = 2 * amount / GRID
    found, last = _total(offers, positions), -1.0
    for _ in range(ROUNDS):
        while found > last * (1 + 1e-7):
            last, positions = found, _refine(offers, positions, amount, width)
            found = _total(offers, positions)
        width, last = width / FINER, -1.0
    assert positions.sum() <= amount * (1 + 1e-9)
    return found


def _total(offers: Sequence[Offer], positions: Floats) -> float:
    return float(sum(earned(o, np.array([y]))[0] for o, y in zip(offers, positions, strict=True)))


def _search(offers: Sequence[Offer], amount: int) -> Floats:
    """The best split when every market gets a multiple of amount / GRID and lends all of it or less."""
    steps = np.arange(GRID + 1)
    best, choices, places = np.zeros(GRID + 1), [], []
    rest = steps[:, None] - steps[None, :]
    for offer in offers:
        fine = np.minimum(np.arange(GRID * WITHIN + 1) * (amount / GRID / WITHIN), float(offer.high))
        gains = earned(offer, fine)
        most = np.maximum.accumulate(gains)
        first = np.maximum.accumulate(np.where(gains >= most, np.arange(len(fine)), 0))
        table = np.where(rest >= 0, best[np.maximum(rest, 0)], -np.inf) + most[::WITHIN][None, :]
        choice = table.argmax(1)
        best = table[steps, choice]
        choices.append(choice)
        places.append(fine[first[::WITHIN]])
    left, taken = int(best.argmax()), []
    for choice, place in zip(reversed(choices), reversed(places), strict=True):
        taken.append(float(place[choice[left]]))
        left -= int(choice[left])
    return np.array(taken[::-1])


def _refine(offers: Sequence[Offer], positions: Floats, amount: int, width: float) -> Floats:
    """The best split whose positions differ from the given ones by multiples of width / AROUND."""
    step, moves, middle = width / AROUND, np.arange(-AROUND, AROUND + 1), AROUND * len(offers)
    size = 2 * middle + 1
    best, choices = np.full(size, -np.inf), []
    best[middle] = 0
    for offer, position in zip(offers, positions, strict=True):
        gains = earned(offer, _moved(offer, position, moves * step))
        gains[position + moves * step < 0] = -np.inf  # gives up more than there is
        table = np.full((len(moves), size), -np.inf)
        for row, move in enumerate(moves):
            to, source = (
                (slice(move, None), slice(size - move)) if move >= 0 else (slice(move), slice(-move, None))
            )
            table[row, to] = best[source] + gains[row]
        choices.append(table.argmax(0))
        best = table.max(0)
    last = middle + int(max(0.0, amount - positions.sum()) / step)
    at, taken = int(best[: last + 1].argmax()), []
    for choice in reversed(choices):
        taken.append(int(moves[choice[at]]))
        at -= taken[-1]
    moved = zip(offers, positions, taken[::-1], strict=True)
    return np.array([float(_moved(o, y, np.array([k * step]))[0]) for o, y, k in moved])


def _moved(offer: Offer, position: float, by: Floats) -> Floats:
    return np.clip(position + by, 0.0, float(offer.high))
