"""The whole emergency rehearsed on a fork of the live deployment; nothing of it happens there."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ballast.chain.authority import Act
from ballast.chain.deployment import Deployment
from ballast.chain.emergency_run import (
    Crew,
    EmergencyRun,
    Flight,
    coin_token,
    observing,
    opening,
    peg_of,
    refuse_paused,
)
from ballast.chain.holders import holder_of
from ballast.chain.rehearsal import Rehearsal, rehearsal
from ballast.chain.snapshot import take_snapshot
from ballast.chain.system import System
from ballast.chain.transactor import send_call
from ballast.errors import ChainError
from ballast.index_file import IndexFile
from ballast.keeper.allocation import Policy
from ballast.keeper.snapshot import Snapshot
from ballast.model.crisis import State
from ballast.model.rebalance import value_of
from ballast.roles import RoleId
from ballast.units import BPS

MAX_LOOKS: Final = 200  # of the detector, until the crisis must have been seen

Say = Callable[[str], None]


@dataclass(frozen=True)
class Scene:
    """What is rehearsed."""

    asset: str  # symbol
    price: Decimal  # USD, where the coin falls to
    forced: bool  # a guardian decides, without waiting for the detector


def largest_holding(snapshot: Snapshot) -> str:
    """Symbol of the coin that the fund has most of. ChainError for an empty fund."""
    coins = [coin for coin in snapshot.coins if coin.reserve]
    if not coins:
        raise ChainError("the fund holds nothing: there is nothing to rehearse before the first contribution")
    return max(coins, key=lambda coin: value_of(coin.reserve, coin.scale, coin.quote.mid)).symbol


def rehearse(
    system: System, index: IndexFile, deployment: Deployment, scene: Scene, policy: Policy, say: Say
) -> dict[str, Any]:
    """Depegs, looks, opens and fills on a fork; what happened, as JSON types. Times s, values WAD{USD}."""
    token = coin_token(index, scene.asset)
    refuse_paused(take_snapshot(system, index))
    guardian, keeper = (
        holder_of(system, index, deployment, role) for role in (RoleId.GUARDIAN, RoleId.KEEPER)
    )
    began = time.monotonic()
    with rehearsal(system, index) as stage:
        crew = Crew(stage.person(guardian if scene.forced else keeper), stage.person(keeper), scene.forced)
        started_at = stage.rpc.timestamp()
        how = stage.depeg(scene.asset, scene.price)
        say(f"{scene.asset} at {scene.price} USD: {how}")
        looks = 0 if scene.forced else _watch(stage, system, index, scene, crew, say)
        run = EmergencyRun(system, index, crew, policy, say, wait=stage.pass_time)
        confirmed_at, block = stage.rpc.timestamp(), int(stage.rpc.call("eth_blockNumber"), 16)
        flight = run.run(scene.asset)
        report = _report(system, scene, flight) | {
            "how": how,
            "looks": looks,
            "crisis_after": None if scene.forced else confirmed_at - started_at,
            "blocks": int(stage.rpc.call("eth_blockNumber"), 16) - block,
            "flight_seconds": stage.rpc.timestamp() - confirmed_at,
        }
    report["guardian"] = guardian
    report["to_sign"] = [act.to_dict() for act in guardian_acts(system, scene.asset, token)]
    report["rehearsed_in"] = round(time.monotonic() - began, 1)
    return report


def guardian_acts(system: System, asset: str, token: str) -> list[Act]:
    """What a guardian, or a Safe that is one, signs to flee a coin; fills are the keeper's or anyone's."""
    return [opening(system, asset, token)]


def _watch(stage: Rehearsal, system: System, index: IndexFile, scene: Scene, crew: Crew, say: Say) -> int:
    """Lets the detector look until it confirms the crisis; the number of looks."""
    token = coin_token(index, scene.asset)
    act = observing(system, scene.asset, token)
    state: State | None = None
    for looks in range(1, MAX_LOOKS + 1):
        send_call(crew.opener, act.what, act.contract, act.method, *act.arguments)
        snapshot = take_snapshot(system, index)
        peg = peg_of(snapshot, token)
        if peg.state != state:
            say(f"look {looks}: {scene.asset} is in {peg.state.name} at {peg.deviation:+d} bps")
        state = peg.state
        if state == State.CRISIS:
            return looks
        assert snapshot.emergency is not None, "every deployed index has emergencies"
        stage.pass_time(snapshot.emergency.detector.max_gap)
    raise ChainError(
        f"no crisis after {MAX_LOOKS} looks at {scene.price} USD: choose a lower --price for the rehearsal"
    )


def _report(system: System, scene: Scene, flight: Flight) -> dict[str, Any]:
    assert flight.after is not None, "the run is over"
    fills = [f for s in flight.sent for f in system.rebalancer.Filled.from_receipt(s.receipt)]
    trades = [t for s in flight.sent for t in system.vault.Traded.from_receipt(s.receipt)]
    return {
        "asset": scene.asset,
        "price": str(scene.price),
        "forced": scene.forced,
        "settled": not flight.left,
        "left": flight.left,
        "coins": _weights(flight.before, flight.after),
        "trades": len(trades),
        "value_before": fills[0].valueBefore if fills else 0,
        "cost": sum(f.valueBefore - f.valueAfter for f in fills),
        "gas_used": flight.gas_used,
        "transactions": [
            sent.act.to_dict() | {"sender": sent.sender, "gas_used": int(sent.receipt.gas_used)}
            for sent in flight.sent
        ],
    }


def _weights(before: Snapshot, after: Snapshot) -> list[dict[str, Any]]:
    """bps of the fund by coin, at mid prices, and the targets of the emergency."""
    shares = [_shares(snapshot) for snapshot in (before, after)]
    return [
        {
            "symbol": coin.symbol,
            "before_bps": shares[0].get(coin.symbol, 0),
            "after_bps": shares[1].get(coin.symbol, 0),
            "target_bps": coin.vault_weight,
        }
        for coin in after.coins
    ]


def _shares(snapshot: Snapshot) -> dict[str, int]:
    values = {coin.symbol: value_of(coin.reserve, coin.scale, coin.quote.mid) for coin in snapshot.coins}
    total = sum(values.values())
    return {symbol: value * BPS // total if total else 0 for symbol, value in values.items()}
