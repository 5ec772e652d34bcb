"""By which names each kind of action may be refused."""

from typing import Final

from tests.stateful.world import Refusal

COIN: Final = frozenset({"TransferFailed", "TransferFromFailed"})  # a coin said no
ALLOWED: Final[dict[str, frozenset[str]]] = {}


def is_allowed(kind: str, refusal: Refusal) -> bool:
    return refusal.name not in ("Panic", "empty") and not refusal.name.startswith("unknown")
