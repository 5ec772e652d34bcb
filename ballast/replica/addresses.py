"""The address book: mainnet addresses read from `addresses.yaml`, and the check against a published book."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ballast.errors import ReplicaError
from ballast.replica.paths import HERE

BOOK = HERE / "addresses.yaml"


@dataclass(frozen=True)
class Token:
    """An ERC-20: checksummed address, decimals, kind of code on the replica, and supply there."""

    symbol: str
    address: str
    decimals: int
    kind: str  # "real" | "model"
    supply: Decimal  # million coins

    @property
    def is_model(self) -> bool:
        """True when the replica carries a model written here instead of the protocol's own code."""
        return self.kind == "model"


@dataclass(frozen=True)
class Feed:
    """A Chainlink COIN / USD proxy; `price`, `bounds`: the replica's first answer and limits, in USD."""

    coin: str
    address: str
    decimals: int
    heartbeat: int  # seconds
    price: Decimal
    bounds: tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Pool:
    """A Uniswap V3 pool; fee in hundredths of a basis point, depths in million USD a side."""

    coins: tuple[str, str]
    fee: int
    address: str
    core: Decimal
    tail: Decimal

    @property
    def name(self) -> str:
        """As people write it: `USDC/USDT 0.01%`."""
        return f"{self.coins[0]}/{self.coins[1]} {Decimal(self.fee) / 10_000:f}%"


@dataclass(frozen=True)
class CurvePool:
    """A Curve StableSwap-NG pool, its own LP token; fee and off-peg multiplier over 10^10."""

    coins: tuple[str, ...]  # in the pool's order
    nonce: int  # of the factory when it makes the pool
    address: str
    amplification: int
    fee: int
    offpeg: int
    depth: Decimal  # million USD a coin on the replica

    @property
    def name(self) -> str:
        """As people write it: `Curve USDC/USDT`."""
        return f"Curve {'/'.join(self.coins)}"

    def index(self, coin: str) -> int:
        """Where the pool has that coin; ReplicaError when it has not."""
        if coin not in self.coins:
            raise ReplicaError(f"{self.name} holds no {coin}")
        return self.coins.index(coin)


@dataclass(frozen=True)
class AddressBook:
    """Everything Ballast knows by address on one chain."""

    chain_id: int
    tokens: dict[str, Token]
    feeds: dict[str, Feed]
    contracts: dict[str, str]
    pools: tuple[Pool, ...]
    curve_pools: tuple[CurvePool, ...]

    def token(self, symbol: str) -> Token:
        """The token of that symbol; ReplicaError when the book has none."""
        if symbol not in self.tokens:
            raise ReplicaError(f"{symbol!r} is not in the address book: it has {', '.join(self.tokens)}")
        return self.tokens[symbol]

    def feed(self, coin: str) -> Feed:
        """The COIN / USD feed (WETH means ETH); ReplicaError when the book has none."""
        coin = "ETH" if coin == "WETH" else coin
        if coin not in self.feeds:
            raise ReplicaError(f"no feed for {coin!r} in the address book: it has {', '.join(self.feeds)}")
        return self.feeds[coin]

    def pool(self, a: str, b: str, fee: int | None = None) -> Pool:
        """The pool of two coins in any order; without a fee the deepest one."""
        found = [p for p in self.pools if set(p.coins) == {a, b} and fee in (None, p.fee)]
        if not found:
            at = "" if fee is None else f" at fee {fee}"
            raise ReplicaError(f"no {a}/{b} pool{at} in the address book")
        return max(found, key=lambda pool: pool.core)

    def curve_pool(self, *coins: str) -> CurvePool:
        """The Curve pool of exactly these coins, in any order; ReplicaError when the book has none."""
        found = [pool for pool in self.curve_pools if set(pool.coins) == set(coins)]
        if not found:
            raise ReplicaError(f"no Curve pool of {'/'.join(coins)} in the address book")
        return found[0]

    def sorted_coins(self, pool: Pool) -> tuple[Token, Token]:
        """The pool's tokens as it orders them: (token0, token1)."""
        a, b = (self.token(c) for c in pool.coins)
        return (a, b) if int(a.address, 16) < int(b.address, 16) else (b, a)


