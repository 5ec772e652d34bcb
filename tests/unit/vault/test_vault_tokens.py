"""Every way a coin can misbehave, in contribute, withdraw, claim and trade; and calls back into the vault."""

from typing import Any

import pytest
from eth_utils import keccak

from tests.reverts import revert_of
from tests.unit.vault.conftest import VENUE_MODES, Fund

SHARE = 10**18
LENIENT = ("NORMAL", "NO_RETURN")
REFUSING = ("RETURNS_FALSE", "PAUSED", "BLACKLIST", "BURNS_GAS", "RETURN_BOMB", "SHORT_ANSWER")
INDICES = [0, 2, 4]  # 6, 18 and 8 decimals
REFUSALS = [(mode, "receiver") for mode in REFUSING] + [("BLACKLIST", "vault")]


def misbehave(fund: Fund, index: int, mode: str, blacklisted: Any = None) -> None:
    if blacklisted is not None:
        fund.coins[index].setBlacklisted(blacklisted, sender=blacklisted)
    fund.mode(index, mode, fee_bps=100 if "FEE" in mode else 0)


# --- contribute ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("mode", LENIENT)
def test_contribute__lenient_coin__is_credited_in_full(
    fund: Fund, newcomer: Any, mode: str, index: int
) -> None:
    misbehave(fund, index, mode)
    amounts, before = fund.by_weight(50), fund.reserves()
    fund.vault.contribute(amounts, newcomer, 0, sender=newcomer)
    assert fund.reserves() == [b + a for a, b in zip(amounts, before, strict=True)]


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("mode", [*REFUSING, "LIES", "FEE"])
def test_contribute__coin_delivers_less__reverts_transfer_short(
    fund: Fund, newcomer: Any, mode: str, index: int
) -> None:
    misbehave(fund, index, mode, newcomer if mode == "BLACKLIST" else None)
    amounts = fund.by_weight(50)
    received = amounts[index] * 99 // 100 if mode == "FEE" else 0
    answer = revert_of(fund.vault.contribute, amounts, newcomer, 0, sender=newcomer)
    assert answer == ("TransferShort", str(fund.coins[index].address), amounts[index], received)


def test_contribute__short_delivery_onto_a_donation__still_reverts(
    fund: Fund, newcomer: Any, governor: Any
) -> None:
    fund.coins[2].mint(fund.vault, 10**24, sender=governor)
    misbehave(fund, 2, "FEE")
    answer = revert_of(fund.vault.contribute, fund.by_weight(50), newcomer, 0, sender=newcomer)
    assert answer[0] == "TransferShort"


def test_contribute__without_allowance__reverts(fund: Fund, attacker: Any) -> None:
    answer = revert_of(fund.vault.contribute, fund.by_weight(1), attacker, 0, sender=attacker)
    assert answer == ("TransferShort", str(fund.coins[0].address), fund.by_weight(1)[0], 0)


def test_contribute__coin_without_code__reverts(fund: Fund, newcomer: Any, chain: Any) -> None:
    chain.provider.make_request("anvil_setCode", [str(fund.coins[1].address), "0x"])
    answer = revert_of(fund.vault.contribute, fund.by_weight(50), newcomer, 0, sender=newcomer)
    assert answer == ("BalanceUnreadable", str(fund.coins[1].address))


