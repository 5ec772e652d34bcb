"""Plays the market of a price path on the replica: feeds, pools and the liquidity that follows them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ballast.replica import Replica
from ballast.replica.drive import Drive
from ballast.replica.node import BASE_FEE

MIN_SETTLE: Final = 60  # s
MAX_SETTLE: Final = 3_600  # s between a move and the next look: longer than any TWAP window of the index


class Market:
    """The coins' prices as the path has them; a coin that the path leaves out stays where it is."""

    def __init__(self, replica: Replica, coins: tuple[str, ...]) -> None:
        self._replica = replica
        self._coins = coins
        pools = [pool for pool in replica.book.pools if set(pool.coins) <= set(coins)]
        self._drive = Drive(replica, (), pools, None)
        self.prices: dict[str, Decimal] = {coin: replica.feed_price(coin) for coin in coins}

    def move(self, prices: Mapping[str, Decimal], elapsed: int) -> None:
        """Lets `elapsed` seconds go by, the move coming near their end, so that averages can follow it."""
        settle = max(MIN_SETTLE, min(MAX_SETTLE, elapsed // 2))
        if elapsed > settle:
            self._replica.pass_time(elapsed - settle, keep_feeds=False)
        self.prices.update(prices)
        self._replica.set_feeds({coin: str(self.prices[coin]) for coin in self._coins})
        self._drive.step(None, {}, self.prices, BASE_FEE)
        self.wait(settle)

    def wait(self, seconds: int) -> None:
        """Lets time go by at the same prices."""
        self._replica.pass_time(seconds)
        self._replica.set_base_fee()
