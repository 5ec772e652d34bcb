"""Gives a running replica what its saved state lacks: modelled coins, more feeds, more pools.

Each answers the address book with the new entry; nothing is added twice.
"""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from ballast.replica import powers, uniswap
from ballast.replica.addresses import AddressBook, Feed, Pool, Token
from ballast.replica.feeds import nearest_answer, place_feed
from ballast.replica.place import OPERATOR, Deployer, role_account
from ballast.replica.rpc import Rpc
from ballast.replica.shelf import shelved

SUPPLY: Final = Decimal(1_000_000)  # million coins that the operator trades with
DECIMALS: Final = 8  # of a feed in USD
BOUNDS: Final = (Decimal("0.0001"), Decimal(1_000))  # USD
HEARTBEAT: Final = 86_400  # s
TAIL_TICKS: Final = 100_000  # 1 / 22,000 to 22,000: no price of a falling coin is without liquidity
TAIL: Final = Decimal("0.2")  # million USD a side; spread so wide that it moves nothing near the price


def feed_address(name: str) -> str:
    """Where an added feed's proxy stands; the same on every replica."""
    return role_account(f"feed.{name}")


def add_coin(rpc: Rpc, book: AddressBook, symbol: str, decimals: int, where: str) -> AddressBook:
    """A modelled coin at an address, which the operator holds plenty of and lets the venues take."""
    if symbol in book.tokens:
        return book
    code = shelved(rpc, "StablecoinModel")
    address = Deployer(rpc).place(where, code, "string,uint8,address", [symbol, decimals, OPERATOR])
    token = Token(symbol, address, decimals, "model", SUPPLY)
    extended = replace(book, tokens={**book.tokens, symbol: token})
    powers.mint(rpc, extended, symbol, OPERATOR, int(SUPPLY * 1_000_000) * 10**decimals)
    uniswap.approve_traders(rpc, replace(book, tokens={symbol: token}))
    return extended


def add_feed(rpc: Rpc, book: AddressBook, name: str, price: Decimal) -> AddressBook:
    """A feed of its own for COIN or COIN@SOURCE, which answers `price` USD first."""
    if name in book.feeds:
        return book
    feed = Feed(name, feed_address(name), DECIMALS, HEARTBEAT, price, BOUNDS)
    feed = replace(feed, price=nearest_answer(feed, price))
    place_feed(Deployer(rpc), feed, shelved(rpc, "FluxAggregator"), shelved(rpc, "EACAggregatorProxy"))
    return replace(book, feeds={**book.feeds, name: feed})


def add_pool(
    rpc: Rpc, book: AddressBook, coins: tuple[str, str], fee: int, prices: tuple[Decimal, Decimal]
) -> AddressBook:
    """A pool of two coins at their prices in USD, with no more than a thin tail; a `Drive` makes it deep."""
    if any(set(pool.coins) == set(coins) and pool.fee == fee for pool in book.pools):
        return book
    worth = dict(zip(coins, prices, strict=True))
    bare = Pool(coins, fee, "", Decimal(0), TAIL)
    token0, token1 = book.sorted_coins(bare)
    price = Fraction(worth[token0.symbol]) / Fraction(worth[token1.symbol])
    pool = replace(bare, address=uniswap.create_pool(rpc, book, token0, token1, fee, price))
    _, tick = uniswap.slot0(rpc, pool.address)
    amounts = [int(TAIL * 1_000_000 / worth[t.symbol] * 10**t.decimals) for t in (token0, token1)]
    args = uniswap.mint_args(book, pool, tick, TAIL_TICKS, amounts)
    rpc.send(book.contracts["uniswap_v3_positions"], uniswap.MINT, args, sender=OPERATOR)
    return replace(book, pools=(*book.pools, pool))
