"""A running replica takes coins, feeds and pools that its saved state lacks, and is driven along prices."""

from decimal import Decimal

import pytest

from ballast.errors import ReplicaError
from ballast.replica import Replica
from ballast.replica.drive import Drive
from ballast.replica.place import OPERATOR, role_account
from ballast.replica.shelf import shelved

pytestmark = pytest.mark.replica
FEE, DEPTH = 100, Decimal(10_000_000)
BASE_FEE = 20 * 10**9
ONE = Decimal(1)
MODEL = role_account("test coin")


@pytest.fixture
def extended(mainnet) -> Replica:
    """Handles of its own, because they change the book, with a modelled coin and pools of it."""
    handles = Replica(mainnet.url)
    handles.add_coin("XUSD", 18, MODEL)
    for hub in ("USDC", "USDT"):
        handles.add_pool(("XUSD", hub), FEE, (Decimal("0.98"), ONE))
    return handles


def test_add_coin__a_coin_the_state_lacks__is_a_model_and_says_so(extended):
    token = extended.book.token("XUSD")
    assert token.is_model
    assert extended.rpc.read(token.address, "name()", (), "string") == "XUSD Model"
    assert extended.rpc.read(token.address, "isModel()", (), "bool") is True
    extended.mint("XUSD", token.address, 5)
    assert extended.balance("XUSD", token.address) == 5


def test_add_coin__a_coin_of_the_book__stays_as_it_is(extended):
    before = extended.book
    extended.add_coin("USDC", 6, MODEL)
    assert extended.book is before


def test_add_feed__several_of_one_coin__answer_apart(extended):
    extended.add_feed("XUSD", Decimal("0.5"))
    extended.add_feed("XUSD@kraken", Decimal("0.123456785"))
    assert extended.feed_price("XUSD") == Decimal("0.5")
    assert extended.feed_price("XUSD@kraken") == Decimal("0.12345678")
    extended.set_feed("XUSD@kraken", "0.4")
    assert (extended.feed_price("XUSD"), extended.feed_price("XUSD@kraken")) == (
        Decimal("0.5"),
        Decimal("0.4"),
    )


def test_add_pool__new_pair__stands_at_its_price(extended):
    assert extended.pool_price("XUSD", "USDC", FEE) == pytest.approx(Decimal("0.98"), rel=Decimal("1e-9"))


def test_shelved__what_was_never_kept__is_refused(mainnet):
    with pytest.raises(ReplicaError, match="keeps no Nothing"):
        shelved(mainnet.rpc, "Nothing")


@pytest.mark.parametrize("price", ["0.9799", "0.87", "0.02", "1.3"])
def test_step__any_move__brings_feeds_and_pools_there_in_one_block(extended, price):
    extended.add_feed("XUSD", Decimal("0.98"))
    pools = [pool for pool in extended.book.pools if "XUSD" in pool.coins]
    drive = Drive(extended, ["XUSD"], pools, DEPTH)
    prices = {"XUSD": Decimal("0.98"), "USDC": Decimal("0.999"), "USDT": Decimal("1.001")}
    drive.step(extended.timestamp() + 60, {}, prices, BASE_FEE)
    block, at = int(extended.rpc.call("eth_blockNumber"), 16), extended.timestamp() + 1_800
    prices["XUSD"] = Decimal(price)
    drive.step(at, {"XUSD": Decimal(price)}, prices, BASE_FEE)
    assert extended.timestamp() == at
    assert int(extended.rpc.call("eth_blockNumber"), 16) == block + 1
    assert extended.feed_price("XUSD") == Decimal(price)
    for hub in ("USDC", "USDT"):
        wanted = prices["XUSD"] / prices[hub]
        assert extended.pool_price("XUSD", hub, FEE) == pytest.approx(wanted, rel=Decimal("1e-7"))


def test_step__depth_after_a_fall__is_that_many_dollars_a_side(extended):
    pools = [extended.book.pool("XUSD", "USDC", FEE)]
    drive = Drive(extended, [], pools, DEPTH)
    held = {coin: extended.balance(coin, pools[0].address) for coin in ("XUSD", "USDC")}
    drive.step(None, {}, {"XUSD": Decimal("0.5"), "USDC": ONE}, BASE_FEE)
    added = {coin: extended.balance(coin, pools[0].address) - held[coin] for coin in ("XUSD", "USDC")}
    assert added["XUSD"] / 10**18 * 0.5 == pytest.approx(float(DEPTH), rel=0.05)  # the thin tail is in it
    assert added["USDC"] / 10**6 == pytest.approx(float(DEPTH), rel=0.05)


def test_settle__somebody_traded__the_pool_is_back_at_its_price(extended):
    prices = {"USDC": ONE, "USDT": ONE}
    drive = Drive(extended, [], [extended.book.pool("USDC", "USDT", FEE)], DEPTH)
    drive.step(None, {}, prices, BASE_FEE)
    extended.move_pool("USDC", "USDT", "0.998", FEE)
    drive.settle(prices, BASE_FEE)
    assert extended.pool_price("USDC", "USDT", FEE) == pytest.approx(ONE, rel=Decimal("1e-7"))
    assert extended.balance("USDC", OPERATOR) > 0
