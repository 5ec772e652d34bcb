"""Invariants of the vault, its holders and its authority; those of fills are in `fill_invariants`."""

from itertools import chain
from typing import Final

from ballast.keeper.rules import assess
from ballast.keeper.snapshot import Phase
from ballast.model.crisis import State
from ballast.model.prices import Status
from ballast.model.rebalance import DUST
from ballast.model.shares import (
    DEAD_SHARES,
    Holding,
    ShareError,
    amounts_for_withdrawal,
    excess_of,
    proportional_shares,
    shares_for_contribution,
)
from ballast.model.weights import adjusted_cap, bounded_weights
from ballast.units import BPS
from tests.stateful.exits import try_exits
from tests.stateful.judge import Broken, Step, invariant
from tests.stateful.observe import DEAD, Seen
from tests.stateful.refusals import is_allowed
from tests.stateful.world import Refusal

ENTERING: Final = (State.SOUND, State.RECOVERING)  # coins that come in beyond the basket's proportion
NEXT_PHASES: Final = {
    Phase.IDLE: {Phase.IDLE, Phase.OPEN},
    Phase.OPEN: {Phase.OPEN, Phase.SETTLED, Phase.EXPIRED},
    Phase.SETTLED: {Phase.SETTLED, Phase.OPEN},
    Phase.EXPIRED: {Phase.EXPIRED, Phase.OPEN},
}


@invariant(1)
def check_share_value(step: Step) -> bool:
    """No action lowers what a share is worth to the others."""
    before, after = step.before, step.after
    if step.outcome.kind == "contribute excess" and step.outcome.accepted:
        return _check_value_at_prices(before, after)
    if step.is_fill:
        if after.supply != before.supply:
            raise Broken(1, f"a fill moved the supply from {before.supply} to {after.supply}")
        return True
    for i in after.coins:
        if _has_left(step, i):
            continue
        if after.reserves[i] * before.supply < before.reserves[i] * after.supply:
            raise Broken(
                1,
                f"coin {i}: {before.reserves[i]} over {before.supply} shares became "
                f"{after.reserves[i]} over {after.supply} by {step.outcome.kind}",
            )
    return True


def _has_left(step: Step, coin: int) -> bool:
    """Whether a new session's list leaves out the coin, which is wanted no more, with the dust of it."""
    before, after = step.before, step.after
    opened = after.snapshot.session.id == before.snapshot.session.id + 1
    dust = before.reserves[coin] * step.world.scales[coin] <= DUST
    return opened and dust and coin in before.listed and coin not in after.listed


def _check_value_at_prices(before: Seen, after: Seen) -> bool:
    """An excess dilutes single coins, never the value, at whatever price between the bounds."""
    if any(
        reserve and quote.status is not Status.GOOD
        for reserve, quote in zip(after.reserves, after.quotes, strict=False)
    ):
        raise Broken(1, "an excess went in without good prices")
    for side in ("low", "high"):
        prices = [getattr(quote, side) for quote in after.quotes]
        was, now = (
            sum(r * s * p for r, s, p in zip(seen.reserves, seen.world.scales, prices, strict=False))
            for seen in (before, after)
        )
        if now * before.supply < was * after.supply:
            raise Broken(1, f"an excess lowered the value of a share at {side} prices")
    return True


@invariant(2)
def check_weights(step: Step) -> bool:
    """Targets sum to 10,000, and the calculator's are the exact projection within their bounds."""
    seen = step.after
    weights = list(seen["ordinary"][1])
    inside = all(low <= w <= high for w, (low, high) in zip(weights, step.world.bounds, strict=True))
    for what, given in (("vault", seen.weights), ("calculator", weights)):
        if sum(given) != BPS or (given is weights and not inside):
            raise Broken(2, f"the {what}'s weights are {given}")
    if not seen["stale"]:
        market = seen["market"]
        caps = [adjusted_cap(*row[5:9]) for row in market]
        keys = [int(row[0], 16) for row in market]
        expected = bounded_weights(caps, [row[1] for row in market], [row[2] for row in market], keys)
        if weights != expected:
            raise Broken(2, f"the calculator says {weights}, the model {expected}")
    return True


@invariant(3)
def check_solvency(step: Step) -> bool:
    """Reserves and claims are covered, and what the vault has beyond them never shrinks."""
    for i in step.after.coins:
        was, now = step.before.surplus[i], step.after.surplus[i]
        if now < 0 or now < was:
            raise Broken(3, f"coin {i}: balance less reserve and claims went from {was} to {now}")
    return True


