"""A coin the curator has dropped leaves, whoever would rather keep it in, and nobody may bring more of it."""

import pytest

from ballast.model.rebalance import Reason
from tests.attacks.conftest import Stage
from tests.reverts import revert_of

pytestmark = pytest.mark.replica

INVALID = 4  # IPriceOracle.Status
GRAIN = 10**9  # DAI units


def break_price(stage: Stage) -> None:
    """DAI loses its price for good: its feed is below what the oracle believes."""
    stage.deployed.replica.set_feed("DAI", "0.02")
    assert stage.deployed.system.oracle.quote(stage.token("DAI")).status == INVALID


def reason(stage: Stage) -> Reason:
    return Reason(stage.rebalancer.shouldRebalance()[1])


@pytest.mark.parametrize("units", [1, GRAIN, 10**18])
def test_contribute__coin_wanted_no_more_and_sold_out__refused(sold: Stage, units: int) -> None:
    """One unit would keep it in the list, and with it the need of its price, for ever."""
    attacker = sold.deployed.attacker
    answer = revert_of(sold.vault.contribute, sold.amounts(DAI=units), attacker, 0, sender=attacker)
    assert answer[:2] == ("PastBand", sold.token("DAI"))
    assert answer[3] == 0


def test_contribute__excess_of_a_coin_being_sold__refused(dropped: Stage) -> None:
    """The fund sells it; nobody may hand it more at the oracle's price."""
    attacker = dropped.deployed.attacker
    amounts = dropped.amounts(DAI=1_000 * 10**18)
    answer = revert_of(dropped.vault.contribute, amounts, attacker, 0, sender=attacker)
    assert answer[:2] == ("PastBand", dropped.token("DAI"))


def test_contribute__in_proportion_while_a_coin_is_being_sold__taken(dropped: Stage) -> None:
    """The way in by proportion stays open, the coin being sold included."""
    attacker = dropped.deployed.attacker
    amounts = dropped.vault.amountsForShares(1_000 * 10**18)
    dropped.vault.contribute(amounts, attacker, 1_000 * 10**18, sender=attacker)
    assert dropped.vault.balanceOf(attacker) >= 1_000 * 10**18


def test_should_rebalance__dropped_coin_loses_its_price__goes_on(sold: Stage) -> None:
    break_price(sold)
    assert reason(sold) is not Reason.STALE_DATA


def test_open__grain_of_a_dropped_coin_left_and_its_price_gone__leaves_it_behind(dropped: Stage) -> None:
    """Someone enters just before the last sale, so a grain stays: no pool buys it, no feed prices it."""
    attacker, vault = dropped.deployed.attacker, dropped.vault
    trades = dropped.sell_out("DAI")
    one_in = vault.totalSupply() * GRAIN // vault.getReserve(dropped.token("DAI"))
    vault.contribute(vault.amountsForShares(one_in), attacker, 0, sender=attacker)
    dropped.fill(trades)
    assert 0 < vault.getReserve(dropped.token("DAI")) <= 2 * GRAIN
    break_price(dropped)
    assert reason(dropped) is not Reason.STALE_DATA
    assert dropped.token("DAI") not in dropped.rebalancer.nextTargets()[0]
