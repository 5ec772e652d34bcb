"""Drives feeds and pools of a replica along prices, a block a step: thousands of steps in minutes.

Feeds move by a round submitted to each aggregator, pools by real trades through the router; where one has
left the middle of its depth, its providers follow.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from eth_utils.crypto import keccak

from ballast.errors import ReplicaError
from ballast.replica import uniswap
from ballast.replica.addresses import Pool
from ballast.replica.feeds import nearest_answer, to_answer
from ballast.replica.handles import Replica
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import encode_call

FOLLOW: Final = Decimal("0.001")  # of the price: a fifth of the depth's half width
ENDLESS: Final = 2**120  # base units: more than a trade ever takes; what is not taken stays
CALL_GAS: Final = 3_000_000
RESERVE: Final = Decimal(10**11)  # coins that the operator has at least, to move pools with
_SLOT0: Final = "uint160,int24,uint16,uint16,uint16,uint8,bool"
_INCREASED: Final = "0x" + keccak(text="IncreaseLiquidity(uint256,uint128,uint256,uint256)").hex()

Call = tuple[str, str, tuple[Any, ...]]


@dataclass
class _Core:
    """The deep position of a pool: its token id, liquidity, and the price in its middle."""

    token_id: int
    liquidity: int
    middle: Decimal


class Drive:
    """Moves the named feeds and the given pools, each `depth` USD a side deep within half a per cent.

    Without a `depth` each pool is as deep as the book has it.
    """

    def __init__(
        self, replica: Replica, feeds: Sequence[str], pools: Sequence[Pool], depth: Decimal | None
    ) -> None:
        self._replica, self._rpc, self._book = replica, replica.rpc, replica.book
        self._pools, self._depth = tuple(pools), depth
        self._cores: dict[str, _Core] = {}
        found = [(self._book.feed(name).address, "aggregator()", (), "address") for name in feeds]
        aggregators = self._rpc.read_many(found)
        self._aggregators = dict(zip(feeds, aggregators, strict=True))
        rounds = self._rpc.read_many([(one, "latestRound()", (), "uint256") for one in aggregators])
        self._rounds = dict(zip(feeds, rounds, strict=True))
        self._take_over()

    def step(
        self, at: int | None, answers: Mapping[str, Decimal], prices: Mapping[str, Decimal], fee: int
    ) -> None:
        """One block at `at` (None: now): feeds give `answers`, pools trade to `prices` (USD by coin).

        `fee` is the block's base fee in wei. ReplicaError when the market cannot be brought there.
        """
        calls = self._submissions(answers)
        moved: list[tuple[int, Pool, Decimal]] = []
        for pool, (now, _) in zip(self._pools, self._stands(), strict=True):
            calls += self._trade(pool, now, prices)
            price = prices[pool.coins[0]] / prices[pool.coins[1]]
            core = self._cores.get(pool.address)
            if core is None or abs(price / core.middle - 1) > FOLLOW:
                moved.append((len(calls), pool, price))
                calls.append(self._follow(pool, core, prices))
        self._rpc.call("anvil_setNextBlockBaseFeePerGas", hex(fee))
        receipts = self._rpc.send_together(OPERATOR, calls, at=at, gas=CALL_GAS)
        for place, pool, price in moved:
            self._cores[pool.address] = _Core(*_position(receipts[place]), price)

    def settle(self, prices: Mapping[str, Decimal], fee: int) -> None:
        """Arbitrage brings pools that others traded in back to `prices`."""
        self.step(None, {}, prices, fee)

    def _take_over(self) -> None:
        """The depth that the pools came with goes; the operator gets enough of every coin to trade with."""
        positions = self._book.contracts["uniswap_v3_positions"]
        calls = [
            (positions, signature, args)
            for pool in self._pools
            for token_id, liquidity in uniswap.cores(self._rpc, self._book, pool)
            for signature, args in uniswap.withdrawal(token_id, liquidity)
        ]
        self._rpc.send_together(OPERATOR, calls)
        for symbol in {coin for pool in self._pools for coin in pool.coins}:
            wanted = int(RESERVE) * 10 ** self._book.token(symbol).decimals
            held = self._replica.balance(symbol, OPERATOR)
            if held < wanted:
                self._replica.mint(symbol, OPERATOR, wanted - held)

    def _submissions(self, answers: Mapping[str, Decimal]) -> list[Call]:
        calls: list[Call] = []
        for name, price in answers.items():
            self._rounds[name] += 1
            feed = self._book.feed(name)
            answer = to_answer(feed, nearest_answer(feed, price))
            calls.append((self._aggregators[name], "submit(uint256,int256)", (self._rounds[name], answer)))
        return calls

    def _stands(self) -> list[Any]:
        calls = [(pool.address, "slot0()", (), _SLOT0) for pool in self._pools]
        return [found[:2] for found in self._rpc.read_many(calls)]

    def _wanted(self, pool: Pool, prices: Mapping[str, Decimal]) -> int:
        """The pool's sqrt price where its coins cost what they should."""
        token0, token1 = self._book.sorted_coins(pool)
        price = Fraction(prices[token0.symbol]) / Fraction(prices[token1.symbol])
        return uniswap.sqrt_price_x96(token0, token1, price)

    def _trade(self, pool: Pool, now: int, prices: Mapping[str, Decimal]) -> list[Call]:
        wanted = self._wanted(pool, prices)
        if now == wanted:
            return []
        token0, token1 = self._book.sorted_coins(pool)
        source, target = (token0, token1) if wanted < now else (token1, token0)
        args = uniswap.swap_args(pool, source, target, ENDLESS, wanted)
        return [(self._book.contracts["uniswap_v3_router"], uniswap.SWAP, args)]

    def _follow(self, pool: Pool, core: _Core | None, prices: Mapping[str, Decimal]) -> Call:
        """Takes the depth out where it was and puts it round the price, all in one transaction."""
        taken = uniswap.withdrawal(core.token_id, core.liquidity) if core else []
        root = self._wanted(pool, prices) / uniswap.Q96
        tick = math.floor(2 * math.log(root, 1.0001))
        tokens = self._book.sorted_coins(pool)
        depth = pool.core * 1_000_000 if self._depth is None else self._depth
        amounts = [int(depth / prices[t.symbol] * 10**t.decimals) for t in tokens]
        placed = uniswap.mint_args(self._book, pool, tick, uniswap.CORE_TICKS, amounts)
        calls = [encode_call(signature, args) for signature, args in [*taken, (uniswap.MINT, placed)]]
        return (self._book.contracts["uniswap_v3_positions"], "multicall(bytes[])", (calls,))


def _position(receipt: Mapping[str, Any]) -> tuple[int, int]:
    """(token id, liquidity) of the position that a transaction made. ReplicaError when it made none."""
    for log in receipt["logs"]:
        if log["topics"][0] == _INCREASED:
            return int(log["topics"][1], 16), int(log["data"][2:66], 16)
    raise ReplicaError("a pool's providers put nothing in: there is no position in their transaction")
