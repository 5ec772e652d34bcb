"""What the vault loses to one who knows a coin's price before its feed does, with flash-loaned millions."""

from fractions import Fraction
from typing import Any

import pytest

from ballast.units import BPS, WAD
from tests.attacks.conftest import Stage
from tests.reverts import revert_of

pytestmark = pytest.mark.replica

COIN = "USDC"
WRONG_BY = Fraction(3, 100)  # of the coin's price: it trades at 97 cents, the feed says a dollar
LOAN = 4_000_000  # USD in all coins, on top of a fund of one million


def true_worth(stage: Stage, account: Any) -> Fraction:
    """USD in what an account's shares would pay out, the coin at its true price, WAD."""
    shares, supply = stage.vault.balanceOf(account), stage.vault.totalSupply()
    prices = [1 - WRONG_BY if token == stage.token(COIN) else 1 for token in stage.deployed.tokens]
    held = zip(stage.values(), prices, strict=True)
    return sum((value * price for value, price in held), Fraction()) * shares / supply


def most_that_is_taken(stage: Stage) -> int:
    """The coin's units that bring it to the upper end of its band, at one source's prices."""
    position, values = stage.position(COIN), stage.values()
    basket, band = stage.vault.getBasket(), stage.vault.bandBps()
    limit = basket.weights[position] + band
    worth = (limit * sum(values) - BPS * values[position]) // (BPS - limit)  # WAD{USD}
    return worth * basket.reserves[position] // values[position]


@pytest.mark.parametrize("loan", [0, LOAN])
def test_contribute__feed_behind_the_market__others_lose_no_more_than_the_band(
    stage: Stage, loan: int
) -> None:
    """However large the loan: the band caps the part of the fund that is the bad coin, for every size."""
    vault, attacker, investor = stage.vault, stage.deployed.attacker, stage.deployed.investors[0]
    before = true_worth(stage, investor)
    if loan:
        lp = vault.totalSupply() * loan // 1_000_000
        vault.contribute(vault.amountsForShares(lp), attacker, lp, sender=attacker)
    vault.contribute(stage.amounts(**{COIN: most_that_is_taken(stage)}), attacker, 0, sender=attacker)
    more = stage.amounts(**{COIN: 10_000 * 10**6})
    assert revert_of(vault.contribute, more, attacker, 0, sender=attacker)[0] == "PastBand"
    vault.withdraw(vault.balanceOf(attacker), attacker, [0] * 5, sender=attacker)
    lost = (before - true_worth(stage, investor)) / before
    # From the coin's target to its target plus band; 5 % of slack for the roundings of a thousandth.
    assert 0 < lost <= Fraction(vault.bandBps(), BPS) * WRONG_BY * Fraction(105, 100)


def test_contribute__in_and_out_again__gains_nothing(stage: Stage) -> None:
    """At the oracle's own prices the round trip through any coin costs; it never pays."""
    vault, attacker, investor = stage.vault, stage.deployed.attacker, stage.deployed.investors[0]
    held = vault.balanceOf(investor)
    for symbol, unit in (("USDC", 10**6), ("USDT", 10**6), ("DAI", WAD), ("FRAX", WAD), ("LUSD", WAD)):
        before = sum(stage.values()) * held // vault.totalSupply()
        vault.contribute(stage.amounts(**{symbol: 10_000 * unit}), attacker, 0, sender=attacker)
        vault.withdraw(vault.balanceOf(attacker), attacker, [0] * 5, sender=attacker)
        assert (
            sum(stage.values()) * held // vault.totalSupply() >= before - 10**13
        )  # a unit of a 6-decimals coin
