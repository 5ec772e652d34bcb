"""The keeper lends inside caps, buffer and a loss budget; the guardian takes back at once."""

from typing import Any

import pytest

from tests.reverts import passes, revert_of
from tests.unit.lending.conftest import DAY, MUCH, UNREADABLE, World, pass_time

UNIT = 10**6
RECALLED = 2**112  # more than any strategy is worth


def refused(world: World, strategy: Any = None, assets: int = UNIT) -> tuple[Any, ...]:
    """What `allocate` says; `allocatable` must say the same."""
    which = strategy or world.strategies[0]
    name, at, most, reason = revert_of(world.manager.allocate, which, assets, sender=world.governor)
    assert (name, at) == ("NotAllocatable", which.address)
    assert tuple(world.manager.allocatable(which)) == (most, reason)
    return most, reason


def test_allocate__idle_coins__lent_with_nothing_lost(world):
    first, coin = world.strategies[0], world.coins[0]
    assert world.manager.lentOf(world.coins).highs == [0, 0, 0]
    receipt = world.lend(2_000 * UNIT)
    assert first.balanceOf(world.manager) == world.low() == world.high() == 2_000 * UNIT
    assert (world.idle(), coin.balanceOf(world.vault)) == (3_000 * UNIT,) * 2
    assert world.vault.getReserve(coin) == 5_000 * UNIT
    assert coin.allowance(world.manager, first) == coin.balanceOf(world.manager) == 0
    [event] = receipt.events.filter(world.manager.Allocated)
    assert (event.token, event.strategy, event.assets) == (coin.address, first.address, 2_000 * UNIT)


def test_allocate__coin_that_answers_nothing__lent_and_taken_back(world):
    coin = world.coins[2]
    world.lend(1_000 * UNIT, world.other)
    assert coin.allowance(world.manager, world.other) == 0
    world.manager.deallocate(world.other, 400 * UNIT, sender=world.governor)
    assert (world.idle(2), world.low(2)) == (1_400 * UNIT, 600 * UNIT)


@pytest.mark.parametrize(
    ("caps", "room", "most", "reason"),
    [
        ((MUCH, 10_000), MUCH, 4_500, "idle buffer"),
        ((300 * UNIT, 10_000), MUCH, 300, "absolute cap"),
        ((MUCH, 2_000), MUCH, 1_000, "relative cap"),
        ((MUCH, 10_000), 70 * UNIT, 70, "the strategy takes no more"),
    ],
)
def test_allocate__one_unit_more_than_a_bound__refused_saying_which(world, caps, room, most, reason):
    first = world.strategies[0]
    world.manager.lowerCaps(first, *caps, sender=world.governor)
    first.setLimits(MUCH, room, sender=world.governor)
    assert refused(world, assets=most * UNIT + 1) == (most * UNIT, reason)
    world.lend(most * UNIT)
    assert refused(world)[0] == 0


def test_allocate__strategy_reenters__nothing_answers_inside(world, investor):
    """In the middle of it coins have left the lane and no shares are there yet."""
    first = world.strategies[0]
    world.mode("REENTERS")
    world.vault.transfer(first, UNIT, sender=investor)
    for data in (
        world.vault.contribute.encode_input([UNIT, 0, 0], investor, 0),
        world.vault.withdraw.encode_input(1, investor, [0] * 3),
        world.vault.getBasket.encode_input(),
        world.vault.previewContribute.encode_input([UNIT, 0, 0]),
    ):
        first.setHook(world.vault, data, True, sender=world.governor)
        world.lend(100 * UNIT)
        assert bytes(first.hookAnswer())[:4].hex() == "3ee5aeb5"


def test_allocate__not_now__says_why(lent):
    first, second = lent.strategies
    lent.manager.pauseStrategy(first, sender=lent.governor)
    assert refused(lent) == (0, "paused")
    lent.manager.unpauseStrategy(first, sender=lent.governor)
    lent.guard.bar(lent.coins[0], True, sender=lent.governor)
    assert refused(lent) == (0, "coin on watch")
    lent.guard.bar(lent.coins[0], False, sender=lent.governor)
    lent.mode("VALUE_REVERTS", second)
    assert refused(lent) == (0, "a strategy of the coin cannot be read")
    lent.mode("HONEST", second)
    lent.lend(UNIT)


