"""Gifts to strategies, manager and vault, round victims who enter and leave: the giver is never the richer
for it.

In a Curve pool whoever enters or leaves pays a spread to who stays: there the thief is compared with
himself giving nothing.

What the victims lose is bounded too, against the same story without the thief:
- In a strategy, which has 10^6 virtual shares per unit, by a millionth of the gift each time he enters:
  what shares are rounded by.
- In a Curve pool that the thief's own deposits lean on, by the slippage that the strategy lets a deposit
  suffer.
- In the fund, whose newcomers pay for gains that are still locked, by their part of these if they leave
  at once: the gift of a thief is such a gain, and theirs when they stay for the unlock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from ballast.units import BPS
from tests.attacks.lending_draws import DAY, DUST, amount, seeds
from tests.attacks.lending_world import (
    BUILDERS,
    SEQUENCES,
    UNIT,
    WAD,
    Play,
    World,
    allow,
    make_world,
    total,
)
from tests.unit.erc4626.script import BOB, MALLORY, Answers, Ref, run
from tests.unit.erc4626.stage import Lab

pytestmark = pytest.mark.replica
NAMES = ("Aave", "Compound", "Curve")
OFFSET = 10**6  # virtual shares of a strategy, per unit
GIFTS = ("coin", "position", "shares", "to the manager", "to the vault", "position to the fund's")
MOVES = (
    "join",
    "victim joins",
    "gift",
    "fund join",
    "victim joins the fund",
    "harvest",
    "sync",
    "quit",
    "victim quits",
)


@pytest.fixture(scope="module")
def world(mainnet_handles: Any, project: Any) -> Iterator[World]:
    with mainnet_handles.isolated():
        made = make_world(Lab(mainnet_handles, project))
        for market in (
            contracts(made)["aave_v3_pool"],
            made.read(made.strategies["Compound"], "COMET()", returns="address"),
        ):
            allow(made.lab, market, made.tokens[0])
        yield made


@pytest.fixture(scope="module")
def fresh(world: World) -> dict[str, str]:
    """Strategies that nobody is in yet."""
    made = {name: build(world.lab, "USDC") for name, build in BUILDERS.items()}
    for address in made.values():
        allow(world.lab, address, world.tokens[0])
    return made


def contracts(world: World) -> dict[str, str]:
    return world.lab.replica.book.contracts


@dataclass(frozen=True)
class Move:
    """One move with its amount, base units; `what` is given."""

    name: str
    amount: int
    what: str = ""


def draw(rng: Random) -> list[Move]:
    """Gifts of any size between anything; most stories begin with a small join, as the inflation does."""
    start = [Move("join", max(1, amount(rng, -6, 2)))] if rng.random() < 0.6 else []
    later = [
        Move(rng.choice(MOVES), max(1, amount(rng, -6, 6)), rng.choice(GIFTS))
        for _ in range(rng.randrange(3, 9))
    ]
    return [*start, Move("gift", amount(rng, -3, 8), rng.choice(GIFTS)), *later]


def give_position(s: Play, name: str, to: str, size: int) -> None:
    """Aave's deposit token, Comet's base balance, Curve's LP tokens."""
    world, me = s.world, s.actors[MALLORY]
    if name == "Aave":
        token = world.read(world.strategies["Aave"], "DEPOSIT_TOKEN()", returns="address")
        pool = contracts(world)["aave_v3_pool"]
        s.call(MALLORY, pool, "supply(address,uint256,address,uint16)", s.coin, size, me, 0)
        s.pay(token, to, s.least(s.balance(token), size))
    elif name == "Compound":
        token = world.read(world.strategies["Compound"], "COMET()", returns="address")
        s.call(MALLORY, token, "supply(address,uint256)", s.coin, size)
        s.pay(token, to, s.least(s.balance(token), size))
    else:
        s.pay(world.pool, to, s.lean(True, min(size, 10**6 * UNIT)))


