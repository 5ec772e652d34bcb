"""The share arithmetic: Solidity and Python equal on drawn cases, and the properties both must have."""

from dataclasses import astuple, dataclass, replace
from random import Random
from typing import Any

import pytest

from ballast.model import shares as model
from ballast.units import BPS, WAD

CASES = 6_000  # drawn per comparison
BATCH = 200  # per eth_call


@dataclass(frozen=True)
class Case:
    """In the order of `ShareMathBatch.Case`."""

    amounts: list[int]
    reserves: list[int]
    weights: list[int]
    lows: list[int]
    highs: list[int]
    supply: int
    band: int


def draw_log(random: Random, bits: int) -> int:
    """An integer whose size is uniform: small, middling and huge numbers are equally likely."""
    return random.getrandbits(random.randint(1, bits))


def draw_weights(random: Random, count: int) -> list[int]:
    cuts = sorted(random.choice((0, random.randint(0, BPS))) for _ in range(count - 1))  # some weights 0
    return [b - a for a, b in zip([0, *cuts], [*cuts, BPS], strict=True)]


def draw_amount(random: Random, reserve: int, supply: int, shares: int) -> int:
    """Nothing, the exact proportion, something near it, or anything."""
    exact = -(-reserve * shares // supply)
    room = model.MAX_RESERVE - reserve
    kind = random.randrange(5)
    if kind == 0:
        return 0
    if kind == 1:
        return min(exact, room)
    if kind == 2:
        return min(exact + random.randint(0, 3), room)
    if kind == 3:
        return min(exact + exact * random.randint(0, 20_000) // BPS, room)
    return min(draw_log(random, 112), room)


def draw_case(random: Random) -> Case:
    count = random.randint(1, 8)
    supply = draw_log(random, 112) + 1
    reserves = [random.choice((0, 1, draw_log(random, 100), draw_log(random, 100))) for _ in range(count)]
    reserves[random.randrange(count)] = draw_log(random, 100) + 1
    shares = random.randint(0, min(supply, 2**100))
    amounts = [draw_amount(random, reserve, supply, shares) for reserve in reserves]
    if not any(amounts):
        amounts[0] = 1
    lows, highs = [], []
    for _ in range(count):
        scale = 10 ** random.choice((0, 10, 12))
        low = random.choice((WAD, WAD * 97 // 100, draw_log(random, 60) + 1))
        spread = random.choice((0, 0, WAD // 500, draw_log(random, 60)))
        lows.append(min(low, WAD) * scale)
        highs.append((low + spread) * scale)
    band = random.choice((0, 50, 200, 1_000))
    return Case(amounts, reserves, draw_weights(random, count), lows, highs, supply, band)


def shares_of(case: Case) -> int:
    """What the case gives when neither band nor status stand in its way."""
    p = model.proportional_shares(case.amounts, case.reserves, case.supply)
    excess = [model.excess_of(a, r, case.supply, p) for a, r in zip(case.amounts, case.reserves, strict=True)]
    return p + (extra_of(case, p) if any(excess) else 0)


def extra_of(case: Case, p: int) -> int:
    return model.excess_shares(case.amounts, case.reserves, case.lows, case.highs, case.supply, p)


@pytest.fixture(scope="session")
def share_batch(accounts: Any, project: Any) -> Any:
    return accounts[0].deploy(project.ShareMathBatch)


def fits(case: Case) -> bool:
    """The contract reverts where a result leaves 256 bits; a case there compares nothing."""
    return extra_of(case, model.proportional_shares(case.amounts, case.reserves, case.supply)) < 2**256


def batches(seed: int) -> list[list[Case]]:
    random = Random(seed)
    cases = []
    while len(cases) < CASES:
        case = draw_case(random)
        if fits(case):
            cases.append(case)
    return [cases[i : i + BATCH] for i in range(0, CASES, BATCH)]


def test_constants__of_contract__are_the_models(share_batch: Any) -> None:
    assert share_batch.tolerance() == model.TOLERANCE
    assert share_batch.maxReserve() == model.MAX_RESERVE


def test_contribution__drawn_cases__contract_equals_model(share_batch: Any) -> None:
    excesses = pasts = 0
    for batch in batches(1):
        answers = share_batch.contributions([astuple(case) for case in batch])
        for case, answer in zip(batch, answers, strict=True):
            p = model.proportional_shares(case.amounts, case.reserves, case.supply)
            pairs = list(zip(case.amounts, case.reserves, strict=True))
            excess = any(model.excess_of(a, r, case.supply, p) for a, r in pairs)
            past = model.past_band(
                case.amounts, case.reserves, case.weights, case.highs, case.supply, p, case.band
            )
            value = sum(r * h for r, h in zip(case.reserves, case.highs, strict=True))
            expected = (p, excess, extra_of(case, p), *(past or (len(pairs), 0)), value)
            assert tuple(answer) == expected, case
            excesses += excess
            pasts += past is not None
    # The draw reaches every branch, many times.
    assert min(excesses, CASES - excesses, pasts) > CASES // 50


def test_first_contribution__drawn_cases__contract_equals_model(share_batch: Any) -> None:
    within = 0
    random = Random(2)
    for batch in batches(2):
        cases = []
        for case in batch:
            near = [
                (w * 10**34 + random.randint(-(10**35), 10**35) * random.randint(0, 3)) // low
                for w, low in zip(case.weights, case.lows, strict=True)
            ]
            amounts = [min(max(1, a), model.MAX_RESERVE) for a in near]
            if random.random() < 0.3:
                amounts = case.amounts
            cases.append(replace(case, amounts=amounts))
        shares, indices, weights = share_batch.firsts([astuple(case) for case in cases])
        for case, *answer in zip(cases, shares, indices, weights, strict=True):
            expected = model.first_shares(case.amounts, case.weights, case.lows, case.band)
            assert tuple(answer) == expected, case
            within += expected[1] == len(case.amounts)
    assert CASES // 50 < within < CASES - CASES // 50


def test_withdrawal__drawn_cases__contract_equals_model(share_batch: Any) -> None:
    random = Random(3)
    for batch in batches(3):
        burnt = [random.choice((1, case.supply, random.randint(1, case.supply))) for case in batch]
        down, up = share_batch.withdrawals([astuple(case) for case in batch], burnt)
        for case, shares, floor, ceil in zip(batch, burnt, down, up, strict=True):
            assert tuple(floor) == model.amounts_for_withdrawal(case.reserves, shares, case.supply)
            assert tuple(ceil) == model.amounts_for_shares(case.reserves, shares, case.supply)


def test_shares__more_of_some_coins__never_fewer() -> None:
    random = Random(4)
    for batch in batches(4):
        for case in batch:
            more = [
                min(a + random.choice((0, 1, 2, draw_log(random, 112))), model.MAX_RESERVE - r)
                for a, r in zip(case.amounts, case.reserves, strict=True)
            ]
            assert shares_of(replace(case, amounts=more)) >= shares_of(case), (case, more)


def test_shares__any_contribution__never_dilutes_at_high_prices() -> None:
    """Value per share at the price the newcomer pays does not fall: (V + in) / (S + f) >= V / S."""
    for batch in batches(5):
        for case in batch:
            value = sum(r * h for r, h in zip(case.reserves, case.highs, strict=True))
            brought = sum(a * h for a, h in zip(case.amounts, case.highs, strict=True))
            assert brought * case.supply >= shares_of(case) * value, case


def test_shares__in_and_out_again__never_gains_in_value() -> None:
    for batch in batches(6):
        for case in batch:
            shares = shares_of(case)
            if shares == 0:
                continue
            reserves = [a + r for a, r in zip(case.amounts, case.reserves, strict=True)]
            out = model.amounts_for_withdrawal(reserves, shares, case.supply + shares)
            lows = case.lows
            # Between differing bounds a coin may leave at a better price than it came; at one price per coin
            # nobody takes out more than they brought.
            if case.highs == lows:
                assert sum(o * low for o, low in zip(out, lows, strict=True)) <= sum(
                    a * low for a, low in zip(case.amounts, lows, strict=True)
                ), case


def test_amounts_for_shares__contributed__needs_no_price_and_gives_at_least_that() -> None:
    random = Random(7)
    for batch in batches(7):
        for case in batch:
            wanted = random.randint(1, min(case.supply, 2**100))
            amounts = model.amounts_for_shares(case.reserves, wanted, case.supply)
            if any(a + r > model.MAX_RESERVE for a, r in zip(amounts, case.reserves, strict=True)):
                continue
            given = model.proportional_shares(amounts, case.reserves, case.supply)
            assert given >= wanted
            for amount, reserve in zip(amounts, case.reserves, strict=True):
                assert model.excess_of(amount, reserve, case.supply, given) == 0


def test_amounts_for_shares__reserves_moved_a_little_since__still_needs_no_price() -> None:
    """What others' roundings do to the proportion stays inside the tolerance."""
    reserves, supply = [10**12, 3 * 10**24, 5 * 10**11], 4 * 10**24
    amounts = model.amounts_for_shares(reserves, 10**21, supply)
    moved = [r - d for r, d in zip(reserves, (1, 10**15, 3), strict=True)]
    given = model.proportional_shares(amounts, moved, supply)
    assert all(model.excess_of(a, r, supply, given) == 0 for a, r in zip(amounts, moved, strict=True))


HOLDINGS = [
    model.Holding(10**10, 5_000, 10**12, WAD, WAD),
    model.Holding(10**22, 5_000, 1, WAD, WAD),
]
SUPPLY = 2 * 10**22


def test_shares_for_contribution__proportional_with_no_price__gives_shares() -> None:
    blind = [replace(h, low=None, high=None) for h in HOLDINGS]
    assert model.shares_for_contribution([10**8, 10**20], blind, SUPPLY, 200) == 2 * 10**20


@pytest.mark.parametrize(
    ("amounts", "error"),
    [
        ([1], model.LengthMismatchError),
        ([0, 0], model.ZeroAmountError),
        ([2**112, 0], model.ReserveOverflowError),
        ([10**10, 0], model.PastBandError),
        ([10**33, 10**33], model.ReserveOverflowError),
    ],
)
def test_shares_for_contribution__bad_amounts__named_error(
    amounts: list[int], error: type[model.ShareError]
) -> None:
    holdings = [
        replace(h, reserve=2**112 - 10**30) if error is model.ReserveOverflowError else h for h in HOLDINGS
    ]
    with pytest.raises(error):
        model.shares_for_contribution(amounts, holdings, SUPPLY, 200)


def test_shares_for_contribution__excess_with_no_price__named_error() -> None:
    blind = [HOLDINGS[0], replace(HOLDINGS[1], low=None, high=None)]
    with pytest.raises(model.PriceNotGoodError):
        model.shares_for_contribution([10**8, 0], blind, SUPPLY, 200)


def test_shares_for_contribution__first__value_less_dead_shares() -> None:
    empty = [replace(h, reserve=0) for h in HOLDINGS]
    assert model.shares_for_contribution([10**8, 10**20], empty, 0, 200) == 200 * WAD - model.DEAD_SHARES


@pytest.mark.parametrize(
    ("amounts", "error"),
    [
        ([10**8, 0], model.PastBandError),
        ([0, 10**20], model.BelowBandError),
        ([10**5, 10**17], model.BelowMinimumValueError),
        ([0, 0], model.ZeroAmountError),
    ],
)
def test_shares_for_contribution__bad_first__named_error(
    amounts: list[int], error: type[model.ShareError]
) -> None:
    empty = [replace(h, reserve=0) for h in HOLDINGS]
    with pytest.raises(error):
        model.shares_for_contribution(amounts, empty, 0, 200)


def test_basket_value__high_above_low__counts_high() -> None:
    held = [replace(HOLDINGS[0], high=WAD * 11 // 10), HOLDINGS[1]]
    assert model.basket_value(held) == 21_000 * WAD
