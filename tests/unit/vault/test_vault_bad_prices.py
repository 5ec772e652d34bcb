"""The vault on the real PriceOracle: every bad answer of one coin's feed, at every entry point."""

from typing import Any

import pytest
from eth_utils import keccak

from tests.bad_feeds import BAD_ANSWERS, BadAnswer, bounds_of, break_feed
from tests.reverts import revert_of
from tests.unit.vault.conftest import CURATOR_ROLE, WEIGHTS, ZERO, Fund

HEARTBEAT = 86_400  # s
BAD_COIN = 2  # whose only feed answers badly
SHARE = 10**18


@pytest.fixture(scope="module")
def feeds(project: Any, governor: Any, fund: Fund) -> list[Any]:
    return [governor.deploy(project.BadFeed, 8, 10**8) for _ in fund.coins]


@pytest.fixture(scope="module")
def real_fund(
    project: Any, fund: Fund, feeds: list[Any], governor: Any, curator: Any, owner: Any, investor: Any
) -> Fund:
    """A funded vault priced by the real oracle, one Chainlink-like feed a coin."""
    oracle = governor.deploy(project.PriceOracle, fund.access, "0x" + "00" * 20, 0)
    (set_sources,) = [m for m in oracle.contract_type.mutable_methods if m.name == "setSources"]
    selector = keccak(text=set_sources.selector)[:4]
    fund.access.setTargetFunctionRole(oracle, [selector], CURATOR_ROLE, sender=governor)
    for coin, feed in zip(fund.coins, feeds, strict=True):
        source = (feed.address, HEARTBEAT, feed.decimals(), *bounds_of(feed))
        oracle.setSources(coin, [source], 1, 0, sender=curator)
    vault = governor.deploy(
        project.IndexVault, "Ballast", "B3", fund.access, oracle, owner, fund.coins, list(WEIGHTS), ZERO, ZERO
    )
    for coin in fund.coins:
        coin.approve(vault, 2**256 - 1, sender=investor)
    real = Fund(vault, oracle, fund.access, fund.venue, fund.coins)
    vault.contribute(real.by_weight(1_000), investor, 0, sender=investor)
    return real


def test_entry_points__good_prices__all_answer(real_fund: Fund, investor: Any) -> None:
    """The control: what is refused below is refused for the price alone."""
    vault = real_fund.vault
    assert vault.totalBasketValue() == 1_000 * SHARE
    amounts = real_fund.units(0, 0, 5, 0, 0)
    assert vault.contribute(amounts, investor, 0, sender=investor).return_value > 4 * SHARE


@pytest.mark.parametrize("bad", BAD_ANSWERS, ids=str)
def test_entry_points__bad_answer__proportion_and_exit_work_the_rest_refuses(
    real_fund: Fund, feeds: list[Any], investor: Any, chain: Any, bad: BadAnswer
) -> None:
    vault = real_fund.vault
    proportion = list(vault.amountsForShares(SHARE))
    break_feed(feeds[BAD_COIN], bad, chain, investor)
    refused = ("PriceNotGood", str(real_fund.coins[BAD_COIN].address), bad.status)
    # With excess, in the bad coin or in another: the basket cannot be valued either way.
    for amounts in (real_fund.units(0, 0, 5, 0, 0), real_fund.units(0, 0, 0, 2, 0)):
        assert revert_of(vault.contribute, amounts, investor, 0, sender=investor) == refused
        assert revert_of(vault.previewContribute, amounts, sender=investor) == refused
    assert revert_of(vault.totalBasketValue, sender=investor) == refused
    # Without excess, and out again.
    assert vault.previewContribute(proportion) >= SHARE
    vault.contribute(proportion, investor, SHARE, sender=investor)
    owed = list(vault.previewWithdraw(SHARE))
    assert list(vault.withdraw(SHARE, investor, owed, sender=investor).return_value) == owed
