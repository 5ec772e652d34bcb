"""A strategy over one of the replica's Curve pools, with people and coins: for Curve and for Convex."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ballast.replica import Replica, curve
from ballast.replica.addresses import CurvePool
from ballast.replica.convex import convex_pool
from ballast.units import WAD
from tests.access import access_manager_type

FUNDS = 5_000_000  # whole coins that a holder gets
SHARE_UNIT = 10**6  # shares of a strategy per unit of its asset, at the first deposit
GOOD = 1  # IPriceOracle.Status
HOUR, DAY, WEEK = 3_600, 86_400, 7 * 86_400
EVERYTHING = 2**256 - 1


@dataclass(frozen=True)
class CurveWorld:
    """`coin`: the strategy's asset. `authority` is AccessManager, `curator` its admin."""

    replica: Replica
    pool: CurvePool
    coin: str
    strategy: Any
    oracle: Any
    curator: Any
    holder: Any
    other: Any

    @property
    def asset(self) -> str:
        return self.replica.book.token(self.coin).address

    @property
    def one(self) -> int:
        """Base units of a whole coin."""
        return 10 ** self.replica.book.token(self.coin).decimals

    @property
    def other_coin(self) -> str:
        return next(coin for coin in self.pool.coins if coin != self.coin)

    def deposit(self, whole: int, holder: Any = None) -> int:
        """Deposits whole coins; the shares got."""
        who = holder or self.holder
        before = self.strategy.balanceOf(who)
        self.strategy.deposit(whole * self.one, who, sender=who)
        return int(self.strategy.balanceOf(who) - before)

    def held(self, holder: Any = None) -> int:
        """Base units of the asset that somebody has."""
        return self.replica.balance(self.coin, str((holder or self.holder).address))

    def price(self) -> int:
        """What WAD shares are worth, in base units."""
        return int(self.strategy.convertToAssets(WAD))

    def push(self, coin: str, part: str) -> None:
        """Sells into the pool `part` of its own balance of `coin`."""
        curve.push(self.replica.rpc, self.replica.book, self.pool, coin, part)

    def trade(self, whole: int) -> None:
        """Sells the other coin for the asset and back."""
        rpc, book = self.replica.rpc, self.replica.book
        scale = 10 ** book.token(self.other_coin).decimals
        got = curve.swap(rpc, book, self.pool, self.other_coin, self.coin, whole * scale)
        curve.swap(rpc, book, self.pool, self.coin, self.other_coin, got)

    def depeg(self, part: str) -> Fraction:
        """The other coin is sold for the asset, and hours pass; its price in the asset that is left."""
        self.push(self.other_coin, part)
        self.replica.pass_time(6 * HOUR)
        return Fraction(curve.price(self.replica.rpc, self.pool, self.other_coin, self.coin))

    def lp_per_share(self) -> int:
        """LP tokens behind WAD shares."""
        return int(self.strategy.lpBalance()) * WAD // int(self.strategy.totalSupply())

    def read_pool(self, signature: str, *args: Any) -> int:
        return int(self.replica.rpc.read(self.pool.address, signature, list(args)))


def make_world(
    project: Any, accounts: Any, replica: Replica, coins: tuple[str, ...], coin: str, extras: Any = None
) -> CurveWorld:
    """A CurveStrategy, or with `extras` (extra reward tokens) a ConvexStrategy, and two funded holders."""
    book = replica.book
    curator, holder, other = accounts[0], accounts[6], accounts[7]
    pool = book.curve_pool(*coins)
    authority = curator.deploy(access_manager_type(), curator)
    oracle = curator.deploy(project.MockOracle)
    for reward in ("CRV", "CVX"):
        worth = int(book.feed(reward).price * WAD)
        oracle.set(book.token(reward).address, worth, worth, GOOD, sender=curator)
    asset = book.token(coin).address
    start, end = (pool.address, asset), (authority, oracle)
    if extras is None:
        strategy = curator.deploy(project.CurveStrategy, f"Curve {coin}", f"c{coin}", *start, *end)
    else:
        number = convex_pool(replica.rpc, book, pool).number
        middle = (book.contracts["convex_booster"], number, extras)
        strategy = curator.deploy(project.ConvexStrategy, f"Convex {coin}", f"x{coin}", *start, *middle, *end)
    world = CurveWorld(replica, pool, coin, strategy, oracle, curator, holder, other)
    for account in (holder, other):
        fund(world, account)
    return world


def fund(world: CurveWorld, account: Any) -> None:
    """Gives an account the asset and the strategy its allowance."""
    address = str(account.address)
    world.replica.mint(world.coin, address, FUNDS * world.one)
    args = [str(world.strategy.address), EVERYTHING]
    world.replica.rpc.send(world.asset, "approve(address,uint256)", args, sender=address)
