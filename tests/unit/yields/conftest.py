"""A coin with up to six strategies whose markets, limits and prices are set by hand."""

from dataclasses import astuple, dataclass, replace
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_utils import keccak

from ballast.model.yields import Market, Offer
from ballast.units import WAD

CURATOR_ROLE = 1
GOOD, DIVERGED, STALE = 1, 2, 3  # IPriceOracle.Status
PROPER, REVERTS, BURNS_GAS = range(3)  # MockLens.Mode
REASONS = (
    "BEST_ALREADY",
    "YIELD",
    "NOTHING_QUALIFIES",
    "DIFFERENTIAL_TOO_SMALL",
    "GAS_NOT_PAID_BACK",
    "COIN_ON_WATCH",
    "STALE_DATA",
)  # IYieldOptimizer.Reason
ETH_PRICE = 3_000 * WAD
UNIT = 10**6
NOBODY = "0x" + "00" * 20
STEADY = Market(
    supplied=100_000_000 * UNIT,
    borrowed=0,
    available=100_000_000 * UNIT,
    base=0,
    slope1=0,
    slope2=0,
    kink=WAD // 2,
    reserve_factor=0,
    rewards=0,
    flat=3 * WAD // 100,
    of_borrowers=False,
)


def paying(bps: int, supplied: int = 100_000_000) -> Market:
    """A market that pays the same whatever the size; `supplied` in whole coins."""
    return replace(STEADY, supplied=supplied * UNIT, flat=bps * WAD // 10_000)


@dataclass(frozen=True)
class Place:
    """A strategy as the manager tells of it. Amounts {coin}."""

    market: Market = STEADY
    value: int = 0
    cap: int = 2**112
    cap_bps: int = 10_000
    liquid: int | None = None  # all of it unless said
    paused: bool = False
    readable: bool = True
    score: int = 1_000
    allocatable: int | None = None  # what the cap leaves unless said


@dataclass(frozen=True)
class Desk:
    """The optimizer, and handles on everything it looks at."""

    optimizer: ContractInstance
    lending: ContractInstance
    lens: ContractInstance
    oracle: ContractInstance
    guard: ContractInstance
    coin: ContractInstance
    strategies: list[ContractInstance]
    eth: str
    governor: AccountAPI
    curator: AccountAPI
    attacker: AccountAPI

    def show(self, *places: Place, idle: int = 0, buffer_bps: int = 0) -> None:
        """Sets the scene; amounts {coin}."""
        rows = []
        for strategy, place in zip(self.strategies, places, strict=False):
            liquid = place.value if place.liquid is None else place.liquid
            limits = (place.cap, place.cap_bps, liquid, place.paused, place.readable)
            rows.append((strategy.address, place.value, place.value, *limits))
            self.lens.set(strategy, astuple(place.market), sender=self.governor)
            room = max(0, place.cap - place.value) if place.allocatable is None else place.allocatable
            self.lending.setAllocatable(strategy, room, sender=self.governor)
            if self.optimizer.scoreOf(strategy) != place.score:
                self.optimizer.setLens(strategy, self.lens, place.score, sender=self.curator)
        self.lending.set(idle, buffer_bps, rows, sender=self.governor)

    def show_case(self, offers: list[Offer], amount: int) -> None:
        """A drawn case: nothing is lent yet, and the amount lies idle."""
        self.show(*[Place(o.market, cap=o.high, score=o.score) for o in offers], idle=min(amount, 2**112))

    def set_params(self, **changes: int) -> None:
        values = self.optimizer.getParams()
        fields = {name: changes.pop(name, value) for name, value in values.items()}
        assert not changes, f"no such parameters: {changes}"
        self.optimizer.setParams(tuple(fields.values()), sender=self.curator)

    def best(self, amount: int) -> tuple[str, int]:
        strategy, score = self.optimizer.optimizeYield(self.coin, amount)
        return strategy, score

    def allocation(self, amount: int) -> list[int]:
        return list(self.optimizer.optimalAllocation(self.coin, amount)[1])

    def targets(self) -> list[int]:
        return list(self.optimizer.optimalPositions(self.coin)[2])

    def verdict(self) -> tuple[bool, str, int]:
        yes, reason, gain = self.optimizer.shouldReallocate(self.coin)
        return yes, REASONS[reason], gain


@pytest.fixture(scope="session")
def governor(accounts: Any) -> AccountAPI:
    return accounts[0]


@pytest.fixture(scope="session")
def curator(accounts: Any) -> AccountAPI:
    return accounts[1]


@pytest.fixture(scope="session")
def attacker(accounts: Any) -> AccountAPI:
    return accounts[2]


@pytest.fixture(scope="session")
def yield_batch(project: Any, governor: AccountAPI) -> ContractInstance:
    return governor.deploy(project.YieldMathBatch)


@pytest.fixture(scope="session")
def desk(project: Any, governor: AccountAPI, curator: AccountAPI, attacker: AccountAPI) -> Desk:
    """Six strategies that take anything; roles wired without delay. Ape undoes what a test does to it."""
    access = governor.deploy(project.IndexAccess, governor)
    lending, oracle, guard, lens = (
        governor.deploy(getattr(project, name))
        for name in ("MockLending", "MockOracle", "MockGuard", "MockLens")
    )
    coin = governor.deploy(project.WeightsCoin, 6, 0)
    eth = governor.deploy(project.WeightsCoin, 18, 0).address
    optimizer = governor.deploy(project.YieldOptimizer, access, lending, oracle, eth)
    names = ("setParams", "setLens")
    selectors = [
        keccak(text=m.selector)[:4] for m in optimizer.contract_type.mutable_methods if m.name in names
    ]
    assert len(selectors) == len(names)
    access.setTargetFunctionRole(optimizer, selectors, CURATOR_ROLE, sender=governor)
    access.grantRole(CURATOR_ROLE, curator, 0, sender=governor)
    lending.setGuard(guard, sender=governor)
    oracle.set(eth, ETH_PRICE, ETH_PRICE, GOOD, sender=governor)
    strategies = [governor.deploy(project.MockRoom) for _ in range(6)]
    return Desk(optimizer, lending, lens, oracle, guard, coin, strategies, eth, governor, curator, attacker)
