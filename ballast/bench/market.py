"""A market for measuring swaps: plain coins round a hub, each with a real Uniswap V3 pool against it.

The factory, the position manager and the router are the replica's. Pools are deep, so that a swap crosses no
tick and every competitor pays for the same path through the pool.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eth_utils.address import to_checksum_address

from ballast.bench.gas import MAX_UINT, Lab
from ballast.units import WAD

FEE: Final = 500  # hundredths of a basis point
PRICE_ONE: Final = 1 << 96  # sqrt price of 1.0, Q96
FULL_RANGE: Final = 887_270  # ticks, the widest multiple of the fee's spacing
DEPTH: Final = 10**10 * WAD  # of each coin, in each pool
SUPPLY: Final = 10**12 * WAD


@dataclass(frozen=True)
class Market:
    """`pools[i]` trades `coins[i]` against `hub`; every price is 1."""

    hub: str
    coins: tuple[str, ...]
    pools: tuple[str, ...]
    router: str

    @property
    def tokens(self) -> list[str]:
        """The hub and all coins in ascending order of address, as a sorted basket lists them."""
        return sorted((self.hub, *self.coins), key=lambda token: int(token, 16))

    def pool_of(self, coin: str) -> str:
        """The pool of one of the coins."""
        return self.pools[self.coins.index(coin)]

    def first(self, count: int) -> "Market":
        """The same market with the first `count` coins only."""
        return Market(self.hub, self.coins[:count], self.pools[:count], self.router)


def build_market(lab: Lab, contracts: Mapping[str, str], count: int) -> Market:
    """`count` coins and their pools on the replica's Uniswap; the deployer keeps what is left."""
    positions = contracts["uniswap_v3_positions"]
    lab.progress(f"market of {count + 1} coins")
    hub, *coins = (coin(lab, positions) for _ in range(count + 1))
    pools = tuple(_pool(lab, positions, c, hub) for c in coins)
    return Market(hub, tuple(coins), pools, contracts["uniswap_v3_router"])


def coin(lab: Lab, spender: str) -> str:
    """A new coin, all of it the deployer's, `spender` approved."""
    token = to_checksum_address(lab.deploy("BenchCoin", ["uint256"], [SUPPLY]))
    lab.send(token, "approve(address,uint256)", spender, MAX_UINT)
    return token


def _pool(lab: Lab, positions: str, a: str, b: str) -> str:
    low, high = sorted((a, b), key=lambda token: int(token, 16))
    create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    lab.send(positions, create, low, high, FEE, PRICE_ONE)
    mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
    lab.send(positions, mint, (low, high, FEE, -FULL_RANGE, FULL_RANGE, DEPTH, DEPTH, 0, 0, lab.me, MAX_UINT))
    (factory,) = lab.read(positions, "factory()", ["address"])
    (pool,) = lab.read(factory, "getPool(address,address,uint24)", ["address"], low, high, FEE)
    return str(to_checksum_address(pool))
