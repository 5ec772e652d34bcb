"""Thieves in an emergency: a stolen keeper, an outsider with a venue of its own, a pushed source."""

from fractions import Fraction
from random import Random

import pytest
from eth_utils import keccak

from ballast.model import rebalance as model
from ballast.model.emergency import public_keep
from tests.reverts import passes, revert_of
from tests.unit.rebalancer.conftest import AWAY, BPS, DIVERGED, WAD, System

LOCKED = keccak(text="ReentrancyGuardReentrantCall()")[:4]
ROUNDS = 25


def true_worth(system: System, **prices: Fraction) -> Fraction:
    """USD of what the vault holds, WAD, every coin at a dollar unless `c0`, `c1` ... say otherwise."""
    basket, scales = system.vault.getBasket(), system.vault.getScales()
    held = enumerate(zip(basket.reserves, scales, strict=True))
    return sum((r * s * prices.get(f"c{i}", Fraction(1)) for i, (r, s) in held), Fraction())


def worst_trade(system: System, dollars: float, keep: int, low_in: int, high_out: int) -> tuple:
    """Coin 0 for coin 2 at the least that `keep` bps of the oracle's price allow."""
    sold = round(dollars * 10**6)
    return system.raw_trade(0, 2, sold, model.minimum_out(sold, 10**12, low_in, 1, high_out, BPS - keep))


def test_execute__stolen_keeper_through_emergencies__at_most_their_budget_is_lost(fleeing, stranger):
    """Every fill at the ceiling, every session opened anew: the budget, full once, and what refills."""
    p, price = fleeing.calculator.emergencyParams(), Fraction(4, 5)
    start, began = true_worth(fleeing, c0=price), fleeing.chain.blocks.head.timestamp
    ordinary = fleeing.rebalancer.lossBudget()
    taken = refused = 0
    rng = Random(7)
    for _ in range(ROUNDS):
        if fleeing.verdict() == (True, "CRISIS"):
            fleeing.rebalancer.executeEmergencyRebalance(fleeing.coins[0], sender=stranger)
        trade = worst_trade(fleeing, rng.randrange(20_000, 200_000), BPS - p.slipBps, 8 * 10**17, WAD)
        if passes(fleeing.rebalancer.executeRebalance, [trade], sender=fleeing.keeper):
            fleeing.fill(trade)
            taken += 1
        else:
            refused += 1
        lost = (start - true_worth(fleeing, c0=price)) / start
        elapsed = fleeing.chain.blocks.head.timestamp - began
        assert lost <= Fraction(p.lossBudgetBps, BPS) * (1 + Fraction(elapsed, p.lossPeriod))
        fleeing.wait(rng.choice((12, 600, 3_600)))
    assert taken >= 3
    assert refused >= 3
    assert start > true_worth(fleeing, c0=price)
    after = fleeing.rebalancer.lossBudget()
    assert (ordinary.available, after.available) == (ordinary.capacity, after.capacity)


@pytest.mark.parametrize("seed", range(3))
def test_fill__outsider_with_any_terms__never_below_the_curve(fleeing, stranger, seed):
    p, rng = fleeing.calculator.emergencyParams(), Random(seed)
    opened_at, r = fleeing.rebalancer.getSession().openedAt, fleeing.rebalancer
    taken = 0
    for _ in range(12):
        sold = rng.randrange(1, 30_000 * 10**6)
        bought = sold * 10**12 * rng.randrange(7_700, 8_100) // BPS
        before = fleeing.vault.getBasket().reserves
        trade = fleeing.raw_trade(0, 2, sold, bought)
        if passes(r.fill, [trade], sender=stranger):
            receipt = r.fill([trade], sender=stranger)
            after = fleeing.vault.getBasket().reserves
            keep = public_keep(receipt.timestamp - opened_at, p.auctionLength, p.premiumBps, p.slipBps)
            assert before[0] - after[0] == sold
            assert (after[2] - before[2]) * BPS * 10 >= sold * 10**12 * keep * 8
            taken += 1
        fleeing.wait(rng.choice((12, 120, 300)))
    assert taken > 0


