"""The same k swaps three ways on real Uniswap V3 pools: the keeper's fill, bare, and as a tutorial does it.

Needs Ape connected to a fork of the replica: the pools come from Uniswap's factory at its mainnet address.
`RebalanceRig.build(project, accounts, uri)`, then `measure(k)`; each run is undone, so all start equal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ballast.replica import Rpc, address_book
from tests.unit.rebalancer.conftest import selectors

N = 9  # coins; the first four are sold, the others bought
WEIGHTS = (1_112, *(1_111,) * 8)  # bps, before
TARGETS = (668, 667, 667, 667, *(1_333, 1_555, 1_555, 1_555), 1_333)  # bps, after
PAIRS = ((0, 4), (0, 5), (1, 5), (1, 6), (2, 6), (2, 7), (3, 7), (3, 8))  # swap k goes from, to
FUND = 9_000_000 * 10**18  # units, each coin's ninth
FEE = 100  # hundredths of a basis point
SWAP = 150_000 * 10**18
DEPTH = 10**9 * 10**18  # of each coin in each pool, over all prices
TICK_LIMIT = 887_272
Q96 = 2**96
POOL_INIT_CODE_HASH = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
CREATE_POOL = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
HEARTBEAT = 86_400
FOREVER = 2**40


@dataclass(frozen=True)
class RebalanceRig:
    """Everything deployed, the session open; nothing traded."""

    rpc: Rpc
    rebalancer: Any
    vault: Any
    venue: Any
    bare: Any
    tutorial: Any
    coins: list[Any]
    pools: list[str]  # in the order of PAIRS
    keeper: Any

    @classmethod
    def build(cls, project: Any, accounts: Any, uri: str) -> "RebalanceRig":
        """Deploys coins, pools, the fund and its two rivals; opens the session."""
        rpc, governor = Rpc(uri), accounts[0]
        coins = [governor.deploy(project.BenchCoin) for _ in range(N)]
        feeds = [governor.deploy(project.BenchFeed, 10**8) for _ in range(N)]
        pools = _make_pools(rpc, coins, governor)
        vault, rebalancer, venue = _deploy_fund(project, coins, feeds, accounts)
        bare = governor.deploy(project.BareSwaps)
        router = address_book().contracts["uniswap_v3_router"]
        tutorial = governor.deploy(project.TutorialRebalancer, router)
        for coin, feed, weight in zip(coins, feeds, WEIGHTS, strict=True):
            tutorial.addCoin(coin, feed, weight, HEARTBEAT, sender=governor)
            for holder in (bare, tutorial):
                coin.mint(holder, FUND // N, sender=governor)
        rig = cls(rpc, rebalancer, vault, venue, bare, tutorial, coins, pools, governor)
        rig.bare.run(rig._bare_swaps(len(PAIRS), 10**18), sender=governor)  # no pool's first swap is measured
        return rig

    def measure(self, k: int) -> dict[str, int]:
        """Gas of a whole transaction with `k` swaps: keys `ballast`, `bare`, `tutorial`."""
        return {
            "ballast": self._undone(lambda: self.fill(k)),
            "bare": self._undone(lambda: self.bare.run(self._bare_swaps(k), sender=self.keeper)),
            "tutorial": self._undone(lambda: self.tutorial.rebalance(self._orders(k), sender=self.keeper)),
        }

    def fill(self, k: int) -> Any:
        """The keeper's fill; the receipt."""
        return self.rebalancer.executeRebalance(self.trades(k), sender=self.keeper)

    def trades(self, k: int) -> list[tuple]:
        """`Trade`s of the first `k` pairs."""
        return [
            (
                self.coins[i].address,
                self.coins[j].address,
                SWAP,
                0,
                self.venue.address,
                _route(self.coins[i], self.coins[j]),
            )
            for i, j in PAIRS[:k]
        ]

    def _bare_swaps(self, k: int, amount: int = SWAP) -> list[tuple]:
        return [
            (pool, self.coins[i].address, _below(self.coins[i], self.coins[j]), amount)
            for (i, j), pool in list(zip(PAIRS, self.pools, strict=True))[:k]
        ]

    def _orders(self, k: int) -> list[tuple]:
        return [(self.coins[i].address, self.coins[j].address, FEE, SWAP, 0) for i, j in PAIRS[:k]]

    def _undone(self, act: Callable[[], Any]) -> int:
        with self.rpc.isolated():
            return int(act().gas_used)


def _make_pools(rpc: Rpc, coins: list[Any], governor: Any) -> list[str]:
    positions = address_book().contracts["uniswap_v3_positions"]
    factory = address_book().contracts["uniswap_v3_factory"]
    for coin in coins:
        coin.mint(governor, 4 * DEPTH, sender=governor)
        coin.approve(positions, 4 * DEPTH, sender=governor)
    pools = []
    for i, j in PAIRS:
        pair = sorted((coins[i].address, coins[j].address), key=lambda a: int(a, 16))
        rpc.send(positions, CREATE_POOL, [*pair, FEE, Q96], sender=governor.address)
        position = (*pair, FEE, -TICK_LIMIT, TICK_LIMIT, DEPTH, DEPTH, 0, 0, governor.address, FOREVER)
        rpc.send(positions, MINT, [position], sender=governor.address)
        pools.append(rpc.read(factory, "getPool(address,address,uint24)", [*pair, FEE], "address"))
    return pools


def _deploy_fund(project: Any, coins: list[Any], feeds: list[Any], accounts: Any) -> tuple[Any, Any, Any]:
    """Vault, rebalancer and venue with an open session; one source a coin, roles without delays."""
    governor = accounts[0]
    access = governor.deploy(project.IndexAccess, governor)
    oracle = governor.deploy(project.PriceOracle, access, "0x" + "00" * 20, 0)
    eth = governor.deploy(project.BenchFeed, 3_000 * 10**8)
    assets = [*zip(coins, feeds, strict=True), (eth, eth)]
    for asset, feed in assets:
        source = (feed.address, HEARTBEAT, 8, 10**16, 10**22)
        oracle.setSources(asset, [source], 1, 0, sender=governor)
    calculator = governor.deploy(project.MockCalculator)
    calculator.set(coins, list(TARGETS), sender=governor)
    vault = governor.deploy(
        project.IndexVault, "Bench", "BENCH", access, oracle, governor, coins, list(WEIGHTS)
    )
    rebalancer = governor.deploy(project.Rebalancer, access, vault, calculator, oracle, eth)
    vault.transferOwnership(rebalancer, sender=governor)
    access.setTargetFunctionRole(rebalancer, selectors(rebalancer, ("executeRebalance",)), 3, sender=governor)
    access.grantRole(3, governor, 0, sender=governor)
    for coin in coins:
        coin.approve(vault, FUND, sender=governor)
        coin.mint(governor, FUND, sender=governor)
    vault.contribute([FUND * w // 10_000 for w in WEIGHTS], governor, 0, sender=governor)
    rebalancer.open(sender=governor)
    factory = address_book().contracts["uniswap_v3_factory"]
    return vault, rebalancer, governor.deploy(project.UniswapV3Venue, factory, POOL_INIT_CODE_HASH)


def _route(token_in: Any, token_out: Any) -> bytes:
    return b"".join(
        (bytes.fromhex(token_in.address[2:]), FEE.to_bytes(3, "big"), bytes.fromhex(token_out.address[2:]))
    )


def _below(a: Any, b: Any) -> bool:
    return int(a.address, 16) < int(b.address, 16)
