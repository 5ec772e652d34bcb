"""Every MUST of ERC-7621 (revised draft) by name."""

from itertools import pairwise
from typing import Any

import pytest
from eth_utils import keccak, to_bytes

from tests.reverts import revert_of
from tests.unit.vault.conftest import DECIMALS, FIRST, WEIGHTS, Fund

ERC7621_ID, ERC173_ID, ERC2612_ID, ERC20_ID, ERC165_ID = (
    "0xc9c80f73", "0x7f5828d0", "0x9d8ff7da", "0x36372b07", "0x01ffc9a7",
)  # fmt: skip
ZERO = "0x" + "00" * 20
SHARE = 10**18


ERC7621_FUNCTIONS = (
    "getConstituents", "totalConstituents", "getReserve", "getWeight", "isConstituent", "totalBasketValue",
    "contribute", "withdraw", "rebalance", "previewContribute", "previewWithdraw",
)  # fmt: skip


def interface_id(vault: Any, names: tuple[str, ...]) -> str:
    """XOR of the selectors of the vault's functions of these names."""
    methods = [m for m in vault.contract_type.methods if m.name in names]
    assert len(methods) == len(names)
    value = 0
    for method in methods:
        value ^= int.from_bytes(keccak(text=method.selector)[:4], "big")
    return f"0x{value:08x}"


# --- ERC-165, ERC-173 ------------------------------------------------------------------------------------


def test_interface_id__from_selectors__is_the_standards(vault: Any) -> None:
    assert interface_id(vault, ERC7621_FUNCTIONS) == ERC7621_ID
    assert interface_id(vault, ("owner", "transferOwnership")) == ERC173_ID
    assert interface_id(vault, ("permit", "nonces", "DOMAIN_SEPARATOR")) == ERC2612_ID


@pytest.mark.parametrize("id_", [ERC7621_ID, ERC173_ID, ERC2612_ID, ERC20_ID, ERC165_ID])
def test_supports_interface__what_it_is__true(vault: Any, id_: str) -> None:
    assert vault.supportsInterface(to_bytes(hexstr=id_))


@pytest.mark.parametrize("id_", ["0xffffffff", "0x12345678"])
def test_supports_interface__anything_else__false(vault: Any, id_: str) -> None:
    assert not vault.supportsInterface(to_bytes(hexstr=id_))


def test_transfer_ownership__by_owner__moves_it(vault: Any, owner: Any, newcomer: Any) -> None:
    receipt = vault.transferOwnership(newcomer, sender=owner)
    assert vault.owner() == newcomer
    (event,) = receipt.decode_logs(vault.OwnershipTransferred)
    assert (event.previousOwner, event.newOwner) == (owner, newcomer)


def test_transfer_ownership__to_zero__renounces(vault: Any, owner: Any) -> None:
    vault.transferOwnership(ZERO, sender=owner)
    assert vault.owner() == ZERO


def test_transfer_ownership__by_another__reverts(vault: Any, governor: Any) -> None:
    assert revert_of(vault.transferOwnership, governor, sender=governor) == ("NotOwner", governor)


# --- the list --------------------------------------------------------------------------------------------


def test_get_constituents__after_deployment__tokens_and_weights(fund: Fund, vault: Any) -> None:
    tokens, weights = vault.getConstituents()
    assert list(tokens) == [coin.address for coin in fund.coins]
    assert tuple(weights) == WEIGHTS
    assert sum(weights) == 10_000
    assert vault.totalConstituents() == len(tokens)


def test_get_constituents__between_rebalances__order_is_stable(fund: Fund, newcomer: Any) -> None:
    before = fund.vault.getConstituents().tokens
    fund.vault.contribute(fund.vault.amountsForShares(SHARE), newcomer, 0, sender=newcomer)
    fund.vault.withdraw(SHARE, newcomer, [0] * 5, sender=newcomer)
    assert fund.vault.getConstituents().tokens == before


def test_get_weight__of_constituent__is_its_target(fund: Fund, vault: Any) -> None:
    assert [vault.getWeight(coin) for coin in fund.coins] == list(WEIGHTS)


def test_get_weight__of_another__reverts_not_constituent(vault: Any, attacker: Any) -> None:
    assert revert_of(vault.getWeight, attacker, sender=attacker) == ("NotConstituent", attacker)


def test_is_constituent__coin_and_stranger__says_which(fund: Fund, vault: Any, attacker: Any) -> None:
    assert vault.isConstituent(fund.coins[4])
    assert not vault.isConstituent(attacker)


