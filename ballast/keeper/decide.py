"""What the keeper does next, from one snapshot: pure, so a restarted keeper decides the same."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from ballast.keeper.allocation import Obstacle, Policy
from ballast.keeper.lending import Move
from ballast.keeper.planning import FillPlan, plan_fill
from ballast.keeper.rules import (
    as_traded,
    assess,
    bad_prices,
    basket_of,
    budget_left,
    is_open,
    is_outdated,
    since_ended,
)
from ballast.keeper.snapshot import EmergencyView, Phase, Snapshot, Verdict
from ballast.keeper.watch import due_observations
from ballast.model.rebalance import Reason

_LOOK_AGAIN = 60  # s, where no better time is known


class State(StrEnum):
    """Where the keeper stands: IDLE -> EVALUATING -> EXECUTING -> SETTLING -> IDLE."""

    IDLE = "IDLE"  # no session, none due
    EVALUATING = "EVALUATING"  # a rebalance is due, or whether it is cannot be told
    EXECUTING = "EXECUTING"  # a session is open and off its targets
    SETTLING = "SETTLING"  # a session only needs to be closed


class Action(StrEnum):
    """What to send, if anything."""

    WAIT = "WAIT"
    OPEN_AND_FILL = "OPEN_AND_FILL"  # one `executeRebalance`, which opens the session first
    FILL = "FILL"  # `executeRebalance` in the open session
    CLOSE = "CLOSE"  # `close`
    OPEN_EMERGENCY = "OPEN_EMERGENCY"  # `executeEmergencyRebalance` of the plan's one asset
    OBSERVE = "OBSERVE"  # the detector's `observe` of every asset of the plan
    CHECKPOINT = "CHECKPOINT"  # the kill switch's `checkpoint`
    TRIP = "TRIP"  # the kill switch's `trip`
    DEALLOCATE = "DEALLOCATE"  # the manager's `deallocate`, and so on: the plan's one move
    ALLOCATE = "ALLOCATE"
    HARVEST = "HARVEST"
    SYNC = "SYNC"
    RECORD = "RECORD"


class Cause(StrEnum):
    """Why: the chain's own reasons, and those only a keeper can have."""

    IN_BAND = "IN_BAND"
    DRIFT = "DRIFT"
    PRICE = "PRICE"
    CALENDAR = "CALENDAR"
    SESSION_OPEN = "SESSION_OPEN"
    COOLDOWN = "COOLDOWN"
    BELOW_MIN_VALUE = "BELOW_MIN_VALUE"
    GAS_TOO_HIGH = "GAS_TOO_HIGH"
    STALE_DATA = "STALE_DATA"
    PAUSED = "PAUSED"
    EMPTY_FUND = "EMPTY_FUND"  # nothing to trade
    MODEL_DISAGREES = "MODEL_DISAGREES"  # chain and model answer differently: a person must look
    FILL_INTERVAL = "FILL_INTERVAL"  # the last fill was too recent
    NO_ROUTE = "NO_ROUTE"  # no pool pays the floor
    LOSS_BUDGET = "LOSS_BUDGET"  # the fund may not lose more now
    BELOW_MIN_TRADE = "BELOW_MIN_TRADE"  # every trade would be too small
    SETTLED = "SETTLED"  # the session is in the settle band
    EXPIRED = "EXPIRED"  # the session is past its time
    OUTDATED = "OUTDATED"  # a coin has come under suspicion since the session's targets were set
    CRISIS = "CRISIS"  # a coin in crisis is above its emergency weight
    CHECKPOINT_DUE = "CHECKPOINT_DUE"  # the kill switch has no recent value of a share
    FALLEN = "FALLEN"  # a share has lost too much too fast
    LOOK_DUE = "LOOK_DUE"  # the detector has not seen a coin for long enough
    # of lending, by the names that `ballast.keeper.lending.Why` has
    COIN_ON_WATCH = "COIN_ON_WATCH"
    STRATEGY_PAUSED = "STRATEGY_PAUSED"
    OVER_CAP = "OVER_CAP"
    BUFFER_SHORT = "BUFFER_SHORT"
    YIELD = "YIELD"
    REWARDS_DUE = "REWARDS_DUE"
    GAIN_UNSEEN = "GAIN_UNSEEN"
    LOSS_UNSEEN = "LOSS_UNSEEN"
    PRICE_UNSEEN = "PRICE_UNSEEN"


