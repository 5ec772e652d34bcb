"""Places what everything else leans on: Multicall3, Permit2, WETH9."""

import re
from pathlib import Path

from ballast.errors import ReplicaError
from ballast.replica.addresses import AddressBook
from ballast.replica.place import Deployer
from ballast.replica.solc import Artifact, artifact


def place_base(deployer: Deployer, book: AddressBook, packages: dict[str, Path]) -> None:
    """Real code: Multicall3 from viem, Permit2's deployed bytecode from v4-periphery, canonical WETH9."""
    source = (packages["viem"] / "constants" / "contracts.ts").read_text()
    multicall = Artifact("Multicall3", _only(r"multicall3Bytecode =\s*'0x([0-9a-f]+)'", source, "Multicall3"))
    deployer.place(book.contracts["multicall3"], multicall)
    path = packages["@uniswap/v4-periphery"] / "lib" / "permit2" / "test" / "utils" / "DeployPermit2.sol"
    runtime = _only(r'hex"([0-9a-f]+)"', path.read_text(), "Permit2")
    deployer.rpc.call("anvil_setCode", book.contracts["permit2"], f"0x{runtime}")
    weth = packages["canonical-weth"] / "build" / "contracts" / "WETH9.json"
    deployer.place(book.token("WETH").address, artifact(weth))


def _only(pattern: str, text: str, what: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise ReplicaError(f"{what}: its bytecode is not where the pinned package had it")
    return found.group(1)
