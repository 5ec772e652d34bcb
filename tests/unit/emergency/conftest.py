"""An emergency index over a calculator, a detector, prices and holdings set by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_utils import keccak, to_checksum_address

from ballast.model.crisis import State
from ballast.model.emergency import Role, Stance
from ballast.units import BPS, WAD

CURATOR_ROLE = 1  # contracts/access/Roles.sol, an internal without an ABI
CURATED = ("setEmergencyWeights", "clearEmergencyWeights", "setRiskGroup", "setEmergencyParams", "release")
GOOD, DIVERGED, STALE, INVALID = 1, 2, 3, 4  # IPriceOracle.Status
ZERO = "0x" + "00" * 20
USDC, USDT, DAI, FRAX, LUSD = COINS = [to_checksum_address(f"0x{i:040x}") for i in range(0xC1, 0xC6)]
NEW_COIN = to_checksum_address(f"0x{0xC6:040x}")
WEIGHTS = (3_000, 3_000, 2_000, 1_000, 1_000)  # bps, what the calculator says
DECIMALS = (6, 6, 18, 18, 8)
FUND = 1_000_000  # dollars


@dataclass(frozen=True)
class World:
    """The index, and handles on everything it looks at."""

    index: ContractInstance
    calculator: ContractInstance
    detector: ContractInstance
    oracle: ContractInstance
    basket: ContractInstance
    curator: AccountAPI
    owner: AccountAPI
    chain: Any

    def aim(self, weights: dict[str, int]) -> None:
        """What the calculator says."""
        self.calculator.set(list(weights), list(weights.values()), sender=self.owner)

    def hold(self, *dollars: float, tokens: list[str] | None = None) -> None:
        """Holdings of the five coins, in whole coins."""
        amounts = [round(d * 100) * 10**n // 100 for d, n in zip(dollars, DECIMALS, strict=True)]
        scales = [10 ** (18 - n) for n in DECIMALS]
        self.basket.set(tokens or COINS, amounts, scales, sender=self.owner)

    def price(self, coin: str, low: float, high: float | None = None, status: int = GOOD) -> None:
        self.oracle.set(coin, round(low * WAD), round((high or low) * WAD), status, sender=self.owner)

    def state(self, coin: str, state: State, done: int = 0) -> None:
        """What the detector says."""
        self.detector.setAll([coin], [state], [done], sender=self.owner)

    def plan(self, coin: str, weights: dict[str, int]) -> None:
        self.index.setEmergencyWeights(coin, list(weights.items()), sender=self.curator)

    def group(self, coin: str, *leaning: str) -> None:
        self.index.setRiskGroup(coin, list(leaning), sender=self.curator)

    def force(self, coin: str) -> Any:
        """A guardian's word, as the vault's owner passes it on."""
        return self.index.enterEmergency(coin, True, sender=self.owner)

    def release(self, coin: str) -> Any:
        return self.index.release(coin, sender=self.curator)

    def weights(self) -> dict[str, int]:
        answer = dict(zip(*self.index.calculateOptimalWeights(), strict=True))
        assert sum(answer.values()) == BPS
        return answer

    def stances(self) -> dict[str, Stance]:
        tokens, stances, _ = self.index.getStances()
        return {t: Stance(Role(role), *rest) for t, (role, *rest) in zip(tokens, stances, strict=True)}

    def roles(self) -> dict[str, Role]:
        return {token: stance.role for token, stance in self.stances().items()}

    def params_with(self, **changes: int) -> dict[str, int]:
        """The parameters in force with some changed."""
        return dict(self.index.emergencyParams().items()) | changes

    def wait(self, seconds: int) -> None:
        self.chain.mine(timestamp=self.chain.blocks.head.timestamp + seconds)

    def now(self) -> int:
        return int(self.chain.blocks.head.timestamp)


@pytest.fixture(scope="session")
def governor(accounts: Any) -> AccountAPI:
    return accounts[0]


@pytest.fixture(scope="session")
def curator(accounts: Any) -> AccountAPI:
    return accounts[1]


@pytest.fixture(scope="session")
def owner(accounts: Any) -> AccountAPI:
    """The vault's owner: in a fund, its Rebalancer."""
    return accounts[2]


@pytest.fixture(scope="session")
def stranger(accounts: Any) -> AccountAPI:
    return accounts[3]


@pytest.fixture(scope="module")
def parts(project: Any, governor: Any, owner: Any) -> list[ContractInstance]:
    """Authority, calculator, detector, oracle and holdings, as the constructor takes them."""
    kinds = (project.MockCalculator, project.MockDetector, project.MockOracle)
    return [
        governor.deploy(project.IndexAccess, governor),
        *(governor.deploy(kind) for kind in kinds),
        governor.deploy(project.MockBasket, owner),
    ]


@pytest.fixture(scope="module")
def world(
    project: Any, chain: Any, governor: Any, curator: Any, owner: Any, parts: list[ContractInstance]
) -> World:
    """$1,000,000 on target, everything sound, no plan."""
    access, calculator, detector, oracle, basket = parts
    index = governor.deploy(project.EmergencyIndex, *parts)
    methods = [m for m in index.contract_type.mutable_methods if m.name in CURATED]
    assert (
        len(methods) == len(CURATED) == len(index.contract_type.mutable_methods) - 2
    )  # and setAuthority, enter
    selectors = [keccak(text=method.selector)[:4] for method in methods]
    access.setTargetFunctionRole(index, selectors, CURATOR_ROLE, sender=governor)
    access.grantRole(CURATOR_ROLE, curator, 0, sender=governor)
    made = World(index, calculator, detector, oracle, basket, curator, owner, chain)
    made.aim(dict(zip(COINS, WEIGHTS, strict=True)))
    made.hold(*(FUND * weight / BPS for weight in WEIGHTS))
    return made


@pytest.fixture
def entry(world: World) -> Callable[[str], dict[str, int]]:
    """What `enterEmergency(coin, False)` would answer the vault's owner now."""

    def ask(coin: str) -> dict[str, int]:
        return dict(zip(*world.index.enterEmergency.call(coin, False, sender=world.owner), strict=True))

    return ask
