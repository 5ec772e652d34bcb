"""By which names each kind of action may be refused; whatever is not listed here is a finding."""

from typing import Final

from tests.stateful.world import Refusal

COIN: Final = frozenset({"TransferFailed", "ClaimRefused"})  # a coin said no
TIMING: Final = frozenset({"NotNow", "PriceNotGood", "FillTooSoon", "SessionOutdated"})
SETTLEMENT: Final = TIMING | {"TradeTooLarge", "BelowFloor", "MovedAway", "Overshot", "LossBudgetExceeded"}
TRADE: Final = SETTLEMENT | COIN | {"ZeroAmount", "InsufficientReserve", "NotConstituent"}
POOL: Final = frozenset({"PartialFill", "Error: TF", "Error: IIA"})  # a pool cannot pay, or was not paid
HOSTILE: Final = frozenset({"SameToken", "TradeNotFunded", "ActFailed", "VenueHasNoCode"})
TOO_SOON: Final = frozenset({"ObservedTooSoon"})
FLIGHT: Final = frozenset({"NotNow", "SessionAlreadyOpen"})
BOUNDS: Final = frozenset({"ParamOutOfBounds"})
ANNOUNCED: Final = frozenset({"AccessManagerNotScheduled"})
UNAUTHORISED: Final = frozenset(
    {
        "AccessManagedUnauthorized",
        "AccessManagerUnauthorizedAccount",
        "AccessManagerUnauthorizedCall",
        "NotOwner",
        "NotVaultOwner",
        "NoTradeOpen",
    }
)
NEVER: Final[frozenset[str]] = frozenset()
IN_KIND: Final = frozenset({"ContributionsArePaused", "TransferShort"})  # no price among them

ALLOWED: Final[dict[str, frozenset[str]]] = {
    "contribute in kind": IN_KIND,
    "contribute excess": IN_KIND | {"PastBand", "PriceNotGood", "CoinOnWatch"},
    "withdraw": NEVER,
    "withdraw nothing": frozenset({"ZeroAmount"}),
    "withdraw too much": frozenset({"ERC20InsufficientBalance"}),
    "transfer shares": NEVER,
    "claim": frozenset({"ZeroAmount", "ClaimRefused"}),
    "open": frozenset({"NotNow", "SessionAlreadyOpen"}),
    "close": frozenset({"NoSession", "SessionUnsettled", "PriceNotGood"}),
    "honest close": frozenset({"PriceNotGood"}),
    "honest fill": TIMING,
    "partial fill": TRADE | {"InsufficientOutput"},
    "pool fill": TRADE | POOL,
    "hostile fill": TRADE | HOSTILE,
    "public fill": TRADE | POOL | {"NoSession"},
    "hostile public fill": TRADE | HOSTILE | {"NoSession"},
    "look": TOO_SOON,
    "honest look": NEVER,
    "report volumes": frozenset({"VolumeTooLarge", "ReportedTooSoon", "ZeroVolume"}),
    "flee": FLIGHT | {"NotInCrisis", "NothingToFlee"},
    "guardian flees": FLIGHT,
    "honest flight": FLIGHT - {"SessionAlreadyOpen"},
    "checkpoint": frozenset({"CheckpointTooSoon", "PriceNotGood"}),
    "honest checkpoint": frozenset({"PriceNotGood"}),
    "trip": frozenset({"NotFallen", "PriceNotGood", "AlreadyPaused"}),
    "honest trip": frozenset({"PriceNotGood", "AlreadyPaused"}),
    "release": ANNOUNCED | {"NotForced"},
    "set plan": ANNOUNCED | {"NotAReduction", "RaisesSharedRisk", "AboveCap"},
    "clear plan": ANNOUNCED,
    "announce plan": frozenset({"AccessManagerAlreadyScheduled"}),
    "report": frozenset({"ChangeTooLarge", "ScoreChangeTooLarge"}),
    "report nonsense": frozenset(
        {"ChangeTooLarge", "ScoreChangeTooLarge", "ZeroCap", "CapTooLarge", "CapIsSampled", "ScoreTooLarge"}
    ),
    "sample supply": frozenset({"NotSampled", "SameBlock"}),
    "outsider": UNAUTHORISED,
    "stop trading": frozenset({"AlreadyPaused"}),
    "stop contributions": NEVER,
    "freeze price": NEVER,
    "tighten": BOUNDS,
    "tighten pair": BOUNDS,
    "resume trading": ANNOUNCED | {"NotPaused"},
    "resume contributions": ANNOUNCED,
    "unfreeze price": ANNOUNCED,
    "set pair": ANNOUNCED | BOUNDS,
    "set band": ANNOUNCED,
}
# Kinds that must never be accepted; every other kind must be, in a campaign of some length.
REFUSED: Final = frozenset({"withdraw nothing", "withdraw too much", "outsider"})
# Accepted by luck.
RARE: Final = frozenset(
    {"report nonsense", "honest close", "set pair", "freeze price", "honest trip", "clear plan"}
)


def is_allowed(kind: str, refusal: Refusal) -> bool:
    """Whether the refusal's name belongs to the kind of action."""
    return refusal.name in ALLOWED[kind]
