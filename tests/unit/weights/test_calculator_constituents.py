"""The list of constituents, roles, and the calculator's answers end to end against the twin."""

import random

import pytest

from ballast.model.weights import adjusted_cap, bounded_weights
from ballast.units import BPS
from tests.reverts import revert_of
from tests.unit.weights.conftest import CAPS, CURATOR_FUNCTIONS, HOUR, REPORTED, REPORTER_FUNCTIONS, SCORES

ZERO = "0x" + "00" * 20


def expected(views) -> dict[str, int]:
    """The twin's answer for what the calculator says it holds."""
    active = [v for v in views if v.active]
    weights = bounded_weights(
        [adjusted_cap(v.cap, v.score, v.volatilityBps, v.yieldBps) for v in active],
        [v.minBps for v in active],
        [v.maxBps for v in active],
        [int(v.token, 16) for v in active],
    )
    return dict(zip([v.token for v in active], weights, strict=True))


def test_calculate_optimal_weights__five_coins__the_twin_s_answer(index):
    weights = index.weights()
    assert list(weights) == index.coins
    assert weights == expected(index.calculator.getMarketData())
    assert sum(weights.values()) == BPS
    assert not index.calculator.isStale()


@pytest.mark.parametrize("count", [3, 17, 50])
def test_calculate_optimal_weights__drawn_indexes__equal_twin_and_snapshot(new_calculator, curator, count):
    rng, calculator = random.Random(count), new_calculator()
    tokens = [f"0x{rng.getrandbits(160):040x}" for _ in range(count)]
    low, high = 5_000 // count, 15_000 // count
    configs = [(token, rng.randint(0, low), rng.randint(high, BPS), REPORTED) for token in tokens]
    calculator.setConstituents(configs, sender=curator)
    caps = [rng.randint(1, 10 ** rng.randint(6, 12)) for _ in tokens]
    calculator.seed(tokens, caps, [rng.randint(1, 1000) for _ in tokens], sender=curator)
    answer = dict(zip(*calculator.calculateOptimalWeights(), strict=True))
    assert answer == expected(calculator.getMarketData())
    assert answer == dict(zip(*calculator.lastFreshWeights(), strict=True))


def test_calculate_optimal_weights__tilts__enter_the_adjusted_cap(index, curator, chain):
    limits = index.calculator.getLimits()
    index.calculator.setLimits((*list(limits)[:2], 1_000, *list(limits)[3:]), sender=curator)
    before = index.weights()
    chain.pending_timestamp += HOUR
    index.report(volatility=[1_000, 0, 0, 0, 0], yields=[0, 0, 500, 0, 0])
    views = index.calculator.getMarketData()
    assert (views[0].volatilityBps, views[2].yieldBps) == (1_000, 500)
    assert index.weights() == expected(views)
    assert index.weights() != before or before[index.coins[0]] in (500, 4_000)


def test_calculate_optimal_weights__nothing_ever_fresh__refused(new_calculator, coins, curator, anyone):
    calculator = new_calculator()
    assert revert_of(calculator.calculateOptimalWeights, sender=anyone) == ("NoFreshWeights",)
    calculator.setConstituents([(coin, 0, 0, REPORTED) for coin in coins], sender=curator)
    assert calculator.isStale()
    assert revert_of(calculator.calculateOptimalWeights, sender=anyone) == ("NoFreshWeights",)


def test_is_stale__empty_index__true(new_calculator):
    assert new_calculator().isStale()


@pytest.mark.parametrize("name", [*CURATOR_FUNCTIONS, *REPORTER_FUNCTIONS])
def test_restricted__attacker_calls__refused(index, attacker, name):
    method = next(abi for abi in index.calculator.contract_type.mutable_methods if abi.name == name)
    empty = {"address": ZERO, "bool": False, "uint256": 0, "tuple": (0,) * 5}
    args = [[] if i.canonical_type.endswith("]") else empty.get(i.type, (0,) * 5) for i in method.inputs]
    assert revert_of(getattr(index.calculator, name), *args, sender=attacker) == (
        "AccessManagedUnauthorized",
        attacker.address,
    )


def test_report__curator_who_is_no_reporter__refused(index, curator):
    args = [index.coins[:1], [CAPS[0]], [SCORES[0]], [0], [0]]
    assert revert_of(index.calculator.report, *args, sender=curator)[0] == "AccessManagedUnauthorized"


def test_set_constituents__default_bounds__taken(index):
    for view in index.calculator.getMarketData():
        assert view.minBps == index.calculator.DEFAULT_MIN_BPS() == 500
        assert view.maxBps == index.calculator.DEFAULT_MAX_BPS() == 4_000


