"""Sessions, emergencies and the kill switch over a fund whose coin 0 is lent to the last unit."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.reverts import revert_of
from tests.unit.rebalancer.conftest import (
    AWAY,
    GUARDIAN_ROLE,
    SETTLED,
    WATCHDOG_ROLE,
    ZERO,
    System,
    selectors,
)

UNIT = 10**6  # of coin 0
LENT = 400_000 * UNIT
ALL = 2**112
REVERTS = 1  # HostileStrategy.Mode.VALUE_REVERTS


@dataclass(frozen=True)
class Lending:
    """The fund, its manager and the one strategy that has all of coin 0."""

    system: System
    manager: Any
    strategy: Any

    def liquid(self, amount: int) -> None:
        self.strategy.setLimits(amount, 0, sender=self.system.governor)

    def reserve(self) -> int:
        return self.system.vault.getBasket().reserves[0]


@pytest.fixture(scope="module")
def lending(makers: Any, project: Any, governor: Any) -> Lending:
    index = governor.deploy(project.MockEmergencyIndex)
    system = makers.system(index, index.address, lends=True)
    called = selectors(system.rebalancer, ("executeEmergencyRebalance",))
    system.access.setTargetFunctionRole(system.rebalancer, called, GUARDIAN_ROLE, sender=governor)
    manager = project.StrategyManager.at(system.vault.manager())
    manager.bind(system.vault, sender=governor)
    strategy = governor.deploy(project.HostileStrategy, system.coins[0])
    manager.addStrategy(strategy, ALL, 10_000, sender=governor)
    manager.setTerms(system.coins[0], (0, 86_400, 100, 10, 7 * 86_400), sender=governor)
    manager.allocate(strategy, LENT, sender=governor)
    assert system.vault.idleOf(system.coins[0]) == 0
    return Lending(system, manager, strategy)


@pytest.fixture
def fleeing(lending: Lending, stranger: Any) -> Lending:
    """Coin 0 trades at $0.80 and its emergency is open."""
    system = lending.system
    system.price(0, 0.8)
    system.aim(*AWAY)
    system.calculator.setDue(system.coins[0], sender=system.governor)
    system.rebalancer.executeEmergencyRebalance(system.coins[0], sender=stranger)
    return lending


def sells(system: System, dollars: float) -> tuple:
    """Coin 0 at 80 cents for coin 2."""
    return system.trade(0, 2, dollars, dollars * 0.8)


def refusal(lending: Lending, *trades: tuple) -> tuple:
    system, types = lending.system, lending.manager.contract_type
    return revert_of(system.rebalancer.executeRebalance, list(trades), sender=system.keeper, errors_of=types)


def test_execute_rebalance__session__sells_what_is_lent(lending, stranger):
    system = lending.system
    system.aim(3_600, 2_500, 2_400, 1_000, 500)
    system.rebalancer.open(sender=stranger)
    system.fill(system.trade(0, 2, 40_000))
    assert system.rebalancer.getSession().phase == SETTLED
    assert lending.reserve() == lending.strategy.balanceOf(lending.manager) == LENT - 40_000 * UNIT


def test_emergency__coin_fully_lent__brought_and_sold_to_the_end(fleeing):
    system = fleeing.system
    system.fill(sells(system, 400_000))
    assert system.rebalancer.getSession().phase == SETTLED
    assert fleeing.reserve() == fleeing.strategy.balanceOf(fleeing.manager) == 0


def test_emergency__by_anyone__brings_coins_too(fleeing, stranger):
    system = fleeing.system
    system.rebalancer.fill([system.trade(0, 2, 1_000, 900)], sender=stranger)
    assert fleeing.reserve() == LENT - 1_000 * UNIT


def test_emergency__market_fully_used__sells_what_there_is_and_the_rest_later(fleeing):
    system = fleeing.system
    fleeing.liquid(90_000 * UNIT)
    available = system.vault.available(system.coins[0])
    assert available == 90_000 * UNIT
    expected = ("NotEnoughLiquidity", system.coins[0].address, LENT, available)
    assert refusal(fleeing, sells(system, 400_000)) == expected
    system.fill(sells(system, 90_000))
    assert fleeing.reserve() == LENT - available
    fleeing.liquid(LENT)
    system.wait(60)
    system.fill(sells(system, 310_000))
    assert system.rebalancer.getSession().phase == SETTLED


def test_emergency__strategy_dead__others_trade_and_the_coin_stays_listed(fleeing, stranger):
    """Told as last seen: nobody drops the coin, buys into it, or takes its silence for a fall."""
    system = fleeing.system
    system.fill(sells(system, 300_000))
    fleeing.strategy.setMode(REVERTS, sender=system.governor)
    assert system.vault.available(system.coins[0]) == 0
    assert fleeing.reserve() == LENT - 300_000 * UNIT
    system.wait(60)
    assert refusal(fleeing, sells(system, 1_000))[0] == "NotEnoughLiquidity"
    system.wait(86_400)
    system.calculator.setDue(ZERO, sender=system.governor)
    system.price(0, 1)
    system.rebalancer.open(sender=stranger)
    assert system.coins[0].address in system.rebalancer.getSession().tokens


def test_kill_switch__lent_coins__count_as_the_others_do(lending, project, stranger, guardian):
    system = lending.system
    switch = project.KillSwitch.deploy(
        system.access, system.vault, system.oracle, system.rebalancer, sender=system.governor
    )
    system.access.grantRole(WATCHDOG_ROLE, switch, 0, sender=system.governor)
    switch.checkpoint(sender=stranger)
    before = switch.highest()
    lending.manager.recall(lending.strategy, LENT // 2, 0, sender=system.governor)
    lending.strategy.setMode(REVERTS, sender=system.governor)
    assert revert_of(switch.trip, sender=stranger) == ("NotFallen", before, before)
    lending.strategy.setMode(0, sender=system.governor)
    lending.strategy.setRate(10**17, sender=system.governor)  # 18 % of the fund are gone
    switch.trip(sender=stranger)
    assert system.rebalancer.halted()
