"""Reports within their limits, staleness that freezes, and limits themselves."""

import pytest

from tests.reverts import revert_of
from tests.unit.weights.conftest import CAPS, HOUR, SCORES
from tests.unit.weights.test_calculator_constituents import expected

DAY = 24 * HOUR


def limits_of(index, **changes) -> tuple[int, ...]:
    limits = index.calculator.getLimits()
    names = (
        "maxCapChangeBpsPerHour",
        "maxScoreChangePerHour",
        "maxTiltBps",
        "sampleMinBlocks",
        "sampleMaxBlocks",
    )
    return tuple(changes.get(name, getattr(limits, name)) for name in names)


def pass_time(chain, seconds: int) -> None:
    chain.mine(timestamp=chain.blocks.head.timestamp + seconds)


def refused(index, **changes) -> tuple:
    """What the report reverts with, asked at the head's timestamp."""
    caps, scores, views = index.current()
    for position, cap in changes.get("caps", {}).items():
        caps[position] = cap
    for position, score in changes.get("scores", {}).items():
        scores[position] = score
    tilts = changes.get("volatility", [0] * len(views)), [0] * len(views)
    tokens = changes.get("tokens", [v.token for v in views])
    return revert_of(index.calculator.report, tokens, caps, scores, *tilts, sender=index.reporter)


def elapsed(index, chain, position: int = 0) -> int:
    return chain.blocks.head.timestamp - index.calculator.getMarketData()[position].capAt


@pytest.mark.parametrize("sign", [1, -1])
def test_report__cap_beyond_its_hourly_change__refused_naming_the_furthest_allowed(index, chain, sign):
    pass_time(chain, HOUR // 2)
    per_hour = index.calculator.getLimits().maxCapChangeBpsPerHour
    step = CAPS[0] * per_hour * elapsed(index, chain) // (10_000 * HOUR)
    proposed, allowed = CAPS[0] + sign * (step + 1), CAPS[0] + sign * step
    assert refused(index, caps={0: proposed}) == (
        "ChangeTooLarge",
        index.coins[0],
        CAPS[0],
        proposed,
        allowed,
    )
    receipt = index.report(caps={0: allowed})
    assert next(e.cap for e in receipt.decode_logs(index.calculator.Reported)) == allowed
    assert index.weights() == expected(index.calculator.getMarketData())


def test_report__after_days_of_silence__change_is_that_of_the_window(index, chain):
    pass_time(chain, 2 * DAY)
    window = index.calculator.CHANGE_WINDOW()
    allowed = CAPS[0] + CAPS[0] * index.calculator.getLimits().maxCapChangeBpsPerHour * window // (
        10_000 * HOUR
    )
    assert refused(index, caps={0: 2 * CAPS[0]}) == (
        "ChangeTooLarge",
        index.coins[0],
        CAPS[0],
        2 * CAPS[0],
        allowed,
    )


def test_report__large_move__walked_in_several_reports(index, chain):
    target, steps = 2 * CAPS[0], 0
    while index.calculator.getMarketData()[0].cap != target:
        pass_time(chain, 4 * HOUR)
        error = refused(index, caps={0: target}) if steps < 2 else None
        index.report(caps={0: error[-1] if error else target})
        steps += 1
    assert steps == 3  # 1.4 x 1.4 = 1.96, and the rest


def test_report__score_beyond_its_hourly_change__refused(index, chain):
    pass_time(chain, HOUR)
    step = index.calculator.getLimits().maxScoreChangePerHour * elapsed(index, chain) // HOUR
    assert refused(index, scores={0: 0}) == (
        "ScoreChangeTooLarge",
        index.coins[0],
        SCORES[0],
        0,
        SCORES[0] - step,
    )
    index.report(scores={0: SCORES[0] - step})
    assert index.calculator.getMarketData()[0].score == SCORES[0] - step


def test_report__bad_values__named_errors(index, chain, attacker, reporter):
    pass_time(chain, HOUR)
    coins = index.coins
    assert refused(index, caps={0: 0}) == ("ZeroCap", coins[0])
    assert refused(index, caps={0: 2**96}) == ("CapTooLarge", coins[0], 2**96)
    assert refused(index, scores={0: 1_001}) == ("ScoreTooLarge", coins[0], 1_001, 1_000)
    assert refused(index, caps={4: 5}) == ("CapIsSampled", coins[4])
    assert refused(index, volatility=[1, 0, 0, 0, 0]) == ("TiltTooLarge", coins[0], 1, 0)
    assert refused(index, tokens=[attacker.address, *coins[1:]]) == ("UnknownConstituent", attacker.address)
    assert refused(index, tokens=coins[:4]) == ("ArrayLengthMismatch", 4, 5)


