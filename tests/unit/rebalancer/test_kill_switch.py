"""The kill switch on a fund: what is a fall, what is none, what it stops and what it leaves open."""

import pytest

from ballast.model import rebalance as model
from tests.reverts import revert_of
from tests.unit.rebalancer.conftest import (
    BPS,
    CURATOR_ROLE,
    DIVERGED,
    INVALID,
    STALE,
    WAD,
    WATCHDOG_ROLE,
    ZERO,
    selectors,
)

HOUR, DAY = 3_600, 86_400
SPACING = 900  # s
DROP = 1_500  # bps
BOUNDS = {"dropBps": (300, 5_000), "spacing": (60, DAY)}


@pytest.fixture(scope="module")
def switch(system, project, governor):
    made = governor.deploy(project.KillSwitch, system.access, system.vault, system.oracle, system.rebalancer)
    system.access.grantRole(WATCHDOG_ROLE, made, 0, sender=governor)
    system.access.setTargetFunctionRole(made, selectors(made, ("setParams",)), CURATOR_ROLE, sender=governor)
    return made


@pytest.fixture
def high(system, switch, stranger):
    """WAD{USD/share} of a checkpoint at a dollar a coin."""
    switch.checkpoint(sender=stranger)
    return switch.highest()


def price_all(system, dollars, status=1):
    for i in range(len(system.coins)):
        system.price(i, dollars, status=status)


def value_per_share(system, side):
    basket, scales = system.vault.getBasket(), system.vault.getScales()
    prices = [quote[side] for quote in system.oracle.quotes(basket.tokens)]
    _, total = model.values_of(basket.reserves, scales, prices)
    return total * WAD // system.vault.totalSupply()


def test_value_per_share__sources_apart__at_the_lowest_and_at_the_highest(system, switch):
    system.price(0, 0.97, 1.03, DIVERGED)
    system.price(3, 0.5, 0.75)
    low, high = switch.valuePerShare()
    assert (low, high) == (value_per_share(system, "low"), value_per_share(system, "high"))
    assert low < high


def test_checkpoint__anyone__remembers_and_announces_the_low_value(system, switch, stranger):
    system.price(0, 0.97, 1.03, DIVERGED)
    receipt = switch.checkpoint(sender=stranger)
    (event,) = receipt.decode_logs(switch.Checkpointed)
    assert event.value == switch.highest() == value_per_share(system, "low")


def test_checkpoint__before_the_spacing__refused_with_the_time(system, switch, stranger, chain):
    at = switch.checkpoint(sender=stranger).timestamp
    chain.mine(timestamp=at + SPACING - 1)
    assert revert_of(switch.checkpoint, sender=stranger) == ("CheckpointTooSoon", at + SPACING)
    chain.mine(timestamp=at + SPACING)
    switch.checkpoint(sender=stranger)


@pytest.mark.parametrize("status", [STALE, INVALID])
def test_checkpoint_and_trip__coin_without_a_price__refused(system, switch, high, stranger, status):
    system.wait(SPACING)
    system.price(2, 0, status=status)
    bad = ("PriceNotGood", system.coins[2].address, status)
    assert revert_of(switch.checkpoint, sender=stranger) == bad
    assert revert_of(switch.trip, sender=stranger) == bad


def test_checkpoint__fund_without_shares__refused(system, governor, project, stranger):
    empty = governor.deploy(
        project.IndexVault,
        "E",
        "E",
        system.access,
        system.oracle,
        governor,
        system.coins,
        [BPS, 0, 0, 0, 0],
        ZERO,
        ZERO,
    )
    lone = governor.deploy(project.KillSwitch, system.access, empty, system.oracle, system.rebalancer)
    assert revert_of(lone.checkpoint, sender=stranger) == ("NoShares",)


@pytest.mark.parametrize(("dollars", "falls"), [(0.8501, False), (0.85, False), (0.8499, True)])
def test_trip__against_the_highest__only_beyond_the_drop(system, switch, high, stranger, dollars, falls):
    price_all(system, dollars)
    if falls:
        switch.trip(sender=stranger)
        assert system.verdict() == (False, "PAUSED")
    else:
        now = value_per_share(system, "high")
        assert revert_of(switch.trip, sender=stranger) == ("NotFallen", now, high)


def test_trip__no_checkpoint__nothing_to_fall_from(system, switch, stranger):
    price_all(system, 0.01)
    assert revert_of(switch.trip, sender=stranger)[::2] == ("NotFallen", 0)


def test_trip__high_out_of_the_window__no_fall(system, switch, high, stranger):
    price_all(system, 0.80)
    system.wait(DAY - 60)
    assert switch.highest() == high
    system.wait(120)
    assert switch.highest() == 0
    assert revert_of(switch.trip, sender=stranger)[0] == "NotFallen"


