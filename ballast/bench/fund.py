"""The whole fund on a market: every contract and role, real Chainlink proxies, and its way to a steady state.

Each coin has one source; with `two_sources` each has two, both real Chainlink proxies. The keeper holds the
KEEPER role and no other, so authority is checked as in production. Parameters are the contracts' defaults.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.crypto import keccak

from ballast.bench.chainlink import DOLLAR, FeedMaker
from ballast.bench.gas import ZERO, Lab, Receipt
from ballast.bench.market import Coin, Market
from ballast.replica.feeds import submit
from ballast.replica.packages import fetch, pinned
from ballast.replica.rpc import selector
from ballast.units import BPS, PER_MILLE, WAD, from_wad, to_wad

KEEPER_ROLE: Final = 3
HEARTBEAT: Final = 86_400  # seconds
LOW: Final = WAD // 2  # USD, price bounds of a source
HIGH: Final = 2 * WAD
SPREAD: Final = 100  # bps
CAP: Final = 10**10  # whole USD; only the proportions matter
SETTLE_IN: Final = 8 * 3_600  # seconds: past the cooldown and the window of reports
FILL: Final = "executeRebalance((address,address,uint256,uint256,address,bytes)[])"
SOURCES: Final = "setSources(address,(address,uint32,uint8,uint256,uint256)[],uint256,uint256)"
POOL_CODE: Final = "artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json"

Order = tuple[Coin, Coin, int]  # coin in, coin out, amount of coin in


@dataclass(frozen=True)
class Fund:
    """The deployed contracts and the feeds that are ours to refresh."""

    lab: Lab
    market: Market
    keeper: str
    oracle: str
    calculator: str
    vault: str
    rebalancer: str
    venue: str
    proxies: tuple[str, ...]  # the first source of each coin, in the order of the market's tokens
    feeds: tuple[str, ...]  # those that are ours to keep fresh

    @classmethod
    def deploy(cls, lab: Lab, market: Market, maker: FeedMaker, *, two_sources: bool = False) -> "Fund":
        """Deploys and wires everything; the deployer governs and reports. Nothing is contributed yet."""
        access = lab.deploy("IndexAccess", "address", lab.me)
        oracle = lab.deploy("PriceOracle", "address,address,uint256", access, ZERO, 0)
        proxies, feeds = _set_sources(lab, market, maker, oracle, two_sources=two_sources)
        calculator = lab.deploy("IndexCalculator", "address", access)
        _seed(lab, market, calculator)
        tokens, weights = lab.read(calculator, "calculateOptimalWeights()", "address[],uint256[]")
        vault_args = "string,string,address,address,address,address[],uint256[],address"
        vault = lab.deploy(
            "IndexVault", vault_args, "Bench", "BENCH", access, oracle, lab.me, tokens, weights, ZERO
        )
        weth = lab.book.token("WETH").address
        brain_args = "address,address,address,address,address,address"
        rebalancer = lab.deploy("Rebalancer", brain_args, access, vault, calculator, oracle, weth, ZERO)
        lab.send(vault, "transferOwnership(address)", rebalancer)
        factory = lab.book.contracts["uniswap_v3_factory"]
        venue = lab.deploy("UniswapV3Venue", "address,bytes32", factory, pool_code_hash())
        keeper = str(lab.rpc.call("eth_accounts")[1])
        lab.send(access, "grantRole(uint64,address,uint32)", KEEPER_ROLE, keeper, 0)
        roles = "setTargetFunctionRole(address,bytes4[],uint64)"
        lab.send(access, roles, rebalancer, [selector(FILL)], KEEPER_ROLE)
        return cls(lab, market, keeper, oracle, calculator, vault, rebalancer, venue, proxies, feeds)

    def contribute(self, usd: int) -> Receipt:
        """The deployer's contribution of about `usd` dollars in proportion to the weights, coins approved."""
        self.lab.approve(self.market.tokens, self.vault)
        weights = self.lab.read(self.vault, "getConstituents()", "address[],uint256[]")[1]
        coins = self.market.everything  # the vault was given them in this order
        amounts = [c.units(usd) * w // BPS for c, w in zip(coins, weights, strict=True)]
        return self.lab.send(self.vault, "contribute(uint256[],address,uint256)", amounts, self.lab.me, 0)

    def pass_time(self, seconds: int = SETTLE_IN) -> None:
        """Lets time go by; every feed answers anew afterwards."""
        self.lab.replica.pass_time(seconds)
        if self.feeds:
            submit(self.lab.rpc, [(feed, DOLLAR) for feed in self.feeds])

    def aim(self, now: dict[str, int], then: dict[str, int]) -> None:
        """Walks the reported caps from the weights `now` to `then` (token to bps), the next targets.

        In two reports, since one may move a cap by two fifths at most.
        """
        for share in (1, 2):
            self.pass_time()
            self._report(
                [CAP * (now[t] * (2 - share) + then[t] * share) // (2 * BPS) for t in self.market.tokens]
            )

    def _report(self, caps: list[int]) -> None:
        tokens = self.market.tokens
        nothing = [0] * len(tokens)
        report = "report(address[],uint256[],uint256[],uint256[],uint256[])"
        self.lab.send(self.calculator, report, tokens, caps, [PER_MILLE] * len(tokens), nothing, nothing)

    def open(self) -> Receipt:
        """Opens a session."""
        return self.lab.send(self.rebalancer, "open()", sender=self.keeper)

    def fill(self, orders: list[Order]) -> Receipt:
        """The keeper's fill: each order through its coin's pool, at least 99 % of its nominal amount back."""
        trades = [self._trade(order) for order in orders]
        return self.lab.send(self.rebalancer, FILL, trades, sender=self.keeper)

    def orders(self, targets: dict[str, int]) -> list[Order]:
        """Sells, then buys, that bring every coin but the hub from its reserve to `targets` (bps) exactly."""
        coins, hub = self.market.everything, self.market.hub  # the vault lists them in this order
        reserves = self.lab.read(self.vault, "getBasket()", "address[],uint256[],uint256[]")[2]
        quotes = self.lab.read(
            self.oracle, "quotes(address[])", "(uint256,uint256,uint8)[]", self.market.tokens
        )
        prices = {coin.token: low for coin, (low, _, _) in zip(coins, quotes, strict=True)}
        values = {
            coin.token: to_wad(reserve, coin.decimals) * prices[coin.token] // WAD
            for coin, reserve in zip(coins, reserves, strict=True)
        }
        sells: list[Order] = []
        buys: list[Order] = []
        for coin in self.market.coins:
            gap = targets[coin.token] * sum(values.values()) // BPS - values[coin.token]
            source, target, side = (hub, coin, buys) if gap > 0 else (coin, hub, sells)
            amount = from_wad(abs(gap) * WAD // prices[source.token], source.decimals)
            side.append((source, target, amount))
        return sells + buys

    def _trade(self, order: Order) -> tuple[Any, ...]:
        source, target, amount = order
        fee = (source.fee or target.fee).to_bytes(3, "big")
        route = bytes.fromhex(source.token[2:]) + fee + bytes.fromhex(target.token[2:])
        least = amount * 10**target.decimals * 99 // 100 // 10**source.decimals
        return (source.token, target.token, amount, least, self.venue, route)


def pool_code_hash() -> bytes:
    """keccak256 of the creation code of Uniswap V3's pools, from its own artifact."""
    artifact = json.loads((fetch(pinned()["@uniswap/v3-core"]) / POOL_CODE).read_text())
    return bytes(keccak(hexstr=artifact["bytecode"]))


def _set_sources(
    lab: Lab, market: Market, maker: FeedMaker, oracle: str, *, two_sources: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    first: list[str] = []
    own: list[str] = []
    for coin in market.everything:
        proxies = [lab.book.feed(coin.symbol).address] if coin.symbol else [maker.dollar_feed()]
        if two_sources:
            proxies.append(maker.dollar_feed())
        first.append(proxies[0])
        own += proxies[1:] if coin.symbol else proxies
        sources = [(proxy, HEARTBEAT, 8, LOW, HIGH) for proxy in proxies]
        lab.send(oracle, SOURCES, coin.token, sources, len(sources), SPREAD)
    eth = lab.book.feed("ETH").address
    lab.send(oracle, SOURCES, lab.book.token("WETH").address, [(eth, HEARTBEAT, 8, WAD, 10**4 * WAD)], 1, 0)
    return tuple(first), tuple(own)


def _seed(lab: Lab, market: Market, calculator: str) -> None:
    tokens = market.tokens
    lab.send(calculator, "setConstituents((address,uint16,uint16,uint8)[])", [(t, 0, 0, 0) for t in tokens])
    caps, scores = [CAP // len(tokens)] * len(tokens), [PER_MILLE] * len(tokens)
    lab.send(calculator, "seed(address[],uint256[],uint256[])", tokens, caps, scores)
