"""That a move moves what it said, what its preview promised, and nobody else's."""

from tests.unit.erc4626.pack import DUST, at_most, close, must
from tests.unit.erc4626.script import ALICE, MALLORY, TRENT, Answers, Check, Ref, Script

# -- all of it, and as it was said


@must
def a_deposit_takes_exactly_what_it_says(s: Script, amount: int) -> Check:
    """The receiver, not the sender, gets the shares that were answered."""
    coins, shares = s.coins(ALICE), s.shares(TRENT)
    part = s.least(amount, s.most("maxDeposit"))
    got = s.deposit(part, to=TRENT)
    coins_after, shares_after = s.coins(ALICE), s.shares(TRENT)

    def check(a: Answers) -> None:
        if a.ok(got):
            assert a[coins] - a[coins_after] == a[part]
            assert a[shares_after] - a[shares] == a[got]

    return check


@must
def a_mint_makes_exactly_what_it_says(s: Script, amount: int) -> Check:
    coins, shares = s.coins(ALICE), s.shares(TRENT)
    part = s.least(s.ask("convertToShares", amount), s.most("maxMint"))
    paid = s.mint(part, to=TRENT)
    coins_after, shares_after = s.coins(ALICE), s.shares(TRENT)

    def check(a: Answers) -> None:
        if a.ok(paid):
            assert a[coins] - a[coins_after] == a[paid]
            assert a[shares_after] - a[shares] == a[part]

    return check


