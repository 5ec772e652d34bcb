"""Who leaves is paid whatever a strategy does: in coins, in its shares, or as a claim on those."""

from typing import Any

import ape
import pytest

from tests.reverts import revert_of
from tests.unit.lending.conftest import (
    PAUSED,
    STRATEGY_MODES,
    UNPAYING,
    UNREADABLE,
    World,
)

UNIT = 10**6  # of coin 0 and coin 2


def owed(world: World, shares: int) -> list[int]:
    return list(world.vault.previewWithdraw(shares))


def part(world: World, per_cent: int) -> int:
    """Shares of the investor that are so much of the supply."""
    return world.vault.totalSupply() * per_cent // 100


def in_kind(world: World, account: Any, strategy: Any) -> int:
    """What the shares that an account has got or may claim are worth at the strategy's rate."""
    shares = strategy.balanceOf(account) + world.manager.shareClaimOf(account, strategy)
    return shares * strategy.rate() // 10**18


def got(world: World, who: Any) -> list[int]:
    """Coins, claims and shares' worth of each coin that an account has."""
    sums = [coin.balanceOf(who) + world.vault.claimOf(who, coin) for coin in world.coins]
    for strategy in world.strategies:
        sums[0] += in_kind(world, who, strategy)
    sums[2] += in_kind(world, who, world.other)
    return sums


def gained(world: World, who: Any, act: Any) -> list[int]:
    before = got(world, who)
    act()
    return [after - then for after, then in zip(got(world, who), before, strict=True)]


def test_withdraw__idle_coins_suffice__no_strategy_is_asked(lent, investor):
    lent.mode("REDEEM_REVERTS")
    shares, held = part(lent, 10), lent.strategies[0].balanceOf(lent.manager)
    due = owed(lent, shares)
    assert due == [500 * UNIT, 300 * 10**18, 200 * UNIT]
    assert gained(lent, investor, lambda: lent.leave(investor, shares, minimums=due)) == due
    assert lent.strategies[0].balanceOf(lent.manager) == held


def test_withdraw__more_than_idle__the_most_liquid_first(lent, investor):
    first, second = lent.strategies
    first.setLimits(300 * UNIT, 0, sender=lent.governor)
    held = first.balanceOf(lent.manager)
    shares = part(lent, 50)  # 2,500 of coin 0: 1,000 idle, 1,500 from the second
    assert gained(lent, investor, lambda: lent.leave(investor, shares))[0] == 2_500 * UNIT
    assert (first.balanceOf(lent.manager), second.balanceOf(lent.manager)) == (held, 500 * UNIT)


def test_withdraw__equally_liquid__in_the_order_of_the_list(lent, investor):
    lent.manager.setOrder(lent.coins[0], lent.strategies[::-1], sender=lent.governor)
    lent.leave(investor, part(lent, 40))  # 1,000 beyond the idle ones
    assert [s.balanceOf(lent.manager) for s in lent.strategies] == [2_000 * UNIT, 1_000 * UNIT]


def test_withdraw__market_fully_used__rest_in_shares(lent, investor, receiver):
    for strategy in lent.strategies:
        strategy.setLimits(100 * UNIT, 0, sender=lent.governor)
    due = owed(lent, part(lent, 80))
    paid = gained(lent, receiver, lambda: lent.leave(investor, part(lent, 80), receiver, due))
    assert paid == due
    assert lent.coins[0].balanceOf(receiver) == 1_200 * UNIT
    assert sum(in_kind(lent, receiver, s) for s in lent.strategies) == due[0] - 1_200 * UNIT


@pytest.mark.parametrize("mode", [*UNPAYING, *UNREADABLE])
@pytest.mark.parametrize("per_cent", [60, 99])
def test_withdraw__strategy_misbehaves__everything_owed_is_given(lent, investor, mode, per_cent):
    """However it fails, the leaver's part is coins, shares or claims, and the rest is the fund's."""
    lent.mode(mode)
    shares, supply = part(lent, per_cent), lent.vault.totalSupply()
    whole = [lent.idle(i) for i in range(3)]
    whole[0] += sum(map(lent.worth, lent.strategies))
    whole[2] += lent.worth(lent.other)
    gains = gained(lent, investor, lambda: lent.leave(investor, shares))
    for amount, all_of_it in zip(gains, whole, strict=True):
        assert 0 <= all_of_it * shares // supply - amount <= 4
    left = lent.idle() + sum(map(lent.worth, lent.strategies))
    assert left + gains[0] == whole[0]


