"""Who enters an emergency and when one is due; a guardian's word, and how it is taken back."""

import pytest

from ballast.model.crisis import State
from ballast.model.emergency import Role
from ballast.units import BPS
from tests.reverts import constructor_revert_of, revert_of
from tests.unit.emergency.conftest import COINS, DAI, FRAX, INVALID, NEW_COIN, USDC, USDT, WEIGHTS, ZERO

STEP, STEPS = 12 * 3_600, 4  # as the mock detector has them


def test_enter_emergency__crisis__answers_the_weights_and_forces_nothing(world, entry):
    world.state(USDC, State.CRISIS)
    assert entry(USDC) == world.weights()
    world.index.enterEmergency(USDC, False, sender=world.owner)
    assert not world.index.isForced(USDC)


@pytest.mark.parametrize("state", [s for s in State if s is not State.CRISIS])
def test_enter_emergency__no_crisis__refused(world, state):
    world.state(USDC, state)
    refused = revert_of(world.index.enterEmergency, USDC, False, sender=world.owner)
    assert refused == ("NotInCrisis", USDC, state)


@pytest.mark.parametrize("forced", [False, True])
def test_enter_emergency__not_the_vaults_owner__refused(world, curator, stranger, governor, forced):
    world.state(USDC, State.CRISIS)
    for caller in (curator, stranger, governor):
        refused = revert_of(world.index.enterEmergency, USDC, forced, sender=caller)
        assert refused == ("NotVaultOwner", caller.address)


def test_enter_emergency__unknown_coin__refused(world):
    world.state(NEW_COIN, State.CRISIS)
    for forced in (False, True):
        refused = revert_of(world.index.enterEmergency, NEW_COIN, forced, sender=world.owner)
        assert refused == ("UnknownConstituent", NEW_COIN)


def test_enter_emergency__sold_to_the_band__nothing_left_to_flee_but_for_a_guardian(world, entry):
    """A coin that died stays in crisis: what else drifts then is no emergency."""
    world.state(USDT, State.CRISIS)
    band = world.index.emergencyParams().settleBandBps
    world.hold(600_000 - band * 100 - 100, band * 100 + 100, 200_000, 100_000, 100_000)
    assert entry(USDT)[USDT] == 0
    world.hold(600_000 - band * 100, band * 100, 200_000, 100_000, 100_000)
    refused = revert_of(world.index.enterEmergency, USDT, False, sender=world.owner)
    assert refused == ("NothingToFlee", USDT, band, 0)
    world.force(USDT)
    assert not world.index.isForced(USDT)


def test_enter_emergency__forced__cut_at_once_whatever_the_detector_says(world):
    world.group(USDC, DAI)
    receipt = world.force(USDC)
    assert [log.asset for log in receipt.events.filter(world.index.EmergencyForced)] == [USDC]
    assert world.index.isForced(USDC)
    assert world.roles()[USDC] is Role.CUT
    assert world.roles()[DAI] is Role.HELD
    assert world.weights()[USDC] == 0
    assert world.index.changedAt() == receipt.timestamp
    assert world.index.emergencyDue() == USDC


def test_enter_emergency__forced_in_a_confirmed_crisis__leaves_no_word_behind(world):
    world.state(USDC, State.CRISIS)
    receipt = world.force(USDC)
    assert not list(receipt.events.filter(world.index.EmergencyForced))
    assert not world.index.isForced(USDC)
    world.state(USDC, State.SOUND)
    assert world.index.calculateOptimalWeights() == world.calculator.calculateOptimalWeights()


def test_enter_emergency__forced_before__goes_on_without_a_guardian(world, entry):
    since = world.force(USDC).timestamp
    world.wait(7 * 86_400)
    assert entry(USDC)[USDC] == 0
    receipt = world.force(USDC)
    assert not list(receipt.events.filter(world.index.EmergencyForced))
    assert world.index.changedAt() == since, "nothing has changed"
    world.release(USDC)
    world.wait(STEPS * STEP)
    assert world.index.calculateOptimalWeights() == world.calculator.calculateOptimalWeights(), "counted once"


def test_release__in_steps__back_to_the_calculators(world):
    world.plan(USDC, {USDC: 600, USDT: 5_000, DAI: 4_400})
    world.force(USDC)
    world.hold(60_000, 500_000, 440_000, 0, 0)
    changed = world.index.changedAt()
    receipt = world.release(USDC)
    (log,) = receipt.events.filter(world.index.EmergencyReleased)
    assert (log.asset, log.returningUntil) == (USDC, receipt.timestamp + STEPS * STEP)
    assert not world.index.isForced(USDC)
    assert world.index.releasedAt(USDC) == receipt.timestamp
    back = [world.weights()[USDC]]
    world.wait(STEP - 2)
    back.append(world.weights()[USDC])
    for _ in range(STEPS):
        world.wait(STEP)
        back.append(world.weights()[USDC])
    assert back == [600, 600, 1_200, 1_800, 2_400, 3_000]
    assert world.roles()[USDC] is Role.FREE
    assert world.index.changedAt() == changed, "a release makes no older target void"


def test_release__forced_again__cut_and_counted_anew(world):
    world.force(USDC)
    world.release(USDC)
    world.wait(2 * STEP)
    assert world.roles()[USDC] is Role.RETURNING
    world.force(USDC)
    assert world.roles()[USDC] is Role.CUT
    assert world.index.releasedAt(USDC) == 0
    world.wait(9 * STEP)
    assert world.roles()[USDC] is Role.CUT
    world.release(USDC)
    assert world.weights()[USDC] == 0


