"""An emergency session's life: who opens it and when, what it replaces, what makes it void, what stops it."""

import pytest

from ballast.model.rebalance import Reason
from tests.reverts import constructor_revert_of, revert_of
from tests.unit.rebalancer.conftest import (
    AWAY,
    DIVERGED,
    EXPIRED,
    INVALID,
    OPEN,
    SETTLED,
    STALE,
    WAD,
    WEIGHTS,
    ZERO,
    System,
)


def flee(system: System, coin: int, sender: object) -> object:
    return system.rebalancer.executeEmergencyRebalance(system.coins[coin], sender=sender)


def refusal(system: System, coin: int, sender: object) -> tuple:
    """What an emergency is refused with, by the Rebalancer or by its index."""
    index = system.calculator.contract_type
    asset = system.coins[coin]
    return revert_of(system.rebalancer.executeEmergencyRebalance, asset, sender=sender, errors_of=index)


def test_constructor__emergency_not_the_calculator__refused(project, alarmed, system):
    args = [
        alarmed.access,
        alarmed.vault,
        system.calculator,
        alarmed.oracle,
        alarmed.weth,
        alarmed.calculator,
    ]
    addresses = [getattr(a, "address", a) for a in args]
    refused = constructor_revert_of(project.Rebalancer, *addresses)
    assert refused == ("NotTheCalculator", alarmed.calculator.address)


def test_execute_emergency__fund_without_emergencies__refused(system, guardian):
    asset = system.coins[0]
    refused = revert_of(system.rebalancer.executeEmergencyRebalance, asset, sender=guardian)
    assert refused == ("NoEmergencies",)
    assert system.rebalancer.EMERGENCY() == ZERO


def test_execute_emergency__by_anyone_in_a_crisis__opens_at_once(crisis, stranger):
    receipt = flee(crisis, 0, stranger)
    session = crisis.rebalancer.getSession()
    length = crisis.calculator.emergencyParams().sessionLength
    assert (session.phase, session.reason, session.session) == (OPEN, Reason.CRISIS, 1)
    assert session.expiresAt == session.openedAt + length == receipt.timestamp + length
    assert list(session.targets) == list(AWAY)
    (event,) = receipt.decode_logs(crisis.rebalancer.SessionOpened)
    assert (event.session, event.reason) == (1, Reason.CRISIS)
    assert event.prices == [8 * 10**17, WAD, WAD, WAD, WAD]


def test_execute_emergency__by_anyone_without_a_crisis__refused(alarmed, stranger):
    alarmed.aim(*AWAY)
    assert refusal(alarmed, 0, stranger) == ("NotInCrisis", alarmed.coins[0].address)


@pytest.mark.parametrize("role", ["keeper", "curator", "watchdog"])
def test_execute_emergency__by_another_role_without_a_crisis__refused(alarmed, request, role):
    sender = request.getfixturevalue(role)
    assert refusal(alarmed, 0, sender) == ("NotInCrisis", alarmed.coins[0].address)


def test_execute_emergency__by_a_guardian_without_a_crisis__opens(alarmed, guardian):
    alarmed.aim(*AWAY)
    flee(alarmed, 0, guardian)
    assert alarmed.calculator.isForced(alarmed.coins[0])
    assert alarmed.rebalancer.getSession().phase == OPEN  # the word was given in the same block


def test_execute_emergency__guardian_with_a_delay__is_anyone(alarmed, guardian, governor):
    """Only who may act at once speaks for a guardian."""
    alarmed.access.grantRole(2, guardian, 60, sender=governor)
    alarmed.wait(6 * 86_400)  # a shorter delay takes its time
    assert refusal(alarmed, 0, guardian) == ("NotInCrisis", alarmed.coins[0].address)


def test_execute_emergency__nothing_to_sell__says_so(crisis, stranger):
    crisis.price(0, 1.0)
    crisis.aim(*WEIGHTS)
    assert refusal(crisis, 0, stranger) == ("NotNow", Reason.IN_BAND)


def test_execute_emergency__off_by_the_band_only__says_so(crisis, stranger):
    crisis.price(0, 1.0)
    crisis.aim(3_950, 2_550, 2_000, 1_000, 500)
    assert refusal(crisis, 0, stranger) == ("NotNow", Reason.IN_BAND)
    crisis.aim(3_949, 2_551, 2_000, 1_000, 500)
    flee(crisis, 0, stranger)


def test_execute_emergency__already_open__refused(fleeing, stranger):
    assert refusal(fleeing, 0, stranger) == ("SessionAlreadyOpen", 1)


def test_execute_emergency__guardian_flees_a_further_coin__replaces_it(fleeing, guardian, stranger):
    fleeing.wait(12)
    fleeing.aim(0, 0, 8_500, 1_000, 500)
    receipt = flee(fleeing, 1, guardian)
    r = fleeing.rebalancer
    assert [e.session for e in receipt.decode_logs(r.SessionExpired)] == [1]
    assert list(r.getSession().targets) == [0, 0, 8_500, 1_000, 500]
    assert refusal(fleeing, 1, guardian) == ("SessionAlreadyOpen", 2)