@dataclass(frozen=True)
class Plan:
    """One action with its cause in words; `fill` holds the trades where there are any."""

    state: State
    action: Action
    cause: Cause
    detail: str
    look_again_at: int  # s, unix time; for WAIT
    alert: bool = False  # a person should look
    fill: FillPlan | None = None
    assets: tuple[str, ...] = ()  # to observe, or the one to flee
    move: Move | None = None  # of a coin into or out of a strategy

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, for logs and `--json`."""
        dumped: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return dumped


_ADAPTER = TypeAdapter(Plan)


def decide(snapshot: Snapshot, policy: Policy | None = None) -> Plan:
    """The next action. Never raises on a snapshot that `Snapshot.from_dict` accepts.

    Looking comes first, then fleeing, then everything else.
    """
    emergency = snapshot.emergency
    if emergency is not None and (due := due_observations(emergency, snapshot.timestamp)):
        detail = f"{', '.join(snapshot.coin(token).symbol for token in due)}: time for the detector to look"
        now = snapshot.timestamp
        return Plan(State.EVALUATING, Action.OBSERVE, Cause.LOOK_DUE, detail, now, assets=due)
    snapshot = as_traded(snapshot)
    ours = assess(snapshot)
    if emergency is not None and ours == snapshot.verdict == Verdict(True, Reason.CRISIS):
        return _flight(snapshot, emergency)
    if snapshot.session.phase == Phase.OPEN and not is_open(snapshot):
        return _closing(snapshot)
    if ours != snapshot.verdict:
        theirs = snapshot.verdict
        detail = (
            f"chain says {theirs.should}/{theirs.reason.name}, model says {ours.should}/{ours.reason.name} "
            f"at block {snapshot.block}"
        )
        return _wait(snapshot, State.EVALUATING, Cause.MODEL_DISAGREES, detail, alert=True)
    if basket_of(snapshot).total == 0 and ours.reason not in (Reason.PAUSED, Reason.STALE_DATA):
        return _wait(snapshot, State.IDLE, Cause.EMPTY_FUND, "the fund holds nothing")
    if not ours.should:
        return _not_now(snapshot, ours.reason)
    if ours.reason == Reason.SESSION_OPEN:
        return _in_session(snapshot, policy)
    return _filling(snapshot, policy, State.EVALUATING, Action.OPEN_AND_FILL, Cause[ours.reason.name])


def _flight(snapshot: Snapshot, emergency: EmergencyView) -> Plan:
    """Opening an emergency, which replaces an ordinary session; the fills follow."""
    assert emergency.due is not None, "the verdict says so"
    detail = f"{snapshot.coin(emergency.due).symbol} is in crisis and above its emergency weight"
    now, flee = snapshot.timestamp, Action.OPEN_EMERGENCY
    return Plan(State.EVALUATING, flee, Cause.CRISIS, detail, now, alert=True, assets=(emergency.due,))


def _closing(snapshot: Snapshot) -> Plan:
    """The end of a session that nothing can be done in any more."""
    number, cause, why = snapshot.session.id, Cause.EXPIRED, "ran out of time"
    if is_outdated(snapshot):
        cause, why = Cause.OUTDATED, "was opened before a coin came under suspicion"
    return Plan(State.SETTLING, Action.CLOSE, cause, f"session {number} {why}", snapshot.timestamp)


def _wait(
    snapshot: Snapshot, state: State, cause: Cause, detail: str, at: int | None = None, alert: bool = False
) -> Plan:
    when = max(snapshot.timestamp + 1, snapshot.timestamp + _LOOK_AGAIN if at is None else at)
    return Plan(state, Action.WAIT, cause, detail, when, alert)


def _not_now(snapshot: Snapshot, reason: Reason) -> Plan:
    """The chain's own no, in words, with the time it may change where that is known."""
    trigger, drift = snapshot.params.trigger, basket_of(snapshot).drift
    cause, now = Cause[reason.name], snapshot.timestamp
    state = State.EXECUTING if is_open(snapshot) else State.IDLE
    if reason == Reason.PAUSED:
        who = "a guardian" if snapshot.paused else "the kill switch"
        return _wait(snapshot, state, cause, f"{who} stopped trading", alert=True)
    if reason == Reason.STALE_DATA:
        what = "market data" if snapshot.data_stale else f"price of {', '.join(bad_prices(snapshot))}"
        return _wait(snapshot, state, cause, f"not fit to trade on: {what}", alert=True)
    if reason == Reason.COOLDOWN:
        at = now + trigger.cooldown - since_ended(snapshot)
        return _wait(snapshot, state, cause, f"the last session ended {since_ended(snapshot)} s ago", at)
    if reason == Reason.BELOW_MIN_VALUE:
        return _wait(snapshot, state, cause, f"drift {drift} bps, but too little value to move")
    if reason == Reason.GAS_TOO_HIGH:
        return _wait(snapshot, State.EVALUATING, cause, f"drift {drift} bps, but gas costs too much now")
    return _wait(snapshot, state, cause, f"drift {drift} bps, limit {trigger.drift_bps} bps")


