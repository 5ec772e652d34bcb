"""The kill switch in the keeper's hands: a checkpoint when one is due, a trip when the fund has fallen."""

from dataclasses import replace
from typing import Final

from ballast.keeper.decide import Action, Cause, Plan
from ballast.keeper.snapshot import KillSwitch, Snapshot
from ballast.units import BPS

CHECKPOINTS: Final = 4  # in one window: more of them cost gas and show little


def guarded(snapshot: Snapshot, plan: Plan) -> Plan:
    """The plan, or the switch: a fall stops ordinary trading before it goes on; a checkpoint waits for quiet.

    Looking at the coins and fleeing them come first, for the switch would not stop them.
    """
    switch = snapshot.kill_switch
    if switch is None or plan.action in (Action.OBSERVE, Action.OPEN_EMERGENCY):
        return plan
    if has_fallen(switch) and not snapshot.halted:
        lost = BPS - (switch.value or 0) * BPS // switch.highest
        detail = f"a share is worth {lost} bps less than within the last {switch.window} s"
        return replace(plan, action=Action.TRIP, cause=Cause.FALLEN, detail=detail, alert=True, fill=None)
    if plan.action == Action.WAIT and is_due(switch, snapshot.timestamp):
        detail = f"the last checkpoint was at {switch.last_at}"
        return replace(plan, action=Action.CHECKPOINT, cause=Cause.CHECKPOINT_DUE, detail=detail)
    return plan


def has_fallen(switch: KillSwitch) -> bool:
    """Whether `trip()` would go through now."""
    if switch.value is None:
        return False
    return switch.value * BPS < switch.highest * (BPS - switch.drop_bps)


def is_due(switch: KillSwitch, now: int) -> bool:
    """Whether a checkpoint should be written now; none can be without a value."""
    return switch.value is not None and now - switch.last_at >= max(
        switch.spacing, switch.window // CHECKPOINTS
    )
