"""A fund of five coins with its Rebalancer, prices and targets set by hand, a venue that gives any terms."""

from dataclasses import dataclass
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_abi import encode
from eth_utils import keccak

from ballast.model.rebalance import Reason

# As contracts/access/Roles.sol, whose internals have no ABI, numbers them.
CURATOR_ROLE, GUARDIAN_ROLE, KEEPER_ROLE, WATCHDOG_ROLE = 1, 2, 3, 5
GOVERNED = {
    CURATOR_ROLE: (
        "setParams",
        "setPairLimits",
        "clearPairLimits",
        "unpause",
    ),
    GUARDIAN_ROLE: ("pause", "tighten", "tightenPair"),
    KEEPER_ROLE: ("executeRebalance",),
    WATCHDOG_ROLE: ("haltTrading",),
}
GOOD, DIVERGED, STALE, INVALID = 1, 2, 3, 4  # IPriceOracle.Status
IDLE, OPEN, SETTLED, EXPIRED = range(4)  # Phase
WAD = 10**18
BPS = 10_000
DECIMALS = (6, 6, 18, 18, 8)
WEIGHTS = (4_000, 2_500, 2_000, 1_000, 500)  # bps
FUND = 1_000_000  # dollars
AWAY = (0, 2_717, 5_652, 1_087, 544)  # bps: all of coin 0 sold at $0.80 for coin 2, the others as they are
ETH_PRICE = 3_000 * WAD
ZERO = "0x" + "00" * 20


def selectors(contract: Any, names: tuple[str, ...]) -> list[bytes]:
    """Four bytes each; every name must be there."""
    methods = [m for m in contract.contract_type.mutable_methods if m.name in names]
    assert len(methods) == len(names)
    return [keccak(text=method.selector)[:4] for method in methods]


def terms(amount_out: int, target: str = ZERO, call: bytes = b"") -> bytes:
    """Data of `TermsVenue`."""
    return encode(["uint256", "address", "bytes"], [amount_out, target, call])


