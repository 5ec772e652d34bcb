"""Keeps a replica that people use for hours like mainnet: fees steady, feeds within their heartbeats."""

from threading import Event
from typing import Final

from ballast.errors import ReplicaError
from ballast.replica.handles import Replica
from ballast.replica.node import BASE_FEE, Node

LOOK_EVERY: Final = 0.5  # seconds
REFRESH_SHARE: Final = 2  # feeds are renewed when half a heartbeat has gone by


def keep_up(node: Node, stop: Event) -> None:
    """Watches the node until `stop` is set; ReplicaError when the node ends before that."""
    replica = Replica(node.url)
    heartbeat = min(feed.heartbeat for feed in replica.book.feeds.values())
    seen = ""
    while not stop.wait(LOOK_EVERY):
        if not node.running:
            raise ReplicaError("anvil has stopped: start the replica again")
        head = str(replica.rpc.call("eth_blockNumber"))
        if head != seen:
            # The usual rule would let fees fall to nothing in the near-empty blocks of a local chain.
            replica.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(BASE_FEE))
            seen = head
        if replica.pending_timestamp() - replica.oldest_answer() > heartbeat // REFRESH_SHARE:
            replica.refresh_feeds()
