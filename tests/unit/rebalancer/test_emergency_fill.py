"""What an emergency fill passes: its own ceiling, a falling price for the public, a budget of its own."""

import pytest
from ape.exceptions import ContractLogicError

from ballast.model import rebalance as model
from ballast.model.emergency import public_keep
from tests.reverts import revert_of
from tests.unit.rebalancer.conftest import (
    BPS,
    DIVERGED,
    INVALID,
    SETTLED,
    STALE,
    WAD,
    System,
)

SOLD = 1_000 * 10**6  # of coin 0, at $0.80


def floor_of(keep: int, low_in: int = 8 * 10**17, high_out: int = WAD) -> int:
    """Coin 2 for `SOLD`, at `keep` bps of the oracle's price."""
    return model.minimum_out(SOLD, 10**12, low_in, 1, high_out, BPS - keep)


def public_refusal(system: System, *trades: tuple) -> tuple:
    return revert_of(system.rebalancer.fill, list(trades), sender=system.governor)


def keeper_refusal(system: System, *trades: tuple) -> tuple:
    return revert_of(system.rebalancer.executeRebalance, list(trades), sender=system.keeper)


def public_fill(system: System, *trades: tuple) -> object:
    return system.rebalancer.fill(list(trades), sender=system.governor)


def spent(system: System) -> int:
    return system.rebalancer.emergencyLoss().lossUsed


def test_fill__no_session__refused(alarmed):
    assert public_refusal(alarmed, alarmed.trade(0, 2, 1)) == ("NoSession",)


def test_fill__ordinary_session__refused(alarmed, stranger):
    """What a keeper may do in an ordinary session is no outsider's."""
    alarmed.aim(3_600, 2_500, 2_400, 1_000, 500)
    alarmed.rebalancer.open(sender=stranger)
    assert public_refusal(alarmed, alarmed.trade(0, 2, 1)) == ("NoSession",)


@pytest.mark.parametrize("elapsed", [0, 1, 599, 1_199, 1_200, 3_600])
def test_fill__by_anyone__at_the_curve_and_not_below(fleeing, elapsed):
    p = fleeing.calculator.emergencyParams()
    opened_at = fleeing.rebalancer.getSession().openedAt
    if elapsed:
        fleeing.chain.mine(timestamp=opened_at + elapsed)
    assert fleeing.chain.blocks.head.timestamp == opened_at + elapsed
    keep = public_keep(elapsed, p.auctionLength, p.premiumBps, p.slipBps)
    floor = floor_of(keep)
    assert public_refusal(fleeing, fleeing.raw_trade(0, 2, SOLD, floor - 1)) == (
        "BelowFloor",
        0,
        floor - 1,
        floor,
    )
    public_fill(fleeing, fleeing.raw_trade(0, 2, SOLD, floor))


def test_fill__by_a_keeper__at_the_ceiling_whenever_and_wherever_prices_went(fleeing, curator):
    """Neither moved prices nor a pair's own limits change it."""
    slip = fleeing.calculator.emergencyParams().slipBps
    fleeing.rebalancer.setPairLimits(fleeing.coins[0], fleeing.coins[2], 1, 1, sender=curator)
    fleeing.price(0, 0.4)
    floor = floor_of(BPS - slip, low_in=4 * 10**17)
    refused = keeper_refusal(fleeing, fleeing.raw_trade(0, 2, SOLD, floor - 1))
    assert refused == ("BelowFloor", 0, floor - 1, floor)
    fleeing.fill(fleeing.raw_trade(0, 2, SOLD, floor))


def test_fill__by_a_keeper__spaced_and_undisturbed_by_the_public(fleeing):
    interval = fleeing.calculator.emergencyParams().fillInterval
    trade = fleeing.trade(0, 2, 10, out=9)
    receipt = fleeing.fill(trade)
    assert keeper_refusal(fleeing, trade) == ("FillTooSoon", receipt.timestamp + interval)
    public_fill(fleeing, trade)
    public_fill(fleeing, trade)
    fleeing.wait(interval)
    public_fill(fleeing, trade)
    fleeing.fill(trade)


