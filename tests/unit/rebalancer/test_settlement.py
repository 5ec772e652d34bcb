"""What every fill passes: floor, size, spacing, direction, overshoot, budget."""

import pytest

from ballast.model import rebalance as model
from tests.bad_feeds import INVALID
from tests.reverts import revert_of
from tests.unit.rebalancer.conftest import BPS, FUND, WAD, System

DAY = 86_400


def refusal(system: System, *trades: tuple, errors_of: object = None) -> tuple:
    """What the keeper's fill reverts with."""
    return revert_of(
        system.rebalancer.executeRebalance, list(trades), sender=system.keeper, errors_of=errors_of
    )


def test_execute__nothing_to_do__says_so(system):
    assert refusal(system, system.trade(0, 2, 1)) == ("NotNow", model.Reason.IN_BAND)


def test_execute__no_trades__refused(in_session):
    most = in_session.rebalancer.getParams().fill.maxTrades
    assert refusal(in_session) == ("TradeCount", 0, most)


def test_execute__too_many_trades__refused(in_session):
    most = in_session.rebalancer.getParams().fill.maxTrades
    assert refusal(in_session, *[in_session.trade(0, 2, 1)] * (most + 1)) == ("TradeCount", most + 1, most)
    in_session.fill(*[in_session.trade(0, 2, 1)] * most)


def test_execute__paused_in_session__refused(in_session, guardian):
    in_session.rebalancer.pause(sender=guardian)
    assert refusal(in_session, in_session.trade(0, 2, 1)) == ("NotNow", model.Reason.PAUSED)


@pytest.mark.parametrize("coin", range(5))
def test_execute__any_coin_s_price_not_good__refused(in_session, coin):
    in_session.price(coin, 1.0, status=INVALID)
    assert refusal(in_session, in_session.trade(0, 2, 1)) == (
        "PriceNotGood",
        in_session.coins[coin].address,
        INVALID,
    )


def test_execute__sooner_than_the_interval__refused(in_session):
    in_session.set_params(fillInterval=3_600)
    receipt = in_session.fill(in_session.trade(0, 2, 1_000))
    ready_at = receipt.timestamp + 3_600
    assert in_session.rebalancer.getSession().lastFillAt == receipt.timestamp
    assert refusal(in_session, in_session.trade(0, 2, 1_000)) == ("FillTooSoon", ready_at)
    in_session.wait(3_600)
    in_session.fill(in_session.trade(0, 2, 1_000))


def test_execute__coin_outside_the_basket__refused_by_the_vault(in_session, governor, project):
    alien = governor.deploy(project.TokenWithModes, 18)
    trade = list(in_session.trade(0, 2, 1))
    trade[1] = alien.address
    vault = in_session.vault.contract_type
    assert refusal(in_session, tuple(trade), errors_of=vault) == ("NotConstituent", alien.address)


def test_execute__at_the_floor__taken_and_one_unit_below_refused(in_session):
    sold = 10_000 * 10**6
    slip = in_session.rebalancer.getParams().fill.slipBps
    floor = model.minimum_out(sold, 10**12, WAD, 1, WAD, slip)
    assert floor == 9_950 * 10**18
    assert refusal(in_session, in_session.raw_trade(0, 2, sold, floor - 1)) == (
        "BelowFloor",
        0,
        floor - 1,
        floor,
    )
    in_session.fill(in_session.raw_trade(0, 2, sold, floor))


def test_execute__uncertain_prices__floor_from_low_sold_and_high_bought(drifted, stranger):
    drifted.price(0, 0.998, 1.002)
    drifted.price(2, 0.999, 1.001)
    drifted.rebalancer.open(sender=stranger)
    sold = 10_000 * 10**6
    floor = model.minimum_out(sold, 10**12, 998 * 10**15, 1, 1_001 * 10**15, 50)
    assert refusal(drifted, drifted.raw_trade(0, 2, sold, floor - 1)) == (
        "BelowFloor",
        0,
        floor - 1,
        floor,
    )
    drifted.fill(drifted.raw_trade(0, 2, sold, floor))


@pytest.mark.parametrize(
    ("price_in", "price_out", "slip"),
    [
        (1.0, 1.0, 50),
        (1.005, 1.0, 100),
        (0.995, 1.0, 100),
        (1.0, 0.995, 100),  # 50.25 bps of the rate, floored
        (1.005, 1.005, 50),  # both moved: the rate did not
        (1.03, 1.0, 200),  # the ceiling
        (0.9, 1.0, 200),
    ],
)
def test_execute__prices_moved_since_opening__slippage_widens_to_the_ceiling(
    in_session, price_in, price_out, slip
):
    in_session.price(0, price_in)
    in_session.price(2, price_out)
    mids = [round(p * 10**8) * 10**10 for p in (price_in, price_out)]
    assert model.slippage(50, 200, *mids, 10**8, 10**8) == slip
    sold = 1_000 * 10**6
    floor = model.minimum_out(sold, 10**12, mids[0], 1, mids[1], slip)
    assert refusal(in_session, in_session.raw_trade(0, 2, sold, floor - 1))[0] == "BelowFloor"
    in_session.fill(in_session.raw_trade(0, 2, sold, floor))


