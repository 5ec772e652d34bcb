"""Scores of protocols: inputs show, what is not known counts as nothing, the file that ships is whole."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from ballast.errors import DataError
from ballast.risk.protocols import WEIGHTS, Facts, Incident, known_protocols, read_protocols, score

DAY = date(2024, 6, 1)
BEST = Facts("best", date(2019, 1, 1), ("A", "B", "C", "D", "E"), 5e9, (), float("inf"), True)
UNKNOWN = Facts("unknown", None, None, None, None, None, None)


def test_score__everything_at_its_best_and_nothing_known__the_whole_range() -> None:
    assert sum(WEIGHTS.values()) == 100
    assert score(BEST, DAY).value == pytest.approx(100)
    nothing = score(UNKNOWN, DAY)
    assert (nothing.value, nothing.risk) == (0, 100)
    assert {part.seen for part in nothing.parts} == {"not known"}


@pytest.mark.parametrize(
    ("change", "part", "points"),
    [
        ({"live_since": date(2022, 6, 1)}, "age", 12.5),
        ({"live_since": date(2025, 6, 1)}, "age", 0),
        ({"tvl_usd": 1e6}, "tvl", 0),
        ({"tvl_usd": 31.6227766e6}, "tvl", 10),
        ({"auditors": ("A", "B")}, "audits", 6),
        ({"governance_delay_days": 1.0}, "governance", 7.5),
        ({"governance_delay_days": 0.0}, "governance", 0),
        ({"formally_verified": False}, "verification", 0),
        ({"incidents": (Incident(DAY, 0.5, "keys"),)}, "incidents", 0),
        ({"incidents": (Incident(DAY, 0.005, "a bug"),)}, "incidents", 10),
        ({"incidents": (Incident(date(2022, 6, 1), 0.5, "keys"),)}, "incidents", 10),
        ({"incidents": (Incident(date(2018, 6, 1), 0.5, "keys"),)}, "incidents", 20),
        ({"incidents": (Incident(DAY + timedelta(1), 0.5, "not yet"),)}, "incidents", 20),
    ],
)
def test_score__one_fact_changed__that_part_alone(change, part: str, points: float) -> None:
    found = {one.name: one.points for one in score(replace(BEST, **change), DAY).parts}
    assert found[part] == pytest.approx(points, abs=0.05)
    assert all(value == pytest.approx(WEIGHTS[name]) for name, value in found.items() if name != part)


def test_score__todays_money__goes_before_what_was_typed_in() -> None:
    part = next(p for p in score(BEST, DAY, tvl_usd=1e6).parts if p.name == "tvl")
    assert (part.seen, part.points) == ("$1 million", 0)


def test_known_protocols__every_entry__has_its_sources_and_a_score_of_its_own() -> None:
    known = known_protocols()
    assert {"aave_v2", "aave_v3", "compound_v3", "curve", "convex", "yearn_v3", "morpho"} <= known.keys()
    for facts in known.values():
        assert facts.sources
        assert 0 < score(facts, DAY).value < 100
    assert score(known["aave_v3"], DAY).value > score(known["yearn_v3"], DAY).value


@pytest.mark.parametrize(
    ("text", "message"),
    [("[1, 2]", "not a list of protocols"), ("a: {live_since: null}", "a: 'incidents'"), ("{", "not a list")],
)
def test_read_protocols__malformed__one_line(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_protocols(text)
    assert "\n" not in str(caught.value)
