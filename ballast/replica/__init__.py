"""The replica: a local mainnet (chain id 1) with real protocol code at its mainnet addresses.

`start_replica` runs it, `Replica` moves its prices, coins and clock, `address_book` says what is where.
"""

from ballast.replica.addresses import AddressBook, Feed, Pool, Token, address_book
from ballast.replica.build import ensure_state
from ballast.replica.handles import Replica
from ballast.replica.node import Node
from ballast.replica.rpc import Rpc, RpcError
from ballast.replica.run import start_replica

__all__ = [
    "AddressBook",
    "Feed",
    "Node",
    "Pool",
    "Replica",
    "Rpc",
    "RpcError",
    "Token",
    "address_book",
    "ensure_state",
    "start_replica",
]
