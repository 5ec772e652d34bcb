"""Places models of Compound V3's USDC and USDT markets with suppliers, borrowers and rewards, and moves them.

The rate curves, factors and limits are those that Compound publishes for the two markets. The USDC market has
paid no rewards of late; here it pays what the USDT market does, so that both can be harvested.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ballast.errors import ReplicaError
from ballast.replica import feeds, powers
from ballast.replica.addresses import AddressBook, Token
from ballast.replica.place import OPERATOR, Deployer, role_account
from ballast.replica.rpc import Rpc
from ballast.replica.solc import Artifact
from ballast.units import SECONDS_PER_DAY, WAD, ceil_div, wad_of

COMET_COINS: Final = ("USDC", "USDT")
COLLATERAL: Final = "WETH"
REWARD: Final = "COMP"
REWARDS_FUND: Final = 100_000 * WAD  # {COMP}
UNLIMITED: Final = 2**256 - 1
ROUNDING: Final = 10**9  # one part in this covers the rounding of a price
MONTH: Final = 30 * SECONDS_PER_DAY
CUSHION_BPS: Final = 500  # collateral beyond what a debt needs, so that interest does not use it up at once
CONFIG_TYPES: Final = (
    "bytes32,bytes32,address,address,address,address,uint64,uint64,uint64,uint64,uint64,uint64,uint64,uint64,"
    "uint64,uint64,uint104,uint104,uint64,uint104,address,address,uint64,uint64,uint64,uint128"
)


@dataclass(frozen=True)
class Curves:
    """A market's published parameters; rates in WAD a year, amounts in whole base coins."""

    supply: tuple[str, str, str, str]  # kink, slope below, slope above, base
    borrow: tuple[str, str, str, str]
    reward_speeds: tuple[int, int]  # suppliers', borrowers': 1e15 = 1 COMP a second
    least_for_rewards: int
    target_reserves: int
    store_front: str  # share of the penalty that a buyer of collateral gets
    factors: tuple[str, str, str]  # of WETH: borrow, liquidate, liquidation
    supplied: int  # million coins on the replica
    borrowed: tuple[int, int]  # million coins on the replica: by the steady and by the shaky borrower


MARKETS: Final = {
    "USDC": Curves(
        ("0.8", "0.0325", "0.4", "0"),
        ("0.8", "0.035", "0.25", "0.015"),
        (810_185_185_185, 578_703_703_703),
        1_000_000,
        5_000_000,
        "0.5",
        ("0.825", "0.895", "0.95"),
        400,
        (240, 60),
    ),
    "USDT": Curves(
        ("0.9", "0.059", "2.9", "0"),
        ("0.9", "0.061", "3.2", "0.015"),
        (810_185_185_185, 578_703_703_703),
        100_000,
        20_000_000,
        "0.6",
        ("0.83", "0.9", "0.95"),
        200,
        (130, 30),
    ),
}
RESERVES: Final = 2_000_000  # whole coins in each market


def supplier(coin: str) -> str:
    """Who has supplied what a market lends."""
    return role_account(f"comet-supplier.{coin}")


def borrower(coin: str) -> str:
    """Who borrows and repays as the handles say; never short of collateral."""
    return role_account(f"comet-borrower.{coin}")


def shaky_borrower(coin: str) -> str:
    """Whose collateral `push_loss` lets fail."""
    return role_account(f"comet-shaky-borrower.{coin}")


def place_comet(deployer: Deployer, book: AddressBook, models: dict[str, Artifact]) -> None:
    """Both markets and the rewards at their mainnet addresses, lent out; the operator governs them."""
    rpc = deployer.rpc
    rewards = deployer.place(
        book.contracts["comet_rewards"], models["CometRewardsModel"], "address", [OPERATOR]
    )
    reward = book.token(REWARD)
    rpc.send(reward.address, "transfer(address,uint256)", [rewards, REWARDS_FUND], sender=OPERATOR)
    for coin in COMET_COINS:
        market = CometMarket(rpc, book, coin)
        deployer.place(market.address, models["CometModel"], CONFIG_TYPES, _config(book, coin))
        rpc.send(
            rewards, "setRewardConfig(address,address)", [market.address, reward.address], sender=OPERATOR
        )
        _seed(market)


