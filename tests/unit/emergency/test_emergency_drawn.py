"""Plans and groups set in one index, judged in another: the answer is always valid and the model's."""

import random
from typing import Any

import pytest
from eth_utils import to_checksum_address

from ballast.model import emergency as model
from ballast.model.crisis import State
from ballast.model.emergency import DEFAULT
from ballast.model.rebalance import values_of
from ballast.units import BPS, WAD
from tests.profiles import PROFILE
from tests.unit.emergency.conftest import DIVERGED, GOOD, INVALID, ZERO, World
from tests.unit.emergency.drawing import parts, plan_for

SEED = 7621
UNIVERSE = [to_checksum_address(f"0x{i:040x}") for i in range(0xC1, 0xC9)]
STEP, STEPS = 12 * 3_600, 4  # s and steps as the mock detector has them
CAP, BAND = DEFAULT.cap_bps, DEFAULT.settle_band_bps
NOT_SOUND = (State.WATCH, State.CRISIS, State.CRISIS, State.RECOVERING, State.DARK)


class Drawn:
    """One drawn history of an index, written to the chain and kept beside it."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng = world, rng
        self.weights: dict[str, int] = {}
        self.plans: dict[str, dict[str, int]] = {}
        self.groups: dict[str, set[str]] = {}
        self.forced: set[str] = set()
        self.released: dict[str, int] = {}

    def choose_coins(self) -> None:
        coins = self.rng.sample(UNIVERSE, self.rng.randint(3, len(UNIVERSE)))
        self.weights = dict(zip(coins, parts(self.rng, len(coins), BPS), strict=True))
        self.world.aim(self.weights)

    def set_plans(self) -> None:
        coins, weights = list(self.weights), list(self.weights.values())
        for asset, coin in enumerate(coins):
            leaning = {i for i in range(len(coins)) if i != asset and self.rng.random() < 0.2}
            if leaning:
                self.groups[coin] = {coins[i] for i in leaning}
                self.world.group(coin, *self.groups[coin])
            plan = plan_for(self.rng, asset, weights, leaning, CAP) if self.rng.random() < 0.7 else None
            if plan:
                self.plans[coin] = {c: w for c, w in zip(coins, plan, strict=True) if w}
                self.world.plan(coin, self.plans[coin])

    def speak(self) -> None:
        """A guardian forces some coins; the curator takes some of that back, at different times."""
        for coin in self.weights:
            if self.rng.random() < 0.3:
                self.world.force(coin)
                self.forced.add(coin)
        for coin in sorted(self.forced):
            if self.rng.random() < 0.6:
                self.forced.remove(coin)
                self.released[coin] = self.world.release(coin).timestamp
                self.world.wait(self.rng.randrange(STEP))

    def judge(self) -> tuple[list[State], list[int]]:
        """The detector's word on every coin."""
        states = [self.rng.choice(NOT_SOUND) if self.rng.random() < 0.4 else State.SOUND for _ in UNIVERSE]
        done = [self.rng.randrange(STEPS) if s is State.RECOVERING else 0 for s in states]
        self.world.detector.setAll(UNIVERSE, states, done, sender=self.world.owner)
        return states, done

    def hold(self) -> dict[str, int]:
        """Drawn holdings at drawn prices; the share of each coin, bps."""
        held = self.rng.sample(UNIVERSE, self.rng.randint(1, len(UNIVERSE)))
        reserves = [self.rng.choice((0, self.rng.randrange(10**12))) for _ in held]
        self.world.basket.set(held, reserves, [10**12] * len(held), sender=self.world.owner)
        mids = dict.fromkeys(UNIVERSE, WAD)
        for coin in self.rng.sample(UNIVERSE, 3):
            low, status = self.rng.randrange(WAD // 2, WAD), self.rng.choice((GOOD, DIVERGED, INVALID))
            high = low + self.rng.randrange(WAD // 10)
            self.world.oracle.set(coin, low, high, status, sender=self.world.owner)
            mids[coin] = 0 if status == INVALID else (low + high) // 2
        values, total = values_of(reserves, [10**12] * len(held), [mids[coin] for coin in held])
        return {c: v * BPS // max(1, total) for c, v in zip(held, values, strict=True)}

    def situations(self, states: list[State], done: list[int], shares: dict[str, int]) -> list[Any]:
        coins, now = list(self.weights), self.world.now()
        found = []
        for coin in coins:
            at = UNIVERSE.index(coin)
            since = self.released.get(coin)
            plan = self.plans.get(coin)
            found.append(
                model.Situation(
                    self.weights[coin],
                    shares.get(coin, 0),
                    states[at],
                    (done[at], STEPS),
                    coin in self.forced,
                    (0, 0) if since is None else (min(STEPS, (now - since) // STEP), STEPS),
                    plan and tuple(plan.get(c, 0) for c in coins),
                    frozenset(i for i, c in enumerate(coins) if c in self.groups.get(coin, ())),
                )
            )
        return found


@pytest.mark.parametrize("seed", range(PROFILE.examples))
def test_weights__everything_changed_since__valid_and_the_models(world, seed):
    drawn = Drawn(world, random.Random(SEED * 1_000 + seed))
    drawn.choose_coins()
    drawn.set_plans()
    drawn.speak()
    drawn.choose_coins()
    world.wait(drawn.rng.randrange(STEPS * STEP))
    states, done = drawn.judge()
    shares = drawn.hold()
    found = drawn.situations(states, done, shares)
    weights = world.weights()  # checks the sum
    assert list(weights) == list(drawn.weights)
    assert list(weights.values()) == model.targets(found, CAP)
    due = model.first_due(found, list(weights.values()), BAND)
    assert world.index.emergencyDue() == (ZERO if due is None else list(weights)[due])
