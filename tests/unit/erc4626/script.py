"""Scripts of calls that `VaultProber` runs and undoes: what the properties are written in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ballast.replica.rpc import Rpc, hex0x, selector

ALICE, BOB, MALLORY, TRENT = range(4)  # an investor, another who holds, a stranger with coins, one without
RUN: Final = "run((uint256,address,bytes,uint256[],uint256[])[][])"
KEEP: Final = "keep((uint256,address,bytes,uint256[],uint256[])[])"
GAS: Final = 2_000_000_000  # of an eth_call
MOST_STEPS: Final = 400  # of one eth_call


@dataclass(frozen=True)
class Ref:
    """What a step answered, as an argument of a later one."""

    step: int


Check = Callable[["Answers"], None]


@dataclass(frozen=True)
class Answers:
    """What the steps of one script answered."""

    found: Sequence[tuple[bool, int]]

    def ok(self, ref: Ref) -> bool:
        """Whether the step went through."""
        return self.found[ref.step][0]

    def __getitem__(self, ref: Ref) -> int:
        """The answer of a step that must have gone through."""
        ok, word = self.found[ref.step]
        assert ok, f"step {ref.step} reverted ({word:#066x})"
        return word


@dataclass
class Script:
    """Calls on one vault and its coin; every method answers a reference to what the call answers."""

    prober: str
    actors: Sequence[str]
    vault: str
    coin: str
    steps: list[bytes] = field(default_factory=list)  # encoded

    def call(self, actor: int, target: str, signature: str, *args: Any) -> Ref:
        """One call; an argument may be a `Ref`."""
        into = [i for i, arg in enumerate(args) if isinstance(arg, Ref)]
        sources = [arg.step for arg in args if isinstance(arg, Ref)]
        data = selector(signature) + b"".join(_word(arg) for arg in args)
        self.steps.append(_step(actor, target, data, into, sources))
        return Ref(len(self.steps) - 1)

    def send(self, actor: int, target: str, data: bytes) -> Ref:
        """One call, encoded already."""
        self.steps.append(_step(actor, target, data, [], []))
        return Ref(len(self.steps) - 1)

    def on(self, actor: int, signature: str, *args: Any) -> Ref:
        """A call on the vault."""
        return self.call(actor, self.vault, signature, *args)

    # -- arithmetic

    def least(self, a: Any, b: Any) -> Ref:
        return self.call(ALICE, self.prober, "least(uint256,uint256)", a, b)

    def plus(self, a: Any, b: Any) -> Ref:
        return self.call(ALICE, self.prober, "plus(uint256,uint256)", a, b)

    def minus(self, a: Any, b: Any) -> Ref:
        return self.call(ALICE, self.prober, "minus(uint256,uint256)", a, b)

    # -- what is held

    def coins(self, actor: int) -> Ref:
        return self.call(actor, self.coin, "balanceOf(address)", self.actors[actor])

    def shares(self, actor: int) -> Ref:
        return self.on(actor, "balanceOf(address)", self.actors[actor])

    def worth(self, actor: int) -> Ref:
        return self.on(actor, "convertToAssets(uint256)", self.shares(actor))

    # -- the standard

    def ask(self, name: str, amount: Any, actor: int = ALICE) -> Ref:
        """convertTo... and preview..."""
        return self.on(actor, f"{name}(uint256)", amount)

    def most(self, name: str, of: int = ALICE) -> Ref:
        """max... of an actor."""
        return self.on(of, f"{name}(address)", self.actors[of])

    def deposit(self, amount: Any, by: int = ALICE, to: int | None = None) -> Ref:
        return self.on(by, "deposit(uint256,address)", amount, self.actors[by if to is None else to])

    def mint(self, shares: Any, by: int = ALICE, to: int | None = None) -> Ref:
        return self.on(by, "mint(uint256,address)", shares, self.actors[by if to is None else to])

    def withdraw(self, amount: Any, by: int = ALICE, to: int | None = None, of: int | None = None) -> Ref:
        return self._leave("withdraw(uint256,address,address)", amount, by, to, of)

    def redeem(self, shares: Any, by: int = ALICE, to: int | None = None, of: int | None = None) -> Ref:
        return self._leave("redeem(uint256,address,address)", shares, by, to, of)

    def allow(self, spender: int, shares: Any, of: int = ALICE) -> Ref:
        return self.on(of, "approve(address,uint256)", self.actors[spender], shares)

    def allowance(self, spender: int, of: int = ALICE) -> Ref:
        return self.on(of, "allowance(address,address)", self.actors[of], self.actors[spender])

    def enter(self, amount: int, by: int = ALICE) -> Ref:
        """Deposits what the vault takes of `amount`; where it takes nothing, the actor has what he has."""
        return self.deposit(self.least(amount, self.most("maxDeposit", by)), by)

    def _leave(self, signature: str, amount: Any, by: int, to: int | None, of: int | None) -> Ref:
        receiver, owner = (self.actors[by if actor is None else actor] for actor in (to, of))
        return self.on(by, signature, amount, receiver, owner)


def run(rpc: Rpc, prober: str, scripts: Sequence[Script]) -> list[Answers]:
    """What the scripts answer, each from the state that is there now."""
    answers: list[Answers] = []
    pending: list[Script] = []
    for script in scripts:
        if pending and sum(len(s.steps) for s in pending) + len(script.steps) > MOST_STEPS:
            answers += _run(rpc, prober, pending)
            pending = []
        pending.append(script)
    return answers + _run(rpc, prober, pending)


def _run(rpc: Rpc, prober: str, scripts: Sequence[Script]) -> list[Answers]:
    data = selector(RUN) + _word(0x20) + _array([_array(script.steps) for script in scripts])
    call = {"to": prober, "data": hex0x(data), "gas": hex(GAS)}
    words = _words(rpc.call("eth_call", call, "latest"))
    return [_answers(words, 2 + words[2 + i] // 32) for i in range(words[1])]


def keep_data(script: Script) -> bytes:
    """The call of the prober that runs a script for good."""
    return selector(KEEP) + _word(0x20) + _array(script.steps)


def kept(answer: str) -> Answers:
    """What that call answered."""
    return _answers(_words(answer), 1)


# -- the ABI of `run`, by hand: the general coder took most of the time of the pack


def _words(answer: str) -> list[int]:
    raw = bytes.fromhex(answer[2:])
    return [int.from_bytes(raw[at : at + 32], "big") for at in range(0, len(raw), 32)]


def _answers(words: Sequence[int], at: int) -> Answers:
    pairs = words[at + 1 : at + 1 + 2 * words[at]]
    return Answers([(bool(ok), word) for ok, word in zip(pairs[::2], pairs[1::2], strict=True)])


def _word(value: Any) -> bytes:
    """An address, a number, or the place of what a step answered."""
    if isinstance(value, str):
        return bytes.fromhex(value[2:]).rjust(32, b"\0")
    return (0 if isinstance(value, Ref) else int(value)).to_bytes(32, "big")


def _array(items: Sequence[bytes]) -> bytes:
    """An array of dynamic items."""
    heads, offset = b"", 32 * len(items)
    for item in items:
        heads += _word(offset)
        offset += len(item)
    return _word(len(items)) + heads + b"".join(items)


def _step(actor: int, target: str, data: bytes, into: Sequence[int], sources: Sequence[int]) -> bytes:
    called = _word(len(data)) + data + b"\0" * (-len(data) % 32)
    first, second = (b"".join(map(_word, (len(numbers), *numbers))) for numbers in (into, sources))
    head = 5 * 32
    offsets = (head, head + len(called), head + len(called) + len(first))
    return b"".join((_word(actor), _word(target), *map(_word, offsets), called, first, second))
