"""Drawn and made price paths for the policy's tests."""

from collections.abc import Sequence

import numpy as np

from ballast.policy.tracks import NANO, Source, Track, track_of

HOUR = 3_600
T0 = 1_600_000_000 // HOUR * HOUR
DAYS_BEFORE = 3


def source(prices: Sequence[float], start: int = T0, step: int = HOUR) -> Source:
    """One price a step."""
    times = start + step * np.arange(len(prices), dtype=np.int64)
    return Source(times, (np.array(prices) * NANO).astype(np.int64))


def path(*pieces: tuple[float, int]) -> list[float]:
    """Hours at prices, after some days at the peg."""
    return [1.0] * 24 * DAYS_BEFORE + [price for price, hours in pieces for _ in range(hours)]


def track(*sources: Source, clock: int = 1_800) -> Track:
    return track_of("COIN", "made", sources, clock=clock)


DYING = path(*((0.97 ** (n / 2), 1) for n in range(24 * 30)))
RECOVERING = path((0.93, 4), (0.90, 10), (0.93, 16), (0.96, 12), (0.99, 12), (1.0, 24 * 20))
WICK = path((0.3, 1), (1.0, 24 * 20))
FLAT = path((0.997, 24 * 20))
