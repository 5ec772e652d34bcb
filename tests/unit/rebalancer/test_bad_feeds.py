"""Every bad answer of a feed against every entry point of the Rebalancer, through the real oracle."""

from typing import Any

import pytest

from ballast.model.rebalance import Reason
from tests.bad_feeds import BAD_ANSWERS, BadAnswer, bounds_of, break_feed
from tests.reverts import revert_of
from tests.unit.rebalancer.conftest import (
    CURATOR_ROLE,
    DECIMALS,
    FUND,
    GOVERNED,
    KEEPER_ROLE,
    WEIGHTS,
    ZERO,
    System,
    selectors,
)

HEARTBEAT = 86_400
bad_answers = pytest.mark.parametrize("bad", BAD_ANSWERS, ids=str)


@pytest.fixture(scope="module")
def feeds(project: Any, governor: Any) -> list[Any]:
    """One feed a coin, and ETH's as the last."""
    return [governor.deploy(project.BadFeed, 8, 10**8) for _ in range(6)]


@pytest.fixture(scope="module")
def live(
    system: System, feeds: list[Any], project: Any, governor: Any, curator: Any, investor: Any
) -> System:
    """The fund again, its prices from feeds that can be broken; DRIFT calls for a session."""
    access = system.access
    oracle = governor.deploy(project.PriceOracle, access, ZERO, 0)
    for asset, feed in zip([*system.coins, system.weth], feeds, strict=True):
        source = (feed.address, HEARTBEAT, 8, *bounds_of(feed))
        oracle.setSources(asset, [source], 1, 0, sender=governor)
    vault = governor.deploy(
        project.IndexVault, "Live", "LIVE", access, oracle, governor, system.coins, list(WEIGHTS), ZERO, ZERO
    )
    rebalancer = governor.deploy(
        project.Rebalancer, access, vault, system.calculator, oracle, system.weth, ZERO
    )
    vault.transferOwnership(rebalancer, sender=governor)
    for role in (CURATOR_ROLE, KEEPER_ROLE):
        access.setTargetFunctionRole(rebalancer, selectors(rebalancer, GOVERNED[role]), role, sender=governor)
    for coin in system.coins:
        coin.approve(vault, 2**256 - 1, sender=investor)
    amounts = [FUND * w * 10**d // 10_000 for w, d in zip(WEIGHTS, DECIMALS, strict=True)]
    vault.contribute(amounts, investor, 0, sender=investor)
    handles = {name: getattr(system, name) for name in system.__dataclass_fields__}
    made = System(**handles | {"rebalancer": rebalancer, "vault": vault, "oracle": oracle})
    made.aim(3_600, 2_500, 2_400, 1_000, 500)
    return made


def refused(live: System, method: str, *args: Any) -> tuple[Any, ...]:
    return revert_of(getattr(live.rebalancer, method), *args, sender=live.keeper)


@bad_answers
@pytest.mark.parametrize("broken", [0, 3, 5], ids=["traded", "bystander", "eth"])
def test_should_rebalance__bad_answer__stale_data_and_never_a_revert(
    live: System, feeds: list[Any], chain: Any, governor: Any, bad: BadAnswer, broken: int
) -> None:
    break_feed(feeds[broken], bad, chain, governor)
    assert live.verdict() == (False, "STALE_DATA")
    assert refused(live, "open") == ("NotNow", Reason.STALE_DATA)
    trades = [live.trade(0, 2, 1_000)]
    assert refused(live, "executeRebalance", trades) == ("NotNow", Reason.STALE_DATA)


@bad_answers
@pytest.mark.parametrize("broken", [0, 3], ids=["traded", "bystander"])
def test_execute__bad_answer_in_session__price_not_good(
    live: System, feeds: list[Any], chain: Any, governor: Any, bad: BadAnswer, broken: int
) -> None:
    live.rebalancer.open(sender=governor)
    break_feed(feeds[broken], bad, chain, governor)
    expected = ("PriceNotGood", live.coins[broken].address, bad.status)
    assert live.verdict() == (False, "STALE_DATA")
    assert refused(live, "executeRebalance", [live.trade(0, 2, 1_000)]) == expected
    assert refused(live, "close") == expected
    assert refused(live, "maxDrift") == expected


@bad_answers
def test_execute__eth_price_bad_in_session__fill_needs_no_ether(
    live: System, feeds: list[Any], chain: Any, governor: Any, bad: BadAnswer
) -> None:
    live.rebalancer.open(sender=governor)
    break_feed(feeds[5], bad, chain, governor)
    live.fill(live.trade(0, 2, 40_000))
    assert live.values()[0] == 3_600 * FUND * 10**14
