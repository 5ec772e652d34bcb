"""What the curator sets: emergency weights, risk groups, trading parameters; each mistake has a name."""

import pytest

from ballast.model.crisis import State
from ballast.model.emergency import DEFAULT, defaults
from ballast.units import BPS
from tests.reverts import revert_of
from tests.unit.emergency.conftest import COINS, DAI, FRAX, LUSD, NEW_COIN, USDC, USDT, WEIGHTS

CAP = DEFAULT.cap_bps


def test_set_emergency_weights__valid__kept_and_told(world, curator):
    plan = [(LUSD, 4_000), (USDT, 6_000)]
    receipt = world.index.setEmergencyWeights(USDC, plan, sender=curator)
    (log,) = receipt.events.filter(world.index.EmergencyWeightsSet)
    assert log.asset == USDC
    assert [tuple(w) for w in world.index.emergencyWeightsOf(USDC)] == plan
    shorter = [(USDT, 7_000), (LUSD, 2_900), (USDC, 100)]
    world.index.setEmergencyWeights(USDC, shorter, sender=curator)
    assert [tuple(w) for w in world.index.emergencyWeightsOf(USDC)] == shorter


def test_set_emergency_weights__the_models_defaults__valid_for_every_coin(world):
    for asset, coin in enumerate(COINS):
        leaning = [other in (DAI, FRAX) and coin == USDC for other in COINS]
        world.group(coin, *(other for other, leans in zip(COINS, leaning, strict=True) if leans))
        plan = defaults(asset, WEIGHTS, leaning, CAP)
        world.plan(coin, dict(zip(COINS, plan, strict=True)))
        world.state(coin, State.CRISIS)
        assert list(world.weights().values()) == plan
        world.state(coin, State.SOUND)


def test_clear_emergency_weights__back_to_the_default(world, curator):
    world.plan(USDC, {USDT: 5_000, DAI: 5_000})
    receipt = world.index.clearEmergencyWeights(USDC, sender=curator)
    assert [log.asset for log in receipt.events.filter(world.index.EmergencyWeightsCleared)] == [USDC]
    assert world.index.emergencyWeightsOf(USDC) == []
    world.state(USDC, State.CRISIS)
    assert world.weights()[LUSD] > 0


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        ([], ("InvalidWeightSum", 0)),
        ([(USDT, 6_000), (LUSD, 3_999)], ("InvalidWeightSum", 9_999)),
        ([(USDT, 6_000), (LUSD, 4_001)], ("InvalidWeightSum", 10_001)),
        ([(USDT, BPS + 1)], ("InvalidWeightSum", BPS + 1)),
        ([(USDT, 2**256 - 1), (LUSD, BPS + 1)], ("InvalidWeightSum", 2**256 - 1)),
        ([(USDT, 6_000), (NEW_COIN, 4_000)], ("UnknownConstituent", NEW_COIN)),
        ([(USDT, 6_000), (LUSD, 2_000), (USDT, 2_000)], ("DuplicateToken", USDT)),
        ([(USDC, 3_000), (USDT, 7_000)], ("NotAReduction", USDC, 3_000, 3_000)),
        ([(USDC, 3_001), (USDT, 6_999)], ("NotAReduction", USDC, 3_001, 3_000)),
        ([(USDT, 6_000), (LUSD, 1_999), (DAI, 2_001)], ("RaisesSharedRisk", DAI, 2_001, 2_000)),
        ([(USDT, CAP + 1), (LUSD, BPS - CAP - 1)], ("AboveCap", USDT, CAP + 1, CAP)),
    ],
)
def test_set_emergency_weights__mistake__named(world, curator, plan, error):
    world.group(USDC, DAI, FRAX)
    assert revert_of(world.index.setEmergencyWeights, USDC, plan, sender=curator) == error


def test_set_emergency_weights__coin_of_no_index__refused(world, curator):
    refused = revert_of(world.index.setEmergencyWeights, NEW_COIN, [(USDT, BPS)], sender=curator)
    assert refused == ("UnknownConstituent", NEW_COIN)


def test_set_emergency_weights__coin_without_weight__may_stay_at_none(world, curator):
    world.aim({USDC: 0, USDT: 5_000, DAI: 3_000, LUSD: 2_000})
    world.plan(USDC, {USDC: 0, USDT: 6_000, DAI: 4_000})
    refused = revert_of(
        world.index.setEmergencyWeights, USDC, [(USDC, 1), (USDT, 6_000), (DAI, 3_999)], sender=curator
    )
    assert refused == ("NotAReduction", USDC, 1, 0)


def test_set_emergency_weights__ordinary_weight_above_the_cap__may_stay(world):
    world.aim({USDC: 1_000, USDT: 8_000, DAI: 1_000})
    world.plan(USDC, {USDT: 8_000, DAI: 2_000})
    world.hold(100_000, 800_000, 100_000, 0, 0)
    world.state(USDC, State.CRISIS)
    assert world.weights() == {USDC: 0, USDT: 8_000, DAI: 2_000}


