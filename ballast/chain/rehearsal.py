"""A fork of the connected chain to rehearse on: its clock, its prices and its people are ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

from ape import networks, project
from ape.api import AccountAPI
from ape.api.accounts import ImpersonatedAccount
from ape.utils import ManagerAccessMixin
from eth_utils.address import to_checksum_address

from ballast.chain.multicall import aggregate, foreign, read
from ballast.chain.system import ETH, System
from ballast.errors import ChainError, ReplicaError
from ballast.index_file import IndexFile
from ballast.index_types import TwapSource
from ballast.replica import Node, Replica, Rpc
from ballast.replica.rpc import encode_args
from ballast.replica.upstream import FORK_OPTIONS

ETHER: Final = 10**18
PURSE: Final = 1_000 * ETHER  # for gas, on the fork
SETTLE: Final = 60  # s after the averages of the pools have followed
_ROUND: Final = "latestRoundData()(uint80,int256,uint256,uint256,uint80)"


class Rehearsal:
    """The fork; Ape is connected to it while it is in use."""

    def __init__(self, url: str, system: System, index: IndexFile) -> None:
        self.rpc = Rpc(url)
        self._system = system
        self._index = index
        self._replica = _replica_at(url)

    def person(self, address: str) -> AccountAPI:
        """An account of the live deployment, whose signature the fork does not ask for."""
        self.rpc.call("anvil_impersonateAccount", address)
        self.rpc.call("anvil_setBalance", address, hex(PURSE))
        return ImpersonatedAccount(raw_address=to_checksum_address(address))

    def pass_time(self, seconds: float) -> None:
        """Lets the clock go on; no feed grows old by it."""
        if self._replica is not None:
            self._replica.pass_time(int(seconds))
            return
        self.rpc.call("evm_setNextBlockTimestamp", self.rpc.timestamp() + int(seconds))
        self.rpc.call("evm_mine")

    def depeg(self, symbol: str, price: Decimal) -> str:
        """Brings a coin to a price in USD, by its feed and pools where they are ours; says how in words."""
        if self._replica is None:
            self._pin_feeds(symbol, price)
            return "feeds overridden, pools left alone"
        self._replica.depeg(symbol, str(price))
        for pool in self._replica.stable_pools(symbol):
            self._replica.provide(*pool.coins, pool.fee)
        windows = [s.window for coin in self._index.coins for s in coin.oracle if isinstance(s, TwapSource)]
        self.pass_time(max(windows, default=0) + SETTLE)
        return "feed and pools moved"

    def _pin_feeds(self, symbol: str, price: Decimal) -> None:
        """Every source of the index answers what it does now, the coin's own the price; each always fresh."""
        assets = {**{coin.symbol: coin.token for coin in self._index.coins}, "ETH": ETH}
        listed = aggregate([read(self._system.oracle, "getSources", asset) for asset in assets.values()])
        feeds = {
            source["feed"]: (source["decimals"], name)
            for name, (sources, *_) in zip(assets, listed, strict=True)
            for source in sources
        }
        rounds = aggregate([foreign(feed, _ROUND) for feed in feeds])
        for (feed, (decimals, name)), (_, answer, *_) in zip(feeds.items(), rounds, strict=True):
            pinned = int(price.scaleb(decimals)) if name == symbol else answer
            self.rpc.call("anvil_setCode", feed, self._feed_code(decimals, pinned))

    def _feed_code(self, decimals: int, answer: int) -> str:
        """Runtime code of a feed with this answer: what running its creation code returns."""
        creation = project.get_contract("RehearsalFeed").contract_type.deployment_bytecode
        arguments = encode_args(["uint8", "int256"], [decimals, answer])
        return str(self.rpc.call("eth_call", {"data": f"{creation.bytecode}{arguments.hex()}"}, "latest"))


def _replica_at(url: str) -> Replica | None:
    """The handles where the fork is of a replica, whose feeds and pools can be moved; else None."""
    try:
        return Replica(url)
    except ReplicaError:
        return None


@contextmanager
def rehearsal(system: System, index: IndexFile) -> Iterator[Rehearsal]:
    """A fork of the connected chain's newest block, gone at the end. ChainError when it cannot be made."""
    upstream = _node_address()
    node = Node(options=["--fork-url", upstream, *FORK_OPTIONS])
    with node, networks.parse_network_choice(f"ethereum:replica:{node.url}"):
        yield Rehearsal(node.url, system, index)


def _node_address() -> str:
    """The address of the node that Ape is connected to."""
    provider: Any = ManagerAccessMixin.network_manager.provider
    address = getattr(provider, "http_uri", None) or getattr(provider, "uri", None)
    if not address or not str(address).startswith("http"):
        raise ChainError("a fork needs the node's http address: connect to one with --network")
    return str(address)