def test_fill__too_many_too_large_or_none__refused(fleeing):
    fleeing.calculator.setLimits(200, 1_000 * WAD, 2, sender=fleeing.governor)
    trade = fleeing.trade(0, 2, 1, out=1)
    for refuse in (public_refusal, keeper_refusal):
        assert refuse(fleeing) == ("TradeCount", 0, 2)
        assert refuse(fleeing, trade, trade, trade) == ("TradeCount", 3, 2)
        large = fleeing.trade(0, 2, 1_251, out=1_100)
        assert refuse(fleeing, large) == ("TradeTooLarge", 0, 1_000_800 * WAD // 1_000, 1_000 * WAD)


def test_fill__away_or_past_the_target__refused(fleeing):
    for refuse in (public_refusal, keeper_refusal):
        assert refuse(fleeing, fleeing.trade(1, 2, 10_000, out=11_000))[0] == "MovedAway"
        assert refuse(fleeing, fleeing.trade(0, 2, 400_000, out=325_000))[0] == "Overshot"


@pytest.mark.parametrize("status", [STALE, INVALID])
def test_fill__coin_without_a_price__not_traded_but_the_others_are(fleeing, status):
    fleeing.price(3, 1.0, status=status)
    asset = fleeing.coins[3].address
    for trade in (fleeing.trade(0, 3, 100), fleeing.trade(3, 2, 100)):
        for refuse in (public_refusal, keeper_refusal):
            assert refuse(fleeing, trade) == ("PriceNotGood", asset, status)
    fleeing.fill(fleeing.trade(0, 2, 1_000, out=800))


def test_fill__in_several_by_anyone_and_keeper__settles_at_the_band(fleeing):
    fleeing.fill(fleeing.trade(0, 2, 100_000, out=80_000))
    public_fill(fleeing, fleeing.trade(0, 2, 295_000, out=240_000))
    session = fleeing.rebalancer.getSession()
    assert session.phase == SETTLED  # 0.4 % of the fund is left
    assert session.lastFillAt == 0  # no ordinary fill
    assert public_refusal(fleeing, fleeing.trade(0, 2, 1, out=1)) == ("NoSession",)


def test_loss_budget__emergency_s_own__the_ordinary_one_untouched(fleeing):
    before = fleeing.rebalancer.lossBudget()
    receipt = fleeing.fill(fleeing.trade(0, 2, 100_000, out=78_000))
    total = 920_000 * WAD
    assert tuple(fleeing.rebalancer.emergencyLoss()) == (
        model.loss_share(2_000 * WAD, total),
        receipt.timestamp,
    )
    after = fleeing.rebalancer.lossBudget()
    assert (before.available, after.available) == (before.capacity, after.capacity)


def test_loss_budget__sources_apart__counted_from_the_high_sold_to_the_low_bought(fleeing):
    """Sold at the mid of a coin whose sources diverge: the loss is what it is if the high source is right."""
    fleeing.price(0, 0.7, 0.9, status=DIVERGED)
    fleeing.price(2, 0.998, 1.002)
    fleeing.fill(fleeing.trade(0, 2, 10_000, out=8_000))
    sold = model.at_worst(8_000 * WAD, 0, 7 * 10**17, 9 * 10**17)
    bought = model.at_worst(0, 8_000 * WAD, 998 * 10**15, 1_002 * 10**15)
    assert (sold, bought) == ((9_000 * WAD, 0), (0, 7_984 * WAD))
    assert spent(fleeing) == model.loss_share(1_016 * WAD, 920_000 * WAD)


def test_loss_budget__exhausted__refused_and_full_again_after_its_period(fleeing):
    p = fleeing.calculator.emergencyParams()
    capacity = model.loss_available(0, p.lossBudgetBps, 920_000 * WAD)
    fleeing.calculator.setLimits(10, p.maxTradeValue, p.maxTrades, sender=fleeing.governor)
    assert capacity == 20 * model.loss_available(0, 10, 920_000 * WAD)
    trade = fleeing.trade(0, 2, 50_000, out=39_100)  # loses $900: almost ten bps
    fleeing.fill(trade)
    fleeing.wait(12)
    refused = keeper_refusal(fleeing, trade)
    assert (refused[0], refused[1]) == ("LossBudgetExceeded", 900 * WAD)
    fleeing.wait(p.lossPeriod)
    fleeing.rebalancer.executeEmergencyRebalance(fleeing.coins[0], sender=fleeing.governor)
    fleeing.fill(trade)


def test_own_funds__plain_account__fills_in_one_call_with_exact_approvals(fleeing, project, stranger):
    """The account pays what it said, gets what it bought, and nothing stays with the venue."""
    venue, paid = stranger.deploy(project.OwnFundsVenue), 8_080 * 10**18
    a, b = fleeing.coins[0], fleeing.coins[2]
    b.mint(stranger, paid, sender=stranger)
    b.approve(venue, paid, sender=stranger)
    held, reserve = a.balanceOf(stranger), fleeing.vault.getReserve(b)
    trade = (a.address, b.address, 10_000 * 10**6, paid, "0x" + "00" * 20, b"")
    venue.fill(fleeing.rebalancer, [trade], sender=stranger)
    assert a.balanceOf(stranger) - held == 10_000 * 10**6
    assert fleeing.vault.getReserve(b) - reserve == paid
    assert b.balanceOf(stranger) == b.allowance(stranger, venue) == 0
    assert [coin.balanceOf(venue) for coin in fleeing.coins] == [0] * 5


def test_own_funds__below_the_curve__refused_by_the_rebalancer(fleeing, project, stranger):
    venue = stranger.deploy(project.OwnFundsVenue)
    a, b = fleeing.coins[0], fleeing.coins[2]
    b.mint(stranger, 10**24, sender=stranger)
    b.approve(venue, 10**24, sender=stranger)
    trade = (a.address, b.address, 10_000 * 10**6, 7_000 * 10**18, "0x" + "00" * 20, b"")
    errors = fleeing.rebalancer.contract_type
    refused = revert_of(venue.fill, fleeing.rebalancer, [trade], sender=stranger, errors_of=errors)
    assert refused[0] == "BelowFloor"


def test_own_funds__swap_by_anyone_else__refused(fleeing, project, stranger):
    """An open approval is nobody's but its giver's: no call from outside moves coins."""
    venue = stranger.deploy(project.OwnFundsVenue)
    a, b = fleeing.coins[0], fleeing.coins[2]
    b.approve(venue, 10**24, sender=stranger)
    data = (10**18).to_bytes(32, "big")
    refused = revert_of(venue.swap, a, b, 1, data, sender=fleeing.keeper)
    assert refused == ("NotTheVault", fleeing.keeper.address)
    trade = (a.address, b.address, 10**6, 10**18, venue.address, data)
    with pytest.raises(ContractLogicError):  # the vault asks outside of `fill`
        fleeing.rebalancer.fill([trade], sender=fleeing.keeper)
