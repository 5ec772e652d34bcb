"""One venue, or one feed, in somebody's hands for hours: no crisis, no sale, no stop of trading."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ballast.model.crisis import State
from ballast.model.rebalance import Reason
from ballast.units import BPS
from tests.attacks.conftest import Stage
from tests.reverts import passes, revert_of

pytestmark = pytest.mark.replica

HOUR = 3_600
HOURS = 14  # at 30 % off a crisis takes 5
PUSHES = [("USDT", "USDC", "0.7"), ("USDC", "USDT", "0.7"), ("DAI", "USDC", "0.6"), ("FRAX", "USDC", "1.6")]


def push(stage: Stage, coin: str, quote: str, price: str) -> None:
    """Holds every pool of the two at the price, with depth round it."""
    replica = stage.deployed.replica
    for pool in replica.stable_pools(coin):
        if quote in pool.coins:
            replica.move_pool(coin, quote, price, pool.fee)
            replica.provide(*pool.coins, pool.fee)


def hours(stage: Stage, count: int) -> Iterator[None]:
    """Hour by hour: feeds answer the same, the attacker looks at every coin."""
    for _ in range(count):
        stage.deployed.replica.pass_time(HOUR)
        for token in stage.deployed.tokens:
            stage.look(token)
        yield


def states(stage: Stage) -> set[State]:
    return {State(state) for state in stage.detector.statesOf(stage.deployed.tokens)}


def openings_refused(stage: Stage) -> None:
    """By whoever, for whichever coin, by whichever door."""
    errors = stage.emergency.contract_type
    for caller in (stage.deployed.attacker, stage.deployed.keeper, stage.deployed.curator):
        for token in stage.deployed.tokens:
            answer = revert_of(
                stage.rebalancer.executeEmergencyRebalance, token, sender=caller, errors_of=errors
            )
            assert answer[:2] == ("NotInCrisis", token)
            for forced in (False, True):
                direct = revert_of(stage.emergency.enterEmergency, token, forced, sender=caller)
                assert direct == ("NotVaultOwner", caller.address)


@pytest.mark.parametrize(("coin", "quote", "price"), PUSHES)
def test_observe__pool_held_far_off_for_hours__no_crisis_and_nothing_sold(
    watched: Stage, coin: str, quote: str, price: str
) -> None:
    reserves = list(watched.vault.getBasket().reserves)
    push(watched, coin, quote, price)
    for _ in hours(watched, HOURS):
        assert State.CRISIS not in states(watched)
        assert int(watched.emergency.emergencyDue(), 16) == 0
    assert abs(watched.deployed.replica.pool_price(coin, quote) - Decimal(price)) < Decimal("0.01")
    openings_refused(watched)
    assert tuple(watched.rebalancer.shouldRebalance()) == (False, Reason.STALE_DATA)
    assert revert_of(watched.rebalancer.open, sender=watched.deployed.attacker) == (
        "NotNow",
        Reason.STALE_DATA,
    )
    trade = watched.trade(watched.token("USDT"), watched.token("USDC"), 10**6, 10**6)
    for method, caller in (
        (watched.rebalancer.executeRebalance, watched.deployed.keeper),
        (watched.rebalancer.fill, watched.deployed.attacker),
    ):
        assert not passes(method, [trade], sender=caller)
    assert list(watched.vault.getBasket().reserves) == reserves


@pytest.mark.parametrize("symbol", ["USDC", "USDT", "DAI"])
def test_observe__one_feed_lies_for_hours__no_crisis(watched: Stage, symbol: str) -> None:
    """The feed prices its own coin and, through their pools, others: one source of each."""
    watched.deployed.replica.set_feed(symbol, "0.6")
    for _ in hours(watched, HOURS):
        assert State.CRISIS not in states(watched)
    openings_refused(watched)


def test_observe__feed_of_one_coin_and_pool_of_another__no_crisis(watched: Stage) -> None:
    """The quote coin's feed lies, and a pool against it is held so that its average repeats the lie."""
    watched.deployed.replica.set_feed("USDC", "0.7")
    push(watched, "DAI", "USDC", "1")
    for _ in hours(watched, HOURS):
        assert State.CRISIS not in states(watched)
    openings_refused(watched)


def test_fill__guardian_misled_by_a_pushed_pool__costs_at_most_the_budget(watched: Stage) -> None:
    """A guardian flees a sound coin that one source puts at 70 cents: a thief tries every price between."""
    push(watched, "USDT", "USDC", "0.7")
    watched.deployed.replica.pass_time(HOUR)
    usdt = watched.token("USDT")
    watched.rebalancer.executeEmergencyRebalance(usdt, sender=watched.deployed.guardian)
    params = watched.emergency.emergencyParams()
    watched.deployed.replica.pass_time(params.auctionLength)
    start = true_value(watched)
    thief, fill = watched.deployed.attacker, watched.rebalancer.fill
    for percent in (68, 80, 90, 97, 99):
        for dollars in (100_000, 20_000, 5_000, 1_000, 200):
            trade = watched.trade(usdt, watched.token("DAI"), dollars * 10**6, dollars * percent * 10**16)
            while passes(fill, [trade], sender=thief):
                fill([trade], sender=thief)
    lost = start - true_value(watched)
    assert 0 < lost <= start * params.lossBudgetBps // BPS
    assert lost > start * params.lossBudgetBps // BPS * 8 // 10, "the thief did try"


def true_value(stage: Stage) -> int:
    """WAD{USD} of the fund, every coin at a dollar."""
    reserves, scales = stage.vault.getBasket().reserves, stage.vault.getScales()
    return sum(r * s for r, s in zip(reserves, scales, strict=True))


@pytest.mark.parametrize(("coin", "quote", "price"), PUSHES)
def test_trip__one_venue_pushed__not_fallen(watched: Stage, coin: str, quote: str, price: str) -> None:
    """Neither a fall at one venue nor the way back from a rise at one."""
    switch, thief = watched.deployed.system.kill_switch, watched.deployed.attacker
    switch.checkpoint(sender=thief)
    for pushed in (price, str(1 / Decimal(price))[:6], "1"):
        push(watched, coin, quote, pushed)
        watched.deployed.replica.pass_time(HOUR)
        assert revert_of(switch.trip, sender=thief)[0] == "NotFallen"
        switch.checkpoint(sender=thief)
    assert not watched.rebalancer.paused()


def test_halt_trading__not_by_the_switch__refused(watched: Stage) -> None:
    everybody: list[Any] = [watched.deployed.attacker, watched.deployed.keeper, watched.deployed.reporter]
    for caller in everybody:
        answer = revert_of(watched.rebalancer.haltTrading, sender=caller)
        assert answer == ("AccessManagedUnauthorized", caller.address)
