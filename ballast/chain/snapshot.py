"""The whole system in one `eth_call` at one block; what markets pay and routes hold in two more at it."""

from dataclasses import replace
from itertools import combinations
from typing import Any, Final

from ape.utils import ManagerAccessMixin
from ape_ethereum.multicall.constants import MULTICALL3_ADDRESS

from ballast.chain.depth import quote_hops
from ballast.chain.emergency_view import emergency_calls, emergency_view, kill_switch_view
from ballast.chain.lending_look import lending_calls, lending_view
from ballast.chain.multicall import Call, aggregate, current_block, foreign, read
from ballast.chain.preflight import GET_POOL
from ballast.chain.system import ETH, System
from ballast.errors import ChainError
from ballast.index_file import IndexFile
from ballast.keeper.snapshot import (
    Coin,
    FillParams,
    PairLimits,
    Params,
    Phase,
    Session,
    SessionPrice,
    Snapshot,
    Verdict,
)
from ballast.model.prices import PriceQuote, Status
from ballast.model.rebalance import Reason, TriggerParams

_SNAP_UNIT: Final = 10**10  # the session's prices come in WAD and are kept in 1e-8 USD


def take_snapshot(
    system: System, index: IndexFile, block: int | None = None, lazily: bool = False
) -> Snapshot:
    """The system at one block (the newest), with the depth of every route that a fill could use.

    `lazily`: without depth where nothing is to be traded. ChainError, one line, names the call that failed
    or the coin that the index description does not know.
    """
    block = current_block() if block is None else block
    gas_price = int(ManagerAccessMixin.network_manager.provider.web3.eth.gas_price)
    calls = _calls(system, index)
    answers = dict(zip(calls, aggregate(list(calls.values()), block, gas_price=gas_price), strict=True))
    snapshot = _snapshot(answers, index, block, gas_price)
    snapshot = replace(snapshot, lending=lending_view(answers, system, index, block))
    if lazily and not snapshot.verdict.should:
        return snapshot
    pools = {key: answers[f"pool {key}"] for key in _pool_keys(index) if int(answers[f"pool {key}"], 16)}
    return replace(snapshot, hops=quote_hops(snapshot, index, pools))


def _calls(system: System, index: IndexFile) -> dict[str, Call]:
    """Everything that is read, by name."""
    tokens = [coin.token for coin in index.coins]
    brain, vault = system.rebalancer, system.vault
    calls = {
        "timestamp": foreign(MULTICALL3_ADDRESS, "getCurrentBlockTimestamp()(uint256)"),
        "base_fee": foreign(MULTICALL3_ADDRESS, "getBasefee()(uint256)"),
        "chain_id": foreign(MULTICALL3_ADDRESS, "getChainId()(uint256)"),
        "basket": read(vault, "getBasket"),
        "supply": read(vault, "totalSupply"),
        "optimal": read(system.emergency, "calculateOptimalWeights", may_fail=True),
        "stale": read(system.emergency, "isStale"),
        "quotes": read(system.oracle, "quotes", [*tokens, ETH]),
        "params": read(brain, "getParams"),
        "session": read(brain, "getSession"),
        "paused": read(brain, "paused"),
        "halted": read(brain, "halted"),
        "verdict": read(brain, "shouldRebalance"),
        **emergency_calls(system, index),
        **lending_calls(system, index),
    }
    for token in tokens:
        calls[f"available {token}"] = read(vault, "available", token, may_fail=True)
    for a, b in combinations(tokens, 2):
        calls[f"limits {a} {b}"] = read(brain, "pairLimits", a, b)
    for key in _pool_keys(index):
        calls[f"pool {key}"] = foreign(index.venues.uniswap_v3.factory, GET_POOL, *key)
    return calls


def _pool_keys(index: IndexFile) -> list[tuple[str, str, int]]:
    """Two coins and a fee tier: where a pool may be."""
    pairs = combinations([coin.token for coin in index.coins], 2)
    return [(a, b, fee) for a, b in pairs for fee in index.venues.uniswap_v3.fee_tiers]


def _snapshot(answers: dict[str, Any], index: IndexFile, block: int, gas_price: int) -> Snapshot:
    should, reason = answers["verdict"]
    *_, eth = answers["quotes"]
    return Snapshot(
        chain_id=answers["chain_id"],
        block=block,
        timestamp=answers["timestamp"],
        coins=_coins(answers, index),
        total_supply=answers["supply"],
        data_stale=answers["stale"],
        params=_params(answers, index),
        session=_session(answers["session"]),
        paused=answers["paused"],
        gas_price=max(gas_price, answers["base_fee"]),
        eth_quote=_quote(eth),
        verdict=Verdict(should, Reason(reason)),
        hops=(),
        hubs=tuple(index.coin(symbol).token for symbol in index.hubs),
        halted=answers["halted"],
        emergency=emergency_view(answers, index),
        kill_switch=kill_switch_view(answers),
    )


def _coins(answers: dict[str, Any], index: IndexFile) -> tuple[Coin, ...]:
    """The vault's coins in its order, then those the calculator wants to add."""
    tokens, weights, reserves = answers["basket"]
    held = {
        token: (weight, reserve) for token, weight, reserve in zip(tokens, weights, reserves, strict=True)
    }
    # With no weights ever computed, none is wanted but what the vault has.
    optimal = dict(zip(*(answers["optimal"] or (tokens, weights)), strict=True))
    known = {coin.token: at for at, coin in enumerate(index.coins)}
    coins = []
    for token in (*held, *(token for token in optimal if token not in held)):
        if token not in known:
            raise ChainError(
                f"the index holds or wants {token}, which its description does not name: add it there"
            )
        given = index.coins[known[token]]
        weight, reserve = held.get(token, (0, 0))
        quote = _quote(answers["quotes"][known[token]])
        wanted = optimal.get(token, 0)
        available = answers[f"available {token}"]
        stuck = 0 if available is None else max(0, reserve - available)
        coins.append(
            Coin(
                token,
                given.symbol,
                given.decimals,
                reserve,
                weight,
                wanted,
                quote,
                token in held,
                stuck,
            )
        )
    return tuple(coins)


def _quote(raw: dict[str, int]) -> PriceQuote:
    return PriceQuote(raw["low"], raw["high"], Status(raw["status"]))


def _params(answers: dict[str, Any], index: IndexFile) -> Params:
    trigger, fill = answers["params"]["trigger"], answers["params"]["fill"]
    general = (fill["slipBps"], fill["maxTradeValue"])
    pairs = [
        PairLimits(a, b, *answers[f"limits {a} {b}"])
        for a, b in combinations([coin.token for coin in index.coins], 2)
        if tuple(answers[f"limits {a} {b}"]) != general
    ]
    # Both sides list their members in the same order: names differ in style only.
    return Params(TriggerParams(*trigger.values()), FillParams(*fill.values()), tuple(pairs))


def _session(raw: dict[str, Any]) -> Session:
    prices = zip(raw["tokens"], raw["prices"], strict=True) if raw["phase"] == Phase.OPEN else ()
    return Session(
        phase=Phase(raw["phase"]),
        id=raw["session"],
        opened_at=raw["openedAt"],
        expires_at=raw["expiresAt"],
        last_fill_at=raw["lastFillAt"],
        last_ended_at=raw["lastEndedAt"],
        last_settled_at=raw["lastSettledAt"],
        loss_used=raw["lossUsed"],
        prices=tuple(SessionPrice(token, price // _SNAP_UNIT) for token, price in prices),
        is_emergency=raw["reason"] == Reason.CRISIS,
    )
