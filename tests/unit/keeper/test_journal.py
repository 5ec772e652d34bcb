import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ballast.errors import DataError
from ballast.keeper.journal import Entry, Fate, Identity, Journal, Next, Seen, resume
from ballast.keeper.storage import FileStorage

HERE = Identity(1, "0x" + "ab" * 32, (("IndexVault", "0x" + "11" * 20), ("Rebalancer", "0x" + "22" * 20)))
FIRST = Entry(7, "0x" + "aa" * 32, "0xf86b", "OPEN_AND_FILL", 1)
SECOND = Entry(8, "0x" + "bb" * 32, "0xf86c", "FILL", 1)


@dataclass
class Memory:
    """Storage that can be cut off at any byte."""

    data: bytes = b""
    name: str = "journal"
    sizes: list[int] = field(default_factory=list)

    def read(self) -> bytes:
        return self.data

    def append(self, line: bytes) -> None:
        self.data += line
        self.sizes.append(len(self.data))

    def truncate(self, size: int) -> None:
        self.data = self.data[:size]


class Node:
    """A node with one account: what was mined, and what waits to be."""

    def __init__(self) -> None:
        self.nonce = FIRST.nonce
        self.waiting: dict[str, Entry] = {}
        self.mined: dict[str, Seen] = {}

    def send(self, entry: Entry) -> None:
        if entry.tx_hash not in self.mined and entry.nonce == self.nonce:
            self.waiting[entry.tx_hash] = entry

    def mine(self, fate: Seen = Seen.SUCCEEDED) -> None:
        for tx_hash, entry in list(self.waiting.items()):
            self.mined[tx_hash] = fate
            self.nonce = entry.nonce + 1
            del self.waiting[tx_hash]

    def look_up(self, tx_hash: str) -> Seen:
        return Seen.PENDING if tx_hash in self.waiting else self.mined.get(tx_hash, Seen.UNKNOWN)


def restarted(storage: Memory) -> Journal:
    return Journal(Memory(storage.data), HERE)


def test_resume__new_journal__nothing_pending() -> None:
    assert resume(Journal(Memory(), HERE), 7, Node().look_up).next == Next.NOTHING_PENDING


def test_resume__crash_before_the_append__nothing_pending_nothing_sent() -> None:
    storage = Memory()
    Journal(storage, HERE)
    assert resume(restarted(storage), 7, Node().look_up).next == Next.NOTHING_PENDING


def test_resume__crash_at_any_byte_of_the_append__never_sent_so_nothing_pending() -> None:
    storage = Memory()
    journal = Journal(storage, HERE)
    header = len(storage.data)
    journal.sending(FIRST)
    for size in range(len(storage.data)):
        cut = Memory(storage.data[:size])
        again = Journal(cut, HERE)
        assert again.pending is None
        again.sending(SECOND)  # and the torn line does not spoil the next
        assert Journal(Memory(cut.data), HERE).pending == SECOND
    assert header < len(storage.data)


def test_resume__crash_between_append_and_send__dropped_and_its_nonce_is_free() -> None:
    storage, node = Memory(), Node()
    Journal(storage, HERE).sending(FIRST)
    found = resume(restarted(storage), node.nonce, node.look_up)
    assert (found.next, found.entry, found.fate, found.may_reuse_nonce) == (
        Next.KNOWN,
        FIRST,
        Fate.DROPPED,
        True,
    )


def test_resume__crash_between_send_and_mining__waits_for_that_hash() -> None:
    storage, node = Memory(), Node()
    Journal(storage, HERE).sending(FIRST)
    node.send(FIRST)
    found = resume(restarted(storage), node.nonce, node.look_up)
    assert (found.next, found.entry, found.may_reuse_nonce) == (Next.WAIT, FIRST, False)


@pytest.mark.parametrize(("seen", "fate"), [(Seen.SUCCEEDED, Fate.SUCCEEDED), (Seen.REVERTED, Fate.REVERTED)])
def test_resume__crash_between_mining_and_marking__known(seen: Seen, fate: Fate) -> None:
    storage, node = Memory(), Node()
    Journal(storage, HERE).sending(FIRST)
    node.send(FIRST)
    node.mine(seen)
    found = resume(restarted(storage), node.nonce, node.look_up)
    assert (found.next, found.entry, found.fate, found.may_reuse_nonce) == (Next.KNOWN, FIRST, fate, False)


def test_resume__crash_at_any_byte_of_the_mark__known_again_or_nothing_pending() -> None:
    storage, node = Memory(), Node()
    journal = Journal(storage, HERE)
    journal.sending(FIRST)
    before = len(storage.data)
    node.send(FIRST)
    node.mine()
    journal.done(Fate.SUCCEEDED, block=12)
    for size in range(before, len(storage.data) + 1):
        found = resume(Journal(Memory(storage.data[:size]), HERE), node.nonce, node.look_up)
        whole = size == len(storage.data)
        assert found.next == (Next.NOTHING_PENDING if whole else Next.KNOWN)


