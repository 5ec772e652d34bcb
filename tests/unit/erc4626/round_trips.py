"""Rounding against whoever moves: no way in and out pays, and nobody else pays for it."""

from tests.unit.erc4626.pack import DUST, NEAR, at_most, must
from tests.unit.erc4626.script import ALICE, BOB, MALLORY, Answers, Check, Script

# -- round trips and rounding


@must
def deposit_then_redeem_never_profits(s: Script, amount: int) -> Check:
    before = s.coins(ALICE)
    s.redeem(s.enter(amount))
    return at_most(s.coins(ALICE), before)


@must
def deposit_then_withdraw_never_profits(s: Script, amount: int) -> Check:
    """Whoever withdraws what he paid needs at least the shares that he got."""
    held = s.shares(ALICE)
    part = s.least(amount, s.most("maxDeposit"))
    entered = s.deposit(part)
    left = s.withdraw(part)
    held_after = s.shares(ALICE)

    def check(a: Answers) -> None:
        if a.ok(entered) and a.ok(left):
            assert a[held_after] <= a[held]

    return check


@must
def mint_then_redeem_never_profits(s: Script, amount: int) -> Check:
    before = s.coins(ALICE)
    part = s.least(s.ask("convertToShares", amount), s.most("maxMint"))
    paid = s.mint(part)
    redeemed = s.redeem(part)
    after = s.coins(ALICE)

    def check(a: Answers) -> None:
        assert not (a.ok(paid) and a.ok(redeemed)) or a[after] <= a[before]

    return check


@must
def mint_then_withdraw_never_profits(s: Script, amount: int) -> Check:
    held = s.shares(ALICE)
    paid = s.mint(s.least(s.ask("convertToShares", amount), s.most("maxMint")))
    left = s.withdraw(paid)
    held_after = s.shares(ALICE)

    def check(a: Answers) -> None:
        if a.ok(paid) and a.ok(left):
            assert a[held_after] <= a[held]

    return check


@must
def redeem_then_deposit_never_profits(s: Script, amount: int) -> Check:
    s.enter(amount)
    before = s.shares(ALICE)
    paid = s.redeem(s.least(s.ask("convertToShares", amount // 2), s.most("maxRedeem")))
    entered = s.deposit(paid)
    after = s.shares(ALICE)

    def check(a: Answers) -> None:
        assert not (a.ok(paid) and a.ok(entered)) or a[after] <= a[before]

    return check


@must
def withdraw_then_mint_never_profits(s: Script, amount: int) -> Check:
    s.enter(amount)
    before = s.coins(ALICE)
    burned = s.withdraw(s.least(amount // 2, s.most("maxWithdraw")))
    paid = s.mint(burned)
    after = s.coins(ALICE)

    def check(a: Answers) -> None:
        assert not (a.ok(burned) and a.ok(paid)) or a[after] <= a[before]

    return check


@must
def others_pay_for_nobodys_moves(s: Script, amount: int) -> Check:
    """What Bob's shares are worth does not fall when Alice comes, leaves in part, comes and leaves again."""
    worths = [s.worth(BOB)]
    s.enter(amount)
    worths.append(s.worth(BOB))
    s.withdraw(s.least(amount // 3, s.most("maxWithdraw")))
    worths.append(s.worth(BOB))
    s.mint(s.least(s.ask("convertToShares", amount // 5), s.most("maxMint")))
    worths.append(s.worth(BOB))
    s.redeem(s.most("maxRedeem"))
    worths.append(s.worth(BOB))

    def check(a: Answers) -> None:
        values = [a[worth] for worth in worths]
        assert values == sorted(values), values

    return check


@must
def a_donation_robs_nobody(s: Script, amount: int) -> Check:
    """Mallory comes first, gives the vault coins, and leaves after Alice came: she does not get them back.

    Nor does Alice get less than she would have, by more than a thousandth of what it costs Mallory.
    """
    part = s.least(max(amount, 10**4), s.most("maxDeposit"))
    due = s.ask("convertToAssets", s.ask("previewDeposit", part))
    rich, own = s.coins(MALLORY), s.shares(MALLORY)
    s.deposit(amount % 100 + 1, MALLORY)
    given = s.call(MALLORY, s.coin, "transfer(address,uint256)", s.vault, max(amount * 3, 10**6))
    worth = s.worth(ALICE)
    entered = s.deposit(part)
    worth_after = s.worth(ALICE)
    s.redeem(s.least(s.minus(s.shares(MALLORY), own), s.most("maxRedeem", MALLORY)), MALLORY)
    rich_after = s.coins(MALLORY)

    def check(a: Answers) -> None:
        cost = a[rich] - a[rich_after]
        assert a.ok(given)
        assert cost >= 0, "the gift came back with a profit"
        if a.ok(entered):
            assert a[due] - (a[worth_after] - a[worth]) <= max(cost // 1000, a[due] // NEAR, DUST)

    return check