def test_report__coin_never_seeded__refused(new_calculator, coins, curator, reporter):
    calculator = new_calculator()
    calculator.setConstituents([(coin, 0, 0, 0) for coin in coins], sender=curator)
    args = [[coins[0]], [1], [1], [0], [0]]
    assert revert_of(calculator.report, *args, sender=reporter) == ("NoData", coins[0].address)


def test_set_limits__tilts_turned_off__cut_at_once(index, curator, chain):
    index.calculator.setLimits(limits_of(index, maxTiltBps=800), sender=curator)
    index.report(volatility=[800, 0, 0, 0, 0], yields=[0, 700, 0, 0, 0])
    receipt = index.calculator.setLimits(limits_of(index, maxTiltBps=0), sender=curator)
    assert len(list(receipt.decode_logs(index.calculator.LimitsSet))) == 1
    views = index.calculator.getMarketData()
    assert {v.volatilityBps for v in views} == {v.yieldBps for v in views} == {0}
    assert index.weights() == expected(views)


@pytest.mark.parametrize(
    "change",
    [
        {"maxCapChangeBpsPerHour": 0},
        {"maxCapChangeBpsPerHour": 2_501},
        {"maxScoreChangePerHour": 0},
        {"maxScoreChangePerHour": 1_001},
        {"maxTiltBps": 5_001},
        {"sampleMinBlocks": 0},
        {"sampleMaxBlocks": 5},
    ],
)
def test_set_limits__out_of_range__refused(index, curator, change):
    assert revert_of(index.calculator.setLimits, limits_of(index, **change), sender=curator) == (
        "LimitsOutOfRange",
    )


def test_set_max_age__out_of_range__refused(index, curator):
    for age in (HOUR - 1, 30 * DAY + 1):
        error = revert_of(index.calculator.setMaxAge, age, sender=curator)
        assert error == ("MaxAgeOutOfRange", age, HOUR, 30 * DAY)


def test_set_max_age__longer__thaws_without_a_report(index, curator, chain):
    pass_time(chain, 4 * DAY)
    assert index.calculator.isStale()
    receipt = index.calculator.setMaxAge(7 * DAY, sender=curator)
    assert [e.maxAge for e in receipt.decode_logs(index.calculator.MaxAgeSet)] == [7 * DAY]
    assert not index.calculator.isStale()
    assert index.calculator.maxAge() == 7 * DAY


def test_is_stale__at_the_age_limit__turns_one_second_later(index, chain):
    views, age = index.calculator.getMarketData(), index.calculator.maxAge()
    assert age == 3 * DAY
    chain.mine(timestamp=views[0].capAt + age)
    assert not index.calculator.isStale()
    chain.mine(timestamp=views[0].capAt + age + 1)
    assert index.calculator.isStale()


def test_calculate__reporter_quiet_on_one_coin__its_weight_never_falls(index, curator, chain):
    """The others grow by all they may; what was last computed from fresh data stands, to the unit."""
    index.calculator.setConstituents([(coin, 0, 10_000, 0) for coin in index.coins], sender=curator)
    quiet, before = index.coins[0], index.weights()
    pass_time(chain, index.calculator.maxAge() + 1)
    for _ in range(3):
        caps, _, views = index.current()
        grown = {i: caps[i] * 13 // 10 for i in range(1, len(views))}
        receipt = index.report(caps=grown, only=range(1, len(views)))
        assert not list(receipt.decode_logs(index.calculator.WeightsComputed))
        assert index.calculator.isStale()
        stale, computed_at, names = index.calculator.getStatus()
        assert stale
        assert list(names) == [quiet]
        assert index.weights() == before
        pass_time(chain, 4 * HOUR)
    index.report(only=[0])
    assert not index.calculator.isStale()
    assert index.weights() == expected(index.calculator.getMarketData())
    assert index.weights()[quiet] < before[quiet], "fresh again, its lower share is real"
    assert index.calculator.getStatus()[1] > computed_at


def test_calculate__score_of_a_sampled_coin_goes_old__frozen(index, chain, anyone):
    """Each input has its own age: a fresh cap does not hide an old score."""
    pass_time(chain, index.calculator.maxAge() - HOUR)
    index.report(only=range(4))
    index.calculator.sampleSupply(index.coins[4], sender=anyone)
    chain.mine(index.calculator.getLimits().sampleMinBlocks)
    index.calculator.sampleSupply(index.coins[4], sender=anyone)
    pass_time(chain, 2 * HOUR)
    view = index.calculator.getMarketData()[4]
    assert view.capAt > view.scoreAt
    assert list(index.calculator.getStatus()[2]) == [index.coins[4]]
    index.report(only=[4])
    assert not index.calculator.isStale()


def test_last_fresh_weights__while_fresh__equal_the_computed(index, chain):
    for hours in range(3):
        pass_time(chain, HOUR)
        index.report(caps={1: CAPS[1] * (100 - hours) // 100})
        assert index.calculator.lastFreshWeights() == index.calculator.calculateOptimalWeights()
