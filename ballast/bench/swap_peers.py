"""The peers that make a fund's swaps without a fund, each ready to make them: coins held, slots in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ballast.bench.fund import HEARTBEAT, Order
from ballast.bench.gas import Lab
from ballast.bench.market import Coin, Market
from ballast.bench.set_v2 import SetV2
from ballast.units import BPS, WAD

BLOCK_TIME: Final = 12  # seconds
HOLDINGS_USD: Final = 2_000_000  # of each coin
BARE_RUN: Final = "run((address,address,bool,uint256)[])"
PRICED_RUN: Final = "runPriced((address,address,bool,uint256)[],address[])"
TUTORIAL_RUN: Final = "rebalance((address,address,uint24,uint256,uint256)[])"

Weights = dict[str, int]  # token to bps


def bare_gas(lab: Lab, market: Market, orders: Sequence[Order]) -> int:
    """Gas of the orders and nothing else."""
    bare = lab.deploy("BareSwaps")
    _hand_over(lab, market, bare)
    return lab.send(bare, BARE_RUN, [_bare_swap(order) for order in orders]).gas


def priced_gas(lab: Lab, market: Market, feeds: Sequence[str], orders: Sequence[Order]) -> int:
    """Gas of the orders after one look at each of `feeds`."""
    priced = lab.deploy("PricedSwaps")
    _hand_over(lab, market, priced)
    return lab.send(priced, PRICED_RUN, [_bare_swap(order) for order in orders], list(feeds)).gas


def tutorial_gas(lab: Lab, market: Market, feeds: Sequence[str], orders: Sequence[Order]) -> int:
    """Gas of the orders through the tutorial's rebalancer; `feeds` in the order of the market's tokens."""
    router = lab.book.contracts["uniswap_v3_router"]
    tutorial = lab.deploy("TutorialRebalancer", "address", router)
    for token, feed in zip(market.tokens, feeds, strict=True):
        lab.send(tutorial, "addCoin(address,address,uint256,uint256)", token, feed, 1, HEARTBEAT)
    _hand_over(lab, market, tutorial)
    lab.rpc.mine_after(BLOCK_TIME)  # writing the same time twice would be cheaper than it ever is
    return lab.send(tutorial, TUTORIAL_RUN, [_tutorial_order(order) for order in orders]).gas


@dataclass(frozen=True)
class SetV2Rebalance:
    """A set of the market's coins that moves between two weightings; one set is worth a dollar."""

    peer: SetV2
    token: str
    market: Market

    @classmethod
    def issue(cls, lab: Lab, market: Market, weights: Weights, usd: int) -> "SetV2Rebalance":
        """Issues `usd` sets of one dollar in those weights and lets the deployer trade."""
        peer = SetV2.deploy(lab, market.hub.token)
        coins = market.everything
        token = peer.create(market.tokens, [_part(coin, weights) for coin in coins])
        lab.approve(market.tokens, peer.issuance)
        peer.issue(token, usd * WAD)
        peer.prepare_trading(token, market.coins)
        return cls(peer, token, market)

    def run(self, now: Weights, then: Weights) -> tuple[int, int]:
        """(gas of startRebalance, gas of all its trades): every coin to its new weight, sells first."""
        targets = [_part(coin, then) for coin in self.market.everything]
        started = self.peer.start(self.token, targets)
        sells = [coin for coin in self.market.coins if then[coin.token] < now[coin.token]]
        buys = [coin for coin in self.market.coins if then[coin.token] > now[coin.token]]
        traded = sum(self.peer.trade(self.token, coin.token, selling=True) for coin in sells)
        traded += sum(self.peer.trade(self.token, coin.token, selling=False) for coin in buys)
        return started, traded


def _part(coin: Coin, weights: Weights) -> int:
    return coin.units(1) * weights[coin.token] // BPS


def _hand_over(lab: Lab, market: Market, holder: str) -> None:
    for coin in market.everything:
        lab.send(coin.token, "transfer(address,uint256)", holder, coin.units(HOLDINGS_USD))


def _bare_swap(order: Order) -> tuple[Any, ...]:
    source, target = order.source, order.target
    is_first = int(source.token, 16) < int(target.token, 16)
    return (source.pool or target.pool, source.token, is_first, order.amount)


def _tutorial_order(order: Order) -> tuple[Any, ...]:
    source, target = order.source, order.target
    return (source.token, target.token, source.fee or target.fee, order.amount, 0)
