"""The keeper killed at every point of its transactions: it carries on and never sends a thing twice."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from ape import accounts

from ballast.replica import Replica, start_replica
from ballast.settings import PACKAGED_INDEX
from ballast.units import WAD
from tests.scripts.killed_keeper import POINTS

ROOT = Path(__file__).resolve().parents[2]
KILLED = [sys.executable, str(ROOT / "tests/scripts/killed_keeper.py")]
APE = [str(Path(sys.executable).parent / "ape")]
USD = 2_000_000
MAX_PASSES = 12
TRIGGER = ["uint16"] * 2 + ["uint32"] * 4 + ["uint96"] * 2
FILL = ["uint16"] * 4 + ["uint32"] * 2 + ["uint8", "uint96"]
PARAMS = ",".join(TRIGGER + FILL)
SETTLE_BAND = 8  # its place in `getParams()`
SECONDS_UNTIL_MINED = 15  # longer than a keeper takes to start

pytestmark = pytest.mark.replica


@dataclass
class World:
    """A funded index on a replica of its own, knocked off its targets, and commands against it."""

    url: str
    folder: Path
    replica: Replica
    keeper: str
    vault: str
    rebalancer: str

    def start(self, command: list[str], *options: str) -> subprocess.Popen[str]:
        arguments = [*command, "run", "keeper", "--network", f"ethereum:replica:{self.url}", *options]
        env = os.environ | {
            "BALLAST_RECORDS": str(self.folder / "records"),
            "BALLAST_INDEX_FILE": str(self.folder / "index.yaml"),
            "BALLAST_JOURNAL_FILE": str(self.folder / "journal"),
            "BALLAST_RECEIPT_TIMEOUT_SECONDS": "60",
        }
        pipe = subprocess.PIPE
        return subprocess.Popen(arguments, cwd=ROOT, env=env, stdout=pipe, stderr=pipe, text=True)

    def run(self, command: list[str], *options: str) -> subprocess.CompletedProcess[str]:
        process = self.start(command, *options)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    @property
    def nonce(self) -> int:
        return int(self.replica.rpc.call("eth_getTransactionCount", self.keeper, "latest"), 16)

    @property
    def drift(self) -> int:
        return int(self.replica.rpc.read(self.rebalancer, "maxDrift()", ()))

    @property
    def fills(self) -> int:
        """Successful fills since the beginning: `Filled` events of the rebalancer."""
        topic = self.replica.rpc.call(
            "web3_sha3", "0x" + b"Filled(uint256,uint256,uint256,uint256,uint256)".hex()
        )
        query = {"address": self.rebalancer, "topics": [topic], "fromBlock": "0x0"}
        return len(self.replica.rpc.call("eth_getLogs", query))


def deploy(url: str, folder: Path) -> dict[str, str]:
    index = yaml.safe_load(PACKAGED_INDEX.read_text())
    index["rebalancing"] = {"max_trade_usd": 8_000, "fill_interval_seconds": 30}
    index["crisis"]["detector"] = {"watch_bps": 500}  # a fall of 400 bps is to be rebalanced, not watched
    del index["lending"]  # so that all that the keeper sends are fills
    (folder / "index.yaml").write_text(yaml.safe_dump(index))
    command = [*APE, "run", "deploy", "--network", f"ethereum:replica:{url}", "--account", "TEST::1"]
    options = ["--index", str(folder / "index.yaml"), "--records", str(folder / "records")]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(next((folder / "records").rglob("BAL5.json")).read_text())
    return {name: contract["address"] for name, contract in record["contracts"].items()}


def fund(replica: Replica, vault: str, investor: str) -> None:
    tokens, weights = replica.rpc.read(vault, "getConstituents()", (), "address[],uint256[]")
    by_address = {token.address.lower(): token for token in replica.book.tokens.values()}
    amounts = []
    for address, weight in zip(tokens, weights, strict=True):
        token = by_address[address.lower()]
        amount = USD * weight * 10**token.decimals // 10_000
        replica.mint(token.symbol, investor, amount)
        replica.rpc.send(token.address, "approve(address,uint256)", [vault, amount], sender=investor)
        amounts.append(amount)
    replica.rpc.send(vault, "contribute(uint256[],address,uint256)", [amounts, investor, 0], sender=investor)
    supply = replica.rpc.read(vault, "totalSupply()", ())
    assert supply > USD * WAD * 99 // 100


def look_everywhere(replica: Replica, addresses: dict[str, str], sender: str) -> None:
    """Brings detector and kill switch up to date, so that the keeper's first transaction is a fill."""
    tokens, _ = replica.rpc.read(addresses["IndexVault"], "getConstituents()", (), "address[],uint256[]")
    for token in tokens:
        replica.rpc.send(addresses["CrisisDetector"], "observe(address)", [token], sender=sender)
    replica.rpc.send(addresses["KillSwitch"], "checkpoint()", sender=sender)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("killed")
    with start_replica() as node:
        replica = Replica(node.url)
        addresses = deploy(node.url, folder)
        fund(replica, addresses["IndexVault"], str(accounts.test_accounts[2].address))
        replica.depeg("USDC", "0.96")
        replica.pass_time(3_600)
        keeper = str(accounts.test_accounts[1].address)
        look_everywhere(replica, addresses, keeper)
        yield World(node.url, folder, replica, keeper, addresses["IndexVault"], addresses["Rebalancer"])


