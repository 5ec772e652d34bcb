"""A session's life: opened by anyone when it should, settled or expired, then quiet for a while."""

import pytest

from ballast.model.rebalance import Reason, snapshot_price
from tests.bad_feeds import INVALID
from tests.reverts import revert_of
from tests.unit.rebalancer.conftest import EXPIRED, IDLE, OPEN, SETTLED, WAD, System, terms


def expire(system: System) -> int:
    """Waits until the session is past its time, which is returned."""
    expires_at = system.rebalancer.getSession().expiresAt
    system.wait(expires_at - system.chain.pending_timestamp + 1)
    return expires_at


def test_get_session__before_the_first__idle(system):
    session = system.rebalancer.getSession()
    assert (session.phase, session.session, session.openedAt, session.lastEndedAt) == (IDLE, 0, 0, 0)


@pytest.mark.parametrize("reason", ["IN_BAND", "STALE_DATA", "PAUSED", "BELOW_MIN_VALUE"])
def test_open__should_not__says_why(drifted, stranger, guardian, reason):
    if reason == "IN_BAND":
        drifted.aim(4_000, 2_500, 2_000, 1_000, 500)
    elif reason == "STALE_DATA":
        drifted.price(1, 1.0, status=INVALID)
    elif reason == "PAUSED":
        drifted.rebalancer.pause(sender=guardian)
    else:
        drifted.set_params(minValue=10**6 * WAD)
    assert revert_of(drifted.rebalancer.open, sender=stranger) == ("NotNow", Reason[reason])


