"""Drawn cases of the weights, the nasty ones on purpose, and their wire format."""

import random
from dataclasses import dataclass, replace

from ballast.units import BPS

MAX_COINS_DRAWN = 50


@dataclass(frozen=True)
class Case:
    caps: tuple[int, ...]
    minimums: tuple[int, ...]
    maximums: tuple[int, ...]
    keys: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.caps)

    def encode(self) -> bytes:
        words = [len(self)]
        for cap, low, high, key in zip(self.caps, self.minimums, self.maximums, self.keys, strict=True):
            words += [cap, packed_coin(key, low, high)]
        return b"".join(word.to_bytes(32, "big") for word in words)

    def permuted(self, order: list[int]) -> "Case":
        return Case(*(tuple(values[i] for i in order) for values in self.columns()))

    def columns(self) -> tuple[tuple[int, ...], ...]:
        return self.caps, self.minimums, self.maximums, self.keys

    def with_cap(self, position: int, cap: int) -> "Case":
        return replace(self, caps=(*self.caps[:position], cap, *self.caps[position + 1 :]))


def packed_coin(key: int, low: int, high: int) -> int:
    return key | low << 160 | high << 176


def decode(results: bytes, cases: list[Case]) -> list[list[int]]:
    weights, at = [], 0
    for case in cases:
        raw = results[at : at + 2 * len(case)]
        weights.append([raw[i] << 8 | raw[i + 1] for i in range(0, len(raw), 2)])
        at += 2 * len(case)
    return weights


def draw(rng: random.Random, max_cap: int) -> Case:
    count = rng.choice((3, 3, 4, 5, 5, 6, 8, 10, 10, 15, 20, rng.randint(3, MAX_COINS_DRAWN)))
    minimums, maximums = _bounds(rng, count)
    caps = [min(cap, max_cap) for cap in _caps(rng, count, max_cap)]
    keys = rng.sample(range(1, 1 << 20), count) if rng.random() < 0.5 else _addresses(rng, count)
    return Case(tuple(caps), tuple(minimums), tuple(maximums), tuple(keys))


def _addresses(rng: random.Random, count: int) -> list[int]:
    return [rng.getrandbits(160) for _ in range(count)]


def _caps(rng: random.Random, count: int, max_cap: int) -> list[int]:
    kind = rng.randrange(8)
    if kind == 0:  # as on the market: whole USD x score x tilts
        return [int(2e11 / (i + 1) ** 1.2) * rng.randint(500, 1000) * 10**8 for i in range(count)]
    if kind == 1:
        return [rng.choice((1, 7, 10**9, max_cap // 3))] * count
    if kind == 2:  # one giant
        caps = [rng.randint(0, 1000) for _ in range(count)]
        caps[rng.randrange(count)] = max_cap
        return caps
    if kind == 3:  # zeros, sometimes nothing else
        alive = rng.random()
        return [rng.randint(1, 10**12) if rng.random() < alive * 0.5 else 0 for _ in range(count)]
    if kind == 4:  # few values: ties
        return [rng.choice((1, 2, 3)) for _ in range(count)]
    if kind == 5:  # extreme ratios
        return [rng.getrandbits(rng.randint(1, max_cap.bit_length())) for _ in range(count)]
    if kind == 6:
        return [0] * count
    return [rng.randint(0, 10**6) for _ in range(count)]


def _bounds(rng: random.Random, count: int) -> tuple[list[int], list[int]]:
    kind = rng.randrange(6)
    if kind == 0:  # none binds
        return [0] * count, [BPS] * count
    if kind == 1 and count * 500 <= BPS <= count * 4000:
        return [500] * count, [4000] * count
    if kind == 2:  # minima that just meet, or nearly
        minimums = _parts(rng, count, BPS - rng.choice((0, 1, 5)))
        maximums = [low + rng.choice((0, 1, 50, BPS)) for low in minimums]
        if sum(maximums) < BPS:
            maximums[rng.randrange(count)] = BPS
        return minimums, maximums
    if kind == 3:  # maxima that just meet, or nearly
        maximums = _parts(rng, count, BPS + rng.choice((0, 1, 5)))
        return [rng.randint(0, high) if rng.random() < 0.5 else 0 for high in maximums], maximums
    # different for each coin, round a feasible point
    point = _parts(rng, count, BPS)
    spread = rng.choice((0, 3, 100, 3000))
    return (
        [max(0, weight - rng.randint(0, spread)) for weight in point],
        [min(BPS, weight + rng.randint(0, spread)) for weight in point],
    )


def _parts(rng: random.Random, count: int, total: int) -> list[int]:
    cuts = sorted(rng.randint(0, total) for _ in range(count - 1))
    return [high - low for low, high in zip([0, *cuts], [*cuts, total], strict=True)]