def test_release__two_coins__each_by_its_own_time(world):
    world.force(USDC)
    world.force(USDT)
    world.release(USDC)
    world.wait(2 * STEP)
    world.release(USDT)
    stances = world.stances()
    assert (stances[USDC].done, stances[USDT].done) == (2, 0)
    world.wait(3 * STEP)
    assert (world.roles()[USDC], world.roles()[USDT]) == (Role.FREE, Role.RETURNING)
    world.wait(STEP)
    assert world.weights() == dict(zip(COINS, WEIGHTS, strict=True))


def test_release__steps_changed_afterwards__those_of_the_release_hold(world, owner):
    world.force(USDC)
    world.release(USDC)
    world.detector.setSteps(1, 1, sender=owner)
    world.wait(STEP)
    returning = world.stances()[USDC]
    assert (returning.done, returning.steps) == (1, STEPS)


@pytest.mark.parametrize(
    ("state", "role"), [(State.CRISIS, Role.CUT), (State.WATCH, Role.HELD), (State.DARK, Role.HELD)]
)
def test_release__detector_says_worse__that_holds(world, state, role):
    world.force(USDC)
    world.state(USDC, state)
    world.release(USDC)
    assert world.roles()[USDC] is role


@pytest.mark.parametrize(("waited", "seen", "expected"), [(3, 1, 1), (1, 3, 1), (2, 2, 2), (9, 1, 1)])
def test_release__recovering_too__the_slower_counts(world, waited, seen, expected):
    world.force(USDC)
    world.release(USDC)
    world.wait(waited * STEP)
    world.state(USDC, State.RECOVERING, seen)
    assert world.stances()[USDC].done == expected


def test_release__coin_that_left_the_index__released(world):
    world.force(USDC)
    world.aim({USDT: 5_000, DAI: 3_000, FRAX: 2_000})
    world.release(USDC)
    assert not world.index.isForced(USDC)


def test_release__not_forced__refused(world, curator):
    assert revert_of(world.index.release, USDC, sender=curator) == ("NotForced", USDC)


def test_release__not_a_curator__refused(world, owner, stranger):
    world.force(USDC)
    for caller in (owner, stranger):
        refused = revert_of(world.index.release, USDC, sender=caller)
        assert refused == ("AccessManagedUnauthorized", caller.address)


def test_emergency_due__crisis_held__the_coin_until_it_is_sold_to_the_band(world):
    world.state(USDT, State.CRISIS)
    assert world.index.emergencyDue() == USDT
    band = world.index.emergencyParams().settleBandBps
    for dollars, due in ((band * 100 + 99.99, ZERO), (band * 100 + 100, USDT)):
        world.hold(600_000 - dollars, dollars, 200_000, 100_000, 100_000)
        assert world.index.emergencyDue() == due


@pytest.mark.parametrize("state", [s for s in State if s is not State.CRISIS])
def test_emergency_due__no_crisis__none(world, state):
    world.hold(900_000, 25_000, 25_000, 25_000, 25_000)
    world.state(USDC, state)
    assert world.index.emergencyDue() == ZERO


def test_emergency_due__several__the_first(world):
    for coin in (DAI, USDT):
        world.state(coin, State.CRISIS)
    assert world.index.emergencyDue() == USDT


def test_emergency_due__coin_without_price__cannot_be_sold_and_is_not_due(world):
    world.state(USDC, State.CRISIS)
    world.price(USDC, 0.5, 0.5, INVALID)
    assert world.index.emergencyDue() == ZERO


def test_emergency_due__coin_worth_nothing__not_due(world):
    world.state(USDC, State.CRISIS)
    world.price(USDC, 0.01)
    assert world.index.emergencyDue() == ZERO


def test_changed_at__detector_worsens__then(world, owner):
    world.force(USDC)
    world.wait(100)
    receipt = world.detector.setAll([USDT], [State.WATCH], [0], sender=owner)
    assert world.index.changedAt() == receipt.timestamp
    world.wait(100)
    world.detector.setAll([USDT], [State.SOUND], [0], sender=owner)
    assert world.index.changedAt() == receipt.timestamp


def test_changed_at__plans_set__only_while_they_matter(world, curator):
    before = world.index.changedAt()
    world.plan(USDC, {USDT: 5_000, DAI: 5_000})
    world.group(USDC, FRAX)
    assert world.index.changedAt() == before
    world.state(USDC, State.CRISIS)
    for change in (
        lambda: world.index.setRiskGroup(USDC, [DAI], sender=curator),
        lambda: world.index.clearEmergencyWeights(USDC, sender=curator),
        lambda: world.index.setEmergencyWeights(
            USDC, [(USDT, BPS // 2), (DAI, 2_000), (FRAX, 3_000)], sender=curator
        ),
    ):
        world.wait(100)
        assert change().timestamp == world.index.changedAt()


@pytest.mark.parametrize("missing", range(1, 5))
def test_constructor__zero_address__refused(project, parts, missing):
    given = [part if i != missing else ZERO for i, part in enumerate(parts)]
    assert constructor_revert_of(project.EmergencyIndex, *given) == ("ZeroAddress",)


def test_constructor__what_was_given__is_shown(world, parts):
    shown = (world.index.CALCULATOR, world.index.DETECTOR, world.index.ORACLE, world.index.VAULT)
    assert [view() for view in shown] == [part.address for part in parts[1:]]
