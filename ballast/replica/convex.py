"""Places the models of Convex with a pool for every Curve pool of the book; handles to earn and shut down.

A pool's number here is its place in the book. Its gauge has CRV for some years and pays it at one rate.
"""

from dataclasses import dataclass
from typing import Final

from ballast.replica.addresses import AddressBook, CurvePool
from ballast.replica.place import OPERATOR, Deployer
from ballast.replica.rpc import Rpc
from ballast.replica.solc import Artifact

WEEK: Final = 7 * 86_400  # s
WEEKLY: Final = 20_000 * 10**18  # CRV that a gauge pays a week
STOCK: Final = 5_000_000 * 10**18  # CRV that a gauge has
POOL_INFO: Final = "address,address,address,address,address,bool"


@dataclass(frozen=True)
class ConvexPool:
    """One of Convex's pools: LP token, the gauge that earns CRV for it, the contract that pays that out."""

    number: int
    lp: str
    gauge: str
    rewards: str
    shutdown: bool


def place_convex(deployer: Deployer, book: AddressBook, code: dict[str, Artifact]) -> None:
    """The Booster at its mainnet address, OPERATOR its owner, and a pool with rewards for each Curve pool."""
    rpc, tokens = deployer.rpc, [book.token("CRV").address, book.token("CVX").address]
    booster = deployer.place(
        book.contracts["convex_booster"],
        code["ConvexBoosterModel"],
        "address,address,address",
        [*tokens, OPERATOR],
    )
    for pool in book.curve_pools:
        rpc.send(booster, "addPool(address)", [pool.address], sender=OPERATOR)
        gauge = convex_pool(rpc, book, pool).gauge
        rpc.send(tokens[0], "transfer(address,uint256)", [gauge, STOCK], sender=OPERATOR)
        rpc.send(gauge, "setRate(uint256)", [WEEKLY // WEEK], sender=OPERATOR)


def convex_pool(rpc: Rpc, book: AddressBook, pool: CurvePool) -> ConvexPool:
    """Convex's pool of a Curve pool's LP token, as the Booster has it now."""
    number = book.curve_pools.index(pool)
    booster = book.contracts["convex_booster"]
    lp, _, gauge, rewards, _, shutdown = rpc.read(booster, "poolInfo(uint256)", [number], POOL_INFO)
    return ConvexPool(number, lp, gauge, rewards, shutdown)


def earmark(rpc: Rpc, book: AddressBook, pool: CurvePool) -> None:
    """Hands what the gauge has earned to the stakers, who get it over the week to come."""
    number = book.curve_pools.index(pool)
    rpc.send(book.contracts["convex_booster"], "earmarkRewards(uint256)", [number], sender=OPERATOR)


def shut_down(rpc: Rpc, book: AddressBook, pool: CurvePool | None = None) -> None:
    """Closes one pool, or without one all of Convex, for deposits and rewards."""
    booster = book.contracts["convex_booster"]
    if pool is None:
        rpc.send(booster, "shutdownSystem()", sender=OPERATOR)
    else:
        rpc.send(booster, "shutdownPool(uint256)", [book.curve_pools.index(pool)], sender=OPERATOR)
