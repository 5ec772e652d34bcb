"""Drawn days of a fund that lends, beside the exact model: who is paid what, and no unit unaccounted."""

from dataclasses import dataclass
from random import Random
from typing import Any

import ape
import pytest

from ballast.model import lending as model
from tests.profiles import PROFILE
from tests.unit.lending.conftest import DAY, World, pass_time

SEED = 7540
SEQUENCES = max(2, PROFILE.examples // 6)
STEPS = 12
UNIT = 10**6
WAD = 10**18


@dataclass
class Book:
    """The model's account of coin 0."""

    gains: model.Gains
    idle: int


def now() -> int:
    return ape.chain.provider.get_block("latest").timestamp


def holdings(world: World) -> list[model.Holding]:
    found = []
    for strategy in world.strategies:
        shares = strategy.balanceOf(world.manager)
        value = shares * strategy.rate() // WAD
        found.append(model.Holding(shares, value, min(value, strategy.liquid())))
    return found


def value(world: World) -> int:
    return sum(h.value for h in holdings(world))


def settle(world: World, book: Book) -> None:
    """What `sync`, and every move of the keeper first, does; at the time of the latest block."""
    time = now()
    book.gains, _, _ = model.settle(model.accrue(book.gains, time), value(world), DAY, time)


def lend(world: World, book: Book, rng: Random) -> None:
    strategy = rng.choice(world.strategies)
    most = world.manager.allocatable(strategy)[0]
    if most < 2:
        return
    before, amount = value(world), rng.randrange(1, most)
    world.lend(amount, strategy)
    lent = value(world)
    time = now()
    gains, _, _ = model.settle(model.accrue(book.gains, time), before, DAY, time)
    book.gains = model.Gains(gains.counted + min(amount, lent - before), gains.locked, time, gains.full_at)
    book.idle -= amount


def take_back(world: World, book: Book, rng: Random) -> None:
    at = rng.randrange(2)
    held = holdings(world)[at]
    if not held.liquid:
        return
    before, coins = value(world), world.coins[0].balanceOf(world.vault)
    world.manager.recall(
        world.strategies[at], rng.choice((held.value, held.value // 3 + 1)), 0, sender=world.governor
    )
    received = world.coins[0].balanceOf(world.vault) - coins
    time = now()
    gains, _, _ = model.settle(model.accrue(book.gains, time), before, DAY, time)
    book.gains = model.Gains(gains.counted - received, gains.locked, time, gains.full_at)
    book.idle += received


def earn(world: World, _: Book, rng: Random) -> None:
    world.earn(rng.choice(world.strategies), rng.choice((1, 4, 9, -2)))


def look(world: World, book: Book, _: Random) -> None:
    world.manager.sync(world.coins[0], sender=world.governor)
    settle(world, book)


def wait(_: World, __: Book, rng: Random) -> None:
    pass_time(rng.choice((60, 3_600, DAY // 2, 2 * DAY)))


def fill_up(world: World, _: Book, rng: Random) -> None:
    world.strategies[rng.randrange(2)].setLimits(
        rng.choice((0, 50 * UNIT, 10**30)), 10**30, sender=world.governor
    )


def enter(world: World, book: Book, rng: Random) -> None:
    who = world.governor.provider.account_manager.test_accounts[5]
    paid = world.coins[0].balanceOf(who)
    world.enter(who, world.vault.totalSupply() // rng.choice((5, 11, 40)))
    book.idle += paid - world.coins[0].balanceOf(who)


def leave(world: World, book: Book, rng: Random) -> None:
    """The payments are the model's, share for share and coin for coin."""
    who = world.governor.provider.account_manager.test_accounts[4]
    shares = world.vault.balanceOf(who) // rng.choice((2, 3, 9))
    supply, held = world.vault.totalSupply(), holdings(world)
    coins, kept = world.coins[0].balanceOf(who), [s.balanceOf(who) for s in world.strategies]
    world.leave(who, shares)
    low = model.low_of(sum(h.value for h in held), model.accrue(book.gains, now()).counted)
    idle, rest = model.from_idle(max(0, book.idle + low) * shares // supply, book.idle)
    payments = model.pay_out(rest, held)
    for strategy, before, payment, had in zip(world.strategies, held, payments, kept, strict=True):
        assert strategy.balanceOf(who) - had == payment.given
        assert before.shares - strategy.balanceOf(world.manager) == payment.redeemed + payment.given
    rates = [s.rate() for s in world.strategies]
    redeemed = sum(p.redeemed * rate // WAD for p, rate in zip(payments, rates, strict=True))
    assert world.coins[0].balanceOf(who) - coins == idle + redeemed
    book.idle -= idle
    book.gains = model.Gains(
        book.gains.counted - rest, book.gains.locked, book.gains.since, book.gains.full_at
    )


def check(world: World, book: Book) -> None:
    gains = model.accrue(book.gains, now())
    told = world.manager.gainsOf(world.coins[0])
    assert (told.counted, told.locked) == (gains.counted, gains.locked)
    assert world.idle() == world.coins[0].balanceOf(world.vault) == book.idle
    assert (world.low(), world.high()) == (model.low_of(value(world), gains.counted), value(world))
    states = world.manager.strategiesOf(world.coins[0])
    assert [s.shares for s in states] == [s.balanceOf(world.manager) for s in world.strategies]
    assert world.coins[0].balanceOf(world.manager) == 0


ACTS: tuple[Any, ...] = (lend, lend, take_back, earn, earn, look, look, wait, fill_up, enter, leave, leave)


@pytest.mark.parametrize("number", range(SEQUENCES))
def test_lending__drawn_days__equal_the_model(world, number):
    rng = Random(SEED * 1_000 + number)
    book = Book(model.Gains(0, 0, 0, 0), world.idle())
    world.terms(bufferBps=rng.choice((0, 500)), jumpBps=1_000, lossBudgetBps=100)
    lend(world, book, rng)
    for _ in range(STEPS):
        rng.choice(ACTS)(world, book, rng)
        check(world, book)
