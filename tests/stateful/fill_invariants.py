"""Invariants of keeper fills, on amounts measured from the vault's own events and balances."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from eth_abi import decode
from eth_utils import keccak, to_checksum_address

from ballast.model import rebalance as model
from ballast.units import BPS, ceil_div
from tests.stateful.crisis_memory import Loss
from tests.stateful.judge import Broken, Step, invariant
from tests.stateful.observe import Seen

TRADED: Final = "0x" + keccak(text="Traded(address,address,uint256,uint256,address)").hex()
ACTED: Final = "0x" + keccak(text="Acted(uint256,bool,bytes4)").hex()
BOUNDARY: Final = frozenset({"NotNow", "PriceNotGood", "FillTooSoon"})  # what 12 s may change under a plan


@dataclass(frozen=True)
class Traded:
    """One executed trade; coins by their position."""

    coin_in: int
    coin_out: int
    sold: int
    bought: int


def trades_of(step: Step) -> list[Traded]:
    """The vault's trades in the step's transaction."""
    found = []
    for log in step.outcome.logs:
        if log["topics"][0] == TRADED and to_checksum_address(log["address"]) == step.world.vault:
            coins = [step.world.tokens.index(to_checksum_address("0x" + t[-40:])) for t in log["topics"][1:3]]
            sold, bought, _ = decode(["uint256", "uint256", "address"], bytes.fromhex(log["data"][2:]))
            found.append(Traded(*coins, sold, bought))
    return found


def values_of(seen: Seen, mids: list[int]) -> tuple[tuple[int, ...], int]:
    """WAD{USD} of each reserve and of all, at given prices."""
    return model.values_of(seen.reserves, seen.world.scales, mids)


@invariant(5)
def check_direction(step: Step) -> bool:
    """A fill brings no coin farther from its target, nor past it by more than half the settle band."""
    if not step.is_fill:
        return False
    mids, weights = step.mids, step.after.weights
    values, total = values_of(step.before, mids)
    afterwards, _ = values_of(step.after, mids)
    limits = step.after.emergency_params if step.is_emergency_fill else step.fill_params
    tolerance = limits.settle_band_bps // 2 * total
    for i in step.after.coins:
        target, was, now = weights[i] * total, values[i] * BPS, afterwards[i] * BPS
        unit = ceil_div(step.world.scales[i] * mids[i], 10**18) * BPS
        if abs(now - target) > abs(was - target) + unit:
            raise Broken(5, f"coin {i} moved away: {was} to {now} around {target}")
        crossed = (was - target) * (now - target) < 0
        if crossed and abs(now - target) > tolerance:
            raise Broken(5, f"coin {i} overshot: {was} to {now} around {target}")
    return True


Terms = Callable[[Step, Traded], tuple[int, int]]  # the floor, own decimals, and the pair's size, WAD{USD}


@invariant(6)
def check_floor(step: Step) -> bool:
    """Every trade brings at least the oracle floor, within its pair's size; nothing else moves reserves."""
    if not step.is_ordinary_fill:
        return False
    check_trades(step, 6, _terms)
    return True


def check_trades(step: Step, number: int, terms: Terms) -> None:
    """Each trade by its terms; together they are all that moved the reserves."""
    sizes: Counter[frozenset[int]] = Counter()
    moved = [0] * len(step.world.tokens)
    trades = trades_of(step)
    if not trades:
        raise Broken(number, "a fill without a trade")
    for trade in trades:
        i, j = trade.coin_in, trade.coin_out
        moved[i] -= trade.sold
        moved[j] += trade.bought
        floor, most = terms(step, trade)
        if trade.bought < floor:
            raise Broken(number, f"{trade} is below the floor of {floor}")
        sizes[frozenset((i, j))] += model.value_of(trade.sold, step.world.scales[i], step.mids[i])
        if sizes[frozenset((i, j))] > most:
            raise Broken(number, f"{trade} is past the pair's size of {most}")
    actual = [a - b for b, a in zip(step.before.reserves, step.after.reserves, strict=True)]
    if actual != moved:
        raise Broken(number, f"the trades moved {moved}, the reserves {actual}")


def _terms(step: Step, trade: Traded) -> tuple[int, int]:
    seen, scales, snap = step.after, step.world.scales, step.after.snapshot
    i, j = trade.coin_in, trade.coin_out
    prices = [p // model.WAD_PER_SNAP for p in seen.session_prices]
    base, most = _pair(step, i, j)
    slip = model.slippage(
        base, snap.params.fill.slip_ceiling_bps, seen.mids[i], seen.mids[j], prices[i], prices[j]
    )
    quotes = seen.quotes
    floor = model.minimum_out(trade.sold, scales[i], quotes[i].low, scales[j], quotes[j].high, slip)
    return floor, most


def _pair(step: Step, i: int, j: int) -> tuple[int, int]:
    a, b = sorted((i, j))
    slip, size = step.after["setting", "pair", step.world.tokens[a], step.world.tokens[b]]
    return slip, size


@invariant(7)
def check_loss_budget(step: Step) -> bool:
    """Over any window keeper fills lose no more than the budget and its refill; the meter says so too."""
    if not step.is_ordinary_fill:
        return False
    mids, params = step.after.mids, step.fill_params
    (_, was), (_, now) = values_of(step.before, mids), values_of(step.after, mids)
    memory, time = step.memory, step.after["time"]
    memory.fills.append(Loss(time, max(0, was - now) * model.PPT // was))
    check_windows(7, memory.fills, [(memory.budget_bps, params.loss_period)])
    old = step.before.snapshot.session
    used = model.refilled(old.loss_used, time - old.last_fill_at, params.loss_budget_bps, params.loss_period)
    used += model.loss_share(was - now, was) if now < was else 0
    if step.after.snapshot.session.loss_used != used:
        raise Broken(7, f"the meter says {step.after.snapshot.session.loss_used} ppt, the model {used}")
    return True


def check_windows(number: int, losses: list[Loss], budgets: list[tuple[int, int]]) -> None:
    """In every window that ends now losses are at most all budgets, (bps, period in s), and their refill."""
    lost = 0
    for loss in reversed(losses):
        lost += loss.share
        passed = losses[-1].time - loss.time
        if lost > sum(bps * model.PPT_PER_BPS * (period + passed) // period for bps, period in budgets):
            raise Broken(number, f"{lost} ppt of the fund lost in {passed} s")


@invariant(17)
def check_honest_plan(step: Step) -> bool:
    """What the keeper plans in one block the chain accepts in the next."""
    if "plan" not in step.outcome.notes or step.outcome.kind == "keeper waits":
        return False
    refusal = step.outcome.refusal
    if refusal is not None and refusal.name not in BOUNDARY:
        raise Broken(17, f"the plan {step.outcome.notes['plan']} was refused: {refusal}")
    return True


@invariant(18)
def check_no_reentry(step: Step) -> bool:
    """From inside a trade nobody gets into vault, rebalancer or calculator."""
    answers = [log for log in step.outcome.logs if log["topics"][0] == ACTED]
    for log in answers:
        index, success, reason = decode(["uint256", "bool", "bytes4"], bytes.fromhex(log["data"][2:]))
        if success:
            raise Broken(18, f"act {index} of {step.outcome.notes['acts']} got in")
        if reason not in step.world.errors:
            raise Broken(15, f"act {index} of {step.outcome.notes['acts']} failed with 0x{reason.hex()}")
    return bool(answers)
