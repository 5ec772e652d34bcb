"""Who may call what: the one table that `deploy` wires, that its assertions check and that people read.

A delay belongs to a role's holder, not to a function, so a function's delay is its role's. What lowers risk
is GUARDIAN's and therefore instant; what can raise it is CURATOR's or GOVERNOR's and therefore announced. A
guardian may also cancel what a curator has announced. Functions that are not in the table stay with GOVERNOR,
the manager's admin.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class RoleId(IntEnum):
    """Role ids of the fund's AccessManager, as `contracts/access/Roles.sol` has them."""

    GOVERNOR = 0
    CURATOR = 1
    GUARDIAN = 2
    KEEPER = 3
    REPORTER = 4
    WATCHDOG = 5  # the kill switch, a contract


@dataclass(frozen=True)
class Grant:
    """The functions of one contract that one role may call."""

    role: RoleId
    contract: str
    functions: tuple[str, ...]
    why: str


WIRING: Final[tuple[Grant, ...]] = (
    Grant(
        RoleId.CURATOR,
        "PriceOracle",
        ("setSources", "removeAsset", "unfreezeAsset"),
        "another source may be a worse one",
    ),
    Grant(RoleId.GUARDIAN, "PriceOracle", ("freezeAsset",), "a frozen price is traded on by nobody"),
    Grant(
        RoleId.CURATOR,
        "Rebalancer",
        ("setParams", "setPairLimits", "clearPairLimits", "unpause"),
        "wider limits let more be lost",
    ),
    Grant(RoleId.GUARDIAN, "Rebalancer", ("pause", "tighten", "tightenPair"), "less is traded, or nothing"),
    # Anyone may call it once the detector confirms; the role is what lets a guardian do so before.
    Grant(RoleId.GUARDIAN, "Rebalancer", ("executeEmergencyRebalance",), "flees, into weights set before"),
    Grant(RoleId.WATCHDOG, "Rebalancer", ("haltTrading",), "emergencies and exits go on"),
    Grant(RoleId.GOVERNOR, "Rebalancer", ("transferVault",), "another brain is another fund"),
    Grant(RoleId.KEEPER, "Rebalancer", ("executeRebalance",), "trades inside the settlement's bounds"),
    Grant(RoleId.CURATOR, "IndexVault", ("unpauseContributions", "setBandBps"), "lets more coins in"),
    Grant(RoleId.GUARDIAN, "IndexVault", ("pauseContributions",), "withdrawals go on"),
    Grant(
        RoleId.GOVERNOR,
        "StrategyManager",
        ("bind", "addStrategy", "writeOff"),
        "whom the fund's coins are lent to",
    ),
    Grant(
        RoleId.CURATOR,
        "StrategyManager",
        ("removeStrategy", "raiseCaps", "unpauseStrategy", "setOrder", "setTerms"),
        "lets more be lent, or less stay idle",
    ),
    Grant(
        RoleId.GUARDIAN,
        "StrategyManager",
        ("recall", "lowerCaps", "pauseStrategy"),
        "brings coins home, whatever it costs",
    ),
    Grant(
        RoleId.CURATOR,
        "YieldOptimizer",
        ("setParams", "setLens"),
        "where coins are proposed to go",
    ),
    Grant(
        RoleId.KEEPER, "StrategyManager", ("allocate", "deallocate"), "lends inside caps and a loss budget"
    ),
    Grant(
        RoleId.CURATOR,
        "IndexCalculator",
        ("setConstituents", "setActive", "seed", "setLimits", "setMaxAge"),
        "what is in the index, and how fast its data may move",
    ),
    Grant(RoleId.REPORTER, "IndexCalculator", ("report",), "market data inside the bounds of change"),
    Grant(
        RoleId.CURATOR,
        "CrisisDetector",
        ("setParams", "setIssuerProbes", "forget"),
        "what counts as a crisis, and as its end",
    ),
    Grant(RoleId.REPORTER, "CrisisDetector", ("reportVolumes",), "volumes inside the bounds of change"),
    Grant(
        RoleId.CURATOR,
        "EmergencyIndex",
        ("setEmergencyParams", "setEmergencyWeights", "clearEmergencyWeights", "setRiskGroup", "release"),
        "where an emergency goes, how it trades and when a guardian's word ends",
    ),
    Grant(RoleId.CURATOR, "KillSwitch", ("setParams",), "a looser switch lets more be lost"),
)

DELAYED: Final = frozenset({RoleId.GOVERNOR, RoleId.CURATOR})  # may have a delay; the others act at once

# Every strategy that is deployed with the index; "Strategy" stands for all of their kinds.
STRATEGY_WIRING: Final[tuple[Grant, ...]] = (
    Grant(RoleId.KEEPER, "Strategy", ("harvest",), "sells rewards above the oracle's floor"),
    Grant(RoleId.GUARDIAN, "Strategy", ("pauseDeposits",), "withdrawals go on"),
    Grant(RoleId.CURATOR, "Strategy", ("unpauseDeposits",), "lets coins in again"),
    Grant(RoleId.GUARDIAN, "ConvexStrategy", ("leaveConvex",), "the position stays, without its rewards"),
)
