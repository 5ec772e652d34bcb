"""Drives the pinned solc for sources that come without artifacts, and reads the artifacts that come."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ballast.errors import ReplicaError
from ballast.replica.paths import MODELS, ROOT, SOLC


@dataclass(frozen=True)
class Artifact:
    """Creation bytecode, with the places (byte offsets) where library addresses go."""

    name: str
    bytecode: str  # hex, no 0x
    links: tuple[tuple[str, int], ...] = ()

    def linked(self, addresses: dict[str, str]) -> bytes:
        """The bytecode with library addresses filled in."""
        code = self.bytecode
        for library, start in self.links:
            address = addresses[library].removeprefix("0x").lower()
            code = code[: start * 2] + address + code[start * 2 + 40 :]
        return bytes.fromhex(code)


def artifact(path: Path) -> Artifact:
    """A Hardhat or Truffle artifact; ReplicaError when the file is none."""
    try:
        raw = json.loads(path.read_text())
        links = _links(raw.get("linkReferences", {}))
        return Artifact(path.stem, raw["bytecode"].removeprefix("0x"), links)
    except (OSError, json.JSONDecodeError, KeyError) as error:
        raise ReplicaError(f"{path.name}: not a contract artifact ({error})") from error


def compile_feeds(chainlink: Path) -> dict[str, Artifact]:
    """EACAggregatorProxy and FluxAggregator from Chainlink's 0.6 sources."""
    folder = chainlink / "src" / "v0.6"
    names = ("EACAggregatorProxy", "FluxAggregator")
    sources = {str(p.relative_to(folder)): {"content": p.read_text()} for p in sorted(folder.rglob("*.sol"))}
    settings = {"optimizer": {"enabled": True, "runs": 1_000_000}}
    return _solc("0.6.6", sources, settings, {f"{name}.sol": name for name in names})


def compile_models() -> dict[str, Artifact]:
    """The models written here, `contracts/models/*.sol`, as the project compiles its own contracts."""
    files = sorted(MODELS.glob("*.sol"))
    sources = {f"contracts/models/{p.name}": {"content": p.read_text()} for p in files}
    settings = {
        "optimizer": {"enabled": True, "runs": 200},
        "evmVersion": "cancun",
        "remappings": ["@openzeppelin/contracts=node_modules/@openzeppelin/contracts"],
    }
    return _solc("0.8.30", sources, settings, {name: Path(name).stem for name in sources})


def compile_folder(
    version: str, folder: Path, files: Sequence[str], settings: dict[str, Any]
) -> dict[str, Artifact]:
    """One contract a file, of the file's name; imports are looked for in `folder`, below the checkout."""
    inside = folder.relative_to(ROOT)
    units = {f"{inside}/{file}": {"content": (folder / file).read_text()} for file in files}
    return _solc(version, units, settings, {unit: Path(unit).stem for unit in units})


def _solc(
    version: str, sources: dict[str, Any], settings: dict[str, Any], wanted: dict[str, str]
) -> dict[str, Artifact]:
    compiler = SOLC / f"solc-v{version}"
    output = ["evm.bytecode.object", "evm.bytecode.linkReferences"]
    selection = {file: {name: output} for file, name in wanted.items()}
    job = {"language": "Solidity", "sources": sources, "settings": {**settings, "outputSelection": selection}}
    command = [str(compiler), "--standard-json", "--base-path", str(ROOT)]
    try:
        run = subprocess.run(  # noqa: S603
            command, input=json.dumps(job), capture_output=True, text=True, check=False
        )
        answer = json.loads(run.stdout)
    except (OSError, json.JSONDecodeError) as error:
        raise ReplicaError(f"solc {version} does not work ({error}): run `make setup`") from error
    errors = [e["formattedMessage"].strip() for e in answer.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise ReplicaError(f"solc {version}: {errors[0].splitlines()[0]}")
    return {n: _bytecode(n, answer["contracts"][f][n]["evm"]["bytecode"]) for f, n in wanted.items()}


def _bytecode(name: str, raw: dict[str, Any]) -> Artifact:
    return Artifact(name, raw["object"], _links(raw["linkReferences"]))


def _links(references: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """The places of library addresses, from the form that compilers and Hardhat write them in."""
    return tuple(
        (lib, ref["start"]) for file in references.values() for lib, refs in file.items() for ref in refs
    )