@invariant(4)
def check_no_allowance(step: Step) -> bool:
    """The vault allows nobody anything; rebalancer and venue hold nothing."""
    world = step.world
    for key, value in step.after.answers.items():
        if key[0] == "allowed" and value:
            raise Broken(4, f"{key[1]} allows {key[2]} {value} of coin {key[3]}")
        if key[0] in ("held", "shares") and key[1] in (world.brain, world.venue) and value:
            raise Broken(4, f"{key} is {value}")
    return True


@invariant(8)
def check_exit_pays(step: Step) -> bool:
    """Everybody could leave now, one after the other, and gets exactly their part or a claim on it."""
    step.memory.turn += 1
    try_exits(step.world, step.after, step.memory.turn)
    return True


@invariant(9)
def check_previews(step: Step) -> bool:
    """A preview is what the action then does; both are what the model says."""
    notes, kind = step.outcome.notes, step.outcome.kind
    if "preview" not in notes:
        return False
    if kind == "withdraw":
        _check_withdrawal_preview(step)
    else:
        _check_contribution_preview(step)
    return True


def _check_withdrawal_preview(step: Step) -> None:
    preview = step.outcome.notes["preview"]
    expected = amounts_for_withdrawal(step.before.reserves, step.outcome.notes["shares"], step.before.supply)
    if tuple(preview) != expected:
        raise Broken(9, f"previewWithdraw says {preview}, the model {expected}")
    if not step.outcome.accepted:
        raise Broken(9, f"a withdrawal of {step.outcome.notes} was refused: {step.outcome.refusal}")
    moved = tuple(b - a for b, a in zip(step.before.reserves, step.after.reserves, strict=True))
    if moved != tuple(preview):
        raise Broken(9, f"previewWithdraw says {preview}, the reserves gave {moved}")


def _check_contribution_preview(step: Step) -> None:
    preview, amounts = step.outcome.notes["preview"], step.outcome.notes["amounts"]
    expected = _model_shares(step.before, amounts)
    if expected != (None if isinstance(preview, Refusal) else preview):
        raise Broken(9, f"previewContribute says {preview}, the model {expected} for {amounts}")
    if not step.outcome.accepted:
        return
    minted = step.after["shares", step.outcome.sender] - step.before["shares", step.outcome.sender]
    moved = [a - b for b, a in zip(step.before.reserves, step.after.reserves, strict=True)]
    if minted != preview or moved != list(amounts):
        raise Broken(9, f"previewContribute says {preview}; minted {minted} for {moved}")


def _model_shares(seen: Seen, amounts: list[int]) -> int | None:
    """None where the model refuses."""
    holdings = []
    for i, quote in zip(seen.coins, seen.quotes, strict=False):
        good = quote.status == 1
        low, high = (quote.low, quote.high) if good else (None, None)
        holdings.append(Holding(seen.reserves[i], seen.weights[i], seen.world.scales[i], low, high))
    try:
        if enters_unsound(seen, amounts):
            return None
        return shares_for_contribution(amounts, holdings, seen.supply, seen["setting", "band"])
    except ShareError:
        return None


def enters_unsound(seen: Seen, amounts: list[int]) -> bool:
    """Whether a contribution has an excess in a coin that may not come in. ShareError as the model's."""
    shares = proportional_shares(amounts, seen.reserves, seen.supply)
    return any(
        excess_of(amount, reserve, seen.supply, shares) and state not in ENTERING
        for amount, reserve, state in zip(amounts, seen.reserves, seen.states, strict=True)
    )


@invariant(10)
def check_supply(step: Step) -> bool:
    """Every share is somebody's, the dead ones nobody's; only a fill empties what is wanted no more."""
    seen = step.after
    owned = sum(value for key, value in seen.answers.items() if key[0] == "shares")
    emptied = [i for i in seen.coins if step.before.reserves[i] and not seen.reserves[i]]
    wrongly = [i for i in emptied if not (_has_left(step, i) or (step.is_fill and not seen.weights[i]))]
    if owned != seen.supply or seen["shares", DEAD] < DEAD_SHARES or wrongly:
        raise Broken(10, f"supply {seen.supply}, owned {owned}, dead {seen['shares', DEAD]}, {seen.reserves}")
    return True


