"""How the attacks on lent coins are drawn, told block by block, and judged."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.attacks.lending_world import UNIT, Play, World

DUST: Final = 30  # base units that roundings of a whole sequence may come to
DAY: Final = 86_400
Move = Callable[[Play], object]


def amount(rng: Random, least: float, most: float) -> int:
    """Base units; `least` and `most` are powers of ten of whole coins."""
    return int(UNIT * 10 ** rng.uniform(least, most))


def gap(rng: Random) -> int:
    """Seconds between two moves: none, a block, some hours, or days."""
    return rng.choice((0, 0, 12, rng.randrange(60, DAY), rng.randrange(DAY, 5 * DAY)))


@dataclass(frozen=True)
class Chapter:
    """What happens `after` seconds; at 0 in the same transaction as what was before."""

    after: int
    moves: Callable[[Play], None]


def blocks(world: World, strategy: str, chapters: Sequence[Chapter]) -> list[tuple[int, Play]]:
    """The chapters as blocks for `World.story`."""
    told: list[tuple[int, Play]] = [(1, world.play(strategy))]
    for chapter in chapters:
        if chapter.after:
            told.append((chapter.after, world.play(strategy)))
        chapter.moves(told[-1][1])
    return told


def seeds(name: str, count: int) -> Iterator[Random]:
    for number in range(count):
        yield Random(f"{name} {number}")
