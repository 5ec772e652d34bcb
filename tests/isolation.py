"""Makes Ape's isolation hold: every fixture at the scope that the test itself sees it with, or a failure.

Ape 0.8.51 sorts a test's fixtures by every scope that any file of the session gives their names. A name that
is a module's fixture in one file and a function's in another then comes before the snapshot that is to undo
it, and what it does on the chain stays there for all tests to come. And of a snapshot that cannot be restored
Ape logs a line and goes on.
"""

from typing import Any

import pytest
from ape.exceptions import ProviderError
from ape.pytest.fixtures import FixtureManager, FixtureMap
from ape_foundry.provider import FoundryProvider

SNAPSHOT = "_function_isolation"


def sort_by_own_scopes() -> None:
    """From now on every fixture comes where its own scope puts it."""
    FixtureMap.from_test_item = classmethod(_from_test_item)
    # Ape remembers by name, too, which fixtures leave the chain alone, and keeps those when it goes back.
    FixtureManager.is_stateful = lambda self, name: None


def restore_or_fail() -> None:
    """From now on a snapshot that the node cannot go back to fails the test."""
    known = FoundryProvider.restore

    def restore(self: FoundryProvider, snapshot_id: Any) -> bool:
        try:
            if known(self, snapshot_id):
                return True
            why = "the node does not know it"
        except ProviderError as error:
            why = str(error)
        # Its exception is no `Exception`, which Ape would catch.
        pytest.fail(f"snapshot {snapshot_id} cannot be restored: {why}")

    FoundryProvider.restore = restore


def set_up_too_early(item: Any) -> list[str]:
    """The test's own function-scoped fixtures that come before the snapshot."""
    before = item.fixturenames[: item.fixturenames.index(SNAPSHOT)]
    visible = item._fixtureinfo.name2fixturedefs
    return [name for name in before if name in visible and visible[name][-1].scope == "function"]


def _from_test_item(cls: type[FixtureMap], item: Any) -> FixtureMap:
    by_scope = cls(item)
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        if name in item.fixturenames:
            by_scope[definitions[-1].scope].append(name)
    return by_scope
