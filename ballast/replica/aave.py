"""Places Aave V3 in its own code: the five coins and WETH listed as on mainnet, supplied and borrowed from.

The addresses provider stands at its mainnet address, so the pool, the configurator and the rewards controller
that it creates come out at theirs; the tokens of deposits (`aEthUSDC` ...) do by the configurator's nonce.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_utils.crypto import keccak

from ballast.errors import ReplicaError
from ballast.replica.addresses import AddressBook
from ballast.replica.compiled import compiled_once
from ballast.replica.feeds import NOBODY
from ballast.replica.packages import Package
from ballast.replica.paths import ROOT
from ballast.replica.place import OPERATOR, PROXY_ADMIN, Deployer, role_account
from ballast.replica.rpc import Rpc, encode_args, encode_call
from ballast.replica.solc import Artifact, compile_folder

SOLC_VERSION: Final = "0.8.27"
AAVE: Final = "@aave-dao/aave-v3-origin"
LIBRARIES: Final = (  # in the order in which they link to each other
    "BorrowLogic",
    "ConfiguratorLogic",
    "LiquidationLogic",
    "PoolLogic",
    "SupplyLogic",
    "FlashLoanLogic",
)
FILES: Final = (
    "instances/PoolInstance.sol",
    "instances/PoolConfiguratorInstance.sol",
    "instances/ATokenInstance.sol",
    "instances/VariableDebtTokenInstance.sol",
    "protocol/configuration/PoolAddressesProvider.sol",
    "protocol/configuration/ACLManager.sol",
    "misc/AaveOracle.sol",
    "misc/DefaultReserveInterestRateStrategyV2.sol",
    "helpers/AaveProtocolDataProvider.sol",
    "rewards/RewardsController.sol",
    "rewards/EmissionManager.sol",
    "rewards/transfer-strategies/PullRewardsTransferStrategy.sol",
    "extensions/stata-token/StataTokenV2.sol",
    *(f"protocol/libraries/logic/{name}.sol" for name in LIBRARIES),
)
PROXY_FILE: Final = "proxy/transparent/TransparentUpgradeableProxy.sol"
SETTINGS: Final = {"optimizer": {"enabled": True, "runs": 200}, "evmVersion": "cancun"}
BASE_UNIT: Final = 10**8  # of the oracle's prices in USD
VARIABLE_RATE: Final = 2
INIT_RESERVE: Final = "initReserves((address,address,address,string,string,string,string,bytes,bytes)[])"
SUPPLY: Final = "supply(address,uint256,address,uint16)"
BORROW: Final = "borrow(address,uint256,uint256,uint16,address)"
COLLATERAL: Final = 1_600_000  # WETH behind what the borrower owes
BORROWER_ETH: Final = 10**6  # ETH, for gas
BORROWER: Final = role_account("aave-borrower")  # owes everything that is borrowed; the supplier is OPERATOR
REWARD_PAYER: Final = role_account("aave-reward-payer")  # pulls rewards from OPERATOR when they are claimed


@dataclass(frozen=True)
class Reserve:
    """A listed coin: terms near mainnet's, and how much is supplied and borrowed at the start."""

    coin: str
    nonce: int  # of the configurator, when it creates the deposit token
    rates: tuple[int, int, int, int]  # bps: optimal utilisation, rate at none, slope up to it, slope beyond
    collateral: tuple[int, int, int]  # bps: loan to value, liquidation threshold, liquidation bonus
    reserve_factor: int  # bps of interest that the protocol keeps
    supply_cap: int  # whole coins
    supplied: int  # whole coins
    borrowed: int  # whole coins

    @property
    def deposit_token(self) -> str:
        """Its name in the address book's contracts."""
        return f"aave_v3_{self.coin.lower()}"


RESERVES: Final = (
    Reserve(
        "USDC",
        10,
        (9_200, 0, 550, 4_000),
        (7_500, 7_800, 10_450),
        1_000,
        7_000_000_000,
        1_500_000_000,
        1_215_000_000,
    ),
    Reserve(
        "USDT",
        25,
        (9_200, 0, 550, 3_500),
        (7_500, 7_800, 10_450),
        1_000,
        7_600_000_000,
        1_500_000_000,
        1_260_000_000,
    ),
    Reserve(
        "DAI",
        13,
        (9_200, 0, 550, 3_500),
        (6_300, 7_700, 10_500),
        2_500,
        338_000_000,
        150_000_000,
        120_000_000,
    ),
    Reserve(
        "FRAX", 58, (9_000, 0, 550, 7_500), (7_000, 7_500, 10_600), 2_000, 15_000_000, 10_000_000, 7_800_000
    ),
    Reserve("LUSD", 31, (8_000, 0, 400, 8_700), (0, 7_700, 10_450), 1_000, 18_000_000, 10_000_000, 7_500_000),
    Reserve("WETH", 1, (9_200, 0, 270, 8_000), (8_050, 8_300, 10_500), 1_500, 3_500_000, 0, 0),
)
WRAPPED: Final = ("USDC", "USDT", "DAI")  # with a stataToken: Aave's own ERC-4626 of a deposit


