"""Which coins to look at now: as seldom as a quiet coin allows, as often as one that moves asks for.

Looking costs gas, and what a look adds depends on the state: see `ballast.model.crisis`.
"""

from typing import Final

from ballast.keeper.snapshot import EmergencyView, Peg
from ballast.model.crisis import CrisisParams, State

QUIET: Final = 8 * 3_600  # s between two looks where little is expected: enough for an average volume


def due_observations(view: EmergencyView, now: int) -> tuple[str, ...]:
    """The coins to observe at `now`, in the index's order."""
    return tuple(peg.token for peg in view.pegs if _is_due(peg, view.detector, now))


def interval_of(peg: Peg, params: CrisisParams) -> int:
    """Seconds from the last look to the next one, as the coin shows itself now."""
    distance = abs(peg.now.deviation)
    is_off = peg.now.seen and distance >= params.watch_bps
    is_calm = peg.now.seen and distance < params.calm_bps and not peg.stopped
    match peg.state:
        case State.SOUND if is_off or peg.stopped:
            return params.spacing
        case State.SOUND if is_calm:
            return QUIET
        case State.WATCH if is_off:
            return params.spacing
        case State.CRISIS if not is_calm:
            return QUIET
        case State.RECOVERING if peg.now.seen and -peg.now.deviation >= params.allowance_bps:
            return params.spacing
        case State.DARK:
            return params.spacing if peg.now.seen else QUIET
    return params.max_gap


def _is_due(peg: Peg, params: CrisisParams, now: int) -> bool:
    """A coin never looked at is due at once."""
    return peg.observed_at == 0 or now - peg.observed_at >= interval_of(peg, params)
