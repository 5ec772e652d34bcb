"""Feeds, Uniswap V3, Multicall3 and Permit2 answer as on mainnet."""

from decimal import Decimal

import pytest

from ballast.replica.rpc import RpcError, decode_as, encode_call

pytestmark = pytest.mark.replica
QUOTE = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
SWAP = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
SWAP_02 = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
ROUND = "uint80,int256,uint256,uint256,uint80"


def test_feeds__latest_round__is_the_books_price_and_fresh(mainnet):
    for coin, feed in mainnet.book.feeds.items():
        round_id, answer, started, updated, answered_in = mainnet.rpc.read(
            feed.address, "latestRoundData()", (), ROUND
        )
        assert answer == int(feed.price * 10**feed.decimals)
        assert round_id == answered_in
        assert round_id >> 64 == 1  # a proxy puts its phase above the aggregator's round
        assert 0 < started <= updated <= mainnet.timestamp()
        assert mainnet.timestamp() - updated < 60
        assert mainnet.rpc.read(feed.address, "decimals()") == feed.decimals
        assert mainnet.rpc.read(feed.address, "description()", (), "string") == f"{coin} / USD"


def test_feeds__a_round_by_a_stranger__is_refused(mainnet):
    stranger = mainnet.rpc.call("eth_accounts")[0]
    aggregator = mainnet.rpc.read(mainnet.book.feed("USDC").address, "aggregator()", (), "address")
    with pytest.raises(RpcError, match="not enabled oracle"):
        mainnet.rpc.send(aggregator, "submit(uint256,int256)", [3, 10**8], sender=stranger)


def test_pools__address__is_what_the_factory_answers_and_mainnet_has(mainnet):
    factory = mainnet.book.contracts["uniswap_v3_factory"]
    for pool in mainnet.book.pools:
        a, b = (mainnet.book.token(c).address for c in pool.coins)
        found = mainnet.rpc.read(factory, "getPool(address,address,uint24)", [a, b, pool.fee], "address")
        assert found == pool.address
    # Known from mainnet, not from us.
    assert mainnet.book.pool("USDC", "USDT", 100).address == "0x3416cF6C708Da44DB2624D63ea0AAef7113527C6"
    assert mainnet.book.pool("USDC", "WETH", 500).address == "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"


def test_pools__half_hour_average__is_there_and_at_the_feeds_ratio(mainnet):
    for pool in mainnet.book.pools:
        args = [[1800, 0]]
        cumulatives, _ = mainnet.rpc.read(pool.address, "observe(uint32[])", args, "int56[],uint160[]")
        tick = (cumulatives[1] - cumulatives[0]) / 1800
        token0, token1 = mainnet.book.sorted_coins(pool)
        average = Decimal(1.0001**tick).scaleb(token0.decimals - token1.decimals)
        expected = mainnet.book.feed(token0.symbol).price / mainnet.book.feed(token1.symbol).price
        assert abs(average / expected - 1) < Decimal("0.0002"), pool.name


def test_pools__a_trade_of_a_hundred_thousand_dollars__costs_little_more_than_the_fee(mainnet):
    quoter = mainnet.book.contracts["uniswap_v3_quoter"]
    for pool in mainnet.book.pools:
        if {"COMP", "CRV", "CVX"} & set(pool.coins):
            continue  # a reward's pool is thin, as on mainnet
        a, b = (mainnet.book.token(c) for c in pool.coins)
        dollars = Decimal(100_000)
        amount = int(dollars / mainnet.book.feed(a.symbol).price * 10**a.decimals)
        call = encode_call(QUOTE, [(a.address, b.address, amount, pool.fee, 0)])
        answer = mainnet.rpc.call("eth_call", {"to": quoter, "data": "0x" + call.hex()}, "latest")
        out = decode_as("uint256,uint160,uint32,uint256", answer)[0]
        fair = dollars / mainnet.book.feed(b.symbol).price
        cost = 1 - Decimal(out).scaleb(-b.decimals) / fair
        fee = Decimal(pool.fee) / 1_000_000
        assert fee * Decimal("0.9") < cost < fee + Decimal("0.0003"), (pool.name, cost)


@pytest.mark.parametrize("router", ["uniswap_v3_router", "uniswap_v3_router_02"])
def test_routers__exact_input__pays_what_the_quoter_said(mainnet, router):
    trader = mainnet.rpc.call("eth_accounts")[0]
    pool = mainnet.book.pool("DAI", "USDC", 100)
    dai, usdc = (mainnet.book.token(c) for c in ("DAI", "USDC"))
    amount = 5_000 * 10**18
    quote_args = [(dai.address, usdc.address, amount, pool.fee, 0)]
    quoted = mainnet.rpc.read(
        mainnet.book.contracts["uniswap_v3_quoter"], QUOTE, quote_args, "uint256,uint160,uint32,uint256"
    )[0]
    to = mainnet.book.contracts[router]
    mainnet.mint("DAI", trader, amount)
    mainnet.rpc.send(dai.address, "approve(address,uint256)", [to, amount], sender=trader)
    deadline = [2**40] if router == "uniswap_v3_router" else []
    args = (dai.address, usdc.address, pool.fee, trader, *deadline, amount, quoted, 0)
    mainnet.rpc.send(to, SWAP if deadline else SWAP_02, [args], sender=trader)
    assert mainnet.balance("USDC", trader) == quoted
    assert mainnet.balance("DAI", trader) == 0


def test_multicall3__aggregate3__answers_each_call(mainnet):
    usdc = mainnet.book.token("USDC").address
    calls = [(usdc, False, encode_call("decimals()")), (usdc, True, encode_call("nothing()"))]
    answers = mainnet.rpc.read(
        mainnet.book.contracts["multicall3"],
        "aggregate3((address,bool,bytes)[])",
        [calls],
        "(bool,bytes)[]",
    )
    assert int.from_bytes(answers[0][1], "big") == 6
    assert [ok for ok, _ in answers] == [True, False]


def test_permit2__domain__is_the_mainnet_one_and_transfers_work(mainnet):
    owner, friend = mainnet.rpc.call("eth_accounts")[:2]
    permit2, usdc = mainnet.book.contracts["permit2"], mainnet.book.token("USDC").address
    domain = mainnet.rpc.read(permit2, "DOMAIN_SEPARATOR()", (), "bytes32")
    assert domain.hex() == "866a5aba21966af95d6c7ab78eb2b2fc913915c28be3b9aa07cc04ff903e3f28"
    mainnet.mint("USDC", owner, 10)
    rpc = mainnet.rpc
    rpc.send(usdc, "approve(address,uint256)", [permit2, 10], sender=owner)
    rpc.send(permit2, "approve(address,address,uint160,uint48)", [usdc, friend, 4, 2**40], sender=owner)
    args = [owner, friend, 4, usdc]
    rpc.send(permit2, "transferFrom(address,address,uint160,address)", args, sender=friend)
    assert mainnet.balance("USDC", friend) == 4
    with pytest.raises(RpcError):
        rpc.send(permit2, "transferFrom(address,address,uint160,address)", args, sender=friend)
