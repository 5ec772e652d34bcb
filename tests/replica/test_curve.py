"""Curve StableSwap-NG answers as on mainnet, and its handles move it."""

from decimal import Decimal
from fractions import Fraction

import pytest

from ballast.errors import ReplicaError
from ballast.replica import curve
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import RpcError

pytestmark = pytest.mark.replica
FEE_UNIT = 10**10


def whole(mainnet, pool, coin):
    """A pool's balance of a coin, in whole coins."""
    units = curve.balances(mainnet.rpc, pool)[pool.index(coin)]
    return Fraction(units, 10 ** mainnet.book.token(coin).decimals)


def test_factory__every_pool_of_the_book__is_its_own_and_of_the_books_terms(mainnet):
    factory = mainnet.book.contracts["curve_ng_factory"]
    for number, pool in enumerate(mainnet.book.curve_pools):
        listed = mainnet.rpc.read(factory, "pool_list(uint256)", [number], "address")
        assert listed == pool.address
        coins = mainnet.rpc.read(factory, "get_coins(address)", [pool.address], "address[]")
        assert [c.lower() for c in coins] == [mainnet.book.token(c).address.lower() for c in pool.coins]
        assert mainnet.rpc.read(pool.address, "A()") == pool.amplification
        assert mainnet.rpc.read(pool.address, "fee()") == pool.fee
        assert mainnet.rpc.read(pool.address, "offpeg_fee_multiplier()") == pool.offpeg
        assert mainnet.rpc.read(pool.address, "version()", (), "string") == "7.0.0"
        assert curve.virtual_price(mainnet.rpc, pool) == 10**18
    # Known from mainnet, not from us.
    assert mainnet.book.curve_pool("USDT", "USDC").address == "0x4f493B7dE8aAC7d55F71853688b1F7C8F0243C85"


def test_pools__every_coin_of_the_fund__has_one(mainnet):
    fund = {"USDC", "USDT", "DAI", "FRAX", "LUSD"}
    assert {coin for pool in mainnet.book.curve_pools for coin in pool.coins} == fund


def test_swap__an_amount__pays_what_get_dy_said_and_the_fee_stays(mainnet):
    for pool in mainnet.book.curve_pools:
        source, target = pool.coins[0], pool.coins[1]
        amount = 10_000 * 10 ** mainnet.book.token(source).decimals
        quoted = mainnet.rpc.read(pool.address, "get_dy(int128,int128,uint256)", [0, 1, amount])
        got = curve.swap(mainnet.rpc, mainnet.book, pool, source, target, amount)
        assert got == quoted
        worth = 10_000 * 10 ** mainnet.book.token(target).decimals
        fee = Fraction(pool.fee, FEE_UNIT)
        assert 1 - 2 * fee - Fraction(1, 20_000) < Fraction(got, worth) < 1 - fee
        assert curve.virtual_price(mainnet.rpc, pool) > 10**18


def test_swap__more_than_the_operator_has__is_minted(mainnet):
    pool = mainnet.book.curve_pool("LUSD", "USDC")
    held = mainnet.balance("LUSD", OPERATOR)
    amount = held + 10**18
    assert curve.swap(mainnet.rpc, mainnet.book, pool, "LUSD", "USDC", amount) > 0
    assert mainnet.balance("LUSD", OPERATOR) == 0


