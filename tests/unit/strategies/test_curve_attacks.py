"""Pushing the pool, using the strategy and pushing back within one transaction: nobody gains by it."""

from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from curve_world import HOUR, CurveWorld, make_world

from ballast.replica import Replica, curve
from ballast.replica.rpc import decode_as, encode_call, hex0x
from tests.profiles import PROFILE

pytestmark = pytest.mark.replica
SEQUENCES = PROFILE.examples * 40
BATCH = 20  # per eth_call, each twice: with and without the push
GAS = 2_000_000_000
RUN = "run((bool,uint256,uint8,uint256)[])"
RESULTS = "(uint256[3],uint256[2],int256,int256,uint256,uint256,bool)[]"
STAKE = 200_000  # whole coins that the attacker has in the strategy beforehand
POOLS = {"usdc-usdt": (("USDC", "USDT"), "USDC"), "frax": (("FRAX", "USDC"), "FRAX")}


class Act(IntEnum):
    """As `CurveAttacker.Act`."""

    DEPOSIT = 0
    MINT = 1
    ROUND_TRIP = 2
    REDEEM = 3
    WITHDRAW = 4
    REDEEM_FOR_LP = 5


@dataclass(frozen=True)
class Outcome:
    """One attack: prices before, pushed, back; LP per share before, after; gains in the pool's two coins."""

    prices: tuple[int, int, int]
    lp_per_share: tuple[int, int]
    ours: int
    other: int
    spent: int
    got: int
    acted: bool


@dataclass(frozen=True)
class Scene:
    """A strategy with other people's coins in it, and somebody who has coins without end and a stake."""

    world: CurveWorld
    attacker: Any


def make_scene(project: Any, accounts: Any, replica: Replica, name: str) -> Scene:
    world = make_world(project, accounts, replica, *POOLS[name])
    world.deposit(300_000)
    contract = accounts[9].deploy(project.CurveAttacker, world.strategy, world.pool.index(world.other_coin))
    for coin in world.pool.coins:
        replica.mint(coin, contract.address, 1_000_000_000 * 10 ** replica.book.token(coin).decimals)
    contract.enter(STAKE * world.one, sender=accounts[9])
    return Scene(world, contract)


@pytest.fixture(scope="module")
def scenes(project, accounts, networks) -> dict[str, Scene]:
    """One for each pool, at rest; what a test does to them is undone by Ape's isolation."""
    replica = Replica(networks.active_provider.uri)
    made = {name: make_scene(project, accounts, replica, name) for name in POOLS}
    replica.pass_time(6 * HOUR)
    return made


@pytest.fixture(params=list(POOLS))
def scene(scenes, request) -> Scene:
    return scenes[request.param]


@pytest.fixture
def world(scene) -> CurveWorld:
    return scene.world


@pytest.fixture
def attacker(scene) -> Any:
    return scene.attacker


def play(world: CurveWorld, attacker: Any, attacks: list[tuple]) -> list[Outcome]:
    call = {"to": attacker.address, "data": hex0x(encode_call(RUN, [attacks])), "gas": hex(GAS)}
    answer = world.replica.rpc.call("eth_call", call, "latest")
    return [Outcome(*result) for result in decode_as(RESULTS, answer)]


def draw(random: Random, world: CurveWorld) -> tuple:
    """Pushes from a dollar to many times the pool, amounts from a unit to all that goes."""
    sell_ours = random.random() < 0.5
    coin = world.coin if sell_ours else world.other_coin
    one = 10 ** world.replica.book.token(coin).decimals
    push = int(one * 10 ** random.uniform(0, 8))
    return sell_ours, push, random.choice(list(Act)), int(world.one * 10 ** random.uniform(-4, 6.5))


def gain(world: CurveWorld, outcome: Outcome) -> int:
    """In the asset's base units; coins count one for one, shares at the fair price."""
    scale = 10 ** world.replica.book.token(world.other_coin).decimals
    return outcome.ours + outcome.other * world.one // scale + outcome.got - outcome.spent


def check(world: CurveWorld, attack: tuple, outcome: Outcome, honest: Outcome) -> None:
    """`honest`: the same act with no push."""
    before, pushed, back = outcome.prices
    assert pushed >= before - 1, attack
    assert back >= before - 1, attack
    if outcome.spent:  # a newcomer gets back what his own fee brought the position
        assert outcome.lp_per_share[1] >= outcome.lp_per_share[0] - 1, attack
    dust = 10 + world.one // 10**5
    assert gain(world, outcome) <= max(0, gain(world, honest)) + dust, (attack, outcome, honest)


@pytest.mark.parametrize("lean", ["0", "0.5", "-0.5"])
def test_push__drawn_sizes_and_acts__gain_nothing_and_move_no_price(world, attacker, lean):
    if lean != "0":
        world.push(world.coin if lean[0] == "-" else world.other_coin, lean.lstrip("-"))
        world.replica.pass_time(6 * HOUR)
    random, acted = Random(f"{world.coin}{lean}"), 0
    for _ in range(max(1, SEQUENCES // BATCH // 6)):
        attacks = [draw(random, world) for _ in range(BATCH)]
        honest = [(ours, 0, act, amount) for ours, _, act, amount in attacks]
        outcomes = play(world, attacker, [*attacks, *honest])
        for attack, outcome, other in zip(attacks, outcomes[:BATCH], outcomes[BATCH:], strict=True):
            check(world, attack, outcome, other)
            acted += outcome.acted
    assert acted > 0


def test_push__without_fees__the_price_is_what_it_was(world, attacker):
    """The averages do not hear of a trade in its own block: what is left is the fee that the pool keeps."""
    factory = world.replica.book.contracts["curve_ng_factory"]
    admin = world.replica.rpc.read(factory, "admin()", (), "address")
    world.replica.rpc.send(world.pool.address, "set_new_fee(uint256,uint256)", [0, 0], sender=admin)
    scales = [10 ** world.replica.book.token(coin).decimals for coin in (world.coin, world.other_coin)]
    attacks = [
        (ours, size * scale, Act.REDEEM, 0)
        for ours, scale in ((True, scales[0]), (False, scales[1]))
        for size in (1_000, 1_000_000, 9_000_000, 50_000_000)
    ]
    for outcome in play(world, attacker, attacks):
        before, pushed, back = outcome.prices
        # The pool rounds a trade for itself by a unit, which is worth most where it has least.
        assert abs(pushed - before) <= before // 10**8
        assert abs(back - before) <= before // 10**8


def test_push__without_the_averages__would_have_moved_what_the_pool_pays(world):
    """The attack is a real one: the pool's own answer moves by tens of percent meanwhile."""
    lp, index = world.strategy.lpBalance(), world.pool.index(world.coin)
    asked = ("calc_withdraw_one_coin(uint256,int128)", lp, index)
    before = world.read_pool(*asked)
    world.push(world.other_coin, "1.05")
    assert world.read_pool(*asked) < before * 8 // 10


def test_push__held_over_a_block_of_mainnet__counts_for_a_seventieth(world):
    """What the averages do let through: twelve seconds of their 866."""
    before = world.price()
    world.push(world.other_coin, "1.045")
    world.replica.pass_time(12)
    spot = Fraction(curve.price(world.replica.rpc, world.pool, world.other_coin, world.coin))
    assert spot < Fraction(9, 10)
    assert before * (1 - (1 - spot) / 60) < world.price() < before
