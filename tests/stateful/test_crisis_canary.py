"""The canaries of crises: what detector, emergency index and kill switch must not let happen, happens."""

from dataclasses import astuple, replace
from typing import Any

import pytest

from ballast.model.crisis import Record, State
from ballast.model.emergency import Situation
from tests.stateful import authority, crisis, market, test_canary
from tests.stateful.broker import Broker, Sabotage, as_if, bypass, quiet, slot_read, store, stored
from tests.stateful.emergency_invariants import check_suspects
from tests.stateful.exits import BROKEN_CODE
from tests.stateful.judge import CHECKS, Broken, Step
from tests.stateful.observe import Seen
from tests.stateful.world import Outcome, World

pytestmark = pytest.mark.replica

WIDTHS = (8, 40, 40, 16, 8, 8, 48, 40, 40, 8)  # bits of a record's fields, the lowest first
ORDINARY, CASH, COIN = 0, 1, 3  # USDC, USDT, FRAX
DEEP = -1_500  # bps


def change_record(world: World, seen: Seen, coin: int, **changes: Any) -> None:
    """The detector's record of a coin, changed behind its back."""
    write_record(world, coin, replace(seen.record(coin), **changes))


def write_record(world: World, coin: int, record: Record) -> None:
    word, at = 0, 0
    for value, width in zip(astuple(record), WIDTHS, strict=True):
        word |= (int(value) & ((1 << width) - 1)) << at
        at += width
    store(
        world,
        world.detector,
        slot_read(world, world.detector, "recordOf(address)", [world.tokens[coin]]),
        word,
    )


# -- 19 to 22: the detector


def state_without_a_look(world: World, seen: Seen) -> Outcome:
    change_record(world, seen, COIN, state=State.WATCH)
    return quiet(world, seen)


def calm_without_a_look(world: World, seen: Seen) -> Outcome:
    change_record(world, seen, COIN, calm=seen.record(COIN).calm + 1)
    return quiet(world, seen)


def volume_by_nobody(world: World, seen: Seen) -> Outcome:
    assert crisis.report_volumes(world, seen, [COIN], 10, 600).accepted
    return quiet(world, seen)


def crisis_at_once(world: World, seen: Seen) -> Outcome:
    change_record(world, seen, COIN, state=State.CRISIS)
    return quiet(world, seen)


def crisis_half_over(world: World, seen: Seen) -> Outcome:
    change_record(world, seen, COIN, state=State.RECOVERING, calm=seen.crisis_params.step_interval * 2)
    return quiet(world, seen)


def look_remembered_wrongly(world: World, seen: Seen) -> Outcome:
    outcome = crisis.observe(world, seen, 0, COIN, 600)
    record = replace(seen.record(COIN), at=world.replica.timestamp(), area=1)
    write_record(world, COIN, record)
    return outcome


def volume_remembered_wrongly(world: World, seen: Seen) -> Outcome:
    slot = slot_read(world, world.detector, "trackOf(address)", [world.tokens[COIN]])
    store(world, world.detector, slot, stored(world, world.detector, slot) + 1)
    return quiet(world, seen)


def crisis_of_one_source(world: World, seen: Seen) -> Outcome:
    """The area is there and nobody has seen where it came from."""
    params = seen.crisis_params
    change_record(world, seen, COIN, state=State.WATCH, area=2 * params.threshold)
    return crisis.observe(world, seen, 0, COIN, 600)


# -- 23 and 24: weights


def targets_by_nobody(world: World, seen: Seen) -> Outcome:
    """A session opens, and its targets are others than its moment's."""
    outcome = crisis.guardian_flees(world, seen, ORDINARY)
    assert outcome.accepted
    as_if(world, world.brain, world.vault, "rebalance(address[],uint256[])", [world.tokens, [2_000] * 5])
    return outcome


# -- 26, 28, 29: emergencies


def meter_by_nobody(world: World, seen: Seen) -> Outcome:
    store(world, world.brain, slot_read(world, world.brain, "emergencyLoss()"), 1)
    return quiet(world, seen)


def outsider_speaks_for_the_guardian(world: World, seen: Seen) -> Outcome:
    outcome = crisis.guardian_flees(world, seen, ORDINARY)
    return Outcome("flee", world.attacker, logs=outcome.logs, notes=outcome.notes)


