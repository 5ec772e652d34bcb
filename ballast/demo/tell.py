"""What the demo says while it plays: a heading a step, told only once there is something to say under it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from ballast.backtest.result import CoinState, Emergency
from ballast.chain.lending_status import apy_of
from ballast.demo.lent import FullExit, LentStory
from ballast.demo.record import Chapter, Reaction, Rebalance
from ballast.demo.sent import usd
from ballast.keeper.lending import Move
from ballast.keeper.lending_view import LendingView, PendingReward
from ballast.keeper.rules import basket_of
from ballast.keeper.snapshot import Snapshot
from ballast.model.crisis import CrisisParams, State
from ballast.scenario import ScenarioStep
from ballast.units import WAD, human

Say = Callable[[str], None]

_MEANING = {
    State.SOUND: "back to normal",
    State.WATCH: "not bought, contributions of it refused, not sold",
    State.CRISIS: "deep and long enough: the fund leaves",
    State.RECOVERING: "calm for long enough: it comes back in steps",
    State.DARK: "nobody prices it: not bought",
}
_COLOUR = {
    State.SOUND: "green",
    State.WATCH: "yellow",
    State.CRISIS: "red",
    State.RECOVERING: "cyan",
    State.DARK: "magenta",
}


class Teller:
    """Lines with their headings."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._heading: str | None = None

    def heading(self, text: str, wait: bool = False) -> None:
        """A step's first line; with `wait` it is said when something follows, or never."""
        self._heading = text if wait else None
        if not wait:
            self._say(text)

    def line(self, text: str) -> None:
        """Something that happened."""
        if self._heading is not None:
            self._say(self._heading)
            self._heading = None
        self._say(text)


def moves(before: ScenarioStep | None, after: ScenarioStep) -> str:
    """The path's new prices and the caps that moved by more than 1 %."""
    prices = "  ".join(f"{coin} {price}" for coin, price in after.prices.items())
    moved = [
        f"{coin} {(cap / before.market_caps[coin] - 1) * 100:+.1f} %"
        for coin, cap in after.market_caps.items()
        if before and coin in before.market_caps and abs(cap / before.market_caps[coin] - 1) > 0.01
    ]
    return prices + (f"\n  market caps: {', '.join(moved)}" if moved else "")


def verdict(snapshot: Snapshot) -> str:
    """What `shouldRebalance` answers."""
    answer = "yes" if snapshot.verdict.should else "no"
    drift = basket_of(snapshot).drift
    return f"  shouldRebalance: {answer}, {snapshot.verdict.reason.name} (drift {drift} bps)"


def change(state: CoinState, price: Decimal) -> str:
    """A coin's new state."""
    after = State[state.after]
    return (
        f"  {state.asset} at ${price:.3f}: {state.before} → [{_COLOUR[after]}]{state.after}[/] "
        f"({_MEANING[after]})"
    )


def rebalanced(rebalance: Rebalance) -> str:
    """A finished rebalance."""
    data = rebalance.to_dict()
    what = "left" if rebalance.is_emergency else "rebalanced"
    ends = " (given up: a coin came under suspicion)" if rebalance.is_outdated else ""
    return (
        f"  {what}: drift {data['max_drift_before_bps']} → {data['max_drift_after_bps']} bps, "
        f"{len(rebalance.swaps)} swaps, {data['traded_usd']:,.0f} USD traded at {data['cost_bps']} bps, "
        f"{data['gas_used']:,} gas{ends}"
    )


def fled(flight: Emergency, reactions: Sequence[Reaction], rebalance: Rebalance) -> str:
    """An emergency that is over."""
    blocks = [r.to_trades for r in reactions if r.asset == flight.asset]
    quick = f" {blocks[-1]} blocks after the verdict" if blocks else ""
    before, after = flight.weight_before, flight.weight_after
    return (
        f"  the fund has left {flight.asset} at ${human(flight.price):.3f}{quick}: "
        f"{before:.2%} → {after:.2%} of the fund, {usd(rebalance.cost):,.0f} USD lost in trading"
    )


def outcome(chapter: Chapter, areas: Mapping[str, int], params: CrisisParams) -> list[str]:
    """How an act with a crisis in it ended; `areas` bps * s, the largest that each coin has filled."""
    lines = []
    for coin, area in sorted(areas.items(), key=lambda item: -item[1]):
        if area:
            lowest = min(frame.prices[coin] for frame in chapter.frames)
            filled, needed = min(area, params.threshold) // 3_600, params.threshold // 3_600
            lines.append(
                f"  {coin} fell to ${lowest:.3f}: {filled:,} of the {needed:,} bps·h that make a crisis"
            )
    lines.append(
        f"  fund against hold: {chapter.nav_end_vs_hold:+.2%}; largest fall {chapter.max_drawdown:.2%}, "
        f"hold {chapter.hold_max_drawdown:.2%}"
    )
    return lines


def moved(at: datetime, move: Move) -> str:
    """Coins into or out of a strategy."""
    return f"  {at:%m-%d}: {move.why.value}: {move.detail}"


def split(view: LendingView) -> list[str]:
    """How each coin is lent."""
    lines = []
    for coin in view.coins:
        held = max(1, coin.idle + coin.lent)
        parts = [f"idle {coin.idle / held:.0%}"]
        for strategy in coin.strategies:
            rate = apy_of(strategy)
            paid = "" if rate is None else f" at {rate / WAD:.2%}"
            parts.append(f"{strategy.name} {strategy.value / held:.0%}{paid}")
        lines.append(f"  {coin.symbol}: {', '.join(parts)}")
    return lines


def harvested(at: datetime, where: str, gain: int, sales: Sequence[PendingReward]) -> str:
    """Rewards that were sold."""
    sold = ", ".join(f"{human(sale.amount):,.2f} {sale.symbol}" for sale in sales)
    return f"  {at:%m-%d}: harvested {sold} of {where}, sold for {usd(gain):,.2f} USD; it counts bit by bit"


def earned(story: LentStory, days: int) -> str:
    """What a share has gained."""
    rewards = usd(sum(harvest.gain for harvest in story.harvests))
    return (
        f"  after {days} days: a share is worth {story.earned:+.4%}, {story.per_year:.2%} a year on all that "
        f"the fund holds; {rewards:,.2f} USD of it rewards"
    )


def left(exit_: FullExit) -> list[str]:
    """A withdrawal from a full market."""
    owed, paid = exit_.owed[exit_.coin], exit_.paid[exit_.coin]
    shares = ", ".join(f"{usd(value):,.0f} USD of {name}" for name, value in exit_.in_shares.items())
    return [
        f"  an investor leaves with {human(exit_.shares):,.0f} shares: every other coin in coins; of "
        f"{usd(owed):,.0f} USD in {exit_.coin}",
        f"  {usd(paid):,.0f} USD from what was idle, the rest as the strategies' own shares: {shares}",
    ]


def redeemed(exit_: FullExit) -> str:
    """The rest, when borrowers have repaid."""
    return (
        f"  {exit_.redeemed_at:%m-%d}: borrowers have repaid; those shares are redeemed for "
        f"{usd(exit_.redeemed):,.0f} USD in coins, interest of the wait included"
    )
