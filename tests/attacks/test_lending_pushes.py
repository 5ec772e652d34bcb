"""Pushing the Curve pool round whatever anybody does with the strategy or the fund, in one transaction.

The attacker has any capital, in coins and before the start also in shares. What he nets, after he has
pushed back, is at most what the same moves bring without the push. Where the keeper moves the fund's
coins inside the sandwich, he nets at most what the fund loses by it, and that is at most what was left of
the manager's loss budget.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from tests.attacks.lending_draws import DUST, amount, seeds
from tests.attacks.lending_world import (
    SEQUENCES,
    UNIT,
    WAD,
    Play,
    World,
    make_world,
    open_strategy,
    total,
)
from tests.unit.erc4626.script import ALICE, MALLORY, Answers, Ref, run
from tests.unit.erc4626.stage import Lab

pytestmark = pytest.mark.replica
STAKE = 300_000  # whole coins that the attacker has in strategy and fund beforehand
MOVES = ("join", "quit", "redeem for LP", "fund join", "fund quit", "sync", "harvest")
KEEPERS = ("allocate", "deallocate")


@pytest.fixture(scope="module")
def world(mainnet_handles: Any, project: Any) -> Iterator[World]:
    """The attacker is in, and the averages have heard of everything."""
    with mainnet_handles.isolated():
        made = make_world(Lab(mainnet_handles, project))
        enter(made, made.strategies["Curve"])
        made.lab.act(MALLORY, made.door, "enter(uint256)", STAKE * WAD)
        yield made


@pytest.fixture(scope="module")
def spot(world: World) -> str:
    """A strategy that values its position at what the pool pays just now."""
    lab = world.lab
    address = lab.deploy("SpotCurveStrategy", world.pool, world.place(True), lab.authority, lab.oracle)
    open_strategy(lab, address, world.tokens[0])
    enter(world, address)
    return address


def enter(world: World, strategy: str) -> None:
    lab = world.lab
    lab.act(MALLORY, strategy, "deposit(uint256,address)", STAKE * UNIT, lab.actors[MALLORY])
    lab.wait(6 * 3_600)


@dataclass(frozen=True)
class Push:
    """Swaps or one-sided liquidity: which coin goes in, and how much of it, base units."""

    swaps: bool
    first: bool
    amount: int


@dataclass(frozen=True)
class Move:
    name: str
    amount: int  # base units


@dataclass(frozen=True)
class Attack:
    """`before` the push, `within` it, and `after` it has been taken back."""

    push: Push
    before: tuple[Move, ...]
    within: tuple[Move, ...]
    after: tuple[Move, ...]


@dataclass(frozen=True)
class Told:
    """A script and its accounts."""

    script: Play
    start: list[Ref]
    end: list[Ref]
    fund: tuple[list[Ref], list[Ref]]  # of the first coin: idle and lent, before and after
    budget: Ref
    prices: tuple[Ref, Ref, Ref]  # of the strategy's shares: before, pushed, pushed back


def moves(rng: Random, names: tuple[str, ...], most: int) -> tuple[Move, ...]:
    return tuple(Move(rng.choice(names), amount(rng, -3, 6.5)) for _ in range(rng.randrange(most + 1)))


def draw(rng: Random) -> Attack:
    push = Push(rng.random() < 0.7, rng.random() < 0.5, amount(rng, 0, 8))
    within = moves(rng, MOVES, 3) or (Move("join", 10**12),)
    return Attack(push, moves(rng, MOVES, 2), within, moves(rng, MOVES, 2))


def draw_with_keeper(rng: Random) -> Attack:
    """The attacker leaves the fund alone, so that what the fund loses is what the keeper's move cost."""
    alone = tuple(name for name in MOVES if not name.startswith("fund"))
    push = Push(rng.random() < 0.7, rng.random() < 0.5, amount(rng, 3, 8))
    keeper = Move(rng.choice(KEEPERS), amount(rng, 3, 5.5))
    within = (*moves(rng, alone, 1), keeper, *moves(rng, alone, 1))
    return Attack(push, moves(rng, alone, 1), within, moves(rng, alone, 1))


