"""executeTrades through honest and dishonest venues."""

from typing import Any

import pytest

from tests.reverts import revert_of
from tests.unit.vault.conftest import DECIMALS, VENUE_MODES, Fund

UNIT = 10**6  # of coins 0 and 1


def trade(fund: Fund, **changes: Any) -> tuple[Any, ...]:
    fields = {
        "tokenIn": fund.coins[0], "tokenOut": fund.coins[1], "amountIn": UNIT, "minAmountOut": UNIT,
        "venue": fund.venue, "data": b"",
    } | changes  # fmt: skip
    return tuple(fields.values())


def mint_data(fund: Fund, index: int, amount: int) -> bytes:
    """A call of the test coin that gives the vault `amount` of it."""
    return bytes(fund.coins[index].mint.encode_input(fund.vault, amount))


def venue_mode(fund: Fund, mode: str, sender: Any) -> None:
    fund.venue.setMode(VENUE_MODES.index(mode), sender=sender)


def test_execute_trades__honest_venue__reserves_move_by_what_was_measured(fund: Fund, owner: Any) -> None:
    before, supply = fund.reserves(), fund.supply()
    trades = [
        trade(fund),
        trade(fund, tokenIn=fund.coins[1], tokenOut=fund.coins[0], amountIn=3, minAmountOut=3),
    ]
    receipt = fund.vault.executeTrades(trades, sender=owner)
    assert [list(x) for x in receipt.return_value] == [[UNIT, 3], [UNIT, 3]]
    assert fund.reserves() == [before[0] - UNIT + 3, before[1] + UNIT - 3, *before[2:]]
    assert fund.supply() == supply
    events = receipt.decode_logs(fund.vault.Traded)
    assert [(e.tokenIn, e.tokenOut, e.sold, e.bought) for e in events] == [
        (fund.coins[0], fund.coins[1], UNIT, UNIT),
        (fund.coins[1], fund.coins[0], 3, 3),
    ]


def test_execute_trades__across_decimals__moves_both(fund: Fund, owner: Any) -> None:
    fund.venue.setRate(10**30, sender=owner)
    before = fund.reserves()
    one = trade(fund, tokenOut=fund.coins[2], minAmountOut=10**18)
    fund.vault.executeTrades([one], sender=owner)
    assert fund.reserves() == [before[0] - UNIT, before[1], before[2] + 10**18, *before[3:]]


def test_execute_trades__venue_without_code__is_named(fund: Fund, owner: Any, attacker: Any) -> None:
    answer = revert_of(fund.vault.executeTrades, [trade(fund, venue=attacker)], sender=owner)
    assert answer == ("VenueHasNoCode", str(attacker.address))


def test_execute_trades__none__changes_nothing(fund: Fund, owner: Any) -> None:
    before = fund.reserves()
    fund.vault.executeTrades([], sender=owner)
    assert fund.reserves() == before


def test_execute_trades__any__leaves_no_allowance(fund: Fund, owner: Any) -> None:
    """The vault never approves, so nobody can touch a coin that is not being sold to them."""
    receipt = fund.vault.executeTrades([trade(fund)], sender=owner)
    approvals = [log for log in receipt.events if log.event_name == "Approval"]
    assert approvals == []
    for coin in fund.coins:
        assert coin.allowance(fund.vault, fund.venue) == coin.allowance(fund.vault, owner) == 0


def test_execute_trades__by_another__reverts(fund: Fund, governor: Any) -> None:
    answer = revert_of(fund.vault.executeTrades, [trade(fund)], sender=governor)
    assert answer == ("NotOwner", governor)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("NO_FUND", ("TradeNotFunded", 0)),
        ("DOUBLE_FUND", ("AlreadyFunded",)),
        ("SHORT", ("InsufficientOutput", 0, UNIT, UNIT - 1)),
        ("NO_PAY", ("InsufficientOutput", 0, UNIT, 0)),
        ("FUND_TO_ZERO", ("ZeroAddress",)),
    ],
)
def test_execute_trades__dishonest_venue__reverts(
    fund: Fund, owner: Any, mode: str, expected: tuple[Any, ...]
) -> None:
    venue_mode(fund, mode, owner)
    assert revert_of(fund.vault.executeTrades, [trade(fund)], sender=owner) == expected


