"""Starts the replica: the saved state in an anvil of its own, with fresh feeds and mainnet's usual fees."""

from pathlib import Path
from typing import Final

from ballast.replica.build import Report, ensure_state, prepare_operator, silent
from ballast.replica.handles import Replica
from ballast.replica.node import BASE_FEE, BLOCK_GAS_LIMIT, Node

OPTIONS: Final = ("--chain-id", "1", "--gas-limit", str(BLOCK_GAS_LIMIT), "--prune-history", "1000")


def start_replica(port: int | None = None, report: Report = silent, *, state: Path | None = None) -> Node:
    """A running replica on `port` (None: a free one), built first where needed; the caller stops it.

    Feeds answer anew at the start, so that none is stale. ReplicaError in one line when it cannot start.
    """
    saved = state or ensure_state(report)
    node = Node(port, [*OPTIONS, "--load-state", str(saved)]).start()
    try:
        rpc = node.rpc()
        prepare_operator(rpc)
        handles = Replica(node.url)
        handles.set_base_fee(BASE_FEE)
        handles.refresh_feeds()
        handles.set_base_fee(BASE_FEE)
    except BaseException:
        node.stop()
        raise
    return node