@pytest.mark.parametrize("mode", UNREADABLE)
def test_withdraw__unreadable__idle_part_and_a_part_of_every_share(lent, investor, mode):
    shares = part(lent, 25)
    due = owed(lent, shares)
    lent.mode(mode)
    refusal = ("StrategyUnreadable", lent.coins[0].address)
    assert revert_of(lent.vault.previewWithdraw, shares, sender=investor) == refusal
    assert lent.manager.lentOf(lent.coins).unreadable == 1
    lent.leave(investor, shares, minimums=[250 * UNIT, *due[1:]])
    assert [s.balanceOf(investor) for s in lent.strategies] == [500 * UNIT] * 2
    assert lent.other.balanceOf(investor) == 0  # another coin's strategy is asked as ever
    lent.mode("HONEST")
    assert lent.low() == 3_000 * UNIT  # nothing shows as a loss


def test_withdraw__share_frozen__claim_on_it_until_it_moves(lent, investor, receiver):
    first, second = lent.strategies
    for strategy in (first, second):
        strategy.setLimits(0, 0, sender=lent.governor)
        strategy.setFrozen(True, sender=lent.governor)
    lent.leave(investor, part(lent, 80))
    claim = lent.manager.shareClaimOf(investor, first)
    assert claim + lent.manager.shareClaimOf(investor, second) == 3_000 * UNIT
    claims = lent.manager.claimShares
    assert revert_of(claims, first, receiver, sender=investor) == ("ClaimRefused", first.address)
    first.setFrozen(False, sender=lent.governor)
    for bad in (lent.manager, lent.vault):
        assert revert_of(claims, first, bad, sender=investor) == ("InvalidReceiver", bad.address)
    claims(first, receiver, sender=investor)
    assert first.balanceOf(receiver) == claim
    assert revert_of(claims, first, receiver, sender=investor) == ("NothingClaimed",)


def test_withdraw__coin_frozen__claim_on_idle_and_shares_of_what_is_lent(lent, investor):
    lent.coins[0].setMode(PAUSED, sender=lent.governor)
    due = owed(lent, part(lent, 60))
    lent.leave(investor, part(lent, 60), minimums=due)
    assert lent.vault.claimOf(investor, lent.coins[0]) == 1_000 * UNIT
    assert sum(in_kind(lent, investor, s) for s in lent.strategies) == due[0] - 1_000 * UNIT


def test_withdraw__redemption_costs_a_little__the_leaver_bears_it(lent, investor):
    for strategy in lent.strategies:
        strategy.setFees(0, 30, sender=lent.governor)
    shares, due = part(lent, 60), owed(lent, part(lent, 60))
    redeemed = due[0] - 1_000 * UNIT
    price = (lent.idle() + lent.low()) / lent.vault.totalSupply()
    name, index, minimum, actual = revert_of(lent.vault.withdraw, shares, investor, due, sender=investor)
    assert (name, index, minimum) == ("InsufficientAmount", 0, due[0])
    assert actual == due[0] - redeemed * 30 // 10_000
    assert gained(lent, investor, lambda: lent.leave(investor, shares))[0] == actual
    assert (lent.idle() + lent.low()) / lent.vault.totalSupply() == pytest.approx(price, rel=1e-12)


def test_withdraw__redemption_costs_too_much__paid_in_shares(lent, investor):
    limit = lent.manager.MAX_EXIT_SLIP_BPS()
    for strategy in lent.strategies:
        strategy.setFees(0, limit + 1, sender=lent.governor)
    due = owed(lent, part(lent, 60))
    lent.leave(investor, part(lent, 60), minimums=due)
    assert sum(in_kind(lent, investor, s) for s in lent.strategies) == due[0] - 1_000 * UNIT


@pytest.mark.parametrize("gas", [500_000, 900_000, 1_400_000])
def test_withdraw__too_little_gas_for_a_fair_try__reverts(lent, investor, gas):
    shares = part(lent, 60)
    name, *_ = revert_of(lent.vault.withdraw, shares, investor, [0] * 3, sender=investor, gas=gas)
    assert name == "InsufficientGas"


def test_withdraw__all_strategies_burn_gas__fits_a_transaction(lent, investor):
    """16.8 million gas is what one transaction may use on mainnet."""
    for strategy in (*lent.strategies, lent.other):
        lent.mode("REDEEM_BURNS_GAS", strategy)
    receipt = lent.leave(investor, part(lent, 90), minimums=owed(lent, part(lent, 90)))
    assert receipt.gas_used < 16_777_216


