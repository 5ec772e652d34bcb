from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_utils import keccak

CURATOR_ROLE, GUARDIAN_ROLE = 1, 2  # ids of contracts/access/Roles.sol, a library of internals without an ABI
DECIMALS = (6, 6, 18, 18, 8)
WEIGHTS = (4_000, 2_500, 2_000, 1_000, 500)  # bps
GOOD, DIVERGED, STALE, INVALID = 1, 2, 3, 4  # IPriceOracle.Status
ZERO = "0x" + "00" * 20
FIRST = 10_000  # dollars of the first contribution

# In the order of TokenWithModes.Mode and VenueMocks.Mode.
TOKEN_MODES = (
    "NORMAL", "NO_RETURN", "RETURNS_FALSE", "FEE", "PAUSED", "BLACKLIST",
    "REENTERS", "BURNS_GAS", "RETURN_BOMB", "LIES", "SHORT_ANSWER", "SENDER_PAYS_FEE", "NEEDS_GAS",
)  # fmt: skip
VENUE_MODES = (
    "HONEST", "NO_FUND", "DOUBLE_FUND", "SHORT", "NO_PAY", "REENTERS",
    "FUND_TO_VAULT", "FUND_TO_ZERO", "REFUNDS_HALF", "STEALS", "OTHER_CALLER",
)  # fmt: skip


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
def attacker(accounts: Any) -> AccountAPI:
    return accounts[6]


@pytest.fixture(scope="session")
def receiver(accounts: Any) -> AccountAPI:
    return accounts[7]


@dataclass(frozen=True)
class Fund:
    """A vault with its coins, oracle, authority and one honest or dishonest venue."""

    vault: ContractInstance
    oracle: ContractInstance
    access: ContractInstance
    venue: ContractInstance
    coins: list[ContractInstance]

    def units(self, *dollars: float) -> list[int]:
        """Whole coins as amounts in each coin's own decimals."""
        return [round(d * 10**6) * 10**dec // 10**6 for d, dec in zip(dollars, DECIMALS, strict=True)]

    def by_weight(self, dollars: int) -> list[int]:
        """Amounts worth `dollars` at $1 in the target weights."""
        return [dollars * w * 10**d // 10_000 for w, d in zip(WEIGHTS, DECIMALS, strict=True)]

    def reserves(self) -> list[int]:
        return list(self.vault.getBasket().reserves)

    def supply(self) -> int:
        return self.vault.totalSupply()

    def mode(self, index: int, name: str, fee_bps: int = 0) -> None:
        """Makes coin `index` behave as `name`."""
        payer = self.coins[index].provider.account_manager.test_accounts[0]
        if fee_bps:
            self.coins[index].setFee(fee_bps, sender=payer)
        self.coins[index].setMode(TOKEN_MODES.index(name), sender=payer)


@pytest.fixture(scope="module")
def mint(governor: AccountAPI) -> Callable[..., None]:
    """Gives an account a million of every coin and lets the vault draw them."""

    def give(fund: Fund, account: AccountAPI) -> None:
        for coin, decimals in zip(fund.coins, DECIMALS, strict=True):
            coin.mint(account, 10 ** (6 + decimals), sender=governor)
            coin.approve(fund.vault, 2**256 - 1, sender=account)

    return give


@pytest.fixture(scope="module")
def empty_fund(project: Any, governor: Any, curator: Any, guardian: Any, owner: Any) -> Fund:
    """Deployed and wired, before its first contribution."""
    coins = [governor.deploy(project.TokenWithModes, decimals) for decimals in DECIMALS]
    oracle = governor.deploy(project.MockOracle)
    access = governor.deploy(project.IndexAccess, governor)
    vault = governor.deploy(
        project.IndexVault, "Ballast Index", "BLST", access, oracle, owner, coins, list(WEIGHTS), ZERO, ZERO
    )
    selectors = {
        role: [keccak(text=name)[:4] for name in names]
        for role, names in (
            (GUARDIAN_ROLE, ("pauseContributions()",)),
            (CURATOR_ROLE, ("unpauseContributions()", "setBandBps(uint256)")),
        )
    }
    for role, member in ((CURATOR_ROLE, curator), (GUARDIAN_ROLE, guardian)):
        access.setTargetFunctionRole(vault, selectors[role], role, sender=governor)
        access.grantRole(role, member, 0, sender=governor)
    venue = governor.deploy(project.VenueMocks)
    for coin, decimals in zip(coins, DECIMALS, strict=True):
        coin.mint(venue, 10 ** (6 + decimals), sender=governor)
    return Fund(vault, oracle, access, venue, coins)


@pytest.fixture(scope="module")
def fund(empty_fund: Fund, mint: Any, investor: Any, newcomer: Any) -> Fund:
    """Holds $10,000 in the target weights, all of the investor's but the dead shares."""
    mint(empty_fund, investor)
    mint(empty_fund, newcomer)
    empty_fund.vault.contribute(empty_fund.by_weight(FIRST), investor, 0, sender=investor)
    return empty_fund


@pytest.fixture(scope="module")
def vault(fund: Fund) -> ContractInstance:
    return fund.vault
