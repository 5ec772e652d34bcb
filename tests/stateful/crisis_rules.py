"""Rules of crises: coins leave their pegs and come back, anybody looks and flees, the switch trips.

Most take several actions, so that a run gets from a first look to a fill in an emergency and back again.
"""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.stateful import authority, crisis, investors, keepers, market
from tests.stateful.draws import ANYBODY, BAD_MODES, COIN, HOLDER, HOSTILE_TRADES, JUMP, POOL_TRADES
from tests.stateful.driver import HOUR, Driver
from tests.stateful.world import Outcome

CONFIRMED: Final = st.sampled_from((0, 0, 1, 1, 2, 3))  # coins with sources enough for a crisis
SOURCE: Final = st.integers(0, 2)
DEEP: Final = st.integers(700, 3_000)  # bps below $1
ANYWHERE: Final = st.one_of(st.integers(-4_000, -500), st.integers(-400, 400), st.integers(500, 3_000))
LOOKS: Final = st.integers(1, 4)
GAPS: Final = st.sampled_from((300, 300, 1_800, HOUR, HOUR, 3 * HOUR))
PARTS: Final = st.lists(st.integers(0, 10), min_size=5, max_size=5)
PATIENT: Final = st.sampled_from((0, 0, 600, 1_200))  # s into the public fill's auction
TRICKS: Final = st.sampled_from((0, 0, 0, 0, 1, 2, 6, 10, 10))
SPACING: Final = 300  # s between two looks