def compile_aave(pins: dict[str, Package], folders: dict[str, Path]) -> dict[str, Artifact]:
    """Every contract of `FILES` and the proxy of the stataTokens, from the pinned sources."""
    openzeppelin, upgradeable = "@openzeppelin/contracts", "@openzeppelin/contracts-upgradeable"
    utils = "@bgd-labs/solidity-utils"
    imports = {
        "@openzeppelin/contracts/": openzeppelin,
        "@openzeppelin/contracts-upgradeable/": upgradeable,
        "openzeppelin-contracts/contracts/": openzeppelin,
        "openzeppelin-contracts-upgradeable/contracts/": upgradeable,
    }
    remappings = [f"{prefix}={folders[name].relative_to(ROOT)}/" for prefix, name in imports.items()]
    remappings.append(f"solidity-utils/={folders[utils].relative_to(ROOT)}/src/")
    settings = {**SETTINGS, "remappings": remappings}
    used = [pins[name] for name in (AAVE, utils, openzeppelin, upgradeable)]

    def compile_it() -> dict[str, Any]:
        files = [f"src/contracts/{file}" for file in FILES]
        code = compile_folder(SOLC_VERSION, folders[AAVE], files, settings)
        code |= compile_folder(SOLC_VERSION, folders[openzeppelin], [PROXY_FILE], settings)
        return {name: [made.bytecode, made.links] for name, made in code.items()}

    made_from = {
        "solc": SOLC_VERSION,
        "settings": settings,
        "files": FILES,
        "packages": [package.folder for package in used],
    }
    kept = compiled_once("aave-v3", made_from, compile_it)
    return {
        name: Artifact(name, bytecode, tuple((library, at) for library, at in links))
        for name, (bytecode, links) in kept.items()
    }


def place_aave(deployer: Deployer, book: AddressBook, code: dict[str, Artifact]) -> None:
    """The whole market, every power over it in OPERATOR's hands; nothing supplied yet."""
    libraries: dict[str, str] = {}
    for name in LIBRARIES:
        libraries[name] = deployer.create(code[name], links=libraries)
    _place_core(deployer, book, code, libraries)
    _place_rewards(deployer, book, code)
    _list_reserves(deployer, book, code)
    _place_wrapped(deployer, book, code)


def _place_core(
    deployer: Deployer, book: AddressBook, code: dict[str, Artifact], libraries: dict[str, str]
) -> None:
    """Provider, access list, oracle, pool, configurator and data provider."""
    known = book.contracts
    provider = deployer.place(
        known["aave_v3_provider"],
        code["PoolAddressesProvider"],
        "string,address",
        ["Aave Ethereum Market", OPERATOR],
    )
    _send(deployer.rpc, provider, "setACLAdmin(address)", OPERATOR)
    acl = deployer.place(known["aave_v3_acl_manager"], code["ACLManager"], "address", [provider])
    _send(deployer.rpc, provider, "setACLManager(address)", acl)
    for role in ("addPoolAdmin", "addEmergencyAdmin"):
        _send(deployer.rpc, acl, f"{role}(address)", OPERATOR)
    coins = [book.token(reserve.coin).address for reserve in RESERVES]
    prices = [book.feed(reserve.coin).address for reserve in RESERVES]
    args = [provider, coins, prices, NOBODY, NOBODY, BASE_UNIT]
    types = "address,address[],address[],address,address,uint256"
    oracle = deployer.place(known["aave_v3_oracle"], code["AaveOracle"], types, args)
    _send(deployer.rpc, provider, "setPriceOracle(address)", oracle)
    rates = deployer.create(code["DefaultReserveInterestRateStrategyV2"], "address", [provider])
    pool = deployer.create(code["PoolInstance"], "address,address", [provider, rates], links=libraries)
    _send(deployer.rpc, provider, "setPoolImpl(address)", pool)
    configurator = deployer.create(code["PoolConfiguratorInstance"], links=libraries)
    _send(deployer.rpc, provider, "setPoolConfiguratorImpl(address)", configurator)
    made = deployer.rpc.read(provider, "getPool()", (), "address")
    if made != known["aave_v3_pool"]:
        raise ReplicaError(f"Aave's pool came out at {made}, the address book says {known['aave_v3_pool']}")
    data = deployer.place(
        known["aave_v3_data_provider"], code["AaveProtocolDataProvider"], "address", [provider]
    )
    _send(deployer.rpc, provider, "setPoolDataProvider(address)", data)