def _config(book: AddressBook, coin: str) -> list[Any]:
    curves, base = MARKETS[coin], book.token(coin)
    one = 10**base.decimals
    return [
        f"Compound {coin}".encode(),
        f"c{coin}v3".encode(),
        OPERATOR,
        OPERATOR,
        base.address,
        book.feed(coin).address,
        *(wad_of(value) for value in (*curves.supply, *curves.borrow)),
        *curves.reward_speeds,
        curves.least_for_rewards * one,
        100 * one,
        wad_of(curves.store_front),
        curves.target_reserves * one,
        book.token(COLLATERAL).address,
        book.feed(COLLATERAL).address,
        *(wad_of(value) for value in curves.factors),
        2**128 - 1,
    ]


def _seed(market: "CometMarket") -> None:
    rpc, coin, curves = market.rpc, market.coin, MARKETS[market.coin]
    million = 10 ** (6 + market.base.decimals)
    for token in (market.base, market.collateral):
        rpc.send(token.address, "approve(address,uint256)", [market.address, UNLIMITED], sender=OPERATOR)
    for account in (borrower(coin), shaky_borrower(coin)):
        rpc.call("anvil_setBalance", account, hex(WAD))  # gas for its one own transaction
        rpc.call("anvil_impersonateAccount", account)
        rpc.send(market.address, "allow(address,bool)", [OPERATOR, True], sender=account)
        rpc.call("anvil_stopImpersonatingAccount", account)
    reserves = RESERVES * 10**market.base.decimals
    rpc.send(market.base.address, "transfer(address,uint256)", [market.address, reserves], sender=OPERATOR)
    market.supply(curves.supplied * million, supplier(coin))
    for account, amount in zip((borrower(coin), shaky_borrower(coin)), curves.borrowed, strict=True):
        market.borrow(amount * million, account)


