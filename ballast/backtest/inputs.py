"""What a backtest plays: index, histories by coin, assumptions; nothing is answered before it was known.

A coin with one price column has two sources all the same: its feed, and its pool's price over half an hour
(`ballast.backtest.average`), which follows the column. With more columns each is a source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ballast.backtest.average import average
from ballast.data.series import History, Series, clock_of
from ballast.errors import DataError
from ballast.index_file import Coin, IndexFile
from ballast.keeper.allocation import Policy
from ballast.model.prices import (
    AssetSettings,
    PriceQuote,
    RawAnswer,
    SourceLimits,
    Status,
    good_prices,
    quote,
)
from ballast.model.stability import stability_score
from ballast.model.weights import check_bounds
from ballast.units import SECONDS_PER_DAY, WAD, wad_of

GWEI: Final = 10**9  # wei
GAS_COLUMN: Final = "GAS"  # a gas history's column in gwei
ETH_COLUMN: Final = "ETH"  # its column in USD
_NONE: Final = History(())
_SUPPLY_MAX_AGE: Final = 7 * SECONDS_PER_DAY
_SCORE_DAYS: Final = 30  # that a stability score looks back on
_VOLUME_MAX_AGE: Final = 2 * 3_600


@dataclass(frozen=True)
class Assumptions:
    """What a history does not say."""

    deposit: int = 10_000_000 * WAD  # WAD{USD}
    heartbeat: int = 90_000  # s, the oldest a source's value may be, counted from when it became known
    depth: int = 10_000_000 * WAD  # WAD{USD} a side of every pool, within half a per cent of the price
    gas_price: int = 20 * GWEI  # wei, where no history is given
    eth_price: int = 2_000 * WAD  # WAD{USD/ETH}, where no history is given
    report_interval: int = SECONDS_PER_DAY  # s between two reports of market data
    step: int = 30 * 60  # s between two times of the clock
    twap_window: int = 30 * 60  # s of the pool's price that seconds a single column; 0: it stays alone
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True)
class Inputs:
    """The coins of the index that have prices, in its order, with their histories."""

    index: IndexFile
    prices: History
    supplies: History = _NONE
    gas: History = _NONE  # GAS in WAD{gwei}, ETH in WAD{USD}
    assumptions: Assumptions = field(default_factory=Assumptions)
    volumes: History = _NONE  # WAD{USD an hour}

    @cached_property
    def coins(self) -> tuple[Coin, ...]:
        """The coins that are played. DataError when they cannot make an index."""
        priced = tuple(coin for coin in self.index.coins if coin.symbol in self.prices.coins)
        least = self.index.calculator.min_active
        if len(priced) < least:
            names = ", ".join(coin.symbol for coin in self.index.coins)
            raise DataError(
                f"prices of {len(priced)} coins of {names} found, {least} needed: name more price files"
            )
        check_bounds([c.min_weight_bps for c in priced], [c.max_weight_bps for c in priced])
        return priced

    @property
    def left_out(self) -> tuple[str, ...]:
        """Coins of the index without prices."""
        return tuple(coin.symbol for coin in self.index.coins if coin not in self.coins)

    @cached_property
    def _feeds(self) -> Mapping[str, tuple[tuple[Series, ...], AssetSettings]]:
        feeds = {}
        for coin in self.coins:
            series, source = self.prices.of(coin.symbol), coin.oracle[0]
            low, high = wad_of(source.min_price), wad_of(source.max_price)
            limits = SourceLimits(self.assumptions.heartbeat, 18, low, high)
            sources = len(series) + self.is_averaged(coin.symbol)
            quorum = min(coin.min_sources, sources)
            spread = self.index.oracle.max_deviation_bps
            feeds[coin.symbol] = series, AssetSettings((limits,) * sources, quorum, spread)
        return feeds

    def is_averaged(self, symbol: str) -> bool:
        """Whether the coin's second source is its pool."""
        return len(self.prices.of(symbol)) == 1 and self.assumptions.twap_window > 0

    def _answers(self, symbol: str, now: int) -> list[RawAnswer | None]:
        series, given = self._feeds[symbol][0], self.assumptions
        answers = [_answer(one, now) for one in series]
        if self.is_averaged(symbol):
            decimals = self.index.coin(symbol).decimals
            answers.append(average(series[0], decimals, now, given.twap_window, given.step))
        return answers

    @cached_property
    def _supplies(self) -> Mapping[str, Series]:
        return {coin.symbol: found[0] for coin in self.coins if (found := self.supplies.of(coin.symbol))}

    def clock(self, start: int | None, end: int | None) -> tuple[int, ...]:
        """Times a step apart while values are known, from the first at which every coin can be priced.

        They are whole steps since 1970, whatever the start. DataError when there are fewer than two of them.
        """
        known = clock_of(s for coin in self.coins for s in self.prices.of(coin.symbol))
        since = known[0] if start is None else max(start, known[0])
        until = known[-1] if end is None else min(end, known[-1])
        step = self.assumptions.step
        times = range(-(-since // step) * step, until + 1, step)
        first = next((at for at, now in enumerate(times) if self._is_ready(now)), None)
        if first is None or len(times) - first < 2:
            names = ", ".join(coin.symbol for coin in self.coins)
            raise DataError(
                f"no two times at which {names} all have prices and caps: widen the dates or name more files"
            )
        return tuple(times[first:])

    def quote(self, symbol: str, now: int) -> PriceQuote:
        """The coin's price as the oracle would answer at `now`."""
        _, settings = self._feeds[symbol]
        return quote(self._answers(symbol, now), settings, now)

    def good_prices(self, symbol: str, now: int) -> tuple[list[int], int]:
        """The coin's good sources as the oracle would answer, WAD{USD/coin}, and how many there are."""
        _, settings = self._feeds[symbol]
        return good_prices(self._answers(symbol, now), settings, now)

    def mark(self, symbol: str, now: int) -> int | None:
        """WAD{USD/coin} that the coin trades at: the columns' median; None before any value.

        Fit to trade on or not; a middle between two is rounded down.
        """
        known = sorted(value.value for one in self._feeds[symbol][0] if (value := one.at(now)))
        if not known:
            return None
        return (known[(len(known) - 1) // 2] + known[len(known) // 2]) // 2

    def volume(self, symbol: str, now: int) -> int:
        """Whole USD an hour that all venues together traded, as last known; 0 when not known for long."""
        known = (one.at(now, _VOLUME_MAX_AGE) for one in self.volumes.of(symbol))
        return sum(value.value for value in known if value is not None) // WAD

    def cap(self, coin: Coin, now: int) -> int | None:
        """Whole USD: the supply as last known, a coin at a dollar; None when it is too old.

        The description's own cap where no history is given.
        """
        if coin.symbol not in self._supplies:
            return int(coin.market_cap.initial_usd)
        known = self._supplies[coin.symbol].at(now, _SUPPLY_MAX_AGE)
        return None if known is None else max(1, known.value // WAD)

    def score(self, symbol: str, now: int) -> int:
        """Per mille: the stability score of the month before `now`, a price a day.

        Days before the history count as at a dollar, or its first days would weigh too much.
        """
        days = (now - day * SECONDS_PER_DAY for day in range(_SCORE_DAYS))
        return stability_score([self.mark(symbol, moment) or WAD for moment in days])

    def gas_price(self, now: int) -> int:
        """Wei{ETH/gas} as last known."""
        known = _last(self.gas.of(GAS_COLUMN), now)
        return self.assumptions.gas_price if known is None else known * GWEI // WAD

    def eth_quote(self, now: int) -> PriceQuote:
        """ETH in USD as last known."""
        known = _last(self.gas.of(ETH_COLUMN), now)
        price = self.assumptions.eth_price if known is None else known
        return PriceQuote(price, price, Status.GOOD)

    def _is_ready(self, now: int) -> bool:
        return all(
            self.quote(coin.symbol, now).status == Status.GOOD and self.cap(coin, now) is not None
            for coin in self.coins
        )


def _answer(series: Series, now: int) -> RawAnswer | None:
    known = series.at(now)
    return None if known is None else RawAnswer(1, known.value, known.known_at, known.known_at, 1)


def _last(series: Sequence[Series], now: int) -> int | None:
    known = series[0].at(now) if series else None
    return None if known is None else known.value
