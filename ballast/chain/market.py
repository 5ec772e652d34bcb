"""Market data on chain: what it is, what a report may make of it now, and the report itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ape.contracts import ContractInstance
from ape.utils import ManagerAccessMixin

from ballast.chain.multicall import aggregate, current_block, read
from ballast.errors import DataError
from ballast.index_file import IndexFile
from ballast.market_data import MarketRow, step_towards
from ballast.units import BPS

_HOUR = 3_600  # s
_SUPPLY = 1  # IndexCalculator's Source.SUPPLY


@dataclass(frozen=True)
class MarketState:
    """One coin's market data on chain and how far a report may move them now."""

    symbol: str
    token: str
    sampled: bool  # the cap comes from the supply, not from reports
    cap: int  # whole USD
    score: int  # per mille
    volatility_bps: int
    yield_bps: int
    age: int  # s since the older of cap and score
    cap_range: tuple[int, int]  # whole USD, allowed now
    score_range: tuple[int, int]  # per mille, allowed now


@dataclass(frozen=True)
class Change:
    """What a coin has, what is wanted and what will be sent."""

    state: MarketState
    wanted_cap: int
    wanted_score: int
    cap: int  # sent; 0 for a sampled coin
    score: int  # sent

    @property
    def arrives(self) -> bool:
        """Whether this report brings the coin all the way."""
        return self.cap in (0, self.wanted_cap) and self.score == self.wanted_score


def market_state(calculator: ContractInstance, index: IndexFile) -> dict[str, MarketState]:
    """Every coin of the index that the calculator lists, by symbol, at one block."""
    block = current_block()
    now = int(ManagerAccessMixin.network_manager.provider.web3.eth.get_block(block)["timestamp"])
    views, limits, window = aggregate(
        [read(calculator, "getMarketData"), read(calculator, "getLimits"), read(calculator, "CHANGE_WINDOW")],
        block,
    )
    symbols = {coin.token: coin.symbol for coin in index.coins}
    states = [_state(view, limits, window, now, symbols) for view in views if view["token"] in symbols]
    return {state.symbol: state for state in states}


def _state(
    view: dict[str, Any], limits: dict[str, int], window: int, now: int, symbols: dict[str, str]
) -> MarketState:
    """The bounds are the contract's own: they grow with the time since the last report, up to a window."""
    cap, score = view["cap"], view["score"]
    cap_for = min(now - view["capAt"], window)
    score_for = min(now - view["scoreAt"], window)
    cap_step = cap * limits["maxCapChangeBpsPerHour"] * cap_for // (BPS * _HOUR)
    score_step = limits["maxScoreChangePerHour"] * score_for // _HOUR
    return MarketState(
        symbol=symbols[view["token"]],
        token=view["token"],
        sampled=view["source"] == _SUPPLY,
        cap=cap,
        score=score,
        volatility_bps=view["volatilityBps"],
        yield_bps=view["yieldBps"],
        age=now - min(view["capAt"], view["scoreAt"]),
        cap_range=(max(cap - cap_step, 0), cap + cap_step),
        score_range=(max(score - score_step, 0), min(score + score_step, 1_000)),
    )


def plan_changes(states: dict[str, MarketState], rows: Sequence[MarketRow], walk: bool) -> list[Change]:
    """What to send for the rows. DataError when a row lies beyond the bounds and `walk` is off."""
    changes = [_change(states, row) for row in rows]
    short = [change for change in changes if not change.arrives]
    if short and not walk:
        first = short[0]
        low, high = first.state.cap_range
        raise DataError(
            f"{first.state.symbol}: cap {first.wanted_cap} / score {first.wanted_score} is further than the "
            f"contract allows now (cap {low}..{high}, score {first.state.score_range[0]}.."
            f"{first.state.score_range[1]}): add --walk to go as far as allowed, or wait"
        )
    return changes


def _change(states: dict[str, MarketState], row: MarketRow) -> Change:
    state = states.get(row.symbol)
    if state is None or state.cap == 0:
        raise DataError(
            f"{row.symbol} has no market data on chain yet: the curator must list and seed it first"
        )
    score = state.score if row.score is None else row.score
    sent_score = step_towards(state.score, score, *state.score_range)
    if state.sampled:
        return Change(state, state.cap, score, 0, sent_score)
    return Change(
        state, row.cap_usd, score, step_towards(state.cap, row.cap_usd, *state.cap_range), sent_score
    )


def reports(changes: Sequence[Change]) -> tuple[list[Any], ...]:
    """The arguments of `IndexCalculator.report`: tokens, caps, scores, and the tilts as they are."""
    return (
        [change.state.token for change in changes],
        [change.cap for change in changes],
        [change.score for change in changes],
        [change.state.volatility_bps for change in changes],
        [change.state.yield_bps for change in changes],
    )


def sampled_coins(states: dict[str, MarketState]) -> list[MarketState]:
    """The coins whose cap is sampled from their supply."""
    return [state for state in states.values() if state.sampled]
