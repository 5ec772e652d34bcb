"""The contract's maths against its exact twin, in drawn batches: one call for some two hundred cases."""

from random import Random
from typing import Any

import pytest

from ballast.model import rebalance as model
from ballast.units import BPS, WAD
from tests.profiles import PROFILE

SEED = 7621
PRICES = (0, 1, 10**10, 88 * 10**16, WAD - 1, WAD, WAD + 1, 101 * 10**16, 87_960 * WAD, 10**6 * WAD)
BATCHES = range(-(-PROFILE.differential_cases // PROFILE.batch))


@pytest.fixture(scope="module")
def harness(project: Any, accounts: Any) -> Any:
    return accounts[0].deploy(project.RebalanceMathBatch)


@pytest.fixture(params=BATCHES)
def rng(request: Any) -> Random:
    return Random(SEED * 1_000 + request.param)


def amount(rng: Random) -> int:
    """Any size from nothing to 2**100, small and round ones often."""
    return rng.choice((0, 1, 10 ** rng.randrange(30), rng.randrange(2 ** rng.randrange(1, 100))))


def price(rng: Random) -> int:
    return rng.choice((rng.choice(PRICES), rng.randrange(WAD // 2, 2 * WAD), rng.randrange(10**24)))


def near(rng: Random, value: int) -> int:
    """`value`, or what lies right beside it, so that thresholds are met exactly."""
    return max(0, value + rng.choice((-1, 0, 0, 1)))


def weights(rng: Random, n: int) -> list[int]:
    cuts = sorted(rng.randrange(BPS + 1) for _ in range(n - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, BPS], strict=True)]


def draw(rng: Random, one: Any) -> list[Any]:
    return [one(rng) for _ in range(PROFILE.batch)]


def basket_case(rng: Random) -> tuple:
    n = rng.randrange(1, 13)
    scales = [10 ** rng.randrange(19) for _ in range(n)]
    shares = weights(rng, n)
    if rng.random() < 0.5:  # close to target
        total = 10 ** rng.randrange(6, 30)
        reserves = [near(rng, total * w // s) for w, s in zip(shares, scales, strict=True)]
        return reserves, scales, [WAD] * n, shares
    return [amount(rng) for _ in range(n)], scales, [price(rng) for _ in range(n)], shares


def test_baskets__drawn__equal_the_model(harness, rng):
    cases = draw(rng, basket_case)
    for (reserves, scales, prices, shares), got in zip(cases, harness.baskets(cases), strict=True):
        values, total = model.values_of(reserves, scales, prices)
        assert (tuple(got.values), got.total) == (values, total)
        assert got.drift == model.max_drift(values, total, shares)
        assert got.toMove == model.value_to_move(values, total, shares)
        assert got.peg == model.worst_peg(prices)


def decision_case(rng: Random) -> tuple:
    params = model.TriggerParams(
        drift_bps=rng.randrange(10, 5_001),
        price_bps=rng.randrange(10, 5_001),
        calendar_interval=rng.randrange(3_600, 10**7),
        cooldown=rng.randrange(10**6),
        session_length=7_200,
        gas_estimate=10**6,
        min_value=rng.randrange(10**24),
        gas_ceiling=rng.randrange(10**21),
    )
    band = rng.randrange(1, params.drift_bps + 1)
    facts = model.Facts(
        paused=rng.random() < 0.1,
        data_good=rng.random() < 0.9,
        session_open=rng.random() < 0.1,
        since_ended=rng.choice((2**256 - 1, near(rng, params.cooldown), rng.randrange(10**7))),
        since_settled=rng.choice((near(rng, params.calendar_interval), rng.randrange(10**8))),
        drift_bps=rng.choice((near(rng, params.drift_bps), near(rng, band), rng.randrange(BPS))),
        peg_bps=rng.choice((near(rng, params.price_bps), rng.randrange(BPS))),
        to_move=rng.choice((near(rng, params.min_value), rng.randrange(10**26))),
        gas_cost=rng.choice((near(rng, params.gas_ceiling), rng.randrange(10**20))),
        crisis=rng.random() < 0.1,
        halted=rng.random() < 0.1,
    )
    return facts, params, band


def as_tuple(record: Any) -> tuple:
    return tuple(getattr(record, name) for name in record.__slots__)


def test_decisions__drawn__equal_the_model(harness, rng):
    cases = draw(rng, decision_case)
    verdicts, reasons = harness.decisions([(as_tuple(f), as_tuple(p), band) for f, p, band in cases])
    expected = [model.decide(*case) for case in cases]
    assert list(zip(verdicts, reasons, strict=True)) == expected


def floor_case(rng: Random) -> dict[str, int]:
    ceiling = rng.randrange(1, 501)
    snap_in, snap_out = (model.snapshot_price(price(rng)) for _ in range(2))
    moved = rng.random() < 0.5
    mid_in = price(rng) if moved else near(rng, snap_in * 10**10)
    mid_out = price(rng) if moved else near(rng, snap_out * 10**10)
    return {
        "sold": amount(rng),
        "scaleIn": 10 ** rng.randrange(19),
        "lowIn": max(0, mid_in - rng.randrange(10**15)),
        "midIn": mid_in,
        "scaleOut": 10 ** rng.randrange(19),
        "highOut": mid_out + rng.randrange(1, 10**15),
        "midOut": mid_out,
        "snapIn": snap_in,
        "snapOut": snap_out,
        "base": rng.randrange(1, ceiling + 1),
        "ceiling": ceiling,
    }


def test_floors__drawn__equal_the_model(harness, rng):
    cases = draw(rng, floor_case)
    slips, floors = harness.floors([tuple(c.values()) for c in cases])
    for c, slip, floor in zip(cases, slips, floors, strict=True):
        expected = model.slippage(c["base"], c["ceiling"], c["midIn"], c["midOut"], c["snapIn"], c["snapOut"])
        assert slip == expected
        assert c["base"] <= slip <= c["ceiling"]
        assert floor == model.minimum_out(
            c["sold"], c["scaleIn"], c["lowIn"], c["scaleOut"], c["highOut"], slip
        )


def movement_case(rng: Random) -> tuple:
    total = 10 ** rng.randrange(1, 30)
    weight = rng.randrange(BPS + 1)
    scale, one = 10 ** rng.randrange(19), price(rng)
    tolerance = rng.randrange(500)
    target, dust = weight * total // BPS, model.unit_value(scale, one)
    slack = tolerance * total // BPS
    before = rng.choice((near(rng, target), near(rng, target + slack), rng.randrange(2 * total)))
    mirrored = max(0, 2 * target - before)
    after = rng.choice(
        (
            near(rng, before + dust),
            near(rng, max(0, before - dust)),
            near(rng, mirrored),
            near(rng, mirrored + dust),
            near(rng, target + slack),
            near(rng, max(0, target - slack)),
            rng.randrange(2 * total),
        )
    )
    return before, after, weight, total, scale, one, tolerance


def test_movements__drawn__equal_the_model_and_meet_every_outcome(harness, rng):
    cases = draw(rng, movement_case)
    expected = [
        model.movement(before, after, weight, total, model.unit_value(scale, one), tolerance)
        for before, after, weight, total, scale, one, tolerance in cases
    ]
    assert list(harness.movements(cases)) == expected
    assert set(expected) == set(model.Move)


def budget_case(rng: Random) -> tuple:
    budget, period = rng.randrange(501), rng.randrange(86_400, 365 * 86_400)
    used = rng.choice((0, near(rng, budget * model.PPT_PER_BPS), rng.randrange(5 * 10**10)))
    elapsed = rng.choice((0, 1, near(rng, period), rng.randrange(2 * period)))
    total = max(1, amount(rng))
    return used, elapsed, budget, period, rng.randrange(total + 1), total


def test_budgets__drawn__equal_the_model(harness, rng):
    cases = draw(rng, budget_case)
    for case, used, share, available in zip(cases, *harness.budgets(cases), strict=True):
        before, elapsed, budget, period, loss, total = case
        assert used == model.refilled(before, elapsed, budget, period)
        assert share == model.loss_share(loss, total)
        assert available == model.loss_available(used, budget, total)


def worst_case(rng: Random) -> tuple[int, int, int, int]:
    low = max(1, price(rng))
    before = amount(rng)
    return before, rng.choice((before, amount(rng))), low, low + rng.choice((0, 1, rng.randrange(10**18)))


def test_worsts__drawn__equal_the_model_and_count_no_less_than_the_mid(harness, rng):
    cases = draw(rng, worst_case)
    for (before, after, low, high), got in zip(cases, harness.worsts(cases), strict=True):
        given, taken = model.at_worst(before, after, low, high)
        assert tuple(got) == (given, taken)
        assert given - taken >= before - after


def test_gas_costs__drawn__equal_the_model(harness, rng):
    cases = draw(rng, lambda r: (r.randrange(10**13), r.randrange(3 * 10**7), price(r)))
    assert list(harness.gasCosts(cases)) == [model.gas_cost(*case) for case in cases]


def merge_case(rng: Random) -> tuple:
    pool = [f"0x{rng.getrandbits(160):040x}" for _ in range(8)]
    held = rng.sample(pool, rng.randrange(7))
    wanted = rng.sample(pool, rng.randrange(1, 7))
    scales = [10 ** rng.choice((0, 10, 12, 18)) for _ in held]
    grains = [model.DUST // scale + rng.randrange(2) for scale in scales]  # the most dust, or one more
    reserves = [rng.choice((0, grain, amount(rng))) for grain in grains]
    shares = weights(rng, len(wanted))
    if len(shares) > 1 and rng.randrange(2):  # a coin that was fled
        shares = [0, shares[0] + shares[1], *shares[2:]]
    return held, reserves, scales, wanted, shares


def test_merges__drawn__equal_the_model(harness, rng):
    assert harness.dust() == model.DUST
    cases = draw(rng, merge_case)
    for (held, reserves, scales, wanted, shares), got in zip(cases, harness.merges(cases), strict=True):
        expected = model.merge_targets(
            list(zip(held, reserves, scales, strict=True)), list(zip(wanted, shares, strict=True))
        )
        mine = zip((t.lower() for t in got.tokens), got.weights, got.reserves, strict=True)
        assert tuple(mine) == expected
        assert sum(got.weights) == BPS


def test_snapshot__drawn__reads_back_price_and_scale(harness, rng):
    prices = [price(rng) for _ in range(50)]
    scales = [10 ** rng.randrange(19) for _ in range(50)]
    snaps, back = harness.snapshot(prices, scales)
    assert list(snaps) == [model.snapshot_price(p) for p in prices]
    assert list(back) == scales
