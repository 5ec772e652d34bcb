"""Lending in the keeper's hands: whenever trading has nothing to send, the first move that is due."""

from collections.abc import Set
from dataclasses import dataclass, field, replace
from typing import Final

from ballast.keeper.decide import Action, Cause, Plan
from ballast.keeper.lending import Why, decide_lending
from ballast.keeper.snapshot import Snapshot

_ALERTING = frozenset({Why.STRATEGY_PAUSED, Why.LOSS_UNSEEN})  # a person should look

REFUSED_FOR: Final = 3_600  # s that a move the chain would not take is left alone


@dataclass
class Refusals:
    """Moves that the chain would not take a short while ago; a new process forgets them and tries again."""

    _until: dict[str, int] = field(default_factory=dict)  # s, unix time, by the move's key

    def add(self, key: str, now: int) -> None:
        """Refused at `now`, in seconds."""
        self._until[key] = now + REFUSED_FOR

    def at(self, now: int) -> frozenset[str]:
        """The keys of moves to leave alone at `now`."""
        return frozenset(key for key, until in self._until.items() if now < until)


def lent(snapshot: Snapshot, plan: Plan, refused: Set[str] = frozenset()) -> Plan:
    """The plan, or in place of a wait the first move of `ballast.keeper.lending`.

    `refused`: keys of moves that the chain would not take a short while ago.
    """
    if plan.action is not Action.WAIT:
        return plan
    move = next(iter(decide_lending(snapshot, refused)), None)
    if move is None:
        return _alerted(snapshot, plan)
    return replace(
        plan,
        action=Action(move.kind.value),
        cause=Cause(move.why.value),
        detail=move.detail,
        look_again_at=snapshot.timestamp,
        alert=plan.alert or move.why in _ALERTING,
        move=move,
    )


def _alerted(snapshot: Snapshot, plan: Plan) -> Plan:
    """A person should know of a strategy that cannot be read: a guardian alone can call that coin home."""
    coins = snapshot.lending.coins if snapshot.lending is not None else ()
    blind = [f"{coin.symbol} in {strategy.name}" for coin in coins for strategy in coin.blind]
    if not blind:
        return plan
    detail = f"{plan.detail}; {', '.join(blind)}: does not say what it is worth, a guardian may recall it"
    return replace(plan, detail=detail, alert=True)
