"""Lent coins as the keeper sees them, drawn or by hand, and what its moves make of them."""

from dataclasses import replace
from typing import Final

from hypothesis import strategies as st
from keeper_world import NOW, address, five_coins

from ballast.keeper.lending import Move, MoveKind
from ballast.keeper.lending_view import LendingView, LentCoin, PendingReward, StrategyView
from ballast.keeper.snapshot import Snapshot
from ballast.model.yields import Market
from ballast.units import BPS, WAD

UNIT: Final = 10**6
MILLION: Final = 10**6 * UNIT
COMP: Final = address(77)


def market(supplied: int = 500 * MILLION, used_bps: int = 8_000, of_borrowers: bool = True) -> Market:
    """A market with a kink at 90 %, which pays its borrowers' 4 % there."""
    borrowed = supplied * used_bps // BPS
    slopes = (0, 4 * WAD // 100, 60 * WAD // 100)
    kink, reserve = 9 * WAD // 10, WAD // 10
    return Market(supplied, borrowed, supplied - borrowed, *slopes, kink, reserve, 0, 0, of_borrowers)


def flat(rate_bps: int, supplied: int = 500 * MILLION) -> Market:
    """A market that pays the same at any size."""
    return Market(supplied, 0, supplied, 0, 0, 0, WAD // 2, 0, 0, rate_bps * WAD // BPS, False)


def strategy(number: int, value: int = 0, **changes: object) -> StrategyView:
    """An open, liquid strategy with room for everything."""
    blank = StrategyView(
        address=address(500 + number),
        name=f"strategy{number}",
        shares=value,
        value=value,
        liquid=value,
        room=2**100,
        absolute_cap=2**100,
        relative_cap_bps=BPS,
        score=1_000,
        paused=False,
        readable=True,
        market=flat(300),
    )
    return replace(blank, **changes)  # type: ignore[arg-type]


def lent_coin(*strategies: StrategyView, idle: int = 0, **changes: object) -> LentCoin:
    """Coin 1 of the keeper's world, at a dollar, with a buffer of a tenth."""
    reserve = idle + sum(s.value for s in strategies)
    blank = LentCoin(address(1), "USDC", 6, idle, reserve, 1_000, True, WAD, 0, strategies)
    return replace(blank, **changes)  # type: ignore[arg-type]


def seen(*coins: LentCoin, **changes: object) -> Snapshot:
    """The five-coin world with those coins lent."""
    view = LendingView(coins, 50, 30 * 86_400, 1_000, 450_000)
    return replace(five_coins().snapshot(), lending=view, **changes)  # type: ignore[arg-type]


def carried_out(snapshot: Snapshot, move: Move) -> Snapshot:
    """The snapshot after a move, no time having gone by."""
    assert snapshot.lending is not None
    coins = tuple(_moved(c, move) if c.token == move.token else c for c in snapshot.lending.coins)
    return replace(snapshot, lending=replace(snapshot.lending, coins=coins))


def _moved(coin: LentCoin, move: Move) -> LentCoin:
    match move.kind:
        case MoveKind.RECORD:
            return _with(coin, replace(coin.strategy(move.strategy), recorded_at=NOW), 0)
        case MoveKind.SYNC:
            return replace(coin, unsynced=0)
        case MoveKind.HARVEST:
            return _with(coin, replace(coin.strategy(move.strategy), rewards=()), 0)
    change = move.amount if move.kind is MoveKind.ALLOCATE else -move.amount
    old = coin.strategy(move.strategy)
    supplied = old.market and replace(old.market, supplied=old.market.supplied + change)
    value, liquid, room = old.value + change, old.liquid + change, old.room - change
    new = replace(old, value=value, shares=value, liquid=liquid, room=room, market=supplied)
    return _with(coin, new, -change)


def _with(coin: LentCoin, new: StrategyView, idle_change: int) -> LentCoin:
    strategies = tuple(new if s.address == new.address else s for s in coin.strategies)
    return replace(coin, idle=coin.idle + idle_change, strategies=strategies)


@st.composite
def markets(draw: st.DrawFn, ours: int) -> Market | None:
    """Any market that holds our position, or none that can be read."""
    if draw(st.integers(0, 9)) == 0:
        return None
    supplied = ours + draw(st.integers(0, 2_000)) * MILLION
    borrowed = supplied * draw(st.integers(0, 10_000)) // BPS
    return Market(
        supplied,
        borrowed,
        supplied - borrowed,
        draw(st.integers(0, 300)) * WAD // BPS,
        draw(st.integers(0, 1_000)) * WAD // BPS,
        draw(st.integers(0, 10_000)) * WAD // BPS,
        draw(st.integers(5_000, 9_500)) * WAD // BPS,
        draw(st.integers(0, 3_000)) * WAD // BPS,
        draw(st.integers(0, supplied // 20)),
        draw(st.sampled_from([0, 0, 100, 400])) * WAD // BPS,
        draw(st.booleans()),
    )


@st.composite
def strategies(draw: st.DrawFn, number: int) -> StrategyView:
    """In any condition."""
    value = draw(st.sampled_from([0, 1, 300_000, 2_000_000, 9_000_000])) * UNIT
    reward = PendingReward(COMP, "COMP", WAD, draw(st.integers(0, 3_000)) * WAD, "0x00")
    return strategy(
        number,
        value,
        liquid=value * draw(st.sampled_from([10_000, 10_000, 4_000, 0])) // BPS,
        room=draw(st.sampled_from([0, 1_000_000, 10**9])) * UNIT,
        absolute_cap=draw(st.sampled_from([0, 500_000, 5_000_000, 10**9])) * UNIT,
        relative_cap_bps=draw(st.integers(0, BPS)),
        score=draw(st.integers(0, 1_000)),
        paused=draw(st.integers(0, 5)) == 0,
        readable=draw(st.integers(0, 9)) > 0,
        market=draw(markets(value)),
        rewards=draw(st.sampled_from([(), (reward,)])),
        recorder=draw(st.sampled_from(["", "", address(99)])),
    )


@st.composite
def lendings(draw: st.DrawFn) -> Snapshot:
    """One or two coins with up to four strategies each."""
    coins = []
    for at in range(draw(st.integers(1, 2))):
        chosen = [draw(strategies(10 * at + number)) for number in range(draw(st.integers(1, 4)))]
        coins.append(
            lent_coin(
                *chosen,
                idle=draw(st.sampled_from([0, 50_000, 1_000_000, 20_000_000])) * UNIT,
                token=address(at + 1),
                buffer_bps=draw(st.integers(0, 5_000)),
                may_enter=draw(st.integers(0, 5)) > 0,
                price=draw(st.sampled_from([WAD, WAD, 99 * WAD // 100, None])),
                unsynced=draw(st.integers(-5_000, 5_000)) * UNIT,
            )
        )
    return seen(*coins, gas_price=draw(st.sampled_from([1, 20, 300])) * 10**9)