class CrisisRules(Driver):
    """Beside the rules of quiet times."""

    # -- looks

    @rule(who=ANYBODY, coin=COIN)
    def anyone_looks(self, who: int, coin: int) -> None:
        self.do(crisis.observe, who, coin)

    @rule(who=ANYBODY, coin=COIN, looks=LOOKS, gap=GAPS)
    def looks_go_on(self, who: int, coin: int, looks: int, gap: int) -> None:
        for _ in range(looks):
            self.do(crisis.observe, who, coin, gap)

    @rule(coin=COIN, source=SOURCE, off=ANYWHERE, looks=LOOKS)
    def source_strays(self, coin: int, source: int, off: int, looks: int) -> None:
        """One source alone: it may bring its coin nowhere near a crisis, however often it is looked at."""
        self.do(market.stray, coin, source, off)
        self.looks_pass(coin, looks, HOUR)

    @rule(coin=COIN, source=SOURCE, mode=st.sampled_from(BAD_MODES), looks=LOOKS)
    def source_breaks(self, coin: int, source: int, mode: str, looks: int) -> None:
        self.do(market.break_feed, coin, mode, source)
        self.looks_pass(coin, looks, HOUR)

    @rule(coin=COIN, off=ANYWHERE, looks=LOOKS, gap=GAPS)
    def coin_drifts(self, coin: int, off: int, looks: int, gap: int) -> None:
        self.do(market.move_feed, "coin drifts", coin, off)
        self.looks_pass(coin, looks, gap)

    @rule(coin=CONFIRMED, deep=DEEP, who=ANYBODY, looks=LOOKS)
    def coin_falls_and_comes_back(self, coin: int, deep: int, who: int, looks: int) -> None:
        self.fall(coin, deep, who)
        self.do(market.move_feed, "coin drifts", coin, 0)
        self.looks_pass(coin, 2 + looks, HOUR)

    # -- volumes

    @rule(
        coins=st.lists(COIN, min_size=1, max_size=3, unique=True),
        tenths=st.sampled_from((0, 5, 10, 40, 100, 101)),
    )
    def reporter_tells_volumes(self, coins: list[int], tenths: int) -> None:
        self.do(crisis.report_volumes, coins, tenths)

    @rule(coin=st.sampled_from((0, 3)), deep=st.integers(-100, 2_500), alone=st.booleans())
    def panic(self, coin: int, deep: int, alone: bool) -> None:
        """Volume surges while the coin falls, on all its sources or on one."""
        self.do(crisis.report_volumes, [coin], 60, 600)
        if alone:
            self.do(market.stray, coin, 0, -deep)
        else:
            self.do(market.move_feed, "coin drifts", coin, -deep)
        self.looks_pass(coin, 3, SPACING)

    # -- emergencies

    @rule(who=ANYBODY, coin=COIN)
    def outsider_flees(self, who: int, coin: int) -> None:
        """Whatever the coin's state is."""
        self.do(crisis.flee, who, coin)

    @rule(coin=CONFIRMED, deep=DEEP, who=ANYBODY)
    def honest_keeper_meets_a_crisis(self, coin: int, deep: int, who: int) -> None:
        self.crisis_of(coin, deep, who)
        for _ in range(2):
            self.honest_fill()

    @rule(coin=CONFIRMED, deep=DEEP, who=ANYBODY, trades=POOL_TRADES, wait=PATIENT)
    def public_fills_through_pools(
        self, coin: int, deep: int, who: int, trades: list[tuple[int, bool, int]], wait: int
    ) -> None:
        self.crisis_of(coin, deep, who)
        self.emergency_fill(wait, keepers.public_fill, who, trades)

    @rule(coin=COIN, who=ANYBODY, trades=HOSTILE_TRADES, trick=TRICKS, wait=PATIENT)
    def public_fills_at_the_floor(
        self, coin: int, who: int, trades: list[tuple[int, int, int, int]], trick: int, wait: int
    ) -> None:
        """In an emergency that the guardian has opened."""
        self.guardian_opens(coin)
        for _ in range(2):
            self.emergency_fill(wait, keepers.hostile_public_fill, who, trades, trick)

    @rule(
        coin=st.integers(0, 1), who=ANYBODY, part=st.integers(100, 900), terms=st.sampled_from((500, 9_000))
    )
    def public_takes_part_in_a_flight(self, coin: int, who: int, part: int, terms: int) -> None:
        """On a market at rest, so that somebody without a role does fill an emergency."""
        self.calm()
        self.guardian_opens(coin)
        pool = keepers.fit_pool(self.world, self.seen)
        self.do(market.move_pool, pool, 0)
        self.emergency_fill(1_200, keepers.public_fill, who, [(pool, True, part // 3)])
        for _ in range(2):
            self.emergency_fill(60, keepers.hostile_public_fill, who, [(0, 0, part, terms)], 0)

    @rule(coin=CONFIRMED, deep=DEEP, who=ANYBODY, trades=HOSTILE_TRADES, trick=TRICKS)
    def stolen_keeper_in_a_crisis(
        self, coin: int, deep: int, who: int, trades: list[tuple[int, int, int, int]], trick: int
    ) -> None:
        self.crisis_of(coin, deep, who)
        self.emergency_fill(0, keepers.hostile_fill, trades, trick)
        self.emergency_fill(0, keepers.hostile_fill, trades, 0)

    @rule(coin=COIN, trades=POOL_TRADES, terms=st.sampled_from((0, 500, 2_000)), turns=st.integers(2, 5))
    def stolen_keeper_drains_both_budgets(
        self, coin: int, trades: list[tuple[int, bool, int]], terms: int, turns: int
    ) -> None:
        """Ordinary fills at the floor until the guardian's word, then emergency ones."""
        self.calm()
        self.stir(0, coin, 500)
        self.fill(keepers.hostile_fill, [(0, 0, 900, terms)], 0)
        self.guardian_opens(coin)
        for _ in range(turns):
            self.emergency_fill(0, keepers.hostile_fill, [(0, 0, 400, terms)], 0)
        self.emergency_fill(0, keepers.pool_fill, trades)

    @rule(who=ANYBODY, trades=HOSTILE_TRADES)
    def public_fill_in_any_state(self, who: int, trades: list[tuple[int, int, int, int]]) -> None:
        self.do(keepers.hostile_public_fill, who, trades, 0)

    # -- who may stop and start

    @rule(coin=COIN)
    def guardian_flees(self, coin: int) -> None:
        self.do(crisis.guardian_flees, coin)

    @rule(coin=COIN)
    def guardian_pauses_an_emergency(self, coin: int) -> None:
        """Nothing trades, the exit stays open."""
        self.guardian_opens(coin)
        self.do(authority.guard, 0, coin)
        self.emergency_fill(0, keepers.public_fill, 0, [(0, True, 100)])
        self.do(keepers.hostile_fill, [(0, 0, 100, 0)], 0)
        self.do(investors.withdraw, 0, 1_000, 1)

    @rule(coin=COIN, looks=LOOKS)
    def curator_releases(self, coin: int, looks: int) -> None:
        """The coin is on its way back when the next rule begins."""
        self.do(crisis.release, coin)
        self.do(market.pass_time, looks * HOUR, True)

    @rule(coin=COIN, parts=PARTS, own=st.sampled_from((0, 0, 0, 1)))
    def curator_plans(self, coin: int, parts: list[int], own: int) -> None:
        self.do(crisis.plan_crisis, coin, [own * p if i == coin else p for i, p in enumerate(parts)])

    @rule(coin=COIN, parts=PARTS, by=JUMP, suspect=st.integers(2, 4))
    def curator_plans_during_a_session(self, coin: int, parts: list[int], by: int, suspect: int) -> None:
        """An ordinary session is open, a coin is on watch, and a plan announced before comes true."""
        parts = [0 if i == coin else part for i, part in enumerate(parts)]
        self.do(crisis.announce_plan, coin, parts)
        self.calm()
        self.do(market.move_feed, "coin drifts", suspect, -100)
        self.do(crisis.observe, 0, suspect, SPACING)
        self.do(market.move_feed, "coin drifts", suspect, 0)
        for _ in range(2):
            self.move(0, coin, by)
        self.do(keepers.open_session, 0)
        self.do(crisis.plan_crisis, coin, parts)
        self.honest_fill()

    # -- the kill switch

    @rule(who=ANYBODY, wait=st.sampled_from((0, 900, 900)))
    def anyone_writes_a_checkpoint(self, who: int, wait: int) -> None:
        self.do(crisis.checkpoint, who, wait)

    @rule(who=ANYBODY, coin=st.sampled_from((0, 1, 1, 3)), deep=st.integers(200, 2_000), alone=st.booleans())
    def fund_falls(self, who: int, coin: int, deep: int, alone: bool) -> None:
        """On all sources of a coin, or on one, which must trip nothing."""
        self.do(crisis.checkpoint, who, 900)
        if alone:
            self.do(market.stray, coin, 0, -deep)
        else:
            self.do(market.move_feed, "coin drifts", coin, -deep)
        self.do(crisis.trip, who)
        self.do(keepers.hostile_fill, [(0, 0, 500, 0)], 0)

    # -- entering

    @rule(
        coin=COIN,
        deep=st.integers(100, 400),
        who=HOLDER,
        dollars=st.integers(1, 20_000),
        looks=st.integers(1, 2),
    )
    def excess_in_a_coin_on_watch(self, coin: int, deep: int, who: int, dollars: int, looks: int) -> None:
        self.do(market.move_feed, "coin drifts", coin, -deep)
        self.looks_pass(coin, looks, SPACING)
        self.do(market.move_feed, "coin drifts", coin, 0)
        self.do(investors.contribute_excess, who, 10, {coin: dollars})

    # -- what the rules are made of

    def looks_pass(self, coin: int, looks: int, gap: int) -> None:
        for _ in range(looks):
            self.do(crisis.observe, 0, coin, gap)

    def fall(self, coin: int, deep: int, who: int) -> None:
        """The coin falls on every source and in every pool, and is looked at until that is a crisis."""
        self.mend()
        self.do(market.depeg, coin, -deep)
        self.until_crisis(coin, who)

    def crisis_of(self, coin: int, deep: int, who: int) -> None:
        """A confirmed crisis, fled by whoever comes first."""
        self.let_trade()
        if not self.seen.in_emergency:
            self.fall(coin, deep, who)
            self.do(crisis.flee, who, coin)

    def let_trade(self) -> None:
        """A guardian's pause would stop an emergency too."""
        if self.seen["setting", "brain paused"]:
            self.resume()

    def guardian_opens(self, coin: int) -> None:
        """An emergency by the guardian's word."""
        self.let_trade()
        if not self.seen.in_emergency:
            self.do(crisis.guardian_flees, coin)

    def emergency_fill(self, wait: int, action: Callable[..., Outcome], *args: Any) -> None:
        """`wait` seconds into the public fills' auction."""
        if wait and self.seen.in_emergency:
            self.do(market.pass_time, wait, True)
        self.do(action, *args)
