"""What is done about crises: looks, volumes, flights, the kill switch, and what the curator sets for them."""

from typing import Any

from tests.stateful.authority import announce, announced
from tests.stateful.keepers import EMERGENCY
from tests.stateful.observe import Seen
from tests.stateful.world import Outcome, World

OBSERVE = "observe(address)"
VOLUMES = "reportVolumes(address[],uint256[])"
PLAN = "setEmergencyWeights(address,(address,uint256)[])"
USUAL_VOLUME = 1_000_000  # USD an hour


def observe(world: World, seen: Seen, who: int, coin: int, wait: int = 0) -> Outcome:
    """Anybody has the detector look at a coin, `wait` seconds later."""
    _pass(world, wait)
    return world.act("look", world.detector, OBSERVE, [world.tokens[coin]], sender=world.holders[who])


def _pass(world: World, seconds: int) -> None:
    """Time that is part of an action; every feed answers anew."""
    if seconds:
        world.replica.pass_time(seconds)


def report_volumes(world: World, seen: Seen, coins: list[int], tenths: int, wait: int = 0) -> Outcome:
    """The reporter's volumes, each so many tenths of what it reported last."""
    _pass(world, wait)
    volumes = [(seen["track", coin][0] or USUAL_VOLUME) * tenths // 10 for coin in coins]
    args = [[world.tokens[coin] for coin in coins], volumes]
    notes = {"volumes": dict(zip(coins, volumes, strict=True))}
    return world.act("report volumes", world.detector, VOLUMES, args, sender=world.reporter, notes=notes)


def flee(world: World, seen: Seen, who: int, coin: int) -> Outcome:
    """Somebody without a role opens an emergency."""
    return world.act(
        "flee", world.brain, EMERGENCY, [world.tokens[coin]], sender=world.holders[who], notes={"coin": coin}
    )


def guardian_flees(world: World, seen: Seen, coin: int) -> Outcome:
    """The guardian's word, whatever the detector says."""
    return world.act(
        "guardian flees", world.brain, EMERGENCY, [world.tokens[coin]], sender=world.guardian,
        may_change=frozenset({"mark"}), notes={"coin": coin},
    )  # fmt: skip


def checkpoint(world: World, seen: Seen, who: int, wait: int = 0) -> Outcome:
    """Anybody has the switch remember the value of a share."""
    _pass(world, wait)
    return world.act("checkpoint", world.switch, "checkpoint()", sender=world.holders[who])


def trip(world: World, seen: Seen, who: int) -> Outcome:
    changed = frozenset({"halted"})
    return world.act("trip", world.switch, "trip()", sender=world.holders[who], may_change=changed)


def release(world: World, seen: Seen, coin: int) -> Outcome:
    """The curator takes a guardian's word back."""
    return announced(world, "release", world.index, "release(address)", [world.tokens[coin]], {"mark"})


def plan_crisis(world: World, seen: Seen, coin: int, parts: list[int]) -> Outcome:
    """The curator sets a coin's emergency weights, or clears them."""
    return announced(world, *_plan(world, coin, parts), {"plan"})


def announce_plan(world: World, seen: Seen, coin: int, parts: list[int]) -> Outcome:
    """The same, only announced; `plan_crisis` then does it at once."""
    _, *act = _plan(world, coin, parts)
    return announce(world, "announce plan", *act)


def _plan(world: World, coin: int, parts: list[int]) -> tuple[str, str, str, list[Any]]:
    """Weights in proportion to `parts`; without any the default holds again."""
    token = world.tokens[coin]
    if not any(parts):
        return "clear plan", world.index, "clearEmergencyWeights(address)", [token]
    weights = [10_000 * part // sum(parts) for part in parts]
    weights[parts.index(max(parts))] += 10_000 - sum(weights)
    named = [(t, bps) for t, bps in zip(world.tokens, weights, strict=True) if bps]
    return "set plan", world.index, PLAN, [token, named]
