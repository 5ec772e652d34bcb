"""Joining before a harvest: who comes for a gain gets what the unlock lets out while he is in, and nothing
else.

Two bounds, exact but for `DUST`:
- A strategy: beyond what the same stake earns in the same time without the harvest, at most the stake's
  part of gain x (time in since the harvest) / UNLOCK_PERIOD, and the interest on the gain for that time.
- The fund: at most the stake's part of what those who leave at the end count more than those who entered
  at the start had to count. In one block that is nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from tests.attacks.lending_draws import DUST, Chapter, amount, blocks, gap, seeds
from tests.attacks.lending_world import (
    HELD,
    SEQUENCES,
    UNIT,
    WAD,
    Play,
    World,
    make_world,
    open_strategy,
    total,
)
from tests.unit.erc4626.script import ALICE
from tests.unit.erc4626.stage import Lab

pytestmark = pytest.mark.replica
LEAST_REWARD = (
    1_000  # base units: it touches the market, whose interest compounds at every touch, as a real one does
)
NAMES = ("Aave", "Compound", "Curve")


@pytest.fixture(scope="module")
def world(mainnet_handles: Any, project: Any) -> Iterator[World]:
    with mainnet_handles.isolated():
        yield make_world(Lab(mainnet_handles, project))


@pytest.fixture(scope="module")
def eager(world: World) -> str:
    """A strategy whose harvests count at once."""
    known, lab = world.lab.replica.book.contracts, world.lab
    pool = (known["aave_v3_pool"], known["aave_v3_rewards"])
    address = lab.deploy("EagerStrategy", world.tokens[0], *pool, lab.authority, lab.oracle)
    open_strategy(lab, address, world.tokens[0])
    return address


@dataclass(frozen=True)
class Join:
    """An attacker's stay: so many seconds before the harvest and after it."""

    stake: int  # base units
    reward: int  # base units that the harvest brings
    before: int
    after: int


@dataclass(frozen=True)
class Outcome:
    """In base units; `part` of the strategy that the attacker had, in WAD."""

    profit: int
    gain: int  # what the harvest said
    part: int
    growth: int  # WAD, of Alice's shares while the attacker was in


def draw(rng: Random) -> Join:
    return Join(amount(rng, -3, 9), amount(rng, -2, 6), gap(rng), gap(rng))


def stay(world: World, strategy: str, join: Join, harvest: bool) -> Outcome:
    """One attack on a strategy."""
    refs: dict[str, Any] = {}

    def enter(s: Play) -> None:
        refs["start"], refs["hers"] = s.wealth(), s.left_over(ALICE)
        s.join(join.stake)
        refs["shares"], refs["supply"] = s.balance(s.vault), s.on(ALICE, "totalSupply()")

    def work(s: Play) -> None:
        refs["gain"] = s.reward(join.reward if harvest else LEAST_REWARD)

    def leave(s: Play) -> None:
        refs["hers after"] = s.left_over(ALICE)
        s.quit()
        refs["end"] = s.wealth()

    told = blocks(
        world, strategy, [Chapter(0, enter), Chapter(join.before, work), Chapter(join.after, leave)]
    )
    answers = world.story(told)
    first, last = answers[0], answers[-1]
    middle = answers[1 if join.before else 0]
    return Outcome(
        total(last, refs["end"]) - total(first, refs["start"]),
        middle[refs["gain"]],
        first[refs["shares"]] * WAD // first[refs["supply"]],
        max(0, last[refs["hers after"]] - first[refs["hers"]]) * WAD // first[refs["hers"]],
    )


def excess(world: World, strategy: str, join: Join) -> int:
    """Base units that the attacker got beyond the bound."""
    with_it, without = (stay(world, strategy, join, harvest) for harvest in (True, False))
    period = int(world.read(world.strategies["Aave"], "UNLOCK_PERIOD()"))
    gain = with_it.gain - without.gain
    unlocked = gain * min(join.after, period) // period + 1
    earned = gain * without.growth // WAD + 1
    allowed = (unlocked + earned) * with_it.part // WAD
    return with_it.profit - without.profit - allowed


