from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

DECIMALS = (6, 18, 6)
WEIGHTS = (5_000, 3_000, 2_000)  # bps
FIRST = 10_000  # dollars of the first contribution
MUCH = 10**30  # base units
DAY = 86_400

# In the order of HostileStrategy.Mode.
STRATEGY_MODES = (
    "HONEST", "VALUE_REVERTS", "VALUE_BURNS_GAS", "VALUE_BOMBS", "VALUE_SHORT", "VALUE_HUGE",
    "REDEEM_REVERTS", "REDEEM_BURNS_GAS", "REDEEM_BOMBS", "REDEEM_LIES", "REDEEM_TAKES_MORE",
    "REDEEM_KEEPS_SHARES", "LIQUIDITY_REVERTS", "LIQUIDITY_BURNS_GAS", "LIQUIDITY_LIES",
    "DEPOSIT_KEEPS_HALF", "REENTERS",
)  # fmt: skip
UNREADABLE = [mode for mode in STRATEGY_MODES if mode.startswith("VALUE_")]
UNPAYING = [mode for mode in STRATEGY_MODES if mode.startswith(("REDEEM_", "LIQUIDITY_"))]
NO_RETURN, PAUSED = 1, 4  # TokenWithModes.Mode


@pytest.fixture(scope="session")
def governor(accounts: Any) -> AccountAPI:
    """Holds every role."""
    return accounts[0]


@pytest.fixture(scope="session")
def owner(accounts: Any) -> AccountAPI:
    """The vault's ERC-173 owner; in life the Rebalancer."""
    return accounts[3]


@pytest.fixture(scope="session")
def investor(accounts: Any) -> AccountAPI:
    return accounts[4]


@pytest.fixture(scope="session")
def newcomer(accounts: Any) -> AccountAPI:
    return accounts[5]


@pytest.fixture(scope="session")
def stranger(accounts: Any) -> AccountAPI:
    return accounts[6]


@pytest.fixture(scope="session")
def receiver(accounts: Any) -> AccountAPI:
    return accounts[7]


