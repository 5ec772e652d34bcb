"""The composed weights by the coins' states: what is cut, held, returns, and what changes afterwards."""

import pytest

from ballast.model.crisis import State
from ballast.model.emergency import Role
from tests.reverts import revert_of
from tests.unit.emergency.conftest import (
    COINS,
    DAI,
    DIVERGED,
    FRAX,
    FUND,
    INVALID,
    LUSD,
    NEW_COIN,
    STALE,
    USDC,
    USDT,
    WEIGHTS,
    World,
)

ORDINARY = dict(zip(COINS, WEIGHTS, strict=True))
PLAN = {USDC: 200, USDT: 5_800, DAI: 500, LUSD: 3_500}  # what to go to when USDC falls; FRAX left out


@pytest.fixture
def planned(world: World) -> World:
    """DAI and FRAX lean on USDC, which has a plan."""
    world.group(USDC, DAI, FRAX)
    world.plan(USDC, PLAN)
    return world


def test_weights__all_sound__are_the_calculators_and_nothing_is_priced(planned):
    planned.oracle.setBroken(True, sender=planned.owner)
    assert planned.weights() == ORDINARY
    assert planned.index.emergencyDue() == "0x" + "00" * 20


def test_weights__calculator_without_weights__its_own_error(planned, owner):
    planned.calculator.setBroken(True, True, sender=owner)
    for question in (planned.index.calculateOptimalWeights, planned.index.isStale):
        refused = revert_of(question, sender=owner, errors_of=planned.calculator.contract_type)
        assert refused == ("CalculatorBroken",)


def test_is_stale__as_the_calculator_says(world, owner):
    assert not world.index.isStale()
    world.calculator.setStale(True, sender=owner)
    assert world.index.isStale()


def test_weights__one_crisis__are_its_plan(planned):
    planned.state(USDC, State.CRISIS)
    assert planned.weights() == PLAN | {FRAX: 0}
    assert planned.roles() == {
        USDC: Role.CUT,
        USDT: Role.FREE,
        DAI: Role.HELD,
        FRAX: Role.HELD,
        LUSD: Role.FREE,
    }


def test_weights__crisis_without_a_plan__the_coin_goes_to_the_others_by_their_weights(world):
    world.state(USDC, State.CRISIS)
    assert world.weights() == {USDC: 0, USDT: 4_287, DAI: 2_857, FRAX: 1_428, LUSD: 1_428}


def test_weights__crisis_without_a_plan__what_leans_on_it_stays(world):
    world.group(USDC, DAI, FRAX)
    world.state(USDC, State.CRISIS)
    assert world.weights() == {USDC: 0, USDT: 5_250, DAI: 2_000, FRAX: 1_000, LUSD: 1_750}


def test_weights__leaning_coin_below_its_target__not_bought(planned):
    planned.hold(330_000, 330_000, 20_000, 120_000, 200_000)
    planned.state(USDC, State.CRISIS)
    weights = planned.weights()
    assert (weights[DAI], weights[FRAX], weights[USDC]) == (200, 0, 200)
    assert weights[USDT] + weights[LUSD] == 9_600


def test_weights__coin_on_watch_or_dark__not_bought_and_not_sold(world):
    for state in (State.WATCH, State.DARK):
        world.state(LUSD, state)
        assert world.weights() == ORDINARY
        world.hold(320_000, 320_000, 200_000, 100_000, 60_000)
        assert world.weights()[LUSD] == 600
        world.hold(250_000, 250_000, 200_000, 100_000, 200_000)
        assert world.weights()[LUSD] == 1_000, "no more than what it was to have"
        world.hold(*(FUND * weight / 10_000 for weight in WEIGHTS))


def test_weights__coin_on_watch_in_anothers_crisis__not_fled_to(planned):
    planned.state(USDC, State.CRISIS)
    planned.state(USDT, State.WATCH)
    weights = planned.weights()
    assert weights[USDT] == 3_000
    assert weights[LUSD] == 6_300, "all that is free, up to the cap, else held"


def test_weights__two_crises__the_lower_of_each_and_the_rest_composed(planned):
    planned.plan(USDT, {USDC: 6_000, LUSD: 4_000})
    planned.state(USDC, State.CRISIS)
    planned.state(USDT, State.CRISIS)
    # LUSD alone may be bought, to the cap; then what leans stays, in proportion, before what is cut does.
    assert planned.weights() == {USDC: 200, USDT: 0, DAI: 1_867, FRAX: 933, LUSD: 7_000}


