"""Drawn compositions, the nasty ones on purpose, and their wire format."""

import random
from dataclasses import dataclass

from ballast.model.emergency import Role, Stance
from ballast.units import BPS

MAX_COINS_DRAWN = 12


@dataclass(frozen=True)
class Case:
    """One composition."""

    coins: tuple[Stance, ...]
    emergency: tuple[tuple[int, ...], ...]
    cap: int

    def encode(self) -> bytes:
        words = [len(self.coins), len(self.emergency), self.cap]
        for coin in self.coins:
            words += [coin.role, coin.weight, coin.share, coin.own, coin.done, coin.steps]
        words += [weight for crisis in self.emergency for weight in crisis]
        return b"".join(word.to_bytes(2, "big") for word in words)


def decode(results: bytes, cases: list[Case]) -> list[list[int]]:
    words = iter(int.from_bytes(results[i : i + 2], "big") for i in range(0, len(results), 2))
    return [[next(words) for _ in case.coins] for case in cases]


def parts(rng: random.Random, count: int, total: int) -> list[int]:
    """`count` numbers that sum to `total`."""
    cuts = sorted(rng.randint(0, total) for _ in range(count - 1))
    return [high - low for low, high in zip([0, *cuts], [*cuts, total], strict=True)]


def draw(rng: random.Random) -> Case:
    count = rng.choice((1, 2, 3, 3, 4, 5, 5, 5, 6, 8, rng.randint(1, MAX_COINS_DRAWN)))
    weights = _weights(rng, count)
    shares = _shares(rng, weights)
    mix = rng.choice(((70, 10, 10, 10), (25, 25, 25, 25), (0, 40, 40, 20), (0, 0, 1, 0), (50, 20, 30, 0)))
    roles = rng.choices(list(Role), mix, k=count)
    coins = tuple(
        _stance(rng, role, weight, share) for role, weight, share in zip(roles, weights, shares, strict=True)
    )
    emergency = tuple(_plan(rng, i, weights) for i in range(count) if roles[i] is Role.CUT)
    return Case(coins, emergency, rng.choice((BPS, 7_000, 7_000, 4_000, 2_000, rng.randint(2_000, BPS))))


def _stance(rng: random.Random, role: Role, weight: int, share: int) -> Stance:
    if role is not Role.RETURNING:
        return Stance(role, weight, share)
    steps = rng.randint(1, 100)
    return Stance(
        role, weight, share, rng.choice((0, weight // 2, weight, 3_000)), rng.randint(0, steps), steps
    )


def _weights(rng: random.Random, count: int) -> list[int]:
    """What a calculator says: sum 10,000; some 0."""
    kind = rng.randrange(4)
    if kind == 0:
        return [BPS // count] * (count - 1) + [BPS - BPS // count * (count - 1)]
    drawn = parts(rng, count, BPS)
    if kind == 1:  # what one has is another's
        at, to = rng.randrange(count), rng.randrange(count)
        drawn[to], drawn[at] = (drawn[to] + drawn[at], 0) if at != to else (drawn[to], drawn[at])
    return drawn


def _shares(rng: random.Random, weights: list[int]) -> list[int]:
    """On target, near it, anywhere, or nothing; rounded down, and maybe of coins that left, too."""
    kind = rng.randrange(6)
    if kind == 0:
        return list(weights)
    if kind == 1:  # an empty fund, or no prices
        return [0] * len(weights)
    if kind == 2:  # near the targets
        return [max(0, weight - rng.randint(0, 30)) for weight in weights]
    drawn = parts(rng, len(weights), BPS - rng.choice((0, 1, 4, 2_000)))
    if kind == 3:  # a price is missing
        drawn[rng.randrange(len(drawn))] = 0
    return drawn


def _plan(rng: random.Random, asset: int, weights: list[int]) -> tuple[int, ...]:
    """Emergency weights of the coin at `asset`: the default, drawn ones, or what a removal left of some."""
    kind = rng.randrange(4)
    if kind == 0:
        return tuple(0 if i == asset else weight for i, weight in enumerate(weights))
    plan = parts(rng, len(weights), BPS)
    if kind == 1:
        plan[rng.randrange(len(plan))] = 0
    return tuple(plan)


def plan_for(
    rng: random.Random, asset: int, weights: list[int], leaning: set[int], cap: int
) -> list[int] | None:
    """A plan that the setter takes, if there is one."""
    plan = [rng.randint(0, weight) for weight in weights]
    plan[asset] = rng.randrange(weights[asset]) if weights[asset] else 0
    for i in rng.sample(range(len(weights)), len(weights)):
        if i not in leaning and i != asset:
            plan[i] += min(BPS - sum(plan), max(0, max(cap, weights[i]) - plan[i]))
    return plan if sum(plan) == BPS else None
