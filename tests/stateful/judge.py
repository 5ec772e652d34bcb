"""One step of a campaign and who judges it: the numbered invariants, each a function of a step."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ballast.keeper.snapshot import FillParams
from tests.stateful.crisis_memory import CrisisMemory, Loss
from tests.stateful.observe import Seen
from tests.stateful.world import Outcome, World

PUBLIC: Final = frozenset({"public fill", "hostile public fill"})
FILLS: Final = frozenset({"honest fill", "partial fill", "pool fill", "hostile fill"}) | PUBLIC


class Broken(AssertionError):  # noqa: N818 - it is what an invariant is
    """An invariant does not hold."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"invariant {number}: {text}")
        self.number = number


@dataclass
class Memory:
    """What a run remembers beyond the last look."""

    crisis: CrisisMemory
    fills: list[Loss] = field(default_factory=list)  # of ordinary sessions
    fresh: tuple[int, ...] | None = None  # weights of the calculator when its data were last fresh
    budget_bps: int = 0  # the largest that any fill of the run had
    turn: int = 0  # whose exit is tried first

    @classmethod
    def begin(cls, seen: Seen) -> "Memory":
        """At a run's start."""
        budget = seen.snapshot.params.fill.loss_budget_bps
        return cls(CrisisMemory.begin(seen), fresh=tuple(seen["ordinary"][1]), budget_bps=budget)


@dataclass(frozen=True)
class Step:
    """An action with the world before and after it."""

    world: World
    before: Seen
    outcome: Outcome
    after: Seen
    memory: Memory

    @property
    def is_fill(self) -> bool:
        return self.outcome.kind in FILLS and self.outcome.accepted

    @property
    def is_emergency_fill(self) -> bool:
        """A fill opens an ordinary session at most, so the session afterwards is the one it filled in."""
        return self.is_fill and self.after.is_emergency

    @property
    def is_ordinary_fill(self) -> bool:
        return self.is_fill and not self.after.is_emergency

    @property
    def mids(self) -> list[int]:
        """The prices that the fill was settled at, WAD{USD/coin}."""
        return self.after.lenient_mids if self.after.is_emergency else self.after.mids

    @property
    def fill_params(self) -> FillParams:
        return self.after.snapshot.params.fill


Check = Callable[[Step], bool]  # False: the step is no case of it. Raises Broken.
CHECKS: Final[dict[int, Check]] = {}


def invariant(number: int) -> Callable[[Check], Check]:
    """Enters a check into the list under its number in the README."""

    def enter(check: Check) -> Check:
        assert number not in CHECKS, f"two invariants have number {number}"
        CHECKS[number] = check
        return check

    return enter


@dataclass
class Tally:
    """How much was really tried."""

    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    names: Counter[tuple[str, str]] = field(default_factory=Counter)
    checked: Counter[int] = field(default_factory=Counter)
    entered: Counter[str] = field(default_factory=Counter)  # re-entrant calls by answer

    @property
    def actions(self) -> int:
        return self.accepted.total() + self.refused.total()

    def count(self, outcome: Outcome) -> None:
        if outcome.accepted:
            self.accepted[outcome.kind] += 1
        else:
            self.refused[outcome.kind] += 1
            assert outcome.refusal is not None
            self.names[outcome.kind, outcome.refusal.name] += 1

    def lines(self) -> list[str]:
        kinds = sorted(self.accepted.keys() | self.refused.keys())
        lines = [f"{'action':24}{'accepted':>10}{'refused':>10}  by"]
        for kind in kinds:
            names = ", ".join(f"{n} {c}" for (k, n), c in self.names.most_common() if k == kind)
            lines.append(f"{kind:24}{self.accepted[kind]:10}{self.refused[kind]:10}  {names}")
        lines.append("invariants evaluated: " + ", ".join(f"{n}: {self.checked[n]}" for n in sorted(CHECKS)))
        return lines


def judge(step: Step, tally: Tally) -> None:
    """Puts a step to every invariant."""
    for number, check in CHECKS.items():
        if check(step):
            tally.checked[number] += 1
