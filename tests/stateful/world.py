"""A complete index on the fork of the replica, driven by raw JSON-RPC: people, transactions, outcomes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from eth_abi import decode, encode

from ballast.replica.rpc import RpcError, encode_call, hex0x, selector
from tests.deployed import Deployed, deploy_five, five_coin_index, fund

BLOCK_TIME: Final = 12  # s between two blocks, so that no run depends on how fast the machine is
BASE_FEE: Final = 10**9  # wei
START_USD: Final = (3_000_000, 1_500_000)  # of the first two investors
STOCK: Final = 20_000_000  # whole coins of each kind the attacker's venue owns
TIGHT: Final = {
    "loss_budget_bps": 12,
    "loss_period_seconds": 7 * 86_400,
    "max_trade_usd": Decimal(300_000),
}  # so that a run's fills meet these limits
CURATOR_DELAY: Final = 172_800  # s
SAFE_TRANSFER: Final = ("TransferFailed()", "TransferFromFailed()")  # solady reverts with them in assembly
CONTRACTS: Final = (
    "IndexVault",
    "Rebalancer",
    "IndexCalculator",
    "PriceOracle",
    "IndexAccess",
    "UniswapV3Venue",
    "StatefulVenue",
)
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
    """The deployment and its people. Everything after `settle` is undone by `begin`."""

    def __init__(self, deployed: Deployed, venue: str, bad_feed: str, errors: dict[bytes, str]) -> None:
        self.deployed, self.replica, self.rpc = deployed, deployed.replica, deployed.replica.rpc
        system = deployed.system
        self.vault, self.brain = str(system.vault.address), str(system.rebalancer.address)
        self.calculator, self.oracle = str(system.calculator.address), str(system.oracle.address)
        self.access, self.venue = str(system.access.address), str(system.venue.address)
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
        self.errors = errors
        self.looks: dict[str, str] = {}  # call data of `exits`, by holder
        self._base: str | None = None

    # -- from one run to the next

    def begin(self) -> None:
        """Back to the deployment as it was settled."""
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


def known_errors(project: Any) -> dict[bytes, str]:
    """Every custom error of the project's contracts by its selector, with those of the transfer library."""
    named = {selector(text): text[:-2] for text in SAFE_TRANSFER}
    for name in CONTRACTS:
        for error in getattr(project, name).contract_type.errors:
            named[selector(error.selector)] = error.name
    return named


def build_world(project: Any, folder: Path) -> World:
    """Deploys an index with tight limits, LUSD weighed by its supply, and lets two investors in."""
    index = five_coin_index()
    coins = [_weighed_by_supply(coin) if coin.symbol == "LUSD" else coin for coin in index.coins]
    tight = index.rebalancing.model_copy(update=TIGHT)
    index = index.model_copy(update={"coins": tuple(coins), "rebalancing": tight})
    deployed = deploy_five(folder, index)
    rpc, replica = deployed.replica.rpc, deployed.replica
    venue = _create(rpc, project.StatefulVenue, b"", deployed.deployer.address)
    bad_feed = _create(
        rpc, project.BadFeed, encode(["uint8", "int256"], [8, 10**8]), deployed.deployer.address
    )
    for investor, dollars in zip(deployed.investors, START_USD, strict=False):
        deployed.contribute(dollars, investor)
    fund(deployed, deployed.attacker.address)
    for coin in deployed.index.coins:
        replica.mint(coin.symbol, venue, STOCK * 10**coin.decimals)
    world = World(deployed, venue, bad_feed, known_errors(project))
    rpc.call("anvil_impersonateAccount", venue)
    replica.give_eth(venue, 10**24)
    rpc.send(world.vault, "transfer(address,uint256)", [venue, 10**21], sender=world.investors[0])
    rpc.call("anvil_setBlockTimestampInterval", BLOCK_TIME)
    replica.pass_time(6 * 3_600)
    return world


def _weighed_by_supply(coin: Any) -> Any:
    return coin.model_copy(update={"market_cap": coin.market_cap.model_copy(update={"source": "SUPPLY"})})


def _create(rpc: Any, container: Any, args: bytes, sender: str) -> str:
    code = bytes(container.contract_type.get_deployment_bytecode()) + args
    return str(rpc.send_raw(None, code, sender=sender)["contractAddress"])