def keeper_opens_an_emergency(world: World, seen: Seen) -> Outcome:
    """By something that is no flight at all."""
    crisis.guardian_flees(world, seen, ORDINARY)
    return quiet(world, seen)


def flight_without_a_crisis(world: World, seen: Seen) -> Outcome:
    """The detector says crisis; what was looked at does not."""
    change_record(world, seen, ORDINARY, state=State.CRISIS)
    outcome = crisis.flee(world, seen, 3, ORDINARY)
    assert outcome.accepted
    return outcome


# -- 30 to 32: what is stopped


def trip_without_a_fall(world: World, seen: Seen) -> Outcome:
    as_if(world, world.switch, world.brain, "haltTrading()", [])
    return Outcome("trip", world.attacker)


def checkpoint_of_another_value(world: World, seen: Seen) -> Outcome:
    outcome = crisis.checkpoint(world, seen, 0, 900)
    assert outcome.accepted
    market.move_feed(world, seen, "coin drifts", CASH, DEEP)
    return outcome


def loose_switch(world: World, seen: Seen) -> Outcome:
    slot = slot_read(world, world.switch, "getSettings()")
    store(world, world.switch, slot, stored(world, world.switch, slot) + 1)
    return quiet(world, seen)


CASES = (
    (19, state_without_a_look), (19, calm_without_a_look), (19, volume_by_nobody),
    (20, crisis_at_once), (20, crisis_half_over),
    (21, look_remembered_wrongly), (21, volume_remembered_wrongly),
    (22, crisis_of_one_source),
    (24, targets_by_nobody),
    (26, meter_by_nobody),
    (28, outsider_speaks_for_the_guardian), (28, keeper_opens_an_emergency), (28, flight_without_a_crisis),
    (31, trip_without_a_fall), (31, checkpoint_of_another_value), (31, loose_switch),
)  # fmt: skip
# Invariant, coin sold, coin bought, dollars, per mille of them paid, by the public.
EMERGENCY_TRADES = (
    (5, 2, 1, 50_000, 1_000, False),
    (25, 0, 1, 1_000, 960, False),
    (25, 0, 1, 1_000, 1_000, True),
    (25, 0, 1, 1_000_000, 1_010, False),
    (26, 0, 1, 400_000, 900, False),
    (26, 0, 1, 10_000, 990, False),
)
QUIET_TRADES = ((27, "hostile fill", 900), (30, "public fill", 1_000))
WRONG_WEIGHTS = ((1, 0, 0, 0, 0), (-1, 1, 0, 0, 0))


