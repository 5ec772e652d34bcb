"""Each handle does what it says, by the values on chain."""

from decimal import Decimal

import pytest

from ballast.errors import ReplicaError
from ballast.replica import Replica
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import RpcError, encode_call

pytestmark = pytest.mark.replica
ROUND = "uint80,int256,uint256,uint256,uint80"
# Runtime code that answers every call with (7, 42, 0, 0, 7): a bad aggregator in 27 bytes.
BAD_AGGREGATOR = "0x6007600052602a60205260006040526000606052600760805260a06000f3"
STRANGE = "0x" + "badfeed".zfill(40)


def updated_at(mainnet, coin):
    return mainnet.rpc.read(mainnet.book.feed(coin).address, "latestRoundData()", (), ROUND)[3]


@pytest.mark.parametrize("price", ["0.97", Decimal("0.97"), 97_000_000])
def test_set_feed__any_form_of_price__is_answered_by_the_proxy(mainnet, price):
    before = mainnet.rpc.read(mainnet.book.feed("USDC").address, "latestRound()")
    mainnet.set_feed("USDC", price)
    assert mainnet.rpc.read(mainnet.book.feed("USDC").address, "latestAnswer()", (), "int256") == 97_000_000
    assert mainnet.rpc.read(mainnet.book.feed("USDC").address, "latestRound()") == before + 1
    assert mainnet.feed_price("USDC") == Decimal("0.97")


def test_set_feeds__several__land_in_one_block(mainnet):
    block = int(mainnet.rpc.call("eth_blockNumber"), 16)
    mainnet.set_feeds({"DAI": "0.99", "ETH": "2500", "LUSD": "1.02"})
    assert int(mainnet.rpc.call("eth_blockNumber"), 16) == block + 1
    assert [mainnet.feed_price(c) for c in ("DAI", "ETH", "LUSD")] == [
        Decimal("0.99"),
        Decimal(2500),
        Decimal("1.02"),
    ]


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        ("0", "takes answers from"),
        ("-1", "takes answers from"),
        ("1001", "takes answers from"),
        ("1.123456789", "does not fit 8 decimals"),
        ("NaN", "does not fit"),
        ("a dollar", "is not a price"),
    ],
)
def test_set_feed__a_price_no_feed_takes__is_refused(mainnet, price, reason):
    with pytest.raises(ReplicaError, match=reason):
        mainnet.set_feed("USDC", price)
    assert mainnet.feed_price("USDC") == mainnet.book.feed("USDC").price


def test_break_feed__a_bad_aggregator__answers_until_mended(mainnet):
    mainnet.rpc.call("anvil_setCode", STRANGE, BAD_AGGREGATOR)
    mainnet.break_feed("DAI", STRANGE)
    round_id, answer, started, updated, _ = mainnet.rpc.read(
        mainnet.book.feed("DAI").address, "latestRoundData()", (), ROUND
    )
    assert (answer, started, updated) == (42, 0, 0)
    assert round_id == (2 << 64) + 7
    mainnet.pass_time(60)  # the broken feed is left alone, the others are kept fresh
    assert updated_at(mainnet, "DAI") == 0
    assert updated_at(mainnet, "USDC") == mainnet.timestamp()
    mainnet.mend_feed("DAI")
    assert mainnet.feed_price("DAI") == mainnet.book.feed("DAI").price
    mainnet.set_feed("DAI", "0.5")
    assert mainnet.feed_price("DAI") == Decimal("0.5")


def test_move_pool__every_pool_15_percent_both_ways__arrives(mainnet):
    supplies = {s: mainnet.rpc.read(t.address, "totalSupply()") for s, t in mainnet.book.tokens.items()}
    for pool in mainnet.book.pools:
        start = mainnet.pool_price(*pool.coins, pool.fee)
        for factor in (Decimal("0.85"), Decimal("1.15"), Decimal(1)):
            wanted = start * factor
            reached = mainnet.move_pool(*pool.coins, wanted, pool.fee)
            assert abs(reached / wanted - 1) < Decimal("1e-9"), pool.name
        liquidity = mainnet.rpc.read(pool.address, "liquidity()", (), "uint128")
        assert liquidity > 0
    after = {s: mainnet.rpc.read(t.address, "totalSupply()") for s, t in mainnet.book.tokens.items()}
    assert after == supplies


