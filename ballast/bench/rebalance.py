"""What a whole rebalance of k swaps costs: half the coins sold for the hub, the hub spent on the other half.

Ours is the keeper's fill of an open session, one transaction: Rebalancer, vault and venue, live Chainlink
answers of every coin through their real proxies, the detector's word that no coin has worsened since the
opening, all settlement checks. `with_open` opens the session in the
same transaction. The peers make the same swaps through the same pools:
- bare: a contract that holds the coins and swaps, with no check, no price, no account of anything;
- priced: bare, after reading each coin's feed once for nothing: the least that a fill at live prices costs;
- tutorial: prices read per swap, an approval of the router per swap, value before and after;
- Set V2: GeneralIndexModule, a transaction a trade, all of them together; no oracle is asked there, and
  starting its rebalance is told in a row of its own.

Steady state: each has made the opposite swaps before or holds all coins, so every slot is in use, and time
has passed since, so pools write an observation where the tick moves. All start from one snapshot: the same
pool states, everything cold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ballast.bench.chainlink import FeedMaker
from ballast.bench.fund import Fund, Order
from ballast.bench.gas import Lab
from ballast.bench.market import Market, fund_market, plain_market
from ballast.bench.rows import Row
from ballast.bench.sources import Sources, chainlink_sources
from ballast.bench.swap_peers import SetV2Rebalance, Weights, bare_gas, priced_gas, tutorial_gas
from ballast.units import BPS

SIZES: Final = (2, 4, 8)
FUND_USD: Final = 9_000_000
PURSE_USD: Final = 1_000_000_000  # of each coin, the deployer's
STEP: Final = 350  # bps of the fund that each coin is sold or bought by
HUB_STEP: Final = 5  # bps a pair that stay in the hub, so that fees never push it past where it was


@dataclass(frozen=True)
class Bench:
    """A fund about to be filled, what to trade, and Set V2 about to do the same."""

    fund: Fund
    there: Weights
    back: Weights
    orders: list[Order]
    set_v2: SetV2Rebalance


def rows(lab: Lab) -> Iterator[Row]:
    """Every `rebalance.k{k}` row."""
    maker = FeedMaker(lab)
    market = fund_market(lab, max(SIZES))
    _fill_purse(lab, market)
    for k in SIZES:
        with lab.aside():
            yield from _size_rows(lab, market.first(k), maker, f"rebalance.k{k}")
    k = max(SIZES)
    with lab.aside():
        lab.progress("two sources a coin")
        bench = _prepare(lab, market.first(k), chainlink_sources(market.first(k), maker, lab, each=2))
        note = "fill, two Chainlink proxies a coin"
        yield Row(
            f"rebalance.k{k}.two_sources.vs_bare", _fill_gas(lab, bench), _bare_gas(lab, bench), note=note
        )
    with lab.aside():
        plain = plain_market(lab, k)
        bench = _prepare(lab, plain, chainlink_sources(plain, maker, lab))
        note = "fill, plain ERC-20s in pools too deep to move"
        yield Row(
            f"rebalance.k{k}.plain_coins.vs_bare", _fill_gas(lab, bench), _bare_gas(lab, bench), note=note
        )


def _size_rows(lab: Lab, market: Market, maker: FeedMaker, name: str) -> Iterator[Row]:
    lab.progress(name)
    bench = _prepare(lab, market, chainlink_sources(market, maker, lab))
    fill, bare = _fill_gas(lab, bench), _bare_gas(lab, bench)
    with lab.aside():
        priced = priced_gas(lab, market, bench.fund.sources.first, bench.orders)
    with lab.aside():
        tutorial = tutorial_gas(lab, market, bench.fund.sources.first, bench.orders)
    with lab.aside():
        started, traded = bench.set_v2.run(bench.there, bench.back)
    with lab.aside():
        opening = bench.fund.open().gas
    with lab.aside():
        both = bench.fund.fill(bench.orders).gas
    yield Row(f"{name}.vs_bare", fill, bare, note="fill of an open session")
    yield Row(
        f"{name}.vs_priced", fill, priced, note="fill of an open session; bare and every feed read once"
    )
    yield Row(f"{name}.vs_tutorial", fill, tutorial, note="fill of an open session")
    yield Row(f"{name}.vs_set_v2", fill, traded, note="fill of an open session; all trade() transactions")
    yield Row(f"{name}.with_open.vs_bare", both, bare, note="session opened and filled in one transaction")
    note = "session opened and filled in one; startRebalance and all trade()"
    yield Row(f"{name}.with_open.vs_set_v2", both, started + traded, note=note)
    yield Row(f"{name}.open.vs_set_v2", opening, started, note="open() alone; startRebalance alone")


def _prepare(lab: Lab, market: Market, sources: Sources) -> Bench:
    """Fund and peer have rebalanced once and are to do the opposite now; no session is open yet."""
    back, there = even_weights(market), skewed_weights(market)
    set_v2 = SetV2Rebalance.issue(lab, market, back, FUND_USD)
    set_v2.run(back, there)
    fund = Fund.deploy(lab, market, sources)
    fund.contribute(FUND_USD)
    fund.aim(back, there)
    fund.open()
    fund.fill(fund.orders(there))
    fund.aim(there, back)
    return Bench(fund, there, back, fund.orders(back), set_v2)


def even_weights(market: Market) -> Weights:
    """Equal parts in bps; what does not divide goes to the hub."""
    weights = {token: BPS // len(market.tokens) for token in market.tokens}
    weights[market.hub.token] += BPS - sum(weights.values())
    return weights


def skewed_weights(market: Market) -> Weights:
    """The first half of the coins lighter by `STEP`, the second heavier by almost that; the hub the rest."""
    weights = even_weights(market)
    half = len(market.coins) // 2
    for coin in market.coins[:half]:
        weights[coin.token] -= STEP
        weights[market.hub.token] += HUB_STEP
    for coin in market.coins[half:]:
        weights[coin.token] += STEP - HUB_STEP
    return weights


def _fill_purse(lab: Lab, market: Market) -> None:
    for coin in market.everything:
        if coin.symbol:
            lab.replica.mint(coin.symbol, lab.me, coin.units(PURSE_USD))


def _fill_gas(lab: Lab, bench: Bench) -> int:
    """The session is opened in a transaction before, which is not counted."""
    with lab.aside():
        bench.fund.open()
        return bench.fund.fill(bench.orders).gas


def _bare_gas(lab: Lab, bench: Bench) -> int:
    with lab.aside():
        return bare_gas(lab, bench.fund.market, bench.orders)
