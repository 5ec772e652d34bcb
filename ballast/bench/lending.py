"""What lending costs: a fund of ours against a Yearn V3 vault, both over the same strategy on Aave V3.

One coin, USDC, in one `AaveStrategy`, which to Yearn is a strategy like any ERC-4626. Both have lent before
and hold idle coins and shares, so no slot is written for the first time and none is emptied. Between two
rows interest accrues, so that every look finds a gain. The pairs:
- `allocate` and `deallocate`; `update_debt` up and down by the same amount;
- `sync`; `process_report` of the strategy;
- `withdraw`, whose coins come out of the strategy but for the idle rest; Yearn's `redeem` likewise;
- `harvest`: `harvest` with its sale and `sync`; the same claim and the same swap by an account of its own
  for itself, bare, and `process_report`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ballast.bench.fund import HEARTBEAT, HIGH, LOW, SOURCES, pool_code_hash
from ballast.bench.gas import ZERO, Lab
from ballast.bench.rows import Row
from ballast.replica.aave_market import AaveMarket
from ballast.replica.place import OPERATOR
from ballast.replica.yearn import PROCESS_REPORT, UPDATE_DEBT
from ballast.units import BPS, WAD

COIN: Final = "USDC"
REWARD: Final = "AAVE"
UNIT: Final = 10**6  # base units of a coin
FUND: Final = 10_000_000 * UNIT
MOVE: Final = 1_000_000 * UNIT  # what one row moves
IDLE: Final = 100_000 * UNIT  # what stays where a withdrawal finds it
DAY: Final = 86_400  # s
EMISSION: Final = 10**16  # base units of the reward a second, to all suppliers
CAP: Final = 2**112 - 1
MOST: Final = 2**256 - 1
TERMS: Final = "setTerms(address,(uint256,uint256,uint256,uint256,uint256))"
SALE: Final = "harvest((address,uint256,address,bytes)[])"
CLAIM: Final = "claimAllRewardsToSelf(address[])"
SWAP: Final = "exactInput((bytes,address,uint256,uint256))"
SUPPLY: Final = "supply(address,uint256,address,uint16)"


@dataclass(frozen=True)
class Ours:
    """A fund of the one coin, its manager, and the strategy that both lend to."""

    lab: Lab
    vault: str
    manager: str
    strategy: str
    venue: str

    def allocate(self, amount: int) -> int:
        """Gas of lending `amount` more."""
        return self.lab.send(self.manager, "allocate(address,uint256)", self.strategy, amount).gas

    def deallocate(self, amount: int) -> int:
        """Gas of taking `amount` back."""
        return self.lab.send(self.manager, "deallocate(address,uint256)", self.strategy, amount).gas

    def sync(self) -> int:
        """Gas of a look at the coin's only strategy."""
        return self.lab.send(self.manager, "sync(address)", self.lab.book.token(COIN).address).gas

    def withdraw(self, amount: int) -> int:
        """Gas of leaving with shares of about `amount`, at a little more than a dollar each."""
        leave = "withdraw(uint256,address,uint256[])"
        return self.lab.send(self.vault, leave, amount * WAD // UNIT, self.lab.me, [0]).gas

    def harvest(self, route: bytes) -> int:
        """Gas of claiming and selling all rewards."""
        sale = (self.lab.book.token(REWARD).address, MOST, self.venue, route)
        return self.lab.send(self.strategy, SALE, [sale]).gas


@dataclass(frozen=True)
class Theirs:
    """The Yearn vault; OPERATOR has its roles, the deployer its shares."""

    lab: Lab
    vault: str
    strategy: str

    def lend(self, change: int) -> int:
        """Gas of `update_debt` to `change` more than is lent."""
        _, _, debt, _ = self.lab.read(
            self.vault, "strategies(address)", "uint256,uint256,uint256,uint256", self.strategy
        )
        return self._govern(UPDATE_DEBT, self.strategy, debt + change)

    def report(self) -> int:
        """Gas of booking the strategy's gain."""
        return self._govern(PROCESS_REPORT, self.strategy)

    def redeem(self, amount: int) -> int:
        """Gas of leaving with shares of about `amount` through the strategy."""
        leave = "redeem(uint256,address,address,address[])"
        me = self.lab.me
        return self.lab.send(self.vault, leave, amount, me, me, [self.strategy]).gas

    def _govern(self, signature: str, *args: Any) -> int:
        return self.lab.send(self.vault, signature, *args, sender=OPERATOR).gas


def rows(lab: Lab) -> Iterator[Row]:
    """Every `lending` row."""
    lab.progress("lending through one strategy")
    AaveMarket(lab.replica).emit_rewards(COIN, REWARD, EMISSION, 365 * DAY)
    ours = _our_fund(lab)
    theirs = _yearn(lab, ours.strategy)
    ours.allocate(FUND // 2), theirs.lend(FUND // 2)
    _look(lab, ours, theirs)
    pairs: tuple[tuple[str, Callable[[], int], Callable[[], int], str], ...] = (
        ("allocate", lambda: ours.allocate(MOVE), lambda: theirs.lend(MOVE), "update_debt up"),
        ("deallocate", lambda: ours.deallocate(MOVE), lambda: theirs.lend(-MOVE), "update_debt down"),
        ("sync", ours.sync, theirs.report, "process_report, one strategy"),
    )
    for name, our_gas, their_gas, note in pairs:
        yield Row(f"lending.{name}.vs_yearn", our_gas(), their_gas(), note=f"transaction; {note}")
        _look(lab, ours, theirs)
    yield _harvest(lab, ours, theirs)
    _look(lab, ours, theirs)
    _lend_all_but(lab, ours, theirs, IDLE)
    note = "one coin, most of it out of the strategy; redeem through the strategy"
    yield Row("lending.withdraw.vs_yearn", ours.withdraw(MOVE), theirs.redeem(MOVE), note=note)


def _look(lab: Lab, ours: Ours, theirs: Theirs) -> None:
    """A day later, when both have booked what has come."""
    lab.replica.pass_time(DAY)
    ours.sync(), theirs.report()
    lab.replica.pass_time(DAY // 24)


def _lend_all_but(lab: Lab, ours: Ours, theirs: Theirs, idle: int) -> None:
    coin = lab.book.token(COIN).address
    ours.allocate(lab.read(ours.vault, "idleOf(address)", "uint256", coin) - idle)
    theirs.lend(lab.read(theirs.vault, "totalIdle()", "uint256") - idle)


def _harvest(lab: Lab, ours: Ours, theirs: Theirs) -> Row:
    """The strategy sells its rewards, and its holder takes note; the same swap bare."""
    reward, weth, coin = (lab.book.token(symbol).address for symbol in (REWARD, "WETH", COIN))
    route = b"".join(
        (_word(reward), (3_000).to_bytes(3, "big"), _word(weth), (500).to_bytes(3, "big"), _word(coin))
    )
    known = lab.book.contracts
    lab.approve([coin], known["aave_v3_pool"])
    lab.send(known["aave_v3_pool"], SUPPLY, coin, FUND, lab.me, 0)
    lab.approve([reward], known["uniswap_v3_router_02"])
    for symbol in (REWARD, COIN):  # neither slot is new to the account
        lab.replica.mint(symbol, lab.me, 1)
    lab.replica.mint(REWARD, ours.strategy, 1)
    lab.replica.pass_time(DAY)
    deposit = AaveMarket(lab.replica).deposit_token(COIN)
    with lab.aside():
        before = lab.replica.balance(REWARD, lab.me)
        bare = lab.send(known["aave_v3_rewards"], CLAIM, [deposit]).gas
        claimed = lab.replica.balance(REWARD, lab.me) - before
        bare += lab.send(known["uniswap_v3_router_02"], SWAP, (route, lab.me, claimed, 0)).gas
        bare += theirs.report()
    gas = ours.harvest(route) + ours.sync()
    note = "claim, sale under the oracle floor, then sync; claim and swap bare, then process_report"
    return Row("lending.harvest.vs_yearn", gas, bare, note=note)


def _our_fund(lab: Lab) -> Ours:
    coin = lab.book.token(COIN).address
    access = lab.deploy("IndexAccess", "address", lab.me)
    oracle = lab.deploy("PriceOracle", "address,address,uint256", access, ZERO, 0)
    for symbol, bounds in ((COIN, (LOW, HIGH)), (REWARD, (WAD, 10**4 * WAD))):
        source = (lab.book.feed(symbol).address, HEARTBEAT, 8, *bounds)
        lab.send(oracle, SOURCES, lab.book.token(symbol).address, [source], 1, 0)
    manager = lab.deploy("StrategyManager", "address", access)
    types = "string,string,address,address,address,address[],uint256[],address,address"
    identity = ("Bench", "BENCH", access, oracle, lab.me)
    vault = lab.deploy("IndexVault", types, *identity, [coin], [BPS], ZERO, manager)
    lab.send(manager, "bind(address)", vault)
    lab.replica.mint(COIN, lab.me, 10 * FUND)
    lab.approve([coin], vault)
    lab.send(vault, "contribute(uint256[],address,uint256)", [FUND], lab.me, 0)
    strategy = _strategy(lab, access, oracle)
    lab.send(manager, "addStrategy(address,uint256,uint256)", strategy, CAP, BPS)
    lab.send(manager, TERMS, coin, (0, DAY, 100, 10, 7 * DAY))
    venue = lab.deploy(
        "UniswapV3Venue", "address,bytes32", lab.book.contracts["uniswap_v3_factory"], pool_code_hash()
    )
    return Ours(lab, vault, manager, strategy, venue)


def _strategy(lab: Lab, access: str, oracle: str) -> str:
    known = lab.book.contracts
    parts = (known["aave_v3_pool"], known["aave_v3_rewards"], access, oracle)
    types = "string,string,address,address,address,address,address"
    return lab.deploy("AaveStrategy", types, "Aave", "AAVE", lab.book.token(COIN).address, *parts)


def _yearn(lab: Lab, strategy: str) -> Theirs:
    """The replica's vault of the coin with the strategy beside its own, and a deposit of the deployer's."""
    vault, coin = lab.book.contracts["yearn_usdc"], lab.book.token(COIN).address
    for signature, *args in (
        ("add_strategy(address)", strategy),
        ("update_max_debt_for_strategy(address,uint256)", strategy, MOST),
    ):
        lab.send(vault, str(signature), *args, sender=OPERATOR)
    lab.approve([coin], vault)
    lab.send(vault, "deposit(uint256,address)", FUND, lab.me)
    return Theirs(lab, vault, strategy)


def _word(token: str) -> bytes:
    return bytes.fromhex(token.removeprefix("0x"))
