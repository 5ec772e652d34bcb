"""Places Aave V2, the pool of the old index, in its own code: USDC and DAI to lend, WETH as collateral.

As with V3 everything that the addresses provider and the configurator create comes out where mainnet has it.
Only prices are not V2's own: its oracle reads feeds in ETH, which the replica has none of, so the protocol's
mock of it answers the first price of each coin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from ballast.errors import ReplicaError
from ballast.replica.aave import BORROW, BORROWER, VARIABLE_RATE, prepare_borrower
from ballast.replica.addresses import AddressBook
from ballast.replica.feeds import NOBODY
from ballast.replica.handles import Replica
from ballast.replica.place import OPERATOR, Deployer
from ballast.replica.rpc import Rpc
from ballast.replica.solc import Artifact, artifact
from ballast.replica.uniswap import usd_price

PACKAGE: Final = "@aave/protocol-v2"
RAY: Final = 10**27
BPS_IN_RAY: Final = RAY // 10_000
STABLE_RATES: Final = (
    2 * 10**25,
    75 * 10**25,
)  # RAY: slopes of the other kind of debt, which nobody takes here
DEPOSIT: Final = "deposit(address,uint256,address,uint16)"
COLLATERAL: Final = 60_000  # WETH behind what the borrower owes
UNLIMITED: Final = 2**256 - 1


@dataclass(frozen=True)
class Reserve:
    """A listed coin: terms near mainnet's, and how much is supplied and borrowed at the start."""

    coin: str
    nonce: int  # of the configurator, when it creates the deposit token
    rates: tuple[int, int, int, int]  # bps: optimal utilisation, rate at none, slope up to it, slope beyond
    collateral: tuple[int, int, int]  # bps: loan to value, liquidation threshold, liquidation bonus
    reserve_factor: int  # bps of interest that the protocol keeps
    supplied: int  # whole coins
    borrowed: int  # whole coins


RESERVES: Final = (
    Reserve("USDC", 58, (9_000, 0, 400, 6_000), (8_000, 8_750, 10_450), 1_000, 60_000_000, 48_000_000),
    Reserve("DAI", 28, (8_000, 0, 400, 7_500), (7_500, 8_700, 10_450), 1_000, 40_000_000, 30_000_000),
    Reserve("WETH", 7, (7_000, 0, 300, 10_000), (8_250, 8_600, 10_500), 1_000, 0, 0),
)


def place_aave_v2(deployer: Deployer, book: AddressBook, packages: dict[str, Path]) -> None:
    """The whole market, every power over it in OPERATOR's hands; nothing supplied yet."""
    code = _Code(packages[PACKAGE] / "artifacts" / "contracts")
    known, rpc = book.contracts, deployer.rpc
    provider = deployer.place(
        known["aave_v2_provider"], code("LendingPoolAddressesProvider"), "string", ["Aave genesis market"]
    )
    _place_pool(deployer, code, provider)
    for what in ("setPoolAdmin", "setEmergencyAdmin"):
        _send(rpc, provider, f"{what}(address)", OPERATOR)
    prices, lending_rates = (deployer.create(code(name)) for name in ("PriceOracle", "LendingRateOracle"))
    _send(rpc, provider, "setPriceOracle(address)", prices)
    _send(rpc, provider, "setLendingRateOracle(address)", lending_rates)
    data = code("AaveProtocolDataProvider")
    deployer.place(known["aave_v2_data_provider"], data, "address", [provider])
    for reserve in RESERVES:
        token = book.token(reserve.coin)
        price = usd_price(book, token) / usd_price(book, book.token("WETH"))
        _send(rpc, prices, "setAssetPrice(address,uint256)", token.address, int(Fraction(price) * 10**18))
        _list_reserve(deployer, book, code, reserve)


def seed_aave_v2(rpc: Rpc, book: AddressBook) -> None:
    """OPERATOR supplies what the reserves say, and BORROWER borrows against WETH."""
    prepare_borrower(rpc)
    pool, weth = book.contracts["aave_v2_pool"], book.token("WETH").address
    collateral = COLLATERAL * 10**18
    rpc.send(weth, "transfer(address,uint256)", [BORROWER, collateral], sender=OPERATOR)
    for reserve in RESERVES:
        coin = book.token(reserve.coin)
        for account in (OPERATOR, BORROWER):
            rpc.send(coin.address, "approve(address,uint256)", [pool, UNLIMITED], sender=account)
        if reserve.supplied:
            args: Sequence[Any] = [coin.address, reserve.supplied * 10**coin.decimals, OPERATOR, 0]
            rpc.send(pool, DEPOSIT, args, sender=OPERATOR)
    rpc.send(pool, DEPOSIT, [weth, collateral, BORROWER, 0], sender=BORROWER)
    for reserve in RESERVES:
        coin = book.token(reserve.coin)
        if reserve.borrowed:
            args = [coin.address, reserve.borrowed * 10**coin.decimals, VARIABLE_RATE, 0, BORROWER]
            rpc.send(pool, BORROW, args, sender=BORROWER)


