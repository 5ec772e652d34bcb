"""A real crisis on the whole deployment: who would profit from the sale, and by how much at most."""

from fractions import Fraction
from random import Random

import pytest

from ballast.model.crisis import State
from ballast.model.emergency import public_keep
from ballast.units import BPS
from tests.attacks.conftest import Stage
from tests.deployed import depeg
from tests.reverts import passes, revert_of

pytestmark = pytest.mark.replica

ROUNDS = 16
SPACING, HOUR = 300, 3_600  # s


def value(stage: Stage) -> int:
    """WAD{USD} of the fund at mid prices."""
    return sum(stage.values())


def sale(stage: Stage, sold: int, keep: int) -> tuple:
    """USDT for USDC at the least that `keep` bps of the oracle's price allow."""
    floor = stage.floor("USDT", "USDC", sold, keep)
    return stage.trade(stage.token("USDT"), stage.token("USDC"), sold, floor)


def routed(stage: Stage, sold: int) -> tuple:
    """USDT for USDC through their real pool, whatever it gives."""
    usdt, usdc = stage.token("USDT"), stage.token("USDC")
    path = bytes.fromhex(usdt[2:]) + (100).to_bytes(3, "big") + bytes.fromhex(usdc[2:])
    return (usdt, usdc, sold, 0, str(stage.deployed.system.venue.address), path)


def test_execute__fallen_but_not_yet_confirmed__only_a_guardian(watched: Stage) -> None:
    """Both sources at 70 cents: time is what is still missing."""
    depeg(watched.deployed, "USDT", "0.7")
    usdt, errors = watched.token("USDT"), watched.emergency.contract_type
    for expected in (State.SOUND, State.WATCH):
        for caller in (watched.deployed.attacker, watched.deployed.keeper, watched.deployed.reporter):
            answer = revert_of(
                watched.rebalancer.executeEmergencyRebalance, usdt, sender=caller, errors_of=errors
            )
            assert answer == ("NotInCrisis", usdt, expected)
        watched.deployed.replica.pass_time(SPACING)
        watched.look(usdt)
    watched.rebalancer.executeEmergencyRebalance(usdt, sender=watched.deployed.guardian)


@pytest.mark.parametrize("seed", range(3))
def test_fill__anyone_with_any_terms__never_more_than_the_curve(fleeing: Stage, seed: int) -> None:
    p, rng = fleeing.emergency.emergencyParams(), Random(seed)
    opened_at = fleeing.rebalancer.getSession().openedAt
    fill, thief = fleeing.rebalancer.fill, fleeing.deployed.attacker
    taken = 0
    for _ in range(ROUNDS):
        sold = rng.randrange(1, 20_000 * 10**6)
        trade = sale(fleeing, sold, rng.randrange(BPS - p.slipBps - 100, BPS + p.premiumBps + 50))
        if passes(fill, [trade], sender=thief):
            before = fleeing.vault.getBasket().reserves
            receipt = fill([trade], sender=thief)
            after = fleeing.vault.getBasket().reserves
            keep = public_keep(receipt.timestamp - opened_at, p.auctionLength, p.premiumBps, p.slipBps)
            usdt, usdc = fleeing.position("USDT"), fleeing.position("USDC")
            assert before[usdt] - after[usdt] == sold
            assert after[usdc] - before[usdc] >= fleeing.floor("USDT", "USDC", sold, keep)
            taken += 1
        fleeing.deployed.replica.pass_time(rng.choice((12, 120, 300)))
    assert 0 < taken < ROUNDS


@pytest.mark.parametrize("seed", range(3))
def test_execute__stolen_keeper_through_an_emergency__at_most_its_budget_is_lost(
    fleeing: Stage, seed: int
) -> None:
    """Fills at the ceiling by both doors, sessions opened anew; the ordinary budget is not drawn on."""
    p, rng, d = fleeing.emergency.emergencyParams(), Random(seed), fleeing.deployed
    ordinary = fleeing.rebalancer.lossBudget()
    start, began, taken, refused = value(fleeing), d.replica.timestamp(), 0, 0
    for _ in range(ROUNDS):
        if int(fleeing.emergency.emergencyDue(), 16) and fleeing.rebalancer.getSession().phase != 1:
            fleeing.flee("USDT")
        trade = sale(fleeing, rng.randrange(20_000, 200_000) * 10**6, BPS - p.slipBps)
        method, caller = rng.choice(
            ((fleeing.rebalancer.executeRebalance, d.keeper), (fleeing.rebalancer.fill, d.attacker))
        )
        if passes(method, [trade], sender=caller):
            method([trade], sender=caller)
            taken += 1
        else:
            refused += 1
        lost = Fraction(start - value(fleeing), start)
        elapsed = d.replica.timestamp() - began
        assert lost <= Fraction(p.lossBudgetBps, BPS) * (1 + Fraction(elapsed, p.lossPeriod))
        d.replica.pass_time(rng.choice((12, 1_200, 3_600)))
    assert taken >= 2
    assert refused >= 2
    assert start > value(fleeing)
    after = fleeing.rebalancer.lossBudget()
    assert (ordinary.available, after.available) == (ordinary.capacity, after.capacity)


