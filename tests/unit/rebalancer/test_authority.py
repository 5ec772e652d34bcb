"""Who may do what: parameters within bounds, instant ways to less risk, the vault's next owner."""

import pytest
from ape.exceptions import ContractLogicError
from eth_utils import keccak

from tests.reverts import revert_of
from tests.unit.rebalancer.conftest import (
    CURATOR_ROLE,
    GOVERNED,
    WAD,
    ZERO,
    selectors,
)

TRIGGER_BOUNDS = {
    "driftBps": (10, 5_000),
    "priceBps": (10, 5_000),
    "calendarInterval": (3_600, 365 * 86_400),
    "cooldown": (0, 30 * 86_400),
    "sessionLength": (60, 7 * 86_400),
    "gasEstimate": (100_000, 30_000_000),
}
FILL_BOUNDS = {
    "settleBandBps": (1, 300),  # at most the drift limit
    "slipCeilingBps": (1, 500),
    "slipBps": (1, 200),  # at most the ceiling
    "lossBudgetBps": (0, 500),
    "lossPeriod": (86_400, 365 * 86_400),
    "fillInterval": (0, 86_400),
    "maxTrades": (1, 64),
}


EMERGENCIES = {"executeEmergencyRebalance", "fill"}  # anyone's: what they may is tested with them


def name32(name: str) -> bytes:
    return name.encode().ljust(32, b"\0")


def calls(rebalancer, coins, trade):
    """Arguments of every restricted function."""
    params = rebalancer.getParams()
    return {
        "setParams": ((tuple(params.trigger), tuple(params.fill)),),
        "tighten": (50, 200, 50, WAD),
        "setPairLimits": (coins[0], coins[1], 50, WAD),
        "tightenPair": (coins[0], coins[1], 50, WAD),
        "clearPairLimits": (coins[0], coins[1]),
        "unpause": (),
        "pause": (),
        "haltTrading": (),
        "executeRebalance": ([trade],),
        "transferVault": (coins[0],),
    }


def test_params__defaults__are_the_design_s(system):
    params = system.rebalancer.getParams()
    t, f = params.trigger, params.fill
    assert (t.driftBps, t.priceBps, t.calendarInterval) == (300, 100, 7 * 86_400)
    assert (t.cooldown, t.sessionLength) == (6 * 3_600, 2 * 3_600)
    assert (f.settleBandBps, f.slipBps, f.slipCeilingBps, f.lossBudgetBps) == (50, 50, 200, 50)
    assert (f.lossPeriod, f.fillInterval, f.maxTradeValue) == (7 * 86_400, 30, 10**6 * WAD)


def test_restricted__every_function__only_for_its_role(system, stranger, holders, governor):
    arguments = calls(system.rebalancer, system.coins, system.trade(0, 2, 1))
    allowed = {name: role for role, names in GOVERNED.items() for name in names}
    allowed["transferVault"] = 0
    holders = holders | {0: governor, None: stranger}
    assert set(arguments) == set(allowed)
    for name, args in arguments.items():
        for role, holder in holders.items():
            if role == allowed[name]:
                continue
            refused = revert_of(getattr(system.rebalancer, name), *args, sender=holder)
            assert refused == ("AccessManagedUnauthorized", holder.address), (name, role)


def test_restricted__abi__has_no_other_state_changing_function(system):
    """A function added without a thought about who may call it fails here."""
    mutable = {m.name for m in system.rebalancer.contract_type.mutable_methods}
    governed = {name for names in GOVERNED.values() for name in names}
    assert mutable == governed | {"transferVault", "open", "close", "setAuthority"} | EMERGENCIES


@pytest.mark.parametrize(("name", "bounds"), [*TRIGGER_BOUNDS.items(), *FILL_BOUNDS.items()])
def test_set_params__beyond_a_bound__refused_and_at_it_taken(system, curator, name, bounds):
    low, high = bounds
    changes = {"settleBandBps": 10} if name == "driftBps" else {}
    changes |= {"slipBps": 1} if name == "slipCeilingBps" else {}
    for value in (low, high):
        system.set_params(**{name: value}, **changes)
        params = system.rebalancer.getParams()
        assert value in (*params.trigger, *params.fill)
    for value in (low - 1, high + 1):
        if value < 0 or (name == "maxTrades" and value > 255):
            continue
        params = system.params_with(**{name: value}, **changes)
        refused = revert_of(system.rebalancer.setParams, params, sender=curator)
        assert refused == ("ParamOutOfBounds", name32(name), value, low, high)


def test_tighten__lower__at_once(system, guardian):
    system.rebalancer.tighten(40, 150, 25, 500_000 * WAD, sender=guardian)
    f = system.rebalancer.getParams().fill
    assert (f.slipBps, f.slipCeilingBps, f.lossBudgetBps, f.maxTradeValue) == (40, 150, 25, 500_000 * WAD)
    assert f.settleBandBps == 50


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ((51, 200, 50, WAD), "slipBps"),
        ((50, 201, 50, WAD), "slipCeilingBps"),
        ((50, 49, 50, WAD), "slipCeilingBps"),
        ((50, 200, 51, WAD), "lossBudgetBps"),
        ((50, 200, 50, 10**6 * WAD + 1), "maxTradeValue"),
    ],
)
def test_tighten__anything_higher__refused(system, guardian, values, name):
    assert revert_of(system.rebalancer.tighten, *values, sender=guardian)[:2] == (
        "ParamOutOfBounds",
        name32(name),
    )