# --- withdraw and claim ----------------------------------------------------------------------------------


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("mode", [*LENIENT, "FEE"])
def test_withdraw__paying_coin__no_claim(
    fund: Fund, investor: Any, receiver: Any, mode: str, index: int
) -> None:
    misbehave(fund, index, mode)
    owed = fund.vault.withdraw(SHARE, receiver, [0] * 5, sender=investor).return_value
    got = owed[index] * 99 // 100 if mode == "FEE" else owed[index]
    assert abs(fund.coins[index].balanceOf(receiver) - got) <= 1
    assert fund.vault.claimOf(investor, fund.coins[index]) == 0


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize(("mode", "side"), REFUSALS)
def test_withdraw__refusing_coin__others_paid_and_claim_payable_later(
    fund: Fund, investor: Any, receiver: Any, newcomer: Any, mode: str, index: int, side: str
) -> None:
    vault, coin = fund.vault, fund.coins[index]
    coin.setBlacklisted(receiver if side == "receiver" else vault, sender=receiver)
    misbehave(fund, index, mode)
    before = fund.reserves()
    receipt = vault.withdraw(100 * SHARE, receiver, [0] * 5, sender=investor)
    owed = list(receipt.return_value)
    for i, other in enumerate(fund.coins):
        assert other.balanceOf(receiver) == (0 if i == index else owed[i])
    (created,) = receipt.decode_logs(vault.ClaimCreated)
    assert (created.account, created.token, created.amount) == (investor, coin.address, owed[index])
    # Out of the reserves: others' shares neither gain nor lose by it.
    assert fund.reserves() == [b - o for b, o in zip(before, owed, strict=True)]
    assert vault.claimOf(investor, coin) == owed[index]
    fund.mode(index, "NORMAL")
    paid = vault.claim(coin, newcomer, sender=investor)
    (event,) = paid.decode_logs(vault.ClaimPaid)
    assert (event.account, event.amount, event.receiver) == (investor, owed[index], newcomer)
    assert vault.claimOf(investor, coin) == 0
    assert coin.balanceOf(vault) == fund.reserves()[index]


def test_withdraw__every_coin_burns_its_gas__everything_becomes_claims(fund: Fund, investor: Any) -> None:
    for index in range(len(fund.coins)):
        misbehave(fund, index, "BURNS_GAS")
    owed = fund.vault.withdraw(SHARE, investor, [0] * 5, sender=investor).return_value
    assert [fund.vault.claimOf(investor, coin) for coin in fund.coins] == list(owed)


def test_withdraw__coin_without_code__becomes_a_claim(fund: Fund, investor: Any, chain: Any) -> None:
    chain.provider.make_request("anvil_setCode", [str(fund.coins[1].address), "0x"])
    owed = fund.vault.withdraw(SHARE, investor, [0] * 5, sender=investor).return_value
    assert fund.vault.claimOf(investor, fund.coins[1]) == owed[1]


def test_withdraw__lying_coin__cheats_on_its_own_part_only(fund: Fund, investor: Any, receiver: Any) -> None:
    misbehave(fund, 3, "LIES")
    owed = fund.vault.withdraw(SHARE, receiver, [0] * 5, sender=investor).return_value
    assert [coin.balanceOf(receiver) for coin in fund.coins] == [*owed[:3], 0, owed[4]]


def test_withdraw__twice_refused__claims_add_up(fund: Fund, investor: Any) -> None:
    misbehave(fund, 0, "PAUSED")
    total = 0
    for _ in range(2):
        total += fund.vault.withdraw(SHARE, investor, [0] * 5, sender=investor).return_value[0]
    assert fund.vault.claimOf(investor, fund.coins[0]) == total


@pytest.mark.parametrize("mode", ["NORMAL", "NEEDS_GAS"])
def test_withdraw__starved_of_gas__never_makes_a_claim_of_a_good_coin(
    fund: Fund, investor: Any, chain: Any, mode: str
) -> None:
    """At every gas limit a withdrawal either reverts or pays every coin, even one that gives up early."""
    misbehave(fund, 4, mode)
    vault, request, eth = fund.vault, chain.provider.make_request, chain.provider.web3.eth
    data = vault.withdraw.encode_input(SHARE, investor, [0] * 5)
    call = {"from": str(investor), "to": str(vault.address), "data": "0x" + data.hex().removeprefix("0x")}
    outcomes = set()
    for gas in range(60_000, 520_000, 4_000):
        txn = request("eth_sendTransaction", [call | {"gas": hex(gas)}])
        outcomes.add(eth.wait_for_transaction_receipt(txn, poll_latency=0.005)["status"])
        assert all(vault.claimOf(investor, coin) == 0 for coin in fund.coins), gas
    assert outcomes == {0, 1}