def test_withdraw__some_shares__leave_no_wei_unaccounted(lent, investor):
    """Idle, lent and paid sum to what was there; who stays loses nothing."""
    lent.earn(lent.strategies[0], 7)
    lent.manager.sync(lent.coins[0], sender=investor)
    before = lent.idle() + sum(map(lent.worth, lent.strategies))
    per_share = (lent.idle() + lent.low()) * 10**18 // lent.vault.totalSupply()
    for per_cent in (33, 17, 60):
        start = lent.idle() + sum(map(lent.worth, lent.strategies))
        paid = gained(lent, investor, lambda n=per_cent: lent.leave(investor, part(lent, n)))[0]
        rest = lent.idle() + sum(map(lent.worth, lent.strategies))
        assert 0 <= start - rest - paid <= 2  # units that a rate rounds
        assert (lent.idle() + lent.low()) * 10**18 // lent.vault.totalSupply() >= per_share
    assert before > lent.idle() + sum(map(lent.worth, lent.strategies)) > 0
    for strategy in lent.strategies:
        state = next(s for s in lent.manager.strategiesOf(lent.coins[0]) if s.strategy == strategy.address)
        assert state.shares == strategy.balanceOf(lent.manager)


def test_withdraw__strategy_reenters__nothing_answers_inside(lent, investor):
    """What would price a share or move coins is shut while a strategy pays; the exit itself goes on."""
    first = lent.strategies[0]
    lent.manager.setOrder(lent.coins[0], lent.strategies, sender=lent.governor)
    lent.mode("REENTERS")
    calls = (
        (lent.vault, lent.vault.withdraw.encode_input(1, investor, [0] * 3)),
        (lent.vault, lent.vault.contribute.encode_input([UNIT, 0, 0], investor, 0)),
        (lent.vault, lent.vault.getBasket.encode_input()),
        (lent.vault, lent.vault.previewWithdraw.encode_input(1)),
        (lent.manager, lent.manager.sync.encode_input(lent.coins[0])),
        (lent.manager, lent.manager.lentOf.encode_input([lent.coins[0]])),
        (lent.manager, lent.manager.claimShares.encode_input(first, investor)),
        (lent.manager, lent.manager.strategiesOf.encode_input(lent.coins[0])),
    )
    locked = lent.vault.contract_type  # both carry OpenZeppelin's error
    selector = next(e for e in locked.errors if e.name == "ReentrancyGuardReentrantCall").selector
    assert selector == "ReentrancyGuardReentrantCall()"
    for target, data in calls:
        with ape.chain.isolate():
            first.setHook(target, data, True, sender=lent.governor)
            due = owed(lent, part(lent, 60))
            lent.leave(investor, part(lent, 60), minimums=due)
            assert bytes(first.hookAnswer())[:4].hex() == "3ee5aeb5"


def test_withdraw__everything__empties_what_is_lent(lent, investor):
    lent.leave(investor, lent.vault.balanceOf(investor))
    rest = sum(s.balanceOf(lent.manager) for s in lent.strategies)
    assert rest <= 5 * UNIT * 10**15 // 10**18 + 4  # the dead shares' part


@pytest.mark.parametrize("function", ["bring", "payOut", "payShares", "release"])
def test_vault_functions__anyone_else__refused(lent, stranger, function):
    coin = lent.coins[0]
    arguments = {
        "bring": (coin, 1),
        "payOut": (coin, 1, stranger, stranger),
        "payShares": (coin, 1, 1, stranger, stranger),
        "release": (),
    }[function]
    refused = revert_of(getattr(lent.manager, function), *arguments, sender=stranger)
    assert refused == ("NotTheVault", stranger.address)


def test_tries__anyone_else__refused(lent, stranger):
    first, coin = lent.strategies[0], lent.coins[0]
    redeem = lent.manager.redeemOnly
    assert revert_of(redeem, first, coin, 1, 0, stranger, sender=stranger)[0] == "NotMyself"
    holding = (first.address, 1, 1, 1, True)
    assert revert_of(lent.manager.withdrawOnly, holding, coin, 1, sender=stranger)[0] == "NotMyself"


def test_modes__as_the_contract_counts_them(lent):
    assert lent.strategies[0].MODES() == len(STRATEGY_MODES)