def test_set_constituents__bad_lists__named_errors(index, curator):
    a, b, c, *_ = index.coins
    set_them = index.calculator.setConstituents
    many = [(f"0x{i:040x}", 0, BPS, 0) for i in range(1, index.calculator.MAX_CONSTITUENTS() + 2)]
    for configs, error in (
        ([(a, 0, 0, 0), (b, 0, 0, 0)], ("TooFewConstituents", 2, index.calculator.MIN_CONSTITUENTS())),
        (many, ("TooManyConstituents", 51, 50)),
        ([(a, 0, 0, 0), (b, 0, 0, 0), (a, 0, 0, 0)], ("DuplicateConstituent", a)),
        ([(a, 0, 0, 0), (b, 0, 0, 0), (ZERO, 0, 0, 0)], ("ZeroAddress",)),
        ([(a, 0, 3_333, 0), (b, 0, 3_333, 0), (c, 0, 3_333, 0)], ("InfeasibleBounds", 0, 9_999)),
        ([(a, 3_334, BPS, 0), (b, 3_334, BPS, 0), (c, 3_334, BPS, 0)], ("InfeasibleBounds", 10_002, 30_000)),
        ([(a, 9, 8, 0), (b, 0, 0, 0), (c, 0, 0, 0)], ("InvertedBounds", a, 9, 8)),
        ([(a, 0, BPS + 1, 0), (b, 0, 0, 0), (c, 0, 0, 0)], ("BoundAboveTotal", a, BPS + 1)),
    ):
        assert revert_of(set_them, configs, sender=curator) == error


def test_set_constituents__coin_added__frozen_until_seeded_others_keep_their_data(
    index, curator, governor, project
):
    before, old_views = index.weights(), index.calculator.getMarketData()
    extra = governor.deploy(project.WeightsCoin, 18, 10**27)
    configs = [(v.token, v.minBps, v.maxBps, v.source) for v in old_views]
    receipt = index.calculator.setConstituents([*configs, (extra, 0, 0, REPORTED)], sender=curator)
    assert len(list(receipt.decode_logs(index.calculator.ConstituentsSet))) == 1
    views = index.calculator.getMarketData()
    assert [(v.cap, v.score, v.capAt) for v in views[:5]] == [(v.cap, v.score, v.capAt) for v in old_views]
    assert views[5].cap == views[5].capAt == 0
    assert index.calculator.isStale()
    assert list(index.calculator.getStatus()[2]) == [extra.address]
    assert index.weights() == before
    receipt = index.calculator.seed([extra], [10**9], [900], sender=curator)
    assert [(e.token, e.cap, e.score) for e in receipt.decode_logs(index.calculator.Seeded)] == [
        (extra, 10**9, 900)
    ]
    assert len(list(receipt.decode_logs(index.calculator.WeightsComputed))) == 1
    assert index.weights() == expected(index.calculator.getMarketData())
    assert len(index.weights()) == 6


def test_set_constituents__coin_removed_and_back__its_data_are_gone(index, curator):
    configs = [(coin, 0, 0, REPORTED) for coin in index.coins]
    receipt = index.calculator.setConstituents(configs[:4], sender=curator)
    assert [e.token for e in receipt.decode_logs(index.calculator.ConstituentRemoved)] == [index.coins[4]]
    assert index.weights() == expected(index.calculator.getMarketData())
    index.calculator.setConstituents(configs, sender=curator)
    assert index.calculator.getMarketData()[4].cap == 0
    assert index.calculator.isStale()


def test_set_active__coin_off_and_on__absent_then_back(index, curator, anyone):
    coin, before = index.coins[1], index.weights()
    receipt = index.calculator.setActive(coin, False, sender=curator)
    assert [(e.token, e.active) for e in receipt.decode_logs(index.calculator.ActiveSet)] == [(coin, False)]
    without = index.weights()
    assert coin not in without
    assert without == expected(index.calculator.getMarketData())
    assert list(index.calculator.getStatus()[2]) == []
    index.calculator.setActive(coin, True, sender=curator)
    assert index.weights() == before


def test_set_active__too_few_or_unknown__refused(index, curator, attacker):
    set_active = index.calculator.setActive
    assert revert_of(set_active, attacker, False, sender=curator) == ("UnknownConstituent", attacker.address)
    for coin in index.coins[:2]:
        set_active(coin, False, sender=curator)
    assert revert_of(set_active, index.coins[2], False, sender=curator) == ("TooFewConstituents", 2, 3)


def test_seed__bad_values__named_errors(index, curator, attacker):
    configs = [(coin, 0, 0, REPORTED) for coin in index.coins[:4]]
    index.calculator.setConstituents(configs, sender=curator)
    index.calculator.setConstituents([*configs, (index.coins[4], 0, 0, REPORTED)], sender=curator)
    seed, coin = index.calculator.seed, index.coins[4]
    for args, error in (
        (([coin], [0], [1]), ("ZeroCap", coin)),
        (([coin], [2**96], [1]), ("CapTooLarge", coin, 2**96)),
        (([coin], [1], [1001]), ("ScoreTooLarge", coin, 1001, 1000)),
        (([coin], [1], []), ("ArrayLengthMismatch", 1, 0)),
        (([index.coins[0]], [1], [1]), ("AlreadySeeded", index.coins[0])),
        (([attacker], [1], [1]), ("UnknownConstituent", attacker.address)),
    ):
        assert revert_of(seed, *args, sender=curator) == error