def test_move_pool__either_way_round__is_the_same_pool(mainnet):
    mainnet.move_pool("USDC", "USDT", "0.96")
    assert abs(mainnet.pool_price("USDT", "USDC") - 1 / Decimal("0.96")) < Decimal("1e-9")
    mainnet.move_pool("USDT", "USDC", "1.01")
    assert abs(mainnet.pool_price("USDC", "USDT") - 1 / Decimal("1.01")) < Decimal("1e-9")


@pytest.mark.parametrize(
    ("price", "reason"), [("0", "above zero"), ("-1", "above zero"), ("x", "not a price")]
)
def test_move_pool__a_price_that_is_none__is_refused(mainnet, price, reason):
    with pytest.raises(ReplicaError, match=reason):
        mainnet.move_pool("USDC", "USDT", price)


def test_move_pool__paused_coin__is_one_line_and_moves_nothing(mainnet):
    before = mainnet.pool_price("USDC", "USDT")
    mainnet.pause("USDC")
    with pytest.raises(ReplicaError, match="reverted"):
        mainnet.move_pool("USDC", "USDT", "0.9")
    assert mainnet.pool_price("USDC", "USDT") == before


def test_move_pool__held_for_half_an_hour__moves_the_average(mainnet):
    pool = mainnet.book.pool("DAI", "USDC", 100)

    def average():
        ticks, _ = mainnet.rpc.read(pool.address, "observe(uint32[])", [[1800, 0]], "int56[],uint160[]")
        return Decimal(1.0001 ** ((ticks[1] - ticks[0]) / 1800)).scaleb(12)

    mainnet.move_pool("DAI", "USDC", "0.95", 100)
    at_once = average()
    mainnet.pass_time(1800)
    assert abs(at_once - 1) < Decimal("0.01")
    assert abs(average() - Decimal("0.95")) < Decimal("0.0002")


def test_depeg__a_coin__is_seen_by_its_feed_and_by_every_pool(mainnet):
    mainnet.depeg("DAI", "0.95")
    assert mainnet.feed_price("DAI") == Decimal("0.95")
    for pool in mainnet.stable_pools("DAI"):
        other = "USDT" if "USDT" in pool.coins else "USDC"
        worth = mainnet.pool_price("DAI", other, pool.fee) * mainnet.feed_price(other)
        assert abs(worth - Decimal("0.95")) < Decimal("1e-9")


def test_mint__every_coin__gives_exactly_that_much(mainnet):
    account = mainnet.rpc.call("eth_accounts")[5]
    mainnet.set_usdt_fee(19, 49)
    for symbol in mainnet.book.tokens:
        mainnet.mint(symbol, account, 123_456_789_012)
        assert mainnet.balance(symbol, account) == 123_456_789_012, symbol


def test_mint__a_negative_amount_or_unknown_coin__is_refused(mainnet):
    with pytest.raises(ReplicaError, match="negative"):
        mainnet.mint("DAI", OPERATOR, -1)
    with pytest.raises(ReplicaError, match="not in the address book"):
        mainnet.mint("UST", OPERATOR, 1)


@pytest.mark.parametrize("coin", ["DAI", "FRAX", "LUSD", "WETH"])
def test_freeze__a_coin_without_the_power__says_which_have_it(mainnet, coin):
    with pytest.raises(
        ReplicaError, match=f"{coin} has no power to freeze accounts: only USDC and USDT have"
    ):
        mainnet.freeze(coin, OPERATOR)
    with pytest.raises(ReplicaError, match=f"{coin} cannot be paused: only USDC and USDT can"):
        mainnet.pause(coin)


