"""Drawn compositions, contract against twin; promises are asserted on the contract's answers."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from ape.contracts import ContractInstance

from ballast.model import emergency as model
from ballast.model.crisis import State
from ballast.model.emergency import Role, Stance
from ballast.units import BPS
from tests.profiles import PROFILE
from tests.unit.emergency.drawing import Case, decode, draw, parts, plan_for

SEED = 7621
CASES = max(10_000, PROFILE.weight_cases)
CAP = 7_000  # bps


@pytest.fixture(scope="module")
def harness(project: Any, accounts: Any) -> ContractInstance:
    return accounts[0].deploy(project.EmergencyMathBatch)


def on_chain(harness: ContractInstance, cases: list[Case]) -> list[list[int]]:
    return decode(bytes(harness.compositions(b"".join(case.encode() for case in cases))), cases)


def batches(total: int, seed: int, one: Any = draw) -> Iterator[list[Case]]:
    rng = random.Random(seed)
    for start in range(0, total, PROFILE.batch):
        yield [one(rng) for _ in range(min(PROFILE.batch, total - start))]


def base_of(case: Case, i: int) -> int:
    """What the plans ask of a coin before its own role is looked at."""
    return min((plan[i] for plan in case.emergency), default=case.coins[i].weight)


def limit_of(case: Case, i: int) -> int:
    """What a coin may be at most while another one has room."""
    coin = case.coins[i]
    match coin.role:
        case Role.FREE:
            return max(case.cap, coin.weight)
        case Role.RETURNING:
            own = min(coin.own, coin.weight)
            return max(coin.share, own + (coin.weight - own) * coin.done // coin.steps)
        case _:
            return coin.share


def assert_kept(case: Case, weights: list[int]) -> None:
    """The promises."""
    assert sum(weights) == BPS
    limits = [limit_of(case, i) for i in range(len(weights))]
    beyond = [i for i, weight in enumerate(weights) if weight > limits[i]]
    if not beyond:
        return
    # One coin takes what fits nowhere: all others are as high as they may be.
    (last,) = beyond
    roles = {coin.role for coin in case.coins}
    assert [w for i, w in enumerate(weights) if i != last] == [m for i, m in enumerate(limits) if i != last]
    if Role.FREE in roles:
        assert case.coins[last].role is Role.FREE, "bought what must not be, with another one to buy"
    elif roles != {Role.CUT}:
        assert case.coins[last].role is not Role.CUT, "bought what is cut"


def test_compose__drawn_cases__contract_equals_twin_and_keeps_its_promises(harness):
    done, beyond, met = 0, 0, set()
    for cases in batches(CASES, SEED):
        for case, weights in zip(cases, on_chain(harness, cases), strict=True):
            assert weights == model.compose(case.coins, case.emergency, case.cap), case
            assert_kept(case, weights)
            beyond += any(w > limit_of(case, i) for i, w in enumerate(weights))
            met |= {frozenset(coin.role for coin in case.coins)}
        done += len(cases)
    assert done == CASES >= 10_000
    assert len(met) == 2 ** len(Role) - 1, "every mix of roles must be drawn"
    assert CASES // 100 < beyond < CASES // 2, "cases in which nothing fits must be drawn, and not only those"


def on_target(rng: random.Random) -> Case:
    """A fund on its targets, one coin CUT by a plan that the setter takes, some leaning on it, no more."""
    count = rng.randint(3, 10)
    weights = parts(rng, count, BPS)
    asset = max(range(count), key=lambda i: weights[i])
    leaning = {i for i in range(count) if i != asset and rng.random() < 0.3}
    cap = rng.choice((BPS, CAP, 4_000))
    plan = plan_for(rng, asset, weights, leaning, cap)
    roles = [Role.CUT if i == asset else Role.HELD if i in leaning else Role.FREE for i in range(count)]
    coins = tuple(Stance(role, weight, weight) for role, weight in zip(roles, weights, strict=True))
    return Case(coins, (tuple(plan),), cap) if plan else on_target(rng)


def test_compose__one_crisis_and_nothing_else_off__is_the_plan(harness):
    for cases in batches(CASES // 10, SEED + 1, on_target):
        for case, weights in zip(cases, on_chain(harness, cases), strict=True):
            assert [tuple(weights)] == list(case.emergency), case


def test_compose__all_free__is_the_calculator(harness):
    def calm(rng: random.Random) -> Case:
        case = draw(rng)
        free = tuple(Stance(Role.FREE, coin.weight, coin.share) for coin in case.coins)
        return Case(free, (), case.cap)

    for cases in batches(CASES // 10, SEED + 2, calm):
        for case, weights in zip(cases, on_chain(harness, cases), strict=True):
            assert weights == [coin.weight for coin in case.coins]


def test_compose__leaning_on_a_cut_coin__never_raised(harness):
    """Whatever the plans say: what is HELD or CUT never grows while one coin is FREE."""

    def leaning(rng: random.Random) -> Case:
        case = draw(rng)
        coins = list(case.coins)
        coins[0] = Stance(Role.FREE, coins[0].weight, coins[0].share)
        return Case(tuple(coins), case.emergency, case.cap)

    for cases in batches(CASES // 10, SEED + 3, leaning):
        for case, weights in zip(cases, on_chain(harness, cases), strict=True):
            for coin, weight in zip(case.coins, weights, strict=True):
                if coin.role in (Role.HELD, Role.CUT):
                    assert weight <= coin.share, case


def test_compose__one_step_further__never_less_of_what_returns(harness):
    def returning(rng: random.Random) -> Case:
        case = draw(rng)
        coins = list(case.coins)
        coins[0] = Stance(Role.RETURNING, coins[0].weight, 0, 0, rng.randrange(4), 4)
        return Case(tuple(coins), case.emergency, case.cap)

    def next_step(case: Case) -> Case:
        return replace(case, coins=(replace(case.coins[0], done=case.coins[0].done + 1), *case.coins[1:]))

    for cases in batches(CASES // 10, SEED + 4, returning):
        further = on_chain(harness, [next_step(case) for case in cases])
        for case, now, then in zip(cases, on_chain(harness, cases), further, strict=True):
            if any(coin.role is Role.FREE for coin in case.coins):
                assert now[0] <= then[0], case


def test_role_of__every_case__equals_the_twin(harness):
    flags = (False, True)
    cases = [(s, f, a, r) for s in State for f in flags for a in flags for r in flags]
    assert list(harness.roles(cases)) == [model.role_of(*case) for case in cases]
    assert {model.role_of(*case) for case in cases} == set(Role)


def test_public_keep__drawn__equals_the_twin_and_falls(harness):
    rng = random.Random(SEED + 5)
    cases = []
    for _ in range(PROFILE.differential_cases):
        auction = rng.randint(0, 7 * 86_400)
        elapsed = rng.choice((0, auction, max(0, auction - 1), rng.randint(0, 2 * auction + 1)))
        cases.append((elapsed, auction, rng.randint(0, 1_000), rng.randint(1, 1_000)))
    keeps = harness.publicKeeps(cases)
    assert list(keeps) == [model.public_keep(*case) for case in cases]
    later = harness.publicKeeps([(e + 1, *rest) for e, *rest in cases])
    for (elapsed, auction, premium, slip), keep, then in zip(cases, keeps, later, strict=True):
        assert BPS - slip <= then <= keep <= BPS + premium
        assert keep == BPS - slip or elapsed < auction
        assert keep == BPS + premium or elapsed > 0 or auction == 0
