"""Drawn cases, contract against twin and exact fractions; promises are asserted on the contract's answers."""

import itertools
import random
import time
from collections.abc import Iterator

import pytest
from ape.contracts import ContractInstance

from ballast.model.weights import bounded_weights
from ballast.units import BPS
from tests.profiles import PROFILE
from tests.unit.weights.drawing import Case, decode, draw
from tests.unit.weights.reference import assert_optimal, clip_and_renormalise, continuous_projection, rounded

SEED = 7621


def on_chain(weight_batch: ContractInstance, cases: list[Case]) -> list[list[int]]:
    return decode(bytes(weight_batch.batch(b"".join(case.encode() for case in cases))), cases)


def batches(
    weight_batch: ContractInstance, total: int, seed: int
) -> Iterator[tuple[list[Case], random.Random]]:
    rng, limit = random.Random(seed), weight_batch.MAX_ADJUSTED_CAP()
    for start in range(0, total, PROFILE.batch):
        yield [draw(rng, limit) for _ in range(min(PROFILE.batch, total - start))], rng


def assert_bounded(case: Case, weights: list[int]) -> None:
    assert sum(weights) == BPS
    assert all(
        low <= w <= high for w, low, high in zip(weights, case.minimums, case.maximums, strict=True)
    ), case


def assert_larger_cap_not_smaller_weight(case: Case, weights: list[int]) -> None:
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for cap, low, high, weight in zip(case.caps, case.minimums, case.maximums, weights, strict=True):
        groups.setdefault((low, high), []).append((cap, weight))
    for group in groups.values():
        group.sort()
        for (cap, weight), (larger_cap, other) in itertools.pairwise(group):
            assert cap == larger_cap or weight <= other, case


def is_plain(case: Case) -> bool:
    """Whether plain proportion stays strictly inside every bound."""
    total = sum(case.caps)
    return total > 0 and all(
        low * total <= cap * BPS <= high * total
        for cap, low, high in zip(case.caps, case.minimums, case.maximums, strict=True)
    )


def plain_proportion(case: Case) -> list[int]:
    total = sum(case.caps)
    whole = [cap * BPS // total for cap in case.caps]
    order = sorted(range(len(case)), key=lambda i: (-(case.caps[i] * BPS % total), case.keys[i]))
    for i in order[: BPS - sum(whole)]:
        whole[i] += 1
    return whole


def raised(case: Case, rng: random.Random, limit: int) -> tuple[Case, int]:
    """The case with one cap raised, by a little or by much, and which."""
    position = rng.randrange(len(case))
    cap = case.caps[position]
    step = rng.choice((1, cap // 100 + 1, cap + 1, limit))
    return case.with_cap(position, min(cap + step, limit)), position


def test_bounded_weights__drawn_cases__contract_equals_twin_and_keeps_its_promises(weight_batch):
    limit, started, plain, cases_done = weight_batch.MAX_ADJUSTED_CAP(), time.perf_counter(), 0, 0
    for cases, rng in batches(weight_batch, PROFILE.weight_cases, SEED):
        answers = on_chain(weight_batch, cases)
        for case, weights in zip(cases, answers, strict=True):
            assert weights == bounded_weights(*case.columns()), case
            assert_bounded(case, weights)
            assert_larger_cap_not_smaller_weight(case, weights)
            if is_plain(case):
                plain += 1
                assert weights == plain_proportion(case), case
        cases_done += len(cases)
        _assert_variants(weight_batch, cases, answers, rng, limit)
    assert cases_done == PROFILE.weight_cases
    assert plain > PROFILE.weight_cases // 50, "the draws must include cases that no bound touches"
    rate = cases_done / (time.perf_counter() - started)
    print(f"\n{cases_done} cases with three variants each, {rate:,.0f} cases/s")


def _assert_variants(weight_batch, cases: list[Case], answers: list[list[int]], rng, limit: int) -> None:
    """Order-independence, own-cap monotonicity, idempotence: three more answers of the contract per case."""
    orders = [rng.sample(range(len(case)), len(case)) for case in cases]
    permuted = [case.permuted(order) for case, order in zip(cases, orders, strict=True)]
    grown = [raised(case, rng, limit) for case in cases]
    again = [
        Case(tuple(w), case.minimums, case.maximums, case.keys)
        for case, w in zip(cases, answers, strict=True)
    ]
    in_other_order = on_chain(weight_batch, permuted)
    after_growth = on_chain(weight_batch, [case for case, _ in grown])
    repeated = on_chain(weight_batch, again)
    for i, weights in enumerate(answers):
        position = grown[i][1]
        assert in_other_order[i] == [weights[j] for j in orders[i]], f"order matters: {cases[i]}"
        assert after_growth[i][position] >= weights[position], f"a larger cap lost weight: {grown[i]}"
        assert repeated[i] == weights, f"not idempotent: {cases[i]}"


def test_bounded_weights__drawn_cases__equal_the_exact_projection_rounded(weight_batch):
    for cases, _ in batches(weight_batch, PROFILE.weight_cases // 10, SEED + 1):
        for case, weights in zip(cases, on_chain(weight_batch, cases), strict=True):
            exact = continuous_projection(case)
            assert_optimal(case, exact)
            assert weights == rounded(exact, case.keys), case


def test_clip_and_renormalise__drawn_cases__breaks_its_own_cap(weight_batch, governor, project):
    """The tutorial's way on the same draws: its contract leaves the bounds it was given, ours never does."""
    low, high, broken = 500, 4000, []
    rng = random.Random(SEED + 2)
    for _ in range(20):
        caps = [rng.randint(10**6, 10**11) for _ in range(3)] + [rng.randint(0, 10**7)]
        tutorial = governor.deploy(project.TutorialCalculator, low, high)
        tutorial.addTokens([f"0x{i + 1:040x}" for i in range(4)], caps, [1000] * 4, sender=governor)
        weights = list(tutorial.calculateOptimalWeights()[1])
        assert weights == clip_and_renormalise(caps, low, high)
        case = Case(tuple(caps), (low,) * 4, (high,) * 4, (1, 2, 3, 4))
        assert_bounded(case, on_chain(weight_batch, [case])[0])
        if not all(low <= weight <= high for weight in weights):
            broken.append(weights)
    assert len(broken) > 5
    assert max(max(weights) for weights in broken) > high


@pytest.mark.parametrize("count", [3, 10, 50])
def test_bounded_weights__all_caps_equal__lowest_keys_get_the_dust(weight_batch, count):
    keys = tuple(random.Random(count).sample(range(1, 10**6), count))
    case = Case((5,) * count, (0,) * count, (BPS,) * count, keys)
    weights = on_chain(weight_batch, [case])[0]
    dust = BPS % count
    lucky = sorted(keys)[:dust]
    assert weights == [BPS // count + (key in lucky) for key in keys]


def test_batch__ten_times_over__more_than_a_thousand_cases_a_second(weight_batch):
    rng, limit = random.Random(SEED), weight_batch.MAX_ADJUSTED_CAP()
    cases = [draw(rng, limit) for _ in range(PROFILE.batch)]
    best = 0.0
    for _ in range(5):
        started = time.perf_counter()
        answers = on_chain(weight_batch, cases)
        assert all(w == bounded_weights(*case.columns()) for case, w in zip(cases, answers, strict=True))
        best = max(best, len(cases) / (time.perf_counter() - started))
    print(f"\n{best:,.0f} cases/s, contract and twin")
    assert best > 1_000