def test_withdraw__little_gas__says_so(fund: Fund, investor: Any) -> None:
    answer = revert_of(fund.vault.withdraw, SHARE, investor, [0] * 5, sender=investor, gas=300_000)
    assert answer[0] == "InsufficientGas"
    assert answer[1] < answer[2]


def test_claim__nothing_owed__reverts_zero_amount(fund: Fund, attacker: Any) -> None:
    assert revert_of(fund.vault.claim, fund.coins[0], attacker, sender=attacker) == ("ZeroAmount",)


@pytest.mark.parametrize("mode", ["RETURNS_FALSE", "PAUSED"])
def test_claim__coin_still_refuses__reverts_and_keeps_it(fund: Fund, investor: Any, mode: str) -> None:
    misbehave(fund, 0, mode)
    owed = fund.vault.withdraw(SHARE, investor, [0] * 5, sender=investor).return_value[0]
    answer = revert_of(fund.vault.claim, fund.coins[0], investor, sender=investor)
    assert answer == ("ClaimRefused", str(fund.coins[0].address))
    assert fund.vault.claimOf(investor, fund.coins[0]) == owed


def test_claim__coin_has_left_the_list__is_still_paid(fund: Fund, investor: Any, owner: Any) -> None:
    """All of coin 4 is sold while somebody has a claim in it; the claim outlives its constituency."""
    vault, coin = fund.vault, fund.coins[4]
    misbehave(fund, 4, "PAUSED")
    owed = vault.withdraw(100 * SHARE, investor, [0] * 5, sender=investor).return_value[4]
    fund.mode(4, "NORMAL")
    fund.venue.setRate(10**28, sender=owner)
    rest = fund.reserves()[4]
    vault.executeTrades([(coin, fund.coins[2], rest, 0, fund.venue, b"")], sender=owner)
    vault.rebalance(fund.coins[:4], [2_500] * 4, sender=owner)
    assert coin.balanceOf(vault) == owed
    before = coin.balanceOf(investor)
    vault.claim(coin, investor, sender=investor)
    assert coin.balanceOf(investor) - before == owed


# --- trade -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", LENIENT)
def test_trade__lenient_coin__moves_reserves(fund: Fund, owner: Any, mode: str) -> None:
    misbehave(fund, 0, mode)
    misbehave(fund, 1, mode)
    before = fund.reserves()
    trade = (fund.coins[0], fund.coins[1], 10**6, 10**6, fund.venue, b"")
    fund.vault.executeTrades([trade], sender=owner)
    assert fund.reserves() == [before[0] - 10**6, before[1] + 10**6, *before[2:]]


@pytest.mark.parametrize("mode", ["RETURNS_FALSE", "SHORT_ANSWER"])
def test_trade__sold_coin_refuses__reverts(fund: Fund, owner: Any, mode: str) -> None:
    misbehave(fund, 0, mode)
    trade = (fund.coins[0], fund.coins[1], 10**6, 0, fund.venue, b"")
    assert revert_of(fund.vault.executeTrades, [trade], sender=owner) == ("TransferFailed",)


def test_trade__bought_coin_takes_a_fee__counts_what_came(fund: Fund, owner: Any) -> None:
    misbehave(fund, 1, "FEE")
    trade = [fund.coins[0], fund.coins[1], 10**6, 10**6, fund.venue, b""]
    answer = revert_of(fund.vault.executeTrades, [tuple(trade)], sender=owner)
    assert answer == ("InsufficientOutput", 0, 10**6, 990_000)
    trade[3] = 990_000
    before = fund.reserves()
    fund.vault.executeTrades([tuple(trade)], sender=owner)
    assert fund.reserves()[1] == before[1] + 990_000


