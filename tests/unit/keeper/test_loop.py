"""The loop's behaviour towards a node that fails; what it sends is tested by killing it on a chain."""

from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from ballast.chain import keeper_loop
from ballast.chain.keeper_loop import Keeper
from ballast.errors import ChainError
from ballast.keeper.allocation import Policy
from ballast.keeper.decide import Action


class Loop(Keeper):
    """A keeper whose steps are written down beforehand: an error to raise, or a step's action."""

    def __init__(self, script: list[Exception | Action], stop: Event) -> None:
        account: Any = SimpleNamespace(address="0x" + "11" * 20)
        nothing: Any = None
        super().__init__(account, nothing, nothing, nothing, Policy())
        self.script, self.stop, self.done = script, stop, 0

    def step(self) -> Any:
        item = self.script.pop(0)
        if not self.script:
            self.stop.set()
        if isinstance(item, Exception):
            raise item
        self.done += 1
        return SimpleNamespace(plan=SimpleNamespace(action=item), refusal=None)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_loop, "wait_exponential", lambda **_: lambda _state: 0)


def test_watch__node_fails_for_a_while__goes_on_afterwards() -> None:
    stop = Event()
    loop = Loop([ChainError("no answer"), OSError("refused"), Action.WAIT, Action.FILL, Action.WAIT], stop)
    loop.watch(0, stop)
    assert loop.done == 3


def test_watch__node_fails_for_good__ends_with_its_error() -> None:
    stop = Event()
    loop = Loop([ChainError("no answer")] * (keeper_loop._ATTEMPTS + 1), stop)
    with pytest.raises(ChainError, match="no answer"):
        loop.watch(0, stop)


def test_watch__fault_of_our_own__is_not_hidden_by_trying_again() -> None:
    stop = Event()
    loop = Loop([ZeroDivisionError(), Action.WAIT], stop)
    with pytest.raises(ZeroDivisionError):
        loop.watch(0, stop)
    assert loop.done == 0
