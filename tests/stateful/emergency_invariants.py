"""Invariants of emergencies: their weights, who opens one, what fills may do in it, and what stays open."""

from typing import Final

from eth_utils import keccak, to_checksum_address

from ballast.model import rebalance as model
from ballast.model.crisis import State
from ballast.model.emergency import Role, Situation, first_due, role_of
from ballast.units import BPS, WAD
from tests.stateful.crisis_invariants import looks_of
from tests.stateful.crisis_memory import Checkpoint, Loss, decoded
from tests.stateful.exits import BROKEN_CODE, try_exits
from tests.stateful.fill_invariants import Traded, check_trades, check_windows, values_of
from tests.stateful.invariants import enters_unsound
from tests.stateful.judge import PUBLIC, Broken, Step, invariant
from tests.stateful.keepers import public_keep_at
from tests.stateful.observe import Seen

CHECKPOINTED: Final = "0x" + keccak(text="Checkpointed(uint256)").hex()
TRIPPED: Final = "0x" + keccak(text="Tripped(uint256,uint256)").hex()


@invariant(23)
def check_composed_weights(step: Step) -> bool:
    """The emergency index says what the model composes: sum 10,000, nothing suspect raised."""
    seen = step.after
    weights = list(seen["optimal"][1])
    expected = seen.composed(seen.reserves)
    if weights != expected:
        raise Broken(23, f"the emergency index says {weights}, the model {expected} for {seen.states}")
    situations = seen.situations(seen.reserves)
    if sum(weights) != BPS:
        raise Broken(23, f"the composed weights {weights} sum to {sum(weights)}")
    check_suspects(situations, weights)
    due = first_due(situations, weights, seen.emergency_params.settle_band_bps)
    if seen.due != due:
        raise Broken(23, f"the emergency index says coin {seen.due} is due, the model {due}")
    return not seen["all sound"] or any(map(seen.is_forced, seen.coins))


def check_suspects(coins: list[Situation], weights: list[int]) -> None:
    """No coin that may not be bought is raised above what is held of it, one on its way back above its step.

    Said without the composition. Only where no coin is free to take it, one coin takes what is left over.
    """
    roles = roles_of(coins)
    above = []
    for i, (coin, role, weight) in enumerate(zip(coins, roles, weights, strict=True)):
        if role is Role.FREE:
            continue
        limit = max(coin.share, _step_of(coin, i) if role is Role.RETURNING else 0)
        if weight > limit:
            above.append(i)
    if above and (Role.FREE in roles or len(above) > 1):
        raise Broken(23, f"coins {above} are raised: {weights} of {coins}")


def roles_of(coins: list[Situation]) -> list[Role]:
    cut = [coin for coin in coins if role_of(coin.state, coin.forced) is Role.CUT]
    leaning = frozenset().union(*(coin.leaning for coin in cut))
    return [
        role_of(coin.state, coin.forced, i in leaning, coin.released[0] < coin.released[1])
        for i, coin in enumerate(coins)
    ]