@invariant(11)
def check_session(step: Step) -> bool:
    """Sessions move along legal arrows, and the chain's verdict is the model's."""
    before, after = step.before.snapshot.session, step.after.snapshot.session
    opened = after.id - before.id
    if opened not in (0, 1) or (opened == 0 and after.phase not in NEXT_PHASES[before.phase]):
        raise Broken(11, f"{before.phase.name} {before.id} became {after.phase.name} {after.id}")
    if opened == 0 and after.phase is Phase.OPEN and before.phase is not Phase.OPEN:
        raise Broken(11, f"session {after.id} opened again")
    over = before.phase is not Phase.OPEN or before.expires_at <= after.opened_at or _is_replaced(step)
    if opened == 1 and (not over or after.phase is Phase.IDLE):
        raise Broken(11, f"session {after.id} opened on an open one")
    if opened == 0 and list(step.before.weights) != list(step.after.weights):
        raise Broken(11, "the vault's targets moved without a new session")
    ours = assess(step.after.snapshot)
    if ours != step.after.snapshot.verdict:
        raise Broken(11, f"the chain says {step.after.snapshot.verdict}, the model {ours}")
    return True


def _is_replaced(step: Step) -> bool:
    """An emergency takes an ordinary session's place, and a guardian's new word an older emergency's."""
    before, after = step.before, step.after
    return after.is_emergency and (not before.is_emergency or before["changed"] < after["changed"])


@invariant(12)
def check_frozen_weights(step: Step) -> bool:
    """While data are stale the weights are those last computed from fresh ones; silence moves none."""
    seen, memory = step.after, step.memory
    weights = tuple(seen["ordinary"][1])
    if seen["stale"] and memory.fresh is not None and weights != memory.fresh:
        raise Broken(12, f"stale, yet the weights went from {memory.fresh} to {weights}")
    told = step.outcome.kind in ("report", "sample supply") and step.outcome.accepted
    if not told and weights != tuple(step.before["ordinary"][1]):
        raise Broken(12, f"{step.outcome.kind} moved the calculator's weights to {weights}")
    if not seen["stale"]:
        memory.fresh = weights
    return True


@invariant(13)
def check_donation(step: Step) -> bool:
    """A coin given to the vault moves no reserve and no preview."""
    if step.outcome.kind != "donate":
        return False
    for key in ("basket", "supply", "probe in", "probe out"):
        if step.before[key] != step.after[key]:
            raise Broken(13, f"a donation moved {key} from {step.before[key]} to {step.after[key]}")
    values = step.before["value"], step.after["value"]
    if None not in values and values[0] != values[1]:
        raise Broken(13, f"a donation moved the basket's value: {values}")
    return True


@invariant(14)
def check_authority(step: Step) -> bool:
    """Settings change only by an accepted act of a role, and only those that act is about."""
    outcome = step.outcome
    if outcome.kind == "outsider" and outcome.accepted:
        raise Broken(14, f"an outsider was let in: {outcome.notes}")
    before, after = step.before.settings, step.after.settings
    changed = {key[0] for key in after if before[key] != after[key]}
    if not changed <= (outcome.may_change if outcome.accepted else frozenset()):
        raise Broken(14, f"{outcome.kind} by {outcome.sender} changed {sorted(changed)}")
    return True


@invariant(15)
def check_named_errors(step: Step) -> bool:
    """What is refused is refused by name, and by a name that belongs to the action."""
    refusal = step.outcome.refusal
    if refusal is None or step.outcome.foreign:
        return False
    if not is_allowed(step.outcome.kind, refusal):
        raise Broken(15, f"{step.outcome.kind} failed with {refusal.name} {refusal.data.hex()}")
    return True


@invariant(16)
def check_others_untouched(step: Step) -> bool:
    """Nobody's shares, coins or claims fall by another's action."""
    world, outcome = step.world, step.outcome
    hostile = outcome.kind in ("hostile fill", "hostile public fill")
    acting = {outcome.sender} | ({world.hostile_venue} if hostile else set())
    for who in world.holders:
        if who in acting:
            continue
        keys = chain(
            [("shares", who)],
            (("held", who, i) for i in step.after.coins),
            (("claim", who, i) for i in step.after.coins),
        )
        for key in keys:
            if step.after[key] < step.before[key]:
                raise Broken(16, f"{outcome.kind} by {outcome.sender} took {key}")
    return True