@cache
def address_book(path: Path = BOOK) -> AddressBook:
    """The book in `path`, parsed; ReplicaError names the file when it cannot be read as one."""
    try:
        raw: dict[str, Any] = yaml.safe_load(path.read_text())
        return AddressBook(
            chain_id=raw["chain_id"],
            tokens={s: _token(s, t) for s, t in raw["tokens"].items()},
            feeds={c: _feed(c, f) for c, f in raw["feeds"].items()},
            contracts=dict(raw["contracts"]),
            pools=tuple(_pool(p) for p in raw["pools"]),
            curve_pools=tuple(_curve_pool(p) for p in raw["curve_pools"]),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ReplicaError(f"{path.name}: not a readable address book ({error})") from error


def _token(symbol: str, raw: dict[str, Any]) -> Token:
    return Token(symbol, raw["address"], raw["decimals"], raw["kind"], Decimal(str(raw["supply"])))


def _feed(coin: str, raw: dict[str, Any]) -> Feed:
    low, high = (Decimal(b) for b in raw["bounds"])
    return Feed(coin, raw["address"], raw["decimals"], raw["heartbeat"], Decimal(raw["price"]), (low, high))


def _pool(raw: dict[str, Any]) -> Pool:
    a, b = raw["coins"]
    return Pool((a, b), raw["fee"], raw["address"], Decimal(raw["core"]), Decimal(raw["tail"]))


def _curve_pool(raw: dict[str, Any]) -> CurvePool:
    terms = {key: int(raw[key]) for key in ("nonce", "amplification", "fee", "offpeg")}
    return CurvePool(tuple(raw["coins"]), address=raw["address"], depth=Decimal(str(raw["depth"])), **terms)


@dataclass(frozen=True)
class Verdict:
    """One entry compared with the published book: `published` is None where that book has no such entry."""

    name: str
    ours: str
    published: str | None

    @property
    def agrees(self) -> bool:
        """True when the published book says the same, or nothing."""
        return self.published is None or self.published == self.ours


_CONSTANT = re.compile(r" internal constant (\w+) =\s*(?:\w+\()?(\w+)\)?;")
_AAVE_V3 = re.compile(r"aave_v3_(?:(stata)_)?(\w+)")
_AAVE_V3_PARTS = {
    "provider": "POOL_ADDRESSES_PROVIDER",
    "configurator": "POOL_CONFIGURATOR",
    "data_provider": "AAVE_PROTOCOL_DATA_PROVIDER",
    "rewards": "DEFAULT_INCENTIVES_CONTROLLER",
}


def compare(book: AddressBook, aave: str, chainlink: str) -> list[Verdict]:
    """Compares with the Solidity sources of the published book: AaveV3Ethereum.sol, ChainlinkEthereum.sol."""
    coins, feeds = dict(_CONSTANT.findall(aave)), dict(_CONSTANT.findall(chainlink))
    if not coins or not feeds:
        raise ReplicaError(
            "the published address book holds no constants: its layout changed, pin another version"
        )
    verdicts = []
    for symbol, token in book.tokens.items():
        verdicts.append(Verdict(f"token {symbol}", token.address, coins.get(f"{symbol}_UNDERLYING")))
        verdicts.append(Verdict(f"decimals {symbol}", str(token.decimals), coins.get(f"{symbol}_DECIMALS")))
    for coin, feed in book.feeds.items():
        verdicts.append(Verdict(f"feed {coin} / USD", feed.address, feeds.get(f"{coin}__USD")))
    for name, address in book.contracts.items():
        verdicts.append(Verdict(name, address, coins.get(_published_name(name, book))))
    verdicts += [Verdict(f"pool {pool.name}", pool.address, None) for pool in book.pools]
    verdicts += [Verdict(f"pool {pool.name}", pool.address, None) for pool in book.curve_pools]
    return verdicts


def _published_name(contract: str, book: AddressBook) -> str:
    """What the published book of Aave V3 calls a contract of ours; empty when it is not of that market."""
    match = _AAVE_V3.fullmatch(contract)
    if match is None:
        return ""
    wrapped, part = match.groups()
    if part.upper() in book.tokens:
        return f"{part.upper()}_{'STATA_TOKEN' if wrapped else 'A_TOKEN'}"
    return _AAVE_V3_PARTS.get(part, part.upper())
