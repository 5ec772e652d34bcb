"""The campaign: Hypothesis draws actions, every one of them is judged by every invariant."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.bad_feeds import MODES
from tests.stateful import authority, fill_invariants, invariants, investors, keepers, market
from tests.stateful.judge import Memory, Step, Tally, judge
from tests.stateful.observe import Observer
from tests.stateful.world import Outcome, World

assert fill_invariants
assert invariants  # both are imported for the checks they enter

INVESTOR: Final = st.integers(0, 2)
HOLDER: Final = st.integers(0, 3)  # the attacker too
ANYBODY: Final = st.integers(0, 4)  # and the attacker's contract
COIN: Final = st.integers(0, 4)
POOL: Final = st.integers(0, 8)
DOLLARS: Final = st.integers(1, 150_000)
WAITS: Final = (1, 60, 600, 3_600, 7_200, 21_600, 86_400, 260_000, 700_000)
BAD_MODES: Final = tuple(mode for mode in MODES if mode not in ("GOOD", "ROUND", "BURNING"))


class Campaign(RuleBasedStateMachine):
    """One run; `world`, `observer` and `tally` are the session's."""

    world: World
    observer: Observer
    tally: Tally

    def __init__(self) -> None:
        super().__init__()
        self.world.begin()
        self.seen = self.observer.look()
        budget = self.seen.snapshot.params.fill.loss_budget_bps
        self.memory = Memory(fresh=tuple(self.seen["optimal"][1]), budget_bps=budget)

    def do(self, action: Callable[..., Outcome], *args: Any) -> None:
        """Acts, looks, judges."""
        before = self.seen
        outcome = action(self.world, before, *args)
        self.seen = self.observer.look()
        self.tally.count(outcome)
        note(f"{outcome.kind}: {outcome.refusal.name if outcome.refusal else 'accepted'}")
        judge(Step(self.world, before, outcome, self.seen, self.memory), self.tally)

    # -- holders

    @rule(who=HOLDER, part=st.integers(0, 800))
    def contribute_in_kind(self, who: int, part: int) -> None:
        self.do(investors.contribute_proportional, who, part)

    @rule(who=HOLDER, part=st.integers(0, 200), extra=st.dictionaries(COIN, DOLLARS, min_size=1, max_size=3))
    def contribute_excess(self, who: int, part: int, extra: dict[int, int]) -> None:
        self.do(investors.contribute_excess, who, part, extra)

    @rule(who=INVESTOR, part=st.sampled_from((0, 0, 1, 137, 5_000, 10_000)), dust=st.integers(1, 10**9))
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

    # -- the market

    @rule(coin=COIN, off=st.integers(-50, 50))
    def feed_wavers(self, coin: int, off: int) -> None:
        self.do(market.move_feed, "move feed", coin, off)

    @rule(coin=COIN, off=st.integers(100, 1_500), up=st.booleans())
    def feed_jumps(self, coin: int, off: int, up: bool) -> None:
        self.do(market.move_feed, "feed jumps", coin, off if up else -off)

    @rule(coin=COIN, mode=st.sampled_from(BAD_MODES))
    def feed_breaks(self, coin: int, mode: str) -> None:
        self.do(market.break_feed, coin, mode)

    @rule()
    def feeds_mend(self) -> None:
        self.do(market.mend_feeds)

    @rule(pool=POOL, off=st.integers(-150, 150))
    def pool_moves(self, pool: int, off: int) -> None:
        self.do(market.move_pool, pool, off)

    @rule(pool=POOL)
    def pool_returns(self, pool: int) -> None:
        self.do(market.move_pool, pool, 0)

    @rule(who=HOLDER, coin=COIN, dollars=st.integers(1, 20_000_000))
    def issuer_mints(self, who: int, coin: int, dollars: int) -> None:
        self.do(market.mint, who, coin, dollars)

    @rule(coin=COIN, dollars=st.integers(1, 5_000_000))
    def issuer_burns(self, coin: int, dollars: int) -> None:
        self.do(market.burn, coin, dollars)

    @rule(symbol=st.sampled_from(("USDC", "USDT")), who=st.integers(0, 5))
    def issuer_freezes(self, symbol: str, who: int) -> None:
        self.do(market.freeze, symbol, (*self.world.holders, self.world.vault)[who])

    @rule(symbol=st.sampled_from(("USDC", "USDT")))
    def issuer_pauses(self, symbol: str) -> None:
        self.do(market.pause, symbol)

    @rule()
    def issuers_thaw(self) -> None:
        self.do(market.thaw)

    @rule(seconds=st.sampled_from(WAITS), keep_feeds=st.sampled_from((True, True, True, False)))
    def time_passes(self, seconds: int, keep_feeds: bool) -> None:
        self.do(market.pass_time, seconds, keep_feeds)

    @rule(gwei=st.integers(0, 200))
    def gas_moves(self, gwei: int) -> None:
        self.do(market.raise_gas, gwei)

    # -- market data, sessions, fills

    @rule(coin=COIN, cap=st.integers(-1_000, 1_000), score=st.integers(-1_000, 1_000))
    def report(self, coin: int, cap: int, score: int) -> None:
        self.do(keepers.report, coin, cap, score)

    @rule(coin=COIN, cap=st.integers(0, 2**100), score=st.integers(0, 2_000))
    def report_nonsense(self, coin: int, cap: int, score: int) -> None:
        self.do(keepers.report_nonsense, coin, cap, score)

    @rule(who=INVESTOR, coin=st.sampled_from((4, 4, 4, 0)))
    def sample_supply(self, who: int, coin: int) -> None:
        self.do(keepers.sample_supply, who, coin)

    @rule(who=ANYBODY)
    def open_session(self, who: int) -> None:
        self.do(keepers.open_session, who)

    @rule(who=ANYBODY)
    def close_session(self, who: int) -> None:
        self.do(keepers.close_session, who)

    @rule(wait=st.sampled_from((0, 0, 120, 21_600)))
    def honest_fill(self, wait: int) -> None:
        self.do(keepers.honest_fill, wait)

    @rule(part=st.integers(1, 1_000), first=st.integers(1, 4))
    def partial_fill(self, part: int, first: int) -> None:
        self.do(keepers.partial_fill, part, first)

    @rule(trades=st.lists(st.tuples(POOL, st.booleans(), st.integers(0, 3_000)), min_size=1, max_size=4))
    def pool_fill(self, trades: list[tuple[int, bool, int]]) -> None:
        self.do(keepers.pool_fill, trades)

    @rule(
        trades=st.lists(
            st.tuples(
                st.sampled_from((0, 0, 1)), st.sampled_from((0, 0, 1)),
                st.sampled_from((1, 500, 900, 1_000, 1_010, 2_000)),
                st.sampled_from((-1, 0, 1, 2_000, 9_000)),
            ),
            min_size=1, max_size=3,
        ),
        trick=st.sampled_from((0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8)),
    )  # fmt: skip
    def hostile_fill(self, trades: list[tuple[int, int, int, int]], trick: int) -> None:
        self.do(keepers.hostile_fill, trades, trick)

    # -- authority

    @rule(act=st.integers(0, 4), coin=COIN)
    def guardian_acts(self, act: int, coin: int) -> None:
        self.do(authority.guard, act, coin)

    @rule(act=st.integers(0, 4), coin=COIN)
    def curator_acts(self, act: int, coin: int) -> None:
        self.do(authority.curate, act, coin)

    @rule(who=ANYBODY, call=st.integers(0, authority.OUTSIDER_CALLS - 1))
    def outsider_tries(self, who: int, call: int) -> None:
        self.do(authority.outsider, who, call)
