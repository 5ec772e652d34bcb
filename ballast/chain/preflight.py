"""What must hold before anything is deployed: chain, tokens, feeds and pools are what the file says."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from ape.utils import ManagerAccessMixin
from eth_abi.abi import encode
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

from ballast.chain.connect import require_chain, require_code
from ballast.chain.multicall import Call, aggregate, current_block, foreign
from ballast.errors import ChainError, ConfigError
from ballast.index_file import Coin, IndexFile, UniswapV3
from ballast.index_types import ChainlinkSource, TwapSource
from ballast.units import human, wad_of

GET_POOL: Final = "getPool(address,address,uint24)(address)"
_ROUND: Final = "latestRoundData()(uint80,int256,uint256,uint256,uint80)"


def preflight(index: IndexFile, chain_id: int, name: str) -> None:
    """All of it. ConfigError or ChainError, one line, for the first thing that is not so."""
    check_chain(index, chain_id, name)
    check_tokens(index)
    check_feeds(index)
    check_pools(index)


def check_chain(index: IndexFile, chain_id: int, name: str) -> None:
    """Refuses another chain, and addresses without code."""
    require_chain(index.chain_id, chain_id, name)
    for what, address in _addresses(index):
        require_code(address, what)


def _addresses(index: IndexFile) -> Iterator[tuple[str, str]]:
    """Every foreign contract the index relies on, with what it is."""
    for coin in index.coins:
        yield f"{coin.symbol}: token", coin.token
        for source in coin.oracle:
            if isinstance(source, ChainlinkSource):
                yield f"{coin.symbol}: feed", source.feed
            else:
                yield f"{coin.symbol}: pool", source.pool
                yield f"{coin.symbol}: quote_feed", source.quote_feed
    yield "ETH/USD: feed", index.oracle.eth_usd.feed
    yield from _lending_addresses(index)
    yield "Uniswap V3: factory", index.venues.uniswap_v3.factory
    yield "Uniswap V3: quoter", index.venues.uniswap_v3.quoter


def _lending_addresses(index: IndexFile) -> Iterator[tuple[str, str]]:
    """Markets, vaults and rewards of the section `lending:`."""
    if index.lending is None:
        return
    for symbol, coin in index.lending.coins.items():
        for strategy in coin.strategies:
            for key in ("pool", "comet", "booster", "vault", "rewards"):
                address = getattr(strategy, key, None)
                if address is not None:
                    yield f"{symbol}: {strategy.name}: {key}", address
    for symbol, reward in index.lending.rewards.items():
        yield f"{symbol}: token", reward.token
        for source in reward.oracle:
            yield f"{symbol}: feed", source.feed


def check_tokens(index: IndexFile) -> None:
    """Refuses a token whose decimals or symbol on chain differ from the file."""
    calls: list[Call] = []
    for coin in index.coins:
        calls.append(foreign(coin.token, "decimals()(uint8)", may_fail=True))
        calls.append(foreign(coin.token, "symbol()(string)", may_fail=True))
    answers = aggregate(calls)
    for at, coin in enumerate(index.coins):
        _check_token(coin, answers[2 * at], answers[2 * at + 1])


def _check_token(coin: Coin, decimals: int | None, symbol: str | None) -> None:
    if decimals is None:
        raise ChainError(f"{coin.symbol}: {coin.token} does not answer decimals(): it is no such token")
    if decimals != coin.decimals:
        raise ConfigError(
            f"{coin.symbol}: the token has {decimals} decimals on chain, the file says {coin.decimals}: "
            "correct the file"
        )
    if symbol is not None and symbol != coin.symbol:
        raise ConfigError(
            f"{coin.symbol}: the token at {coin.token} calls itself {symbol[:20]}: correct the address"
        )


def check_feeds(index: IndexFile) -> None:
    """Refuses a feed that is dead, stale or outside its bounds now."""
    sources = [(coin.symbol, source) for coin in index.coins for source in coin.oracle]
    named = [("ETH/USD", index.oracle.eth_usd), *sources]
    if index.lending is not None:
        rewards = index.lending.rewards.items()
        named += [(symbol, source) for symbol, reward in rewards for source in reward.oracle]
    feeds = [(name, source) for name, source in named if isinstance(source, ChainlinkSource)]
    block = current_block()
    now = int(ManagerAccessMixin.network_manager.provider.web3.eth.get_block(block)["timestamp"])
    calls: list[Call] = []
    for _, source in feeds:
        calls.append(foreign(source.feed, "decimals()(uint8)", may_fail=True))
        calls.append(foreign(source.feed, _ROUND, may_fail=True))
    answers = aggregate(calls, block)
    for at, (name, source) in enumerate(feeds):
        _check_feed(name, source, answers[2 * at], answers[2 * at + 1], now)


def _check_feed(
    name: str, source: ChainlinkSource, decimals: int | None, answer: tuple[int, ...] | None, now: int
) -> None:
    if decimals is None or answer is None:
        raise ChainError(f"{name}: the feed {source.feed} does not answer: give one that lives")
    price, updated = answer[1], answer[3]
    if price <= 0 or updated == 0 or updated > now:
        raise ChainError(f"{name}: the feed {source.feed} answers {price} at {updated}: give one that lives")
    if now - updated > source.heartbeat:
        raise ChainError(
            f"{name}: the feed {source.feed} is stale: last answer {now - updated} s ago, "
            f"heartbeat {source.heartbeat} s: wait for it or correct the file"
        )
    shown = human(price, decimals)
    if not wad_of(source.min_price) < wad_of(shown) < wad_of(source.max_price):
        raise ChainError(
            f"{name}: the feed {source.feed} answers {shown} USD, outside "
            f"{source.min_price}..{source.max_price}: correct the bounds or give another feed"
        )


def check_pools(index: IndexFile) -> None:
    """Refuses a TWAP pool that does not trade its coin."""
    twaps = [
        (coin, source) for coin in index.coins for source in coin.oracle if isinstance(source, TwapSource)
    ]
    calls: list[Call] = []
    for _, source in twaps:
        calls.append(foreign(source.pool, "token0()(address)", may_fail=True))
        calls.append(foreign(source.pool, "token1()(address)", may_fail=True))
    _check_code_hash(index)
    answers = aggregate(calls)
    for at, (coin, source) in enumerate(twaps):
        if coin.token not in answers[2 * at : 2 * at + 2]:
            raise ConfigError(
                f"{coin.symbol}: {source.pool} is no pool of {coin.symbol}: correct the address"
            )


def _check_code_hash(index: IndexFile) -> None:
    """Refuses a creation code hash that gives other addresses than the factory's pools have."""
    uniswap = index.venues.uniswap_v3
    keys = [(*pair, fee) for pair in combinations(index.coins, 2) for fee in uniswap.fee_tiers]
    calls = [foreign(uniswap.factory, GET_POOL, a.token, b.token, fee) for a, b, fee in keys]
    pools = [(key, pool) for key, pool in zip(keys, aggregate(calls), strict=True) if int(pool, 16)]
    if not pools:
        raise ConfigError("the factory has no pool of any two coins of this index: correct the fee tiers")
    for (a, b, fee), pool in pools:
        if _pool_address(uniswap, a.token, b.token, fee) != pool:
            raise ConfigError(
                f"pool {a.symbol}/{b.symbol} {fee} is not where pool_init_code_hash puts it: correct the hash"
            )


def _pool_address(uniswap: UniswapV3, token_a: str, token_b: str, fee: int) -> str:
    """Where the factory puts a pool, as the venue computes it."""
    token0, token1 = sorted((token_a, token_b), key=lambda token: int(token, 16))
    salt = keccak(encode(["address", "address", "uint24"], [token0, token1, fee]))
    start = b"\xff" + to_canonical_address(uniswap.factory) + salt
    return to_checksum_address(keccak(start + bytes.fromhex(uniswap.pool_init_code_hash[2:]))[12:])
