"""Every reason for a yes and for a no, at its threshold."""

import pytest

from ballast.model.rebalance import Reason
from tests.bad_feeds import DIVERGED, INVALID, SEQUENCER_DOWN, STALE, UNKNOWN_ASSET
from tests.unit.rebalancer.conftest import ETH_PRICE, FUND, WAD, WEIGHTS, ZERO, System

BAD = (UNKNOWN_ASSET, DIVERGED, STALE, INVALID, SEQUENCER_DOWN)


def priced_call(system: System, gas_price: int) -> tuple[bool, str]:
    """`shouldRebalance` asked in a transaction that pays `gas_price` wei for gas."""
    method = system.rebalancer.shouldRebalance
    call = {"to": system.rebalancer.address, "data": method.encode_input(), "gasPrice": hex(gas_price)}
    call["from"] = system.keeper.address
    raw = system.chain.provider.make_request("eth_call", [call, "latest"])
    return bool(int(raw[2:66], 16)), Reason(int(raw[66:130], 16)).name


def test_should_rebalance__on_target__in_band(system):
    assert system.verdict() == (False, "IN_BAND")
    assert system.rebalancer.maxDrift() == 0


@pytest.mark.parametrize(("shift", "verdict"), [(300, (False, "IN_BAND")), (301, (True, "DRIFT"))])
def test_should_rebalance__drift_at_its_limit__only_beyond_it(system, shift, verdict):
    system.aim(4_000 - shift, 2_500, 2_000 + shift, 1_000, 500)
    assert system.rebalancer.maxDrift() == shift
    assert system.verdict() == verdict


@pytest.mark.parametrize(
    ("dollars", "verdict"),
    [
        (0.99, (False, "IN_BAND")),  # 100 bps off
        (0.9899, (True, "PRICE")),
        (1.0101, (True, "PRICE")),
        (1.01, (False, "IN_BAND")),
    ],
)
def test_should_rebalance__coin_off_peg_and_out_of_band__only_beyond_the_limit(system, dollars, verdict):
    system.price(4, dollars)  # 5 % of the fund: its own move takes no weight past the drift limit
    system.aim(3_900, 2_500, 2_100, 1_000, 500)
    assert system.verdict() == verdict


def test_should_rebalance__coin_off_peg_but_in_band__no(system):
    system.price(4, 0.98)
    assert 0 < system.rebalancer.maxDrift() <= system.rebalancer.getParams().fill.settleBandBps
    assert system.verdict() == (False, "IN_BAND")


def test_should_rebalance__a_week_without_settling__calendar(system):
    system.aim(3_949, 2_500, 2_051, 1_000, 500)
    interval = system.rebalancer.getParams().trigger.calendarInterval
    left = system.rebalancer.lastSettledAt() + interval - system.chain.pending_timestamp
    system.wait(left - 60)
    assert system.verdict() == (False, "IN_BAND")
    system.wait(120)
    assert system.verdict() == (True, "CALENDAR")
    system.aim(3_950, 2_500, 2_050, 1_000, 500)
    assert system.verdict() == (False, "IN_BAND")


def test_should_rebalance__drift_and_price_and_calendar__drift_named_first(drifted):
    drifted.price(4, 0.9)
    drifted.wait(8 * 86_400)
    assert drifted.verdict() == (True, "DRIFT")


def test_should_rebalance__worth_less_than_the_minimum__no(drifted):
    to_move = FUND * 400 // 10_000 * WAD
    drifted.set_params(minValue=to_move + 1)
    assert drifted.verdict() == (False, "BELOW_MIN_VALUE")
    drifted.set_params(minValue=to_move)
    assert drifted.verdict() == (True, "DRIFT")


def test_should_rebalance__gas_dearer_than_the_ceiling__no(drifted):
    trigger = drifted.rebalancer.getParams().trigger
    limit = trigger.gasCeiling * WAD // (trigger.gasEstimate * ETH_PRICE)  # wei, floor
    base_fee = drifted.chain.blocks.head.base_fee
    assert limit > base_fee
    assert priced_call(drifted, limit) == (True, "DRIFT")
    assert priced_call(drifted, limit + 10**9) == (False, "GAS_TOO_HIGH")


def test_should_rebalance__free_gas_but_dear_block__base_fee_counts(drifted):
    drifted.chain.provider.make_request("anvil_setNextBlockBaseFeePerGas", [hex(100 * 10**9)])
    drifted.chain.mine()
    assert drifted.chain.blocks.head.base_fee == 100 * 10**9
    assert priced_call(drifted, 0) == (False, "GAS_TOO_HIGH")


