"""First contribution, excess at its worst price, band, pause and parameters, attacks by inflation."""

from typing import Any

import pytest

from ballast.model import shares as model
from tests.reverts import revert_of
from tests.unit.vault.conftest import DECIMALS, DIVERGED, FIRST, GOOD, INVALID, STALE, WEIGHTS, ZERO, Fund

SHARE = 10**18
PRICES = [(10**18, 10**18), (99 * 10**16, 10**18), (101 * 10**16, 102 * 10**16), (97 * 10**16, 98 * 10**16)]


def holdings(fund: Fund) -> list[model.Holding]:
    """The fund as the model sees it."""
    basket = fund.vault.getBasket()
    rows = []
    for token, weight, reserve, decimals in zip(
        basket.tokens, basket.weights, basket.reserves, DECIMALS, strict=True
    ):
        low, high, status = fund.oracle.quote(token)
        good = status == GOOD
        rows.append(
            model.Holding(
                reserve, weight, 10 ** (18 - decimals), low if good else None, high if good else None
            )
        )
    return rows


def expected(fund: Fund, amounts: list[int]) -> int:
    return model.shares_for_contribution(amounts, holdings(fund), fund.supply(), fund.vault.bandBps())


def test_constants__of_the_vault__are_the_models(vault: Any) -> None:
    assert vault.DEAD_SHARES() == model.DEAD_SHARES
    assert vault.MIN_FIRST_VALUE() == model.MIN_FIRST_VALUE


# --- the first contribution ------------------------------------------------------------------------------


def test_contribute__first__dollar_a_share_less_the_dead_ones(fund: Fund, investor: Any) -> None:
    vault = fund.vault
    assert fund.supply() == FIRST * SHARE
    assert vault.balanceOf(vault.DEAD_ADDRESS()) == vault.DEAD_SHARES()
    assert vault.balanceOf(investor) == FIRST * SHARE - vault.DEAD_SHARES()


@pytest.fixture
def fresh(fund: Fund, project: Any, governor: Any, owner: Any, newcomer: Any) -> Fund:
    """The same coins and oracle under a vault nobody has entered yet."""
    vault = governor.deploy(
        project.IndexVault,
        "Ballast",
        "B2",
        fund.access,
        fund.oracle,
        owner,
        fund.coins,
        list(WEIGHTS),
        ZERO,
        ZERO,
    )
    for coin in fund.coins:
        coin.approve(vault, 2**256 - 1, sender=newcomer)
    return Fund(vault, fund.oracle, fund.access, fund.venue, fund.coins)


