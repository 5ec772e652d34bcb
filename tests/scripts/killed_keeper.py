"""`ape run keeper ...` that is killed (SIGKILL) at a chosen point of its first transaction.

Run as a program: killed_keeper.py POINT run keeper ...
"""

import os
import signal
import sys
from typing import Any

from ape._cli import cli
from ape.utils import ManagerAccessMixin

from ballast.chain import keeper_loop
from ballast.keeper.journal import Journal

POINTS = ("signed", "journalled", "sent", "mined", "marked")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_after(function: Any) -> Any:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        function(*args, **kwargs)
        die()

    return wrapped


def only_send(transaction: Any) -> None:
    """Hands the transaction to the node and looks no further."""
    provider = ManagerAccessMixin.network_manager.provider
    provider.web3.eth.send_raw_transaction(transaction.serialize_transaction())


def arm(point: str) -> None:
    if point == "signed":
        keeper_loop.signed = kill_after(keeper_loop.signed)
    elif point == "journalled":
        Journal.sending = kill_after(Journal.sending)  # type: ignore[method-assign]
    elif point == "sent":
        keeper_loop.send = kill_after(only_send)
    elif point == "mined":
        keeper_loop.send = kill_after(keeper_loop.send)
    elif point == "marked":
        Journal.done = kill_after(Journal.done)  # type: ignore[method-assign]
    else:
        raise SystemExit(f"unknown point {point}: one of {', '.join(POINTS)}")


if __name__ == "__main__":
    arm(sys.argv.pop(1))
    cli()