@must
def a_withdrawal_pays_exactly_what_it_says(s: Script, amount: int) -> Check:
    s.enter(amount)
    part = s.least(amount // 2, s.most("maxWithdraw"))
    coins, shares = s.coins(TRENT), s.shares(ALICE)
    burned = s.withdraw(part, to=TRENT)
    coins_after, shares_after = s.coins(TRENT), s.shares(ALICE)

    def check(a: Answers) -> None:
        if a.ok(burned):
            assert a[coins_after] - a[coins] == a[part]
            assert a[shares] - a[shares_after] == a[burned]

    return check


@must
def a_redemption_burns_exactly_what_it_says(s: Script, amount: int) -> Check:
    s.enter(amount)
    part = s.least(s.ask("convertToShares", amount // 2), s.most("maxRedeem"))
    coins, shares = s.coins(TRENT), s.shares(ALICE)
    paid = s.redeem(part, to=TRENT)
    coins_after, shares_after = s.coins(TRENT), s.shares(ALICE)

    def check(a: Answers) -> None:
        if a.ok(paid):
            assert a[coins_after] - a[coins] == a[paid]
            assert a[shares] - a[shares_after] == a[part]

    return check


# -- previews


@must
def preview_deposit_promises_no_more(s: Script, amount: int) -> Check:
    preview, got, _ = _deposited(s, amount)
    return at_most(preview, got)


@must
def preview_mint_promises_no_less(s: Script, amount: int) -> Check:
    preview, paid, _ = _minted(s, amount)
    return at_most(paid, preview)


@must
def preview_withdraw_promises_no_less(s: Script, amount: int) -> Check:
    preview, burned, _ = _withdrawn(s, amount)
    return at_most(burned, preview)


@must
def preview_redeem_promises_no_more(s: Script, amount: int) -> Check:
    preview, paid, _ = _redeemed(s, amount)
    return at_most(preview, paid)


@must
def preview_deposit_is_close(s: Script, amount: int) -> Check:
    return close(*_deposited(s, amount))


@must
def preview_mint_is_close(s: Script, amount: int) -> Check:
    return close(*_minted(s, amount))


@must
def preview_withdraw_is_close(s: Script, amount: int) -> Check:
    return close(*_withdrawn(s, amount))


@must
def preview_redeem_is_close(s: Script, amount: int) -> Check:
    return close(*_redeemed(s, amount))


def _deposited(s: Script, amount: int) -> tuple[Ref, Ref, Ref]:
    """(previewed, done, dust in the same unit)."""
    part = s.least(amount, s.most("maxDeposit"))
    preview, dust = s.ask("previewDeposit", part), s.ask("convertToShares", DUST)
    return preview, s.deposit(part), dust


def _minted(s: Script, amount: int) -> tuple[Ref, Ref, Ref]:
    part = s.least(s.ask("convertToShares", amount), s.most("maxMint"))
    preview, dust = s.ask("previewMint", part), s.plus(DUST, 0)
    return preview, s.mint(part), dust


def _withdrawn(s: Script, amount: int) -> tuple[Ref, Ref, Ref]:
    s.enter(amount)
    part = s.least(amount // 2, s.most("maxWithdraw"))
    preview, dust = s.ask("previewWithdraw", part), s.ask("convertToShares", DUST)
    return preview, s.withdraw(part), dust


def _redeemed(s: Script, amount: int) -> tuple[Ref, Ref, Ref]:
    s.enter(amount)
    part = s.least(s.ask("convertToShares", amount // 2), s.most("maxRedeem"))
    preview, dust = s.ask("previewRedeem", part), s.plus(DUST, 0)
    return preview, s.redeem(part), dust


# -- whose shares


@must
def nobody_spends_anothers_coins(s: Script, amount: int) -> Check:
    """Who has no coins, or has not approved them, gets no shares."""
    deposited = s.deposit(amount + DUST, TRENT)
    minted = s.mint(s.ask("convertToShares", amount + DUST), TRENT)

    def check(a: Answers) -> None:
        assert not a.ok(deposited)
        assert not a.ok(minted)

    return check


@must
def redemptions_are_bounded_by_the_allowance(s: Script, amount: int) -> Check:
    s.enter(amount)
    part = s.least(s.ask("convertToShares", amount // 2), s.most("maxRedeem"))
    without = s.redeem(part, MALLORY, of=ALICE)
    s.allow(MALLORY, part)
    more = s.redeem(s.plus(part, 1), MALLORY, of=ALICE)
    within = s.redeem(part, MALLORY, of=ALICE)
    left = s.allowance(MALLORY)

    def check(a: Answers) -> None:
        if a[part] != 0:
            assert not a.ok(without)
            assert not a.ok(more)
            assert a.ok(within)
            assert a[left] == 0

    return check


@must
def withdrawals_are_bounded_by_the_allowance(s: Script, amount: int) -> Check:
    s.enter(amount)
    part = s.least(amount // 2, s.most("maxWithdraw"))
    without = s.withdraw(part, MALLORY, of=ALICE)
    due = s.ask("previewWithdraw", part)
    s.allow(MALLORY, due)
    before = s.shares(ALICE)
    within = s.withdraw(part, MALLORY, of=ALICE)
    after, left = s.shares(ALICE), s.allowance(MALLORY)
    more = s.least(part, s.most("maxWithdraw"))
    again = s.withdraw(more, MALLORY, of=ALICE)

    def check(a: Answers) -> None:
        if a[part] > DUST:
            assert not a.ok(without)
            assert a.ok(within)
            assert a[left] == a[due] - (a[before] - a[after])
            assert a[more] <= DUST or not a.ok(again)

    return check


@must
def shares_are_as_good_at_whoever_they_are_sent_to(s: Script, amount: int) -> Check:
    s.enter(amount)
    part = s.least(s.ask("convertToShares", amount // 2), s.most("maxRedeem"))
    preview = s.ask("previewRedeem", part)
    sent = s.on(ALICE, "transfer(address,uint256)", s.actors[TRENT], part)
    paid = s.redeem(part, TRENT)

    def check(a: Answers) -> None:
        if a[preview] > DUST:
            assert a.ok(sent)
            assert a[paid] >= a[preview]

    return check


# -- nothing for nothing


@must
def nothing_is_had_for_nothing(s: Script, amount: int) -> Check:
    s.enter(amount)
    part = s.least(amount // 2, s.most("maxWithdraw"))
    burned = s.withdraw(part)
    little = s.least(amount % 1000 + 1, s.most("maxMint"))
    paid = s.mint(little)

    def check(a: Answers) -> None:
        assert not a.ok(burned) or a[part] == 0 or a[burned] > 0
        assert not a.ok(paid) or a[little] == 0 or a[paid] > 0

    return check


@must
def zero_moves_nothing(s: Script, amount: int) -> Check:
    s.enter(amount)
    coins, shares = s.coins(ALICE), s.shares(ALICE)
    acts = (s.deposit(0), s.mint(0), s.withdraw(0), s.redeem(0))
    coins_after, shares_after = s.coins(ALICE), s.shares(ALICE)
    names = ("convertToShares", "convertToAssets", "previewDeposit", "previewRedeem", "previewMint")
    views = [s.ask(name, 0) for name in names]

    def check(a: Answers) -> None:
        assert all(not a.ok(act) or a[act] == 0 for act in acts)
        assert (a[coins], a[shares]) == (a[coins_after], a[shares_after])
        assert all(a[view] == 0 for view in views)

    return check
