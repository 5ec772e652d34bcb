"""Starting, refusing and stopping anvil."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from threading import Event, Timer

import pytest

from ballast.errors import ReplicaError
from ballast.replica import Node, Replica, build, start_replica
from ballast.replica.node import HOST, free_port
from ballast.replica.upkeep import keep_up

pytestmark = pytest.mark.replica


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone_soon(pid):
    for _ in range(200):
        if not alive(pid):
            return True
        time.sleep(0.02)
    return False


def test_start__a_taken_port__is_one_line():
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ReplicaError, match=f"^port {port} is taken: stop what listens there"):
            Node(port).start()


@pytest.mark.parametrize("port", [70_000, -1])
def test_start__no_port_at_all__is_one_line(port):
    with pytest.raises(ReplicaError, match=f"^port {port} cannot be used"):
        Node(port).start()


def test_start__an_option_anvil_does_not_know__quotes_anvil():
    with pytest.raises(ReplicaError, match=r"^anvil stopped at once: ."):
        Node(free_port(), ["--no-such-option"]).start()


def test_start__no_anvil__says_make_setup(monkeypatch):
    monkeypatch.setenv("BALLAST_ANVIL", "/nowhere/anvil")
    with pytest.raises(ReplicaError, match="run `make setup`"):
        Node().start()


def test_stop__after_use__leaves_no_process():
    with Node() as node:
        pid = node.pid
        assert node.rpc().call("eth_chainId") == "0x7a69"
        assert alive(pid)
    assert not alive(pid)
    assert not node.running


def test_node__its_parent_is_terminated__goes_with_it():
    script = (
        "import time; from ballast.replica import Node; "
        "n = Node().start(); print(n.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone_soon(child)


def test_start_replica__saved_state__is_the_built_one():
    """What anvil holds after loading is, account by account, what the build saved."""
    path = build.ensure_state()
    saved = json.loads(path.read_text())
    with Node(options=["--chain-id", "1", "--load-state", str(path)]) as node:
        rpc = node.rpc()
        loaded = json.loads(build._as_file(rpc.call("anvil_dumpState")))
        assert int(rpc.call("eth_blockNumber"), 16) == saved["best_block_number"]
    assert loaded["accounts"] == saved["accounts"]
    assert len(saved["accounts"]) > 40


def test_start_replica__reload__takes_about_a_second():
    build.ensure_state()
    begun = time.monotonic()
    with start_replica() as node:
        replica = Replica(node.url)
        assert int(replica.rpc.call("eth_chainId"), 16) == 1
        assert replica.feed_price("ETH") == 3000
        took = time.monotonic() - begun
        assert abs(replica.timestamp() - time.time()) < 5
    assert took < 3


def test_replica__a_chain_that_is_none__is_refused():
    with Node() as node, pytest.raises(ReplicaError, match="is no replica"):
        Replica(node.url)


def test_digest__any_input_changed__changes(tmp_path, monkeypatch):
    files = build.inputs()
    names = {f.name for f in files}
    assert {"packages.json", "addresses.yaml", "uniswap.py", "DaiModel.sol", "package-lock.json"} <= names
    before = build.digest()
    changed = tmp_path / files[0].name
    changed.write_bytes(files[0].read_bytes() + b"#")
    monkeypatch.setattr(build, "inputs", lambda: [changed, *files[1:]])
    assert build.digest() != before


def test_ensure_state__already_built__builds_nothing(monkeypatch):
    path = build.ensure_state()
    monkeypatch.setattr(build, "build", lambda report: pytest.fail("built again"))
    assert build.ensure_state() == path


def test_ensure_state__no_disk__is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "STATES", tmp_path / "states")
    monkeypatch.setattr(build, "NEEDED_BYTES", 2**80)
    with pytest.raises(ReplicaError, match=r"MiB free for .*make room"):
        build.ensure_state()


def test_ensure_state__a_folder_that_cannot_be_made__is_one_line(tmp_path, monkeypatch):
    (tmp_path / "states").write_text("a file in the way")
    monkeypatch.setattr(build, "STATES", tmp_path / "states")
    with pytest.raises(ReplicaError, match="the replica cannot be saved"):
        build.ensure_state()


def test_keep_up__blocks_and_hours_pass__fees_and_feeds_stay(mainnet, replica_node):
    mainnet.pass_time(3_000, keep_feeds=False)
    for _ in range(20):
        mainnet.rpc.call("evm_mine")
    stale = mainnet.timestamp()
    stop = Event()
    Timer(1.2, stop.set).start()
    keep_up(replica_node, stop)
    assert mainnet.timestamp() >= stale
    feed = mainnet.book.feed("DAI").address
    updated = mainnet.rpc.read(feed, "latestTimestamp()")
    assert updated >= stale
    mainnet.rpc.call("evm_mine")
    block = mainnet.rpc.call("eth_getBlockByNumber", "latest", False)
    assert int(block["baseFeePerGas"], 16) >= 4_000_000_000