def test_weights__every_coin_in_crisis__nothing_moves(world):
    for coin in COINS:
        world.state(coin, State.CRISIS)
    assert world.weights() == ORDINARY
    assert world.index.emergencyDue() == "0x" + "00" * 20


def test_weights__recovering__come_back_step_by_step(planned):
    planned.hold(20_000, 580_000, 50_000, 0, 350_000)
    back = []
    for done in range(4):
        planned.state(USDC, State.RECOVERING, done)
        back.append(planned.weights()[USDC])
    assert back == [200, 900, 1_600, 2_300]
    planned.state(USDC, State.SOUND)
    assert planned.weights() == ORDINARY


def test_weights__recovering_and_leaning_on_a_new_crisis__held(planned):
    planned.hold(20_000, 580_000, 50_000, 0, 350_000)
    planned.state(DAI, State.RECOVERING, 3)
    assert planned.weights()[DAI] == 1_500
    planned.state(USDC, State.CRISIS)
    assert planned.roles()[DAI] is Role.HELD
    assert planned.weights()[DAI] == 500


@pytest.mark.parametrize("status", [STALE, INVALID])
def test_weights__held_coin_without_price__counts_nothing(planned, status):
    planned.price(DAI, 0.9, 0.9, status)
    planned.state(USDC, State.CRISIS)
    weights = planned.weights()
    assert weights[DAI] == 0
    assert weights[USDT] > 5_800
    assert weights[USDC] == 200


def test_weights__diverged_price__counts_at_its_middle(world):
    world.price(USDC, 0.80, 1.00, DIVERGED)
    world.state(USDC, State.CRISIS)
    assert world.stances()[USDC].share == 270_000 * 10_000 // 970_000


def test_weights__empty_fund__sum_up_without_what_is_off(world):
    world.hold(0, 0, 0, 0, 0)
    world.state(USDC, State.CRISIS)
    world.state(LUSD, State.WATCH)
    weights = world.weights()
    assert (weights[USDC], weights[LUSD]) == (0, 0)


def test_weights__planned_coin_removed_since__its_part_is_composed_again(planned):
    planned.aim({USDC: 3_500, DAI: 2_500, FRAX: 2_000, LUSD: 2_000})  # without USDT, where 5,800 were to go
    planned.state(USDC, State.CRISIS)
    weights = planned.weights()
    assert USDT not in weights
    assert weights[USDC] == 200
    assert weights[LUSD] == 7_000
    assert weights[DAI] <= 2_000
    assert weights[FRAX] <= 1_000


def test_weights__coin_added_since__has_none_of_the_plan(planned):
    planned.aim({**ORDINARY, USDC: 2_000, NEW_COIN: 1_000})
    planned.state(USDC, State.CRISIS)
    assert planned.weights() == PLAN | {FRAX: 0, NEW_COIN: 0}


def test_weights__coin_in_crisis_removed__the_rest_as_they_are(planned):
    planned.state(USDC, State.CRISIS)
    rest = {USDT: 4_000, DAI: 3_000, LUSD: 3_000}
    planned.aim(rest)
    assert planned.weights() == rest


def test_weights__cap_lowered_since__binds_the_plan(planned, curator):
    planned.index.setEmergencyParams(tuple(planned.params_with(capBps=5_000).values()), sender=curator)
    planned.state(USDC, State.CRISIS)
    weights = planned.weights()
    assert weights[USDT] == 5_000
    assert weights[LUSD] == 4_300


def test_weights__ordinary_weight_below_the_plans_since__no_more_than_ordinary(planned):
    planned.aim({USDC: 100, USDT: 4_000, DAI: 2_900, FRAX: 1_000, LUSD: 2_000})
    planned.state(USDC, State.CRISIS)
    assert planned.weights()[USDC] == 100


def test_get_stances__what_is_shown__is_what_was_composed(planned):
    planned.state(USDC, State.CRISIS)
    tokens, _, weights = planned.index.getStances()
    assert tokens == COINS
    assert dict(zip(tokens, weights, strict=True)) == planned.weights()
    assert [(coin.weight, coin.share) for coin in planned.stances().values()] == [(w, w) for w in WEIGHTS]
