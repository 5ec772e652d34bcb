"""A coin on watch comes in by proportion only: its excess is refused, and nothing else asks the guard."""

from dataclasses import replace
from typing import Any

import pytest

from tests.reverts import revert_of
from tests.unit.vault.conftest import FIRST, INVALID, WEIGHTS, ZERO, Fund


@pytest.fixture(scope="module")
def guard(project: Any, governor: Any) -> Any:
    return governor.deploy(project.MockGuard)


@pytest.fixture(scope="module")
def unfunded(empty_fund: Fund, guard: Any, project: Any, governor: Any, owner: Any, mint: Any, investor: Any):
    """A guarded vault before its first contribution."""
    vault = governor.deploy(
        project.IndexVault, "Guarded", "G", empty_fund.access, empty_fund.oracle, owner,
        empty_fund.coins, list(WEIGHTS), guard, ZERO,
    )  # fmt: skip
    made = replace(empty_fund, vault=vault)
    mint(made, investor)
    return made


@pytest.fixture(scope="module")
def guarded(unfunded: Fund, investor: Any) -> Fund:
    unfunded.vault.contribute(unfunded.by_weight(FIRST), investor, 0, sender=investor)
    return unfunded


def bar(fund: Fund, guard: Any, index: int, governor: Any) -> str:
    guard.bar(fund.coins[index], True, sender=governor)
    return fund.coins[index].address


def test_contribute__first_one_in_a_coin_on_watch__refused(unfunded, guard, governor, investor):
    token = bar(unfunded, guard, 3, governor)
    amounts = unfunded.by_weight(FIRST)
    refused = revert_of(unfunded.vault.contribute, amounts, investor, 0, sender=investor)
    assert refused == ("CoinOnWatch", token)


def test_contribute__excess_of_a_coin_on_watch__refused_also_in_the_preview(
    guarded, guard, governor, investor
):
    token = bar(guarded, guard, 1, governor)
    amounts = guarded.units(0, 10, 0, 0, 0)
    refused = revert_of(guarded.vault.contribute, amounts, investor, 0, sender=investor)
    assert refused == ("CoinOnWatch", token)
    assert revert_of(guarded.vault.previewContribute, amounts, sender=investor) == ("CoinOnWatch", token)


def test_contribute__proportion_of_a_coin_on_watch__taken(guarded, guard, governor, investor):
    bar(guarded, guard, 1, governor)
    before = guarded.supply()
    guarded.vault.contribute(guarded.by_weight(100), investor, 0, sender=investor)
    assert guarded.supply() > before


def test_contribute__proportional__asks_no_guard(guarded, guard, governor, investor):
    guard.setBroken(True, sender=governor)
    amounts = guarded.vault.amountsForShares(10**18)
    guarded.vault.contribute(amounts, investor, 10**18, sender=investor)


def test_contribute__excess_of_another_coin__taken(guarded, guard, governor, investor):
    """The coin on watch is there in proportion, what is beyond it is another's."""
    bar(guarded, guard, 1, governor)
    amounts = guarded.by_weight(100)
    amounts[2] += 10 * 10**18
    guarded.vault.contribute(amounts, investor, 0, sender=investor)


def test_contribute__coin_on_watch_and_its_price_bad__names_the_watch(guarded, guard, governor, investor):
    token = bar(guarded, guard, 1, governor)
    guarded.oracle.set(guarded.coins[1], 10**18, 10**18, INVALID, sender=governor)
    amounts = guarded.units(0, 10, 0, 0, 0)
    refused = revert_of(guarded.vault.contribute, amounts, investor, 0, sender=investor)
    assert refused == ("CoinOnWatch", token)


def test_withdraw__coins_on_watch__goes_on(guarded, guard, governor, investor):
    guard.setBroken(True, sender=governor)
    shares = guarded.vault.balanceOf(investor)
    guarded.vault.withdraw(shares, investor, [0] * 5, sender=investor)
    assert guarded.vault.balanceOf(investor) == 0