def act(s: Play, move: Move) -> None:
    if move.name == "join":
        s.join(move.amount)
    elif move.name == "quit":
        s.quit()
    elif move.name == "redeem for LP":
        held, me = s.balance(s.vault), s.actors[MALLORY]
        lp = s.on(MALLORY, "redeemForLp(uint256,address,address)", held, me, me)
        s.unlean(True, lp)
    elif move.name == "fund join":
        s.fund_join(move.amount * WAD // UNIT)
    elif move.name == "fund quit":
        s.fund_quit()
    elif move.name == "sync":
        s.sync()
    elif move.name == "harvest":
        s.harvest()
    elif move.name == "allocate":
        s.lend(s.vault, move.amount)
    else:
        s.bring_back(s.vault, move.amount)


def fund_of(s: Play) -> list[Ref]:
    return [s.call(ALICE, s.world.fund, "idleOf(address)", s.coin), *s.lent()]


def price(s: Play) -> Ref:
    return s.ask("convertToAssets", WAD)


def tell(world: World, strategy: str, attack: Attack, pushes: bool = True) -> Told:
    s, push = world.play(strategy), attack.push
    start, fund, budget = s.wealth(), fund_of(s), s.call(ALICE, world.manager, "lossBudget(address)", s.coin)
    for move in attack.before:
        act(s, move)
    was = price(s)
    if pushes:
        out = s.swap(push.first, push.amount) if push.swaps else s.lean(push.first, push.amount)
    pushed = price(s)
    for move in attack.within:
        act(s, move)
    if pushes:
        s.swap(not push.first, out) if push.swaps else s.unlean(push.first, out)
    back = price(s)
    for move in attack.after:
        act(s, move)
    fund_end = fund_of(s)
    s.cash_in()
    return Told(s, start, s.wealth(), (fund, fund_end), budget, (was, pushed, back))


def profit(answers: Answers, told: Told) -> int:
    return total(answers, told.end) - total(answers, told.start)


def fund_change(answers: Answers, told: Told) -> int:
    return total(answers, told.fund[1]) - total(answers, told.fund[0])


def play(
    world: World, strategy: str, attacks: list[Attack]
) -> Iterator[tuple[Attack, Told, Answers, Told, Answers]]:
    """Each attack with its push and without."""
    pushed = [tell(world, strategy, attack) for attack in attacks]
    honest = [tell(world, strategy, attack, pushes=False) for attack in attacks]
    answers = run(world.lab.rpc, world.lab.prober, [told.script for told in (*pushed, *honest)])
    found = zip(attacks, pushed, answers[: len(attacks)], honest, answers[len(attacks) :], strict=True)
    yield from found


def test_push__drawn_round_strategy_and_fund__nets_nothing(world: World) -> None:
    attacks = [draw(rng) for rng in seeds("push", SEQUENCES * 3 // 4)]
    moved = 0
    for attack, told, got, honest, alone in play(world, "Curve", attacks):
        assert profit(got, told) <= max(0, profit(alone, honest)) + DUST, attack
        was, pushed, back = (got[ref] for ref in told.prices)
        if not attack.before and attack.within == (Move("join", 10**12),):
            assert min(pushed, back) >= was - 1, attack
            moved += 1
    assert moved > len(attacks) // 40


def test_push__keeper_moves_within__nets_what_the_fund_loses_and_that_is_in_the_budget(world: World) -> None:
    attacks = [draw_with_keeper(rng) for rng in seeds("keeper", SEQUENCES // 4)]
    most = 0
    for attack, told, got, honest, alone in play(world, "Curve", attacks):
        lost, budget = -fund_change(got, told), got[told.budget]
        assert lost <= budget + DUST, attack
        assert profit(got, told) <= max(0, profit(alone, honest)) + max(0, lost) + DUST, attack
        most = max(most, lost * WAD // budget)
    assert most > WAD // 10, "some of it is lost: the keeper does trade in pushed pools"


def test_push__position_valued_at_the_pool_s_price__pays(world: World, spot: str) -> None:
    """The attack is a real one, and the judge sees it."""
    attacks = [Attack(Push(True, False, 10**s * UNIT), (), (Move("join", 10**12),), ()) for s in (5, 6, 7)]
    attacks += [Attack(Push(True, True, 10**s * UNIT), (), (Move("quit", 0),), ()) for s in (5, 6, 7)]
    gains = [profit(got, told) - max(0, profit(a, h)) for _, told, got, h, a in play(world, spot, attacks)]
    assert max(gains) > 100 * UNIT
