"""An `AaveStrategy` on the replica's Aave, with real prices and a real venue for its rewards."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ape.api import AccountAPI
from ape.contracts import ContractInstance

from ballast.replica import Replica
from ballast.replica.aave_market import AaveMarket
from tests.unit.strategies.conftest import EVERYTHING, WAD, ZERO, wire
from tests.unit.venue.conftest import POOL_INIT_CODE_HASH

PRICED = ("USDC", "USDT", "DAI", "FRAX", "LUSD", "WETH", "AAVE")


def price_oracle(
    project: Any, governor: AccountAPI, access: ContractInstance, replica: Replica
) -> ContractInstance:
    """The fund's own oracle over the replica's feeds."""
    oracle = governor.deploy(project.PriceOracle, access, ZERO, 0)
    for symbol in PRICED:
        feed = replica.book.feed(symbol)
        low, high = (int(bound * WAD) for bound in feed.bounds)
        source = (feed.address, feed.heartbeat, feed.decimals, low, high)
        oracle.setSources(replica.book.token(symbol).address, [source], 1, 0, sender=governor)
    return oracle


def uniswap_venue(project: Any, governor: AccountAPI, replica: Replica) -> ContractInstance:
    factory = replica.book.contracts["uniswap_v3_factory"]
    return governor.deploy(project.UniswapV3Venue, factory, POOL_INIT_CODE_HASH)


@dataclass(frozen=True)
class AaveWorld:
    """The strategy of one coin, the market below it, and who works with it."""

    coin: str
    strategy: ContractInstance
    venue: ContractInstance
    replica: Replica
    market: AaveMarket
    governor: AccountAPI
    keeper: AccountAPI

    @property
    def unit(self) -> int:
        """Base units of one coin."""
        return int(10 ** self.replica.book.token(self.coin).decimals)

    @property
    def token(self) -> str:
        return self.replica.book.token(self.coin).address

    def fund(self, account: AccountAPI, whole: int) -> int:
        """Gives coins that the strategy may take; the amount in base units."""
        amount = whole * self.unit
        self.replica.mint(self.coin, account.address, amount)
        for allowed in (0, EVERYTHING):  # USDT takes no second allowance over a first
            args = [self.strategy.address, allowed]
            self.replica.rpc.send(self.token, "approve(address,uint256)", args, sender=account.address)
        return amount

    def deposit(self, account: AccountAPI, whole: int) -> int:
        """The shares got."""
        amount, before = self.fund(account, whole), self.strategy.balanceOf(account)
        self.strategy.deposit(amount, account, sender=account)
        return int(self.strategy.balanceOf(account) - before)

    def leave(self, account: AccountAPI) -> int:
        """Redeems what can be redeemed; the coins got."""
        before = self.balance(account)
        shares = self.strategy.maxRedeem(account)
        self.strategy.redeem(shares, account, account, sender=account)
        return self.balance(account) - before

    def worth(self, account: AccountAPI) -> int:
        return int(self.strategy.convertToAssets(self.strategy.balanceOf(account)))

    def balance(self, account: AccountAPI) -> int:
        return self.replica.balance(self.coin, account.address)

    def sale(self, *stops: tuple[str, int]) -> tuple[Any, ...]:
        """All AAVE, through (coin, fee of the pool that leads to it) one after the other."""
        book = self.replica.book
        route = bytes.fromhex(book.token("AAVE").address[2:])
        for coin, fee in stops:
            route += fee.to_bytes(3, "big") + bytes.fromhex(book.token(coin).address[2:])
        return (book.token("AAVE").address, EVERYTHING, self.venue.address, route)

    def harvest(self, *sales: tuple[Any, ...]) -> Any:
        return self.strategy.harvest(list(sales), sender=self.keeper)


@dataclass(frozen=True)
class Builder:
    """What worlds are made with."""

    project: Any
    replica: Replica
    market: AaveMarket
    access: ContractInstance
    oracle: ContractInstance
    venue: ContractInstance
    governor: AccountAPI
    keeper: AccountAPI

    def world(self, coin: str, pool: str = "aave_v3_pool", rewards: str = "aave_v3_rewards") -> AaveWorld:
        """A strategy of `coin` on one of the pools of the address book."""
        known = self.replica.book.contracts
        token = self.replica.book.token(coin).address
        strategy = self.governor.deploy(
            self.project.AaveStrategy,
            f"Ballast Aave {coin}",
            f"baAave{coin}",
            token,
            known[pool],
            known.get(rewards, ZERO),
            self.access,
            self.oracle,
        )
        wire(self.access, strategy, self.governor)
        return AaveWorld(coin, strategy, self.venue, self.replica, self.market, self.governor, self.keeper)


def aave_builder(
    project: Any, url: str, access: ContractInstance, governor: AccountAPI, keeper: AccountAPI
) -> Builder:
    """Makes worlds on the chain at `url`."""
    replica = Replica(url)
    oracle = price_oracle(project, governor, access, replica)
    venue = uniswap_venue(project, governor, replica)
    return Builder(project, replica, AaveMarket(replica), access, oracle, venue, governor, keeper)


def interest(world: AaveWorld, seconds: int) -> Decimal:
    """What the supply rate of this moment brings in that time, as a share."""
    rate, _ = world.market.rates(world.coin)
    return rate * seconds / (365 * 86_400)
