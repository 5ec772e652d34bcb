"""What the contracts for emergencies say, as the keeper's snapshot has it."""

from typing import Any

from ballast.chain.multicall import Call, read
from ballast.chain.system import System
from ballast.index_file import Coin, IndexFile
from ballast.keeper.snapshot import EmergencyView, KillSwitch, Peg
from ballast.model.crisis import CrisisParams, Sight, State
from ballast.model.emergency import EmergencyParams


def emergency_calls(system: System, index: IndexFile) -> dict[str, Call]:
    """Everything that `emergency_view` needs, by name."""
    detector, emergency = system.detector, system.emergency
    calls = {
        "crisis params": read(detector, "getParams"),
        "emergency params": read(emergency, "emergencyParams"),
        # it fails only where no weights were ever computed
        "emergency due": read(emergency, "emergencyDue", may_fail=True),
        "emergency changed": read(emergency, "changedAt"),
        "coins worsened": read(detector, "lastWorsenedAt"),
        "emergency loss": read(system.rebalancer, "emergencyLoss"),
        "kill switch": read(system.kill_switch, "getSettings"),
        "highest checkpoint": read(system.kill_switch, "highest"),
        "share value": read(system.kill_switch, "valuePerShare", may_fail=True),
    }
    for coin in index.coins:
        calls[f"record {coin.token}"] = read(detector, "recordOf", coin.token)
        calls[f"preview {coin.token}"] = read(detector, "preview", coin.token)
        calls[f"steps {coin.token}"] = read(detector, "recoverySteps", coin.token)
    return calls


def emergency_view(answers: dict[str, Any], index: IndexFile) -> EmergencyView:
    """The view from the answers to `emergency_calls`."""
    # Both sides list the parameters in the same order: names differ in style only.
    detector = CrisisParams(*answers["crisis params"].values())
    due = answers["emergency due"]
    loss_used, last_fill_at = answers["emergency loss"]
    return EmergencyView(
        params=EmergencyParams(*answers["emergency params"].values()),
        due=due if due is not None and int(due, 16) else None,
        changed_at=answers["emergency changed"],
        loss_used=loss_used,
        last_fill_at=last_fill_at,
        pegs=tuple(_peg(answers, coin) for coin in index.coins),
        detector=detector,
        worsened_at=answers["coins worsened"],
    )


def kill_switch_view(answers: dict[str, Any]) -> KillSwitch:
    """The switch from the answers to `emergency_calls`."""
    settings, value = answers["kill switch"], answers["share value"]
    return KillSwitch(
        drop_bps=settings["dropBps"],
        window=settings["window"],
        spacing=settings["spacing"],
        last_at=settings["lastAt"],
        highest=answers["highest checkpoint"],
        value=None if value is None else value[1],
    )


def _peg(answers: dict[str, Any], coin: Coin) -> Peg:
    record = answers[f"record {coin.token}"]
    look = answers[f"preview {coin.token}"]
    done, _ = answers[f"steps {coin.token}"]
    return Peg(
        token=coin.token,
        state=State(record["state"]),
        since=record["since"],
        observed_at=record["at"],
        deviation=record["deviation"],
        now=Sight(*look["sight"].values()),
        stopped=look["stopped"],
        done=done,
    )