@dataclass(frozen=True)
class World:
    """A fund of $10,000, nothing lent yet: two strategies of coin 0, one of coin 2 (answers as USDT does)."""

    governor: AccountAPI
    vault: ContractInstance
    manager: ContractInstance
    guard: ContractInstance
    venue: ContractInstance  # exchanges one for one, in base units
    access: ContractInstance
    coins: list[ContractInstance]
    strategies: list[ContractInstance]  # of coin 0
    other: ContractInstance  # of coin 2

    def lend(self, assets: int, strategy: ContractInstance | None = None) -> Any:
        """The keeper's allocation, to the first strategy of coin 0 if none is named."""
        return self.manager.allocate(strategy or self.strategies[0], assets, sender=self.governor)

    def mode(self, name: str, strategy: ContractInstance | None = None) -> None:
        """Makes a strategy behave as `name`."""
        which = strategy or self.strategies[0]
        which.setMode(STRATEGY_MODES.index(name), sender=self.governor)

    def earn(self, strategy: ContractInstance, per_mille: int) -> int:
        """Moves a strategy's rate; the coins of a gain come with it. What its shares are worth more."""
        before, rate = self.worth(strategy), strategy.rate()
        strategy.setRate(rate * (1_000 + per_mille) // 1_000, sender=self.governor)
        gain = self.worth(strategy) - before
        if gain > 0:
            self.coin_of(strategy).mint(strategy, gain, sender=self.governor)
        return gain

    def coin_of(self, strategy: ContractInstance) -> ContractInstance:
        return next(coin for coin in self.coins if coin.address == strategy.asset())

    def worth(self, strategy: ContractInstance) -> int:
        """What the fund's shares are worth at the strategy's rate, asked of nobody's manager."""
        return strategy.balanceOf(self.manager) * strategy.rate() // 10**18

    def low(self, index: int = 0) -> int:
        return self.manager.lentOf([self.coins[index]]).lows[0]

    def high(self, index: int = 0) -> int:
        return self.manager.lentOf([self.coins[index]]).highs[0]

    def idle(self, index: int = 0) -> int:
        return self.vault.idleOf(self.coins[index])

    def terms(self, index: int = 0, **changes: int) -> None:
        """Changes some of a coin's terms."""
        now = self.manager.termsOf(self.coins[index])
        names = ("bufferBps", "unlockPeriod", "jumpBps", "lossBudgetBps", "lossPeriod")
        wanted = [changes.get(name, getattr(now, name)) for name in names]
        self.manager.setTerms(self.coins[index], wanted, sender=self.governor)

    def by_weight(self, dollars: int) -> list[int]:
        """Amounts worth `dollars` at $1 in the target weights."""
        return [dollars * w * 10**d // 10_000 for w, d in zip(WEIGHTS, DECIMALS, strict=True)]

    def trade(self, amount: int, sold: int = 0, bought: int = 2) -> list[tuple[Any, ...]]:
        """One coin for another through the venue, as the owner's `executeTrades` takes it."""
        return [(self.coins[sold], self.coins[bought], amount, amount, self.venue, b"")]

    def leave(self, who: AccountAPI, shares: int, receiver: Any = None, minimums: Any = (0, 0, 0)) -> Any:
        """A withdrawal; its receipt."""
        return self.vault.withdraw(shares, receiver or who, list(minimums), sender=who)

    def enter(self, who: AccountAPI, shares: int) -> Any:
        """A contribution in proportion for `shares`, as it is asked for now."""
        amounts = self.vault.amountsForShares(shares)
        return self.vault.contribute(amounts, who, shares, sender=who)


@pytest.fixture(scope="module")
def give(governor: AccountAPI) -> Callable[..., None]:
    """Gives an account a million of every coin and lets the vault draw them."""

    def to(world: World, account: AccountAPI) -> None:
        for coin, decimals in zip(world.coins, DECIMALS, strict=True):
            coin.mint(account, 10 ** (6 + decimals), sender=governor)
            coin.approve(world.vault, 2**256 - 1, sender=account)

    return to


@pytest.fixture(scope="module")
def world(project: Any, governor: Any, owner: Any, investor: Any, newcomer: Any, give: Any) -> World:
    coins = [governor.deploy(project.TokenWithModes, decimals) for decimals in DECIMALS]
    coins[2].setMode(NO_RETURN, sender=governor)
    access = governor.deploy(project.IndexAccess, governor)
    guard = governor.deploy(project.MockGuard)
    oracle = governor.deploy(project.MockOracle)
    manager = governor.deploy(project.StrategyManager, access)
    venue = governor.deploy(project.VenueMocks)
    vault = governor.deploy(
        project.IndexVault, "Ballast", "B", access, oracle, owner, coins, list(WEIGHTS), guard, manager
    )
    manager.bind(vault, sender=governor)
    made = [governor.deploy(project.HostileStrategy, coins[at]) for at in (0, 0, 2)]
    for strategy in made:
        manager.addStrategy(strategy, MUCH, 10_000, sender=governor)
    fund = World(governor, vault, manager, guard, venue, access, coins, made[:2], made[2])
    for account in (investor, newcomer):
        give(fund, account)
    for coin in coins:
        coin.mint(venue, 10**24, sender=governor)
    vault.contribute(fund.by_weight(FIRST), investor, 0, sender=investor)
    return fund


@pytest.fixture(scope="module")
def lent(world: World) -> World:
    """The same with 4,000 of coin 0 lent in equal parts and 1,500 of coin 2; 1,000 and 500 are idle."""
    for strategy in world.strategies:
        world.lend(2_000 * 10**6, strategy)
    world.lend(1_500 * 10**6, world.other)
    return world


def pass_time(seconds: int) -> None:
    """The next block comes `seconds` later."""
    ape.chain.mine(timestamp=ape.chain.pending_timestamp + seconds - 1)
