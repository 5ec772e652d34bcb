"""Invariants of the detector: what moves a coin's state, along which arrows, and what begins a crisis."""

from typing import Final

from eth_utils import keccak, to_checksum_address

from ballast.model.crisis import Record, State, steps_done
from tests.stateful.crisis_memory import Peg, confirmed_area, confirmed_surge, look_at
from tests.stateful.judge import Broken, Step, invariant
from tests.stateful.observe import Seen

OBSERVED: Final = "0x" + keccak(text="Observed(address,int256,uint256,uint256,uint256)").hex()
SUSPECT: Final = (State.WATCH, State.CRISIS, State.DARK)
ARROWS: Final = {
    State.SOUND: {State.WATCH, State.DARK},
    State.WATCH: {State.SOUND, State.CRISIS, State.DARK},
    State.CRISIS: {State.RECOVERING},
    State.RECOVERING: {State.SOUND, State.CRISIS},
    State.DARK: {State.WATCH},
}


def looks_of(step: Step) -> list[int]:
    """The coins that the detector looked at in the step's transaction."""
    return [
        step.world.tokens.index(to_checksum_address("0x" + log["topics"][1][-40:]))
        for log in step.outcome.logs
        if log["topics"][0] == OBSERVED and to_checksum_address(log["address"]) == step.world.detector
    ]


@invariant(19)
def check_only_looks_move(step: Step) -> bool:
    """A coin's record changes by a look at it and by nothing else; a volume by the reporter alone."""
    looked = looks_of(step)
    for i in step.after.coins:
        if i not in looked and step.before["record", i] != step.after["record", i]:
            raise Broken(19, f"{step.outcome.kind} moved coin {i} to {step.after.record(i)} without a look")
        told = step.outcome.accepted and i in step.outcome.notes.get("volumes", {})
        if not told and step.before["track", i][:2] != step.after["track", i][:2]:
            raise Broken(19, f"{step.outcome.kind} by {step.outcome.sender} moved coin {i}'s volume")
    was, now = step.before.states, step.after.states
    worse = any(b is not a and a in SUSPECT for b, a in zip(was, now, strict=True))
    if step.after["worsened"] != (step.after["time"] if worse else step.before["worsened"]):
        raise Broken(19, f"lastWorsenedAt says {step.after['worsened']}, states went from {was} to {now}")
    sound = all(state is State.SOUND for state in step.after.states)
    if step.after["all sound"] != sound:
        raise Broken(19, f"allSound says {step.after['all sound']} of {step.after.states}")
    return True


@invariant(20)
def check_arrows(step: Step) -> bool:
    """States move along the model's arrows only; out of a crisis over every step, each after its calm."""
    moved = False
    params = step.after.crisis_params
    for i, (was, now) in enumerate(zip(step.before.states, step.after.states, strict=True)):
        before, after = step.before.record(i), step.after.record(i)
        if was is now:
            if steps_done(after, params) > steps_done(before, params) + 1:
                raise Broken(20, f"coin {i} took more than a step at once: {before} became {after}")
            continue
        moved = True
        if now not in ARROWS[was]:
            raise Broken(20, f"coin {i} went from {was.name} to {now.name}")
        needed = _calm_before(was, now, step.after)
        if before.calm + params.max_gap < needed:
            raise Broken(20, f"coin {i} went from {was.name} to {now.name} after {before.calm} s of calm")
    return moved


def _calm_before(was: State, now: State, seen: Seen) -> int:
    """s of calm that a change for the better takes."""
    params = seen.crisis_params
    return {
        (State.WATCH, State.SOUND): params.calm_period,
        (State.CRISIS, State.RECOVERING): params.recovery_period,
        (State.RECOVERING, State.SOUND): params.steps * params.step_interval,
    }.get((was, now), 0)


@invariant(21)
def check_records(step: Step) -> bool:
    """What the detector remembers is what the model does, played from the sources' own answers."""
    pegs, seen = step.memory.crisis.pegs, step.after
    if step.outcome.accepted:
        for coin, volume in step.outcome.notes.get("volumes", {}).items():
            pegs[coin].volumes = pegs[coin].volumes.reported(volume, seen["time"])
    looked = looks_of(step)
    for coin in looked:
        before = pegs[coin].record
        if before.at and seen["time"] < before.at + seen.crisis_params.spacing:
            raise Broken(21, f"coin {coin} looked at {seen['time'] - before.at} s after the last time")
        look_at(seen, coin, pegs[coin])
    for i in seen.coins:
        if seen.record(i) != pegs[i].record:
            raise Broken(21, f"coin {i}: the detector has {seen.record(i)}, the model {pegs[i].record}")
        _check_track(seen, i, pegs[i])
    return bool(looked)


def _check_track(seen: Seen, coin: int, peg: Peg) -> None:
    volumes = peg.volumes
    known = [volume for volume in volumes.looks if volume]
    ours = (volumes.volume, volumes.reported_at, sum(known), len(known))
    if seen["track", coin][:4] != ours:
        raise Broken(21, f"coin {coin}: the detector has volumes {seen['track', coin]}, the model {ours}")


@invariant(22)
def check_crisis_is_confirmed(step: Step) -> bool:
    """No crisis without two sources that show it themselves, over the time or with the reporter's volume."""
    begun = False
    for coin in looks_of(step):
        before, after = step.before.record(coin), step.after.record(coin)
        if after.state is not State.CRISIS or before.state is State.CRISIS:
            continue
        begun = True
        peg = step.memory.crisis.pegs[coin]
        if before.state is State.RECOVERING:
            _check_relapse(step, coin, peg, before)
            continue
        params = step.after.crisis_params
        area = confirmed_area(peg.shown, params)
        if area < params.threshold and not confirmed_surge(peg.shown, params):
            raise Broken(22, f"coin {coin} in crisis though two sources showed {area} bps * s: {peg.shown}")
    return begun


def _check_relapse(step: Step, coin: int, peg: Peg, before: Record) -> None:
    """A coin on its way back: two looks at two sources that are down, or blindness as long as DARK takes."""
    params = step.after.crisis_params
    last = [view.depth(params.confirmations) for view in peg.shown[-2:]]
    is_down = len(last) == 2 and min(last) >= params.allowance_bps
    if not is_down and before.blind + params.max_gap < params.dark_period:
        raise Broken(22, f"coin {coin} fell back though two sources showed {last} bps")