def _place_rewards(deployer: Deployer, book: AddressBook, code: dict[str, Artifact]) -> None:
    """The rewards controller, its emission manager, and what pays claims out of OPERATOR's balance."""
    known, rpc = book.contracts, deployer.rpc
    manager = deployer.place(
        known["aave_v3_emission_manager"], code["EmissionManager"], "address", [OPERATOR]
    )
    controller = deployer.create(code["RewardsController"], "address", [manager])
    name = keccak(text="INCENTIVES_CONTROLLER")
    _send(rpc, known["aave_v3_provider"], "setAddressAsProxy(bytes32,address)", name, controller)
    _send(rpc, manager, "setRewardsController(address)", known["aave_v3_rewards"])
    args = [known["aave_v3_rewards"], OPERATOR, OPERATOR]
    deployer.place(REWARD_PAYER, code["PullRewardsTransferStrategy"], "address,address,address", args)


def _list_reserves(deployer: Deployer, book: AddressBook, code: dict[str, Artifact]) -> None:
    known, rpc = book.contracts, deployer.rpc
    configurator, pool, rewards = (known[f"aave_v3_{n}"] for n in ("configurator", "pool", "rewards"))
    args = [pool, rewards, known["aave_v3_collector"]]
    deposit = deployer.create(code["ATokenInstance"], "address,address,address", args)
    debt = deployer.create(code["VariableDebtTokenInstance"], "address,address", [pool, rewards])
    for reserve in RESERVES:
        coin = book.token(reserve.coin).address
        rates = encode_args(["(uint16,uint32,uint32,uint32)"], [reserve.rates])
        names = (
            f"Aave Ethereum {reserve.coin}",
            f"aEth{reserve.coin}",
            f"Aave Ethereum Variable Debt {reserve.coin}",
            f"variableDebtEth{reserve.coin}",
        )
        rpc.call("anvil_setNonce", configurator, hex(reserve.nonce))
        _send(rpc, configurator, INIT_RESERVE, [(deposit, debt, coin, *names, b"", rates)])
        calls: list[tuple[str, tuple[Any, ...]]] = [
            ("configureReserveAsCollateral(address,uint256,uint256,uint256)", (coin, *reserve.collateral)),
            ("setReserveBorrowing(address,bool)", (coin, True)),
            ("setReserveFlashLoaning(address,bool)", (coin, True)),
            ("setReserveFactor(address,uint256)", (coin, reserve.reserve_factor)),
            ("setSupplyCap(address,uint256)", (coin, reserve.supply_cap)),
        ]
        rpc.send_together(OPERATOR, [(configurator, what, args) for what, args in calls])
        made = rpc.read(pool, "getReserveAToken(address)", [coin], "address")
        if made != known[reserve.deposit_token]:
            raise ReplicaError(
                f"{reserve.deposit_token} came out at {made}, not where the address book has it"
            )


def _place_wrapped(deployer: Deployer, book: AddressBook, code: dict[str, Artifact]) -> None:
    known = book.contracts
    args = [known["aave_v3_pool"], known["aave_v3_rewards"]]
    implementation = deployer.create(code["StataTokenV2"], "address,address", args)
    for coin in WRAPPED:
        deposit = known[f"aave_v3_{coin.lower()}"]
        names = (f"Wrapped Aave Ethereum {coin}", f"waEth{coin}")
        begin = encode_call("initialize(address,string,string)", [deposit, *names])
        place = known[f"aave_v3_stata_{coin.lower()}"]
        proxy = code["TransparentUpgradeableProxy"]
        deployer.place(place, proxy, "address,address,bytes", [implementation, PROXY_ADMIN, begin])


def seed_aave(rpc: Rpc, book: AddressBook) -> None:
    """OPERATOR supplies what the reserves say, and BORROWER borrows against WETH."""
    prepare_borrower(rpc)
    pool, weth = book.contracts["aave_v3_pool"], book.token("WETH").address
    collateral = COLLATERAL * 10**18
    rpc.send(weth, "transfer(address,uint256)", [BORROWER, collateral], sender=OPERATOR)
    for reserve in RESERVES:
        coin = book.token(reserve.coin)
        for account in (OPERATOR, BORROWER):
            rpc.send(coin.address, "approve(address,uint256)", [pool, 2**256 - 1], sender=account)
        if reserve.supplied:
            args = [coin.address, reserve.supplied * 10**coin.decimals, OPERATOR, 0]
            rpc.send(pool, SUPPLY, args, sender=OPERATOR)
    rpc.send(pool, SUPPLY, [weth, collateral, BORROWER, 0], sender=BORROWER)
    for reserve in RESERVES:
        coin = book.token(reserve.coin)
        if reserve.borrowed:
            args = [coin.address, reserve.borrowed * 10**coin.decimals, VARIABLE_RATE, 0, BORROWER]
            rpc.send(pool, BORROW, args, sender=BORROWER)


def prepare_borrower(rpc: Rpc) -> None:
    """Lets the borrower act on this node, with ETH for gas."""
    rpc.batch(
        [
            ("anvil_impersonateAccount", (BORROWER,)),
            ("anvil_setBalance", (BORROWER, hex(BORROWER_ETH * 10**18))),
        ]
    )


def _send(rpc: Rpc, to: str, signature: str, *args: Any) -> None:
    rpc.send(to, signature, args, sender=OPERATOR)