@pytest.mark.parametrize(("per_mille", "jumps"), [(10, False), (11, True), (-10, False), (-11, True)])
def test_sync__share_price_moves__paused_beyond_the_bound(lent, stranger, per_mille, jumps):
    first = lent.strategies[0]
    lent.earn(first, per_mille)
    assert (lent.manager.allocatable(first)[1] == "its share's price jumped") is jumps
    receipt = lent.manager.sync(lent.coins[0], sender=stranger)
    events = receipt.events.filter(lent.manager.JumpPaused)
    worth = 2_000 * UNIT
    seen = [(e.strategy, e.valueBefore, e.valueAfter) for e in events]
    assert seen == ([(first.address, worth, worth * (1_000 + per_mille) // 1_000)] if jumps else [])
    assert (lent.manager.allocatable(first)[1] == "paused") is jumps


def test_allocate__shares_too_few__inside_the_loss_budget_only(lent):
    first = lent.strategies[0]
    first.setFees(60, 0, sender=lent.governor)
    remaining, capacity = lent.manager.lossBudget(lent.coins[0])
    assert (remaining, capacity) == (5 * UNIT, 5 * UNIT)  # 10 bps of 5,000
    lent.terms(bufferBps=0)
    reverted = revert_of(lent.manager.allocate, first, 1_000 * UNIT, sender=lent.governor)
    assert reverted == ("LossBudgetExceeded", lent.coins[0].address, 6 * UNIT, 5 * UNIT)
    lent.lend(750 * UNIT)
    remaining, _ = lent.manager.lossBudget(lent.coins[0])
    assert remaining == pytest.approx(UNIT // 2, rel=1e-2)
    assert lent.idle() + lent.low() == 5_000 * UNIT - 45 * UNIT // 10
    pass_time(7 * DAY)
    assert lent.manager.lossBudget(lent.coins[0])[0] == lent.manager.lossBudget(lent.coins[0])[1]


def test_allocate__strategy_leaves_coins_behind__refused(lent):
    lent.mode("DEPOSIT_KEEPS_HALF")
    name, at, left = revert_of(lent.manager.allocate, lent.strategies[0], 100, sender=lent.governor)
    assert (name, at, left) == ("NotAllTaken", lent.strategies[0].address, 50)


def test_deallocate__a_part_and_all__coins_are_idle_again(lent):
    first = lent.strategies[0]
    receipt = lent.manager.deallocate(first, 500 * UNIT, sender=lent.governor)
    [event] = receipt.events.filter(lent.manager.Deallocated)
    assert (event.assets, event.shares) == (500 * UNIT, 500 * UNIT)
    assert (lent.idle(), lent.low()) == (1_500 * UNIT, 3_500 * UNIT)
    lent.manager.deallocate(first, RECALLED, sender=lent.governor)
    assert first.balanceOf(lent.manager) == 0
    assert (lent.idle(), lent.low()) == (3_000 * UNIT, 2_000 * UNIT)


def test_deallocate__market_nearly_empty__what_it_has(lent):
    first = lent.strategies[0]
    first.setLimits(70 * UNIT, 0, sender=lent.governor)
    lent.manager.deallocate(first, 500 * UNIT, sender=lent.governor)
    assert (lent.idle(), lent.low()) == (1_070 * UNIT, 3_930 * UNIT)
    nothing = revert_of(lent.manager.deallocate, first, 500 * UNIT, sender=lent.governor)
    assert nothing == ("NothingToRedeem", first.address)


def test_deallocate__at_a_loss__keeper_bounded_guardian_not(lent):
    first = lent.strategies[0]
    first.setFees(0, 100, sender=lent.governor)  # 20 of 2,000
    name, token, loss, _ = revert_of(lent.manager.deallocate, first, RECALLED, sender=lent.governor)
    assert (name, token, loss) == ("LossBudgetExceeded", lent.coins[0].address, 20 * UNIT)
    short = revert_of(lent.manager.recall, first, RECALLED, 1_981 * UNIT, sender=lent.governor)
    assert short == ("ReceivedTooLittle", 1_980 * UNIT, 1_981 * UNIT)
    lent.manager.recall(first, RECALLED, 1_980 * UNIT, sender=lent.governor)
    assert lent.idle() + lent.low() == 4_980 * UNIT
    assert refused(lent) == (0, "loss budget overspent")


@pytest.mark.parametrize("mode", UNREADABLE)
def test_deallocate__unreadable__keeper_refused_guardian_gets_the_coins(lent, mode):
    first = lent.strategies[0]
    lent.mode(mode)
    unreadable = revert_of(lent.manager.deallocate, first, RECALLED, sender=lent.governor)
    assert unreadable == ("StrategyUnreadable", first.address)
    lent.manager.recall(first, RECALLED, 0, sender=lent.governor)
    assert (lent.idle(), lent.low()) == (3_000 * UNIT, 2_000 * UNIT)


@pytest.mark.parametrize("mode", ["LIQUIDITY_REVERTS", "LIQUIDITY_BURNS_GAS"])
def test_recall__strategy_does_not_say_what_it_pays__asked_all_the_same(lent, mode):
    first = lent.strategies[0]
    lent.mode(mode)
    lent.manager.recall(first, RECALLED, 2_000 * UNIT, sender=lent.governor)
    assert first.balanceOf(lent.manager) == 0


def test_churn__lossy_strategy__stolen_keeper_loses_the_budget_at_most(lent):
    first = lent.strategies[0]
    first.setFees(3, 4, sender=lent.governor)
    before = lent.idle() + lent.low()
    capacity = lent.manager.lossBudget(lent.coins[0])[1]
    for move in (lent.manager.deallocate, lent.manager.allocate) * 12:
        if passes(move, first, 900 * UNIT, sender=lent.governor):
            move(first, 900 * UNIT, sender=lent.governor)
    lost = before - lent.idle() - lent.low()
    assert capacity * 8 // 10 < lost <= capacity


def test_churn__by_fills_that_bring_coins__once_beyond_the_budget_at_most(lent, owner):
    """A fill is not refused for what bringing coins costs; but that keeps the keeper from lending again."""
    first = lent.strategies[0]
    first.setFees(0, 40, sender=lent.governor)
    lent.strategies[1].setLimits(0, 0, sender=lent.governor)
    capacity = lent.manager.lossBudget(lent.coins[0])[1]
    lost = []
    for _ in range(6):
        before = lent.idle() + lent.low()
        amount = lent.vault.available(lent.coins[0]) - 200 * UNIT
        lent.vault.executeTrades(lent.trade(amount), sender=owner)
        lent.vault.executeTrades(lent.trade(amount, 2, 0), sender=owner)
        lost.append(before - lent.idle() - lent.low())
        if passes(lent.manager.allocate, first, 1_000 * UNIT, sender=lent.governor):
            lent.lend(1_000 * UNIT)
    assert lent.manager.allocatable(first) == (0, "loss budget overspent")
    assert capacity < sum(lost) <= capacity + 2_000 * UNIT * 50 // 10_000
