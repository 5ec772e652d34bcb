"""What Ape's fork network forks, and that nothing leaves the machine unless told to."""

import os
import shutil
import subprocess
import sys

import ape
import pytest
from ape_foundry.provider import FoundryForkProvider

from ballast.errors import ChainError
from ballast.replica.paths import ROOT
from ballast.replica.upstream import FORK_OPTIONS, RPC_VARIABLE, mainnet_rpc_url, start_upstream

pytestmark = pytest.mark.replica
ALONE = ("unshare", "--map-root-user", "--net", "sh", "-c")
FORK_TEST = "tests/replica/test_fork.py"


@pytest.fixture
def configured():
    """Ape's present idea of mainnet's node, put back afterwards."""
    settings = ape.config.get_config("node").ethereum.mainnet
    before = dict(settings)
    yield settings
    settings.clear()
    settings.update(before)


def test_mainnet_rpc_url__unset_or_empty__is_the_replica(monkeypatch):
    monkeypatch.delenv(RPC_VARIABLE, raising=False)
    assert mainnet_rpc_url() is None
    monkeypatch.setenv(RPC_VARIABLE, "  ")
    assert mainnet_rpc_url() is None


def test_mainnet_rpc_url__no_http_address__is_one_line(monkeypatch):
    monkeypatch.setenv(RPC_VARIABLE, "wss://somewhere")
    with pytest.raises(ChainError, match="MAINNET_RPC_URL must begin with http"):
        mainnet_rpc_url()


def test_start_upstream__a_real_node_named__is_what_ape_forks(monkeypatch, configured):
    monkeypatch.setenv(RPC_VARIABLE, "https://mainnet.invalid/key")
    assert start_upstream() is None
    assert configured["uri"] == "https://mainnet.invalid/key"


def test_start_upstream__none_named__each_gets_its_own_replica(monkeypatch, configured):
    monkeypatch.delenv(RPC_VARIABLE, raising=False)
    first, second = start_upstream(), start_upstream()
    try:
        assert first.port != second.port
        assert configured["uri"] == second.url
    finally:
        first.stop()
        second.stop()


def test_fork__of_a_replica__keeps_no_storage_in_the_home_folder(networks):
    provider = networks.active_provider
    assert isinstance(provider, FoundryForkProvider)
    command = provider.build_command()
    assert set(FORK_OPTIONS) <= set(command)
    upstream = command[command.index("--fork-url") + 1]
    assert upstream.startswith("http://127.0.0.1:")


def test_fork__upstream_of_the_environment__is_forked_as_a_real_node_would_be(replica_node):
    """The path of MAINNET_RPC_URL, walked with another replica in the place of the real node."""
    environment = {**os.environ, RPC_VARIABLE: replica_node.url}
    command = [sys.executable, "-m", "pytest", "-q", "-rs", FORK_TEST, "-k", "transfer or handles"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "passed" in run.stdout
    assert "which a fork of the real mainnet does not let it" in run.stdout


def test_ape_test__malformed_upstream__one_line_and_no_traceback():
    environment = {**os.environ, RPC_VARIABLE: "ftp://node"}
    command = [sys.executable, "-m", "pytest", "-q", FORK_TEST]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: MAINNET_RPC_URL must begin with http" in run.stderr
    assert "Traceback" not in run.stdout + run.stderr


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no way here to take the network away")
def test_ape_test__no_network_at_all__runs_on_the_replica():
    """The whole fork path in a network namespace that has loopback and nothing else."""
    allowed = subprocess.run([*ALONE, "ip link set lo up"], capture_output=True)
    if allowed.returncode:
        pytest.skip("this machine lets no user make a network namespace")
    environment = {k: v for k, v in os.environ.items() if k != RPC_VARIABLE}
    ape_bin = ROOT / ".venv" / "bin" / "ape"
    test = f"{ape_bin} test --network ethereum:mainnet-fork:foundry -q {FORK_TEST} -k transfer"
    run = subprocess.run(
        [*ALONE, f"ip link set lo up && {test}"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "passed" in run.stdout