def test_tighten_pair__lower_only__and_at_once(system, guardian):
    a, b = system.coins[0], system.coins[1]
    system.rebalancer.tightenPair(a, b, 30, 100 * WAD, sender=guardian)
    assert tuple(system.rebalancer.pairLimits(b, a)) == (30, 100 * WAD)
    for values, name in (((31, WAD), "slipBps"), ((30, 101 * WAD), "maxTradeValue")):
        refused = revert_of(system.rebalancer.tightenPair, a, b, *values, sender=guardian)
        assert refused[:2] == ("ParamOutOfBounds", name32(name))


def test_set_pair_limits__slippage_beyond_the_ceiling__refused(system, curator):
    a, b = system.coins[0], system.coins[1]
    for slip in (0, 201):
        refused = revert_of(system.rebalancer.setPairLimits, a, b, slip, WAD, sender=curator)
        assert refused == ("ParamOutOfBounds", name32("slipBps"), slip, 1, 200)


def test_set_pair_limits__one_coin__refused(system, curator):
    a = system.coins[0].address
    assert revert_of(system.rebalancer.setPairLimits, a, a, 50, WAD, sender=curator) == ("SamePair", a)


def test_set_pair_limits__ceiling_tightened_later__ceiling_wins(in_session, curator, guardian):
    """A pair's own limit never lets more through than the ceiling of the day."""
    r = in_session.rebalancer
    r.setPairLimits(in_session.coins[0], in_session.coins[2], 200, 10**6 * WAD, sender=curator)
    r.tighten(50, 60, 50, 10**6 * WAD, sender=guardian)
    trade = in_session.raw_trade(0, 2, 1_000 * 10**6, 994 * 10**18 - 1)
    assert revert_of(r.executeRebalance, [trade], sender=in_session.keeper)[0] == "BelowFloor"
    in_session.fill(in_session.raw_trade(0, 2, 1_000 * 10**6, 994 * 10**18))


def test_pause__twice__refused(system, guardian, curator):
    r = system.rebalancer
    assert revert_of(r.unpause, sender=curator) == ("NotPaused",)
    r.pause(sender=guardian)
    assert revert_of(r.pause, sender=guardian) == ("AlreadyPaused",)
    r.unpause(sender=curator)
    assert not r.paused()


def test_pause__in_session__exit_still_pays(in_session, guardian, investor):
    in_session.rebalancer.pause(sender=guardian)
    shares = in_session.vault.balanceOf(investor)
    in_session.vault.withdraw(shares, investor, [0] * 5, sender=investor)
    assert in_session.vault.balanceOf(investor) == 0


def test_set_params__curator_delayed__only_after_the_delay(system, curator, guardian, governor):
    """What raises risk waits for whoever may do it; what lowers it is another role's, and waits for none."""
    r, access = system.rebalancer, system.access
    risky, delayed_role, day = ("setParams", "setPairLimits", "clearPairLimits", "unpause"), 11, 86_400
    access.setTargetFunctionRole(r, selectors(r, risky), delayed_role, sender=governor)
    access.grantRole(delayed_role, curator, day, sender=governor)
    params = system.params_with(maxTradeValue=2 * 10**6 * WAD)
    call = r.setParams.encode_input(params)
    assert revert_of(r.setParams, params, sender=curator, errors_of=access.contract_type)[0] == (
        "AccessManagerNotScheduled"
    )
    access.schedule(r, call, 0, sender=curator)
    system.wait(day + 1)
    access.execute(r, call, sender=curator)
    assert r.getParams().fill.maxTradeValue == 2 * 10**6 * WAD
    r.tighten(50, 200, 50, WAD, sender=guardian)


def test_access__guardian__may_cancel_a_curator(system):
    access = system.access
    assert access.getRoleGuardian(CURATOR_ROLE) == 2
    assert access.hasRole(0, system.governor)[0]


def test_transfer_vault__by_governor__hands_it_over(system, governor, stranger):
    receipt = system.rebalancer.transferVault(stranger, sender=governor)
    assert system.vault.owner() == stranger
    assert [e.newOwner for e in receipt.decode_logs(system.rebalancer.VaultTransferred)] == [stranger.address]
    assert revert_of(system.rebalancer.transferVault, ZERO, sender=governor) == ("ZeroAddress",)


@pytest.mark.parametrize("missing", range(4))
def test_constructor__an_address_missing__refused(system, project, governor, missing):
    args = [system.vault, system.calculator, system.oracle, system.weth]
    args[missing] = ZERO
    with pytest.raises(ContractLogicError, match=keccak(text="ZeroAddress()")[:4].hex()):
        governor.deploy(project.Rebalancer, system.access, *args, ZERO)
