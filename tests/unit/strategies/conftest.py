"""A strategy over a market that does what it is told, with its roles and prices."""

from dataclasses import dataclass
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_abi import encode
from eth_utils import keccak

# As contracts/access/Roles.sol, whose internals have no ABI, numbers them.
CURATOR_ROLE, GUARDIAN_ROLE, KEEPER_ROLE = 1, 2, 3
GOVERNED = {CURATOR_ROLE: "unpauseDeposits", GUARDIAN_ROLE: "pauseDeposits", KEEPER_ROLE: "harvest"}
GOOD, DIVERGED, STALE, INVALID = 1, 2, 3, 4  # IPriceOracle.Status
PAYS, REVERTS, BURNS_GAS = range(3)  # MockMarket.RewardMode
ZERO = "0x" + "00" * 20
EVERYTHING = 2**256 - 1
WAD = 10**18
COIN = 10**6  # base units of one coin of the mock market
MILLION = 10**6 * COIN
DAY = 86_400


def terms(amount_out: int, target: str = ZERO, call: bytes = b"") -> bytes:
    """Data of `TermsVenue`: what it pays, and whom it calls before."""
    return encode(["uint256", "address", "bytes"], [amount_out, target, call])


@dataclass(frozen=True)
class World:
    """A `MockStrategy`, what it works on, and who works with it."""

    strategy: ContractInstance
    market: ContractInstance
    coin: ContractInstance
    reward: ContractInstance
    venue: ContractInstance
    oracle: ContractInstance
    governor: AccountAPI
    keeper: AccountAPI
    chain: Any

    def deposit(self, investor: AccountAPI, amount: int = MILLION) -> int:
        """The shares got."""
        before = self.strategy.balanceOf(investor)
        self.strategy.deposit(amount, investor, sender=investor)
        return self.strategy.balanceOf(investor) - before

    def leave(self, investor: AccountAPI) -> int:
        """Redeems what can be redeemed; the coins got."""
        before = self.coin.balanceOf(investor)
        shares = self.strategy.maxRedeem(investor)
        self.strategy.redeem(shares, investor, investor, sender=investor)
        return self.coin.balanceOf(investor) - before

    def worth(self, investor: AccountAPI) -> int:
        return self.strategy.convertToAssets(self.strategy.balanceOf(investor))

    def grow(self, amount: int) -> None:
        """Interest, or a loss when negative; the coins come and go with it."""
        if amount > 0:
            self.coin.mint(self.market, amount, sender=self.governor)
        self.market.setPosition(self.market.position() + amount, sender=self.governor)

    def pay_rewards(self, amount: int, token: ContractInstance | None = None) -> None:
        """The next claim brings `amount` of the reward, or of another token."""
        paid = token or self.reward
        paid.mint(self.market, amount, sender=self.governor)
        self.market.setReward(paid, PAYS, sender=self.governor)

    def sale(self, amount: int, out: int, **extra: Any) -> tuple[Any, ...]:
        """Sells `amount` of the reward for `out` of the coin."""
        return (self.reward.address, amount, self.venue.address, terms(out, **extra))

    def harvest(self, *sales: tuple[Any, ...]) -> Any:
        return self.strategy.harvest(list(sales), sender=self.keeper)

    def harvest_gain(self, whole: int) -> Any:
        """A harvest that brings that many whole coins, at the oracle's price."""
        self.pay_rewards(whole * WAD)
        return self.harvest(self.sale(EVERYTHING, whole * COIN))

    def wait(self, seconds: int) -> None:
        self.chain.pending_timestamp += seconds
        self.chain.mine()


@pytest.fixture(scope="session")
def governor(accounts: Any) -> AccountAPI:
    return accounts[0]


@pytest.fixture(scope="session")
def curator(accounts: Any) -> AccountAPI:
    return accounts[1]


@pytest.fixture(scope="session")
def guardian(accounts: Any) -> AccountAPI:
    return accounts[2]


@pytest.fixture(scope="session")
def keeper(accounts: Any) -> AccountAPI:
    return accounts[3]


@pytest.fixture(scope="session")
def investor(accounts: Any) -> AccountAPI:
    return accounts[4]


@pytest.fixture(scope="session")
def other(accounts: Any) -> AccountAPI:
    """Another investor."""
    return accounts[5]


@pytest.fixture(scope="session")
def stranger(accounts: Any) -> AccountAPI:
    return accounts[6]


@pytest.fixture(scope="session")
def access(project: Any, governor: Any, curator: Any, guardian: Any, keeper: Any) -> ContractInstance:
    """The authority of every strategy of the tests; `wire` gives its functions to the roles."""
    manager = governor.deploy(project.IndexAccess, governor)
    for role, member in ((CURATOR_ROLE, curator), (GUARDIAN_ROLE, guardian), (KEEPER_ROLE, keeper)):
        manager.grantRole(role, member, 0, sender=governor)
    return manager


def wire(access: ContractInstance, strategy: ContractInstance, governor: AccountAPI) -> None:
    """Lets each role call what is its own, without delays."""
    for role, name in GOVERNED.items():
        (method,) = [m for m in strategy.contract_type.mutable_methods if m.name == name]
        selector = keccak(text=method.selector)[:4]
        access.setTargetFunctionRole(strategy, [selector], role, sender=governor)


@pytest.fixture(scope="module")
def world(
    project: Any, chain: Any, governor: Any, keeper: Any, investor: Any, other: Any, access: Any
) -> World:
    """Nothing deposited; both investors hold ten million coins, which the strategy may take."""
    coin, reward = (governor.deploy(project.TokenWithModes, decimals) for decimals in (6, 18))
    oracle, venue = governor.deploy(project.MockOracle), governor.deploy(project.TermsVenue)
    market = governor.deploy(project.MockMarket, coin)
    strategy = governor.deploy(project.MockStrategy, market, reward, access, oracle)
    wire(access, strategy, governor)
    coin.mint(venue, 100 * MILLION, sender=governor)
    for account in (investor, other):
        coin.mint(account, 10 * MILLION, sender=governor)
        coin.approve(strategy, EVERYTHING, sender=account)
    return World(strategy, market, coin, reward, venue, oracle, governor, keeper, chain)
