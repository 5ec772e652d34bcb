"""The lending maths against its exact twin, in drawn batches: one call for some two hundred cases."""

from random import Random
from typing import Any

import pytest

from ballast.model import lending as model
from ballast.units import BPS
from tests.profiles import PROFILE

SEED = 4626
DAY = 86_400
BATCHES = range(-(-PROFILE.differential_cases // PROFILE.batch))


@pytest.fixture(scope="module")
def harness(project: Any, accounts: Any) -> Any:
    return accounts[0].deploy(project.LendingMathBatch)


@pytest.fixture(params=BATCHES)
def rng(request: Any) -> Random:
    return Random(SEED * 1_000 + request.param)


def amount(rng: Random, bits: int = 112) -> int:
    """Any size from nothing to 2**bits, small and round ones often."""
    drawn = (0, 1, 2, 10 ** rng.randrange(25), rng.randrange(2 ** rng.randrange(1, bits)))
    return rng.choice(drawn)


def near(rng: Random, value: int) -> int:
    """`value`, or what lies right beside it, so that thresholds are met exactly."""
    return max(0, value + rng.choice((-1, 0, 0, 1)))


def draw(rng: Random, one: Any) -> list[Any]:
    return [one(rng) for _ in range(PROFILE.batch)]


def gains_case(rng: Random) -> tuple:
    since = rng.randrange(10**9, 2 * 10**9)
    full_at = since + rng.choice((0, 1, DAY, rng.randrange(30 * DAY)))
    counted = rng.choice((1, 1, 1, -1)) * amount(rng)
    gains = (counted, amount(rng) if full_at > since else 0, since, full_at, 0, 0)
    time = since + rng.choice((0, 1, full_at - since, rng.randrange(40 * DAY)))
    value = rng.choice((near(rng, max(0, counted + gains[1])), near(rng, abs(counted)), amount(rng)))
    whole = rng.randrange(1, 2**112)
    return (
        gains,
        value,
        rng.randrange(3_600, 30 * DAY),
        time,
        rng.choice((0, whole, rng.randrange(whole))),
        whole,
    )


def as_model(gains: Any) -> model.Gains:
    return model.Gains(*tuple(gains)[:4])


def test_gains__drawn__equal_the_model(harness, rng):
    cases = draw(rng, gains_case)
    for (gains, value, period, time, part, whole), got in zip(cases, harness.gains(cases), strict=True):
        accrued = model.accrue(as_model(gains), time)
        assert as_model(got.accrued) == accrued
        assert got.low == model.low_of(value, accrued.counted)
        settled, gain, loss = model.settle(accrued, value, period, time)
        assert (as_model(got.settled), got.gain, got.loss) == (settled, gain, loss)
        assert settled.counted + settled.locked == max(value, settled.counted)
        assert as_model(got.scaled) == model.scale_down(accrued, part, whole)


def room_case(rng: Random) -> tuple:
    reserve = amount(rng)
    idle, value = rng.randrange(reserve + 1), near(rng, rng.randrange(reserve + 1))
    caps = rng.choice((near(rng, value), amount(rng), 2**128 - 1)), rng.randrange(BPS + 1)
    budget = rng.randrange(101)
    used = rng.choice((0, rng.randrange(budget * model.PPT_PER_BPS + 1), model.MAX_USED))
    loss = rng.choice((0, 1, rng.randrange(reserve + 1), amount(rng)))
    spent = used, rng.randrange(10 * DAY), budget, rng.randrange(DAY, 365 * DAY), loss
    return idle, reserve, value, *caps, rng.randrange(BPS + 1), *spent


def test_rooms__drawn__equal_the_model(harness, rng):
    cases = draw(rng, room_case)
    got = zip(*harness.rooms(cases), strict=True)
    for (idle, reserve, value, absolute, relative, buffer, *spent), answers in zip(cases, got, strict=True):
        used, elapsed, budget, period, loss = spent
        assert answers == (
            model.room_under_caps(reserve, value, absolute, relative),
            model.beyond_buffer(reserve, idle, buffer),
            model.charged(used, elapsed, budget, period, loss, reserve),
        )


def share_case(rng: Random) -> tuple:
    seen_value, seen_shares, shares = amount(rng), amount(rng, 127), amount(rng, 127)
    jump = rng.randrange(1, 1_001)
    fair = seen_value * shares // seen_shares if seen_shares else 0
    moved = fair * (BPS + rng.choice((-1, 0, 1)) * jump) // BPS
    value = min(2**112 - 1, rng.choice((near(rng, fair), near(rng, moved), amount(rng))))
    amounts = [rng.choice((0, 5, amount(rng))) for _ in range(rng.randrange(7))]
    return seen_value, seen_shares, value, shares, jump, rng.choice((near(rng, value), amount(rng))), amounts


def test_shares__drawn__equal_the_model(harness, rng):
    cases = draw(rng, share_case)
    for (seen_value, seen_shares, value, shares, jump, assets, amounts), got in zip(
        cases, harness.shares(cases), strict=True
    ):
        down = model.shares_for(shares, assets, value)
        assert (got.down, got.up) == (down, model.shares_covering(shares, assets, value))
        assert got.worth == model.worth_of(down, shares, value) <= max(assets, 0) or assets >= value
        assert got.jumped == model.jumped(seen_value, seen_shares, value, shares, jump)
        assert list(got.order) == model.by_largest(amounts)
