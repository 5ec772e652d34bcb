"""Market data as an index meets it: caps and scores drawn from several distributions by a fixed seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ballast.units import PER_MILLE

LARGEST_CAP: Final = 140_000_000_000  # USD, about that of the largest dollar stablecoin
SMALLEST_CAP: Final = 1_000_000  # USD
DRAWS: Final = 4  # per distribution
# Bounds in bps by the number of coins: the defaults while they can be met with room, narrower minima beyond.
BOUNDS: Final = {5: (500, 4000), 10: (500, 4000), 20: (200, 2500), 50: (50, 1500)}


@dataclass(frozen=True)
class Draw:
    """One index's inputs: caps in whole USD, scores in per mille, one pair of bounds in bps for all."""

    label: str
    caps: tuple[int, ...]
    scores: tuple[int, ...]
    low: int
    high: int


def _power_law(rng: random.Random, n: int) -> list[float]:
    """The k-th coin has 1/k of the first, give or take a fifth: what ranked market caps look like."""
    return [LARGEST_CAP / rank * rng.uniform(0.8, 1.2) for rank in range(1, n + 1)]


def _log_normal(rng: random.Random, n: int) -> list[float]:
    """Independent sizes over about four orders of magnitude."""
    return [LARGEST_CAP / 50 * rng.lognormvariate(0, 1.5) for _ in range(n)]


def _alike(rng: random.Random, n: int) -> list[float]:
    """Coins of one size class: bounds seldom bind."""
    return [LARGEST_CAP / 20 * rng.uniform(0.5, 1.5) for _ in range(n)]


DISTRIBUTIONS: Final[dict[str, Callable[[random.Random, int], list[float]]]] = {
    "power law": _power_law,
    "log-normal": _log_normal,
    "alike": _alike,
}


def draws(n: int) -> Iterator[Draw]:
    """`DRAWS` cases of `n` coins from each distribution, in shuffled order; the same ones every time."""
    low, high = BOUNDS[n]
    for label, distribution in DISTRIBUTIONS.items():
        for seed in range(DRAWS):
            rng = random.Random(f"{label} {n} {seed}")  # noqa: S311 (reproducible, not secret)
            caps = [max(SMALLEST_CAP, int(cap)) for cap in distribution(rng, n)]
            rng.shuffle(caps)
            scores = tuple(rng.randint(700, PER_MILLE) for _ in range(n))
            yield Draw(label, tuple(caps), scores, low, high)