@pytest.mark.parametrize("wick", [0.01, 3.99])
def test_trip__one_source_off__neither_at_the_checkpoint_nor_at_the_trip(system, switch, stranger, wick):
    """May 2022: a coin at 3.99 on one exchange. Its fall back to a dollar is no loss of anybody's."""
    bounds = sorted((wick, 1.0))
    for i in range(len(system.coins)):
        system.price(i, *bounds, status=DIVERGED)
    switch.checkpoint(sender=stranger)
    price_all(system, 1)
    assert revert_of(switch.trip, sender=stranger)[0] == "NotFallen"
    system.wait(SPACING)
    switch.checkpoint(sender=stranger)
    for i in range(len(system.coins)):
        system.price(i, *bounds, status=DIVERGED)
    assert revert_of(switch.trip, sender=stranger)[0] == "NotFallen"


def test_trip__donation_and_leaving__move_no_value_per_share(system, switch, high, governor, investor):
    before = switch.valuePerShare()
    system.coins[0].mint(system.vault, 10**12, sender=governor)
    system.vault.withdraw(system.vault.balanceOf(investor) // 2, investor, [0] * 5, sender=investor)
    after = switch.valuePerShare()
    assert all(abs(a - b) <= WAD // 10**9 for a, b in zip(before, after, strict=True))


def test_trip__fall__stops_sessions_and_leaves_the_exit_open(system, switch, high, stranger, investor):
    system.aim(3_600, 2_500, 2_400, 1_000, 500)
    price_all(system, 0.80)
    receipt = switch.trip(sender=stranger)
    (event,) = receipt.decode_logs(switch.Tripped)
    assert (event.value, event.high) == (value_per_share(system, "high"), high)
    assert revert_of(system.rebalancer.open, sender=stranger)[0] == "NotNow"
    amounts = system.vault.withdraw(
        system.vault.balanceOf(investor) // 2, investor, [0] * 5, sender=investor
    ).return_value
    assert all(amounts)


def test_trip__again_after_the_curator_lets_trade__counts_from_the_trip_on(
    system, switch, high, stranger, curator
):
    price_all(system, 0.80)
    switch.trip(sender=stranger)
    system.rebalancer.unpause(sender=curator)
    assert revert_of(switch.trip, sender=stranger)[::2] == ("NotFallen", 0)
    system.wait(SPACING)
    switch.checkpoint(sender=stranger)
    price_all(system, 0.60)
    switch.trip(sender=stranger)
    assert system.verdict() == (False, "PAUSED")


def test_highest__a_full_ring__holds_the_whole_window(system, switch, high, stranger):
    """Whoever checkpoints as fast as the spacing lets them cannot push the high out of it."""
    price_all(system, 0.90)
    for _ in range(switch.RING_SIZE() - 1):
        system.wait(SPACING)
        switch.checkpoint(sender=stranger)
    assert switch.highest() == high


def test_set_params__at_their_bounds__taken_and_beyond_refused(system, switch, curator):
    good = {"dropBps": DROP, "window": HOUR, "spacing": SPACING}
    for name, (low, top) in BOUNDS.items():
        for value in (low, top):
            window = value if name == "spacing" else HOUR
            switch.setParams(*(good | {"window": window, name: value}).values(), sender=curator)
            assert getattr(switch.getSettings(), name) == value
        for value in (low - 1, top + 1):
            refused = revert_of(switch.setParams, *(good | {name: value}).values(), sender=curator)
            assert refused == ("ParamOutOfBounds", name.encode().ljust(32, b"\0"), value, low, top)


def test_set_params__window_beyond_the_ring__refused(system, switch, curator):
    reach = SPACING * switch.RING_SIZE()
    assert reach == DAY
    switch.setParams(DROP, reach, SPACING, sender=curator)
    for window in (SPACING - 1, reach + 1):
        refused = revert_of(switch.setParams, DROP, window, SPACING, sender=curator)
        assert refused == ("ParamOutOfBounds", b"window".ljust(32, b"\0"), window, SPACING, reach)


def test_set_params__not_the_curator__refused(system, switch, stranger, guardian, governor):
    for sender in (stranger, guardian, governor):
        refused = revert_of(switch.setParams, DROP, DAY, SPACING, sender=sender)
        assert refused == ("AccessManagedUnauthorized", sender.address)
    mutable = {method.name for method in switch.contract_type.mutable_methods}
    assert mutable == {"checkpoint", "trip", "setParams", "setAuthority"}


def test_defaults__fresh__are_the_design_s(system, switch):
    s = switch.getSettings()
    assert (s.dropBps, s.window, s.spacing, s.lastAt, s.trippedAt) == (DROP, DAY, SPACING, 0, 0)