def test_add_liquidity__in_proportion__mints_in_proportion(mainnet):
    pool = mainnet.book.curve_pool("DAI", "USDC", "USDT")
    supply = mainnet.rpc.read(pool.address, "totalSupply()")
    amounts = [balance // 100 for balance in curve.balances(mainnet.rpc, pool)]
    got = curve.add_liquidity(mainnet.rpc, mainnet.book, pool, amounts)
    assert got == pytest.approx(supply // 100, rel=1e-9)
    assert curve.shares_of(mainnet.rpc, pool, OPERATOR) == supply + got


def test_remove_liquidity__a_tenth__is_paid_in_every_coin(mainnet):
    pool = mainnet.book.curve_pool("FRAX", "USDC")
    before = curve.balances(mainnet.rpc, pool)
    shares = curve.shares_of(mainnet.rpc, pool, OPERATOR)
    curve.remove_liquidity(mainnet.rpc, pool, shares // 10)
    assert curve.shares_of(mainnet.rpc, pool, OPERATOR) == shares - shares // 10
    assert curve.balances(mainnet.rpc, pool) == pytest.approx([b * 9 // 10 for b in before], rel=1e-9)


def test_remove_liquidity__in_one_coin__leaves_the_other(mainnet):
    pool = mainnet.book.curve_pool("FRAX", "USDC")
    frax, usdc = curve.balances(mainnet.rpc, pool)
    curve.remove_liquidity(mainnet.rpc, pool, 10**24, "USDC")
    after = curve.balances(mainnet.rpc, pool)
    assert after[0] == frax
    assert usdc - after[1] == pytest.approx(10**12, rel=1e-3)


def test_push__half_of_a_coins_balance__makes_it_cheaper_and_every_other_dearer(mainnet):
    pool = mainnet.book.curve_pool("DAI", "USDC", "USDT")
    got = curve.push(mainnet.rpc, mainnet.book, pool, "DAI", "0.5")
    assert set(got) == {"USDC", "USDT"}
    assert whole(mainnet, pool, "DAI") == pytest.approx(22_500_000, rel=1e-3)
    for other in got:
        assert curve.price(mainnet.rpc, pool, "DAI", other) < Decimal("0.9999")
    virtual = curve.virtual_price(mainnet.rpc, pool)
    assert 10**18 < virtual < 1.001 * 10**18  # a push cannot be seen in it, but for the fee


@pytest.mark.parametrize("wanted", ["0.97", "1.02"])
def test_move_pool__a_price__is_reached_either_way(mainnet, wanted):
    pool = mainnet.book.curve_pool("FRAX", "USDC")
    reached = curve.move_pool(mainnet.rpc, mainnet.book, pool, "FRAX", "USDC", wanted)
    assert abs(reached / Decimal(wanted) - 1) <= Decimal("0.00001")
    assert reached == curve.price(mainnet.rpc, pool, "FRAX", "USDC")
    again = curve.move_pool(mainnet.rpc, mainnet.book, pool, "FRAX", "USDC", wanted)
    assert again == reached


def test_move_pool__a_price_that_is_none__is_refused(mainnet):
    pool = mainnet.book.curve_pool("FRAX", "USDC")
    with pytest.raises(ReplicaError, match="it must be above zero"):
        curve.move_pool(mainnet.rpc, mainnet.book, pool, "FRAX", "USDC", 0)


def test_price_oracle__a_pushed_pool__follows_within_its_half_life_not_at_once(mainnet):
    pool = mainnet.book.curve_pool("LUSD", "USDC")
    read = (pool.address, "price_oracle(uint256)", [0])
    curve.move_pool(mainnet.rpc, mainnet.book, pool, "USDC", "LUSD", "1.05")
    at_once = mainnet.rpc.read(*read)
    mainnet.rpc.mine_after(600)
    later = mainnet.rpc.read(*read)
    mainnet.rpc.mine_after(86_400)
    assert at_once < 1.002 * 10**18
    assert 1.02 * 10**18 < later < 1.03 * 10**18  # ten minutes: half of the way
    assert mainnet.rpc.read(*read) > 1.049 * 10**18


def test_index__a_coin_the_pool_has_not__is_refused(mainnet):
    with pytest.raises(ReplicaError, match="Curve FRAX/USDC holds no DAI"):
        mainnet.book.curve_pool("USDC", "FRAX").index("DAI")
    with pytest.raises(ReplicaError, match="no Curve pool of DAI/LUSD"):
        mainnet.book.curve_pool("DAI", "LUSD")


def test_factory__a_stranger__may_not_change_it(mainnet):
    stranger = mainnet.rpc.call("eth_accounts")[0]
    factory = mainnet.book.contracts["curve_ng_factory"]
    with pytest.raises(RpcError):
        mainnet.rpc.send(factory, curve.SET_POOL, [0, stranger], sender=stranger)
