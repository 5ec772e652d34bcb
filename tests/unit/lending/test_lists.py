"""The lists, caps and terms: who may change them, and within which bounds."""

from typing import Any

import pytest

from tests.reverts import revert_of
from tests.unit.lending.conftest import DAY, MUCH, UNREADABLE

ZERO = "0x" + "00" * 20


@pytest.fixture(scope="module")
def more(project: Any, world: Any, governor: Any) -> list[Any]:
    """Strategies of coin 1 that nobody has listed."""
    return [governor.deploy(project.HostileStrategy, world.coins[1]) for _ in range(7)]


def test_restricted__stranger__refused(world, stranger):
    first, coin = world.strategies[0], world.coins[0]
    calls = {
        "bind": (world.vault,),
        "addStrategy": (first, 1, 1),
        "removeStrategy": (first,),
        "writeOff": (first,),
        "raiseCaps": (first, 1, 1),
        "lowerCaps": (first, 0, 0),
        "pauseStrategy": (first,),
        "unpauseStrategy": (first,),
        "setOrder": (coin, []),
        "setTerms": (coin, (0, DAY, 1, 0, DAY)),
        "allocate": (first, 1),
        "deallocate": (first, 1),
        "recall": (first, 1, 0),
    }
    for name, arguments in calls.items():
        refused = revert_of(getattr(world.manager, name), *arguments, sender=stranger)
        assert refused == ("AccessManagedUnauthorized", stranger.address), name


def test_add_strategy__seventh_of_a_coin__refused(world, more, governor):
    add = world.manager.addStrategy
    for strategy in more[: world.manager.MAX_STRATEGIES()]:
        add(strategy, MUCH, 5_000, sender=governor)
    listed = [s.strategy for s in world.manager.strategiesOf(world.coins[1])]
    assert listed == [s.address for s in more[:6]]
    assert revert_of(add, more[6], MUCH, 5_000, sender=governor) == ("TooManyStrategies", 7, 6)
    assert revert_of(add, more[0], MUCH, 5_000, sender=governor) == ("DuplicateStrategy", more[0].address)


def test_add_strategy__not_one_of_a_constituent__refused(project, world, governor):
    add, foreign = world.manager.addStrategy, governor.deploy(project.TokenWithModes, 6)
    of_foreign = governor.deploy(project.HostileStrategy, foreign)
    assert revert_of(add, of_foreign, 1, 1, sender=governor) == ("NotAConstituent", foreign.address)
    for bad in (foreign.address, world.vault.address, world.manager.address, ZERO, str(governor)):
        assert revert_of(add, bad, 1, 1, sender=governor) == ("NotAStrategy", bad)


def test_add_strategy__first_of_a_coin__terms_are_the_defaults(world, more, governor):
    assert tuple(world.manager.termsOf(world.coins[1])) == (0, 0, 0, 0, 0)
    terms = (0, DAY, 1, 0, DAY)
    refused = revert_of(world.manager.setTerms, world.coins[1], terms, sender=governor)
    assert refused == ("NeverLent", world.coins[1].address)
    world.manager.addStrategy(more[0], 1, 1, sender=governor)
    assert tuple(world.manager.termsOf(world.coins[1])) == (1_000, DAY, 100, 10, 7 * DAY)


def test_set_order__another_order__is_the_list(world, governor):
    first, second = world.strategies
    world.manager.setOrder(world.coins[0], [second, first], sender=governor)
    assert [s.strategy for s in world.manager.strategiesOf(world.coins[0])] == [second.address, first.address]
    for bad in ([first], [first, first], [first, world.other], [first, second, world.other]):
        assert revert_of(world.manager.setOrder, world.coins[0], bad, sender=governor) == ("NotAnOrder",)


def test_remove_strategy__empty__others_keep_their_order(lent, governor):
    first, second = lent.strategies
    remove = lent.manager.removeStrategy
    assert revert_of(remove, first, sender=governor) == ("StrategyNotEmpty", first.address, 2_000 * 10**6)
    lent.manager.deallocate(first, MUCH, sender=governor)
    remove(first, sender=governor)
    assert [s.strategy for s in lent.manager.strategiesOf(lent.coins[0])] == [second.address]
    assert revert_of(lent.manager.allocate, first, 1, sender=governor) == ("UnknownStrategy", first.address)
    assert lent.manager.allocatable(first) == (0, "not a strategy of the list")
    lent.manager.addStrategy(first, MUCH, 10_000, sender=governor)
    assert lent.manager.allocatable(first)[0] > 0


def test_caps__each_way__its_own_function(world, governor):
    first, caps = world.strategies[0], (MUCH, 10_000)
    lower, higher = world.manager.lowerCaps, world.manager.raiseCaps
    lower(first, 10, 4_000, sender=governor)
    for bad in ((11, 4_000), (10, 4_001)):
        assert revert_of(lower, first, *bad, sender=governor) == ("CapsRaised", *bad)
    for bad in ((9, 4_000), (10, 3_999)):
        assert revert_of(higher, first, *bad, sender=governor) == ("CapsLowered", *bad)
    assert revert_of(higher, first, 10, 10_001, sender=governor)[0] == "ParamOutOfBounds"
    higher(first, *caps, sender=governor)
    state = world.manager.strategiesOf(world.coins[0])[0]
    assert (state.absoluteCap, state.relativeCapBps) == caps


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("bufferBps", 0, 10_000),
        ("unlockPeriod", 3_600, 30 * DAY),
        ("jumpBps", 1, 1_000),
        ("lossBudgetBps", 0, 100),
        ("lossPeriod", DAY, 365 * DAY),
    ],
)
def test_set_terms__beyond_a_bound__refused(world, governor, name, low, high):
    for value in (low, high):
        world.terms(**{name: value})
        assert getattr(world.manager.termsOf(world.coins[0]), name) == value
    assert world.manager.bufferOf(world.coins[0]) == world.manager.termsOf(world.coins[0]).bufferBps
    names = ("bufferBps", "unlockPeriod", "jumpBps", "lossBudgetBps", "lossPeriod")
    for value in {high + 1, max(0, low - 1)} - {low}:
        terms = [value if n == name else getattr(world.manager.termsOf(world.coins[0]), n) for n in names]
        refused = revert_of(world.manager.setTerms, world.coins[0], terms, sender=governor)
        assert (refused[0], refused[2:]) == ("ParamOutOfBounds", (value, low, high))


@pytest.mark.parametrize("mode", ["HONEST", *UNREADABLE])
def test_strategies_of__says_what_is_known(lent, mode):
    lent.mode(mode)
    lent.strategies[1].setLimits(7, 0, sender=lent.governor)
    first, second = lent.manager.strategiesOf(lent.coins[0])
    unit = 10**6
    value = 2_000 * unit if mode == "HONEST" else 0
    assert (first.value, first.liquid, first.readable) == (value, value, mode == "HONEST")
    assert (second.value, second.liquid, second.shares) == (2_000 * unit, 7, 2_000 * unit)