def test_execute_trades__venue_funds_the_vault_itself__reverts(fund: Fund, owner: Any) -> None:
    venue_mode(fund, "FUND_TO_VAULT", owner)
    answer = revert_of(fund.vault.executeTrades, [trade(fund)], sender=owner)
    assert answer == ("InvalidReceiver", str(fund.vault.address))


def test_execute_trades__another_contract_draws__reverts(fund: Fund, owner: Any, project: Any) -> None:
    accomplice = owner.deploy(project.VenueMocks)
    fund.venue.setHook(accomplice, b"", sender=owner)
    venue_mode(fund, "OTHER_CALLER", owner)
    answer = revert_of(fund.vault.executeTrades, [trade(fund)], sender=owner)
    assert answer == ("NotTradeVenue", str(accomplice.address))


def test_execute_trades__venue_takes_another_coin__reverts(fund: Fund, owner: Any) -> None:
    """transferFrom of a coin the vault holds fails for want of an allowance: nothing was ever approved."""
    fund.venue.setHook(fund.coins[2], b"", sender=owner)
    venue_mode(fund, "STEALS", owner)
    with pytest.raises(Exception, match=r"(?i)revert|panic|underflow"):
        fund.vault.executeTrades.call([trade(fund)], sender=owner)
    before = fund.reserves()
    venue_mode(fund, "HONEST", owner)
    fund.vault.executeTrades([trade(fund)], sender=owner)
    assert fund.reserves()[2:] == before[2:]


