"""What a test does on Ape's fork is undone, also where a fixture's name has another scope elsewhere."""

from typing import Any

import pytest
from ape.pytest.fixtures import FixtureManager

from tests.isolation import SNAPSHOT, set_up_too_early


@pytest.fixture(scope="module")
def payment(accounts: Any) -> Any:
    """Of this module; the class below has a function's fixture of the same name."""
    return accounts[10]


def test_payment__of_the_module__is_its_account(payment: Any, accounts: Any) -> None:
    assert payment == accounts[10]


class TestSameNameElsewhere:
    @pytest.fixture
    def payment(self, accounts: Any) -> int:
        """Pays, and says how often that account has."""
        accounts[11].transfer(accounts[12], 1)
        return int(accounts[11].nonce)

    @pytest.mark.parametrize("turn", [1, 2])
    def test_payment__of_the_function__is_undone_each_time(self, payment: int, turn: int) -> None:
        assert payment == 1

    def test_set_up_too_early__this_test__nothing(self, payment: int, request: Any) -> None:
        assert set_up_too_early(request.node) == []

    def test_set_up_too_early__fixture_before_the_snapshot__named(self, payment: int, request: Any) -> None:
        names = request.node.fixturenames
        names.remove("payment")
        names.insert(names.index(SNAPSHOT), "payment")
        assert set_up_too_early(request.node) == ["payment"]


def test_restore__snapshot_that_is_gone__fails_the_test(chain: Any) -> None:
    outer, inner = chain.snapshot(), chain.snapshot()
    chain.restore(inner)
    with pytest.raises(pytest.fail.Exception, match="cannot be restored: the node does not know it"):
        chain.provider.restore(inner)
    chain.restore(outer)


def test_is_stateful__name_that_another_file_used_without_a_block__not_known(request: Any) -> None:
    """So that a fixture of that name here is set up anew when Ape goes back behind it."""
    FixtureManager._stateful_fixtures_cache["payment"] = False
    try:
        manager = request.config.pluginmanager.get_plugin("ape-test").fixture_manager
        assert manager.is_stateful("payment") is None
    finally:
        del FixtureManager._stateful_fixtures_cache["payment"]