def test_execute__trade_above_the_pair_s_size__refused(in_session):
    in_session.set_params(maxTradeValue=10_000 * WAD)
    size = 10_000 * WAD + 10**12
    assert refusal(in_session, in_session.raw_trade(0, 2, 10_000 * 10**6 + 1, 10_001 * 10**18)) == (
        "TradeTooLarge",
        0,
        size,
        10_000 * WAD,
    )
    in_session.fill(in_session.trade(0, 2, 10_000))


def test_execute__one_pair_in_several_trades__sizes_add_up_either_way(in_session):
    in_session.set_params(maxTradeValue=10_000 * WAD)
    trades = [in_session.trade(0, 2, 9_000), in_session.trade(1, 3, 0.01), in_session.trade(2, 0, 1_001)]
    assert refusal(in_session, *trades) == ("TradeTooLarge", 2, 10_001 * WAD, 10_000 * WAD)
    in_session.fill(in_session.trade(0, 2, 9_000), in_session.trade(0, 2, 1_000))


def test_execute__pair_with_its_own_limits__they_hold(in_session, curator):
    a, b = in_session.coins[0], in_session.coins[2]
    in_session.rebalancer.setPairLimits(b, a, 20, 5_000 * WAD, sender=curator)
    assert tuple(in_session.rebalancer.pairLimits(a, b)) == (20, 5_000 * WAD)
    assert tuple(in_session.rebalancer.pairLimits(a, in_session.coins[1])) == (50, 10**6 * WAD)
    assert refusal(in_session, in_session.trade(0, 2, 5_001))[0] == "TradeTooLarge"
    sold, floor = 5_000 * 10**6, 4_990 * 10**18
    assert refusal(in_session, in_session.raw_trade(0, 2, sold, floor - 1))[0] == "BelowFloor"
    in_session.fill(in_session.raw_trade(0, 2, sold, floor))
    in_session.rebalancer.clearPairLimits(a, b, sender=curator)
    assert tuple(in_session.rebalancer.pairLimits(a, b)) == (50, 10**6 * WAD)


def test_execute__away_from_target__refused(in_session):
    target = FUND * 2_500 // BPS * WAD
    assert refusal(in_session, in_session.trade(1, 2, 1_000)) == (
        "MovedAway",
        in_session.coins[1].address,
        target,
        target - 1_000 * WAD,
        target,
    )


def test_execute__past_the_target__only_within_half_the_settle_band(in_session):
    tolerance = in_session.rebalancer.getParams().fill.settleBandBps // 2  # bps
    most = 40_000 + FUND * tolerance // BPS
    target = FUND * 3_600 // BPS * WAD
    assert refusal(in_session, in_session.trade(0, 2, most + 1)) == (
        "Overshot",
        in_session.coins[0].address,
        target - (most + 1 - 40_000) * WAD,
        target,
        FUND * WAD * tolerance // BPS,
    )
    in_session.fill(in_session.trade(0, 2, most))


def test_execute__past_the_target_farther_than_before__moved_away(in_session):
    in_session.fill(in_session.trade(0, 2, 34_999))
    in_session.wait(30)
    assert refusal(in_session, in_session.trade(0, 2, 10_003))[0] == "MovedAway"


def test_execute__through_a_hub_on_its_target__net_change_counts(in_session):
    in_session.fill(in_session.trade(0, 1, 40_000), in_session.trade(1, 2, 40_000))
    assert in_session.rebalancer.maxDrift() == 0


def test_execute__through_a_hub_leaving_a_rest_there__moved_away(in_session):
    trades = in_session.trade(0, 1, 40_000), in_session.trade(1, 2, 39_000)
    assert refusal(in_session, *trades)[0] == "MovedAway"


def test_execute__one_unit_off__is_dust(in_session):
    unit = in_session.raw_trade(1, 2, 1, 10**12)  # one unit of a coin that is on its target
    in_session.fill(unit, in_session.trade(0, 2, 1_000))
    assert refusal_after(in_session, in_session.raw_trade(1, 2, 2, 2 * 10**12))[0] == "MovedAway"


def refusal_after(system: System, *trades: tuple) -> tuple:
    system.wait(30)
    return refusal(system, *trades)


