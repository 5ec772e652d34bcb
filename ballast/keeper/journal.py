"""The keeper's crash-safe journal: what was about to be sent is on disk before it is sent.

One JSON object a line, append-only. The first line names the chain and the deployment; then, for each
transaction, `sending` (fsynced before the transaction leaves) and `done` (after its fate is known). A last
line without its newline was being written when the machine stopped: its transaction was never sent, so the
line is dropped.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated, Final, Literal, Protocol

from pydantic import Field, TypeAdapter, ValidationError

from ballast.errors import DataError

FORMAT: Final = 1


class Storage(Protocol):
    """Where the lines are kept."""

    name: str  # for messages

    def read(self) -> bytes:
        """Everything that was appended; empty when new."""

    def append(self, line: bytes) -> None:
        """Adds one line, newline included, and returns when it is safe from a crash."""

    def truncate(self, size: int) -> None:
        """Cuts everything after the first `size` bytes."""


@dataclass(frozen=True)
class Identity:
    """Which chain and which deployment the journal is about. Chain ids repeat; a first block does not."""

    chain_id: int
    first_block_hash: str
    deployment: tuple[tuple[str, str], ...]  # (contract name, address), sorted by name


@dataclass(frozen=True)
class Entry:
    """A transaction about to be sent."""

    nonce: int
    tx_hash: str  # of the signed transaction: known before it is sent
    raw: str  # the signed transaction in hex: sending it again is the same transaction
    purpose: str  # e.g. "OPEN_AND_FILL"
    session: int


class Fate(StrEnum):
    """How a journalled transaction ended."""

    SUCCEEDED = "SUCCEEDED"
    REVERTED = "REVERTED"
    DROPPED = "DROPPED"  # never mined, its nonce is free
    REPLACED = "REPLACED"  # never mined, its nonce went to another transaction


class Seen(StrEnum):
    """What a node says of a transaction hash."""

    SUCCEEDED = "SUCCEEDED"
    REVERTED = "REVERTED"
    PENDING = "PENDING"  # known, not mined
    UNKNOWN = "UNKNOWN"


class Next(StrEnum):
    """What a restarted keeper does first."""

    NOTHING_PENDING = "NOTHING_PENDING"  # look at the chain and decide afresh
    WAIT = "WAIT"  # for this hash: sending anything now could do the same thing twice
    KNOWN = "KNOWN"  # its fate is known: mark it, then decide afresh


@dataclass(frozen=True)
class Resume:
    """What a restarted keeper does first, and about which transaction."""

    next: Next
    entry: Entry | None = None
    fate: Fate | None = None

    @property
    def may_reuse_nonce(self) -> bool:
        """Whether the transaction's nonce is free."""
        return self.fate == Fate.DROPPED


@dataclass(frozen=True)
class _Header:
    kind: Literal["header"]
    format: Literal[1]
    identity: Identity


@dataclass(frozen=True)
class _Sending:
    kind: Literal["sending"]
    entry: Entry


@dataclass(frozen=True)
class _Done:
    kind: Literal["done"]
    tx_hash: str
    fate: Fate
    block: int | None


_RECORD: TypeAdapter[_Header | _Sending | _Done] = TypeAdapter(
    Annotated[_Header | _Sending | _Done, Field(discriminator="kind")]
)


class Journal:
    """The journal of one keeper on one chain and deployment; at most one transaction is pending."""

    def __init__(self, storage: Storage, identity: Identity) -> None:
        """Reads what is there, cuts a torn last line, starts a new journal. DataError: foreign or corrupt."""
        self._storage = storage
        self._pending: Entry | None = None
        raw = storage.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            storage.truncate(len(whole))
        if not whole:
            self._append(_Header("header", FORMAT, identity))
        for number, line in enumerate(whole.splitlines(), 1):
            self._replay(number, line, identity)

    @property
    def pending(self) -> Entry | None:
        """The transaction whose fate is not known yet."""
        return self._pending

    def sending(self, entry: Entry) -> None:
        """To be called before the transaction is sent. DataError while another is pending."""
        if self._pending is not None:
            raise DataError(
                f"{self._storage.name}: transaction {self._pending.tx_hash} is still pending; "
                "resume from it before sending another"
            )
        self._append(_Sending("sending", entry))
        self._pending = entry

    def done(self, fate: Fate, block: int | None = None) -> None:
        """Marks the pending transaction's fate. DataError when none is pending."""
        if self._pending is None:
            raise DataError(f"{self._storage.name}: no transaction is pending; nothing to mark as {fate}")
        self._append(_Done("done", self._pending.tx_hash, fate, block))
        self._pending = None

    def _append(self, record: _Header | _Sending | _Done) -> None:
        self._storage.append(json.dumps(asdict(record), separators=(",", ":")).encode() + b"\n")

    def _replay(self, number: int, line: bytes, identity: Identity) -> None:
        place = f"{self._storage.name}: line {number}"
        try:
            record = _RECORD.validate_json(line)
        except ValidationError:
            raise DataError(f"{place} is not a journal record; move the file away and restart") from None
        if isinstance(record, _Header) != (number == 1):
            raise DataError(f"{place}: a header belongs in line 1 only; move the file away and restart")
        if isinstance(record, _Header):
            self._check(record.identity, identity)
        elif isinstance(record, _Sending) and self._pending is None:
            self._pending = record.entry
        elif isinstance(record, _Done) and self._pending and record.tx_hash == self._pending.tx_hash:
            self._pending = None
        else:
            raise DataError(f"{place} does not follow from the one before; move the file away and restart")

    def _check(self, found: Identity, wanted: Identity) -> None:
        if found == wanted:
            return
        if found.chain_id != wanted.chain_id:
            what = f"chain {found.chain_id}, this is chain {wanted.chain_id}"
        elif found.first_block_hash != wanted.first_block_hash:
            what = f"another chain with id {found.chain_id} (its first block differs)"
        else:
            what = "another deployment on this chain"
        raise DataError(
            f"{self._storage.name} is the journal of {what}; move it away or set BALLAST_JOURNAL_FILE"
        )


def resume(journal: Journal, nonce_on_chain: int, receipt_lookup: Callable[[str], Seen]) -> Resume:
    """What to do first after a start; touches nothing.

    `nonce_on_chain` is the account's next nonce by mined transactions, read *before* the lookup: a
    transaction mined in between is then seen by the lookup.
    """
    entry = journal.pending
    if entry is None:
        return Resume(Next.NOTHING_PENDING)
    seen = receipt_lookup(entry.tx_hash)
    if seen == Seen.PENDING:
        return Resume(Next.WAIT, entry)
    if seen in (Seen.SUCCEEDED, Seen.REVERTED):
        return Resume(Next.KNOWN, entry, Fate(seen.value))
    fate = Fate.REPLACED if nonce_on_chain > entry.nonce else Fate.DROPPED
    return Resume(Next.KNOWN, entry, fate)