@dataclass(frozen=True)
class CometMarket:
    """Handles on one market: `CometMarket(replica.rpc, replica.book, "USDC")`. Amounts in base units."""

    rpc: Rpc
    book: AddressBook
    coin: str

    @property
    def address(self) -> str:
        """The market (Comet) itself; ReplicaError for a coin without one."""
        if self.coin not in COMET_COINS:
            raise ReplicaError(f"no Compound market for {self.coin!r}: only {' and '.join(COMET_COINS)}")
        return self.book.contracts[f"comet_{self.coin.lower()}"]

    @property
    def base(self) -> Token:
        """What is lent."""
        return self.book.token(self.coin)

    @property
    def collateral(self) -> Token:
        """What debts are covered by."""
        return self.book.token(COLLATERAL)

    # -- what it says

    def read(self, signature: str, args: Sequence[Any] = (), returns: str = "uint256") -> Any:
        """A view of the market."""
        return self.rpc.read(self.address, signature, args, returns)

    def cash(self) -> int:
        """Base coins that the market holds: all that can be withdrawn now."""
        return int(self.rpc.read(self.base.address, "balanceOf(address)", [self.address]))

    def utilization(self) -> int:
        """What is borrowed over what is supplied, now, WAD."""
        return int(self.read("totalBorrow()")) * WAD // int(self.read("totalSupply()"))

    def debt(self, account: str) -> int:
        """What an account owes."""
        return int(self.read("borrowBalanceOf(address)", [account]))

    # -- supply and demand

    def supply(self, amount: int, account: str | None = None) -> None:
        """The operator's coins into the market, as `account`'s (the supplier's) supply or repayment."""
        self._send("supplyTo(address,address,uint256)", account or supplier(self.coin), self.base, amount)

    def borrow(self, amount: int, account: str | None = None) -> None:
        """Lets a borrower (the steady one) draw coins; its collateral is made enough first."""
        account = account or borrower(self.coin)
        self._cover(account, amount)
        self._send("withdrawFrom(address,address,address,uint256)", account, account, self.base, amount)

    def borrow_all(self) -> None:
        """Full utilisation: not one base unit can be withdrawn until somebody brings some."""
        self.borrow(self.cash())

    def set_utilization(self, share: int) -> None:
        """Borrows or repays until `share` (WAD) of the supply is borrowed, or nothing is left to lend.

        ReplicaError below what the shaky borrower owes, which stays.
        """
        wanted = int(self.read("totalSupply()")) * share // WAD
        more = wanted - int(self.read("totalBorrow()"))
        if more > 0:
            self.borrow(min(more, self.cash()))
        elif -more > self.debt(borrower(self.coin)):
            raise ReplicaError(f"utilisation cannot fall to {share / WAD:.2%}: the steady borrower owes less")
        elif more < 0:
            self.supply(-more, borrower(self.coin))

    # -- what goes wrong

    def pause(self, *, supply: bool = False, withdraw: bool = False, transfer: bool = False) -> None:
        """Stops what is named, and lets everything else go on."""
        flags = [supply, transfer, withdraw, False, False]
        self._call("pause(bool,bool,bool,bool,bool)", flags)

    def push_loss(self, amount: int) -> None:
        """Bad debt that eats the reserves and `amount` beyond: that much is missing for the suppliers.

        The collateral's price falls, the shaky borrower is absorbed, its collateral is bought at the low
        price, and the price comes back. ReplicaError when that debt is too small.
        """
        account = shaky_borrower(self.coin)
        self._call("accrueAccount(address)", [account])
        held = int(self.read("collateralBalanceOf(address,address)", [account, self.collateral.address]))
        brings = self.debt(account) - amount - int(self.read("getReserves()", (), "int256"))
        if brings <= 0 or not held:
            raise ReplicaError(f"the shaky borrower owes too little to lose {amount} of {self.coin}")
        feed = self.book.feed(COLLATERAL).address
        before, dollar = self.rpc.read_many(
            [(at, "latestAnswer()", (), "int256") for at in (feed, self.book.feed(self.coin).address)]
        )
        worth = brings * dollar * 10**self.collateral.decimals * WAD
        price = ceil_div(worth, held * 10**self.base.decimals * self._sold_at())
        feeds.submit(self.rpc, [(feed, price)])
        self._call("absorb(address,address[])", [OPERATOR, [account]])
        buy = "buyCollateral(address,uint256,uint256,address)"
        paid = brings - ceil_div(brings, ROUNDING)  # the market rounds the price down: not a wei too much
        self._call(buy, [self.collateral.address, 0, paid, OPERATOR])
        feeds.submit(self.rpc, [(feed, before)])

    # -- rewards

    def starve_rewards(self) -> None:
        """Takes all reward tokens away: every claim reverts."""
        rewards, token = self.book.contracts["comet_rewards"], self.book.token(REWARD).address
        held = self.rpc.read(token, "balanceOf(address)", [rewards])
        self.rpc.send(
            rewards, "withdrawToken(address,address,uint256)", [token, OPERATOR, held], sender=OPERATOR
        )

    def fund_rewards(self, amount: int = REWARDS_FUND) -> None:
        """More reward tokens to pay out."""
        rewards, token = self.book.contracts["comet_rewards"], self.book.token(REWARD).address
        self.rpc.send(token, "transfer(address,uint256)", [rewards, amount], sender=OPERATOR)

    # -- inside

    def _sold_at(self) -> int:
        """WAD: at what part of its price absorbed collateral is sold."""
        curves = MARKETS[self.coin]
        return WAD - wad_of(curves.store_front) * (WAD - wad_of(curves.factors[2])) // WAD

    def _cover(self, account: str, more: int) -> None:
        """Collateral for the account's debt and `more`, as far as it lacks; new WETH where none is left."""
        feed = self.book.feed(COLLATERAL).address
        price, dollar = self.rpc.read_many(
            [(at, "latestAnswer()", (), "int256") for at in (feed, self.book.feed(self.coin).address)]
        )
        debt = (self.debt(account) + more) * dollar * (10_000 + CUSHION_BPS) // 10_000
        factor = wad_of(MARKETS[self.coin].factors[0])
        needed = ceil_div(debt * 10**self.collateral.decimals * WAD, 10**self.base.decimals * price * factor)
        lacks = needed - self.read(
            "collateralBalanceOf(address,address)", [account, self.collateral.address], "uint128"
        )
        if lacks <= 0:
            return
        held = self.rpc.read(self.collateral.address, "balanceOf(address)", [OPERATOR])
        if held < lacks:
            powers.mint(self.rpc, self.book, COLLATERAL, OPERATOR, lacks - held)
        self._send("supplyTo(address,address,uint256)", account, self.collateral, lacks)

    def _send(self, signature: str, *args: Any) -> None:
        plain = [arg.address if isinstance(arg, Token) else arg for arg in args]
        self._call(signature, plain)

    def _call(self, signature: str, args: Sequence[Any]) -> None:
        self.rpc.send(self.address, signature, args, sender=OPERATOR)