@pytest.mark.parametrize("fee", [(20, 0), (-1, 0), (1, 50), (1, -1)])
def test_set_usdt_fee__beyond_what_usdt_takes__is_refused(mainnet, fee):
    with pytest.raises(ReplicaError, match="USDT takes a fee below 20 bps"):
        mainnet.set_usdt_fee(*fee)


def test_pass_time__keeping_feeds__every_feed_is_as_new_at_the_same_price(mainnet):
    mainnet.set_feed("USDT", "0.93")
    before, block = mainnet.timestamp(), int(mainnet.rpc.call("eth_blockNumber"), 16)
    mainnet.pass_time(100_000)
    assert mainnet.timestamp() == before + 100_000
    assert int(mainnet.rpc.call("eth_blockNumber"), 16) == block + 1
    for coin in mainnet.book.feeds:
        assert updated_at(mainnet, coin) == before + 100_000
    assert mainnet.feed_price("USDT") == Decimal("0.93")


def test_pass_time__not_keeping_feeds__leaves_them_stale(mainnet):
    before, updated = mainnet.timestamp(), updated_at(mainnet, "USDC")
    mainnet.pass_time(100_000, keep_feeds=False)
    assert mainnet.timestamp() == before + 100_000
    assert updated_at(mainnet, "USDC") == updated


def test_pass_time__backwards__is_refused(mainnet):
    with pytest.raises(ReplicaError, match="time passes forwards only"):
        mainnet.pass_time(0)


def test_set_base_fee__latest_and_next_block__charge_it(mainnet):
    fee = 123_000_000_000
    mainnet.set_base_fee(fee)
    assert int(mainnet.rpc.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16) == fee
    receipt = mainnet.rpc.send_raw(OPERATOR, b"", sender=mainnet.rpc.call("eth_accounts")[0])
    block = mainnet.rpc.call("eth_getBlockByNumber", receipt["blockNumber"], False)
    assert int(block["baseFeePerGas"], 16) == fee


def test_isolated__whatever_happens_inside__is_undone(mainnet):
    block = mainnet.rpc.call("eth_blockNumber")
    with mainnet.isolated():
        mainnet.depeg("FRAX", "0.9")
        mainnet.give_eth(STRANGE, 5)
    assert mainnet.rpc.call("eth_blockNumber") == block
    assert mainnet.feed_price("FRAX") == mainnet.book.feed("FRAX").price
    assert int(mainnet.rpc.call("eth_getBalance", STRANGE, "latest"), 16) == 0


def test_revert__a_snapshot_used_twice__is_refused(mainnet):
    snapshot = mainnet.snapshot()
    mainnet.revert(snapshot)
    with pytest.raises(ReplicaError, match="each can be used once"):
        mainnet.revert(snapshot)


def test_send__a_revert__carries_reason_and_data(mainnet):
    account = mainnet.rpc.call("eth_accounts")[7]
    dai = mainnet.book.token("DAI").address
    with pytest.raises(RpcError, match=r"^reverted: Dai/insufficient-balance$") as caught:
        mainnet.rpc.send(dai, "transfer(address,uint256)", [OPERATOR, 1], sender=account)
    assert caught.value.data[:4] == encode_call("Error(string)", ["x"])[:4]


def test_read__no_code_there__says_so(mainnet):
    with pytest.raises(ReplicaError, match="is there code at the address"):
        mainnet.rpc.read(STRANGE, "decimals()")


def test_replica__nobody_at_the_address__is_one_line():
    with pytest.raises(ReplicaError, match=r"^no node answers at http://127\.0\.0\.1:9 "):
        Replica("http://127.0.0.1:9")


def test_replica__not_a_url__is_refused():
    with pytest.raises(ReplicaError, match="is not an http:// JSON-RPC address"):
        Replica("localhost:8545")
