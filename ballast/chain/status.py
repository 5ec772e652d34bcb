"""What `status` tells: one dictionary with stable keys, integers in the contracts' units."""

from typing import Any

from ballast.chain.deployment import Deployment
from ballast.chain.emergency_status import read_emergency
from ballast.chain.lending_status import read_lending
from ballast.chain.multicall import aggregate, read
from ballast.chain.snapshot import take_snapshot
from ballast.chain.system import System
from ballast.index_file import IndexFile
from ballast.keeper.snapshot import Coin, Snapshot
from ballast.units import BPS, WAD


def read_status(system: System, index: IndexFile, deployment: Deployment) -> dict[str, Any]:
    """The state of an index at the newest block.

    Prices are WAD{USD/coin}, values WAD{USD}, reserves in own decimals, weights and drifts bps, times s.
    """
    snapshot = take_snapshot(system, index)
    budget, contributions, market = aggregate(
        [
            read(system.rebalancer, "lossBudget", may_fail=True),
            read(system.vault, "contributionsPaused"),
            read(system.calculator, "getStatus"),
        ],
        snapshot.block,
    )
    coins = _coins(snapshot)
    nav = sum(coin["value"] for coin in coins)
    supply = snapshot.total_supply
    return {
        "name": index.name,
        "symbol": index.symbol,
        "chain_id": snapshot.chain_id,
        "block": snapshot.block,
        "timestamp": snapshot.timestamp,
        "vault": deployment.address("IndexVault"),
        "coins": coins,
        "nav": nav,
        "total_supply": supply,
        "share_price": nav * WAD // supply if supply else 0,
        "max_drift_bps": max((abs(coin["drift_bps"]) for coin in coins), default=0),
        "should_rebalance": snapshot.verdict.should,
        "reason": snapshot.verdict.reason.name,
        "session": _session(snapshot),
        "loss_budget": {"available": budget[0], "capacity": budget[1]} if budget else None,
        "paused": snapshot.paused,
        "emergency": read_emergency(system, index, snapshot),
        "lending": read_lending(snapshot.lending),
        "contributions_paused": contributions,
        "market_data": _market_data(snapshot, *market),
        "eth_price": {"low": snapshot.eth_quote.low, "high": snapshot.eth_quote.high},
        "gas_price": snapshot.gas_price,
        "snapshot": snapshot.to_dict(),
    }


def _coins(snapshot: Snapshot) -> list[dict[str, Any]]:
    values = [_value(coin) for coin in snapshot.coins]
    total = sum(values)
    return [_coin(coin, value, total) for coin, value in zip(snapshot.coins, values, strict=True)]


def _value(coin: Coin) -> int:
    """WAD{USD} at the mid price, rounded down."""
    return coin.reserve * coin.scale * coin.quote.mid // WAD


def _coin(coin: Coin, value: int, total: int) -> dict[str, Any]:
    return {
        "symbol": coin.symbol,
        "token": coin.token,
        "decimals": coin.decimals,
        "price_low": coin.quote.low,
        "price_high": coin.quote.high,
        "price_status": coin.quote.status.name,
        "reserve": coin.reserve,
        "value": value,
        "weight_bps": value * BPS // total if total else 0,
        "target_bps": coin.vault_weight,
        "optimal_bps": coin.optimal_weight,
        "drift_bps": _drift_bps(value * BPS - coin.vault_weight * total, total),
    }


def _drift_bps(scaled: int, total: int) -> int:
    """Distance from the target in bps of the fund, rounded away from zero, as the contract rounds it."""
    if total == 0:
        return 0
    size = -(-abs(scaled) // total)
    return size if scaled > 0 else -size


def _session(snapshot: Snapshot) -> dict[str, Any]:
    session = snapshot.session
    return {
        "id": session.id,
        "phase": session.phase.name,
        "opened_at": session.opened_at,
        "expires_at": session.expires_at,
        "last_fill_at": session.last_fill_at,
        "last_ended_at": session.last_ended_at,
        "last_settled_at": session.last_settled_at,
    }


def _market_data(snapshot: Snapshot, stale: bool, computed_at: int, tokens: list[str]) -> dict[str, Any]:
    symbols = {coin.token: coin.symbol for coin in snapshot.coins}
    return {
        "stale": stale,
        "computed_at": computed_at,
        "stale_coins": [symbols.get(token, token) for token in tokens],
    }
