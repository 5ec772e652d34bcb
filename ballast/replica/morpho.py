"""Places Morpho Blue and MetaMorpho vaults over it in their own code, lent out against WETH.

The sources are those of Morpho's repositories, word for word but for the compiler version, in a package of
their users: Morpho publishes no sources of the vault and of the rates itself. Each vault lends into one
market. What a WETH is worth in a market is what Morpho's own price contract for tests says.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_utils.crypto import keccak

from ballast.replica.addresses import AddressBook
from ballast.replica.compiled import compiled_once
from ballast.replica.packages import Package
from ballast.replica.paths import ROOT
from ballast.replica.place import OPERATOR, Deployer, role_account
from ballast.replica.rpc import Rpc, encode_args
from ballast.replica.solc import Artifact, compile_folder
from ballast.replica.uniswap import UNLIMITED

SOLC_VERSION: Final = "0.8.30"
SOURCES: Final = "sphere-mezo-solidity-files"
FILES: Final = (
    "domains/morpho/contracts/Morpho.sol",
    "domains/morpho/contracts/mocks/OracleMock.sol",
    "domains/morphoIrm/contracts/AdaptiveCurveIrm.sol",
    "domains/metamorpho/contracts/MetaMorpho.sol",
)
OPENZEPPELIN: Final = Path("node_modules", "@openzeppelin", "contracts")
SETTINGS: Final = {
    "optimizer": {"enabled": True, "runs": 200},
    "evmVersion": "cancun",
    "remappings": [f"@openzeppelin/contracts={OPENZEPPELIN}"],
}
WAD: Final = 10**18
LLTV: Final = 86 * WAD // 100  # of the collateral's value may be owed
PRICE_DECIMALS: Final = 36  # of a price, in base units of the loan over base units of the collateral
TIMELOCK: Final = 86_400  # s: the shortest that a vault takes, before a market may be lent to
PERFORMANCE_FEE: Final = WAD // 10  # of the interest
COLLATERAL_RATIO: Final = 2  # collateral's value over what is owed
BORROWER: Final = role_account("morpho-borrower")  # owes all that is borrowed
FEES: Final = role_account("morpho-fees")  # gets the vaults' fees
BORROWER_ETH: Final = 10**6  # ETH, for gas
PARAMS: Final = "(address,address,address,address,uint256)"  # loan, collateral, price, rates, LLTV


@dataclass(frozen=True)
class Vault:
    """A MetaMorpho vault of one coin; amounts at the start in whole coins."""

    coin: str
    name: str
    symbol: str
    cap: int
    supplied: int
    borrowed: int

    @property
    def key(self) -> str:
        """Its name in the address book's contracts."""
        return f"morpho_vault_{self.coin.lower()}"

    @property
    def price_source(self) -> str:
        """The contract that says what a WETH is worth in the coin."""
        return role_account(f"morpho-price.{self.coin}")


# With what Yearn's vaults add, about nine tenths are lent out: the share that the rates aim at.
VAULTS: Final = (
    Vault("USDC", "Steakhouse USDC", "steakUSDC", 1_000_000_000, 60_000_000, 59_400_000),
    Vault("DAI", "Gauntlet DAI Core", "gtDAIcore", 200_000_000, 20_000_000, 19_900_000),
)


def compile_morpho(pins: dict[str, Package], folders: dict[str, Path]) -> dict[str, Artifact]:
    """Every contract of `FILES`, from the pinned sources and the project's own OpenZeppelin."""
    made_from = {
        "solc": SOLC_VERSION,
        "settings": SETTINGS,
        "files": FILES,
        "package": pins[SOURCES].folder,
        "openzeppelin": json.loads((ROOT / OPENZEPPELIN / "package.json").read_text())["version"],
    }

    def compile_it() -> dict[str, str]:
        made = compile_folder(SOLC_VERSION, folders[SOURCES], FILES, SETTINGS)
        return {name: artifact.bytecode for name, artifact in made.items()}

    return {n: Artifact(n, code) for n, code in compiled_once("morpho", made_from, compile_it).items()}


def market_params(book: AddressBook, vault: Vault) -> tuple[str, str, str, str, int]:
    """What a market is known by."""
    coin, weth = book.token(vault.coin).address, book.token("WETH").address
    return (coin, weth, vault.price_source, book.contracts["morpho_rates"], LLTV)


