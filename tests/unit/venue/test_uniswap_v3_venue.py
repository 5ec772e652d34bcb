"""The venue on Uniswap's own pools: routes, callbacks, and nothing kept."""

import pytest
from ape.exceptions import ContractLogicError
from eth_utils import keccak

from ballast.replica import address_book
from tests.reverts import revert_of
from tests.unit.venue.conftest import FEE, POOL_INIT_CODE_HASH, path

AMOUNT = 1_000 * 10**18
ZERO = "0x" + "00" * 20
BLACKLIST, REENTERS = 5, 6  # TokenWithModes.Mode


def refusal(market, *args, errors_of=None):
    """What the payer's swap reverts with."""
    known = errors_of or market.venue.contract_type
    return revert_of(market.payer.swap, *args, sender=market.trader, errors_of=known)


@pytest.mark.parametrize("indices", [(0, 1), (1, 0), (1, 2), (2, 1)])
def test_swap__one_hop_either_way__proceeds_go_to_the_caller(market, trader, indices):
    before = market.balances(market.payer)
    market.payer.swap(*market.swap(AMOUNT, *indices), sender=trader)
    i, j = indices
    after = market.balances(market.payer)
    assert before[i] - after[i] == AMOUNT
    assert AMOUNT * 997 // 1_000 < after[j] - before[j] < AMOUNT
    assert market.payer.calls() == 1
    assert market.payer.lastTo() == market.pools[min(i, j), max(i, j)]  # straight into the pool
    assert market.balances(market.venue) == [0, 0, 0]


@pytest.mark.parametrize("indices", [(0, 1, 2), (2, 1, 0)])
def test_swap__two_hops__through_the_venue_and_nothing_stays(market, trader, indices):
    before = market.balances(market.payer)
    market.payer.swap(*market.swap(AMOUNT, *indices), sender=trader)
    after = market.balances(market.payer)
    changes = [a - b for a, b in zip(after, before, strict=True)]
    assert changes[indices[0]] == -AMOUNT
    assert changes[indices[1]] == 0
    assert AMOUNT * 99 // 100 < changes[indices[2]] < AMOUNT
    assert market.payer.calls() == 1
    assert market.balances(market.venue) == [0, 0, 0]
    for coin in market.coins:
        for pool in market.pools.values():
            assert coin.allowance(market.venue, pool) == 0


def test_swap__coins_lying_in_the_venue__are_not_touched(market, trader):
    market.coins[1].mint(market.venue, 7, sender=trader)
    market.payer.swap(*market.swap(AMOUNT, 0, 1, 2), sender=trader)
    assert market.balances(market.venue) == [0, 7, 0]


def test_swap__no_such_pool__named(market):
    a, c = market.coins[0].address, market.coins[2].address
    assert refusal(market, *market.swap(AMOUNT, 0, 2)) == ("PoolMissing", a, c, FEE)
    other_fee = path(a, 3_000, market.coins[1].address)
    assert refusal(market, *market.swap(AMOUNT, 0, 1, data=other_fee))[0] == "PoolMissing"


def test_swap__more_than_the_pool_can_take__partial_fill(market):
    """Liquidity near one to one only: the price runs to its limit before the amount is used up."""
    pool = market.seed(0, 2, 100, 10**18)
    name, where, asked, consumed = refusal(market, *market.swap(AMOUNT, 0, 2))
    assert (name, where, asked) == ("PartialFill", pool, AMOUNT)
    assert 10**18 < consumed < 2 * 10**18


@pytest.mark.parametrize("cut", ["empty", "token", "short", "long", "start", "end"])
def test_swap__malformed_route__refused(market, cut):
    a, b, c = (coin.address for coin in market.coins)
    good = path(a, FEE, b)
    data = {
        "empty": b"",
        "token": good[:20],
        "short": good[:-1],
        "long": good + b"\0",
        "start": path(c, FEE, b),
        "end": path(a, FEE, c),
    }[cut]
    assert refusal(market, *market.swap(AMOUNT, 0, 1, data=data)) == ("BadRoute", data)


def test_swap__amount_beyond_the_pool_s_integers__refused(market):
    huge = 2**255
    assert refusal(market, *market.swap(huge, 0, 1)) == ("AmountTooLarge", huge)


def test_callback__from_anyone_but_the_pool_of_the_hop__refused(market, attacker, trader):
    callback = market.venue.uniswapV3SwapCallback
    assert revert_of(callback, 1, -1, b"", sender=attacker) == ("NotThePool", attacker.address)
    market.payer.swap(*market.swap(AMOUNT, 0, 1), sender=trader)
    pool = market.pools[0, 1]  # no longer after its swap either
    assert revert_of(callback, 1, -1, b"", sender=pool) == ("NotThePool", pool)


def test_swap__hostile_coin_reenters__refused(market, trader):
    """A coin called during the swap tries to start one of its own."""
    coin = market.coins[1]
    inner = market.venue.swap.encode_input(market.coins[0], coin, 1, market.route(0, 1))
    coin.setHook(market.venue, inner, sender=trader)
    coin.setMode(REENTERS, sender=trader)
    name, reason = refusal(market, *market.swap(AMOUNT, 1, 2), errors_of=coin.contract_type)
    assert (name, reason[:4]) == ("HookFailed", keccak(text="Reentered()")[:4])


def test_swap__coin_blacklists_the_venue__one_hop_still_works(market, trader):
    """The venue never holds the coins of a single hop."""
    for coin in market.coins:
        coin.setBlacklisted(market.venue, sender=trader)
        coin.setMode(BLACKLIST, sender=trader)
    market.payer.swap(*market.swap(AMOUNT, 0, 1), sender=trader)
    assert market.payer.calls() == 1


def test_pool_of__address_book__matches_mainnet(market):
    book = address_book()
    for pool in book.pools:
        tokens = [book.token(coin).address for coin in pool.coins]
        assert market.venue.poolOf(*tokens, pool.fee) == pool.address
        assert market.venue.poolOf(*tokens[::-1], pool.fee) == pool.address


def test_constructor__no_factory__refused(project, trader):
    with pytest.raises(ContractLogicError, match=keccak(text="ZeroAddress()")[:4].hex()):
        trader.deploy(project.UniswapV3Venue, ZERO, POOL_INIT_CODE_HASH)