def test_open__by_anyone__targets_to_the_vault_and_prices_kept(drifted, stranger):
    for i, dollars in enumerate((1.0001, 0.99987654, 1.0, 0.99, 1.00000001)):
        drifted.price(i, dollars)
    receipt = drifted.rebalancer.open(sender=stranger)
    session = drifted.rebalancer.getSession()
    params = drifted.rebalancer.getParams()
    assert (session.phase, session.session, session.reason) == (OPEN, 1, Reason.DRIFT)
    assert session.openedAt == receipt.timestamp
    assert session.expiresAt == receipt.timestamp + params.trigger.sessionLength
    assert list(session.targets) == [3_600, 2_500, 2_400, 1_000, 500]
    assert list(drifted.vault.getBasket().weights) == list(session.targets)
    mids = [(q.low + q.high) // 2 for q in drifted.oracle.quotes(session.tokens)]
    assert list(session.prices) == [snapshot_price(m) * 10**10 for m in mids] == mids
    (event,) = receipt.decode_logs(drifted.rebalancer.SessionOpened)
    assert (event.session, event.reason) == (1, Reason.DRIFT)
    assert (event.tokens, event.weights, event.prices) == (
        list(session.tokens),
        list(session.targets),
        mids,
    )


@pytest.mark.parametrize("weights", [(3_600, 2_500, 2_400, 1_000, 500), (0, 4_500, 3_000, 1_500, 1_000)])
def test_execute__opens_the_session_itself__as_if_it_had_been_open(system, stranger, weights):
    """The basket and prices that the opening has read are what the fill would read: all figures agree."""
    for i, (low, high) in enumerate(
        ((0.9991, 1.0007), (1.0, 1.0001), (0.9987, 0.9987), (0.993, 0.9963), (1.0, 1.0))
    ):
        system.price(i, low, high)
    system.aim(*weights)
    trades = [system.trade(0, 2, 20_000, 20_050), system.trade(0, 2, 5_000, 5_011), system.trade(0, 3, 7, 8)]
    state = system.chain.snapshot()
    at_once = outcome(system, trades)
    system.chain.restore(state)
    system.rebalancer.open(sender=stranger)
    assert outcome(system, trades) == at_once


def test_execute__opens_with_a_coin_new_to_the_vault__fills_and_buys_it(system, project, governor):
    """The vault knows a new coin's scale only once the session is open; the fill uses it all the same."""
    coin = governor.deploy(project.TokenWithModes, 8)
    coin.mint(system.venue, 10**6 * 10**8, sender=governor)
    tokens = [c.address for c in system.coins] + [coin.address]
    system.calculator.set(tokens, [3_500, 2_500, 2_000, 1_000, 500, 500], sender=governor)
    trade = (
        system.coins[0].address,
        coin.address,
        50_000 * 10**6,
        0,
        system.venue.address,
        terms(50_000 * 10**8),
    )
    receipt = system.fill(trade)
    (filled,) = receipt.decode_logs(system.rebalancer.Filled)
    assert (filled.driftBefore, filled.driftAfter) == (500, 0)
    assert filled.valueBefore == filled.valueAfter == sum(system.values())
    assert system.rebalancer.getSession().phase == SETTLED


def outcome(system, trades):
    """What a fill told and left behind."""
    receipt = system.fill(*trades)
    (filled,) = receipt.decode_logs(system.rebalancer.Filled)
    session = system.rebalancer.getSession()
    told = (filled.session, filled.valueBefore, filled.valueAfter, filled.driftBefore, filled.driftAfter)
    return (
        told,
        session.lossUsed,
        list(session.prices),
        list(session.targets),
        list(system.vault.getBasket().reserves),
    )


def test_open__already_open__refused(in_session, stranger):
    assert revert_of(in_session.rebalancer.open, sender=stranger) == ("SessionAlreadyOpen", 1)


def test_open__dropped_coin_with_reserve__stays_at_zero(system, stranger):
    system.aim(4_000, 2_500, 2_500, 1_000, 0)
    system.rebalancer.open(sender=stranger)
    assert list(system.vault.getBasket().weights) == [4_000, 2_500, 2_500, 1_000, 0]


def test_open__dropped_coin_sold_out__leaves_at_the_next_session(system, stranger):
    system.aim(4_000, 2_500, 2_500, 1_000, 0)
    system.rebalancer.open(sender=stranger)
    system.fill(system.trade(4, 2, 50_000))
    assert system.rebalancer.getSession().phase == SETTLED
    system.wait(system.rebalancer.getParams().trigger.cooldown + 1)
    system.aim(4_000, 2_000, 3_000, 1_000, 0)
    system.rebalancer.open(sender=stranger)
    assert list(system.vault.getBasket().tokens) == [c.address for c in system.coins[:4]]


def test_open__new_coin__bought_with_its_own_decimals(system, project, governor, stranger):
    """Six coins: the snapshot needs a second word, and the new coin's scale comes from the vault."""
    new = governor.deploy(project.TokenWithModes, 6)
    new.mint(system.venue, 10**12, sender=governor)
    tokens = [*(c.address for c in system.coins), new.address]
    system.calculator.set(tokens, [3_500, 2_500, 2_000, 1_000, 500, 500], sender=governor)
    system.rebalancer.open(sender=stranger)
    trade = list(system.trade(0, 1, 50_000))
    trade[1] = new.address
    system.fill(tuple(trade))
    assert system.vault.getBasket().reserves[5] == 50_000 * 10**6
    assert system.rebalancer.getSession().phase == SETTLED


def test_close__no_session__refused(system, stranger):
    assert revert_of(system.rebalancer.close, sender=stranger) == ("NoSession",)


def test_close__out_of_band__refused(in_session, stranger):
    session = in_session.rebalancer.getSession()
    assert revert_of(in_session.rebalancer.close, sender=stranger) == (
        "SessionUnsettled",
        400,
        in_session.rebalancer.getParams().fill.settleBandBps,
        session.expiresAt,
    )


def test_close__price_not_good__refused(in_session, stranger):
    in_session.price(3, 1.0, status=INVALID)
    assert revert_of(in_session.rebalancer.close, sender=stranger) == (
        "PriceNotGood",
        in_session.coins[3].address,
        INVALID,
    )


def test_close__contribution_brought_it_in_band__settles(in_session, stranger, investor):
    """Entering helps balance: a session may end without any fill."""
    in_session.set_params(settleBandBps=200)
    assert revert_of(in_session.rebalancer.close, sender=stranger)[0] == "SessionUnsettled"
    amounts = [0, 0, 60_000 * 10**18, 0, 0]
    in_session.vault.contribute(amounts, investor, 0, sender=investor)
    receipt = in_session.rebalancer.close(sender=stranger)
    session = in_session.rebalancer.getSession()
    assert session.phase == SETTLED
    assert session.lastEndedAt == session.lastSettledAt == receipt.timestamp
    assert [e.session for e in receipt.decode_logs(in_session.rebalancer.SessionSettled)] == [1]


def test_close__past_its_time__expired_as_of_that_time(in_session, stranger):
    settled_before = in_session.rebalancer.lastSettledAt()
    expires_at = expire(in_session)
    assert in_session.rebalancer.getSession().phase == EXPIRED  # before anybody says so
    receipt = in_session.rebalancer.close(sender=stranger)
    session = in_session.rebalancer.getSession()
    assert (session.phase, session.lastEndedAt) == (EXPIRED, expires_at)
    assert session.lastSettledAt == settled_before
    assert [e.session for e in receipt.decode_logs(in_session.rebalancer.SessionExpired)] == [1]
    assert revert_of(in_session.rebalancer.close, sender=stranger) == ("NoSession",)


def test_open__last_one_expired__after_cooldown_from_its_end(in_session, stranger):
    expires_at = expire(in_session)
    assert revert_of(in_session.rebalancer.open, sender=stranger) == ("NotNow", Reason.COOLDOWN)
    cooldown = in_session.rebalancer.getParams().trigger.cooldown
    in_session.wait(expires_at + cooldown - in_session.chain.pending_timestamp + 1)
    receipt = in_session.rebalancer.open(sender=stranger)
    assert [e.session for e in receipt.decode_logs(in_session.rebalancer.SessionExpired)] == [1]
    session = in_session.rebalancer.getSession()
    assert (session.phase, session.session) == (OPEN, 2)


def test_execute__last_one_expired__opens_the_next_and_carries_on(in_session):
    in_session.fill(in_session.trade(0, 2, 20_000))
    expire(in_session)
    assert revert_of(
        in_session.rebalancer.executeRebalance,
        [in_session.trade(0, 2, 20_000)],
        sender=in_session.keeper,
    ) == ("NotNow", Reason.COOLDOWN)
    in_session.set_params(driftBps=100)  # 200 bps are left to do
    in_session.wait(in_session.rebalancer.getParams().trigger.cooldown)
    in_session.fill(in_session.trade(0, 2, 20_000))
    session = in_session.rebalancer.getSession()
    assert (session.phase, session.session) == (SETTLED, 2)
    assert in_session.rebalancer.maxDrift() == 0


def test_execute__no_session_but_it_should__opens_fills_and_settles(drifted):
    receipt = drifted.fill(drifted.trade(0, 2, 40_000))
    r = drifted.rebalancer
    assert [e.session for e in receipt.decode_logs(r.SessionOpened)] == [1]
    (filled,) = receipt.decode_logs(r.Filled)
    assert (filled.session, filled.driftBefore, filled.driftAfter) == (1, 400, 0)
    assert filled.valueBefore == filled.valueAfter == 10**6 * WAD
    assert [(e.session, e.drift) for e in receipt.decode_logs(r.SessionSettled)] == [(1, 0)]
    assert r.getSession().phase == SETTLED
    assert drifted.verdict() == (False, "COOLDOWN")


def test_execute__half_done__stays_open_for_the_next_fill(in_session):
    in_session.fill(in_session.trade(0, 2, 34_999))
    assert in_session.rebalancer.maxDrift() == 51  # 50.01 rounded up
    assert in_session.verdict() == (True, "SESSION_OPEN")
    in_session.wait(30)
    in_session.fill(in_session.trade(0, 2, 1))
    assert in_session.rebalancer.getSession().phase == SETTLED


def test_max_drift__price_not_good__named(system):
    system.price(2, 1.0, status=INVALID)
    assert revert_of(system.rebalancer.maxDrift, sender=system.keeper) == (
        "PriceNotGood",
        system.coins[2].address,
        INVALID,
    )