def market_id(book: AddressBook, vault: Vault) -> bytes:
    """The hash that Morpho keeps a market under."""
    return keccak(encode_args([PARAMS], [market_params(book, vault)]))


def place_morpho(deployer: Deployer, book: AddressBook, code: dict[str, Artifact]) -> None:
    """Morpho, its rates, and a market and a vault a coin, all in OPERATOR's hands; a day passes meanwhile."""
    known, rpc = book.contracts, deployer.rpc
    morpho = deployer.place(known["morpho"], code["Morpho"], "address", [OPERATOR])
    rates = deployer.place(known["morpho_rates"], code["AdaptiveCurveIrm"], "address", [morpho])
    _send(rpc, morpho, "enableIrm(address)", rates)
    _send(rpc, morpho, "enableLltv(uint256)", LLTV)
    for vault in VAULTS:
        deployer.place(vault.price_source, code["OracleMock"])
        set_eth_price(rpc, book, vault, int(book.feed("ETH").price))
        _send(rpc, morpho, f"createMarket({PARAMS})", market_params(book, vault))
        coin = book.token(vault.coin)
        args = [OPERATOR, morpho, TIMELOCK, coin.address, vault.name, vault.symbol]
        types = "address,address,uint256,address,string,string"
        at = deployer.place(known[vault.key], code["MetaMorpho"], types, args)
        _send(rpc, at, "setFeeRecipient(address)", FEES)
        _send(rpc, at, "setFee(uint256)", PERFORMANCE_FEE)
        cap = vault.cap * 10**coin.decimals
        _send(rpc, at, f"submitCap({PARAMS},uint256)", market_params(book, vault), cap)
    rpc.mine_after(TIMELOCK)
    for vault in VAULTS:
        _send(rpc, known[vault.key], f"acceptCap({PARAMS})", market_params(book, vault))
        _send(rpc, known[vault.key], "setSupplyQueue(bytes32[])", [market_id(book, vault)])


def seed_morpho(rpc: Rpc, book: AddressBook) -> None:
    """OPERATOR deposits with the vaults, and BORROWER borrows from their markets."""
    prepare_borrower(rpc)
    morpho = book.contracts["morpho"]
    rpc.send(book.token("WETH").address, "approve(address,uint256)", [morpho, UNLIMITED], sender=BORROWER)
    for vault in VAULTS:
        coin, at = book.token(vault.coin), book.contracts[vault.key]
        _send(rpc, coin.address, "approve(address,uint256)", at, UNLIMITED)
        _send(rpc, at, "deposit(uint256,address)", vault.supplied * 10**coin.decimals, OPERATOR)
        rpc.send(coin.address, "approve(address,uint256)", [morpho, UNLIMITED], sender=BORROWER)
        borrow(rpc, book, vault, vault.borrowed * 10**coin.decimals, BORROWER)


def borrow(rpc: Rpc, book: AddressBook, vault: Vault, amount: int, borrower: str) -> int:
    """A loan of `amount` base units against new WETH; the collateral given, in base units."""
    coin, morpho = book.token(vault.coin), book.contracts["morpho"]
    eth_price = int(rpc.read(vault.price_source, "price()")) // 10 ** (PRICE_DECIMALS + coin.decimals - 18)
    collateral = COLLATERAL_RATIO * amount * 10**18 // 10**coin.decimals // eth_price
    _send(rpc, book.token("WETH").address, "transfer(address,uint256)", borrower, collateral)
    params = market_params(book, vault)
    args: list[Any] = [params, collateral, borrower, b""]
    rpc.send(morpho, f"supplyCollateral({PARAMS},uint256,address,bytes)", args, sender=borrower)
    args = [params, amount, 0, borrower, borrower]
    rpc.send(morpho, f"borrow({PARAMS},uint256,uint256,address,address)", args, sender=borrower)
    return int(collateral)


def set_eth_price(rpc: Rpc, book: AddressBook, vault: Vault, usd: int) -> None:
    """Makes a WETH worth that many of the vault's coins in its market."""
    exponent = PRICE_DECIMALS + book.token(vault.coin).decimals - 18
    _send(rpc, vault.price_source, "setPrice(uint256)", usd * 10**exponent)


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
