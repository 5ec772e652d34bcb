"""Which strategies qualify, and how much each is given."""

from dataclasses import replace
from random import Random

import pytest

from ballast.model.yields import Offer, rate, split
from ballast.units import BPS, PER_MILLE, WAD
from tests.profiles import PROFILE
from tests.reverts import constructor_revert_of, revert_of
from tests.unit.yields.conftest import BURNS_GAS, NOBODY, REVERTS, STEADY, UNIT, Place, paying
from tests.unit.yields.drawing import draw_case
from tests.unit.yields.optimum import best_yield
from tests.unit.yields.test_yields_optimum import SHORTFALL, room_of, yield_of

SEED = 44
MILLION = 1_000_000 * UNIT
HALF_BPS = 5_000


# --- the split


def test_optimal_allocation__drawn_markets__is_the_models_and_near_the_optimum(desk):
    """The strategies' order is the manager's; the largest share is allowed that the maths allows."""
    desk.set_params(maxShareBps=HALF_BPS)
    rng = Random(SEED)
    for _ in range(PROFILE.examples // 2):
        offers, amount = draw_case(rng)
        offers = [replace(o, high=min(o.high, amount)) for o in offers]  # the relative cap: all that is held
        desk.show_case(offers, amount)
        strategies, amounts = desk.optimizer.optimalAllocation(desk.coin, amount)
        assert strategies == [s.address for s in desk.strategies[: len(offers)]]
        assert amounts == split(offers, amount)
        assert sum(amounts) <= amount
        gap = best_yield(offers, amount) - yield_of(offers, amounts)
        assert gap / min(amount, room_of(offers)) * BPS < SHORTFALL


def test_optimal_allocation__caps__bind_exactly(desk):
    first = Place(paying(500), cap=12_345_678, cap_bps=BPS)
    second = Place(paying(400), cap_bps=3_000)
    desk.show(first, second, Place(paying(300), cap=7), idle=MILLION)
    desk.lending.setAllocatable(desk.strategies[1], 300_000 * UNIT, sender=desk.governor)
    assert desk.allocation(MILLION) == [12_345_678, 300_000 * UNIT, 7]


def test_optimal_allocation__market_small__position_stays_under_a_tenth_of_it(desk):
    desk.show(Place(paying(500, supplied=90_000)), idle=MILLION)
    (amount,) = desk.allocation(MILLION)
    assert amount == 10_000 * UNIT
    assert amount * 10 <= 90_000 * UNIT + amount


def test_optimal_allocation__position_held_already__counts_towards_the_tenth(desk):
    """90,000 of others, 6,000 of ours: 4,000 more make a tenth."""
    market = paying(500, supplied=96_000)
    desk.show(Place(market, value=6_000 * UNIT), idle=MILLION)
    assert desk.allocation(MILLION) == [4_000 * UNIT]


def test_optimal_allocation__buffer__stays_idle(desk):
    desk.show(Place(value=800_000 * UNIT), idle=200_000 * UNIT, buffer_bps=500)
    assert desk.allocation(MILLION) == [150_000 * UNIT]


def test_optimal_allocation__manager_allows_less__is_what_it_allows(desk):
    desk.show(Place(allocatable=1_000), Place(paying(200)), idle=MILLION)
    assert desk.allocation(MILLION) == [1_000, MILLION - 1_000]


def test_optimal_allocation__amount_above_what_is_idle__gives_what_is_idle(desk):
    desk.show(Place(), idle=MILLION)
    assert desk.allocation(2**256 - 1) == [MILLION]


def test_optimal_allocation__no_strategies__is_empty(desk):
    desk.show(idle=MILLION)
    assert desk.allocation(MILLION) == []


def test_optimal_allocation__risk_score__turns_the_order(desk):
    desk.show(Place(paying(500), score=500), Place(paying(300)), idle=MILLION)
    assert desk.allocation(MILLION) == [0, MILLION]


def test_optimal_allocation__own_supply_lowers_the_rate__is_split(desk):
    """One market alone would pay 5 % on the first coin and far less on the last."""
    dear = replace(
        STEADY,
        supplied=9_000_000 * UNIT,
        borrowed=8_000_000 * UNIT,
        slope1=WAD // 20,
        slope2=WAD,
        kink=9 * WAD // 10,
        flat=0,
        of_borrowers=True,
    )
    desk.show(Place(dear), Place(paying(300)), idle=MILLION)
    first, second = desk.allocation(MILLION)
    assert first > 0
    assert second > 0
    assert first + second == MILLION
    assert rate(dear, dear.supplied + MILLION) < rate(dear, dear.supplied + first)


# --- who qualifies


@pytest.mark.parametrize(
    "spoilt",
    [
        Place(paying(900), paused=True),
        Place(paying(900), readable=False),
        Place(replace(paying(900), kink=WAD)),  # out of the maths' range
        Place(replace(paying(900), flat=200 * WAD)),
        Place(replace(paying(900), supplied=2**129)),
    ],
)
def test_optimal_allocation__strategy_unfit__others_get_everything(desk, spoilt):
    desk.show(spoilt, Place(), idle=MILLION)
    assert desk.allocation(MILLION) == [0, MILLION]
    assert desk.best(MILLION)[0] == desk.strategies[1]


@pytest.mark.parametrize("mode", [REVERTS, BURNS_GAS])
def test_optimal_allocation__lens_fails__others_get_everything(desk, mode):
    desk.show(Place(paying(900)), Place(), idle=MILLION)
    desk.lens.setMode(desk.strategies[0], mode, sender=desk.governor)
    assert desk.allocation(MILLION) == [0, MILLION]


def test_optimal_allocation__strategy_without_lens__gets_nothing(desk):
    desk.show(Place(paying(900)), Place(), idle=MILLION)
    desk.optimizer.setLens(desk.strategies[0], NOBODY, 0, sender=desk.curator)
    assert desk.allocation(MILLION) == [0, MILLION]


def test_optimal_allocation__coin_on_watch__nothing_is_given(desk):
    desk.show(Place(paying(900)), idle=MILLION)
    desk.guard.bar(desk.coin, True, sender=desk.governor)
    assert desk.allocation(MILLION) == [0]
    assert desk.best(MILLION) == (NOBODY, 0)


def test_optimal_allocation__position_unreadable__nothing_is_given(desk):
    """The manager allocates nothing of a coin while it cannot say what the coin's shares are worth."""
    desk.show(Place(value=5, readable=False), Place(), idle=MILLION)
    assert desk.allocation(MILLION) == [0, 0]


def test_optimal_allocation__no_vault_guard__lends(desk):
    desk.show(Place(), idle=MILLION)
    desk.lending.setGuard(NOBODY, sender=desk.governor)
    assert desk.allocation(MILLION) == [MILLION]


def test_optimal_allocation__too_little_gas_for_a_lens__reverts(desk):
    """Whoever asks with too little gas gets no answer instead of one without the strategy."""
    desk.show(Place(), idle=MILLION)
    name, needed, available = revert_of(
        desk.optimizer.optimalAllocation, desk.coin, MILLION, sender=desk.attacker, gas=900_000
    )
    assert name == "InsufficientGas"
    assert available < needed


# --- the best single one


def test_optimize_yield__several__is_the_one_that_pays_most_at_that_size(desk):
    thin = replace(STEADY, supplied=20_000_000 * UNIT, rewards=1_000_000 * UNIT, flat=0)  # 5 %, shared
    desk.show(Place(thin), Place(paying(480)), idle=2 * MILLION)
    assert desk.best(UNIT)[0] == desk.strategies[0]
    assert desk.best(2 * MILLION) == (desk.strategies[1], 48 * WAD // 1_000)


def test_optimize_yield__score__is_risk_adjusted_at_the_size_that_results(desk):
    thin = replace(STEADY, supplied=20_000_000 * UNIT, rewards=1_000_000 * UNIT, flat=0)
    desk.show(Place(thin, score=800), idle=MILLION)
    expected = 800 * rate(thin, thin.supplied + MILLION) // PER_MILLE
    assert desk.best(MILLION) == (desk.strategies[0], expected)


def test_optimize_yield__does_not_take_all_of_it__goes_to_the_next(desk):
    desk.show(Place(paying(900), cap=MILLION - 1), Place(paying(300)), idle=MILLION)
    assert desk.best(MILLION)[0] == desk.strategies[1]
    assert desk.best(MILLION - 1)[0] == desk.strategies[0]


def test_optimize_yield__position_would_pass_a_tenth__is_not_taken(desk):
    desk.show(Place(paying(900, supplied=9)), idle=MILLION)
    assert desk.best(UNIT)[0] == desk.strategies[0]
    assert desk.best(UNIT + 1) == (NOBODY, 0)


def test_optimize_yield__strategy_takes_less__is_not_taken(desk):
    desk.show(Place(paying(900)), idle=MILLION)
    desk.strategies[0].set(UNIT - 1, False, sender=desk.governor)
    assert desk.best(UNIT) == (NOBODY, 0)
    desk.strategies[0].set(UNIT, True, sender=desk.governor)
    assert desk.best(UNIT) == (NOBODY, 0)


def test_optimize_yield__equal_scores__is_the_managers_first(desk):
    desk.show(Place(), Place(), idle=MILLION)
    assert desk.best(MILLION)[0] == desk.strategies[0]


def test_optimize_yield__all_full__is_none_for_nothing(desk):
    desk.show(Place(cap=0), idle=MILLION)
    assert desk.best(0) == (NOBODY, 0)


# --- the best positions


def test_optimal_positions__all_coins__go_where_they_earn_most(desk):
    desk.show(
        Place(paying(200), value=600_000 * UNIT), Place(paying(400)), idle=400_000 * UNIT, buffer_bps=1_000
    )
    strategies, held, targets = desk.optimizer.optimalPositions(desk.coin)
    assert strategies == [s.address for s in desk.strategies[:2]]
    assert held == [600_000 * UNIT, 0]
    assert targets == [0, 900_000 * UNIT]


def test_optimal_positions__relative_cap__is_of_idle_and_lent(desk):
    desk.show(
        Place(paying(200), value=600_000 * UNIT), Place(paying(400), cap_bps=2_500), idle=400_000 * UNIT
    )
    assert desk.targets() == [750_000 * UNIT, 250_000 * UNIT]


def test_optimal_positions__market_used_up__what_cannot_leave_stays(desk):
    stuck = Place(paying(200), value=600_000 * UNIT, liquid=100_000 * UNIT)
    desk.show(stuck, Place(paying(400)), idle=400_000 * UNIT)
    assert desk.targets() == [500_000 * UNIT, 500_000 * UNIT]


def test_optimal_positions__position_above_its_cap__comes_down(desk):
    above = Place(paying(500), value=600_000 * UNIT, cap=100_000 * UNIT)
    desk.show(above, Place(paying(100)))
    assert desk.targets() == [100_000 * UNIT, 500_000 * UNIT]


def test_optimal_positions__paused_with_a_position__stays_as_it_is(desk):
    """Taking it back is the guardian's and the keeper's decision, not one about yield."""
    desk.show(Place(paying(100), value=600_000 * UNIT, paused=True), Place(), idle=MILLION)
    assert desk.targets() == [600_000 * UNIT, MILLION]


def test_optimal_positions__buffer_is_short__comes_back(desk):
    desk.show(Place(value=MILLION), buffer_bps=1_000)
    assert desk.targets() == [900_000 * UNIT]


def test_optimal_positions__buffer_is_short_and_nothing_can_leave__stays(desk):
    desk.show(Place(value=MILLION, liquid=0), buffer_bps=1_000)
    assert desk.targets() == [MILLION]


def test_optimal_positions__strategy_takes_no_more__gets_no_more(desk):
    desk.show(Place(paying(500), value=UNIT), Place(paying(100)), idle=MILLION)
    desk.strategies[0].set(5 * UNIT, False, sender=desk.governor)
    assert desk.targets() == [6 * UNIT, MILLION - 5 * UNIT]


def test_optimal_positions__our_supply_counts_once__is_the_models(desk):
    """Others' supply is the market's less our own."""
    market = replace(
        STEADY,
        supplied=10_000_000 * UNIT,
        borrowed=7_000_000 * UNIT,
        slope1=WAD // 20,
        kink=9 * WAD // 10,
        flat=0,
    )
    held = 400_000 * UNIT
    desk.show(Place(market, value=held), Place(paying(250)), idle=MILLION)
    others = market.supplied - held
    offers = [
        Offer(market, others, 0, others // 9, PER_MILLE),
        Offer(paying(250), 100_000_000 * UNIT, 0, 100_000_000 * UNIT // 9, PER_MILLE),
    ]
    assert desk.targets() == split(offers, MILLION + held)


# --- the constructor


@pytest.mark.parametrize("missing", [1, 2])
def test_constructor__zero_address__reverts(project, desk, missing):
    arguments = [desk.optimizer.authority(), desk.lending, desk.oracle, desk.eth]
    arguments[missing] = NOBODY
    assert constructor_revert_of(project.YieldOptimizer, *arguments) == ("ZeroAddress",)
