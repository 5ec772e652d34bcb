"""Gifts to strategies, manager and vault, round victims who enter and leave: the giver is never the richer for it.

What the victims lose is bounded too: a strategy has 10^6 virtual shares per unit, so that a gift of D before the first
deposit makes a victim lose at most D / 10^6 by rounding. Nobody's entry into a Curve pool is cheaper for a pool that
the attacker's own deposits lean on; there the bound is the slippage that the strategy lets a deposit suffer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from ballast.units import BPS
from tests.attacks.lending_draws import DUST, amount, seeds
from tests.attacks.lending_world import (
    BOB,
    BUILDERS,
    MALLORY,
    SEQUENCES,
    UNIT,
    WAD,
    Play,
    World,
    allow,
    make_world,
    total,
)
from tests.unit.erc4626.script import Answers, Ref, run
from tests.unit.erc4626.stage import Lab

pytestmark = pytest.mark.replica
NAMES = ("Aave", "Compound", "Curve")
OFFSET = 10**6  # virtual shares of a strategy, per unit
GIFTS = ("coin", "position", "shares", "to the manager", "to the vault", "position to the fund's")
MOVES = ("join", "victim joins", "gift", "fund join", "victim joins the fund", "harvest", "sync", "quit", "victim quits")


@pytest.fixture(scope="module")
def world(mainnet_handles: Any, project: Any) -> Iterator[World]:
    with mainnet_handles.isolated():
        made = make_world(Lab(mainnet_handles, project))
        for market in (contracts(made)["aave_v3_pool"], made.read(made.strategies["Compound"], "COMET()", returns="address")):
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
    later = [Move(rng.choice(MOVES), max(1, amount(rng, -6, 6)), rng.choice(GIFTS)) for _ in range(rng.randrange(3, 9))]
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


def tell(world: World, strategy: str, name: str, moves: list[Move], thief: bool = True) -> Told:
    """The moves in one transaction; without the thief the victim's alone."""
    s = world.play(strategy)
    start = s.wealth(MALLORY), s.wealth(BOB)
    for move in moves:
        if move.name.startswith("victim"):
            victim(s, move)
        elif thief:
            attack(s, name, move)
    s.cash_in(BOB)
    s.cash_in(MALLORY)
    return Told(s, (start[0], s.wealth(MALLORY)), (start[1], s.wealth(BOB)))


def change(answers: Answers, ends: tuple[list[Ref], list[Ref]]) -> int:
    return total(answers, ends[1]) - total(answers, ends[0])


def given(moves: list[Move]) -> int:
    return sum(move.amount for move in moves if move.name == "gift")


def staked(moves: list[Move]) -> int:
    """The victim's, base units; a share of the fund is worth a dollar and more."""
    return sum(2 * move.amount for move in moves if move.name.startswith("victim joins"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", ["fresh", "held"])
def test_gift__drawn_round_victims__giver_not_richer_and_victims_not_poorer(
    world: World, fresh: dict[str, str], name: str, state: str
) -> None:
    strategy = fresh[name] if state == "fresh" else world.strategies[name]
    stories = [draw(rng) for rng in seeds(f"gift {name} {state}", SEQUENCES // 6 + 1)]
    attacks = [tell(world, strategy, name, moves) for moves in stories]
    alone = [tell(world, strategy, name, moves, thief=False) for moves in stories]
    scripts = [told.script for told in (*attacks, *alone)]
    answers = run(world.lab.rpc, world.lab.prober, scripts)
    entered = 0
    for moves, told, other, got, without in zip(
        stories, attacks, alone, answers[: len(stories)], answers[len(stories) :], strict=True
    ):
        assert change(got, told.thief) <= DUST, moves
        slippage = staked(moves) * 100 // BPS if name == "Curve" else 0
        lost = change(without, other.victim) - change(got, told.victim)
        assert lost <= DUST + given(moves) // OFFSET * 2 + slippage, moves
        entered += staked(moves) > 0
    assert entered > len(stories) // 3


def test_gift__vault_that_counts_its_balance_and_has_no_virtual_shares__robs_the_first_victim(world: World) -> None:
    """The attack is a real one, and both judges see it."""
    naive = world.lab.deploy("NaiveLending", world.tokens[0])
    allow(world.lab, naive, world.tokens[0])
    moves = [Move("join", 1), Move("gift", 10_000 * UNIT, "coin"), Move("victim joins", 19_999 * UNIT)]
    told = tell(world, naive, "Aave", moves)
    (got,) = run(world.lab.rpc, world.lab.prober, [told.script])
    assert change(got, told.thief) > 4_000 * UNIT
    assert change(got, told.victim) < -4_000 * UNIT