@pytest.mark.parametrize(
    ("number", "sabotage"), CASES, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_crisis_invariant__sabotaged__is_broken(broker: Broker, number: int, sabotage: Sabotage):
    broker.do(quiet)
    assert broker.broken(number, sabotage)


@pytest.mark.parametrize(("number", "sold", "bought", "dollars", "paid_permille", "public"), EMERGENCY_TRADES)
def test_crisis_invariant__trades_past_the_settlement_of_an_emergency__is_broken(
    broker: Broker, number: int, sold: int, bought: int, dollars: int, paid_permille: int, public: bool
):
    broker.do(crisis.guardian_flees, ORDINARY)
    kind = "hostile public fill" if public else "hostile fill"
    assert broker.broken(number, bypass_as, kind, sold, bought, dollars, paid_permille)


@pytest.mark.parametrize(("number", "kind", "paid_permille"), QUIET_TRADES)
def test_crisis_invariant__trades_past_the_settlement_in_quiet__is_broken(
    broker: Broker, number: int, kind: str, paid_permille: int
):
    """More lost than both budgets together; the public in an ordinary session."""
    assert broker.broken(number, bypass_as, kind, 0, 1, 400_000, paid_permille)


def test_crisis_invariant__trade_without_a_price__is_broken(broker: Broker):
    broker.do(crisis.guardian_flees, ORDINARY)
    broker.do(market.break_feed, COIN, "ZERO")
    assert broker.broken(25, bypass_as, "hostile fill", COIN, 1, 1_000, 1_100)


@pytest.mark.parametrize("stop", ["pause", "halt"])
def test_crisis_invariant__fill_while_stopped__is_broken(broker: Broker, stop: str):
    if stop == "pause":
        broker.do(authority.guard, 0, 0)
    else:
        broker.prepare(lambda world, seen: as_if(world, world.switch, world.brain, "haltTrading()", []))
    assert broker.broken(30, bypass_as, "hostile fill", 0, 1, 1_000, 1_000)


@pytest.mark.parametrize("change", WRONG_WEIGHTS, ids=str)
def test_crisis_invariant__other_weights_composed__is_broken(broker: Broker, change: tuple[int, ...]):
    """A made-up look: no power could make the index say so without all else changing, too."""
    tokens, weights = broker.seen["optimal"]
    told = (tokens, tuple(w + c for w, c in zip(weights, change, strict=True)))
    answers = {**broker.seen.answers, ("optimal",): told}
    forged = Seen(answers, broker.seen.raw, broker.world)
    with pytest.raises(Broken, match="invariant 23"):
        CHECKS[23](Step(broker.world, broker.seen, quiet(broker.world, broker.seen), forged, broker.memory))


def test_crisis_invariant__other_coin_due__is_broken(broker: Broker):
    answers = {**broker.seen.answers, ("due",): broker.world.tokens[0].lower()}
    forged = Seen(answers, broker.seen.raw, broker.world)
    with pytest.raises(Broken, match="invariant 23"):
        CHECKS[23](Step(broker.world, broker.seen, quiet(broker.world, broker.seen), forged, broker.memory))


@pytest.mark.parametrize(
    ("coin", "weight"),
    [
        (Situation(3_000, 2_000, State.CRISIS), 2_001),
        (Situation(3_000, 2_000, State.WATCH), 2_001),
        (Situation(3_000, 2_000, State.DARK), 2_500),
        (Situation(3_000, 2_000, State.SOUND, forced=True), 2_001),
        (Situation(3_000, 500, State.RECOVERING, (1, 3)), 1_001),
    ],
)
def test_check_suspects__raised_beyond_what_is_held__is_broken(coin: Situation, weight: int):
    rest = Situation(10_000 - coin.weight, 10_000 - coin.share)
    with pytest.raises(Broken, match="invariant 23"):
        check_suspects([coin, rest], [weight, 10_000 - weight])


def test_crisis_invariant__exit_closed_in_an_emergency__is_broken(broker: Broker):
    """The vault's code is gone while a guardian's word holds."""
    broker.do(crisis.guardian_flees, ORDINARY)
    seen = broker.seen
    broker.world.rpc.call("anvil_setCode", broker.world.vault, BROKEN_CODE)
    with pytest.raises(Broken, match="invariant 29"):
        CHECKS[29](Step(broker.world, seen, Outcome("pass time", broker.world.deployer), seen, broker.memory))


def test_crisis_invariant__excess_in_a_coin_on_watch__is_broken(broker: Broker):
    """A made-up outcome: the vault's guard cannot be taken away."""
    broker.prepare(write_record_watch)
    amounts = [0] * len(broker.world.tokens)
    amounts[COIN] = broker.world.units(COIN, 1_000)
    assert broker.broken(32, lambda world, seen: _came_in(world, amounts))


def write_record_watch(world: World, seen: Seen) -> None:
    change_record(world, seen, COIN, state=State.WATCH)


def _came_in(world: World, amounts: list[int]) -> Outcome:
    return Outcome("contribute excess", world.attacker, notes={"amounts": amounts})


def bypass_as(
    world: World, seen: Seen, kind: str, sold: int, bought: int, dollars: int, paid_permille: int
) -> Outcome:
    """The trades of `bypass` as somebody else's."""
    outcome = bypass(world, seen, sold, bought, dollars, paid_permille)
    return replace(outcome, kind=kind)


def test_canary__every_invariant__has_one():
    """A new invariant needs its sabotage."""
    tables = (CASES, EMERGENCY_TRADES, QUIET_TRADES, test_canary.CASES, test_canary.TRADES)
    apart = {23, 29, 32}  # those with a test of their own, above
    assert {number for table in tables for number, *_ in table} | apart == set(CHECKS)
