"""The contracts' named errors in words, for those that a person meets in an emergency."""

from collections.abc import Mapping
from typing import Any, Final

from ballast.model.crisis import State

_WORDS: Final[Mapping[str, str]] = {
    "NotInCrisis": "{asset} is in {state}, not in CRISIS: only a guardian may flee it now",
    "NothingToFlee": "the fund holds {share} bps of {asset} and wants {target}: nothing is left to flee",
    "NotForced": "no guardian's word holds {asset}",
    "InvalidWeightSum": "the weights sum to {sum} bps, not 10000",
    "UnknownConstituent": "{token} is not a coin of the index",
    "NotAReduction": "{bps} bps of {asset} itself is no reduction of its {current} bps",
    "RaisesSharedRisk": "{token} leans on the coin to flee: {bps} bps is more than its {current} bps",
    "AboveCap": "{bps} bps of {token} is above the cap of {cap} bps",
    "LeansOnItself": "{asset} cannot lean on itself",
    "ObservedTooSoon": "the last look was too recent, the next may be at {readyAt}",
    "UnknownAsset": "the oracle has no price of {asset}",
    "CoinOnWatch": "{token} is off its peg and may come in as a part of the whole basket only",
    "NoEmergencies": "this Rebalancer was deployed without emergencies",
    "SessionOutdated": "session {session} was opened before a coin came under suspicion: close it",
    "CheckpointTooSoon": "the last checkpoint was too recent, the next may be at {readyAt}",
    "NotFallen": "a share is worth {value}, which is not far enough below {high}",
    "StrategyUnreadable": "{strategy} does not say what its shares are worth",
    "NotAllocatable": "{strategy} takes at most {most} now: {reason}",
    "AccessManagedUnauthorized": "{caller} does not hold the role for this",
    "AccessManagerNotScheduled": "this must be announced first",
    "AccessManagerNotReady": "this was announced, but its delay is not over",
    "AccessManagerExpired": "this was announced too long ago: announce it again",
}


def in_words(name: str, values: Mapping[str, Any]) -> str | None:
    """What the error says, with its name; None for an error that has no words here, or other arguments."""
    text = _WORDS.get(name)
    if text is None:
        return None
    shown = {**values, "state": _state(values.get("state"))}
    try:
        return f"{text.format_map(shown)} ({name})"
    except KeyError:
        return None


def _state(value: Any) -> str:
    return State(value).name if isinstance(value, int) and value in set(State) else str(value)
