"""What a campaign's rules are written with: an action with its judging, and the mending between actions."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine

from ballast.model.crisis import State
from ballast.model.rebalance import Reason
from tests.stateful import (
    authority,
    crisis,
    crisis_invariants,
    emergency_invariants,
    fill_invariants,
    invariants,
    keepers,
    market,
)
from tests.stateful.judge import FILLS, Memory, Step, Tally, judge
from tests.stateful.observe import Observer
from tests.stateful.world import Outcome, World

# Imported for the checks they enter.
INVARIANTS: Final = (invariants, fill_invariants, crisis_invariants, emergency_invariants)
HOUR: Final = 3_600
FEW_LOOKS: Final = 4  # as far as a crisis is from a coin that is down
LONGEST_WAY_BACK: Final = 9  # looks from a crisis to SOUND
HONEST_TURNS: Final = 8


class Driver(RuleBasedStateMachine):
    """One run; `world`, `observer` and `tally` are the session's."""

    world: World
    observer: Observer
    tally: Tally

    def __init__(self) -> None:
        super().__init__()
        self.world.begin()
        self.seen = self.observer.look()
        self.memory = Memory.begin(self.seen)

    def do(self, action: Callable[..., Outcome], *args: Any) -> Outcome:
        """Acts, looks, judges."""
        before = self.seen
        outcome = action(self.world, before, *args)
        self.seen = self.observer.look()
        self.tally.count(outcome)
        note(f"  {outcome.kind}{args}: {outcome.refusal.name if outcome.refusal else 'accepted'}")
        judge(Step(self.world, before, outcome, self.seen, self.memory), self.tally)
        return outcome

    # -- what lets a rebalance run

    def calm(self) -> None:
        """Mends what stands in a rebalance's way."""
        if any(value for key, value in self.seen.answers.items() if key[0].startswith(("paused", "frozen"))):
            self.do(market.thaw)
        self.resume()
        ill = [coin for coin in self.seen.coins if self.seen.states[coin] is not State.SOUND]
        if self.seen["verdict"][1] == Reason.CRISIS or len(ill) > 1:
            self.heal()
        if self.seen["stale"]:
            self.do(keepers.report, 0, 0, 0)
            for _ in range(2):
                self.do(keepers.sample_supply, 0, 4)
                self.do(market.mine, 6)
            self.do(keepers.sample_supply, 0, 4)
        if self.seen["verdict"][1] == Reason.COOLDOWN:
            self.do(market.pass_time, 3_600, True)
        self.mend()
        if self.seen["verdict"][1] == Reason.GAS_TOO_HIGH:
            self.do(market.raise_gas, 1)

    def mend(self) -> None:
        """Every price is there again."""
        if not all(quote.status == 1 for quote in self.seen.quotes):
            self.do(market.mend_feeds)

    def heal(self) -> None:
        """Every coin is worth a dollar again, no guardian's word holds, and looks see it for hours."""
        if self.seen["setting", "halted"]:
            self.resume()
        self.mend()
        for coin in self.seen.coins:
            if self.seen.is_forced(coin):
                self.do(crisis.release, coin)
            if self.seen.states[coin] is not State.SOUND:
                self.do(market.depeg, coin, 0)
        for _ in range(LONGEST_WAY_BACK):
            unsound = [coin for coin in self.seen.coins if self.seen.states[coin] is not State.SOUND]
            if not unsound:
                return
            for turn, coin in enumerate(unsound):
                self.do(crisis.observe, 0, coin, 0 if turn else HOUR)

    def until_crisis(self, coin: int, who: int) -> None:
        """Looks at a coin that is far down, an hour apart."""
        for _ in range(FEW_LOOKS):
            if self.seen.states[coin] is State.CRISIS:
                return
            self.do(crisis.observe, who, coin, HOUR)

    def resume(self) -> None:
        """The curator lets go on what the guardian or the switch stopped."""
        if self.seen["setting", "halted"]:
            self.do(authority.curate, 0, 0)
        if self.seen["setting", "vault paused"]:
            self.do(authority.curate, 1, 0)
        for coin, token in enumerate(self.world.tokens):
            if self.seen["setting", "sources", token][3]:
                self.do(authority.curate, 2, coin)

    def stir(self, how: int, coin: int, by: int) -> None:
        """Gives a rebalance a cause, unless there is one; where suspect coins stand in its way, once more."""
        if not self.seen["verdict"][0]:
            self.move(how, coin, by)
        if not self.seen["verdict"][0] and not self.seen["all sound"]:
            self.heal()
            self.move(how, coin, by)

    def move(self, how: int, coin: int, by: int) -> None:
        """Caps move, or a coin or just its feed does."""
        if how == 0:
            self.do(market.pass_time, 14_400, True)
            self.do(keepers.report, coin % 2, 990 if by > 0 else -990, 0)
        elif how == 1:
            self.do(market.depeg, coin, by)
        else:
            self.do(market.move_feed, "feed jumps", coin, by)

    def honest_fill(self) -> None:
        """The keeper's turn until it fills or waits."""
        self.keeper_turn(keepers.honest_fill)

    def keeper_turn(self, action: Callable[..., Outcome], *args: Any) -> None:
        """Looks, flights and checkpoints come before a fill."""
        for _ in range(HONEST_TURNS):
            done = self.fill(action, *args)
            if done.kind in FILLS or done.kind == "keeper waits":
                return
            for token in done.notes["assets"][1:] if done.kind == "honest look" else ():
                self.do(crisis.observe, 0, self.world.tokens.index(token))

    def fill(self, action: Callable[..., Outcome], *args: Any) -> Outcome:
        """A fill when the interval since the last one has passed."""
        if self.seen["time"] < self.seen["session"][5] + 60:
            self.do(market.mine, 5)
        return self.do(action, *args)
