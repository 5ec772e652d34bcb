"""What `status` and `allocate` tell of the lent part: stable keys, integers in the contracts' units."""

from typing import Any

from ballast.keeper.lending import Move, Proposal
from ballast.keeper.lending_view import LendingView, LentCoin, StrategyView
from ballast.model import yields


def read_lending(view: LendingView | None) -> dict[str, Any] | None:
    """Amounts in own decimals, yields WAD{1/year}, limits bps; None for an index that never lends."""
    if view is None:
        return None
    return {
        "differential_bps": view.differential_bps,
        "horizon": view.horizon,
        "max_share_bps": view.max_share_bps,
        "coins": [_coin(coin) for coin in view.coins],
    }


def _coin(coin: LentCoin) -> dict[str, Any]:
    held = coin.idle + coin.lent
    earned = sum(strategy.value * (apy_of(strategy) or 0) for strategy in coin.strategies)
    return {
        "symbol": coin.symbol,
        "token": coin.token,
        "decimals": coin.decimals,
        "idle": coin.idle,
        "lent": coin.lent,
        "stuck": coin.stuck,
        "buffer_bps": coin.buffer_bps,
        "on_watch": not coin.may_enter,
        "unsynced": coin.unsynced,
        "apy": earned // held if held else 0,
        "strategies": [_strategy(strategy, coin.reserve) for strategy in coin.strategies],
    }


def _strategy(strategy: StrategyView, reserve: int) -> dict[str, Any]:
    return {
        "name": strategy.name,
        "address": strategy.address,
        "value": strategy.value,
        "liquid": strategy.liquid,
        "cap": strategy.cap(reserve),
        "apy": apy_of(strategy),
        "score": strategy.score,
        "paused": strategy.paused,
        "readable": strategy.readable,
        "rewards": [
            {"symbol": one.symbol, "amount": one.amount, "value": one.value} for one in strategy.rewards
        ],
    }


def apy_of(strategy: StrategyView) -> int | None:
    """WAD{1/year} that it pays now; None where that cannot be read."""
    market = strategy.market
    return None if market is None else yields.rate(market, market.supplied)


def read_proposal(proposal: Proposal, moves: list[Move], horizon: int) -> dict[str, Any]:
    """One coin's present and proposed split; USD amounts WAD."""
    coin = proposal.coin
    pairs = zip(coin.strategies, proposal.targets, strict=True)
    return {
        **_coin(coin),
        "why": proposal.why.value,
        "is_due": proposal.is_due,
        "targets": [{"name": s.name, "address": s.address, "amount": amount} for s, amount in pairs],
        "yield_now": proposal.yield_now,
        "yield_then": proposal.yield_then,
        "gain_per_year": proposal.gain,
        "gas_cost": proposal.cost,
        "net_gain": proposal.net(horizon),
        "moves": [
            {
                "kind": move.kind.value,
                "why": move.why.value,
                "strategy": move.strategy or None,
                "amount": move.amount,
                "detail": move.detail,
            }
            for move in moves
        ],
    }