@pytest.mark.parametrize("name", NAMES)
def test_harvest__joined_before_and_left_after__brings_the_unlocked_part_only(
    world: World, name: str
) -> None:
    biggest = 0
    for rng in seeds(f"join {name}", SEQUENCES // 5):
        join = draw(rng)
        assert excess(world, name, join) <= DUST, join
        biggest = max(biggest, join.stake)
    assert biggest > 100 * HELD * UNIT


@pytest.mark.parametrize("name", NAMES)
def test_harvest__joined_and_left_in_its_block__brings_nothing(world: World, name: str) -> None:
    """Not even without comparing with a stay that saw no harvest."""
    for rng in seeds(f"flash {name}", SEQUENCES // 40):
        drawn = draw(rng)
        join = Join(drawn.stake, drawn.reward, 0, 0)
        assert stay(world, name, join, True).profit <= DUST, join


def test_harvest__gains_count_at_once__the_join_pays(world: World, eager: str) -> None:
    """The attack is a real one, and the judge sees it."""
    join = Join(10**6 * UNIT, 1_000 * UNIT, 0, 0)
    assert excess(world, eager, join) > 500 * UNIT


# -- the fund


@dataclass(frozen=True)
class FundJoin:
    """The same against the fund: which strategy is harvested, and whether anybody looks."""

    shares: int  # WAD
    join: Join
    strategy: str
    synced: tuple[bool, bool, bool]  # before he enters, after the harvest, before he leaves


def draw_fund(rng: Random) -> FundJoin:
    looks = (rng.random() < 0.5, rng.random() < 0.7, rng.random() < 0.7)
    return FundJoin(amount(rng, -3, 9) * WAD // UNIT, draw(rng), rng.choice(NAMES), looks)


def fund_excess(world: World, strategy: str, attack: FundJoin) -> int:
    """Base units that the attacker got beyond the bound."""
    refs: dict[str, Any] = {}

    def enter(s: Play) -> None:
        if attack.synced[0]:
            s.sync()
        refs["start"], refs["high"] = s.wealth(), s.lent()
        s.fund_join(attack.shares)
        refs["shares"], refs["supply"] = s.balance(world.fund), s.fund_supply()

    def work(s: Play) -> None:
        s.reward(attack.join.reward)
        if attack.synced[1]:
            s.sync()

    def leave(s: Play) -> None:
        if attack.synced[2]:
            s.sync()
        refs["end high"] = s.lent()
        refs["counted"] = s.counted()
        s.cash_in()
        refs["end"] = s.wealth()

    chapters = [Chapter(0, enter), Chapter(attack.join.before, work), Chapter(attack.join.after, leave)]
    answers = world.story(blocks(world, strategy, chapters))
    first, last = answers[0], answers[-1]
    low = min(total(last, refs["end high"]), last[refs["counted"]])
    part = first[refs["shares"]] * WAD // first[refs["supply"]]
    allowed = max(0, low - total(first, refs["high"])) * part // WAD
    assert first[refs["shares"]] >= attack.shares
    return total(last, refs["end"]) - total(first, refs["start"]) - allowed


def test_fund__joined_before_a_harvest__brings_what_came_to_count_only(world: World) -> None:
    for rng in seeds("fund join", 2 * SEQUENCES // 5):
        attack = draw_fund(rng)
        assert fund_excess(world, attack.strategy, attack) <= DUST, attack


def test_fund__strategy_whose_harvest_counts_at_once__still_brings_nothing(world: World, eager: str) -> None:
    """The manager's own unlock is a second one."""
    lab = world.lab
    with lab.rpc.isolated():
        lab.send(world.manager, "addStrategy(address,uint256,uint256)", eager, 10**30, 10_000)
        lab.send(world.manager, "deallocate(address,uint256)", world.strategies["Aave"], 50_000 * UNIT)
        lab.send(world.manager, "allocate(address,uint256)", eager, 50_000 * UNIT)
        within = World(**{**vars(world), "strategies": {**world.strategies, "Eager": eager}})
        for rng in seeds("eager fund", SEQUENCES // 40):
            drawn = draw_fund(rng)
            join = Join(drawn.join.stake, drawn.join.reward, 0, 0)
            attack = FundJoin(drawn.shares, join, "Eager", drawn.synced)
            assert fund_excess(within, "Eager", attack) <= DUST, attack