@pytest.mark.parametrize("which", ["sold", "bought"])
def test_fill__one_source_pushed__costs_at_most_the_budget(alarmed, stranger, which):
    """One of two sources lies by two thirds. A thief tries every price between it and the true one."""
    price = Fraction(9, 10)
    low, high = (0.3, 0.9) if which == "sold" else (0.9, 0.9)
    alarmed.price(0, low, high, status=DIVERGED)
    if which == "bought":
        alarmed.price(2, 1.0, 3.0, status=DIVERGED)
    alarmed.aim(*AWAY)
    alarmed.calculator.setDue(alarmed.coins[0], sender=alarmed.governor)
    alarmed.rebalancer.executeEmergencyRebalance(alarmed.coins[0], sender=stranger)
    p, r = alarmed.calculator.emergencyParams(), alarmed.rebalancer
    alarmed.wait(p.auctionLength)
    start, total = true_worth(alarmed, c0=price), sum(alarmed.values())
    for keep in (Fraction(97, 100), Fraction(3, 2), Fraction(2), Fraction(5, 2), Fraction(29, 10)):
        least = Fraction(3, 10)  # of a dollar, what the lying source makes of a coin
        for dollars in (100_000, 30_000, 10_000, 3_000, 1_000, 300):
            trade = alarmed.trade(0, 2, dollars, out=float(dollars * least * keep))
            while passes(r.fill, [trade], sender=stranger):
                r.fill([trade], sender=stranger)
    lost = start - true_worth(alarmed, c0=price)
    assert 0 < lost <= Fraction(p.lossBudgetBps, BPS) * total
    assert lost > Fraction(p.lossBudgetBps, BPS) * total * Fraction(9, 10)  # and the thief did try


def test_execute_emergency__before_the_detector_confirms__only_a_guardian(alarmed, stranger, guardian):
    """Neither a fallen price nor a drift alone opens an emergency."""
    alarmed.price(0, 0.5)
    alarmed.aim(*AWAY)
    r, asset = alarmed.rebalancer, alarmed.coins[0]
    errors = alarmed.calculator.contract_type
    for outsider in (stranger, alarmed.keeper, alarmed.curator):
        refused = revert_of(r.executeEmergencyRebalance, asset, sender=outsider, errors_of=errors)
        assert refused == ("NotInCrisis", asset.address)
    r.executeEmergencyRebalance(asset, sender=guardian)


@pytest.mark.parametrize(
    "way", ["fill", "executeEmergencyRebalance", "open", "close", "withdraw", "contribute"]
)
def test_fill__venue_calls_back__locked(fleeing, stranger, way):
    """The outsider's venue is inside the fill: it enters neither the Rebalancer nor the vault once more."""
    r, vault = fleeing.rebalancer, fleeing.vault
    trade = fleeing.trade(0, 2, 10_000, out=8_080)
    target, call = {
        "fill": (r, r.fill.encode_input([trade])),
        "executeEmergencyRebalance": (r, r.executeEmergencyRebalance.encode_input(fleeing.coins[0])),
        "open": (r, r.open.encode_input()),
        "close": (r, r.close.encode_input()),
        "withdraw": (vault, vault.withdraw.encode_input(1, stranger, [0] * 5)),
        "contribute": (vault, vault.contribute.encode_input([0, 0, 1, 0, 0], stranger, 0)),
    }[way]
    hostile = fleeing.trade(0, 2, 10_000, out=8_080, target=target.address, call=bytes(call))
    r.fill([hostile], sender=stranger)
    assert not fleeing.venue.lastSuccess()
    assert fleeing.venue.lastReason()[:4] == LOCKED


def test_fill__paused_while_the_venue_runs__stays_paused(fleeing, stranger, governor):
    """The state is read again after the trades."""
    r = fleeing.rebalancer
    fleeing.access.grantRole(2, fleeing.venue, 0, sender=governor)
    call = bytes(r.pause.encode_input())
    trade = fleeing.trade(0, 2, 10_000, out=8_080, target=r.address, call=call)
    r.fill([trade], sender=stranger)
    assert r.paused()
    assert r.emergencyLoss().lastFillAt == fleeing.chain.blocks.head.timestamp
