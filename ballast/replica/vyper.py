"""Gets the contracts that are written in Vyper: sources from a pinned source distribution, and the compiler.

No registry carries Curve's or Yearn's own packages, but the source distribution of the Vyper compiler carries
their contracts, as what the compiler is tried on. `sdists.json` pins it as `packages.json` pins npm's. The
compiler itself is one of the project's locked dependencies, of the same version.
"""

import base64
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

from ballast.errors import ReplicaError
from ballast.replica import packages
from ballast.replica.compiled import compiled_once
from ballast.replica.packages import Package
from ballast.replica.paths import HERE, PYPI_CACHE
from ballast.replica.solc import Artifact

PINS: Final = HERE / "sdists.json"
TIMEOUT: Final = 300  # seconds for one source distribution, or for one contract
CONTRACTS: Final = Path("tests", "functional", "examples", "thirdparty")
SETTINGS: Final = ("--optimize", "codesize", "--evm-version", "cancun")  # a Curve pool is near the size limit
BLUEPRINT_PREFIX: Final = "fe7100"  # ERC-5202: no code to call, version 0, no data
# Name of the contract -> its source in the distribution.
SOURCES: Final = {
    "CurveStableSwapFactoryNG": Path("curvefi/amm/stableswap/factory/factory_v_100.vy"),
    "CurveStableSwapNG": Path("curvefi/amm/stableswap/implementation/implementation_v_700.vy"),
    "CurveStableSwapNGMath": Path("curvefi/amm/stableswap/math/math_v_100.vy"),
    "CurveStableSwapNGViews": Path("curvefi/amm/stableswap/views/views_v_120.vy"),
    "YearnVaultV3": Path("yearnfi/VaultV3.vy"),
}


def vyper_code() -> dict[str, Artifact]:
    """The contracts of `SOURCES` by name, compiled where that was not done before."""
    folder = fetch_sources() / CONTRACTS
    return {name: Artifact(name, _compiled(name, folder / path)) for name, path in SOURCES.items()}


def fetch_sources(cache: Path = PYPI_CACHE) -> Path:
    """The folder of the sources; through pip where they are missing. ReplicaError when it cannot be had."""
    return packages.fetch(packages.pinned(PINS)["vyper"], cache, download)


def download(package: Package, folder: Path) -> Path:
    """The pinned source distribution as pip downloads it; pip refuses one of another hash itself."""
    digest = base64.b64decode(package.integrity.removeprefix("sha512-")).hex()
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{package.name}=={package.version} --hash=sha512:{digest}\n")
    options = ["--quiet", "--no-deps", "--no-binary=:all:", "--no-build-isolation", "--require-hashes"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), "-r", str(wanted)]
    spec = f"{package.name}=={package.version}"
    try:
        run = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, cwd=folder, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise ReplicaError(f"{spec}: not fetched within {TIMEOUT} s; check the network, try again") from None
    tarballs = list(folder.glob("*.tar.gz"))
    if run.returncode or len(tarballs) != 1:
        lines = [x.removeprefix("ERROR: ") for x in run.stderr.splitlines() if x.startswith("ERROR: ")]
        why = lines[0] if lines else "no answer"
        raise ReplicaError(f"{spec}: pip could not fetch it ({why}); check the network and the package index")
    return tarballs[0]


def blueprint(code: Artifact) -> str:
    """The runtime code (hex, no 0x) of an ERC-5202 blueprint that factories make copies of `code` from."""
    return BLUEPRINT_PREFIX + code.bytecode


def _compiled(name: str, path: Path) -> str:
    source = path.read_text()
    made_from = {"vyper": version("vyper"), "settings": SETTINGS, "source": source}
    return str(compiled_once(name, made_from, lambda: _vyper(name, path)))


def _vyper(name: str, path: Path) -> str:
    command = [sys.executable, "-m", "vyper", *SETTINGS, "-f", "bytecode", str(path)]
    try:
        run = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReplicaError(f"vyper does not work on {name} ({error}): run `make setup`") from error
    code = run.stdout.strip()
    if run.returncode or not code.startswith("0x"):
        lines = run.stderr.strip().splitlines()
        raise ReplicaError(f"vyper, {name}: {lines[-1] if lines else 'no output'}")
    return code.removeprefix("0x")
