"""What is known of the coins' pegs and of the fund's readiness: one dictionary with stable keys."""

from typing import Any

from ballast.chain.emergency_weights import Rules, composed, read_rules
from ballast.chain.multicall import aggregate, read
from ballast.chain.system import System
from ballast.index_file import IndexFile
from ballast.keeper.snapshot import EmergencyView, Peg, Snapshot
from ballast.model.prices import Status
from ballast.model.rebalance import loss_available, refilled, value_of
from ballast.units import BPS


def read_emergency(system: System, index: IndexFile, snapshot: Snapshot) -> dict[str, Any]:
    """The state of everything that an emergency needs, at the snapshot's block.

    Deviations bps of a dollar, below the peg negative; areas bps * s; weights bps; values WAD{USD}; times s.
    """
    view = snapshot.emergency
    assert view is not None, "every deployed index has emergencies"
    asked = [call for peg in view.pegs for call in _coin_calls(system, peg.token)]
    answers = aggregate(asked, snapshot.block)
    each = len(asked) // len(view.pegs)
    names = {coin.token: coin.symbol for coin in index.coins}
    weights, rules = _weights(snapshot), read_rules(system, index)
    coins = [
        _coin(view, peg, answers[each * at : each * (at + 1)], names, rules)
        | {"weight_bps": weights.get(peg.token, 0)}
        for at, peg in enumerate(view.pegs)
    ]
    return {
        "due": names[view.due] if view.due else None,
        "all_sound": all(coin["state"] == "SOUND" for coin in coins),
        "changed_at": view.changed_at,
        "in_session": snapshot.session.is_emergency and snapshot.session.phase.name == "OPEN",
        "loss_budget": _budget(snapshot, view),
        "coins": coins,
        "kill_switch": _kill_switch(snapshot),
        "paused": snapshot.paused,
        "halted": snapshot.halted,
    }


def _coin_calls(system: System, token: str) -> list[Any]:
    return [
        read(system.detector, "recordOf", token),
        read(system.emergency, "isForced", token),
        read(system.emergency, "releasedAt", token),
        read(system.emergency, "emergencyWeightsOf", token),
        read(system.emergency, "riskGroupOf", token),
    ]


def _coin(
    view: EmergencyView, peg: Peg, answers: list[Any], names: dict[str, str], rules: Rules
) -> dict[str, Any]:
    record, forced, released_at, weights, group = answers
    given = {names[item["token"]]: item["bps"] for item in weights}
    return {
        "symbol": names[peg.token],
        "token": peg.token,
        "state": peg.state.name,
        "since": peg.since,
        "observed_at": peg.observed_at,
        "deviation_bps": peg.deviation,
        "now_bps": peg.now.deviation if peg.now.seen else None,
        "sources": peg.now.good,
        "spread_bps": peg.now.spread,
        "area": record["area"],
        "area_left": max(0, view.detector.threshold - record["area"]),
        "crisis_in": _crisis_in(view, peg, record["area"]),
        "issuer_stopped": peg.stopped,
        "steps_done": peg.done,
        "steps": view.detector.steps,
        "forced": forced,
        "released_at": released_at,
        "emergency_weights": given or composed(names[peg.token], rules),
        "emergency_weights_set": bool(given),
        "leaning": [names[token] for token in group],
    }


def _crisis_in(view: EmergencyView, peg: Peg, area: int) -> int | None:
    """Seconds of the present depth until the area reaches the threshold; None when it never does."""
    down = -peg.now.deviation - view.detector.allowance_bps
    if not peg.now.confirmed or down <= 0 or peg.state.name not in ("SOUND", "WATCH"):
        return None
    return -(-max(0, view.detector.threshold - area) // down)


def _values(snapshot: Snapshot) -> dict[str, int]:
    """WAD{USD} by token at mid prices, as an emergency counts them: without a usable price 0."""
    usable = (Status.GOOD, Status.DIVERGED)
    return {
        coin.token: value_of(coin.reserve, coin.scale, coin.quote.mid if coin.quote.status in usable else 0)
        for coin in snapshot.coins
    }


def _weights(snapshot: Snapshot) -> dict[str, int]:
    """bps of the fund by token."""
    values = _values(snapshot)
    total = sum(values.values())
    return {token: value * BPS // total if total else 0 for token, value in values.items()}


def _budget(snapshot: Snapshot, view: EmergencyView) -> dict[str, int]:
    """What emergency fills may lose now, and when the budget is full."""
    total, given = sum(_values(snapshot).values()), view.params
    elapsed = snapshot.timestamp - view.last_fill_at
    used = refilled(view.loss_used, elapsed, given.loss_budget_bps, given.loss_period)
    return {
        "available": loss_available(used, given.loss_budget_bps, total),
        "capacity": loss_available(0, given.loss_budget_bps, total),
    }


def _kill_switch(snapshot: Snapshot) -> dict[str, Any]:
    switch = snapshot.kill_switch
    assert switch is not None, "every deployed index has a kill switch"
    fallen = (
        BPS - switch.value * BPS // switch.highest if switch.value is not None and switch.highest else None
    )
    return {
        "value": switch.value,
        "highest": switch.highest,
        "fallen_bps": None if fallen is None else max(0, fallen),
        "drop_bps": switch.drop_bps,
        "window": switch.window,
        "checkpoint_at": switch.last_at,
    }
