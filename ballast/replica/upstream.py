"""Decides what Ape's `ethereum:mainnet-fork:foundry` forks: a replica of our own, or MAINNET_RPC_URL's node.

Ape's configuration is pointed at it while the program runs, so parallel runs each have their own.
With MAINNET_RPC_URL unset nothing here, or in anvil, reaches beyond this machine.
"""

import os
from functools import wraps
from typing import Final

from ballast.errors import ChainError
from ballast.replica.build import ensure_state
from ballast.replica.node import Node
from ballast.replica.progress import progress_bar
from ballast.replica.run import start_replica

RPC_VARIABLE: Final = "MAINNET_RPC_URL"
FORK: Final = "ethereum:mainnet-fork:foundry"
# A local fork needs no throttle, and no copy of its storage in the home folder, where a replica and the real
# mainnet would share one place.
FORK_OPTIONS: Final = ("--no-storage-caching", "--no-rate-limit", "--prune-history", "1000")


def mainnet_rpc_url() -> str | None:
    """The real node to fork, or None for the replica. ChainError when the variable holds no http address."""
    url = os.environ.get(RPC_VARIABLE, "").strip()
    if url and not url.startswith(("http://", "https://")):
        raise ChainError(
            f"{RPC_VARIABLE} must begin with http:// or https://, or be unset to use the local mainnet"
        )
    return url or None


def start_upstream() -> Node | None:
    """Makes Ape's fork network ready; the replica started for it, for the caller to stop, or None."""
    url = mainnet_rpc_url()
    if url is not None:
        _point_ape_at(url)
        return None
    with progress_bar() as report:
        state = ensure_state(report)
    node = start_replica(state=state)
    _keep_fork_local()
    _point_ape_at(node.url)
    return node


def _point_ape_at(url: str) -> None:
    import ape

    ape.config.get_config("node").ethereum.mainnet["uri"] = url


def _keep_fork_local() -> None:
    """Adds our options to the anvil that Ape starts; ape-foundry has no setting for them."""
    from ape_foundry.provider import FoundryForkProvider

    build = FoundryForkProvider.build_command
    if hasattr(build, "__wrapped__"):
        return

    @wraps(build)
    def build_command(self: FoundryForkProvider) -> list[str]:
        return [*build(self), *FORK_OPTIONS]

    FoundryForkProvider.build_command = build_command  # type: ignore[method-assign]