def _step_of(coin: Situation, position: int) -> int:
    """bps that a coin may have on its way back."""
    own = coin.plan[position] if coin.plan else 0
    paces = [coin.released] if coin.released[0] < coin.released[1] else []
    paces += [coin.recovered] if coin.state is State.RECOVERING else []
    return min(own + max(0, coin.weight - own) * done // steps for done, steps in paces)


@invariant(24)
def check_session_targets(step: Step) -> bool:
    """A session sets the weights that its moment composes."""
    before, after = step.before.snapshot.session, step.after.snapshot.session
    if after.id == before.id or looks_of(step):
        return False
    expected = step.after.composed(step.before.reserves)
    if step.after.weights != expected:
        raise Broken(24, f"session {after.id} set {step.after.weights}, its moment composes {expected}")
    return True


@invariant(25)
def check_emergency_floor(step: Step) -> bool:
    """In an emergency no trade is below the floor, which nothing widens, nor past the emergency's size."""
    if not step.is_emergency_fill:
        return False
    check_trades(step, 25, emergency_terms)
    return True


def emergency_terms(step: Step, trade: Traded) -> tuple[int, int]:
    """The floor and size of a trade; ones without a price cannot be traded."""
    seen, scales = step.after, step.world.scales
    (low, _), (_, high) = seen.lenient(trade.coin_in), seen.lenient(trade.coin_out)
    if not low or not high:
        raise Broken(25, f"{trade} without a price")
    keep = (
        public_keep_at(seen, seen["time"])
        if step.outcome.kind in PUBLIC
        else BPS - seen.emergency_params.slip_bps
    )
    floor = model.minimum_out(
        trade.sold, scales[trade.coin_in], low, scales[trade.coin_out], high, BPS - keep
    )
    return floor, seen.emergency_params.max_trade_value


@invariant(26)
def check_emergency_budget(step: Step) -> bool:
    """Emergency fills lose at most their own budget, at the worst prices; the meter is the model's."""
    if not step.is_emergency_fill:
        _check_meter_rests(step)
        return False
    seen, params = step.after, step.after.emergency_params
    loss, total = loss_at_worst(step)
    losses, time = step.memory.crisis.emergency_losses, seen["time"]
    losses.append(Loss(time, loss * model.PPT // total))
    check_windows(26, losses, [(params.loss_budget_bps, params.loss_period)])
    used, at = step.before["loss"]
    used = model.refilled(used, time - at, params.loss_budget_bps, params.loss_period)
    used += model.loss_share(loss, total)
    if seen["loss"] != (used, time):
        raise Broken(26, f"the meter says {seen['loss']}, the model {used} at {time}")
    if seen.snapshot.session.loss_used != step.before.snapshot.session.loss_used:
        raise Broken(26, "an emergency fill was charged to the ordinary budget")
    return True


def _check_meter_rests(step: Step) -> None:
    if step.before["loss"] != step.after["loss"]:
        raise Broken(26, f"{step.outcome.kind} moved the meter to {step.after['loss']}")


def loss_at_worst(step: Step) -> tuple[int, int]:
    """WAD{USD}: what a fill lost, sold at high prices and bought at low ones, and the fund before it."""
    values, total = values_of(step.before, step.mids)
    afterwards, _ = values_of(step.after, step.mids)
    given = taken = 0
    for i in step.after.coins:
        if values[i] != afterwards[i]:
            out, back = model.at_worst(values[i], afterwards[i], *step.after.lenient(i))
            given, taken = given + out, taken + back
    return max(0, given - taken), total


@invariant(27)
def check_both_budgets(step: Step) -> bool:
    """Whoever fills and however sessions alternate: at mid prices the fund loses at most both budgets."""
    if not step.is_fill:
        return False
    (_, was), (_, now) = values_of(step.before, step.mids), values_of(step.after, step.mids)
    losses, emergency = step.memory.crisis.losses, step.after.emergency_params
    losses.append(Loss(step.after["time"], max(0, was - now) * model.PPT // was))
    check_windows(27, losses, [
        (step.memory.budget_bps, step.fill_params.loss_period),
        (emergency.loss_budget_bps, emergency.loss_period),
    ])  # fmt: skip
    return True


@invariant(28)
def check_who_flees(step: Step) -> bool:
    """Without the guardian's word an emergency opens for a coin in confirmed crisis only, of which too much
    is held."""
    kind, coin = step.outcome.kind, step.outcome.notes.get("coin")
    opened = step.after.is_emergency and step.after.snapshot.session.id != step.before.snapshot.session.id
    if opened and kind not in ("flee", "guardian flees", "honest flight"):
        raise Broken(28, f"{kind} by {step.outcome.sender} opened an emergency")
    for i in step.after.coins:
        if step.after.is_forced(i) and not step.before.is_forced(i) and (kind, coin) != ("guardian flees", i):
            raise Broken(28, f"{kind} by {step.outcome.sender} spoke for the guardian on coin {i}")
    if not opened or kind == "guardian flees":
        return False
    coin = step.before.due if coin is None else coin
    in_crisis = step.memory.crisis.pegs[coin].record.state is State.CRISIS
    if not (in_crisis or step.before.is_forced(coin)):
        raise Broken(28, f"{step.outcome.sender} fled coin {coin}, which is {step.before.states[coin].name}")
    held = step.after.situations(step.before.reserves)[coin].share
    if held <= step.after.weights[coin] + step.after.emergency_params.settle_band_bps:
        raise Broken(28, f"{step.outcome.sender} fled {held} bps of coin {coin}, which are to be held")
    return True


@invariant(29)
def check_exit_stays_open(step: Step) -> bool:
    """Halted, paused or in crisis: the exit pays, even if everything but vault and coins were broken too."""
    seen, world = step.after, step.world
    if not (seen["setting", "halted"] or any(map(seen.is_cut, seen.coins))):
        return False
    others = (world.brain, world.index, world.detector, world.switch, world.calculator, world.oracle)
    overrides = {contract: {"code": BROKEN_CODE} for contract in others}
    try_exits(world, seen, step.memory.turn, number=29, overrides=overrides, most=1)
    return True


@invariant(30)
def check_halt(step: Step) -> bool:
    """Halted: no ordinary fill or session; paused: none at all. The public fills in emergencies only."""
    before, after = step.before, step.after
    opened = after.snapshot.session.id != before.snapshot.session.id
    if step.outcome.kind in PUBLIC and step.is_fill and not after.is_emergency:
        raise Broken(30, "the public filled an ordinary session")
    if not before["setting", "halted"]:
        return False
    may = after.is_emergency and not before["setting", "brain paused"]
    if (step.is_fill or opened) and not may:
        raise Broken(30, f"{step.outcome.kind} went through while trading was stopped")
    return True


@invariant(31)
def check_kill_switch(step: Step) -> bool:
    """A checkpoint is the model's value; the switch trips after a fall past its limit and after no other."""
    checkpoints, seen = step.memory.crisis.checkpoints, step.after
    drop, window, spacing, *_ = seen["switch"]
    if seen["switch"][:3] != step.before["switch"][:3]:
        raise Broken(31, f"{step.outcome.kind} set the switch to {seen['switch'][:3]}")
    for log in step.outcome.logs:
        if log["topics"][0] == CHECKPOINTED and to_checksum_address(log["address"]) == step.world.switch:
            value = per_share(seen, 0)
            if decoded(log, ["uint256"]) != (value,):
                raise Broken(31, f"a checkpoint of {decoded(log, ['uint256'])}, the model says {value}")
            if checkpoints and seen["time"] < checkpoints[-1].time + spacing:
                raise Broken(31, "two checkpoints too close")
            checkpoints.append(Checkpoint(seen["time"], value))
    return _check_trip(step, drop, window)


def _check_trip(step: Step, drop: int, window: int) -> bool:
    """Whether the step tried to trip the switch."""
    kind, accepted, seen = step.outcome.kind, step.outcome.accepted, step.after
    _, _, _, _, tripped_at, _ = step.before["switch"]
    if kind not in ("trip", "honest trip"):
        if seen["switch"][4] != tripped_at:
            raise Broken(31, f"{kind} tripped the switch")
        return False
    if not accepted and step.outcome.refusal.name != "NotFallen":
        return False
    now = seen["time"]
    values = [
        c.value for c in step.memory.crisis.checkpoints if tripped_at < c.time and now <= c.time + window
    ]
    high, value = max(values, default=0), per_share(seen, 1)
    fallen = value * BPS < high * (BPS - drop)
    if fallen != accepted:
        raise Broken(31, f"{kind}, accepted: {accepted}, at {value} with {high} as the highest")
    return True


def per_share(seen: Seen, side: int) -> int:
    """WAD{USD/share} at each coin's lowest (0) or highest (1) source."""
    prices = [seen.lenient(coin)[side] for coin in seen.coins]
    return model.values_of(seen.reserves, seen.world.scales, prices)[1] * WAD // seen.supply


@invariant(32)
def check_entry(step: Step) -> bool:
    """No excess comes in in a coin that is on watch, in crisis or dark."""
    if step.outcome.kind != "contribute excess":
        return False
    if step.outcome.accepted and enters_unsound(step.before, step.outcome.notes["amounts"]):
        raise Broken(32, f"{step.outcome.notes['amounts']} came in with coins {step.before.states}")
    return True