def pause_v2(replica: Replica, *, paused: bool = True) -> None:
    """Stops or resumes the whole pool, withdrawals included."""
    at = replica.book.contracts["aave_v2_configurator"]
    replica.rpc.send(at, "setPoolPause(bool)", [paused], sender=OPERATOR)


def freeze_v2(replica: Replica, coin: str, *, frozen: bool = True) -> None:
    """While frozen nobody supplies or borrows the coin; withdrawals go on."""
    at, what = (
        replica.book.contracts["aave_v2_configurator"],
        "freezeReserve" if frozen else "unfreezeReserve",
    )
    replica.rpc.send(at, f"{what}(address)", [replica.book.token(coin).address], sender=OPERATOR)


def use_up_v2(replica: Replica, coin: str) -> None:
    """Borrows all that is there, so that nothing can be withdrawn."""
    prepare_borrower(replica.rpc)
    left = replica.balance(coin, replica.book.contracts[f"aave_v2_{coin.lower()}"])
    args = [replica.book.token(coin).address, left, VARIABLE_RATE, 0, BORROWER]
    replica.rpc.send(replica.book.contracts["aave_v2_pool"], BORROW, args, sender=BORROWER)


class _Code:
    """The package's artifacts by the contract's name."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.stem: path for path in folder.rglob("*.json")}

    def __call__(self, name: str) -> Artifact:
        return artifact(self._files[name])


def _place_pool(deployer: Deployer, code: _Code, provider: str) -> None:
    links = {name: deployer.create(code(name)) for name in ("ReserveLogic", "GenericLogic")}
    links["ValidationLogic"] = deployer.create(code("ValidationLogic"), links=links)
    pool = deployer.create(code("LendingPool"), links=links)
    _send(deployer.rpc, provider, "setLendingPoolImpl(address)", pool)
    configurator = deployer.create(code("LendingPoolConfigurator"))
    _send(deployer.rpc, provider, "setLendingPoolConfiguratorImpl(address)", configurator)


def _list_reserve(deployer: Deployer, book: AddressBook, code: _Code, reserve: Reserve) -> None:
    known, rpc, token = book.contracts, deployer.rpc, book.token(reserve.coin)
    pool, configurator = known["aave_v2_pool"], known["aave_v2_configurator"]
    rates = [bps * BPS_IN_RAY for bps in reserve.rates]
    strategy = deployer.create(
        code("DefaultReserveInterestRateStrategy"),
        ",".join(["address", *["uint256"] * 6]),
        [known["aave_v2_provider"], *rates, *STABLE_RATES],
    )
    name = f"Aave interest bearing {reserve.coin}"
    args = [pool, token.address, known["aave_v3_collector"], name, f"a{reserve.coin}", NOBODY]
    deposit = deployer.create(code("AToken"), "address,address,address,string,string,address", args)
    debts = [
        deployer.create(
            code(f"{kind}DebtToken"),
            "address,address,string,string,address",
            [
                pool,
                token.address,
                f"Aave {kind} debt {reserve.coin}",
                f"{kind.lower()}Debt{reserve.coin}",
                NOBODY,
            ],
        )
        for kind in ("Stable", "Variable")
    ]
    rpc.call("anvil_setNonce", configurator, hex(reserve.nonce))
    init = "initReserve(address,address,address,uint8,address)"
    _send(rpc, configurator, init, deposit, *debts, token.decimals, strategy)
    terms = "configureReserveAsCollateral(address,uint256,uint256,uint256)"
    _send(rpc, configurator, terms, token.address, *reserve.collateral)
    _send(rpc, configurator, "enableBorrowingOnReserve(address,bool)", token.address, False)
    _send(rpc, configurator, "setReserveFactor(address,uint256)", token.address, reserve.reserve_factor)
    wanted = known[f"aave_v2_{reserve.coin.lower()}"]
    if len(rpc.call("eth_getCode", wanted, "latest")) <= 2:
        raise ReplicaError(f"Aave V2's token of {reserve.coin} did not come out at {wanted}")


def _send(rpc: Rpc, to: str, signature: str, *args: Any) -> None:
    rpc.send(to, signature, args, sender=OPERATOR)
