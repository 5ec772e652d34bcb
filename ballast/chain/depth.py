"""How much the pools pay for how much: ladders of quotes through QuoterV2, at the snapshot's block."""

from math import isqrt
from typing import Any, Final

from ballast.chain.multicall import aggregate, foreign
from ballast.index_file import IndexFile
from ballast.keeper.rules import as_traded, in_emergency, is_tradable
from ballast.keeper.snapshot import Coin, Hop, Phase, Rung, Snapshot
from ballast.units import BPS, WAD, ceil_div

_QUOTE: Final = (
    "quoteExactInputSingle((address,address,uint256,uint24,uint160))(uint256,uint160,uint32,uint256)"
)
_STEPS: Final = (1, 2, 4, 8, 16, 24, 32, 48, 64)  # 64ths of the largest amount worth quoting
_PER_CALL: Final = 64  # quotes in one eth_call: each costs up to some 300,000 gas
_MARGIN: Final = 2_000  # bps worse than the worst oracle prices, where no trade brings the floor any more

PoolKey = tuple[str, str, int]


def quote_hops(snapshot: Snapshot, index: IndexFile, pools: dict[PoolKey, str]) -> tuple[Hop, ...]:
    """Every pool in every direction that a fill could use, with its ladder.

    A coin above its target is sold, one below it is bought, and hubs are both. Without good prices nothing is
    traded, and nothing is quoted.
    """
    drifts = _drifts(snapshot)
    if not drifts:
        return ()
    hubs = {index.coin(symbol).token for symbol in index.hubs} & set(drifts)
    sellers = {token for token, drift in drifts.items() if drift > 0} | hubs
    buyers = {token for token, drift in drifts.items() if drift < 0} | hubs
    largest = 2 * max(abs(drift) for drift in drifts.values())
    hops = []
    for (a, b, fee), pool in pools.items():
        for token_in, token_out in ((a, b), (b, a)):
            if token_in in sellers and token_out in buyers:
                hops.append((pool, fee, snapshot.coin(token_in), snapshot.coin(token_out)))
    return _quoted(snapshot, index, hops, largest)


def _drifts(snapshot: Snapshot) -> dict[str, int]:
    """WAD{USD} of each coin above (+) or below (-) its target; empty when it cannot be told or is nothing.

    An emergency session also trades on sources that disagree; a coin without a usable price it leaves alone.
    A coin that its issuer has stopped is left out: a trade with it would undo every other of the fill.
    """
    lenient = in_emergency(snapshot)
    coins = as_traded(snapshot).coins
    usable = [coin for coin in coins if is_tradable(coin.quote, lenient)]
    if len(usable) < len(coins) and not lenient:
        return {}
    values = {coin.token: coin.reserve * coin.scale * coin.quote.mid // WAD for coin in coins}
    total = sum(values.values())
    is_open = snapshot.session.phase == Phase.OPEN
    pegs = snapshot.emergency.pegs if snapshot.emergency is not None else ()
    stopped = {peg.token for peg in pegs if peg.stopped}
    drifts = {}
    for coin in usable:
        if coin.token in stopped:
            continue
        target = coin.vault_weight if is_open else coin.optimal_weight
        drifts[coin.token] = values[coin.token] - target * total // BPS
    return drifts if any(drifts.values()) else {}


def _quoted(
    snapshot: Snapshot, index: IndexFile, hops: list[tuple[str, int, Coin, Coin]], largest: int
) -> tuple[Hop, ...]:
    """The hops with their ladders, asked in as few calls as gas allows."""
    quoter = index.venues.uniswap_v3.quoter
    asked = [(hop, _amounts(hop[2], largest)) for hop in hops]
    calls = [
        foreign(
            quoter, _QUOTE, sold.token, bought.token, amount, fee, _price_limit(sold, bought), may_fail=True
        )
        for (_, fee, sold, bought), amounts in asked
        for amount in amounts
    ]
    answers = iter(aggregate(calls, snapshot.block, _PER_CALL))
    return tuple(
        Hop(
            pool,
            fee,
            sold.token,
            bought.token,
            _ladder([(amount, next(answers)) for amount in amounts], _price_limit(sold, bought)),
        )
        for (pool, fee, sold, bought), amounts in asked
    )


def _price_limit(sold: Coin, bought: Coin) -> int:
    """The pool's square root price (X96) at which a quote stops.

    Without one, a quote for more than the pool holds walks its empty ticks to the very end, which takes more
    gas than a node gives an `eth_call`; and pools are drained when the keeper is needed most.
    """
    paid = sold.quote.low * sold.scale * (BPS - _MARGIN)  # for one unit of the coin sold ...
    asked = bought.quote.high * bought.scale * BPS  # ... and of the one bought
    over, under = (paid, asked) if int(sold.token, 16) < int(bought.token, 16) else (asked, paid)
    return isqrt((over << 192) // under)


def _amounts(coin: Coin, largest: int) -> list[int]:
    """Increasing amounts, own decimals, up to `largest` WAD{USD} worth of the coin."""
    top = ceil_div(largest * WAD, coin.quote.mid * coin.scale)
    return sorted({ceil_div(top * step, _STEPS[-1]) for step in _STEPS} - {0})


def _ladder(quotes: list[tuple[int, Any]], limit: int) -> tuple[Rung, ...]:
    """Rungs up to where the price limit is met: a quote that meets it is not one for the whole amount."""
    rungs: list[Rung] = []
    for amount, answer in quotes:
        if answer is None or answer[1] == limit:
            break
        if answer[0] <= (rungs[-1].amount_out if rungs else 0):
            if rungs:
                break
            continue  # too little to be paid anything: the ladder begins higher
        rungs.append(Rung(amount, answer[0]))
    return tuple(rungs)
