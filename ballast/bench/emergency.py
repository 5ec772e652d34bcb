"""What fleeing one of five coins costs: the opening, and the fill that sells it for the other four.

The fund as shipped, two sources a coin (Chainlink and the pool's average). Both of the coin's sources have
fallen, the detector has confirmed it. Peers, from the same state of the pools:
- bare: the same swaps by a contract that holds the coins, with no check and no account of anything;
- ordinary: the same swaps as an ordinary rebalance, the coin taken out by the curator before anyone looked.

Every slot is in use but one: the first emergency of a fund begins its own loss account. The fund keeps one
unit of the coin, so that no emptied slot pays for a part.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ballast.bench.crisis import LOOK, VERDICT
from ballast.bench.fund import Fund, Order
from ballast.bench.gas import Lab
from ballast.bench.market import COINS, Coin, fund_market
from ballast.bench.rebalance import even_weights, skewed_weights
from ballast.bench.rows import Row
from ballast.bench.sources import shipped_sources
from ballast.bench.swap_peers import bare_gas
from ballast.errors import ChainError
from ballast.index_file import load_index
from ballast.settings import PACKAGED_INDEX

FUND_USD: Final = 1_000_000
PURSE_USD: Final = 100_000_000  # of each coin
FALLEN_TO: Final = "0.7"  # USD
WINDOW: Final = 1_900  # s, longer than the pools' averages
MAX_LOOKS: Final = 30
HOUR: Final = 3_600  # s between two looks
AUCTION: Final = 20 * 60  # s after which the public may fill at the floor
NAME: Final = "emergency.n5"


@dataclass(frozen=True)
class Costs:
    """Gas of one rebalance: its opening, its fill."""

    opening: int
    fill: int

    @property
    def total(self) -> int:
        """Both transactions."""
        return self.opening + self.fill


def rows(lab: Lab) -> Iterator[Row]:
    """Every `emergency` row."""
    fund = _settled_fund(lab)
    victim = fund.market.coins[0]
    _depeg(lab, victim)
    lab.progress("an ordinary rebalance of the emergency's swaps")
    with lab.aside():
        targets, ordinary, orders = _ordinary(lab, fund, victim)
    lab.progress("an emergency")
    _confirm(lab, fund, victim)
    opening = fund.flee(victim).gas
    if _weights(lab, fund) != targets:
        raise ChainError("the emergency's targets are not the ordinary rebalance's: their swaps differ")
    with lab.aside():
        bare = bare_gas(lab, fund.market, orders)
    with lab.aside():
        keeper = Costs(opening, fund.fill(orders).gas)
    lab.replica.pass_time(AUCTION)
    public = fund.public_fill(orders).gas
    swaps = f"{len(orders)} swaps"
    yield Row(f"{NAME}.open.vs_ordinary", opening, ordinary.opening, note="opening alone; open() alone")
    yield Row(
        f"{NAME}.fill.vs_bare", keeper.fill, bare, note=f"keeper's fill of {swaps}; the same swaps bare"
    )
    yield Row(
        f"{NAME}.fill.vs_ordinary", keeper.fill, ordinary.fill, note="the same swaps in an ordinary fill"
    )
    yield Row(f"{NAME}.vs_bare", keeper.total, bare, note=f"opening and keeper's fill of {swaps}")
    yield Row(f"{NAME}.vs_ordinary", keeper.total, ordinary.total, note="open() and fill of the same swaps")
    yield Row(f"{NAME}.public_fill.vs_bare", public, bare, note=f"anyone's fill of {swaps}")
    yield Row(
        f"{NAME}.public_fill.vs_keeper", public, keeper.fill, note="the keeper's fill of the same swaps"
    )


def _settled_fund(lab: Lab) -> Fund:
    """A fund that has rebalanced once and back."""
    market = fund_market(lab, len(COINS))
    for coin in market.everything:
        lab.replica.mint(coin.symbol, lab.me, coin.units(PURSE_USD))
    fund = Fund.deploy(lab, market, shipped_sources(market, lab, load_index(PACKAGED_INDEX)))
    fund.contribute(FUND_USD)
    even, skewed = even_weights(market), skewed_weights(market)
    for now, then in ((even, skewed), (skewed, even)):
        fund.aim(now, then)
        fund.open()
        fund.fill(fund.orders(then))
    fund.pass_time()
    return fund


def _depeg(lab: Lab, coin: Coin) -> None:
    """The coin's feed and pools at the lower price, the pools as deep as before, past their averages."""
    lab.replica.depeg(coin.symbol, FALLEN_TO)
    for pool in lab.replica.stable_pools(coin.symbol):
        lab.replica.provide(*pool.coins, pool.fee)
    lab.replica.pass_time(WINDOW)


def _ordinary(lab: Lab, fund: Fund, victim: Coin) -> tuple[dict[str, int], Costs, list[Order]]:
    """The weights without the coin, what an ordinary rebalance to them costs, its swaps."""
    lab.send(fund.calculator, "setActive(address,bool)", victim.token, False)
    opening = fund.open().gas
    targets = _weights(lab, fund)
    orders = fund.orders(targets)
    return targets, Costs(opening, fund.fill(orders).gas), orders


def _weights(lab: Lab, fund: Fund) -> dict[str, int]:
    weights = lab.read(fund.vault, "getConstituents()", "address[],uint256[]")[1]
    return dict(zip(fund.market.tokens, weights, strict=True))  # the vault was given them in this order


def _confirm(lab: Lab, fund: Fund, coin: Coin) -> None:
    """Looks until the detector confirms the crisis."""
    for _ in range(MAX_LOOKS):
        lab.send(fund.detector, LOOK, coin.token)
        if lab.read(fund.detector, VERDICT, "bool", coin.token):
            return
        lab.replica.pass_time(HOUR)
    raise ChainError(f"no crisis after {MAX_LOOKS} looks at {FALLEN_TO} USD")
