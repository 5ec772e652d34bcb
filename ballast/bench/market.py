"""The market that swaps are measured on: nine coins, eight real Uniswap V3 pools round USDC.

The first four pools are the replica's own, with its USDC and USDT (their real code), DAI, FRAX and LUSD; for
more coins than the fund has, plain ERC-20s follow, in pools like FRAX/USDC's: the same fee, depth and number
of observations. Every competitor trades the same amounts through the same pools.

`plain_market` is the harder variant: nine plain ERC-20s, in pools so deep that no swap moves the tick. Dear
coins and busy pools weigh on both sides of a ratio and so flatter it; this one shows by how much.
"""

from dataclasses import dataclass
from typing import Final

from ballast.bench.gas import Lab
from ballast.replica.uniswap import CARDINALITY, CORE_TICKS, FOREVER, MINT, Q96, TAIL_TICKS, TICK_SPACING
from ballast.units import WAD

HUB: Final = "USDC"
COINS: Final = ("USDT", "DAI", "FRAX", "LUSD")
MODEL_POOL: Final = "FRAX"  # the pool that the plain coins' pools are like
DEEP: Final = 10**10  # USD a side, full range
WIDEST: Final = 887_270  # ticks
SUPPLY: Final = 10**12 * WAD


@dataclass(frozen=True)
class Coin:
    """A coin and its pool against the hub; the hub's own `pool` is empty and its `fee` 0."""

    token: str
    decimals: int
    pool: str = ""
    fee: int = 0  # hundredths of a basis point
    symbol: str = ""  # in the address book; empty for a plain coin

    def units(self, usd: int) -> int:
        """That many whole coins, in the coin's own decimals."""
        return usd * int(10**self.decimals)


@dataclass(frozen=True)
class Market:
    """Coins that trade against `hub`; a dollar a coin, near enough."""

    hub: Coin
    coins: tuple[Coin, ...]

    def first(self, count: int) -> "Market":
        """The same market with the first `count` coins only."""
        return Market(self.hub, self.coins[:count])

    @property
    def everything(self) -> tuple[Coin, ...]:
        """The hub, then the coins."""
        return (self.hub, *self.coins)

    @property
    def tokens(self) -> list[str]:
        """Their addresses."""
        return [coin.token for coin in self.everything]


def fund_market(lab: Lab, count: int) -> Market:
    """The replica's coins and pools, and plain coins for what is beyond them."""
    lab.progress(f"market of {count + 1} coins")
    usdc = lab.book.token(HUB)
    hub = Coin(usdc.address, usdc.decimals, symbol=HUB)
    lab.replica.mint(HUB, lab.me, hub.units(10**9))
    lab.approve([hub.token], lab.book.contracts["uniswap_v3_positions"])
    coins = []
    for symbol in COINS[:count]:
        token, pool = lab.book.token(symbol), lab.book.pool(symbol, HUB)
        coins.append(Coin(token.address, token.decimals, pool.address, pool.fee, symbol))
    model = lab.book.pool(MODEL_POOL, HUB)
    bands = [(CORE_TICKS, int(model.core * 10**6)), (TAIL_TICKS, int(model.tail * 10**6))]
    coins += [_plain_coin(lab, hub, model.fee, bands) for _ in range(count - len(coins))]
    return Market(hub, tuple(coins))


def plain_market(lab: Lab, count: int) -> Market:
    """Plain coins round a plain hub, every pool too deep to move."""
    lab.progress(f"market of {count + 1} plain coins")
    hub = Coin(_token(lab), 18)
    fee = lab.book.pool(MODEL_POOL, HUB).fee
    return Market(hub, tuple(_plain_coin(lab, hub, fee, [(WIDEST, DEEP)]) for _ in range(count)))


def _plain_coin(lab: Lab, hub: Coin, fee: int, bands: list[tuple[int, int]]) -> Coin:
    coin = Coin(_token(lab), 18)
    low, high = sorted((coin, hub), key=lambda c: int(c.token, 16))
    shift = high.decimals - low.decimals
    price = Q96 * 10 ** (shift // 2) if shift >= 0 else Q96 // 10 ** (-shift // 2)
    positions = lab.book.contracts["uniswap_v3_positions"]
    create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    lab.send(positions, create, low.token, high.token, fee, price)
    factory = lab.book.contracts["uniswap_v3_factory"]
    find = "getPool(address,address,uint24)"
    pool = str(lab.read(factory, find, "address", low.token, high.token, fee))
    lab.send(pool, "increaseObservationCardinalityNext(uint16)", CARDINALITY)
    tick = lab.read(pool, "slot0()", "uint160,int24,uint16,uint16,uint16,uint8,bool")[1]
    spacing = TICK_SPACING[fee]
    for half, usd in bands:
        bottom = max(tick - half, -WIDEST) // spacing * spacing
        top = min(tick + half, WIDEST) // spacing * spacing
        amounts = low.units(usd), high.units(usd)
        lab.send(positions, MINT, (low.token, high.token, fee, bottom, top, *amounts, 0, 0, lab.me, FOREVER))
    return Coin(coin.token, 18, pool, fee)


def _token(lab: Lab) -> str:
    """A plain coin, all of it the deployer's."""
    token = lab.deploy("BenchCoin")
    lab.send(token, "mint(address,uint256)", lab.me, SUPPLY)
    lab.approve([token], lab.book.contracts["uniswap_v3_positions"])
    return token
