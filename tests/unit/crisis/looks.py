"""Drawn rows of looks at a coin that lead through every state, and what the model makes of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from ballast.model.crisis import CrisisParams, Record, Sight, State, is_surge, look, sight, steps_done
from ballast.units import BPS, WAD

START = 1_600_000_000  # s
HOUR = 3_600  # s
MOODS = ("peg", "peg", "off", "deep", "deep", "up", "dead", "torn", "wild")


@dataclass(frozen=True)
class Glance:
    """What a look finds."""

    time: int  # s
    sources: int
    prices: tuple[int, ...]  # WAD{USD/coin} of those that answer
    stopped: bool = False
    volume: int = 0  # USD/h
    volume_sum: int = 0
    volume_count: int = 0
    least: int = 24

    def words(self) -> list[int]:
        """As `CrisisMathBatch` reads them."""
        head = [self.time, self.sources, int(self.stopped), self.volume, self.volume_sum, self.volume_count]
        return [*head, self.least, len(self.prices), *self.prices]


@dataclass(frozen=True)
class Outcome:
    """What a look showed and led to."""

    sight: Sight
    surge: bool
    record: Record
    steps: int


def outcomes(params: CrisisParams, glances: list[Glance]) -> Iterator[Outcome]:
    """The model's."""
    record = Record()
    for g in glances:
        shown = sight(g.prices, g.sources, params.confirmations)
        surge = is_surge(g.volume, g.volume_sum, g.volume_count, g.least, params.surge_tenths)
        record = look(record, shown, g.stopped, surge, g.time, params)
        yield Outcome(shown, surge, record, steps_done(record, params))


def draw_params(rng: Random) -> CrisisParams:
    """Within the contract's bounds, short enough for a few looks to matter."""
    allowance = rng.choice((50, 200, 500, 500, 1_000, 5_000))
    watch = rng.randint(10, allowance)
    spacing = rng.choice((60, 300, HOUR))
    gap = rng.choice((spacing, HOUR, 6 * HOUR))
    return CrisisParams(
        confirmations=rng.choice((2, 2, 2, 3, 4)),
        watch_bps=watch,
        calm_bps=rng.randint(1, watch - 1),
        allowance_bps=allowance,
        threshold=rng.choice((500, 500, 1_000, 8_000, 200_000)) * HOUR,
        surge_bps=rng.randint(500, 2_000),
        surge_tenths=rng.choice((30, 50, 10_000)),
        surge_looks=rng.choice((2, 2, 3, 100)),
        spacing=spacing,
        max_gap=gap,
        calm_period=max(600, rng.choice((0, gap, 2 * gap))),
        recovery_period=max(HOUR, rng.choice((0, 2 * gap, 3 * gap))),
        step_interval=gap + rng.choice((0, 0, 1, spacing)),
        steps=rng.choice((1, 2, 2, 4, 100)),
        dark_period=gap + spacing + rng.choice((0, 0, gap)),
    )


def _near(rng: Random, *edges: int) -> int:
    return rng.choice(edges) + rng.choice((-1, 0, 0, 1))


def _price(rng: Random, mood: str, p: CrisisParams) -> int:
    """WAD{USD/coin}, at the thresholds' edges often."""
    unit = WAD // BPS
    match mood:
        case "peg":
            return WAD + rng.choice((0, 0, 1, -1, rng.randint(-p.calm_bps, p.calm_bps) * unit))
        case "off":
            return WAD - _near(rng, p.watch_bps * unit, p.calm_bps * unit, p.allowance_bps * unit)
        case "deep":
            return WAD - _near(rng, *(d * unit for d in (p.surge_bps, 3_000, 9_999, p.allowance_bps + 1)))
        case "up":
            return WAD + _near(rng, p.watch_bps * unit, p.calm_bps * unit, 29_900 * unit)
    return rng.choice((1, WAD * 4, 2**187, rng.randrange(1, 2 * WAD), rng.randrange(1, 2**188)))


def _prices(rng: Random, mood: str, sources: int, p: CrisisParams) -> tuple[int, ...]:
    if mood == "dead":
        return tuple(_price(rng, "peg", p) for _ in range(rng.randint(0, min(1, sources))))
    good = sources if rng.random() < 0.85 else rng.randint(0, sources)
    moods = ["wild" if mood == "torn" and i == 0 else "peg" if mood == "torn" else mood for i in range(good)]
    found = [_price(rng, m, p) for m in moods]
    rng.shuffle(found)
    return tuple(found)


def _moods(rng: Random) -> Iterator[str]:
    """A story of a coin that breaks and comes back half of the time, anything otherwise."""
    if rng.random() < 0.5:
        for mood, longest in (("peg", 2), ("deep", 6), ("peg", 9), ("off", 2), ("deep", 4), ("peg", 6)):
            yield from [mood] * rng.randint(0, longest)
    for _ in range(rng.randint(1, 5)):
        yield from [rng.choice(MOODS)] * rng.randint(1, 5)


def draw_glances(rng: Random, p: CrisisParams) -> list[Glance]:
    """A row of looks at one coin that keeps the spacing."""
    now, glances = START + rng.randrange(10**6), []
    sources = rng.choice((1, 2, 2, 3, 3, 4))
    for mood in _moods(rng):
        gap = (p.spacing, p.max_gap, p.max_gap, p.max_gap + 1, rng.randint(p.spacing, 3 * p.max_gap))
        now += max(p.spacing, rng.choice(gap))
        average = rng.choice((1, 10**6, 2**64 - 1))
        count = rng.choice((0, 23, 24, 64, 64))
        volume = rng.choice((0, average, _near(rng, average * p.surge_tenths // 10), 100 * average))
        known = (min(volume, 2**64 - 1), average * count, count) if rng.random() < 0.6 else (0, 0, 0)
        glances.append(Glance(now, sources, _prices(rng, mood, sources, p), rng.random() < 0.04, *known))
    return glances


__all__ = ["HOUR", "START", "Glance", "Outcome", "State", "draw_glances", "draw_params", "outcomes"]