def test_resume__nonce_went_to_another_transaction__replaced() -> None:
    storage = Memory()
    Journal(storage, HERE).sending(FIRST)
    found = resume(restarted(storage), FIRST.nonce + 1, Node().look_up)
    assert (found.fate, found.may_reuse_nonce) == (Fate.REPLACED, False)


@pytest.mark.parametrize("crash_after", range(5))
def test_resume__killed_at_every_step__sends_each_thing_once(crash_after: int) -> None:
    """A keeper killed after any of its steps, then run to the end by its successor."""
    storage, node = Memory(), Node()
    journal = Journal(storage, HERE)
    steps = [
        lambda: journal.sending(FIRST),
        lambda: node.send(FIRST),
        lambda: node.mine(),
        lambda: journal.done(Fate.SUCCEEDED),
    ]
    for step in steps[:crash_after]:
        step()
    successor = Journal(storage, HERE)
    found = resume(successor, node.nonce, node.look_up)
    if found.next == Next.WAIT:
        node.mine()
        found = resume(successor, node.nonce, node.look_up)
    if found.next == Next.KNOWN and found.fate is not None:
        successor.done(found.fate)
    if found.may_reuse_nonce or FIRST.tx_hash not in node.mined:
        successor.sending(FIRST)
        node.send(FIRST)
        node.mine()
        successor.done(Fate.SUCCEEDED)
    assert node.mined == {FIRST.tx_hash: Seen.SUCCEEDED}
    assert node.nonce == FIRST.nonce + 1
    assert Journal(Memory(storage.data), HERE).pending is None


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (replace(HERE, chain_id=31337), "chain 1, this is chain 31337"),
        (replace(HERE, first_block_hash="0x" + "cd" * 32), "its first block differs"),
        (replace(HERE, deployment=HERE.deployment[:1]), "another deployment"),
    ],
)
def test_journal__of_another_chain_or_deployment__refused_in_one_line(other: Identity, words: str) -> None:
    storage = Memory()
    Journal(storage, HERE)
    with pytest.raises(DataError, match=words) as caught:
        Journal(storage, other)
    assert "\n" not in str(caught.value)
    assert "BALLAST_JOURNAL_FILE" in str(caught.value)


def test_journal__second_transaction_while_one_is_pending__refused() -> None:
    journal = Journal(Memory(), HERE)
    journal.sending(FIRST)
    with pytest.raises(DataError, match="still pending"):
        journal.sending(SECOND)
    journal.done(Fate.SUCCEEDED)
    journal.sending(SECOND)
    assert journal.pending == SECOND


def test_journal__mark_without_pending__refused() -> None:
    with pytest.raises(DataError, match="no transaction is pending"):
        Journal(Memory(), HERE).done(Fate.SUCCEEDED)


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"{}",
        b'{"kind":"sending"}',
        b'{"kind":"done","tx_hash":"0x1","fate":"SUCCEEDED","block":1}',
        b"",
    ],
)
def test_journal__corrupt_line__refused_naming_the_line(line: bytes) -> None:
    storage = Memory()
    Journal(storage, HERE)
    with pytest.raises(DataError, match="line 2"):
        Journal(Memory(storage.data + line + b"\n"), HERE)


def test_journal__header_missing__refused() -> None:
    storage = Memory()
    Journal(storage, HERE).sending(FIRST)
    with pytest.raises(DataError, match="line 1"):
        Journal(Memory(storage.data.split(b"\n", 1)[1]), HERE)


def test_file_storage__reopened__holds_what_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keeper.journal"
    first = FileStorage(path)
    Journal(first, HERE).sending(FIRST)
    first.close()
    with path.open("ab") as torn:
        torn.write(b'{"kind":"done"')
    second = FileStorage(path)
    assert Journal(second, HERE).pending == FIRST
    second.close()
    assert [json.loads(line)["kind"] for line in path.read_text().splitlines()] == ["header", "sending"]


def test_file_storage__held_by_another__refused_in_one_line(tmp_path: Path) -> None:
    held = FileStorage(tmp_path / "keeper.journal")
    with pytest.raises(DataError, match="in use by another keeper"):
        FileStorage(tmp_path / "keeper.journal")
    held.close()
    FileStorage(tmp_path / "keeper.journal").close()


def test_file_storage__unwritable_place__refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "journal", tmp_path):
        with pytest.raises(DataError, match="BALLAST_JOURNAL_FILE") as caught:
            FileStorage(path)
        assert "\n" not in str(caught.value)


def test_file_storage__full_disk__says_that_nothing_was_sent() -> None:
    storage = FileStorage(Path("/dev/full"))
    with pytest.raises(DataError, match="nothing was sent"):
        storage.append(b"line\n")
    storage.close()
