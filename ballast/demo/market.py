"""Plays the market of a price path on the replica: feeds, pools and the liquidity that follows them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ballast.replica import Replica
from ballast.replica.addresses import Pool

FOLLOW: Final = Decimal("0.002")  # of the price: less than half the width of a pool's core
MIN_SETTLE: Final = 60  # s
MAX_SETTLE: Final = 3_600  # s between a move and the next look: longer than any TWAP window of the index


class Market:
    """The coins' prices as the path has them; a coin that the path leaves out stays where it is."""

    def __init__(self, replica: Replica, coins: tuple[str, ...]) -> None:
        self._replica = replica
        self._coins = coins
        self._middles: dict[str, Decimal] = {}  # price round which a pool's depth was last put
        self.prices: dict[str, Decimal] = {coin: replica.feed_price(coin) for coin in coins}

    def move(self, prices: Mapping[str, Decimal], elapsed: int) -> None:
        """Lets `elapsed` seconds go by, the move coming near their end, so that averages can follow it."""
        settle = max(MIN_SETTLE, min(MAX_SETTLE, elapsed // 2))
        if elapsed > settle:
            self._replica.pass_time(elapsed - settle)
        self.prices.update(prices)
        self._replica.set_feeds({coin: str(self.prices[coin]) for coin in self._coins})
        for pool in self._replica.book.pools:
            coin, quote = pool.coins
            if coin in self.prices and quote in self.prices:
                self._move_pool(pool, self.prices[coin] / self.prices[quote])
        self._replica.pass_time(settle)
        self._replica.set_base_fee()

    def _move_pool(self, pool: Pool, price: Decimal) -> None:
        """Traders bring the pool to the price; its providers follow once it has left their middle."""
        coin, quote = pool.coins
        self._replica.move_pool(coin, quote, price, pool.fee)
        middle = self._middles.setdefault(pool.address, Decimal(1))
        if abs(price / middle - 1) > FOLLOW:
            self._replica.provide(coin, quote, pool.fee)
            self._middles[pool.address] = price
