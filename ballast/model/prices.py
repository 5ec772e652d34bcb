"""Exact twin of `PriceOracle`: raw feed answers and an asset's settings to (low, high, status).

Times are seconds since 1970, prices WAD{USD/coin}, spreads basis points. Nothing here raises on a bad answer:
like the contract, it says STALE or INVALID.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from ballast.units import BPS

MAX_DECIMALS = 18
_ROUND_ID_BITS = 80
_ANSWER_BITS = 128  # wider answers are refused before they are scaled


class Status(IntEnum):
    """`IPriceOracle.Status`; only GOOD may be traded on."""

    UNKNOWN_ASSET = 0
    GOOD = 1
    DIVERGED = 2
    STALE = 3
    INVALID = 4
    SEQUENCER_DOWN = 5


@dataclass(frozen=True)
class RawAnswer:
    """The five words of `latestRoundData`, whatever they hold; None stands for a failed or too short call."""

    round_id: int
    answer: int  # 10**decimals {USD/coin}, signed
    started_at: int
    updated_at: int
    answered_in_round: int

    @property
    def is_well_formed(self) -> bool:
        """Whether the round numbers fit their type and the answer was made in its own round."""
        return self.round_id <= self.answered_in_round < 1 << _ROUND_ID_BITS


@dataclass(frozen=True)
class SourceLimits:
    """What one source's answer must keep to."""

    heartbeat: int  # s, the oldest a good answer may be
    decimals: int  # of its answers, at most 18
    min_price: int  # WAD{USD/coin}, a price here or below is INVALID
    max_price: int  # WAD{USD/coin}, a price here or above is INVALID


@dataclass(frozen=True)
class AssetSettings:
    """An asset's ordered sources and what they must agree on."""

    sources: tuple[SourceLimits, ...]
    quorum: int  # how many sources must be good
    max_spread_bps: int  # largest (high - low) / low
    frozen: bool = False


@dataclass(frozen=True)
class PriceQuote:
    """Bounds of the good sources, 0 when there is none, and what they are worth."""

    low: int  # WAD{USD/coin}
    high: int  # WAD{USD/coin}
    status: Status

    @property
    def mid(self) -> int:
        """WAD{USD/coin}, rounded down."""
        return (self.low + self.high) // 2


def read_source(raw: RawAnswer | None, limits: SourceLimits, now: int) -> tuple[int, Status]:
    """One source's price in WAD{USD/coin} with GOOD, or 0 with STALE or INVALID."""
    if raw is None or not raw.is_well_formed or not 0 <= raw.answer < 1 << _ANSWER_BITS:
        return 0, Status.INVALID
    price = raw.answer * 10 ** (MAX_DECIMALS - limits.decimals)
    is_inside = limits.min_price < price < limits.max_price
    if not (is_inside and 0 < raw.updated_at <= now):
        return 0, Status.INVALID
    if now - raw.updated_at > limits.heartbeat:
        return 0, Status.STALE
    return price, Status.GOOD


def is_sequencer_up(raw: RawAnswer | None, grace: int, now: int) -> bool:
    """Whether the uptime feed says up (0), and has for longer than `grace` seconds."""
    if raw is None or not raw.is_well_formed or raw.answer != 0:
        return False
    return 0 < raw.started_at <= now and now - raw.started_at > grace


def quote(answers: Sequence[RawAnswer | None], settings: AssetSettings | None, now: int) -> PriceQuote:
    """An asset's quote while the sequencer is up. `answers` follow the order of the sources.

    ValueError when there are not as many answers as sources.
    """
    if settings is None:
        return PriceQuote(0, 0, Status.UNKNOWN_ASSET)
    if settings.frozen:
        return PriceQuote(0, 0, Status.INVALID)
    read = _read_all(answers, settings, now)
    prices = [price for price, status in read if status is Status.GOOD]
    low, high = min(prices, default=0), max(prices, default=0)
    if len(prices) < settings.quorum:
        return PriceQuote(low, high, next(status for _, status in read if status is not Status.GOOD))
    diverged = (high - low) * BPS > settings.max_spread_bps * low
    return PriceQuote(low, high, Status.DIVERGED if diverged else Status.GOOD)


def good_prices(
    answers: Sequence[RawAnswer | None], settings: AssetSettings | None, now: int
) -> tuple[list[int], int]:
    """The good sources' prices in their order and how many sources there are, while the sequencer is up.

    ValueError when there are not as many answers as sources.
    """
    if settings is None:
        return [], 0
    if settings.frozen:
        return [], len(settings.sources)
    read = _read_all(answers, settings, now)
    return [price for price, status in read if status is Status.GOOD], len(settings.sources)


def _read_all(
    answers: Sequence[RawAnswer | None], settings: AssetSettings, now: int
) -> list[tuple[int, Status]]:
    return [read_source(raw, limits, now) for raw, limits in zip(answers, settings.sources, strict=True)]
