"""The deployment record: what was deployed where, by which commit, from which index description.

One JSON file per chain and index. It is written before and after every transaction that creates a contract,
each time whole and atomically, so that a deployment killed at any moment can be continued without doing a
thing twice. A record names its chain by chain id and by the hash of its first block.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ballast.errors import ChainError

Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
Hash = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChainIdentity(_Model):
    """Which chain: its id and the hash of its earliest block that the node still has."""

    chain_id: int
    first_block: int
    first_hash: Hash

    @property
    def folder(self) -> str:
        """The folder name of this chain's records, such as `1-d4e56740`."""
        return f"{self.chain_id}-{self.first_hash[2:10]}"


class DeployedContract(_Model):
    """One contract: where it is, what it was made from and by which transaction."""

    contract: str
    address: Address
    arguments: list[Any]  # as given to the constructor; addresses as text, integers as integers
    sender: Address
    nonce: int
    tx_hash: Hash
    block: int
    block_hash: Hash
    commit: str  # git commit of the checkout, with "+dirty" when it had changes


class PendingContract(_Model):
    """A creation that may or may not have reached the chain: written before it is sent."""

    name: str
    contract: str
    arguments: list[Any]
    sender: Address
    nonce: int
    address: Address  # follows from sender and nonce
    tx_hash: Hash


class Deployment(_Model):
    """Everything about one index on one chain."""

    version: Literal[1] = 1
    symbol: str
    chain: ChainIdentity
    index_file: str
    index_digest: Hash  # SHA-256 of the index description's text
    contracts: dict[str, DeployedContract] = {}
    pending: PendingContract | None = None
    complete: bool = False

    def address(self, name: str) -> str:
        """The address of a contract by its name in the record, such as `IndexVault`."""
        try:
            return self.contracts[name].address
        except KeyError:
            raise ChainError(
                f"the deployment of {self.symbol} has no {name} yet: run `ape run deploy` to finish it"
            ) from None


def record_path(folder: Path, chain: ChainIdentity, symbol: str) -> Path:
    """Where the record of an index on a chain lies under the records' folder."""
    return folder / chain.folder / f"{symbol}.json"


def save(path: Path, deployment: Deployment) -> None:
    """Writes the record whole or not at all: a crash leaves the former one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w") as out:
            out.write(deployment.model_dump_json(indent=2) + "\n")
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: Path, chain: ChainIdentity) -> Deployment:
    """Reads a record and checks that it is one of this chain; a ChainError of one line otherwise."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise ChainError(
            f"no deployment of {path.stem} on this chain ({chain.folder}): run `ape run deploy` first"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ChainError(f"the deployment record {path} cannot be read: {error}") from None
    try:
        deployment = Deployment.model_validate(json.loads(text))
    except (json.JSONDecodeError, ValidationError) as error:
        raise ChainError(
            f"the deployment record {path} is corrupt ({_first_fault(error)}): restore it from a copy, "
            "or move it away and deploy anew"
        ) from None
    if deployment.chain != chain:
        raise ChainError(
            f"the deployment record {path} is of another chain ({deployment.chain.folder}), "
            f"connected to {chain.folder}: connect to that chain or move the record away"
        )
    return deployment


def _first_fault(error: json.JSONDecodeError | ValidationError) -> str:
    """The first thing wrong with a record, in few words."""
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON at line {error.lineno}"
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or "record"
    return f"{where}: {fault['msg'].lower()}"
