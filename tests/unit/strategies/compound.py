"""A `CompoundStrategy` over a market of the replica, and the people round it."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from ballast.replica import Replica
from ballast.replica.comet import REWARD, CometMarket
from ballast.units import WAD

POOL_INIT_CODE_HASH = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
ONE = 10**6  # of USDC and USDT
SHARE = 10**12  # 6 decimals more
FUNDS = 50_000_000 * ONE
APPROVE = "approve(address,uint256)"


@dataclass(frozen=True)
class Lent:
    """The strategy, its market and who acts; `alice` and `bob` hold FUNDS of the coin, approved."""

    strategy: Any
    market: CometMarket
    replica: Replica
    oracle: Any
    venue: Any
    governor: Any  # may do all that is restricted
    alice: Any
    bob: Any

    @property
    def coin(self) -> str:
        return self.market.coin

    def held(self, account: Any, coin: str | None = None) -> int:
        """A balance of the strategy's coin, or of another one."""
        return self.replica.balance(coin or self.coin, str(account))

    def deposit(self, amount: int, who: Any = None) -> int:
        """Puts in that many base units (alice's); the shares they brought."""
        who = who or self.alice
        before = self.strategy.balanceOf(who)
        self.strategy.deposit(amount, who, sender=who)
        return int(self.strategy.balanceOf(who) - before)

    def sale(self, amount: int) -> tuple[Any, ...]:
        """The sale of that much COMP through WETH and USDC on the real pools."""
        stops = [REWARD, "WETH", "USDC", *(["USDT"] if self.coin == "USDT" else [])]
        route = bytes.fromhex(self.replica.book.token(REWARD).address[2:])
        for a, b in pairwise(stops):
            hop = self.replica.book.pool(a, b).fee.to_bytes(3, "big")
            route += hop + bytes.fromhex(self.replica.book.token(b).address[2:])
        return (self.replica.book.token(REWARD).address, amount, self.venue, route)

    def claimable(self) -> int:
        """COMP that the market owes the strategy."""
        rewards = self.replica.book.contracts["comet_rewards"]
        args = [self.market.address, self.strategy.address]
        return int(
            self.replica.rpc.read(rewards, "getRewardOwed(address,address)", args, "address,uint256")[1]
        )


def price_all(oracle: Any, replica: Replica, coins: tuple[str, ...], governor: Any) -> None:
    """Each coin's price from its Chainlink feed."""
    for coin in coins:
        feed = replica.book.feed(coin)
        low, high = (int(Decimal(bound) * WAD) for bound in ("0.05", "10000"))
        source = (feed.address, feed.heartbeat, feed.decimals, low, high)
        oracle.setSources(replica.book.token(coin).address, [source], 1, 0, sender=governor)


def lend(coin: str, replica: Replica, project: Any, accounts: Any) -> Lent:
    """Deploys the strategy for a coin's market, with real feeds and pools, and funds its people."""
    governor, alice, bob = accounts[:3]
    book, market = replica.book, CometMarket(replica.rpc, replica.book, coin)
    access = governor.deploy(project.IndexAccess, governor)
    oracle = governor.deploy(project.PriceOracle, access, "0x" + "00" * 20, 0)
    price_all(oracle, replica, (coin, REWARD), governor)
    venue = governor.deploy(project.UniswapV3Venue, book.contracts["uniswap_v3_factory"], POOL_INIT_CODE_HASH)
    args = (f"Ballast Compound {coin}", f"bc{coin}", market.address, book.contracts["comet_rewards"])
    strategy = governor.deploy(project.CompoundStrategy, *args, access, oracle)
    for person in (alice, bob):
        replica.mint(coin, person.address, FUNDS)
        approval = [strategy.address, 2**256 - 1]
        replica.rpc.send(book.token(coin).address, APPROVE, approval, sender=person.address)
    return Lent(strategy, market, replica, oracle, venue, governor, alice, bob)