def test_contribute__first_below_a_dollar__reverts(fresh: Fund, newcomer: Any) -> None:
    amounts = [a * 999 // 1000 for a in fresh.by_weight(1)]
    answer = revert_of(fresh.vault.contribute, amounts, newcomer, 0, sender=newcomer)
    assert answer[0] == "BelowMinimumValue"
    assert answer[1] < answer[2] == fresh.vault.MIN_FIRST_VALUE()


def test_contribute__first_off_the_weights__reverts_either_side(fresh: Fund, newcomer: Any) -> None:
    tokens = [str(coin.address) for coin in fresh.coins]
    over = fresh.units(45, 25, 20, 10, 5)
    assert revert_of(fresh.vault.contribute, over, newcomer, 0, sender=newcomer) == (
        "PastBand", tokens[0], 4_286, 4_200,
    )  # fmt: skip
    under = fresh.units(40, 25, 20, 10, 1)
    answer = revert_of(fresh.vault.contribute, under, newcomer, 0, sender=newcomer)
    assert answer == ("BelowBand", tokens[4], 104, 300)


@pytest.mark.parametrize("status", [DIVERGED, STALE, INVALID])
def test_contribute__first_with_a_bad_price__reverts(
    fresh: Fund, newcomer: Any, governor: Any, status: int
) -> None:
    fresh.oracle.set(fresh.coins[3], SHARE, SHARE, status, sender=governor)
    answer = revert_of(fresh.vault.contribute, fresh.by_weight(10), newcomer, 0, sender=newcomer)
    assert answer == ("PriceNotGood", fresh.coins[3].address, status)


def test_contribute__first_above_a_dollar__counts_a_dollar(fresh: Fund, newcomer: Any, governor: Any) -> None:
    fresh.oracle.set(fresh.coins[0], 2 * SHARE, 2 * SHARE, GOOD, sender=governor)
    fresh.vault.contribute(fresh.by_weight(10), newcomer, 0, sender=newcomer)
    assert fresh.vault.totalSupply() == 10 * SHARE


# --- excess ----------------------------------------------------------------------------------------------


def test_contribute__proportional_while_the_oracle_is_broken__works(fund: Fund, newcomer: Any) -> None:
    fund.oracle.setBroken(True, sender=newcomer)
    amounts = fund.vault.amountsForShares(123 * SHARE + 7)
    fund.vault.contribute(amounts, newcomer, 123 * SHARE + 7, sender=newcomer)
    fund.vault.withdraw(100 * SHARE, newcomer, [0] * 5, sender=newcomer)


def test_contribute__dust_beyond_the_proportion__asks_no_price(fund: Fund, newcomer: Any) -> None:
    fund.oracle.setBroken(True, sender=newcomer)
    amounts = fund.by_weight(1_000)
    shares = fund.vault.previewContribute(amounts)
    dusty = [a + 1 + a // 10**6 for a in amounts]
    dusty[0] -= 1 + amounts[0] // 10**6
    assert fund.vault.previewContribute(dusty) == shares


def test_contribute__excess_while_the_oracle_is_broken__reverts(fund: Fund, newcomer: Any) -> None:
    fund.oracle.setBroken(True, sender=newcomer)
    amounts = fund.units(40, 25, 21, 10, 5)
    answer = revert_of(
        fund.vault.contribute, amounts, newcomer, 0, sender=newcomer, errors_of=fund.oracle.contract_type
    )
    assert answer == ("OracleBroken",)


@pytest.mark.parametrize(
    "dollars", [(40, 25, 21, 10, 5), (41, 25, 20, 10, 5), (0, 0, 9, 0, 0), (9, 9, 9, 9, 9)]
)
@pytest.mark.parametrize("price", PRICES)
def test_contribute__excess__gives_shares_that_leave_again(
    fund: Fund, newcomer: Any, governor: Any, price: tuple[int, int], dollars: tuple[float, ...]
) -> None:
    fund.oracle.set(fund.coins[2], *price, GOOD, sender=governor)
    amounts = fund.units(*dollars)
    shares = fund.vault.contribute(amounts, newcomer, 0, sender=newcomer).return_value
    assert shares == fund.vault.balanceOf(newcomer) > 0
    fund.vault.withdraw(shares, newcomer, [0] * 5, sender=newcomer)


@pytest.mark.parametrize("price", PRICES)
def test_preview_contribute__excess__equals_the_model(
    fund: Fund, governor: Any, price: tuple[int, int]
) -> None:
    fund.oracle.set(fund.coins[2], *price, GOOD, sender=governor)
    for dollars in ((40, 25, 21, 10, 5), (41, 25, 20, 10, 5), (0, 0, 9, 0, 0), (9, 9, 9, 9, 9)):
        amounts = fund.units(*dollars)
        assert fund.vault.previewContribute(amounts) == expected(fund, amounts)


def test_contribute__excess_above_a_dollar__is_taken_at_a_dollar(fund: Fund, governor: Any) -> None:
    amounts = fund.units(0, 0, 10, 0, 0)
    at_par = fund.vault.previewContribute(amounts)
    fund.oracle.set(fund.coins[2], 104 * 10**16, 104 * 10**16, GOOD, sender=governor)
    assert fund.vault.previewContribute(amounts) < at_par


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        (SHARE, SHARE, DIVERGED),
        (SHARE, SHARE, STALE),
        (SHARE, SHARE, INVALID),
        (0, SHARE, GOOD),
        (SHARE, SHARE - 1, GOOD),
        (SHARE, 2**96, GOOD),
    ],
)
@pytest.mark.parametrize("bad", [2, 4])
def test_contribute__excess_with_any_price_not_good__reverts(
    fund: Fund, newcomer: Any, governor: Any, low: int, high: int, status: int, bad: int
) -> None:
    """The excess is of coin 2; the basket's other coins are priced too."""
    fund.oracle.set(fund.coins[bad], low, high, status, sender=governor)
    amounts = fund.units(0, 0, 10, 0, 0)
    refused = ("PriceNotGood", str(fund.coins[bad].address), status)
    assert revert_of(fund.vault.contribute, amounts, newcomer, 0, sender=newcomer) == refused
    assert revert_of(fund.vault.previewContribute, amounts, sender=newcomer) == refused
    assert revert_of(fund.vault.totalBasketValue, sender=newcomer) == refused


def test_contribute__excess_past_the_band__reverts(fund: Fund, newcomer: Any) -> None:
    amounts = fund.units(0, 0, 260, 0, 0)
    answer = revert_of(fund.vault.contribute, amounts, newcomer, 0, sender=newcomer)
    assert answer == ("PastBand", str(fund.coins[2].address), 2_203, 2_200)
    fund.vault.contribute(fund.units(0, 0, 250, 0, 0), newcomer, 0, sender=newcomer)


def test_contribute__proportional_while_past_the_band__works(fund: Fund, newcomer: Any, owner: Any) -> None:
    """Weights far from target stop the excess that makes it worse, not the proportion."""
    fund.vault.rebalance(fund.coins, [1_000, 4_000, 3_000, 1_500, 500], sender=owner)
    fund.vault.contribute(fund.vault.amountsForShares(SHARE), newcomer, SHARE, sender=newcomer)
    answer = revert_of(fund.vault.contribute, fund.units(9, 0, 0, 0, 0), newcomer, 0, sender=newcomer)
    assert answer[0] == "PastBand"
    fund.vault.contribute(fund.units(0, 9, 9, 0, 0), newcomer, 0, sender=newcomer)


