from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_utils import keccak

CURATOR_ROLE, REPORTER_ROLE = 1, 4
CURATOR_FUNCTIONS = ("setConstituents", "setActive", "seed", "setLimits", "setMaxAge")
REPORTER_FUNCTIONS = ("report",)
REPORTED, SUPPLY = 0, 1
HOUR = 3_600

CAPS = (75_000_000_000, 184_000_000_000, 5_300_000_000, 350_000_000, 60_000_000)  # whole USD
SCORES = (980, 900, 950, 800, 850)  # per mille


@dataclass(frozen=True)
class Index:
    """A wired calculator with its coins, and the calls the tests make of it."""

    calculator: ContractInstance
    coins: list[str]
    curator: AccountAPI
    reporter: AccountAPI

    def report(self, **changes: Any) -> Any:
        """Reports every coin as it stands but for the changes: caps or scores by position."""
        caps, scores, views = self.current()
        for position, cap in changes.get("caps", {}).items():
            caps[position] = cap
        for position, score in changes.get("scores", {}).items():
            scores[position] = score
        which = changes.get("only", range(len(views)))
        tilts = changes.get("volatility", [0] * len(views)), changes.get("yields", [0] * len(views))
        columns = [[v.token for v in views], caps, scores, *tilts]
        picked = [[column[i] for i in which] for column in columns]
        return self.calculator.report(*picked, sender=self.reporter)

    def current(self) -> tuple[list[int], list[int], list[Any]]:
        """What a report that changes nothing would hold: no cap for a sampled coin."""
        views = self.calculator.getMarketData()
        caps = [0 if v.source == SUPPLY else v.cap for v in views]
        return caps, [v.score for v in views], views

    def weights(self) -> dict[str, int]:
        return dict(zip(*self.calculator.calculateOptimalWeights(), strict=True))


@pytest.fixture(scope="session")
def governor(accounts) -> AccountAPI:
    return accounts[0]


@pytest.fixture(scope="session")
def curator(accounts) -> AccountAPI:
    return accounts[1]


@pytest.fixture(scope="session")
def reporter(accounts) -> AccountAPI:
    return accounts[2]


@pytest.fixture(scope="session")
def anyone(accounts) -> AccountAPI:
    return accounts[3]


@pytest.fixture(scope="session")
def attacker(accounts) -> AccountAPI:
    return accounts[4]


@pytest.fixture(scope="session")
def weight_batch(governor, project) -> ContractInstance:
    return governor.deploy(project.WeightMathBatch)


@pytest.fixture(scope="session")
def new_calculator(governor, curator, reporter, project) -> Callable[[], ContractInstance]:
    """Deploys a calculator, empty, whose roles are wired without delay."""

    def make(kind: str = "IndexCalculator") -> ContractInstance:
        access = governor.deploy(project.IndexAccess, governor)
        calculator = governor.deploy(getattr(project, kind), access)
        for role, names, member in (
            (CURATOR_ROLE, CURATOR_FUNCTIONS, curator),
            (REPORTER_ROLE, REPORTER_FUNCTIONS, reporter),
        ):
            abis = [abi for abi in calculator.contract_type.mutable_methods if abi.name in names]
            assert len(abis) == len(names)
            selectors = [keccak(text=abi.selector)[:4] for abi in abis]
            access.setTargetFunctionRole(calculator, selectors, role, sender=governor)
            access.grantRole(role, member, 0, sender=governor)
        return calculator

    return make


@pytest.fixture(scope="session")
def coins(governor, project) -> list[ContractInstance]:
    """Five coins; as many of each as `CAPS` says, decimals as of their namesakes."""
    made = []
    for cap, decimals in zip(CAPS, (6, 6, 18, 18, 18), strict=True):
        made.append(governor.deploy(project.WeightsCoin, decimals, cap * 10**decimals))
    return made


@pytest.fixture
def index(new_calculator, coins, curator, reporter) -> Index:
    """Five coins with default bounds, all seeded just now; the last one's cap comes from its supply."""
    calculator = new_calculator()
    sources = [REPORTED] * 4 + [SUPPLY]
    calculator.setConstituents(
        [(coin, 0, 0, source) for coin, source in zip(coins, sources, strict=True)], sender=curator
    )
    calculator.seed(coins, CAPS, SCORES, sender=curator)
    return Index(calculator, [coin.address for coin in coins], curator, reporter)
