"""Builds the replica once and keeps its state: anything it was made from changes, and it is built again."""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ballast.errors import ReplicaError
from ballast.replica import (
    aave,
    aave_v2,
    base,
    comet,
    convex,
    curve,
    feeds,
    morpho,
    packages,
    powers,
    shelf,
    solc,
    tokens,
    uniswap,
    vyper,
    yearn,
)
from ballast.replica.addresses import AddressBook, address_book
from ballast.replica.node import Node
from ballast.replica.packages import Package
from ballast.replica.paths import HERE, MODELS, ROOT, STATES
from ballast.replica.place import OPERATOR, Deployer
from ballast.replica.rpc import Rpc
from ballast.replica.solc import Artifact

HISTORY: Final = (
    27 * 3_600
)  # seconds before now at which the replica's chain begins; one day waits for Morpho
NEEDED_BYTES: Final = 500 * 1024**2  # of free disk
OPERATOR_ETH: Final = 10**9  # ETH, for gas
# One anvil, no fees, a clock that begins in the past: the build fills it up to now.
BUILD_OPTIONS: Final = ("--chain-id", "1", "--gas-limit", "100000000", "--base-fee", "0", "--gas-price", "0")

Report = Callable[[str, int, int], None]  # what is being done, steps done, steps in all
Step = Callable[[str], None]  # what is begun now


def silent(what: str, done: int, total: int) -> None:
    """Reports nothing."""


def inputs() -> list[Path]:
    """Every file the replica is made from."""
    own = [p for p in HERE.iterdir() if p.suffix in (".py", ".yaml", ".json")]
    locks = [ROOT / "package-lock.json"]  # pins anvil, the compilers and OpenZeppelin
    return sorted([*own, *MODELS.glob("*.sol"), *locks])


def digest() -> str:
    """Changes when any input changes."""
    total = hashlib.sha256()
    for path in inputs():
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:20]


def state_path() -> Path:
    """Where the state made from the present inputs is or will be."""
    return STATES / f"{digest()}.json"


def ensure_state(report: Report = silent, *, rebuild: bool = False) -> Path:
    """The saved state's path, built first where it is missing. ReplicaError in one line when it cannot be."""
    path = state_path()
    if path.exists() and not rebuild:
        return path
    with _only_one_builder():
        if path.exists() and not rebuild:  # somebody else built it while we waited
            return path
        state = build(report)
        for old in STATES.glob("*.json"):
            old.unlink()
        scratch = path.with_suffix(f".{os.getpid()}")
        scratch.write_bytes(state)
        scratch.replace(path)
    return path


def build(report: Report = silent) -> bytes:
    """Fetches, compiles, deploys and seeds; the state as anvil's `--load-state` takes it."""
    book = address_book()
    pins = packages.pinned()
    steps = len(pins) + 16 + len(book.pools) + len(book.curve_pools)
    done = 0

    def step(what: str) -> None:
        nonlocal done
        report(what, done, steps)
        done += 1

    folders = packages.fetch_all(pins, done=lambda name: step(f"package {name}"))
    code = _compile(pins, folders, step)
    with Node(options=[*BUILD_OPTIONS, "--timestamp", str(int(time.time()) - HISTORY)]) as node:
        deployer = Deployer(node.rpc())
        prepare_operator(deployer.rpc)
        _place_coins(deployer, book, folders, code, step)
        _place_vaults(deployer, book, code, step)
        _place_uniswap(deployer, book, folders, step)
        _place_curve(deployer, book, code, step)
        _place_lenders(deployer, book, folders, code, step)
        step("an hour of trades")
        uniswap.warm_up(deployer.rpc, book)
        dump = deployer.rpc.call("anvil_dumpState")
    report("done", steps, steps)
    return _as_file(dump)