def test_get_reserve__after_donation__is_not_the_balance(fund: Fund, governor: Any) -> None:
    coin, vault = fund.coins[0], fund.vault
    before = vault.getReserve(coin)
    coin.mint(vault, 10**12, sender=governor)
    assert vault.getReserve(coin) == before == fund.by_weight(FIRST)[0]
    assert coin.balanceOf(vault) == before + 10**12


def test_get_reserve__of_another__is_zero(vault: Any, attacker: Any) -> None:
    assert vault.getReserve(attacker) == 0


def test_get_scales__each_decimals__make_wads(vault: Any) -> None:
    assert list(vault.getScales()) == [10 ** (18 - decimals) for decimals in DECIMALS]


def test_total_basket_value__at_one_dollar__is_what_came_in(vault: Any) -> None:
    assert vault.totalBasketValue() == FIRST * SHARE


def test_total_basket_value__high_moves__follows_high(fund: Fund, governor: Any) -> None:
    fund.oracle.set(fund.coins[0], 10**18, 11 * 10**17, 1, sender=governor)
    assert fund.vault.totalBasketValue() == FIRST * SHARE * 104 // 100


# --- contribute ------------------------------------------------------------------------------------------


def test_contribute__proportional__mints_the_same_part(fund: Fund, newcomer: Any) -> None:
    supply = fund.supply()
    receipt = fund.vault.contribute(fund.by_weight(FIRST // 10), newcomer, 0, sender=newcomer)
    assert fund.vault.balanceOf(newcomer) == supply // 10
    assert receipt.return_value == supply // 10
    assert fund.reserves() == fund.by_weight(FIRST * 11 // 10)


def test_contribute__for_a_receiver__emits_contributed(fund: Fund, newcomer: Any, receiver: Any) -> None:
    amounts = fund.by_weight(10)
    receipt = fund.vault.contribute(amounts, receiver, 0, sender=newcomer)
    (event,) = receipt.decode_logs(fund.vault.Contributed)
    assert (event.caller, event.receiver) == (newcomer, receiver)
    assert list(event.amounts) == amounts
    assert event.lpAmount == fund.vault.balanceOf(receiver)


def test_contribute__wrong_length__reverts_length_mismatch(vault: Any, newcomer: Any) -> None:
    for count in (0, 4, 6):
        expected = ("LengthMismatch", 5, count)
        assert revert_of(vault.contribute, [1] * count, newcomer, 0, sender=newcomer) == expected
        assert revert_of(vault.previewContribute, [1] * count, sender=newcomer) == expected


def test_contribute__all_zero__reverts_zero_amount(vault: Any, newcomer: Any) -> None:
    assert revert_of(vault.contribute, [0] * 5, newcomer, 0, sender=newcomer) == ("ZeroAmount",)
    assert revert_of(vault.previewContribute, [0] * 5, sender=newcomer) == ("ZeroAmount",)


def test_contribute__below_minimum__reverts_insufficient_shares(fund: Fund, newcomer: Any) -> None:
    amounts = fund.by_weight(100)
    given = fund.vault.previewContribute(amounts)
    fund.vault.contribute.call(amounts, newcomer, given, sender=newcomer)
    answer = revert_of(fund.vault.contribute, amounts, newcomer, given + 1, sender=newcomer)
    assert answer == ("InsufficientShares", given + 1, given)


def test_contribute__more_in__never_fewer_shares(fund: Fund) -> None:
    amounts = fund.by_weight(100)
    shares = []
    for extra in (0, 1, 2, 10**2, 10**4, 10**6, 3 * 10**6):
        more = list(amounts)
        more[2] += extra * 10**12
        shares.append(fund.vault.previewContribute(more))
    assert all(a <= b for a, b in pairwise(shares))
    assert shares[-1] > shares[0]


def test_contribute__odd_amounts__rounds_shares_down(fund: Fund) -> None:
    amounts, supply, reserves = [a + 1 for a in fund.by_weight(7)], fund.supply(), fund.reserves()
    shares = fund.vault.previewContribute(amounts)
    for amount, reserve in zip(amounts, reserves, strict=True):
        assert shares * reserve <= amount * supply


def test_contribute__to_zero_address__reverts(fund: Fund, newcomer: Any) -> None:
    answer = revert_of(fund.vault.contribute, fund.by_weight(1), ZERO, 0, sender=newcomer)
    assert answer == ("ERC20InvalidReceiver", ZERO)


def test_contribute__more_than_a_slot_holds__reverts(fund: Fund, newcomer: Any) -> None:
    huge = [0, 2**112, 0, 0, 0]
    answer = revert_of(fund.vault.contribute, huge, newcomer, 0, sender=newcomer)
    assert answer == ("ReserveOverflow", 1, 2**112)


# --- withdraw --------------------------------------------------------------------------------------------


def test_withdraw__part__pays_the_part_of_each_reserve_down(fund: Fund, investor: Any, receiver: Any) -> None:
    shares, supply, reserves = fund.supply() // 3, fund.supply(), fund.reserves()
    owed = [reserve * shares // supply for reserve in reserves]
    before = [coin.balanceOf(receiver) for coin in fund.coins]
    receipt = fund.vault.withdraw(shares, receiver, owed, sender=investor)
    assert list(receipt.return_value) == owed
    assert [coin.balanceOf(receiver) - b for coin, b in zip(fund.coins, before, strict=True)] == owed
    assert fund.reserves() == [r - o for r, o in zip(reserves, owed, strict=True)]
    assert fund.supply() == supply - shares
    (event,) = receipt.decode_logs(fund.vault.Withdrawn)
    assert (event.caller, event.receiver, event.lpAmount) == (investor, receiver, shares)
    assert list(event.amounts) == owed


def test_withdraw__zero__reverts_zero_amount(vault: Any, investor: Any) -> None:
    assert revert_of(vault.withdraw, 0, investor, [0] * 5, sender=investor) == ("ZeroAmount",)
    assert revert_of(vault.previewWithdraw, 0, sender=investor) == ("ZeroAmount",)


def test_withdraw__caller_holds_less__reverts(vault: Any, attacker: Any) -> None:
    answer = revert_of(vault.withdraw, 1, attacker, [0] * 5, sender=attacker)
    assert answer == ("ERC20InsufficientBalance", attacker, 0, 1)


def test_withdraw__wrong_length__reverts_length_mismatch(vault: Any, investor: Any) -> None:
    for count in (0, 4, 6):
        answer = revert_of(vault.withdraw, 1, investor, [0] * count, sender=investor)
        assert answer == ("LengthMismatch", 5, count)


def test_withdraw__below_minimum__reverts_insufficient_amount(fund: Fund, investor: Any) -> None:
    owed = list(fund.vault.previewWithdraw(SHARE))
    for index in range(5):
        minimums = list(owed)
        minimums[index] += 1
        answer = revert_of(fund.vault.withdraw, SHARE, investor, minimums, sender=investor)
        assert answer == ("InsufficientAmount", index, owed[index] + 1, owed[index])


def test_withdraw__any__burns_before_it_transfers(fund: Fund, investor: Any) -> None:
    """The shares are gone before a coin moves."""
    supply = fund.supply()
    receipt = fund.vault.withdraw(SHARE, investor, [0] * 5, sender=investor)
    order = [(log.event_name, str(log.contract_address)) for log in receipt.events]
    burn = order.index(("Transfer", str(fund.vault.address)))
    paid = [i for i, entry in enumerate(order) if entry[1] in {str(c.address) for c in fund.coins}]
    assert burn < min(paid)
    assert fund.supply() == supply - SHARE


@pytest.mark.parametrize("receiver_", [ZERO, "vault"])
def test_withdraw__into_nowhere__reverts(vault: Any, investor: Any, receiver_: str) -> None:
    to = str(vault.address) if receiver_ == "vault" else receiver_
    expected = ("ZeroAddress",) if to == ZERO else ("InvalidReceiver", to)
    assert revert_of(vault.withdraw, 1, to, [0] * 5, sender=investor) == expected


# --- rebalance -------------------------------------------------------------------------------------------


def test_rebalance__new_weights__emitted_and_no_reserve_moves(fund: Fund, owner: Any) -> None:
    reserves, coins = fund.reserves(), [str(coin.address) for coin in fund.coins]
    weights = [2_000] * 5
    receipt = fund.vault.rebalance(coins, weights, sender=owner)
    (event,) = receipt.decode_logs(fund.vault.Rebalanced)
    assert (list(event.newTokens), list(event.newWeights)) == (coins, weights)
    assert list(fund.vault.getConstituents().weights) == weights
    assert fund.reserves() == reserves


def test_rebalance__by_another__reverts(fund: Fund, governor: Any) -> None:
    answer = revert_of(fund.vault.rebalance, fund.coins, list(WEIGHTS), sender=governor)
    assert answer == ("NotOwner", governor)


def test_rebalance__bad_lists__revert_by_name(fund: Fund, owner: Any, attacker: Any) -> None:
    coins = [str(coin.address) for coin in fund.coins]
    rebalance = fund.vault.rebalance
    cases = [
        (coins, list(WEIGHTS[:4]), ("LengthMismatch", 5, 4)),
        (coins, [2_000] * 4 + [1_999], ("InvalidWeights", 9_999)),
        (coins, [2_000] * 4 + [2_001], ("InvalidWeights", 10_001)),
        (coins, [2**255, 2**255, 10_000, 0, 0], ("InvalidWeights", 2**255)),
        ([], [], ("InvalidWeights", 0)),
        ([*coins, coins[1]], [2_000] * 5 + [0], ("DuplicateConstituent", coins[1])),
        ([*coins, ZERO], [2_000] * 5 + [0], ("ZeroAddress",)),
        ([*coins, str(attacker)], [2_000] * 5 + [0], ("UnsupportedCoin", str(attacker))),
        (coins[:4], [2_500] * 4, ("ReserveNotEmpty", coins[4])),
        (coins * 11, [0] * 54 + [10_000], ("TooManyConstituents", 55, 50)),
    ]
    for tokens, weights, expected in cases:
        assert revert_of(rebalance, tokens, weights, sender=owner) == expected


def test_rebalance__coin_of_nineteen_decimals__reverts(
    fund: Fund, owner: Any, governor: Any, project: Any
) -> None:
    odd = governor.deploy(project.TokenWithModes, 19)
    tokens = [*(str(coin.address) for coin in fund.coins), str(odd.address)]
    answer = revert_of(fund.vault.rebalance, tokens, [*WEIGHTS, 0], sender=owner)
    assert answer == ("UnsupportedCoin", str(odd.address))
    with_vault = [*tokens[:5], str(fund.vault.address)]
    answer = revert_of(fund.vault.rebalance, with_vault, [*WEIGHTS, 0], sender=owner)
    assert answer == ("UnsupportedCoin", str(fund.vault.address))


def test_rebalance__lists_grow_turn_and_shrink__reserves_stay_with_their_coins(
    fund: Fund, owner: Any, governor: Any, project: Any
) -> None:
    old = [str(coin.address) for coin in fund.coins]
    held = dict(zip(old, fund.reserves(), strict=True))
    new = [str(governor.deploy(project.TokenWithModes, d).address) for d in (0, 12, 18)]
    for tokens in (old + new, [new[2], *old[::-1]], [old[2], new[1], *old[3:], *old[:2], *new[2:]], old):
        weights = [10_000 - (len(tokens) - 1) * 100, *[100] * (len(tokens) - 1)]
        fund.vault.rebalance(tokens, weights, sender=owner)
        basket = fund.vault.getBasket()
        assert list(basket.tokens) == tokens
        assert list(basket.weights) == weights
        assert list(basket.reserves) == [held.get(token, 0) for token in tokens]
        assert [fund.vault.getReserve(token) for token in tokens] == list(basket.reserves)
    assert list(fund.vault.getScales()) == [10 ** (18 - decimals) for decimals in DECIMALS]


def test_rebalance__fifty_coins__fit_and_pay(
    fund: Fund, owner: Any, governor: Any, investor: Any, project: Any
) -> None:
    more = [str(governor.deploy(project.TokenWithModes, 18).address) for _ in range(45)]
    tokens = [*(str(coin.address) for coin in fund.coins), *more]
    reserves = fund.reserves()
    fund.vault.rebalance(tokens, [200] * 50, sender=owner)
    assert fund.vault.totalConstituents() == fund.vault.MAX_CONSTITUENTS() == 50
    assert fund.reserves() == reserves + [0] * 45
    receipt = fund.vault.withdraw(SHARE, investor, [0] * 50, sender=investor)
    assert list(receipt.return_value[5:]) == [0] * 45


# --- previews --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dollars", [(40, 25, 20, 10, 5), (40, 25, 90, 10, 5), (0, 0, 50, 0, 0)])
def test_preview_contribute__same_transaction__equals_the_action(
    fund: Fund, newcomer: Any, attacker: Any, dollars: tuple[float, ...]
) -> None:
    amounts = fund.units(*dollars)
    preview = fund.vault.previewContribute(amounts, sender=attacker)
    assert preview == fund.vault.previewContribute(amounts, sender=newcomer) > 0
    assert fund.vault.contribute(amounts, newcomer, 0, sender=newcomer).return_value == preview


def test_preview_withdraw__same_transaction__equals_the_action(
    fund: Fund, investor: Any, attacker: Any
) -> None:
    shares = fund.supply() // 7
    preview = fund.vault.previewWithdraw(shares, sender=attacker)
    assert preview == fund.vault.previewWithdraw(shares, sender=investor)
    assert list(fund.vault.withdraw(shares, investor, [0] * 5, sender=investor).return_value) == list(preview)


def test_preview_withdraw__more_than_the_supply__reverts(fund: Fund, investor: Any) -> None:
    supply = fund.supply()
    answer = revert_of(fund.vault.previewWithdraw, supply + 1, sender=investor)
    assert answer == ("InsufficientShares", supply + 1, supply)