def test_execute__reserve_zero_coin_bought__from_nothing(system, project, governor, stranger):
    system.aim(4_000, 2_500, 2_500, 1_000, 0)
    system.rebalancer.open(sender=stranger)
    assert refusal(system, system.trade(2, 4, 1_000))[0] == "MovedAway"
    system.fill(system.trade(4, 2, 50_000))


def test_loss_budget__untouched__full_share_of_the_fund(system):
    available, capacity = system.rebalancer.lossBudget()
    assert available == capacity == FUND * WAD * system.rebalancer.getParams().fill.lossBudgetBps // BPS


def test_execute__loss_within_the_budget__charged(in_session):
    receipt = in_session.fill(in_session.trade(0, 2, 20_000, out=19_900))
    (filled,) = receipt.decode_logs(in_session.rebalancer.Filled)
    assert filled.valueBefore - filled.valueAfter == 100 * WAD
    budget = in_session.rebalancer.lossBudget()
    total, used = filled.valueAfter, model.loss_share(100 * WAD, FUND * WAD)
    assert used == 100 * 10**6  # 1e-12 of the fund
    assert budget.available == model.loss_available(used, 50, total)
    assert budget.capacity == model.loss_available(0, 50, total)


def test_execute__gain__gives_nothing_back(in_session):
    in_session.fill(in_session.trade(0, 2, 10_000, out=9_950))
    before = in_session.rebalancer.lossBudget().available
    in_session.wait(30)
    receipt = in_session.fill(in_session.trade(0, 2, 10_000, out=10_100))
    (filled,) = receipt.decode_logs(in_session.rebalancer.Filled)
    assert filled.valueAfter > filled.valueBefore
    after = in_session.rebalancer.lossBudget()
    assert before < after.available < after.capacity  # refilled by the seconds between, not by the gain


def test_execute__loss_beyond_the_budget__refused_with_what_is_left(in_session):
    in_session.set_params(lossBudgetBps=1)  # $100
    assert refusal(in_session, in_session.trade(0, 2, 30_000, out=29_880)) == (
        "LossBudgetExceeded",
        120 * WAD,
        100 * WAD,
    )
    in_session.fill(in_session.trade(0, 2, 30_000, out=29_900))
    assert in_session.rebalancer.lossBudget().available < WAD // 1_000
    in_session.wait(30)
    assert refusal(in_session, in_session.trade(0, 2, 1_000, out=999))[0] == "LossBudgetExceeded"
    in_session.fill(in_session.trade(0, 2, 1_000))  # no loss needs no budget


def test_loss_budget__after_a_part_of_its_period__refilled_by_that_part(in_session):
    in_session.set_params(lossBudgetBps=1, sessionLength=6 * DAY)
    in_session.fill(in_session.trade(0, 2, 20_000, out=19_910))
    filled_at = in_session.rebalancer.getSession().lastFillAt
    for days in (1, 3, 6, 8):
        in_session.wait(filled_at + days * DAY - in_session.chain.pending_timestamp)
        elapsed = in_session.chain.blocks.head.timestamp - filled_at
        used = model.refilled(90 * 10**6, elapsed, 1, 7 * DAY)
        total = sum(in_session.values())
        assert in_session.rebalancer.lossBudget().available == model.loss_available(used, 1, total)
    assert used == 0


def test_execute__proposer_s_own_minimum__kept_by_the_vault(in_session):
    trade = list(in_session.trade(0, 2, 1_000, out=999))
    trade[3] = 1_000 * 10**18
    vault = in_session.vault.contract_type
    assert refusal(in_session, tuple(trade), errors_of=vault) == (
        "InsufficientOutput",
        0,
        1_000 * 10**18,
        999 * 10**18,
    )


@pytest.mark.parametrize("method", ["open", "close", "executeRebalance"])
def test_execute__venue_calls_back_into_the_rebalancer__refused(in_session, method, keeper):
    """Even when the venue itself holds KEEPER."""
    r = in_session.rebalancer
    in_session.access.grantRole(3, in_session.venue, 0, sender=in_session.governor)
    args = ([in_session.trade(0, 2, 1)],) if method == "executeRebalance" else ()
    call = bytes(getattr(r, method).encode_input(*args))
    in_session.fill(in_session.trade(0, 2, 1_000, target=r.address, call=call))
    assert not in_session.venue.lastSuccess()
    assert in_session.venue.lastReason().hex() == "3ee5aeb5"  # ReentrancyGuardReentrantCall()


def test_execute__guardian_pauses_during_the_fill__pause_survives(in_session):
    in_session.access.grantRole(2, in_session.venue, 0, sender=in_session.governor)
    call = bytes(in_session.rebalancer.pause.encode_input())
    in_session.fill(in_session.trade(0, 2, 1_000, target=in_session.rebalancer.address, call=call))
    assert in_session.rebalancer.paused()