def test_set_emergency_weights__leaning_coin_that_left__not_asked_about(world):
    world.group(USDC, FRAX)
    world.aim({USDC: 4_000, USDT: 4_000, DAI: 1_000, LUSD: 1_000})
    world.plan(USDC, {USDT: 6_000, LUSD: 4_000})


def test_set_risk_group__valid__kept_and_told(world, curator):
    receipt = world.index.setRiskGroup(USDC, [DAI, FRAX], sender=curator)
    (log,) = receipt.events.filter(world.index.RiskGroupSet)
    assert (log.asset, log.leaning) == (USDC, [DAI, FRAX])
    assert world.index.riskGroupOf(USDC) == [DAI, FRAX]
    world.group(USDC)
    assert world.index.riskGroupOf(USDC) == []


@pytest.mark.parametrize(
    ("asset", "leaning", "error"),
    [
        (NEW_COIN, [DAI], ("UnknownConstituent", NEW_COIN)),
        (USDC, [DAI, NEW_COIN], ("UnknownConstituent", NEW_COIN)),
        (USDC, [DAI, FRAX, DAI], ("DuplicateToken", DAI)),
        (USDC, [DAI, USDC], ("LeansOnItself", USDC)),
    ],
)
def test_set_risk_group__mistake__named(world, curator, asset, leaning, error):
    assert revert_of(world.index.setRiskGroup, asset, leaning, sender=curator) == error


def test_set_risk_group__leaning_is_one_way(world):
    world.group(USDC, DAI)
    world.state(DAI, State.CRISIS)
    assert world.weights()[USDC] > 3_000


def test_setters__not_a_curator__refused(world, owner, governor, stranger):
    index = world.index
    calls = [
        (index.setEmergencyWeights, USDC, [(USDT, BPS)]),
        (index.clearEmergencyWeights, USDC),
        (index.setRiskGroup, USDC, [DAI]),
        (index.setEmergencyParams, tuple(world.params_with().values())),
    ]
    for caller in (owner, governor, stranger):
        for call, *args in calls:
            refused = revert_of(call, *args, sender=caller)
            assert refused == ("AccessManagedUnauthorized", caller.address)


def test_emergency_params__at_first__equal_the_models_defaults(world):
    shown = tuple(world.params_with().values())
    assert shown == tuple(getattr(DEFAULT, name) for name in DEFAULT.__slots__)


BOUNDS = {
    "settleBandBps": (1, 500),
    "slipBps": (1, 1_000),
    "lossBudgetBps": (0, 1_000),
    "lossPeriod": (3_600, 365 * 86_400),
    "fillInterval": (0, 3_600),
    "sessionLength": (1_200, 7 * 86_400),  # the lowest: the auction's length, which has its own bounds
    "auctionLength": (60, 6 * 3_600),  # the highest: the session's length
    "premiumBps": (0, 1_000),
    "maxTrades": (1, 64),
    "maxTradeValue": (1_000 * 10**18, 2**96 - 1),
    "capBps": (2_000, BPS),
}


def test_emergency_params__every_field__has_bounds(world):
    assert list(BOUNDS) == list(world.params_with())


@pytest.mark.parametrize("name", BOUNDS)
def test_set_emergency_params__at_its_bounds__kept(world, curator, name):
    for value in BOUNDS[name]:
        params = world.params_with(**{name: value})
        receipt = world.index.setEmergencyParams(tuple(params.values()), sender=curator)
        assert len(list(receipt.events.filter(world.index.EmergencyParamsSet))) == 1
        assert world.index.emergencyParams()[name] == value


@pytest.mark.parametrize("name", [name for name in BOUNDS if name not in ("maxTradeValue", "sessionLength")])
def test_set_emergency_params__beyond_its_bounds__refused(world, curator, name):
    low, high = BOUNDS[name]
    for value in [*([low - 1] if low else []), high + 1]:
        params = world.params_with(**{name: value})
        refused = revert_of(world.index.setEmergencyParams, tuple(params.values()), sender=curator)
        assert refused == ("ParamOutOfBounds", name.encode().ljust(32, b"\0"), value, low, high)


@pytest.mark.parametrize(
    ("changes", "name", "low", "high"),
    [
        ({"maxTradeValue": 1_000 * 10**18 - 1}, "maxTradeValue", 1_000 * 10**18, 2**96 - 1),
        ({"sessionLength": 599}, "sessionLength", 600, 7 * 86_400),
        ({"sessionLength": 7 * 86_400 + 1}, "sessionLength", 600, 7 * 86_400),
        ({"sessionLength": 1_199}, "auctionLength", 60, 1_199),
    ],
)
def test_set_emergency_params__beyond_the_types_or_anothers__refused(
    world, curator, changes, name, low, high
):
    params = world.params_with(**changes)
    refused = revert_of(world.index.setEmergencyParams, tuple(params.values()), sender=curator)
    assert refused == ("ParamOutOfBounds", name.encode().ljust(32, b"\0"), params[name], low, high)
