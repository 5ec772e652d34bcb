"""The reporter and the calculator: market data brought in within the contract's bounds, weights from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ballast.backtest.inputs import Inputs
from ballast.model.weights import adjusted_cap, bounded_weights
from ballast.units import BPS

_HOUR: Final = 3_600
_WINDOW: Final = 4 * _HOUR  # silence saves up no more than this much change
_SCORE_STEP: Final = 100  # per mille an hour


@dataclass(frozen=True)
class MarketData:
    """What the calculator holds, by symbol, and when it is to hear again."""

    caps: Mapping[str, int]  # whole USD
    scores: Mapping[str, int]  # per mille
    weights: Mapping[str, int]  # bps
    reported_at: int  # s
    next_report_at: int  # s

    def is_stale(self, now: int, max_age: int) -> bool:
        """Whether the weights are frozen."""
        return now - self.reported_at > max_age


def first_report(inputs: Inputs, now: int) -> MarketData:
    """The data that the index starts with."""
    caps = {coin.symbol: inputs.cap(coin, now) or int(coin.market_cap.initial_usd) for coin in inputs.coins}
    scores = {coin.symbol: inputs.score(coin.symbol, now) for coin in inputs.coins}
    return _weighed(inputs, caps, scores, now, now + inputs.assumptions.report_interval)


def report(inputs: Inputs, data: MarketData, now: int) -> MarketData:
    """The next report, as far as the bounds allow; none when it is not time or a supply is not known."""
    if now < data.next_report_at:
        return data
    wanted = {coin.symbol: inputs.cap(coin, now) for coin in inputs.coins}
    elapsed = min(now - data.reported_at, _WINDOW)
    caps, scores, arrived = {}, {}, True
    for symbol, cap in wanted.items():
        if cap is None:
            return data
        old, score = data.caps[symbol], inputs.score(symbol, now)
        step = old * inputs.index.calculator.max_change_bps_per_hour * elapsed // (BPS * _HOUR)
        caps[symbol] = _nearest(cap, old, step)
        scores[symbol] = _nearest(score, data.scores[symbol], _SCORE_STEP * elapsed // _HOUR)
        arrived &= (caps[symbol], scores[symbol]) == (cap, score)
    return _weighed(
        inputs, caps, scores, now, now + (inputs.assumptions.report_interval if arrived else _HOUR)
    )


def _nearest(wanted: int, old: int, step: int) -> int:
    return max(min(wanted, old + step), old - step, 1)


def _weighed(
    inputs: Inputs, caps: Mapping[str, int], scores: Mapping[str, int], now: int, next_at: int
) -> MarketData:
    weights = bounded_weights(
        [adjusted_cap(caps[coin.symbol], scores[coin.symbol]) for coin in inputs.coins],
        [coin.min_weight_bps for coin in inputs.coins],
        [coin.max_weight_bps for coin in inputs.coins],
        [int(coin.token, 16) for coin in inputs.coins],
    )
    by_symbol = {coin.symbol: weight for coin, weight in zip(inputs.coins, weights, strict=True)}
    return MarketData(caps, scores, by_symbol, now, next_at)
