import backtest_world as w
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.backtest.venue import PoolSpec, Venue, pools_of
from ballast.errors import DataError
from ballast.keeper.snapshot import Coin
from ballast.model.prices import PriceQuote, Status
from ballast.units import WAD, wad_of

DEPTH = 1_000_000 * WAD


def coin(token: str, decimals: int, price: int) -> Coin:
    return Coin(token, token, decimals, 10**30, 0, 0, PriceQuote(price, price, Status.GOOD))


def venue(price: int, fee: int = 100) -> Venue:
    coins = (coin("a", 6, price), coin("b", 18, WAD))
    return Venue.around((PoolSpec("a/b", ("a", "b"), fee, DEPTH),), coins, {"a": price, "b": WAD})


def test_pool__small_swap__pays_the_price_less_the_fee() -> None:
    pool = venue(wad_of("0.9")).pools["a/b"]
    assert pool.quote("a", 10**6) / WAD == pytest.approx(0.9 * 0.9999, rel=1e-6)
    assert pool.quote("b", WAD) / 10**6 == pytest.approx(0.9999 / 0.9, rel=1e-5)


def test_pool__whole_room__is_its_depth_moves_the_price_by_the_half_width_and_then_ends() -> None:
    pool = venue(WAD, 500).pools["a/b"]
    room = pool.room("a")
    assert room / 10**6 == pytest.approx(1_000_000 / 0.9995, rel=1e-6)
    after, out = pool.swapped("a", room)
    assert out / WAD == pytest.approx(1_000_000 * (1 - 0.0025), rel=1e-4)
    assert after.quote("a", 10**6) / WAD == pytest.approx(0.9995 * 0.995, rel=1e-3)
    assert after.room("a") <= 1
    with pytest.raises(DataError, match="more than pool a/b takes"):
        pool.swapped("a", room + 2)


@given(st.integers(9_000, 11_000), st.integers(1, 10**12), st.integers(1, 10**12))
def test_pool__any_two_swaps__pay_less_each_time_and_never_more_than_one(
    price: int, first: int, second: int
) -> None:
    pool = venue(price * WAD // 10_000).pools["a/b"]
    first, second = (1 + amount % (pool.room("a") // 2) for amount in (first, second))
    middle, one = pool.swapped("a", first)
    _, two = middle.swapped("a", second)
    # A hair for the rounding of the fee that stays outside the curve.
    assert one + two <= pool.quote("a", first + second) + 2 * 10**12
    back = middle.quote("b", one)
    assert back <= first


def test_hops__both_ways__usable_within_room_and_what_is_asked() -> None:
    hops = venue(WAD).hops({"a": 5_000 * 10**6, "b": 10**40})
    assert [(hop.token_in, hop.is_usable) for hop in hops] == [("a", True), ("b", True)]
    assert hops[0].ladder[-1].amount_in == 5_000 * 10**6
    assert hops[1].ladder[-1].amount_in == venue(WAD).pools["a/b"].room("b")


def test_pools_of__hubs__every_pair_with_a_hub() -> None:
    names = [spec.name for spec in pools_of(w.index(), w.COINS, DEPTH)]
    assert len(names) == len(set(names)) == 7
    assert "DAI/FRAX" not in names
    assert {"USDC/USDT", "USDC/LUSD", "USDT/LUSD"} <= set(names)
