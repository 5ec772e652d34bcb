"""The pack itself: a vault with one fault is found by the property that should, a whole one by none."""

import pytest

from tests.unit.erc4626.properties import PROPERTIES
from tests.unit.erc4626.stage import Lab, Stage

pytestmark = pytest.mark.replica
COIN = "USDC"
UNIT = 10**6
AMOUNTS = (1, 2, 3, 999, UNIT + 1, 12_345_678_901, 77_777 * UNIT, 5 * 10**6 * UNIT, 10**10 * UNIT)

# In the order of WrongVault.Fault; the properties that find the fault, no other than these being asked.
FAULTS = {
    "NONE": (),
    "TOTALS_REVERT": ("totals_never_revert",),
    "NO_METADATA": ("metadata_is_there",),
    "CONVERSION_REVERTS": ("conversions_never_revert",),
    "MAX_DEPOSIT_REVERTS": ("max_deposit_never_reverts",),
    "MAX_MINT_REVERTS": ("max_mint_never_reverts",),
    "MAX_WITHDRAW_REVERTS": ("max_withdraw_never_reverts",),
    "MAX_REDEEM_REVERTS": ("max_redeem_never_reverts",),
    "PREVIEW_HAS_LIMITS": ("previews_ignore_limits",),
    "CONVERSION_DEPENDS_ON_CALLER": ("conversions_are_the_same_for_everyone",),
    "CONVERSION_ROUNDS_UP": ("conversions_round_down",),
    "CONVERSION_HAS_SLIPPAGE": ("conversions_charge_no_fee_and_know_no_slippage",),
    "MAX_DEPOSIT_TOO_HIGH": ("max_deposit_is_honoured",),
    "MAX_MINT_TOO_HIGH": ("max_mint_is_honoured",),
    "MAX_WITHDRAW_TOO_HIGH": ("max_withdraw_is_honoured",),
    "MAX_REDEEM_TOO_HIGH": ("max_redeem_is_honoured",),
    "MAX_FOR_NOBODY": ("limits_are_zero_for_who_has_nothing",),
    "REDEEMS_UNOWNED": ("more_than_is_owned_is_refused",),
    "DEPOSIT_TAKES_LESS": ("a_deposit_takes_exactly_what_it_says",),
    "MINT_MAKES_LESS": ("a_mint_makes_exactly_what_it_says",),
    "WITHDRAWAL_PAYS_LESS": ("a_withdrawal_pays_exactly_what_it_says",),
    "REDEMPTION_BURNS_LESS": ("a_redemption_burns_exactly_what_it_says",),
    "PREVIEW_DEPOSIT_HIGH": ("preview_deposit_promises_no_more",),
    "PREVIEW_MINT_LOW": ("preview_mint_promises_no_less",),
    "PREVIEW_WITHDRAW_LOW": ("preview_withdraw_promises_no_less",),
    "PREVIEW_REDEEM_HIGH": ("preview_redeem_promises_no_more",),
    "PREVIEW_DEPOSIT_FAR": ("preview_deposit_is_close",),
    "PREVIEW_MINT_FAR": ("preview_mint_is_close",),
    "PREVIEW_WITHDRAW_FAR": ("preview_withdraw_is_close",),
    "PREVIEW_REDEEM_FAR": ("preview_redeem_is_close",),
    "SHARES_UNPAID": ("nobody_spends_anothers_coins",),
    "NO_ALLOWANCE_NEEDED": (
        "redemptions_are_bounded_by_the_allowance",
        "withdrawals_are_bounded_by_the_allowance",
    ),
    "BOUND_TO_DEPOSITOR": ("shares_are_as_good_at_whoever_they_are_sent_to",),
    "FREE_SHARES": ("nothing_is_had_for_nothing",),
    "ZERO_MINTS": ("zero_moves_nothing",),
    "DEPOSIT_ROUNDS_UP": ("deposit_then_redeem_never_profits", "deposit_then_withdraw_never_profits"),
    "REDEEM_ROUNDS_UP": ("mint_then_redeem_never_profits", "redeem_then_deposit_never_profits"),
    "MINT_ROUNDS_DOWN": ("mint_then_redeem_never_profits", "withdraw_then_mint_never_profits"),
    "WITHDRAW_ROUNDS_DOWN": ("mint_then_withdraw_never_profits",),
    "DEPOSIT_DILUTES": ("others_pay_for_nobodys_moves",),
    "DONATION_ROBS": ("a_donation_robs_nobody",),
    "NO_DEPOSIT_EVENT": (),  # found by test_events
    "NO_WITHDRAW_EVENT": (),
}
SAFE_WHEN_HELD = {"DONATION_ROBS"}  # only who comes first can be robbed


def wrong_vault(lab: Lab, fault: str, *, held: bool = True) -> Stage:
    """The vault with a fault, with holders and a gain, or empty."""
    vault = lab.deploy("WrongVault", lab.address(COIN), list(FAULTS).index(fault))
    stage = lab.open(vault, COIN)
    if held:
        lab.hold(stage)
        lab.replica.mint(COIN, vault, 12_345 * UNIT + 7)
    return stage


def test_faults__every_property__has_one_that_it_finds():
    assert {name for names in FAULTS.values() for name in names} == set(PROPERTIES)


@pytest.mark.parametrize("held", [True, False])
def test_whole_vault__every_property__holds(lab, held):
    with lab.rpc.isolated():
        stage = wrong_vault(lab, "NONE", held=held)
        assert stage.faults(PROPERTIES, AMOUNTS) == []


@pytest.mark.parametrize("fault", [fault for fault, names in FAULTS.items() if names])
def test_wrong_vault__its_fault__is_found(lab, fault):
    with lab.rpc.isolated():
        stage = wrong_vault(lab, fault, held=fault not in SAFE_WHEN_HELD)
        assert all(stage.faults([name], AMOUNTS) for name in FAULTS[fault])