@pytest.mark.parametrize(
    ("pushed", "refused"), [("0.693", ""), ("0.685", ""), ("0.677", "BelowFloor"), ("0.4", "PartialFill")]
)
def test_fill__sandwiched_at_the_pool__costs_at_most_the_floor(
    fleeing: Stage, pushed: str, refused: str
) -> None:
    """The pool is pushed before the keeper's swap and brought back after it; the keeper names no minimum."""
    p, replica = fleeing.emergency.emergencyParams(), fleeing.deployed.replica
    sold, start = 50_000 * 10**6, value(fleeing)
    trade = routed(fleeing, sold)
    replica.move_pool("USDT", "USDC", pushed, 100)
    if refused:
        method, errors = fleeing.rebalancer.executeRebalance, fleeing.deployed.system.venue.contract_type
        answer = revert_of(method, [trade], sender=fleeing.deployed.keeper, errors_of=errors)
        assert answer[0] == refused
    else:
        fleeing.fill([trade])
    replica.move_pool("USDT", "USDC", "0.7", 100)
    worth = sold * 10**12 * 7 // 10  # WAD{USD}
    lost = start - value(fleeing)
    assert lost <= worth * p.slipBps // BPS + worth // 1_000  # a thousandth for what the sources differ by
    assert lost <= start * p.lossBudgetBps // BPS
    assert (lost > worth * 50 // BPS) is (not refused)


def test_execute__coin_sold_out_already__no_emergency_of_what_else_drifts(fleeing: Stage) -> None:
    """A dead coin stays in crisis for ever: that is no reason to sell others on an emergency's terms.

    The thief makes the drift itself, with an excess of a sound coin, and would buy it back at the floor.
    """
    thief, fill = fleeing.deployed.attacker, fleeing.rebalancer.executeRebalance
    for _ in range(30):
        if not int(fleeing.emergency.emergencyDue(), 16) and fleeing.rebalancer.getSession().phase != 1:
            break
        fill(fleeing.sell_out("USDT"), sender=fleeing.deployed.keeper)
        fleeing.deployed.replica.pass_time(12)
    assert fleeing.detector.isCrisisDetected(fleeing.token("USDT"))
    assert (
        max(map(abs, fleeing.gaps())) * BPS
        < value(fleeing) * fleeing.emergency.emergencyParams().settleBandBps
    )
    excess = value(fleeing) * 190 // BPS
    fleeing.vault.contribute(fleeing.amounts(DAI=excess), thief, 0, sender=thief)
    assert fleeing.gaps()[fleeing.position("DAI")] * BPS > value(fleeing) * 150
    errors = fleeing.emergency.contract_type
    usdt = fleeing.token("USDT")
    answer = revert_of(fleeing.rebalancer.executeEmergencyRebalance, usdt, sender=thief, errors_of=errors)
    assert answer[:2] == ("NothingToFlee", usdt)
    fleeing.rebalancer.executeEmergencyRebalance(usdt, sender=fleeing.deployed.guardian)


def test_observe__ether_and_coins_nobody_knows__refused(watched: Stage) -> None:
    """None of them makes the fund unsound, nor its sessions void."""
    thief, observe = watched.deployed.attacker, watched.detector.observe
    for asset, error in ((watched.rebalancer.ETH_ASSET(), "NotADollarCoin"), (thief.address, "UnknownAsset")):
        assert revert_of(observe, asset, sender=thief)[:2] == (error, asset)
    assert watched.detector.allSound()
    assert watched.detector.lastWorsenedAt() == 0


def test_observe__spammed__crisis_and_return_as_if_it_were_not(watched: Stage) -> None:
    """As many looks as there may be keep neither a crisis off nor a calm from counting."""
    quiet, spammed = (first_hours(watched, spam=spam) for spam in (False, True))
    assert [*quiet] == [*spammed] == [State.WATCH, State.CRISIS, State.RECOVERING]
    assert all(abs(quiet[state] - spammed[state]) <= 1 for state in quiet)


def first_hours(stage: Stage, *, spam: bool) -> dict[State, int]:
    """The hour in which USDT, which falls to 70 cents and comes back, is first in each state."""
    usdt, found = stage.token("USDT"), {}
    with stage.deployed.replica.isolated():
        for price, hours, spacing in (("0.7", 8, SPACING), ("1", 52, 4 * SPACING)):
            depeg(stage.deployed, "USDT", price)
            for _ in range(hours):
                hourly(stage, usdt, spacing if spam else HOUR)
                state = State(stage.detector.stateOf(usdt))
                found.setdefault(state, stage.deployed.replica.timestamp() // HOUR)
    began = found[State.WATCH]
    return {state: hour - began for state, hour in found.items()}


def hourly(stage: Stage, token: str, spacing: int) -> None:
    """An hour with a look every so many seconds."""
    for _ in range(HOUR // spacing - 1):
        stage.deployed.replica.rpc.mine_after(spacing)
        stage.look(token)
    stage.deployed.replica.pass_time(spacing)
    stage.look(token)
