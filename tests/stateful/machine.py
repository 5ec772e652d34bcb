"""The campaign: Hypothesis draws actions, every one of them is judged by every invariant.

A rule may take several actions. Rules of equal weight alone would leave most of a run paused, stale or in
cooldown; `calm` mends what stands in a rebalance's way, `stir` gives one a cause, each by ordinary actions.
"""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.stateful import authority, investors, keepers, market
from tests.stateful.crisis_rules import CrisisRules
from tests.stateful.draws import (
    ANYBODY,
    BAD_MODES,
    COIN,
    DOLLARS,
    HOLDER,
    HOSTILE_TRADES,
    INVESTOR,
    JUMP,
    PERMILLE,
    POOL,
    POOL_TRADES,
)

USDC_USDT: Final = 0  # their deepest pool
ENTERS: Final = keepers.TRICKS.index("enters everywhere")
WAITS: Final = (1, 60, 600, 3_600, 7_200, 21_600, 86_400, 260_000, 700_000)


class Campaign(CrisisRules):
    """The rules of quiet times, beside those of crises."""

    @initialize(quiet=st.integers(0, 5), crisis=st.integers(0, 4), coin=st.integers(0, 1), by=JUMP)
    def opening_scene(self, quiet: int, crisis: int, coin: int, by: int) -> None:
        """A run begins with fills on a market that is at rest, and with a crisis, so that some go through."""
        self.quiet_scene(quiet, coin, by)
        deep = 1_000 + abs(by)
        (
            lambda: None,
            lambda: self.honest_keeper_meets_a_crisis(coin, deep, 0),
            lambda: self.public_fills_through_pools(coin, deep, 0, [(USDC_USDT, True, 300)], 1_200),
            lambda: self.fund_falls(0, coin, deep, False),
            lambda: self.public_takes_part_in_a_flight(coin, 4, 500, 500),
        )[crisis]()

    def quiet_scene(self, scene: int, coin: int, by: int) -> None:
        """Each kind of fill, once."""
        if scene == 5:
            self.keeper_bleeds_the_fund(coin, by, 0)
        elif scene:
            self.stir(0, coin, by)
            (
                self.honest_fill,
                lambda: self.keeper_turn(keepers.partial_fill, 500, 3),
                lambda: self.pool_fill_towards_the_targets(300),
                lambda: self.fill(keepers.hostile_fill, [(0, 0, 500, 0)], ENTERS),
            )[scene - 1]()

    # -- holders

    @rule(who=HOLDER, part=st.integers(0, 800))
    def contribute_in_kind(self, who: int, part: int) -> None:
        self.do(investors.contribute_proportional, who, part)

    @rule(who=HOLDER, part=st.integers(0, 200), extra=st.dictionaries(COIN, DOLLARS, min_size=1, max_size=3))
    def contribute_excess(self, who: int, part: int, extra: dict[int, int]) -> None:
        self.do(investors.contribute_excess, who, part, extra)

    @rule(who=INVESTOR, part=st.sampled_from((0, 0, 1, 137, 5_000, 10_000)), dust=st.integers(0, 10**9))
    def withdraw(self, who: int, part: int, dust: int) -> None:
        self.do(investors.withdraw, who, part, dust)

    @rule(who=INVESTOR, more=st.integers(1, 10**30))
    def withdraw_too_much(self, who: int, more: int) -> None:
        self.do(investors.withdraw_too_much, who, more)

    @rule(who=INVESTOR, to=ANYBODY, part=st.integers(0, 10_000))
    def transfer_shares(self, who: int, to: int, part: int) -> None:
        self.do(investors.transfer_shares, who, to, part)

    @rule(who=INVESTOR, coin=COIN, dollars=DOLLARS)
    def donate(self, who: int, coin: int, dollars: int) -> None:
        self.do(investors.donate, who, coin, dollars)

    @rule(who=INVESTOR, coin=COIN)
    def claim(self, who: int, coin: int) -> None:
        self.do(investors.claim, who, coin)

    @rule(who=INVESTOR, symbol=st.sampled_from(("USDC", "USDT")), part=st.integers(1, 10_000))
    def leave_while_frozen_and_claim(self, who: int, symbol: str, part: int) -> None:
        self.do(market.freeze, symbol, self.world.vault)
        self.do(investors.withdraw, who, part, 1)
        self.do(investors.claim, who, 0)
        self.do(market.thaw)
        self.do(investors.claim, who, 0)

    # -- the market

    @rule(coin=COIN, off=st.integers(-50, 50))
    def feed_wavers(self, coin: int, off: int) -> None:
        self.do(market.move_feed, "move feed", coin, off)

    @rule(coin=COIN, off=JUMP)
    def feed_jumps(self, coin: int, off: int) -> None:
        self.do(market.move_feed, "feed jumps", coin, off)

    @rule(coin=COIN, mode=st.sampled_from(BAD_MODES))
    def feed_breaks(self, coin: int, mode: str) -> None:
        self.do(market.break_feed, coin, mode)

    @rule(pool=POOL, off=st.integers(-150, 150))
    def pool_moves(self, pool: int, off: int) -> None:
        self.do(market.move_pool, pool, off)

    @rule(who=HOLDER, coin=COIN, dollars=st.integers(1, 20_000_000), up=st.booleans())
    def issuer_mints_or_burns(self, who: int, coin: int, dollars: int, up: bool) -> None:
        self.do(market.mint, who, coin, dollars)
        if not up:
            self.do(market.burn, coin, dollars)

    @rule(symbol=st.sampled_from(("USDC", "USDT")), who=st.integers(0, 6))
    def issuer_stops(self, symbol: str, who: int) -> None:
        if who == 6:
            self.do(market.pause, symbol)
        else:
            self.do(market.freeze, symbol, (*self.world.holders, self.world.vault)[who])

    @rule(seconds=st.sampled_from(WAITS), keep_feeds=st.sampled_from((True, True, True, False)))
    def time_passes(self, seconds: int, keep_feeds: bool) -> None:
        self.do(market.pass_time, seconds, keep_feeds)

    @rule(gwei=st.integers(0, 200))
    def gas_moves(self, gwei: int) -> None:
        self.do(market.raise_gas, gwei)

    # -- market data and sessions

    @rule(coin=COIN, cap=PERMILLE, score=PERMILLE)
    def report(self, coin: int, cap: int, score: int) -> None:
        self.do(keepers.report, coin, cap, score)

    @rule(coin=COIN, cap=st.integers(0, 2**100), score=st.integers(0, 2_000))
    def report_nonsense(self, coin: int, cap: int, score: int) -> None:
        self.do(keepers.report_nonsense, coin, cap, score)

    @rule(who=INVESTOR, coin=st.sampled_from((4, 4, 4, 0)))
    def sample_supply(self, who: int, coin: int) -> None:
        self.do(keepers.sample_supply, who, coin)

    @rule(who=ANYBODY, how=st.integers(0, 2), coin=COIN, by=JUMP)
    def session_opens(self, who: int, how: int, coin: int, by: int) -> None:
        self.calm()
        self.stir(how, coin, by)
        self.do(keepers.open_session, who)

    @rule(who=ANYBODY)
    def session_closes(self, who: int) -> None:
        self.do(keepers.close_session, who)

    # -- fills

    @rule(how=st.integers(0, 2), coin=COIN, by=JUMP)
    def honest_fills(self, how: int, coin: int, by: int) -> None:
        self.calm()
        self.stir(how, coin, by)
        self.honest_fill()

    @rule(how=st.integers(0, 1), coin=COIN, by=JUMP, part=st.integers(1, 1_000), first=st.integers(1, 4))
    def partial_fills(self, how: int, coin: int, by: int, part: int, first: int) -> None:
        self.calm()
        self.stir(how, coin, by)
        self.keeper_turn(keepers.partial_fill, part, first)

    @rule(how=st.integers(0, 2), coin=COIN, by=JUMP, trades=POOL_TRADES)
    def fills_through_pools(self, how: int, coin: int, by: int, trades: list[tuple[int, bool, int]]) -> None:
        self.calm()
        self.stir(how, coin, by)
        self.fill(keepers.pool_fill, trades)

    @rule(how=st.integers(0, 1), coin=COIN, by=JUMP, part=st.integers(1, 900))
    def fills_through_the_fit_pool(self, how: int, coin: int, by: int, part: int) -> None:
        self.calm()
        self.stir(how, coin, by)
        self.pool_fill_towards_the_targets(part)

    def pool_fill_towards_the_targets(self, part: int) -> None:
        """A part, per mille, of what the pool with the most to do can do, at the feeds' price."""
        pool = keepers.fit_pool(self.world, self.seen)
        self.do(market.move_pool, pool, 0)
        self.fill(keepers.pool_fill, [(pool, True, part)])

    @rule(
        how=st.integers(0, 2), coin=COIN, by=JUMP, trades=HOSTILE_TRADES,
        trick=st.sampled_from((0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
    )  # fmt: skip
    def hostile_fills(
        self, how: int, coin: int, by: int, trades: list[tuple[int, int, int, int]], trick: int
    ) -> None:
        self.calm()
        self.stir(how, coin, by)
        self.fill(keepers.hostile_fill, trades, trick)

    @rule(coin=st.integers(0, 1), by=JUMP, terms=st.sampled_from((0, 500, 2_000)))
    def keeper_bleeds_the_fund(self, coin: int, by: int, terms: int) -> None:
        """Fill after fill at the floor, until the budget says no."""
        for turn in range(6):
            self.calm()
            self.stir(0, coin, by if turn % 2 else -by)
            self.fill(keepers.hostile_fill, [(0, 0, 700, terms)], 0)

    @rule(trades=HOSTILE_TRADES, trick=st.sampled_from((0, 0, 1, 2)))
    def hostile_fill_in_any_state(self, trades: list[tuple[int, int, int, int]], trick: int) -> None:
        self.do(keepers.hostile_fill, trades, trick)

    # -- authority

    @rule(act=st.integers(0, 4), coin=COIN)
    def guardian_acts(self, act: int, coin: int) -> None:
        self.do(authority.guard, act, coin)
        self.do(authority.guard, act - 1, coin)

    @rule(act=st.sampled_from((0, 1, 2, 3, 3, 4)), coin=COIN)
    def curator_acts(self, act: int, coin: int) -> None:
        self.do(authority.curate, act, coin)
        self.do(authority.curate, act - 1, coin)

    @rule(who=ANYBODY, call=st.integers(0, authority.OUTSIDER_CALLS - 1))
    def outsider_tries(self, who: int, call: int) -> None:
        self.do(authority.outsider, who, call)
