"""Carries out what `ballast.keeper.lending` decides: one transaction a move, a fresh look after each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ape.api import AccountAPI

from ballast.chain.authority import Act, required_delay
from ballast.chain.connect import contract_at
from ballast.chain.multicall import ContractCall
from ballast.chain.system import System, strategy_at
from ballast.chain.transactor import send_call
from ballast.errors import ChainError
from ballast.keeper.lending import Move, MoveKind, decide_lending
from ballast.keeper.snapshot import Snapshot

ALL: Final = 2**256 - 1  # more than a strategy holds: every share of it
MAX_MOVES: Final = 40  # of one run: more than every strategy of every coin needs


@dataclass(frozen=True)
class Done:
    """A move that was sent, or why the chain would not take it."""

    move: Move
    tx_hash: str | None = None
    gas_used: int = 0
    refusal: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        move = self.move
        return {
            "kind": move.kind.value,
            "why": move.why.value,
            "token": move.token,
            "strategy": move.strategy or None,
            "amount": move.amount,
            "tx": self.tx_hash,
            "gas_used": self.gas_used,
            "refusal": self.refusal,
        }


def move_call(move: Move, system: System) -> ContractCall:
    """The call that a move stands for."""
    match move.kind:
        case MoveKind.ALLOCATE:
            return system.manager, "allocate", (move.strategy, move.amount)
        case MoveKind.DEALLOCATE:
            return system.manager, "deallocate", (move.strategy, ALL if move.is_whole else move.amount)
        case MoveKind.SYNC:
            return system.manager, "sync", (move.token,)
        case MoveKind.RECORD:
            return contract_at("SharePriceLens", move.lens), "record", (move.strategy,)
        case MoveKind.HARVEST:
            venue = str(system.venue.address)
            sales = [(one.token, one.amount, venue, bytes.fromhex(one.path[2:])) for one in move.sales]
            return strategy_at(move.strategy), "harvest", (sales,)


def require_keeper(system: System, account: AccountAPI) -> None:
    """ChainError, one line, for an account that may not move coins between strategies."""
    act = Act("lending", system.manager, "allocate", ("0x" + "0" * 40, 0))
    if required_delay(system, str(account.address), act):
        raise ChainError(
            "the KEEPER role has a delay here: announce and execute through the manager of roles"
        )


def carry_out(
    system: System,
    account: AccountAPI,
    look: Callable[[], Snapshot],
    tokens: frozenset[str],
    say: Callable[[Done], None],
) -> list[Done]:
    """Sends the moves of the named coins until none is due. One that the chain refuses is not tried again."""
    done: list[Done] = []
    refused: set[str] = set()
    for _ in range(MAX_MOVES):
        moves = (move for move in decide_lending(look(), refused) if move.token in tokens)
        move = next(moves, None)
        if move is None:
            break
        done.append(_sent(system, account, move))
        say(done[-1])
        if done[-1].refusal is not None:
            refused.add(move.key)
    return done


def _sent(system: System, account: AccountAPI, move: Move) -> Done:
    contract, method, arguments = move_call(move, system)
    try:
        receipt = send_call(account, move.detail, contract, method, *arguments)
    except ChainError as error:
        return Done(move, refusal=str(error))
    return Done(move, str(receipt.txn_hash), int(receipt.gas_used))