@pytest.fixture
def world(base: World) -> Iterator[World]:
    with base.replica.isolated():
        yield base
    (base.folder / "journal").unlink(missing_ok=True)


def finish(world: World) -> int:
    """Runs the keeper once a minute until it waits; how many passes sent something."""
    sent = 0
    for _ in range(MAX_PASSES):
        before = world.nonce
        done = world.run(APE, "--account", "TEST::1")
        assert done.returncode == 0, done.stdout + done.stderr
        if world.nonce == before and "WAIT" in done.stdout:
            return sent
        sent += world.nonce - before
        world.replica.pass_time(60)
    raise AssertionError("the keeper never came to rest")


def meet_it_waiting(world: World) -> None:
    """Starts the keeper anew while its transaction still waits to be mined, which happens seconds later."""
    nonce = world.nonce

    def mine() -> None:
        rpc = Replica(world.url).rpc
        rpc.call("evm_mine")
        rpc.call("evm_setAutomine", True)

    timer = threading.Timer(SECONDS_UNTIL_MINED, mine)
    timer.start()
    started = time.monotonic()
    done = world.run(APE, "--account", "TEST::1")
    timer.join()
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - started > SECONDS_UNTIL_MINED
    assert world.nonce == nonce + 1


@pytest.mark.parametrize("point", POINTS)
def test_keeper__killed_in_its_first_transaction__carries_on_without_a_second_one(
    world: World, point: str
) -> None:
    nonce, fills = world.nonce, world.fills
    if point == "sent":
        world.replica.rpc.call("evm_setAutomine", False)
    killed = world.run([*KILLED, point], "--account", "TEST::1")
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    if point == "sent":
        meet_it_waiting(world)
    already = point in ("sent", "mined", "marked")
    assert world.nonce - nonce == already
    world.replica.pass_time(60)
    sent = finish(world)
    assert world.nonce - nonce == sent + already
    assert world.fills - fills == world.nonce - nonce  # each transaction filled, none was refused
    assert world.drift <= world.replica.rpc.read(world.rebalancer, "getParams()", (), PARAMS)[SETTLE_BAND]


def test_keeper__watching_and_told_to_stop__ends_its_step_and_says_so(world: World) -> None:
    nonce = world.nonce
    process = world.start([*APE], "--account", "TEST::1", "--watch")
    deadline = time.monotonic() + 60
    while world.nonce == nonce and time.monotonic() < deadline:
        time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert "stopped: whatever was sent is in the journal" in out
    assert "Traceback" not in err
    assert world.nonce > nonce
