"""A protocol's score, 0 (trust nothing) to 100, out of facts that anyone can check; every input is shown.

The facts are typed in, each file entry with where it was read and when (`protocols.yaml`). A fact that is not
known counts as the worst, so a score can only be too low for lack of reading. The score says nothing of a
single market's state: that is what `measures` are for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from math import log10
from typing import Any, Final

import yaml

from ballast.errors import DataError

# What a score is made of; the weights sum to 100. Age and money that was there to be stolen weigh most: they
# are the only tests that nobody arranged.
WEIGHTS: Final[Mapping[str, int]] = {
    "age": 25,
    "tvl": 20,
    "incidents": 20,
    "audits": 15,
    "governance": 15,
    "verification": 5,
}
_FULL_YEARS: Final = 4.0
_FULL_AUDITS: Final = 5  # independent firms
_FULL_DELAY: Final = 2.0  # days
_LEAST_TVL, _FULL_TVL = 1e6, 1e9  # USD; by its logarithm in between
_HEALED: Final = 4.0  # years in which an incident loses its weight
_LOSS_SHARE: Final = 0.01  # of what was there; a loss of that much or more counts in full


@dataclass(frozen=True)
class Incident:
    """A loss of users' money by a fault of the protocol's code, tools or keys."""

    day: date
    lost_share: float  # of what was there
    what: str


@dataclass(frozen=True)
class Facts:
    """What is known of one protocol; None is not known."""

    name: str
    live_since: date | None
    auditors: tuple[str, ...] | None
    tvl_usd: float | None
    incidents: tuple[Incident, ...] | None
    governance_delay_days: float | None  # before a change of the code or its parameters; immutable: infinite
    formally_verified: bool | None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """One input of a score."""

    name: str
    seen: str  # the fact in words
    points: float  # 0 to the weight
    weight: int


@dataclass(frozen=True)
class Score:
    """The score and everything that it is made of."""

    protocol: str
    parts: tuple[Part, ...]

    @property
    def value(self) -> float:
        """0 to 100."""
        return sum(part.points for part in self.parts)

    @property
    def risk(self) -> float:
        """100 less the score."""
        return 100 - self.value


def score(facts: Facts, today: date, tvl_usd: float | None = None) -> Score:
    """The score on a day; `tvl_usd`, read today, goes before the one that was typed in."""
    tvl = facts.tvl_usd if tvl_usd is None else tvl_usd
    shares = {
        "age": _age(facts, today),
        "tvl": _tvl(tvl),
        "incidents": _incidents(facts, today),
        "audits": _audits(facts),
        "governance": _governance(facts),
        "verification": _verification(facts),
    }
    parts = tuple(
        Part(name, seen, WEIGHTS[name] * max(0.0, min(1.0, share)), WEIGHTS[name])
        for name, (seen, share) in shares.items()
    )
    return Score(facts.name, parts)


def _age(facts: Facts, today: date) -> tuple[str, float]:
    if facts.live_since is None:
        return "not known", 0.0
    years = (today - facts.live_since).days / 365.25
    return f"live {years:.1f} years", years / _FULL_YEARS


def _tvl(tvl: float | None) -> tuple[str, float]:
    if tvl is None:
        return "not known", 0.0
    share = (log10(max(tvl, 1.0)) - log10(_LEAST_TVL)) / (log10(_FULL_TVL) - log10(_LEAST_TVL))
    return f"${tvl / 1e6:,.0f} million", share


def _incidents(facts: Facts, today: date) -> tuple[str, float]:
    if facts.incidents is None:
        return "not known", 0.0
    left, words = 1.0, []
    for incident in facts.incidents:
        years = (today - incident.day).days / 365.25
        if years < 0:
            continue  # not yet known on that day
        healed = min(1.0, years / _HEALED)
        left *= 1 - min(1.0, incident.lost_share / _LOSS_SHARE) * (1 - healed)
        words.append(f"{incident.day}: {incident.what}")
    return "; ".join(words) or "none", left


def _audits(facts: Facts) -> tuple[str, float]:
    if facts.auditors is None:
        return "not known", 0.0
    return f"{len(facts.auditors)} firms: {', '.join(facts.auditors)}", len(facts.auditors) / _FULL_AUDITS


def _governance(facts: Facts) -> tuple[str, float]:
    delay = facts.governance_delay_days
    if delay is None:
        return "not known", 0.0
    if delay == float("inf"):
        return "cannot be changed", 1.0
    return f"changes wait {delay:g} days", delay / _FULL_DELAY


def _verification(facts: Facts) -> tuple[str, float]:
    known = {True: "parts proven", False: "none", None: "not known"}
    return known[facts.formally_verified], float(bool(facts.formally_verified))


@cache
def known_protocols() -> Mapping[str, Facts]:
    """The facts that ship with the package."""
    return read_protocols(files("ballast.risk").joinpath("protocols.yaml").read_text(encoding="utf-8"))


def read_protocols(text: str) -> Mapping[str, Facts]:
    """Facts by name. DataError, one line, that names the entry and what is wrong with it."""
    try:
        entries = yaml.safe_load(text)
        return {str(name): _facts(str(name), entry) for name, entry in entries.items()}
    except (yaml.YAMLError, AttributeError) as error:
        raise DataError(
            f"protocols: not a list of protocols ({' '.join(str(error).split())[:120]})"
        ) from None


def _facts(name: str, entry: Mapping[str, Any]) -> Facts:
    try:
        incidents = entry["incidents"]
        delay = entry["governance_delay_days"]
        return Facts(
            name,
            entry["live_since"],
            None if entry["auditors"] is None else tuple(map(str, entry["auditors"])),
            None if entry["tvl_usd"] is None else float(entry["tvl_usd"]),
            None if incidents is None else tuple(Incident(**incident) for incident in incidents),
            None if delay is None else float(delay),
            entry["formally_verified"],
            tuple(map(str, entry["sources"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"protocols: {name}: {error}: give every fact, `null` where it is not known"
        ) from None
