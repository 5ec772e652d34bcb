"""What never reverts, how amounts convert, and limits that are kept."""

from tests.unit.erc4626.pack import DUST, ZERO, every_one, must, went_through_unless_nothing
from tests.unit.erc4626.script import ALICE, TRENT, Answers, Check, Ref, Script

# -- what never reverts


@must
def totals_never_revert(s: Script, amount: int) -> Check:
    return every_one(s.on(TRENT, f"{name}()") for name in ("asset", "totalAssets", "totalSupply"))


@must
def metadata_is_there(s: Script, amount: int) -> Check:
    return every_one(s.on(TRENT, f"{name}()") for name in ("name", "symbol", "decimals"))


@must
def conversions_never_revert(s: Script, amount: int) -> Check:
    names = ("convertToShares", "convertToAssets")
    return every_one(s.ask(name, size, TRENT) for name in names for size in (0, amount, amount * 10**12))


@must
def max_deposit_never_reverts(s: Script, amount: int) -> Check:
    return every_one(_for_everybody(s, "maxDeposit"))


@must
def max_mint_never_reverts(s: Script, amount: int) -> Check:
    return every_one(_for_everybody(s, "maxMint"))


@must
def max_withdraw_never_reverts(s: Script, amount: int) -> Check:
    return every_one(_for_everybody(s, "maxWithdraw"))


@must
def max_redeem_never_reverts(s: Script, amount: int) -> Check:
    return every_one(_for_everybody(s, "maxRedeem"))


@must
def previews_ignore_limits(s: Script, amount: int) -> Check:
    """Nor do they care who asks, or what he has."""
    small = amount % (10**4 * 10**6) + 10**6
    shares = s.ask("convertToShares", small)
    asked = [
        (s.ask(name, what, ALICE), s.ask(name, what, TRENT))
        for name, what in (
            ("previewDeposit", small),
            ("previewMint", shares),
            ("previewWithdraw", small),
            ("previewRedeem", shares),
        )
    ]

    def check(a: Answers) -> None:
        for rich, poor in asked:
            assert a[rich] == a[poor]

    return check


# -- conversions


@must
def conversions_are_the_same_for_everyone(s: Script, amount: int) -> Check:
    pairs = [
        [s.ask(name, amount, who) for who in range(4)] for name in ("convertToShares", "convertToAssets")
    ]

    def check(a: Answers) -> None:
        assert all(len({a[ref] for ref in refs}) == 1 for refs in pairs)

    return check


@must
def conversions_round_down(s: Script, amount: int) -> Check:
    shares = s.ask("convertToShares", amount)
    back = s.ask("convertToAssets", shares)
    assets = s.ask("convertToAssets", amount)
    again = s.ask("convertToShares", assets)

    def check(a: Answers) -> None:
        assert a[back] <= amount
        assert a[again] <= amount

    return check


@must
def conversions_charge_no_fee_and_know_no_slippage(s: Script, amount: int) -> Check:
    """The price of a large amount is the price of a small one."""
    large, small = s.ask("convertToAssets", amount * 10**12), s.ask("convertToAssets", amount)

    def check(a: Answers) -> None:
        assert 0 <= a[large] - a[small] * 10**12 <= 10**12

    return check


# -- limits are honoured


@must
def max_deposit_is_honoured(s: Script, amount: int) -> Check:
    most = s.least(amount, s.most("maxDeposit"))
    preview = s.ask("previewDeposit", most)
    got = s.deposit(most)
    return went_through_unless_nothing(got, preview)


@must
def max_mint_is_honoured(s: Script, amount: int) -> Check:
    most = s.least(s.ask("convertToShares", amount), s.most("maxMint"))
    preview = s.ask("previewMint", most)
    paid = s.mint(most)
    return went_through_unless_nothing(paid, preview)


@must
def max_withdraw_is_honoured(s: Script, amount: int) -> Check:
    s.enter(amount)
    most = s.most("maxWithdraw")
    part = s.least(amount // 3, most)
    first = s.withdraw(part)
    rest = s.most("maxWithdraw")
    second = s.withdraw(rest)

    def check(a: Answers) -> None:
        assert a.ok(first) or a[part] == 0
        assert a.ok(second) or a[rest] == 0

    return check


@must
def max_redeem_is_honoured(s: Script, amount: int) -> Check:
    s.enter(amount)
    part = s.least(s.ask("convertToShares", amount // 3), s.most("maxRedeem"))
    first = s.redeem(part)
    rest = s.most("maxRedeem")
    second = s.redeem(rest)

    def check(a: Answers) -> None:
        assert a.ok(first) or a[part] == 0
        assert a.ok(second) or a[rest] == 0

    return check


@must
def limits_are_zero_for_who_has_nothing(s: Script, amount: int) -> Check:
    limits = [s.on(ALICE, f"{name}(address)", ZERO) for name in ("maxWithdraw", "maxRedeem")]
    limits += [s.most(name, TRENT) for name in ("maxWithdraw", "maxRedeem")]

    def check(a: Answers) -> None:
        assert [a[limit] for limit in limits] == [0, 0, 0, 0]

    return check


@must
def more_than_is_owned_is_refused(s: Script, amount: int) -> Check:
    s.enter(amount)
    redeemed = s.redeem(s.plus(s.shares(ALICE), 1))
    withdrawn = s.withdraw(s.plus(s.plus(s.worth(ALICE), s.worth(ALICE)), DUST))

    def check(a: Answers) -> None:
        assert not a.ok(redeemed)
        assert not a.ok(withdrawn)

    return check


def _for_everybody(s: Script, name: str) -> list[Ref]:
    return [s.on(TRENT, f"{name}(address)", whom) for whom in (*s.actors, s.vault, ZERO)]
