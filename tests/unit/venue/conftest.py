"""Uniswap's own factory and pools, over coins that can misbehave, and a caller that stands for the vault."""

from dataclasses import dataclass
from typing import Any

import pytest

from ballast.replica import Rpc, address_book

POOL_INIT_CODE_HASH = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
FEE, FAR_TICK = 500, 887_270
Q96 = 2**96
DEPTH = 10**6 * 10**18
CREATE_POOL = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


def path(*steps: Any) -> bytes:
    """token, fee, token, fee, token ... as the venue reads it."""
    packed = [
        step.to_bytes(3, "big") if isinstance(step, int) else bytes.fromhex(str(step)[2:]) for step in steps
    ]
    return b"".join(packed)


@dataclass(frozen=True)
class Market:
    """Coins a, b, c with pools a/b and b/c at one to one; none between a and c."""

    venue: Any
    payer: Any
    coins: list[Any]  # by address
    pools: dict[tuple[int, int], str]
    rpc: Rpc
    trader: Any

    def balances(self, account: Any) -> list[int]:
        return [coin.balanceOf(account) for coin in self.coins]

    def route(self, *indices: int) -> bytes:
        steps: list[Any] = [self.coins[indices[0]].address]
        for i in indices[1:]:
            steps += [FEE, self.coins[i].address]
        return path(*steps)

    def swap(self, amount: int, *indices: int, data: bytes | None = None) -> tuple:
        """Arguments of the payer's swap from the first to the last coin."""
        ends = (self.coins[indices[0]], self.coins[indices[-1]])
        return (self.venue, *ends, amount, self.route(*indices) if data is None else data)

    def seed(self, i: int, j: int, half_width: int, depth: int) -> str:
        """Makes the pool of two coins at one to one; its address."""
        book = address_book()
        positions, factory = (book.contracts[f"uniswap_v3_{name}"] for name in ("positions", "factory"))
        pair = [self.coins[i].address, self.coins[j].address]
        self.rpc.send(positions, CREATE_POOL, [*pair, FEE, Q96], sender=self.trader.address)
        position = (*pair, FEE, -half_width, half_width, depth, depth, 0, 0, self.trader.address, 2**40)
        self.rpc.send(positions, MINT, [position], sender=self.trader.address)
        return self.rpc.read(factory, "getPool(address,address,uint24)", [*pair, FEE], "address")


@pytest.fixture(scope="session")
def trader(accounts: Any) -> Any:
    return accounts[0]


@pytest.fixture(scope="session")
def attacker(accounts: Any) -> Any:
    return accounts[6]


@pytest.fixture(scope="module")
def market(project: Any, trader: Any, networks: Any) -> Market:
    book = address_book()
    made = [trader.deploy(project.TokenWithModes, 18) for _ in range(3)]
    coins = sorted(made, key=lambda c: int(c.address, 16))
    venue = trader.deploy(project.UniswapV3Venue, book.contracts["uniswap_v3_factory"], POOL_INIT_CODE_HASH)
    payer = trader.deploy(project.FundingPayer)
    market = Market(venue, payer, coins, {}, Rpc(networks.active_provider.uri), trader)
    for coin in coins:
        coin.mint(trader, 10 * DEPTH, sender=trader)
        coin.mint(payer, DEPTH, sender=trader)
        coin.approve(book.contracts["uniswap_v3_positions"], 10 * DEPTH, sender=trader)
    for pair in ((0, 1), (1, 2)):
        market.pools[pair] = market.seed(*pair, FAR_TICK, DEPTH)
    return market
