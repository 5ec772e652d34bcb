"""The bench's rows about crises, run on the replica: real contracts, real gas."""

from collections.abc import Callable, Iterator

import pytest

from ballast.bench import crisis, emergency
from ballast.bench.compiled import creation_code
from ballast.bench.gas import Lab
from ballast.bench.rows import RATIO_GOALS, Row
from ballast.replica import Replica


def measured(mainnet: Replica, section: Callable[[Lab], Iterator[Row]]) -> dict[str, Row]:
    return {row.name: row for row in section(Lab(mainnet, creation_code, lambda what: None))}


@pytest.fixture
def looks(mainnet: Replica) -> dict[str, Row]:
    return measured(mainnet, crisis.observe_rows)


@pytest.fixture
def flight(mainnet: Replica) -> dict[str, Row]:
    return measured(mainnet, emergency.rows)


def test_observe_rows__on_the_replica__above_the_floor_and_below_the_tutorial(looks: dict[str, Row]) -> None:
    assert {*looks} == {
        "observe.vs_tutorial",
        "observe.vs_floor",
        "observe.without_feeds.vs_tutorial",
        "observe.shipped.vs_tutorial",
        "observe.shipped.vs_floor",
    }
    for name, row in looks.items():
        assert (row.ours > row.peer) is name.endswith("vs_floor")
    whole, bare = looks["observe.vs_tutorial"], looks["observe.without_feeds.vs_tutorial"]
    assert whole.ours - bare.ours == whole.peer - bare.peer > 0, "both less the same feeds"
    assert looks["observe.vs_tutorial"].met is True


def test_verdict_rows__on_the_replica__one_slot(mainnet: Replica) -> None:
    rows = measured(mainnet, crisis.verdict_rows)
    assert {*rows} == {"is_crisis_detected.vs_tutorial", "is_crisis_detected.vs_floor"}
    assert rows["is_crisis_detected.vs_floor"].met is True


def test_emergency_rows__on_the_replica__add_up(flight: dict[str, Row]) -> None:
    def row(name: str) -> Row:
        return flight[f"emergency.n5.{name}"]

    assert len(flight) == 7
    assert row("vs_bare").ours == row("open.vs_ordinary").ours + row("fill.vs_bare").ours
    assert row("vs_ordinary").peer == row("open.vs_ordinary").peer + row("fill.vs_ordinary").peer
    assert row("fill.vs_bare").peer == row("public_fill.vs_bare").peer < row("fill.vs_ordinary").peer
    goal = "emergency.n5.fill.vs_ordinary"
    assert flight[goal].met is (flight[goal].ours <= RATIO_GOALS[goal] * flight[goal].peer)
