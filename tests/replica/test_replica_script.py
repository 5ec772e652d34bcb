"""`ape run replica`, run as a person runs it."""

import json
import signal
import socket
import subprocess

import pytest

from ballast.replica import Replica, address_book
from ballast.replica.node import HOST, free_port
from ballast.replica.paths import ROOT

pytestmark = pytest.mark.replica
COMMAND = (str(ROOT / ".venv" / "bin" / "ape"), "run", "replica")


def run(*arguments):
    return subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_replica__a_taken_port__is_one_line():
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        done = run("--port", str(port))
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith(f"replica: port {port} is taken")
    assert "Traceback" not in done.stderr


def test_replica__check__lists_every_entry_and_finds_no_difference():
    done = run("--check", "--json")
    assert done.returncode == 0
    entries = json.loads(done.stdout)
    assert all(entry["agrees"] for entry in entries)
    book = address_book()
    places = len(book.contracts) + len(book.pools) + len(book.curve_pools)
    assert len(entries) == 2 * len(book.tokens) + len(book.feeds) + places
    checked = sum(entry["published"] is not None for entry in entries)
    assert checked >= 2 * len(book.tokens) + len(book.feeds)
    table = run("--check")
    assert table.returncode == 0
    assert table.stdout.count("agrees") == checked
    assert table.stdout.count("unchecked") == len(entries) - checked


def test_replica__until_interrupted__serves_and_leaves_nothing_behind():
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "--port", str(port), "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        told = _read_json(process)
        replica = Replica(told["url"])
        assert told["url"].endswith(f":{port}")
        assert {c["coin"]: c["kind"] for c in told["coins"]} == {
            s: t.kind for s, t in replica.book.tokens.items()
        }
        assert [p["address"] for p in told["pools"]] == [p.address for p in replica.book.pools]
        assert f"{replica.feed_price('ETH'):f}" == next(
            c["feed"] for c in told["coins"] if c["coin"] == "WETH"
        )
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert "Traceback" not in errors
    assert process.returncode == 0
    with socket.socket() as probe:
        assert probe.connect_ex((HOST, port)) != 0


def _read_json(process):
    """The JSON object that the command prints before it goes on running."""
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            return json.loads(text)
    raise AssertionError(f"it ended without its JSON: {text[-200:]}")
