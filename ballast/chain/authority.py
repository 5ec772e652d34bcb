"""Calls that need a role: who may send them, at once or after a delay."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape_ethereum.multicall.constants import MULTICALL3_ADDRESS

from ballast.chain.multicall import aggregate, foreign, read
from ballast.chain.system import System
from ballast.chain.transactor import send_call
from ballast.errors import ChainError
from ballast.roles import RoleId


@dataclass(frozen=True)
class Act:
    """One call of a contract, before anybody has signed it."""

    what: str  # "setting the emergency weights of USDC"
    contract: ContractInstance
    method: str
    arguments: tuple[Any, ...] = ()

    @property
    def to(self) -> str:
        """The contract's address."""
        return str(self.contract.address)

    @property
    def data(self) -> bytes:
        """The call data."""
        return bytes(getattr(self.contract, self.method).encode_input(*self.arguments))

    @property
    def signature(self) -> str:
        """The function, such as `pause()`."""
        return str(self.abi.selector)

    @property
    def abi(self) -> Any:
        """The function's ABI."""
        return self.contract.contract_type.mutable_methods[self.method]

    def to_dict(self) -> dict[str, Any]:
        """What a person compares before signing."""
        return {"what": self.what, "to": self.to, "function": self.signature, "data": "0x" + self.data.hex()}


class Fate(StrEnum):
    """What became of an act."""

    SENT = "sent"
    SCHEDULED = "scheduled"  # now: it may be executed at `ready_at`
    WAITING = "waiting"  # scheduled before, and not ready yet


@dataclass(frozen=True)
class Outcome:
    """An act carried out as far as the role's delay allows."""

    fate: Fate
    tx_hash: str | None = None
    ready_at: int = 0  # s, unix time


def perform(system: System, account: AccountAPI, act: Act) -> Outcome:
    """Sends the act; where the caller's role has a delay, schedules it and sends it once the delay is over.

    ChainError, one line, when the caller has no role for it.
    """
    sender = str(account.address)
    delay = required_delay(system, sender, act)
    if delay == 0:
        return Outcome(Fate.SENT, _send(account, act))
    ready_at, now = scheduled_for(system, sender, act)
    if ready_at == 0:
        what = f"scheduling: {act.what}"
        receipt = send_call(account, what, system.access, "schedule", act.to, act.data, 0)
        return Outcome(Fate.SCHEDULED, str(receipt.txn_hash), scheduled_for(system, sender, act)[0])
    if ready_at > now:
        return Outcome(Fate.WAITING, ready_at=ready_at)
    return Outcome(Fate.SENT, _send(account, act))


def _send(account: AccountAPI, act: Act) -> str:
    return str(send_call(account, act.what, act.contract, act.method, *act.arguments).txn_hash)


def required_delay(system: System, sender: str, act: Act) -> int:
    """Seconds between announcing and sending; 0 at once. ChainError when the sender may not at all."""
    immediate, delay = may_call(system, sender, act)
    if immediate or delay:
        return 0 if immediate else delay
    role = _role_name(aggregate([read(system.access, "getTargetFunctionRole", act.to, act.data[:4])])[0])
    raise ChainError(f"{act.what} needs the {role} role, which {sender} does not hold: name its --account")


def may_call(system: System, sender: str, act: Act) -> tuple[bool, int]:
    """Whether the sender may at once, and after which delay otherwise (0: never)."""
    immediate, delay = aggregate([read(system.access, "canCall", sender, act.to, act.data[:4])])[0]
    return immediate, delay


def _role_name(role: int) -> str:
    return RoleId(role).name if role in set(RoleId) else f"role {role}"


def scheduled_for(system: System, sender: str, act: Act) -> tuple[int, int]:
    """When the sender's announced act may be sent (0: not announced or expired), and the time now."""
    [operation] = aggregate([read(system.access, "hashOperation", sender, act.to, act.data)])
    ready_at, now = aggregate(
        [
            read(system.access, "getSchedule", operation),
            foreign(MULTICALL3_ADDRESS, "getCurrentBlockTimestamp()(uint256)"),
        ]
    )
    return ready_at, now
