"""One measured comparison, the goals it is held to, and the sections that yield them.

A row compares `ours` with `peer` in one unit. A goal is either a ceiling on the ratio ours / peer or a floor
under `ours`; whether it is met follows from the figures and is never stored, so a row cannot claim what it
did not measure.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from ballast.errors import ConfigError

if TYPE_CHECKING:
    from ballast.bench.gas import Lab

# Ceilings on ours / peer. The last three hold the contracts to what they say of themselves: a look goes over
# no earlier one, a verdict reads one slot, an emergency's fill passes the ordinary settlement.
RATIO_GOALS: Final = {
    "weights.n10.vs_tutorial": Fraction("0.28"),
    "weights.n50.vs_tutorial": Fraction("0.32"),
    "rebalance.k8.vs_bare": Fraction("1.40"),
    "rebalance.k8.vs_set_v2": Fraction("0.33"),
    "contribute.n5.vs_bare": Fraction("1.30"),
    "withdraw.n5.vs_bare": Fraction("1.30"),
    "observe.vs_tutorial": Fraction("0.60"),
    "is_crisis_detected.vs_floor": Fraction("1.10"),
    "emergency.n5.fill.vs_ordinary": Fraction("1.10"),
    "optimizer.n10.vs_cvxpy": Fraction("0.02"),
}
# Floors under ours, in the row's own unit.
FLOOR_GOALS: Final = {"properties.cases_per_second": Fraction(1_000)}


@dataclass(frozen=True)
class Row:
    """`ours` and `peer` in `unit`; `note` says what is counted; `extra` goes to the JSON only."""

    name: str
    ours: int | float
    peer: int | float
    unit: str = "gas"
    note: str = ""
    extra: dict[str, int | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """ValueError unless both figures are positive: a failed measurement must not become a good ratio."""
        if not (self.ours > 0 and self.peer > 0):
            raise ValueError(f"{self.name}: both figures must be positive, not {self.ours} and {self.peer}")

    @property
    def ratio(self) -> Fraction:
        """Ours / peer, exact."""
        return Fraction(self.ours) / Fraction(self.peer)

    @property
    def goal(self) -> Fraction | None:
        """The ceiling on the ratio, or the floor under ours, or None."""
        return RATIO_GOALS.get(self.name, FLOOR_GOALS.get(self.name))

    @property
    def met(self) -> bool | None:
        """Whether the goal is met by the unrounded figures; None without a goal."""
        if self.name in RATIO_GOALS:
            return self.ratio <= RATIO_GOALS[self.name]
        if self.name in FLOOR_GOALS:
            return Fraction(self.ours) >= FLOOR_GOALS[self.name]
        return None

    def as_json(self) -> dict[str, Any]:
        """The row as it stands in `bench.json`; the ratio rounded to four places, `met` is not."""
        goal = self.goal
        return {
            "name": self.name,
            "ours": self.ours,
            "peer": self.peer,
            "ratio": round(float(self.ratio), 4),
            "goal": None if goal is None else float(goal),
            "met": self.met,
            "unit": self.unit,
            "note": self.note,
            **({"extra": self.extra} if self.extra else {}),
        }

    @property
    def verdict(self) -> str:
        """What the table says of the goal."""
        return {True: "met", False: "MISSED", None: ""}[self.met]


Section = Callable[["Lab"], Iterator[Row]]


@dataclass(frozen=True)
class Registry:
    """Sections by the names their rows begin with."""

    sections: dict[str, Section]

    def matching(self, prefix: str) -> dict[str, Section]:
        """Sections that can yield a row whose name starts with `prefix`. ConfigError when none can."""
        found = {n: s for n, s in self.sections.items() if n.startswith(prefix) or prefix.startswith(f"{n}.")}
        if not found:
            raise ConfigError(f"no rows start with {prefix!r}: the sections are {', '.join(self.sections)}")
        return found


def missed(rows: Iterable[Row]) -> list[str]:
    """Names of the rows whose goal is not met."""
    return [row.name for row in rows if row.met is False]


def write_json(rows: Iterable[Row], path: Path) -> None:
    """Writes the rows as a JSON list, making the folder. ConfigError when the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    except OSError as error:
        raise ConfigError(f"cannot write {path} ({error.strerror}); name another place with --out") from error


def table(rows: Iterable[Row]) -> Table:
    """The rows as a table a person can read; a missed goal says MISSED in red."""
    out = Table(title="Ballast against its peers", title_justify="left")
    out.add_column("row")
    for heading in ("ours", "peer", "ratio", "goal"):
        out.add_column(heading, justify="right")
    out.add_column("")
    out.add_column("what is counted", overflow="fold")
    for row in rows:
        style = {True: "green", False: "bold red", None: ""}[row.met]
        figures = (f"{row.ours:,.0f}", f"{row.peer:,.0f}", f"{float(row.ratio):.3f}")
        out.add_row(row.name, *figures, _goal_text(row), row.verdict, f"{row.unit}: {row.note}", style=style)
    return out


def _goal_text(row: Row) -> str:
    if row.goal is None:
        return ""
    return f"≤ {float(row.goal):.2f}" if row.name in RATIO_GOALS else f"≥ {float(row.goal):,.0f}"
