"""The replica as a history's stage: its coins, a feed a price column, pools, and a clock that runs with it.

The history lies in the past and the replica's clock does not go back: both run `shift` seconds apart. What
happens at a step of the clock happens at that second.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ballast.backtest.average import DOLLAR_DECIMALS
from ballast.backtest.inputs import Inputs
from ballast.backtest.venue import pools_of
from ballast.cast import only
from ballast.data.series import Series
from ballast.index_file import Coin, IndexFile, MarketCap
from ballast.index_types import ChainlinkSource, Source, TwapSource
from ballast.replica import Pool, Replica
from ballast.replica.drive import Drive
from ballast.units import human

LEAD: Final = 2 * 3_600  # s before the first step, beyond a heartbeat: what is stale then is stale on stage
DOLLAR: Final = "USD"  # a modelled coin, always worth a dollar: what a coin's average is taken in
LAST_ADDRESS: Final = "0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF"  # the dollar's: coins are token0 to it
FEE: Final = 100  # hundredths of a bp, of every pool that is played
_ETH: Final = "ETH"
_COARSE: Final = 15 * 60  # s between two steps before the first one
_MIN_LIQUIDITY: Final = 10**6  # of a pool against the modelled dollar, which nobody but the stage trades in
_ETH_RANGE: Final = (Decimal(1), Decimal(16_000))  # USD


class Stage:
    """A replica dressed for the inputs of a play that starts at `start` (s, the history's time)."""

    def __init__(self, replica: Replica, inputs: Inputs, start: int) -> None:
        self._replica, self._inputs = replica, inputs
        self._series = tuple(s for coin in inputs.coins for s in inputs.prices.of(coin.symbol))
        self._told: dict[str, int] = {}  # when what a feed answers became known, by its name
        begin = start - inputs.assumptions.heartbeat - LEAD
        self.shift = replica.pending_timestamp() + 60 - begin
        replica.rpc.call("anvil_setBlockTimestampInterval", 0)
        self._dress(start)
        self.index = self._indexed(start)
        self._drive = Drive(
            replica, [*(s.name for s in self._series), DOLLAR, _ETH], self._pools, self._depth
        )
        for at in (*range(begin, start, max(inputs.assumptions.step, _COARSE)), start):
            self.step(at)

    def step(self, now: int) -> None:
        """The market as it is known at `now` (s, the history's time)."""
        fee = self._inputs.gas_price(now)
        at = max(now + self.shift, self._replica.timestamp())  # after a long step the chain may be there
        self._drive.step(at, self._news(now), self.prices(now), fee)
        # The step's own block, which is far from full, would let the next one's fee fall.
        self._replica.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(fee))

    def settle(self, now: int) -> None:
        """Arbitrage undoes what the fund's trades did to the pools."""
        self._drive.settle(self.prices(now), self._inputs.gas_price(now))

    def wait_until(self, moment: int) -> None:
        """Lets the chain's clock go on to `moment` (s, the history's time)."""
        self._replica.rpc.call("evm_setNextBlockTimestamp", moment + self.shift)
        self._replica.rpc.call("evm_mine")

    def prices(self, now: int) -> Mapping[str, Decimal]:
        """USD by coin as pools trade; a coin that is not known yet as it first is."""
        inputs = self._inputs
        marks = {
            coin.symbol: inputs.mark(coin.symbol, now) or inputs.prices.of(coin.symbol)[0].values[0]
            for coin in inputs.coins
        }
        return {**{symbol: human(mark) for symbol, mark in marks.items()}, DOLLAR: Decimal(1)}

    def _news(self, now: int) -> dict[str, Decimal]:
        """What feeds have to say that they have not said yet; the dollar and ETH never grow old."""
        news = {DOLLAR: Decimal(1), _ETH: human(self._inputs.eth_quote(now).mid)}
        for series in self._series:
            known = series.at(now)
            if known is not None and self._told.get(series.name) != known.known_at:
                self._told[series.name] = known.known_at
                news[series.name] = human(known.value)
        return news

    def _dress(self, start: int) -> None:
        """Coins, feeds and pools that the replica lacks."""
        prices, inputs, replica = self.prices(start), self._inputs, self._replica
        self._depth = human(inputs.assumptions.depth)
        for coin in inputs.coins:
            replica.add_coin(coin.symbol, coin.decimals, coin.token)
        replica.add_coin(DOLLAR, DOLLAR_DECIMALS, LAST_ADDRESS)
        replica.add_feed(DOLLAR, Decimal(1))
        for series in self._series:
            replica.add_feed(series.name, human(series.values[0]))
        pairs = [
            spec.tokens
            for spec in pools_of(
                inputs.index, [coin.symbol for coin in inputs.coins], inputs.assumptions.depth
            )
        ]
        names = {coin.token: coin.symbol for coin in inputs.coins}
        traded = [(names[a], names[b]) for a, b in pairs]
        averaged = [(coin.symbol, DOLLAR) for coin in inputs.coins if inputs.is_averaged(coin.symbol)]
        self._pools: list[Pool] = []
        for coins in (*traded, *averaged):
            replica.add_pool(coins, FEE, (prices[coins[0]], prices[coins[1]]))
            self._pools.append(replica.book.pool(*coins, FEE))

    # -- the index on the replica

    def _indexed(self, start: int) -> IndexFile:
        """The played index with the replica's tokens and sources and the first market data."""
        index, book = self._inputs.index, self._replica.book
        coins = tuple(self._coin(coin, start) for coin in self._inputs.coins)
        low, high = _ETH_RANGE
        eth = ChainlinkSource(
            kind="chainlink", feed=book.feed(_ETH).address, heartbeat=90_000, min_price=low, max_price=high
        )
        uniswap = index.venues.uniswap_v3.model_copy(update={"fee_tiers": (FEE,)})
        played = only(index, [coin.symbol for coin in coins]).model_copy(update={"coins": coins})
        return played.model_copy(
            update={
                "oracle": index.oracle.model_copy(update={"eth_usd": eth}),
                "venues": index.venues.model_copy(update={"uniswap_v3": uniswap}),
                "lending": None,  # the histories know no interest
            }
        )

    def _coin(self, coin: Coin, start: int) -> Coin:
        token = self._replica.book.token(coin.symbol)
        series = self._inputs.prices.of(coin.symbol)
        sources: list[Source] = [self._feed(coin, one) for one in series]
        if self._inputs.is_averaged(coin.symbol):
            sources.append(self._average(coin))
        cap = self._inputs.cap(coin, start) or int(coin.market_cap.initial_usd)
        return coin.model_copy(
            update={
                "token": token.address,
                "decimals": token.decimals,
                "oracle": tuple(sources),
                "min_sources": min(coin.min_sources, len(sources)),
                "market_cap": MarketCap(
                    source="REPORTED", initial_usd=Decimal(cap), score=self._inputs.score(coin.symbol, start)
                ),
            }
        )

    def _feed(self, coin: Coin, series: Series) -> ChainlinkSource:
        bounds = coin.oracle[0]
        return ChainlinkSource(
            kind="chainlink",
            feed=self._replica.book.feed(series.name).address,
            heartbeat=self._inputs.assumptions.heartbeat,
            min_price=bounds.min_price,
            max_price=bounds.max_price,
        )

    def _average(self, coin: Coin) -> TwapSource:
        bounds = coin.oracle[0]
        return TwapSource(
            kind="twap",
            pool=self._replica.book.pool(coin.symbol, DOLLAR, FEE).address,
            window=self._inputs.assumptions.twap_window,
            quote_feed=self._replica.book.feed(DOLLAR).address,
            heartbeat=self._inputs.assumptions.heartbeat,
            min_liquidity=_MIN_LIQUIDITY,
            min_price=bounds.min_price,
            max_price=bounds.max_price,
        )