def test_execute_emergency__ordinary_session_open__replaces_it(alarmed, stranger):
    alarmed.aim(3_600, 2_500, 2_400, 1_000, 500)
    alarmed.rebalancer.open(sender=stranger)
    alarmed.price(0, 0.8)
    alarmed.aim(*AWAY)
    alarmed.calculator.setDue(alarmed.coins[0], sender=alarmed.governor)
    receipt = flee(alarmed, 0, stranger)
    assert [e.session for e in receipt.decode_logs(alarmed.rebalancer.SessionExpired)] == [1]
    session = alarmed.rebalancer.getSession()
    assert (session.phase, session.session, session.reason) == (OPEN, 2, Reason.CRISIS)


def test_execute_emergency__in_the_cooldown_and_below_the_minimum__opens(crisis, stranger):
    crisis.price(0, 1.0)
    crisis.calculator.setDue(ZERO, sender=crisis.governor)
    crisis.aim(3_600, 2_500, 2_400, 1_000, 500)
    crisis.fill(crisis.trade(0, 2, 40_000))
    assert crisis.verdict() == (False, "COOLDOWN")
    crisis.set_params(minValue=10**9 * WAD, gasCeiling=0)
    crisis.calculator.setDue(crisis.coins[0], sender=crisis.governor)
    crisis.aim(*AWAY)
    flee(crisis, 0, stranger)
    assert crisis.rebalancer.getSession().phase == OPEN


