"""The venue of a backtest: pools like Uniswap V3's, one price range each, put back round the known price.

Inside its range a position trades like x * y = k over virtual reserves; at the range's end nothing is left.
Amounts are in a coin's own decimals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from ballast.errors import DataError
from ballast.index_file import IndexFile
from ballast.keeper.market import ladder_amounts
from ballast.keeper.planning import PlannedTrade
from ballast.keeper.snapshot import Coin, Hop, Rung
from ballast.units import BPS, WAD

_FEE_UNIT: Final = 1_000_000  # fees are hundredths of a bp
RUNGS: Final = 32


@dataclass(frozen=True)
class PoolSpec:
    """A pool: its two coins' addresses, fee, and depth."""

    name: str
    tokens: tuple[str, str]
    fee: int  # hundredths of a bp
    depth: int  # WAD{USD} a side, all of it within the range
    half_width_bps: int = 50  # of the price, either way


@dataclass(frozen=True)
class Pool:
    """A pool's virtual reserves, and those in the middle of its range."""

    spec: PoolSpec
    middle: tuple[int, int]
    reserves: tuple[int, int]

    def room(self, token_in: str) -> int:
        """The largest amount that the range still takes."""
        at = self.spec.tokens.index(token_in)
        # sqrt(1 + w) - 1 is w / 2 to within 0.2 % for a half per cent.
        end = self.middle[at] * (2 * BPS + self.spec.half_width_bps) // (2 * BPS)
        return max(0, (end - self.reserves[at]) * _FEE_UNIT // (_FEE_UNIT - self.spec.fee))

    def quote(self, token_in: str, amount: int) -> int:
        """What an amount within `room` is paid, rounded down."""
        at = self.spec.tokens.index(token_in)
        net = amount * (_FEE_UNIT - self.spec.fee)
        return self.reserves[1 - at] * net // (self.reserves[at] * _FEE_UNIT + net)

    def swapped(self, token_in: str, amount: int) -> tuple["Pool", int]:
        """The pool after a swap, and what it paid. DataError beyond `room`."""
        if amount > self.room(token_in):
            raise DataError(f"{amount} of {token_in} is more than pool {self.spec.name} takes")
        at, out = self.spec.tokens.index(token_in), self.quote(token_in, amount)
        kept = list(self.reserves)
        kept[at] += amount * (_FEE_UNIT - self.spec.fee) // _FEE_UNIT  # the fee stays outside the curve
        kept[1 - at] -= out
        return Pool(self.spec, self.middle, (kept[0], kept[1])), out


@dataclass(frozen=True)
class Venue:
    """All pools at one moment."""

    pools: Mapping[str, Pool]

    @staticmethod
    def around(specs: Sequence[PoolSpec], coins: Sequence[Coin], prices: Mapping[str, int]) -> "Venue":
        """Pools in the middle of their ranges at `prices` (WAD{USD/coin} by token), each side as deep."""
        scales = {coin.token: coin.scale for coin in coins}
        pools = {}
        for spec in specs:
            virtual = spec.depth * 2 * BPS // spec.half_width_bps
            a, b = (virtual * WAD // (prices[token] * scales[token]) for token in spec.tokens)
            pools[spec.name] = Pool(spec, (a, b), (a, b))
        return Venue(pools)

    def hops(self, largest: Mapping[str, int], rungs: int = RUNGS) -> tuple[Hop, ...]:
        """Every pool both ways with a ladder of quotes up to `largest`, by the coin sold."""
        found = []
        for pool in self.pools.values():
            for token_in, token_out in (pool.spec.tokens, pool.spec.tokens[::-1]):
                amounts = ladder_amounts(min(pool.room(token_in), largest[token_in]), rungs)
                ladder = tuple(Rung(amount, pool.quote(token_in, amount)) for amount in amounts)
                found.append(Hop(pool.spec.name, pool.spec.fee, token_in, token_out, ladder))
        return tuple(found)

    def executed(self, trades: Sequence[PlannedTrade]) -> tuple["Venue", tuple[int, ...]]:
        """The venue after the trades, in their order, and what each brought."""
        pools = dict(self.pools)
        brought = []
        for trade in trades:
            amount = trade.amount_in
            for hop in trade.hops:
                pools[hop.pool], amount = pools[hop.pool].swapped(hop.token_in, amount)
            brought.append(amount)
        return Venue(pools), tuple(brought)


def pools_of(index: IndexFile, symbols: Sequence[str], depth: int) -> tuple[PoolSpec, ...]:
    """A pool of every pair of coins of which one is a hub (of all pairs without hubs), at the lowest fee.

    `depth` is WAD{USD} a side within half a per cent of the price.
    """
    hubs = [symbol for symbol in index.hubs if symbol in symbols]
    fee = min(index.venues.uniswap_v3.fee_tiers)
    pairs = [pair for pair in combinations(symbols, 2) if not hubs or set(pair) & set(hubs)]
    return tuple(
        PoolSpec(f"{a}/{b}", (index.coin(a).token, index.coin(b).token), fee, depth) for a, b in pairs
    )