@dataclass(frozen=True)
class System:
    """The fund, and handles on everything it looks at."""

    rebalancer: ContractInstance
    vault: ContractInstance
    oracle: ContractInstance
    calculator: ContractInstance
    access: ContractInstance
    venue: ContractInstance
    coins: list[ContractInstance]
    weth: str
    governor: AccountAPI
    keeper: AccountAPI
    curator: AccountAPI
    chain: Any

    def aim(self, *weights: int) -> None:
        """What the calculator wants, in bps; coins at 0 are left out."""
        wanted = [(c.address, w) for c, w in zip(self.coins, weights, strict=True) if w]
        self.calculator.set([t for t, _ in wanted], [w for _, w in wanted], sender=self.governor)

    def price(self, i: int, dollars: float, high: float | None = None, status: int = GOOD) -> None:
        low, top = (round(d * 10**8) * 10**10 for d in (dollars, high or dollars))
        self.oracle.set(self.coins[i], low, top, status, sender=self.governor)

    def price_eth(self, low: int, status: int = GOOD) -> None:
        self.oracle.set(self.weth, low, low, status, sender=self.governor)

    def trade(self, i: int, j: int, dollars: float, out: float | None = None, **extra: Any) -> tuple:
        """`dollars` of coin i (at one dollar) for `out` whole coins of j: as many when nothing is said."""
        sold = round(dollars * 10**6) * 10 ** DECIMALS[i] // 10**6
        bought = round((dollars if out is None else out) * 10**6) * 10 ** DECIMALS[j] // 10**6
        return self.raw_trade(i, j, sold, bought, **extra)

    def raw_trade(self, i: int, j: int, sold: int, bought: int, **extra: Any) -> tuple:
        """The same in the coins' own units."""
        data = terms(bought, **extra)
        return (self.coins[i].address, self.coins[j].address, sold, 0, self.venue.address, data)

    def fill(self, *trades: tuple) -> Any:
        return self.rebalancer.executeRebalance(list(trades), sender=self.keeper)

    def wait(self, seconds: int) -> None:
        self.chain.mine(timestamp=self.chain.pending_timestamp + seconds)

    def set_params(self, **changes: int) -> None:
        """Changes parameters by name, as the curator."""
        self.rebalancer.setParams(self.params_with(**changes), sender=self.curator)

    def params_with(self, **changes: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The parameters in force with some changed."""
        params = self.rebalancer.getParams()
        groups = []
        for group in (params.trigger, params.fill):
            fields = {name: changes.pop(name, value) for name, value in group.items()}
            groups.append(tuple(fields.values()))
        assert not changes, f"no such parameters: {changes}"
        return groups[0], groups[1]

    def verdict(self) -> tuple[bool, str]:
        """`shouldRebalance` with the reason's name."""
        yes, reason = self.rebalancer.shouldRebalance()
        return yes, Reason(reason).name

    def values(self) -> list[int]:
        """WAD{USD} of each coin at mid."""
        basket = self.vault.getBasket()
        quotes = self.oracle.quotes(basket.tokens)
        scales = self.vault.getScales()
        return [
            r * s * ((q.low + q.high) // 2) // WAD
            for r, s, q in zip(basket.reserves, scales, quotes, strict=True)
        ]


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
def stranger(accounts: Any) -> AccountAPI:
    return accounts[5]


@pytest.fixture(scope="session")
def watchdog(accounts: Any) -> AccountAPI:
    """In life the KillSwitch."""
    return accounts[6]


@pytest.fixture(scope="session")
def holders(curator: Any, guardian: Any, keeper: Any, watchdog: Any) -> dict[int, AccountAPI]:
    """Who has which role."""
    return {CURATOR_ROLE: curator, GUARDIAN_ROLE: guardian, KEEPER_ROLE: keeper, WATCHDOG_ROLE: watchdog}


@dataclass(frozen=True)
class Makers:
    """What a system is made with."""

    project: Any
    chain: Any
    governor: AccountAPI
    investor: AccountAPI
    holders: dict[int, AccountAPI]

    def system(self, calculator: ContractInstance, emergency: str = ZERO, lends: bool = False) -> System:
        """$1,000,000 on target, every role wired without delays; `lends`: with a StrategyManager."""
        project, governor = self.project, self.governor
        coins = [governor.deploy(project.TokenWithModes, d) for d in DECIMALS]
        weth = governor.deploy(project.TokenWithModes, 18).address
        oracle = governor.deploy(project.MockOracle)
        access = governor.deploy(project.IndexAccess, governor)
        manager = governor.deploy(project.StrategyManager, access) if lends else ZERO
        identity = ("Ballast Index", "BLST", access, oracle, governor)
        vault = governor.deploy(project.IndexVault, *identity, coins, list(WEIGHTS), ZERO, manager)
        rebalancer = governor.deploy(project.Rebalancer, access, vault, calculator, oracle, weth, emergency)
        vault.transferOwnership(rebalancer, sender=governor)
        for role, member in self.holders.items():
            access.setTargetFunctionRole(
                rebalancer, selectors(rebalancer, GOVERNED[role]), role, sender=governor
            )
            access.grantRole(role, member, 0, sender=governor)
        venue = governor.deploy(project.TermsVenue)
        keeper, curator = self.holders[KEEPER_ROLE], self.holders[CURATOR_ROLE]
        made = System(
            rebalancer, vault, oracle, calculator, access, venue, coins, weth,
            governor, keeper, curator, self.chain,
        )  # fmt: skip
        self._fund(made)
        return made

    def _fund(self, made: System) -> None:
        for coin, d in zip(made.coins, DECIMALS, strict=True):
            for holder in (made.venue, self.investor):
                coin.mint(holder, 100 * FUND * 10**d, sender=self.governor)
            coin.approve(made.vault, 2**256 - 1, sender=self.investor)
        made.aim(*WEIGHTS)
        made.price_eth(ETH_PRICE)
        amounts = [FUND * w * 10**d // BPS for w, d in zip(WEIGHTS, DECIMALS, strict=True)]
        made.vault.contribute(amounts, self.investor, 0, sender=self.investor)


@pytest.fixture(scope="session")
def makers(project: Any, chain: Any, governor: Any, investor: Any, holders: Any) -> Makers:
    return Makers(project, chain, governor, investor, holders)


@pytest.fixture(scope="module")
def system(makers: Makers, project: Any, governor: Any) -> System:
    """Without emergencies."""
    return makers.system(governor.deploy(project.MockCalculator))


@pytest.fixture(scope="module")
def alarmed(makers: Makers, project: Any, governor: Any) -> System:
    """With emergencies: its calculator is the index of the emergencies, too. A guardian may begin one."""
    index = governor.deploy(project.MockEmergencyIndex)
    made = makers.system(index, index.address)
    called = selectors(made.rebalancer, ("executeEmergencyRebalance",))
    made.access.setTargetFunctionRole(made.rebalancer, called, GUARDIAN_ROLE, sender=governor)
    return made


@pytest.fixture
def crisis(alarmed: System) -> System:
    """Coin 0, 40 % of the fund, trades at $0.80 and is to be sold for coin 2."""
    alarmed.price(0, 0.8)
    alarmed.aim(*AWAY)
    alarmed.calculator.setDue(alarmed.coins[0], sender=alarmed.governor)
    return alarmed


@pytest.fixture
def fleeing(crisis: System, stranger: Any) -> System:
    """The emergency session is open."""
    crisis.rebalancer.executeEmergencyRebalance(crisis.coins[0], sender=stranger)
    return crisis


@pytest.fixture
def drifted(system: System) -> System:
    """The calculator wants 4 % less of coin 0 and 4 % more of coin 2."""
    system.aim(3_600, 2_500, 2_400, 1_000, 500)
    return system


@pytest.fixture
def in_session(drifted: System, stranger: Any) -> System:
    """A session is open: coin 0 is $40,000 above its target, coin 2 as much below."""
    drifted.rebalancer.open(sender=stranger)
    return drifted
