"""What the properties share: the pack itself, and what they check more than once."""

from collections.abc import Callable, Iterable
from typing import Final

from tests.unit.erc4626.script import Answers, Check, Ref, Script

ZERO: Final = "0x" + "00" * 20
NEAR: Final = 10**6  # a preview may be off by a millionth,
DUST: Final = 10**3  # or by this many base units of the coin

# Builds a script for an amount, and says what must hold of its answers.
Property = Callable[[Script, int], Check]
PROPERTIES: dict[str, Property] = {}


def must(function: Property) -> Property:
    """Takes a property into the pack, by its name."""
    PROPERTIES[function.__name__] = function
    return function


def every_one(refs: Iterable[Ref]) -> Check:
    """All of them go through."""
    listed = list(refs)

    def check(a: Answers) -> None:
        assert [a.ok(ref) for ref in listed] == [True] * len(listed)

    return check


def went_through_unless_nothing(done: Ref, preview: Ref) -> Check:
    """A vault may refuse an amount that is worth no share."""

    def check(a: Answers) -> None:
        assert a.ok(done) or not a.ok(preview) or a[preview] == 0

    return check


def at_most(small: Ref, large: Ref) -> Check:
    """The one is no more than the other, where both went through."""

    def check(a: Answers) -> None:
        assert not (a.ok(small) and a.ok(large)) or a[small] <= a[large]

    return check


def close(preview: Ref, done: Ref, dust: Ref) -> Check:
    """A preview is near what happens; `dust` in its unit."""

    def check(a: Answers) -> None:
        if a.ok(done):
            assert abs(a[preview] - a[done]) <= a[done] // NEAR + a[dust]

    return check
