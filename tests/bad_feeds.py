"""Every bad answer a price feed can give, for tests to put every entry point through.

`BAD_ANSWERS` names them with the oracle status each must lead to; `break_feed` makes a `BadFeed` answer so:

    @pytest.mark.parametrize("bad", BAD_ANSWERS, ids=str)
    def test_fill__bad_price__is_refused(bad, feed, ...):
        break_feed(feed, bad, chain, curator)
"""

from dataclasses import dataclass
from typing import Any

# The order of `BadFeed.Mode`; a test holds them equal.
MODES = (
    "GOOD",
    "ROUND",
    "ZERO",
    "NEGATIVE",
    "MOST_NEGATIVE",
    "STALE",
    "NEVER_UPDATED",
    "FUTURE",
    "CARRIED_OVER",
    "AT_MIN",
    "BELOW_MIN",
    "AT_MAX",
    "ABOVE_MAX",
    "HUGE",
    "OVERFLOWING",
    "REVERTING",
    "REVERTING_EMPTY",
    "PANICKING",
    "REVERTING_LONG",
    "REVERTING_BOMB",
    "EMPTY",
    "SHORT",
    "DIRTY_ROUND",
    "DIRTY_ANSWERED_IN",
    "BURNING",
)
NO_CODE = "NO_CODE"  # not a mode: the feed's code is taken away

# `IPriceOracle.Status`
UNKNOWN_ASSET, GOOD, DIVERGED, STALE, INVALID, SEQUENCER_DOWN = range(6)


@dataclass(frozen=True)
class BadAnswer:
    """One way to answer badly, and the status of an asset whose needed source answers so."""

    name: str
    status: int

    def __str__(self) -> str:
        return self.name


BAD_ANSWERS = tuple(
    BadAnswer(name, STALE if name == "STALE" else INVALID)
    for name in (*MODES, NO_CODE)
    if name not in ("GOOD", "ROUND")
)


def bounds_of(feed: Any) -> tuple[int, int]:
    """The WAD{USD/coin} bounds that match a `BadFeed`'s own limits, for AT_MIN and the like to mean it."""
    scale = 10 ** (18 - feed.decimals())
    return feed.minAnswer() * scale, feed.maxAnswer() * scale


def break_feed(feed: Any, bad: BadAnswer, chain: Any, sender: Any) -> None:
    """Makes a `BadFeed` answer as `bad` says from now on. With NO_CODE only a snapshot brings it back."""
    if bad.name == NO_CODE:
        chain.provider.make_request("anvil_setCode", [feed.address, "0x"])
    else:
        feed.setMode(MODES.index(bad.name), sender=sender)


def mend_feed(feed: Any, sender: Any) -> None:
    """Makes a `BadFeed` answer well again."""
    feed.setMode(MODES.index("GOOD"), sender=sender)