def test_contribute__coin_without_reserve_or_price__is_not_asked_for(
    fund: Fund, newcomer: Any, owner: Any, governor: Any, project: Any
) -> None:
    idle = governor.deploy(project.TokenWithModes, 18)
    fund.oracle.set(idle, 0, 0, INVALID, sender=governor)
    fund.vault.rebalance([*fund.coins, idle], [*WEIGHTS, 0], sender=owner)
    amounts = [*fund.units(0, 0, 10, 0, 0), 0]
    assert fund.vault.contribute(amounts, newcomer, 0, sender=newcomer).return_value > 9 * SHARE
    answer = revert_of(fund.vault.previewContribute, [*amounts[:5], 1 + 10**18], sender=newcomer)
    assert answer == ("PriceNotGood", str(idle.address), INVALID)


# --- inflation and donations -----------------------------------------------------------------------------


def test_donation__of_any_size__moves_no_share_price(fund: Fund, governor: Any, attacker: Any) -> None:
    amounts = fund.by_weight(100)
    before = (fund.vault.previewContribute(amounts), fund.vault.totalBasketValue(), fund.reserves())
    for coin, decimals in zip(fund.coins, DECIMALS, strict=True):
        coin.mint(fund.vault, 10 ** (9 + decimals), sender=governor)
    assert (fund.vault.previewContribute(amounts), fund.vault.totalBasketValue(), fund.reserves()) == before


def test_inflation__first_holder_leaves_and_donates__victim_loses_nothing(
    fresh: Fund, newcomer: Any, investor: Any, governor: Any
) -> None:
    vault = fresh.vault
    vault.contribute(fresh.by_weight(1), newcomer, 0, sender=newcomer)
    vault.withdraw(vault.balanceOf(newcomer), newcomer, [0] * 5, sender=newcomer)
    assert fresh.supply() == vault.DEAD_SHARES()
    for coin, decimals in zip(fresh.coins, DECIMALS, strict=True):
        coin.mint(vault, 10 ** (6 + decimals), sender=governor)
        coin.approve(vault, 2**256 - 1, sender=investor)
    amounts = list(vault.amountsForShares(5 * SHARE))
    shares = vault.contribute(amounts, investor, 0, sender=investor).return_value
    back = vault.withdraw(shares, investor, [0] * 5, sender=investor).return_value
    # One unit of rounding a coin, not one in a hundred thousand of what was brought.
    assert all(a - b <= 1 for a, b in zip(amounts, back, strict=True))


def test_withdraw__everything_anyone_owns__dead_shares_keep_reserves_alive(fund: Fund, investor: Any) -> None:
    vault = fund.vault
    vault.withdraw(vault.balanceOf(investor), investor, [0] * 5, sender=investor)
    assert fund.supply() == vault.DEAD_SHARES()
    assert all(reserve > 0 for reserve in fund.reserves())
    vault.contribute(vault.amountsForShares(SHARE), investor, SHARE, sender=investor)


# --- pause and parameters --------------------------------------------------------------------------------


def test_pause_contributions__by_guardian__stops_entry_not_exit(
    fund: Fund, guardian: Any, curator: Any, investor: Any
) -> None:
    vault, amounts = fund.vault, fund.by_weight(1)
    receipt = vault.pauseContributions(sender=guardian)
    assert [log.paused for log in receipt.decode_logs(vault.ContributionsPaused)] == [True]
    assert vault.contributionsPaused()
    assert revert_of(vault.contribute, amounts, investor, 0, sender=investor) == ("ContributionsArePaused",)
    vault.withdraw(SHARE, investor, [0] * 5, sender=investor)
    assert vault.bandBps() == 200
    vault.unpauseContributions(sender=curator)
    assert not vault.contributionsPaused()
    vault.contribute(vault.amountsForShares(SHARE), investor, SHARE, sender=investor)


def test_restricted__by_the_wrong_role__reverts(vault: Any, guardian: Any, curator: Any, owner: Any) -> None:
    for caller in (curator, owner):
        answer = revert_of(vault.pauseContributions, sender=caller)
        assert answer == ("AccessManagedUnauthorized", caller)
    for caller in (guardian, owner):
        for method, args in ((vault.unpauseContributions, ()), (vault.setBandBps, (1,))):
            answer = revert_of(method, *args, sender=caller)
            assert answer == ("AccessManagedUnauthorized", caller)


def test_set_band__by_curator__changes_what_is_refused(fund: Fund, curator: Any, newcomer: Any) -> None:
    vault, amounts = fund.vault, fund.units(0, 0, 260, 0, 0)
    vault.setBandBps(203, sender=curator)
    assert vault.bandBps() == 203
    vault.contribute(amounts, newcomer, 0, sender=newcomer)
    assert fund.reserves()[2] == fund.by_weight(FIRST)[2] + amounts[2]


def test_set_band__too_wide__reverts(vault: Any, curator: Any) -> None:
    limit = vault.MAX_BAND_BPS()
    answer = revert_of(vault.setBandBps, limit + 1, sender=curator)
    assert answer == ("BandOutOfRange", limit + 1, limit)
