"""A stolen keeper key with a venue of its own: any trades, many fills, at most the budget is lost."""

from fractions import Fraction
from random import Random

import pytest
from web3.exceptions import Web3Exception

from ballast.model import rebalance as model
from tests.reverts import revert_of
from tests.unit.rebalancer.conftest import BPS, DECIMALS, WAD, System

ROUNDS = 40
TARGETS = (
    (3_600, 2_500, 2_400, 1_000, 500),
    (4_000, 2_000, 2_000, 1_500, 500),
    (3_000, 3_000, 2_000, 1_000, 1_000),
)


def worst_trades(system: System, rng: Random) -> list[tuple]:
    """Sells what is above target for what is below, or any two coins, for the floor or less."""
    basket = system.vault.getBasket()
    values, scales = system.values(), list(system.vault.getScales())
    total = sum(values)
    gaps = [v - w * total // BPS for v, w in zip(values, basket.weights, strict=True)]
    order = sorted(range(len(gaps)), key=gaps.__getitem__)
    trades = []
    for _ in range(rng.randrange(1, 4)):
        i, j = rng.choice(((order[-1], order[0]), (order[-2], order[0]), tuple(rng.sample(range(5), 2))))
        worth = abs(min(gaps[i], -gaps[j])) * rng.randrange(1, 12) // 10
        sold = min(worth // scales[i], basket.reserves[i])
        if sold == 0:
            continue
        floor = model.minimum_out(sold, scales[i], WAD, scales[j], WAD, 50)
        trades.append(system.raw_trade(i, j, sold, max(0, floor - rng.choice((0, 0, 0, 1, 10**6)))))
    return trades


def passes(system: System, trades: list[tuple]) -> bool:
    """Asked first: Ape traces a refused transaction, which takes a second."""
    call = {
        "to": system.rebalancer.address,
        "from": system.keeper.address,
        "data": "0x" + system.rebalancer.executeRebalance.encode_input(trades).hex(),
    }
    try:
        system.chain.provider.web3.eth.call(call)
    except Web3Exception:
        return False
    return True


def allowance(system: System, seconds: int) -> Fraction:
    """The share of the fund that the budget lets go in this time: full once, and what has refilled since."""
    fill = system.rebalancer.getParams().fill
    return Fraction(fill.lossBudgetBps, BPS) * (1 + Fraction(seconds, fill.lossPeriod))


@pytest.mark.parametrize("seed", range(3))
def test_execute__stolen_keeper_many_fills__at_most_the_budget_is_lost(system, seed):
    """The market does not move, so every dollar lost is the thief's."""
    rng = Random(seed)
    system.set_params(cooldown=0, minValue=0, driftBps=51, fillInterval=0)
    start, began = sum(system.values()), system.chain.blocks.head.timestamp
    taken = refused = 0
    for turn in range(ROUNDS):
        if turn % 8 == 0:
            system.aim(*TARGETS[(turn // 8) % len(TARGETS)])
        if system.verdict() == (True, "DRIFT"):
            system.rebalancer.open(sender=system.keeper)
        trades = worst_trades(system, rng)
        if trades and passes(system, trades):
            system.fill(*trades)
            taken += 1
        else:
            refused += len(trades) > 0
        lost = Fraction(start - sum(system.values()), start)
        assert lost <= allowance(system, system.chain.blocks.head.timestamp - began)
        system.wait(rng.choice((30, 3_600, 12 * 3_600)))
    assert taken >= 5  # it did trade, and it was stopped
    assert refused >= 5
    assert start - sum(system.values()) > 0


def test_execute__stolen_keeper_in_one_block__stopped_by_the_budget(system):
    """At the floor every time, the thief gets the budget and no more, however far the fund is off."""
    system.set_params(cooldown=0, driftBps=51, fillInterval=0, lossBudgetBps=5)
    system.aim(1_500, 1_000, 3_500, 3_500, 500)
    start = sum(system.values())
    trades = [system.trade(0, 2, 14_000, out=13_930), system.trade(1, 3, 10_000, out=9_950)]
    for _ in range(4):
        system.fill(*trades)
    refused = revert_of(system.rebalancer.executeRebalance, trades, sender=system.keeper)
    assert refused[:2] == ("LossBudgetExceeded", 120 * WAD)
    assert start - sum(system.values()) == 480 * WAD <= start * 5 // BPS


def test_execute__stolen_keeper_inflates_the_fund__others_lose_no_more(in_session, investor, stranger):
    """The budget is a share of the fund: lent coins make the dollars more, not the holders' part."""
    system = in_session
    system.set_params(fillInterval=0, lossBudgetBps=1)
    shares = system.vault.balanceOf(investor)
    supply = system.vault.totalSupply()
    worth = Fraction(sum(system.values()) * shares, supply)
    reserves = system.vault.getBasket().reserves
    for coin, d in zip(system.coins, DECIMALS, strict=True):
        coin.mint(stranger, 10**8 * 10**d, sender=stranger)
        coin.approve(system.vault, 2**256 - 1, sender=stranger)
    system.vault.contribute([9 * r for r in reserves], stranger, 0, sender=stranger)
    system.fill(system.trade(0, 2, 200_000, out=199_000))
    minted = system.vault.balanceOf(stranger)
    system.vault.withdraw(minted, stranger, [0] * 5, sender=stranger)
    after = Fraction(sum(system.values()) * shares, system.vault.totalSupply())
    assert worth * (1 - Fraction(1, BPS)) <= after < worth
    assert system.rebalancer.lossBudget().available * 10**6 < worth  # nothing left for a second time