def give(s: Play, name: str, move: Move) -> None:
    world, size = s.world, move.amount
    if move.what == "coin":
        s.pay(s.coin, s.vault, size)
    elif move.what == "position":
        give_position(s, name, s.vault, size)
    elif move.what == "position to the fund's":
        give_position(s, name, world.strategies[name], size)
    elif move.what == "shares":
        s.join(min(size, 10**6 * UNIT))
        for to in (world.manager, world.fund, s.vault):
            s.pay(s.vault, to, s.ask("convertToShares", size // 3))
    else:
        to = world.manager if move.what == "to the manager" else world.fund
        s.pay(s.coin, to, size)
        s.pay(world.fund, to, s.least(size, s.balance(world.fund)))


def victim(s: Play, move: Move) -> None:
    if move.name == "victim joins":
        s.join(move.amount, BOB)
    elif move.name == "victim joins the fund":
        s.fund_join(move.amount * WAD // UNIT, BOB)
    else:
        s.quit(BOB)


def attack(s: Play, name: str, move: Move) -> None:
    if move.name == "join":
        s.join(min(move.amount, 1_000 * UNIT))
    elif move.name == "gift":
        give(s, name, move)
    elif move.name == "fund join":
        s.fund_join(move.amount * WAD // UNIT)
    elif move.name == "quit":
        s.quit()
    elif move.name == "harvest":
        s.harvest()
    else:
        s.sync()


@dataclass(frozen=True)
class Told:
    """One story: the accounts at its ends."""

    script: Play
    thief: tuple[list[Ref], list[Ref]]
    victim: tuple[list[Ref], list[Ref]]
    locked: tuple[
        list[Ref], Ref, Ref, Ref
    ]  # what is lent, what of it counts, the victim's shares of the fund, all shares

    def forfeited(self, answers: Answers) -> int:
        """The victim's part of the fund's locked gains, which he leaves behind by leaving at once."""
        lent, counted, held, supply = self.locked
        return max(0, total(answers, lent) - answers[counted]) * answers[held] // answers[supply] + 1


def tell(world: World, strategy: str, name: str, moves: list[Move], thief: bool = True) -> Told:
    """The moves in one transaction; without the thief the victim's alone."""
    s = world.play(strategy)
    start = s.wealth(MALLORY), s.wealth(BOB)
    for move in moves:
        if move.name.startswith("victim"):
            victim(s, move)
        elif thief:
            attack(s, name, move)
    locked = s.lent(), s.counted(), s.balance(world.fund, BOB), s.fund_supply()
    s.cash_in(BOB)
    s.cash_in(MALLORY)
    return Told(s, (start[0], s.wealth(MALLORY)), (start[1], s.wealth(BOB)), locked)


def change(answers: Answers, ends: tuple[list[Ref], list[Ref]]) -> int:
    return total(answers, ends[1]) - total(answers, ends[0])


def given(moves: list[Move]) -> int:
    return sum(move.amount for move in moves if move.name == "gift")


def staked(moves: list[Move]) -> int:
    """The victim's, base units; a share of the fund is worth a dollar and more."""
    return sum(2 * move.amount for move in moves if move.name.startswith("victim joins"))


def spreads_earned(world: World, strategy: str, name: str, stories: list[list[Move]]) -> list[int]:
    """What the thief would have got for being there and giving nothing; 0 but in a Curve pool."""
    if name != "Curve":
        return [0] * len(stories)
    told = [tell(world, strategy, name, [m for m in moves if m.name != "gift"]) for moves in stories]
    answers = run(world.lab.rpc, world.lab.prober, [one.script for one in told])
    return [max(0, change(got, one.thief)) for got, one in zip(answers, told, strict=True)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", ["fresh", "held"])
def test_gift__drawn_round_victims__giver_not_richer_and_victims_not_poorer(
    world: World, fresh: dict[str, str], name: str, state: str
) -> None:
    strategy = fresh[name] if state == "fresh" else world.strategies[name]
    stories = [draw(rng) for rng in seeds(f"gift {name} {state}", SEQUENCES // 6 + 1)]
    attacks = [tell(world, strategy, name, moves) for moves in stories]
    alone = [tell(world, strategy, name, moves, thief=False) for moves in stories]
    spreads = spreads_earned(world, strategy, name, stories)
    scripts = [told.script for told in (*attacks, *alone)]
    answers = run(world.lab.rpc, world.lab.prober, scripts)
    entered = 0
    for moves, told, other, got, without, spread in zip(
        stories, attacks, alone, answers[: len(stories)], answers[len(stories) :], spreads, strict=True
    ):
        assert change(got, told.thief) <= spread + DUST, moves
        slippage = staked(moves) * 100 // BPS if name == "Curve" else 0
        lost = change(without, other.victim) - change(got, told.victim)
        entries = sum(move.name == "victim joins" for move in moves)
        bound = DUST + entries * given(moves) // OFFSET + slippage + told.forfeited(got)
        assert lost <= bound, moves
        entered += staked(moves) > 0
    assert entered > len(stories) // 3


@pytest.mark.parametrize("name", NAMES)
def test_gift__to_a_strategy_of_the_fund__newcomer_who_stays_for_the_unlock_loses_nothing(
    world: World, name: str
) -> None:
    """He paid for it as for a gain that is locked."""
    gift = Move("gift", 100 * UNIT, "position to the fund's")
    results = []
    for moves in ([gift], []):
        first, last = world.play(name), world.play(name)
        start = first.wealth(BOB)
        for move in moves:
            attack(first, name, move)
        first.fund_join(50_000 * WAD, BOB)
        first.sync()
        last.fund_quit(BOB)
        end = last.wealth(BOB)
        answers = world.story([(1, first), (2 * DAY, last)])
        results.append(total(answers[1], end) - total(answers[0], start))
    assert results[0] >= results[1] - DUST
    assert results[0] >= -DUST


def test_gift__vault_that_counts_its_balance_and_has_no_virtual_shares__robs_the_first_victim(
    world: World,
) -> None:
    """The attack is a real one, and both judges see it."""
    naive = world.lab.deploy("NaiveLending", world.tokens[0])
    allow(world.lab, naive, world.tokens[0])
    moves = [Move("join", 1), Move("gift", 10_000 * UNIT, "coin"), Move("victim joins", 19_999 * UNIT)]
    told = tell(world, naive, "Aave", moves)
    (got,) = run(world.lab.rpc, world.lab.prober, [told.script])
    assert change(got, told.thief) > 4_000 * UNIT
    assert change(got, told.victim) < -4_000 * UNIT
