"""A complete index on the fork of the replica, driven by raw JSON-RPC: people, transactions, outcomes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eth_abi import decode

from ballast.replica.rpc import RpcError, encode_call, hex0x, selector
from tests.deployed import Deployed

BLOCK_TIME: Final = 12  # s between two blocks, so that no run depends on how fast the machine is
BASE_FEE: Final = 10**9  # wei
CURATOR_DELAY: Final = 172_800  # s
ERROR: Final = selector("Error(string)")
PANIC: Final = selector("Panic(uint256)")


@dataclass(frozen=True)
class Refusal:
    """Why a call failed: the error's name, `Error: text` for a reason string, `Panic`, or `empty`."""

    name: str
    data: bytes = b""


@dataclass(frozen=True)
class Outcome:
    """What became of an action. `foreign`: it called somebody else's contract, whose errors are not ours."""

    kind: str
    sender: str
    refusal: Refusal | None = None
    logs: tuple[Any, ...] = ()
    foreign: bool = False
    may_change: frozenset[str] = frozenset()  # settings that the action, accepted, may change
    notes: dict[str, Any] = field(default_factory=dict)  # what the action wants its checks to know

    @property
    def accepted(self) -> bool:
        return self.refusal is None


class World:
    """The deployment and its people. Everything after `start` is undone by `begin`."""

    def __init__(
        self,
        deployed: Deployed,
        venue: str,
        bad_feed: str,
        opinions: Mapping[str, Sequence[str]],
        errors: dict[bytes, str],
    ) -> None:
        """`opinions`: the price sources beside each coin's feed, by symbol."""
        self.deployed, self.replica, self.rpc = deployed, deployed.replica, deployed.replica.rpc
        system = deployed.system
        self.vault, self.brain = str(system.vault.address), str(system.rebalancer.address)
        self.calculator, self.oracle = str(system.calculator.address), str(system.oracle.address)
        self.access, self.venue = str(system.access.address), str(system.venue.address)
        self.detector, self.switch = str(system.detector.address), str(system.kill_switch.address)
        self.index = str(system.emergency.address)
        self.hostile_venue, self.bad_feed = venue, bad_feed
        self.investors = tuple(account.address for account in deployed.investors)
        self.attacker, self.keeper = deployed.attacker.address, deployed.keeper.address
        self.guardian, self.curator = deployed.guardian.address, deployed.curator.address
        self.reporter, self.deployer = deployed.reporter.address, deployed.deployer.address
        self.holders = (*self.investors, self.attacker, self.hostile_venue)
        self.tokens = deployed.tokens
        by_token = {coin.token: coin for coin in deployed.index.coins}
        self.symbols = [by_token[token].symbol for token in self.tokens]
        self.decimals = [by_token[token].decimals for token in self.tokens]
        self.scales = [10 ** (18 - d) for d in self.decimals]
        self.bounds = [(by_token[t].min_weight_bps, by_token[t].max_weight_bps) for t in self.tokens]
        self.opinions = [tuple(opinions.get(symbol, ())) for symbol in self.symbols]
        self.errors = errors
        self.looks: dict[str, str] = {}  # call data of `exits`, by holder
        self.past: dict[int, tuple[int, ...]] = {}  # volumes of the looks before every run, by coin
        self._base: str | None = None

    # -- from one run to the next

    def start(self) -> None:
        """Runs begin where the chain now is; what an earlier test remembered is gone with that test."""
        self._base = None

    def begin(self) -> None:
        """Back to the deployment as the test found it."""
        if self._base is not None:
            self._quiet()
            self.replica.revert(self._base)
        self._base = self.replica.snapshot()
        self.replica.set_base_fee(BASE_FEE)  # a snapshot does not hold it

    def _quiet(self) -> None:
        """Until no transaction is left in the pool: one still there would be mined again after a revert."""
        deadline = time.monotonic() + 10
        while int(self.rpc.call("txpool_status")["pending"], 16):
            assert time.monotonic() < deadline, "the node's pool does not empty"
            time.sleep(0.001)

    # -- transactions

    def act(
        self, kind: str, to: str, signature: str, args: Sequence[Any] = (), *, sender: str, **about: Any
    ) -> Outcome:
        """Sends a transaction; its outcome, refused or not."""
        return self.send(kind, to, encode_call(signature, args), sender=sender, **about)

    def send(self, kind: str, to: str, data: bytes, *, sender: str, **about: Any) -> Outcome:
        fields = {"from": sender, "to": to, "data": hex0x(data), "gas": hex(30_000_000)}
        receipt = self.rpc.call("eth_sendTransactionSync", fields)
        if receipt["status"] == "0x1":
            return Outcome(kind, sender, logs=tuple(receipt["logs"]), **about)
        return Outcome(kind, sender, self._why(receipt["transactionHash"]), **about)

    def _why(self, tx_hash: str) -> Refusal:
        """What the transaction itself reverted with; a repetition in another block might differ."""
        tracer = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}
        trace = self.rpc.call("debug_traceTransaction", tx_hash, tracer)
        return self.refusal(bytes.fromhex(trace.get("output", "0x")[2:]))

    def refusal(self, data: bytes) -> Refusal:
        if not data:
            return Refusal("empty")
        if data[:4] == ERROR:
            return Refusal(f"Error: {decode(['string'], data[4:])[0]}", data)
        if data[:4] == PANIC:
            return Refusal("Panic", data)
        return Refusal(self.errors.get(data[:4], f"unknown {data[:4].hex()}"), data)

    def ask(self, to: str, signature: str, args: Sequence[Any], returns: str, sender: str) -> Any:
        """An `eth_call`; its answer, or the Refusal."""
        call = {"from": sender, "to": to, "data": hex0x(encode_call(signature, args))}
        try:
            raw = bytes.fromhex(self.rpc.call("eth_call", call, "latest")[2:])
        except RpcError as error:
            return self.refusal(error.data)
        return decode([returns], raw)[0]

    def units(self, coin: int, dollars: int) -> int:
        """`dollars` of the coin at $1, own decimals."""
        return int(dollars * 10 ** self.decimals[coin])