def test_execute_emergency__prices_bad_and_data_stale__opens_with_what_there_is(crisis, stranger):
    """DIVERGED bounds are taken at their mid; a coin out of sight is worth nothing."""
    crisis.price(0, 0.7, 0.9, status=DIVERGED)
    crisis.price(3, 1.0, status=STALE)
    crisis.calculator.setStale(True, sender=crisis.governor)
    crisis.price_eth(0, status=INVALID)
    receipt = flee(crisis, 0, stranger)
    (event,) = receipt.decode_logs(crisis.rebalancer.SessionOpened)
    assert event.prices == [8 * 10**17, WAD, WAD, 0, WAD]
    drift = crisis.rebalancer.maxDrift()
    assert drift == -(-320_000 * 10_000 // 820_000)  # of coin 0, whose target is nothing


def test_should_rebalance__emergency_due__crisis_and_only_that_way(crisis, stranger):
    assert crisis.verdict() == (True, "CRISIS")
    assert revert_of(crisis.rebalancer.open, sender=stranger) == ("NotNow", Reason.CRISIS)
    trades = [crisis.trade(0, 2, 1)]
    refused = revert_of(crisis.rebalancer.executeRebalance, trades, sender=crisis.keeper)
    assert refused == ("NotNow", Reason.CRISIS)


def test_should_rebalance__index_without_an_answer__as_if_nothing_were_due(crisis):
    crisis.calculator.setDueBroken(True, sender=crisis.governor)
    crisis.price(0, 1.0)
    assert crisis.verdict() == (True, "DRIFT")


def test_should_rebalance__emergency_session_open__says_so_whatever_the_prices(fleeing):
    fleeing.price(3, 1.0, status=INVALID)
    assert fleeing.verdict() == (True, "SESSION_OPEN")


def test_fill__by_a_keeper_to_the_end__settles(fleeing):
    fleeing.fill(fleeing.trade(0, 2, 400_000, out=320_000))
    session = fleeing.rebalancer.getSession()
    assert session.phase == SETTLED
    assert session.lastEndedAt == session.lastSettledAt
    assert fleeing.vault.getReserve(fleeing.coins[0]) == 0


def test_session__ordinary_and_caution_since__void(alarmed, stranger):
    alarmed.aim(3_600, 2_500, 2_400, 1_000, 500)
    alarmed.rebalancer.open(sender=stranger)
    alarmed.fill(alarmed.trade(0, 2, 10_000))
    changed_at = alarmed.calculator.worsen(sender=stranger).timestamp
    alarmed.wait(60)
    trades = [alarmed.trade(0, 2, 10_000)]
    refused = revert_of(alarmed.rebalancer.executeRebalance, trades, sender=alarmed.keeper)
    assert refused == ("SessionOutdated", 1)
    session = alarmed.rebalancer.getSession()
    assert (session.phase, session.lastEndedAt) == (EXPIRED, changed_at)
    receipt = alarmed.rebalancer.close(sender=stranger)
    assert [e.session for e in receipt.decode_logs(alarmed.rebalancer.SessionExpired)] == [1]
    assert alarmed.rebalancer.getSession().lastEndedAt == changed_at
    assert alarmed.verdict() == (False, "COOLDOWN")


def test_session__ordinary_opened_in_the_block_of_the_change__void(alarmed, stranger):
    """Nobody can say which came first."""
    alarmed.aim(3_600, 2_500, 2_400, 1_000, 500)
    alarmed.rebalancer.open(sender=stranger)
    opened_at = alarmed.rebalancer.getSession().openedAt
    alarmed.calculator.setWorsenedAt(opened_at - 1, sender=stranger)
    assert alarmed.rebalancer.getSession().phase == OPEN
    alarmed.calculator.setWorsenedAt(opened_at, sender=stranger)
    assert alarmed.rebalancer.getSession().phase == EXPIRED


def test_session__emergency_and_caution_since__void_and_opened_anew(fleeing, stranger):
    fleeing.wait(12)
    fleeing.calculator.worsen(sender=stranger)
    trades = [fleeing.trade(0, 2, 10_000, out=9_000)]
    r = fleeing.rebalancer
    for method, sender in ((r.executeRebalance, fleeing.keeper), (r.fill, stranger)):
        assert revert_of(method, trades, sender=sender) == ("SessionOutdated", 1)
    assert fleeing.verdict() == (True, "CRISIS")
    flee(fleeing, 0, stranger)
    assert r.getSession().session == 2


def test_session__emergency_past_its_time__opened_anew(fleeing, stranger):
    fleeing.wait(fleeing.calculator.emergencyParams().sessionLength)
    trades = [fleeing.trade(0, 2, 10_000, out=9_000)]
    assert revert_of(fleeing.rebalancer.fill, trades, sender=stranger) == ("NoSession",)
    flee(fleeing, 0, stranger)
    assert fleeing.rebalancer.getSession().session == 2


def test_close__emergency_in_its_own_band__settles(fleeing, stranger):
    refused = revert_of(fleeing.rebalancer.close, sender=stranger)
    band = fleeing.calculator.emergencyParams().settleBandBps
    assert (refused[0], refused[2]) == ("SessionUnsettled", band)
    fleeing.price(0, 0.005)
    fleeing.price(2, 3.0)
    fleeing.aim(*AWAY)
    fleeing.calculator.setSettleBand(2_500, sender=stranger)
    fleeing.rebalancer.close(sender=stranger)
    assert fleeing.rebalancer.getSession().phase == SETTLED


def test_halt_trading__by_the_watchdog__ordinary_stops_and_emergencies_go_on(crisis, watchdog, stranger):
    r = crisis.rebalancer
    receipt = r.haltTrading(sender=watchdog)
    assert [e.by for e in receipt.decode_logs(r.Halted)] == [watchdog.address]
    assert (r.paused(), r.halted()) == (False, True)
    assert crisis.verdict() == (True, "CRISIS")
    flee(crisis, 0, stranger)
    assert crisis.verdict() == (True, "SESSION_OPEN")
    crisis.fill(crisis.trade(0, 2, 400_000, out=320_000))
    assert r.getSession().phase == SETTLED
    crisis.calculator.setDue(ZERO, sender=crisis.governor)
    assert crisis.verdict() == (False, "PAUSED")
    assert revert_of(r.open, sender=stranger) == ("NotNow", Reason.PAUSED)


def test_halt_trading__in_an_ordinary_session__fills_stop(alarmed, watchdog, stranger):
    alarmed.aim(3_600, 2_500, 2_400, 1_000, 500)
    alarmed.rebalancer.open(sender=stranger)
    alarmed.rebalancer.haltTrading(sender=watchdog)
    trades = [alarmed.trade(0, 2, 1)]
    refused = revert_of(alarmed.rebalancer.executeRebalance, trades, sender=alarmed.keeper)
    assert refused == ("NotNow", Reason.PAUSED)


def test_halt_trading__stopped_already__refused(system, watchdog, guardian, curator):
    r = system.rebalancer
    r.haltTrading(sender=watchdog)
    assert revert_of(r.haltTrading, sender=watchdog) == ("AlreadyPaused",)
    r.pause(sender=guardian)
    assert revert_of(r.haltTrading, sender=watchdog) == ("AlreadyPaused",)
    assert (r.paused(), r.halted()) == (True, True)
    r.unpause(sender=curator)
    assert (r.paused(), r.halted()) == (False, False)
    assert revert_of(r.unpause, sender=curator) == ("NotPaused",)


def test_pause__by_a_guardian__emergencies_stop_too(fleeing, guardian, stranger, curator):
    r = fleeing.rebalancer
    r.pause(sender=guardian)
    trades = [fleeing.trade(0, 2, 1, out=1)]
    for method, sender in ((r.executeRebalance, fleeing.keeper), (r.fill, stranger)):
        assert revert_of(method, trades, sender=sender) == ("NotNow", Reason.PAUSED)
    assert refusal(fleeing, 0, guardian) == ("NotNow", Reason.PAUSED)
    assert fleeing.verdict() == (False, "PAUSED")
    r.unpause(sender=curator)
    fleeing.fill(fleeing.trade(0, 2, 400_000, out=320_000))