def _in_session(snapshot: Snapshot, policy: Policy | None) -> Plan:
    """Close a session in the band, wait for the next fill's time, or fill."""
    fill = snapshot.params.fill
    drift = basket_of(snapshot).drift
    if drift <= fill.settle_band_bps:
        detail = f"drift {drift} bps is inside the settle band of {fill.settle_band_bps} bps"
        return Plan(State.SETTLING, Action.CLOSE, Cause.SETTLED, detail, snapshot.timestamp)
    return _filling(snapshot, policy, State.EXECUTING, Action.FILL, Cause.SESSION_OPEN)


def _filling(snapshot: Snapshot, policy: Policy | None, state: State, action: Action, cause: Cause) -> Plan:
    next_fill_at = snapshot.session.last_fill_at + snapshot.params.fill.fill_interval
    if snapshot.session.last_fill_at and snapshot.timestamp < next_fill_at:
        detail = f"the last fill was at {snapshot.session.last_fill_at}, the next may be at {next_fill_at}"
        return _wait(snapshot, state, Cause.FILL_INTERVAL, detail, next_fill_at)
    fill = plan_fill(snapshot, policy)
    if not fill.trades:
        return _held_back(snapshot, state, fill)
    cost, left = fill.expected_cost_bps, fill.left_value // 10**18
    detail = (
        f"drift {fill.drift_before_bps} -> {fill.drift_after_bps} bps in {len(fill.trades)} trades "
        f"at an expected cost of {cost} bps; {left} USD left for later fills"
    )
    return Plan(state, action, cause, detail, snapshot.timestamp, fill=fill)


def _held_back(snapshot: Snapshot, state: State, fill: FillPlan) -> Plan:
    """A rebalance is due but no trade can be made: the gravest obstacle, and the pairs it holds back."""
    met = {why for _, why in fill.obstacles}
    why = next((o for o in (Obstacle.LOSS_BUDGET, Obstacle.NO_ROUTE) if o in met), Obstacle.BELOW_MIN_TRADE)
    pairs = ", ".join(pair for pair, obstacle in fill.obstacles if obstacle == why)
    texts = {
        Obstacle.NO_ROUTE: f"no pool pays the floor for {pairs}",
        Obstacle.LOSS_BUDGET: f"{budget_left(snapshot) // 10**18} USD left to lose hold back {pairs}",
        Obstacle.BELOW_MIN_TRADE: "every trade would be smaller than the minimum",
    }
    alert = why != Obstacle.BELOW_MIN_TRADE
    return _wait(snapshot, state, Cause(why.value), texts[why], alert=alert)
