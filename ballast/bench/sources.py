"""Where a bench fund's prices come from: Chainlink proxies, or what the packaged index names."""

from dataclasses import dataclass
from typing import Final

from ballast.bench.chainlink import DOLLAR, FeedMaker
from ballast.bench.gas import Lab
from ballast.bench.market import Market
from ballast.index_file import IndexFile
from ballast.index_types import TwapSource

# UniswapV3TwapFeed's configuration; a struct of words is encoded as they are alone.
TWAP: Final = "address,address,address,address,uint256,uint256,uint32,uint128"


@dataclass(frozen=True)
class Sources:
    """Feeds per coin, in the order of the market's tokens; `own` are those that only we keep fresh."""

    feeds: tuple[tuple[str, ...], ...]
    own: tuple[str, ...] = ()

    @property
    def first(self) -> tuple[str, ...]:
        """The first source of each coin."""
        return tuple(feeds[0] for feeds in self.feeds)


def chainlink_sources(market: Market, maker: FeedMaker, lab: Lab, *, each: int = 1) -> Sources:
    """`each` real Chainlink proxies a coin, the book's own where it has one."""
    feeds: list[tuple[str, ...]] = []
    own: list[str] = []
    for coin in market.everything:
        listed = [lab.book.feed(coin.symbol).address] if coin.symbol else []
        made = [maker.dollar_feed() for _ in range(each - len(listed))]
        feeds.append((*listed, *made))
        own += made
    return Sources(tuple(feeds), tuple(own))


def shipped_sources(market: Market, lab: Lab, index: IndexFile) -> Sources:
    """What the packaged index names for each coin: Chainlink and its pool's average."""
    feeds = []
    for coin in market.everything:
        named = index.coin(coin.symbol).oracle
        feeds.append(
            tuple(
                _twap_feed(lab, index, coin.token, source) if isinstance(source, TwapSource) else source.feed
                for source in named
            )
        )
    return Sources(tuple(feeds))


def _twap_feed(lab: Lab, index: IndexFile, token: str, source: TwapSource) -> str:
    config = (
        index.venues.uniswap_v3.factory,
        source.pool,
        token,
        source.quote_feed,
        int(source.min_quote_price * DOLLAR),
        int(source.max_quote_price * DOLLAR),
        source.window,
        source.min_liquidity,
    )
    return lab.deploy("UniswapV3TwapFeed", TWAP, *config)