def test_execute_trades__venue_gives_half_back__only_the_rest_is_sold(fund: Fund, owner: Any) -> None:
    venue_mode(fund, "REFUNDS_HALF", owner)
    before = fund.reserves()
    sold, bought = fund.vault.executeTrades([trade(fund)], sender=owner).return_value
    assert (list(sold), list(bought)) == ([UNIT // 2], [UNIT])
    assert fund.reserves()[0] == before[0] - UNIT // 2


def test_execute_trades__venue_gives_another_coin__counts_with_the_next_trade_of_it(
    fund: Fund, owner: Any
) -> None:
    """A coin once measured is accounted for to the unit; one that no trade touches is a donation."""
    gift = 7
    first, second, third = (
        trade(fund),
        trade(fund),
        trade(fund, tokenIn=fund.coins[1], tokenOut=fund.coins[0]),
    )
    for given, expected in ((1, [UNIT + gift, UNIT + gift, UNIT]), (2, [UNIT, UNIT, UNIT])):
        fund.venue.setHook(fund.coins[given], mint_data(fund, given, gift), sender=owner)
        venue_mode(fund, "REENTERS", owner)
        before, held = fund.reserves(), fund.coins[given].balanceOf(fund.vault)
        receipt = fund.vault.executeTrades([first, second, third], sender=owner)
        sold, bought = receipt.return_value
        assert list(bought) == expected
        assert list(sold) == [UNIT, UNIT, UNIT - (gift if given == 1 else 0)]
        counted = fund.reserves()[given] - before[given]
        rise = fund.coins[given].balanceOf(fund.vault) - held
        assert (counted, rise) == ((UNIT + 3 * gift,) * 2 if given == 1 else (0, 3 * gift))


def test_execute_trades__given_between_two_trades_of_a_coin__is_in_the_reserve(
    fund: Fund, owner: Any
) -> None:
    gift = 7
    fund.venue.setHook(fund.coins[1], mint_data(fund, 1, gift), sender=owner)
    venue_mode(fund, "REENTERS", owner)
    held = fund.coins[1].balanceOf(fund.vault) - fund.reserves()[1]
    other = trade(fund, tokenOut=fund.coins[2], minAmountOut=0)
    bought = fund.vault.executeTrades([other, trade(fund), other, trade(fund)], sender=owner).return_value[1]
    assert list(bought) == [UNIT, UNIT + gift, UNIT, UNIT + 2 * gift]
    # Only what came before the coin was measured for the first time is nobody's.
    assert fund.coins[1].balanceOf(fund.vault) - fund.reserves()[1] == held + gift


def test_execute_trades__bad_trades__revert_by_name(fund: Fund, owner: Any, attacker: Any) -> None:
    reserve = fund.reserves()[0]
    coin = str(fund.coins[0].address)
    cases = [
        ({"tokenIn": attacker}, ("NotConstituent", attacker)),
        ({"tokenOut": attacker}, ("NotConstituent", attacker)),
        ({"tokenOut": fund.coins[0]}, ("SameToken", coin)),
        ({"amountIn": 0}, ("ZeroAmount",)),
        ({"amountIn": reserve + 1}, ("InsufficientReserve", coin, reserve, reserve + 1)),
    ]
    for changes, expected in cases:
        assert revert_of(fund.vault.executeTrades, [trade(fund, **changes)], sender=owner) == expected


def test_execute_trades__donation_in_the_vault__cannot_be_sold(fund: Fund, owner: Any, governor: Any) -> None:
    reserve = fund.reserves()[0]
    fund.coins[0].mint(fund.vault, UNIT, sender=governor)
    answer = revert_of(fund.vault.executeTrades, [trade(fund, amountIn=reserve + UNIT)], sender=owner)
    assert answer[0] == "InsufficientReserve"


def test_execute_trades__one_of_several_fails__none_happens(fund: Fund, owner: Any) -> None:
    trades = [trade(fund), trade(fund, minAmountOut=UNIT + 1)]
    answer = revert_of(fund.vault.executeTrades, trades, sender=owner)
    assert answer == ("InsufficientOutput", 1, UNIT + 1, UNIT)


def test_fund__outside_a_trade__reverts(fund: Fund, attacker: Any, owner: Any) -> None:
    for caller in (attacker, owner):
        assert revert_of(fund.vault.fund, caller, sender=caller) == ("NoTradeOpen",)
    fund.vault.executeTrades([trade(fund)], sender=owner)
    assert revert_of(
        fund.venue.drawFrom, fund.vault, sender=attacker, errors_of=fund.vault.contract_type
    ) == ("NoTradeOpen",)


def test_execute_trades__whole_reserve__then_the_coin_may_be_dropped(fund: Fund, owner: Any) -> None:
    reserve = fund.reserves()[0]
    fund.vault.executeTrades([trade(fund, amountIn=reserve, minAmountOut=reserve)], sender=owner)
    fund.vault.rebalance(fund.coins[1:], [2_500] * 4, sender=owner)
    assert fund.vault.totalConstituents() == len(DECIMALS) - 1
    assert not fund.vault.isConstituent(fund.coins[0])


@pytest.mark.parametrize("over", [0, 1])
def test_rebalance__grain_of_a_coin_left__dropped_up_to_dust(fund: Fund, owner: Any, over: int) -> None:
    """A hundredth of a coin may stay behind, as nobody's; one unit more may not."""
    coin, reserve = fund.coins[0], fund.reserves()[0]
    left = 10 ** DECIMALS[0] // 100 + over
    sold = reserve - left
    fund.vault.executeTrades([trade(fund, amountIn=sold, minAmountOut=sold)], sender=owner)
    if over:
        answer = revert_of(fund.vault.rebalance, fund.coins[1:], [2_500] * 4, sender=owner)
        assert answer == ("ReserveNotEmpty", str(coin.address))
        return
    fund.vault.rebalance(fund.coins[1:], [2_500] * 4, sender=owner)
    fund.vault.rebalance(fund.coins, [2_000] * 5, sender=owner)
    assert fund.vault.getReserve(coin) == 0
    assert coin.balanceOf(fund.vault) == left
