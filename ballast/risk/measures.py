"""Single figures of risk: concentration, liquidity, utilisation, correlation."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import sqrt
from typing import Final

from ballast.errors import DataError

_LEAST_SAMPLES: Final = 3


def concentration(parts: Iterable[float]) -> float:
    """Herfindahl-Hirschman index of amounts: 1/n for n equal ones, 1 for one alone, 0 for nothing."""
    amounts = list(parts)
    if any(amount < 0 for amount in amounts):
        raise DataError("a concentration of negative amounts: give what is held, 0 or more")
    total = sum(amounts)
    return sum((amount / total) ** 2 for amount in amounts) if total > 0 else 0.0


def liquidity_use(position: float, available: float) -> float:
    """Position over what the market could pay out now; infinite for a position that cannot leave at all."""
    if position <= 0:
        return 0.0
    return position / available if available > 0 else float("inf")


def utilisation(borrowed: float, supplied: float) -> float:
    """Borrowed over supplied, at most 1; 0 for an empty market."""
    return min(1.0, max(0.0, borrowed) / supplied) if supplied > 0 else 0.0


def changes(levels: Sequence[float]) -> list[float]:
    """From each value to the next: levels that drift correlate without having to do with each other."""
    return [after - before for before, after in pairwise(levels)]


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Pearson's, of two samples taken at the same times; 0 where one of them never moves.

    DataError when they have not as many values, or fewer than three.
    """
    if len(one) != len(other) or len(one) < _LEAST_SAMPLES:
        raise DataError(
            f"a correlation of {len(one)} with {len(other)} values: give the same times, three or more"
        )
    mine, theirs = _centred(one), _centred(other)
    spread = sqrt(sum(x * x for x in mine) * sum(y * y for y in theirs))
    if spread <= 0:
        return 0.0
    return max(-1.0, min(1.0, sum(x * y for x, y in zip(mine, theirs, strict=True)) / spread))


def correlations(samples: Mapping[str, Sequence[float]]) -> dict[tuple[str, str], float]:
    """Of every pair, both ways round, and 1 of each with itself."""
    return {(a, b): 1.0 if a == b else correlation(samples[a], samples[b]) for a in samples for b in samples}


def covariance(samples: Sequence[Sequence[float]], shrink: float = 0.2) -> tuple[tuple[float, ...], ...]:
    """The sample covariance, its off-diagonal shrunk towards 0: short samples overstate what moves together.

    DataError as `correlation`, or when `shrink` is no share.
    """
    if not 0 <= shrink <= 1:
        raise DataError(f"shrink {shrink}: a share from 0 to 1")
    lengths = {len(sample) for sample in samples}
    if len(lengths) != 1 or min(lengths) < _LEAST_SAMPLES:
        raise DataError(
            f"a covariance of samples of {sorted(lengths)} values: give the same times, three or more"
        )
    centred = [_centred(sample) for sample in samples]
    free = min(lengths) - 1
    return tuple(
        tuple(
            sum(x * y for x, y in zip(mine, theirs, strict=True)) / free * (1 if a == b else 1 - shrink)
            for b, theirs in enumerate(centred)
        )
        for a, mine in enumerate(centred)
    )


def _centred(sample: Sequence[float]) -> list[float]:
    mean = sum(sample) / len(sample)
    return [value - mean for value in sample]
