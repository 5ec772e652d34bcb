"""Starts and stops anvil processes; none outlives the process that started it."""

import atexit
import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Final, Self

from ballast.errors import ReplicaError
from ballast.replica.paths import ANVIL, CACHE
from ballast.replica.rpc import Rpc

HOST: Final = "127.0.0.1"
BASE_FEE: Final = 5_000_000_000  # wei a gas: 5 gwei, a calm day on mainnet
BLOCK_GAS_LIMIT: Final = 100_000_000
START_TIMEOUT: Final = 30.0  # seconds until a node must answer
MNEMONIC: Final = (
    "test test test test test test test test test test test junk"  # Ape's and anvil's public default
)
ACCOUNTS: Final = 20
BALANCE: Final = 1_000_000  # ETH an account
PR_SET_PDEATHSIG: Final = 1


class Node:
    """A running anvil. Use it as a context manager, or call `start` and `stop`."""

    def __init__(self, port: int | None = None, options: Sequence[str] = ()) -> None:
        self._wanted_port = port
        self._options = list(options)
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The JSON-RPC address."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Starts anvil and waits until it answers. ReplicaError: taken port, no anvil, no answer."""
        attempts = (
            1 if self._wanted_port is not None else 3
        )  # a free port may be taken between choosing and using it
        for attempt in range(1, attempts + 1):
            self.port = self._wanted_port if self._wanted_port is not None else free_port()
            refuse_taken(self.port)
            try:
                self._launch()
                break
            except ReplicaError:
                self.stop()
                if attempt == attempts:
                    raise
        return self

    def rpc(self) -> Rpc:
        """A new connection to this node."""
        return Rpc(self.url)

    def stop(self) -> None:
        """Ends the process, at once if it will not go; does nothing when it is not running."""
        atexit.unregister(self.stop)
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._log is not None:
            self._log.close()
            self._log = None

    def __enter__(self) -> Self:
        return self if self._process is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self) -> None:
        anvil = os.environ.get("BALLAST_ANVIL", str(ANVIL))
        command = [anvil, "--host", HOST, "--port", str(self.port), *base_options(), *self._options]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed in stop)
        try:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                stdout=self._log,
                stderr=self._log,
                stdin=subprocess.DEVNULL,
                preexec_fn=_die_with_parent,
            )
        except OSError as error:
            raise ReplicaError(f"anvil cannot be started ({error.strerror}): run `make setup`") from error
        atexit.register(self.stop)
        self._await_answer(self._process)

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise ReplicaError(f"anvil stopped at once: {self._last_line()}")
            with contextlib.suppress(ReplicaError):
                Rpc(self.url, timeout=5).call("eth_chainId")
                return
            time.sleep(0.02)
        raise ReplicaError(f"anvil did not answer within {START_TIMEOUT:.0f} s: {self._last_line()}")

    def _last_line(self) -> str:
        if self._log is None:
            return "no output"
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else "no output"


def base_options() -> list[str]:
    """What every node of ours is started with."""
    return [
        "--silent",
        "--mnemonic",
        MNEMONIC,
        "--accounts",
        str(ACCOUNTS),
        "--balance",
        str(BALANCE),
        "--cache-path",
        str(CACHE / "anvil"),
    ]


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def refuse_taken(port: int) -> None:
    """ReplicaError when the port cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            if getattr(error, "errno", None) == errno.EADDRINUSE:
                raise ReplicaError(
                    f"port {port} is taken: stop what listens there, or choose another with --port"
                ) from None
            raise ReplicaError(f"port {port} cannot be used ({error}): choose another with --port") from error


def _die_with_parent() -> None:
    """In the child: anvil goes when the thread that started it goes, however that goes.

    Linux only; elsewhere `atexit` covers a normal end.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
