"""By which names each kind of action may be refused; whatever is not listed here is a finding."""

from typing import Final

from tests.stateful.world import Refusal

COIN: Final = frozenset({"TransferFailed", "ClaimRefused"})  # a coin said no
TIMING: Final = frozenset({"NotNow", "PriceNotGood", "FillTooSoon"})
SETTLEMENT: Final = TIMING | {"TradeTooLarge", "BelowFloor", "MovedAway", "Overshot", "LossBudgetExceeded"}
TRADE: Final = SETTLEMENT | COIN | {"ZeroAmount", "InsufficientReserve"}
POOL: Final = frozenset({"PartialFill", "Error: TF", "Error: IIA"})  # a pool cannot pay, or was not paid
BOUNDS: Final = frozenset({"ParamOutOfBounds"})
ANNOUNCED: Final = frozenset({"AccessManagerAlreadyScheduled", "AccessManagerNotScheduled"})
UNAUTHORISED: Final = frozenset(
    {
        "AccessManagedUnauthorized",
        "AccessManagerUnauthorizedAccount",
        "AccessManagerUnauthorizedCall",
        "NotOwner",
        "NoTradeOpen",
    }
)
NEVER: Final[frozenset[str]] = frozenset()
IN_KIND: Final = frozenset({"ContributionsArePaused", "TransferShort"})  # no price among them

ALLOWED: Final[dict[str, frozenset[str]]] = {
    "contribute in kind": IN_KIND,
    "contribute excess": IN_KIND | {"PastBand", "PriceNotGood"},
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
    "hostile fill": TRADE | {"SameToken", "TradeNotFunded", "ActFailed"},
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
RARE: Final = frozenset({"report nonsense", "honest close", "set pair", "freeze price"})  # accepted by luck


# Where the vault passes on a coin's own words. USDT is of a time without reasons: its no is an empty one.
PASSED_ON: Final = frozenset({"claim", "partial fill", "pool fill"})
COIN_WORDS: Final = frozenset({"Error: Blacklistable: account is blacklisted", "Error: Pausable: paused"})


def is_allowed(kind: str, refusal: Refusal, usdt_stopped: bool) -> bool:
    """Whether the refusal's name belongs to the kind of action; `usdt_stopped`: USDT pays nothing now."""
    if refusal.name in ALLOWED[kind]:
        return True
    mute = usdt_stopped and refusal.name == "empty"
    return kind in PASSED_ON and (mute or refusal.name in COIN_WORDS)