def _compile(pins: dict[str, Package], folders: dict[str, Path], step: Step) -> dict[str, Artifact]:
    """What comes as sources, by the contract's name."""
    step("compiling the feeds")
    code = solc.compile_feeds(folders["@chainlink/contracts"])
    step("compiling the models")
    code |= solc.compile_models()
    step("compiling Curve and Yearn")
    code |= vyper.vyper_code()
    step("compiling Aave V3")
    code |= aave.compile_aave(pins, folders)
    step("compiling Morpho")
    return code | morpho.compile_morpho(pins, folders)


def _place_coins(
    deployer: Deployer, book: AddressBook, folders: dict[str, Path], code: dict[str, Artifact], step: Step
) -> None:
    step("Multicall3, Permit2, WETH")
    base.place_base(deployer, book, folders)
    step("coins")
    tokens.place_tokens(deployer, book, folders, code)
    _mint_supply(deployer.rpc, book)
    step("feeds")
    feeds.place_feeds(deployer, book, code)
    shelf.shelve(deployer.rpc, code)


def _place_uniswap(deployer: Deployer, book: AddressBook, folders: dict[str, Path], step: Step) -> None:
    step("Uniswap V3")
    uniswap.place_uniswap(deployer, book, folders)
    uniswap.approve_traders(deployer.rpc, book)
    for pool in book.pools:
        step(f"pool {pool.name}")
        uniswap.seed_pool(deployer.rpc, book, pool)


def _place_curve(deployer: Deployer, book: AddressBook, code: dict[str, Artifact], step: Step) -> None:
    step("Curve")
    curve.place_curve(deployer, book, code)
    for pool in book.curve_pools:
        step(f"pool {pool.name}")
        curve.seed_pool(deployer.rpc, book, pool)
    step("Convex")
    convex.place_convex(deployer, book, code)


def _place_vaults(deployer: Deployer, book: AddressBook, code: dict[str, Artifact], step: Step) -> None:
    """Before anything that a day without trades would do harm to."""
    step("Morpho and Yearn")
    morpho.place_morpho(deployer, book, code)
    morpho.seed_morpho(deployer.rpc, book)
    yearn.place_yearn(deployer, book, code)


def _place_lenders(
    deployer: Deployer, book: AddressBook, folders: dict[str, Path], code: dict[str, Artifact], step: Step
) -> None:
    step("Aave V3")
    aave.place_aave(deployer, book, code)
    aave.seed_aave(deployer.rpc, book)
    step("Aave V2")
    aave_v2.place_aave_v2(deployer, book, folders)
    aave_v2.seed_aave_v2(deployer.rpc, book)
    step("Compound V3")
    comet.place_comet(deployer, book, code)


def prepare_operator(rpc: Rpc) -> None:
    """Lets the operator act on this node, with ETH for gas."""
    rpc.batch(
        [
            ("anvil_impersonateAccount", (OPERATOR,)),
            ("anvil_setBalance", (OPERATOR, hex(OPERATOR_ETH * 10**18))),
        ]
    )


def _mint_supply(rpc: Rpc, book: AddressBook) -> None:
    for token in book.tokens.values():
        powers.mint(rpc, book, token.symbol, OPERATOR, int(token.supply * 1_000_000) * 10**token.decimals)


def _as_file(dump: str) -> bytes:
    """anvil dumps gzipped JSON as hex and loads plain JSON; old transactions are left out."""
    state = json.loads(gzip.decompress(bytes.fromhex(dump[2:])))
    state["transactions"] = []
    state["historical_states"] = None
    return json.dumps(state, separators=(",", ":")).encode()


@contextmanager
def _only_one_builder() -> Iterator[None]:
    """Holds a lock file, so that parallel runs build once."""
    try:
        STATES.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(STATES).free < NEEDED_BYTES:
            raise ReplicaError(
                f"less than {NEEDED_BYTES // 1024**2} MiB free for {STATES}: make room and try again"
            )
        with (STATES / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        where = error.filename or STATES
        raise ReplicaError(f"the replica cannot be saved ({error.strerror or error}: {where})") from error