@pytest.mark.parametrize("status", BAD)
@pytest.mark.parametrize("coin", range(5))
def test_should_rebalance__a_price_not_good__stale_data(drifted, coin, status):
    drifted.price(coin, 1.0, status=status)
    assert drifted.verdict() == (False, "STALE_DATA")


@pytest.mark.parametrize("status", BAD)
def test_should_rebalance__eth_price_not_good__stale_data(drifted, status):
    drifted.price_eth(ETH_PRICE, status)
    assert drifted.verdict() == (False, "STALE_DATA")


def test_should_rebalance__zero_prices__stale_data(drifted):
    for coin in range(5):
        drifted.price(coin, 0, status=INVALID)
    assert drifted.verdict() == (False, "STALE_DATA")


@pytest.mark.parametrize("broken", [(True, False), (False, True), (True, True)])
def test_should_rebalance__calculator_reverts__stale_data(drifted, governor, broken):
    drifted.calculator.setBroken(*broken, sender=governor)
    assert drifted.verdict() == (False, "STALE_DATA")


def test_should_rebalance__calculator_stale__stale_data(drifted, governor):
    drifted.calculator.setStale(True, sender=governor)
    assert drifted.verdict() == (False, "STALE_DATA")
    drifted.calculator.setStale(False, sender=governor)
    assert drifted.verdict() == (True, "DRIFT")


def test_should_rebalance__calculator_stale_in_session__stale_data(in_session, governor):
    in_session.calculator.setStale(True, sender=governor)
    assert in_session.verdict() == (False, "STALE_DATA")


def test_should_rebalance__paused__comes_before_everything(in_session, guardian):
    in_session.price(0, 1.0, status=STALE)
    in_session.rebalancer.pause(sender=guardian)
    assert in_session.verdict() == (False, "PAUSED")


def test_should_rebalance__session_open__yes(in_session):
    assert in_session.verdict() == (True, "SESSION_OPEN")


def test_should_rebalance__session_past_its_time__cooldown_from_that_time(in_session):
    session = in_session.rebalancer.getSession()
    cooldown = in_session.rebalancer.getParams().trigger.cooldown
    in_session.wait(session.expiresAt - in_session.chain.pending_timestamp + 5)
    assert in_session.verdict() == (False, "COOLDOWN")
    in_session.wait(session.expiresAt + cooldown - in_session.chain.pending_timestamp - 60)
    assert in_session.verdict() == (False, "COOLDOWN")
    in_session.wait(120)
    assert in_session.verdict() == (True, "DRIFT")


def test_should_rebalance__empty_fund__in_band(system, project, governor):
    access, calculator, oracle = system.access, system.calculator, system.oracle
    vault = governor.deploy(
        project.IndexVault, "Empty", "NIL", access, oracle, governor, system.coins, list(WEIGHTS), ZERO, ZERO
    )
    rebalancer = governor.deploy(project.Rebalancer, access, vault, calculator, oracle, system.weth, ZERO)
    assert tuple(rebalancer.shouldRebalance()) == (False, Reason.IN_BAND)


def test_should_rebalance__coin_unknown_to_the_oracle_wanted__stale_data(system, project, governor):
    new = governor.deploy(project.TokenWithModes, 18)
    system.oracle.set(new, 0, 0, UNKNOWN_ASSET, sender=governor)
    tokens = [*(c.address for c in system.coins), new.address]
    system.calculator.set(tokens, [3_000, 2_500, 2_000, 1_000, 500, 1_000], sender=governor)
    assert system.verdict() == (False, "STALE_DATA")


def test_next_targets__new_and_dropped_coins__held_first_dropped_at_zero(system, project, governor):
    new = governor.deploy(project.TokenWithModes, 18)
    tokens = [new.address, *(c.address for c in system.coins[:4])]
    system.calculator.set(tokens, [1_000, 3_500, 2_500, 2_000, 1_000], sender=governor)
    targets = system.rebalancer.nextTargets()
    assert list(targets.tokens) == [*(c.address for c in system.coins), new.address]
    assert list(targets.weights) == [3_500, 2_500, 2_000, 1_000, 0, 1_000]
    assert system.rebalancer.maxDrift() == 1_000
    assert system.verdict() == (True, "DRIFT")