def test_trade__sold_coin_takes_its_fee_from_the_vault__reverts(fund: Fund, owner: Any) -> None:
    misbehave(fund, 0, "SENDER_PAYS_FEE")
    trade = (fund.coins[0], fund.coins[1], 10**6, 0, fund.venue, b"")
    answer = revert_of(fund.vault.executeTrades, [trade], sender=owner)
    assert answer == ("SoldTooMuch", 0, 10**6, 1_010_000)


# --- one transaction inside another ----------------------------------------------------------------------

LOCKED = {
    "contribute": ([1] * 5, "attacker", 0),
    "withdraw": (1, "attacker", [0] * 5),
    "claim": ("coin", "attacker"),
    "previewContribute": ([1] * 5,),
    "previewWithdraw": (1,),
    "amountsForShares": (1,),
    "totalBasketValue": (),
    "getReserve": ("coin",),
    "getBasket": (),
}


def locked_call(fund: Fund, name: str, attacker: Any) -> bytes:
    words = {"attacker": attacker, "coin": fund.coins[0]}
    args = [words.get(arg, arg) if isinstance(arg, str) else arg for arg in LOCKED[name]]
    return getattr(fund.vault, name).encode_input(*args)


@pytest.mark.parametrize("name", LOCKED)
def test_contribute__coin_calls_back__is_refused(fund: Fund, newcomer: Any, attacker: Any, name: str) -> None:
    """The hook reverts when the vault refuses it, so the coin delivers nothing and the contribution fails."""
    fund.coins[0].setHook(fund.vault, locked_call(fund, name, attacker), sender=attacker)
    misbehave(fund, 0, "REENTERS")
    answer = revert_of(fund.vault.contribute, fund.by_weight(5), newcomer, 0, sender=newcomer)
    assert answer[0] == "TransferShort"


@pytest.mark.parametrize("name", LOCKED)
def test_withdraw__coin_calls_back__is_refused_and_harms_itself_only(
    fund: Fund, investor: Any, attacker: Any, name: str
) -> None:
    fund.coins[0].setHook(fund.vault, locked_call(fund, name, attacker), sender=attacker)
    misbehave(fund, 0, "REENTERS")
    receipt = fund.vault.withdraw(SHARE, investor, [0] * 5, sender=investor)
    assert [log.token for log in receipt.decode_logs(fund.vault.ClaimCreated)] == [fund.coins[0].address]


@pytest.mark.parametrize("name", LOCKED)
def test_trade__venue_calls_back__is_refused(fund: Fund, owner: Any, attacker: Any, name: str) -> None:
    fund.venue.setHook(fund.vault, locked_call(fund, name, attacker), sender=attacker)
    fund.venue.setMode(VENUE_MODES.index("REENTERS"), sender=attacker)
    trade = (fund.coins[0], fund.coins[1], 10**6, 0, fund.venue, b"")
    answer = revert_of(fund.vault.executeTrades, [trade], sender=owner, errors_of=fund.venue.contract_type)
    guard = fund.vault.contract_type.errors["ReentrancyGuardReentrantCall"]
    assert answer == ("HookFailed", guard_selector(guard))


def guard_selector(error: Any) -> bytes:
    return keccak(text=error.selector)[:4]


def test_hook__harmless_call__control(fund: Fund, newcomer: Any, investor: Any) -> None:
    """The same coin with a hook that the vault answers is let through: the refusals above are the lock's."""
    fund.coins[0].setHook(fund.vault, fund.vault.totalSupply.encode_input(), sender=investor)
    misbehave(fund, 0, "REENTERS")
    fund.vault.contribute(fund.by_weight(5), newcomer, 0, sender=newcomer)
    receipt = fund.vault.withdraw(SHARE, investor, [0] * 5, sender=investor)
    assert not receipt.decode_logs(fund.vault.ClaimCreated)
