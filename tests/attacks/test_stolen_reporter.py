"""A stolen reporter's key: small steps add up to what compounding gives, and weights stay in their bounds."""

from math import exp
from typing import Any

import pytest

from ballast.units import BPS
from tests.attacks.conftest import Stage

pytestmark = pytest.mark.replica

STEPS = 20
HOUR = 3_600


def walk(stage: Stage, upwards: bool, seconds: int) -> int:
    """DAI's cap as far as one report may move it after so many seconds."""
    replica, calculator = stage.deployed.replica, stage.deployed.system.calculator
    replica.pass_time(seconds, keep_feeds=True)
    rows = {row.token: row for row in calculator.getMarketData()}
    dai = rows[stage.token("DAI")]
    limit = calculator.getLimits().maxCapChangeBpsPerHour
    step = dai.cap * limit * seconds // (BPS * HOUR)
    cap = dai.cap + step if upwards else dai.cap - step
    calculator.report([dai.token], [cap], [dai.score], [0], [0], sender=stage.deployed.reporter)
    return cap


def cap_of(stage: Stage) -> int:
    rows: Any = stage.deployed.system.calculator.getMarketData()
    return int(next(row.cap for row in rows if row.token == stage.token("DAI")))


@pytest.mark.parametrize("upwards", [True, False])
def test_report__many_small_steps__no_more_than_compounded(stage: Stage, upwards: bool) -> None:
    limit = stage.deployed.system.calculator.getLimits().maxCapChangeBpsPerHour / BPS
    start = cap_of(stage)
    for _ in range(STEPS):
        end = walk(stage, upwards, HOUR // STEPS)
    assert end == cap_of(stage)
    assert abs(end / start - 1) <= exp(limit) - 1
    calculator = stage.deployed.system.calculator
    weights = dict(zip(*calculator.calculateOptimalWeights(), strict=True))
    bounds = {row.token: (row.minBps, row.maxBps) for row in calculator.getMarketData()}
    assert sum(weights.values()) == BPS
    assert all(low <= weights[token] <= high for token, (low, high) in bounds.items())
