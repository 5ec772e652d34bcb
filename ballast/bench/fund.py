"""The whole fund on a market: every contract and role as they are deployed, and its way to a steady state.

The vault's guard is the detector and the Rebalancer's targets come through the EmergencyIndex, as shipped;
how many sources a coin has is up to the caller. The keeper holds the KEEPER role and no other, so authority
is checked as in production. Parameters are the contracts' defaults.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.crypto import keccak

from ballast.bench.chainlink import DOLLAR
from ballast.bench.gas import ZERO, Lab, Receipt
from ballast.bench.market import Coin, Market
from ballast.bench.sources import Sources
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
KEPT: Final = 9_700  # bps of the oracle's price that a swap must bring
FILL: Final = "executeRebalance((address,address,uint256,uint256,address,bytes)[])"
PUBLIC_FILL: Final = "fill((address,address,uint256,uint256,address,bytes)[])"
SOURCES: Final = "setSources(address,(address,uint32,uint8,uint256,uint256)[],uint256,uint256)"
POOL_CODE: Final = "artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json"


@dataclass(frozen=True)
class Order:
    """One swap: so much of a coin for another, at least `least` of it; own decimals."""

    source: Coin
    target: Coin
    amount: int
    least: int


@dataclass(frozen=True)
class Fund:
    """The deployed contracts and the coins' sources."""

    lab: Lab
    market: Market
    sources: Sources
    keeper: str
    oracle: str
    detector: str
    calculator: str
    vault: str
    rebalancer: str
    venue: str

    @classmethod
    def deploy(cls, lab: Lab, market: Market, sources: Sources) -> "Fund":
        """Deploys and wires everything; the deployer governs and reports. Nothing is contributed yet."""
        access, oracle, detector = deploy_detector(lab, market, sources)
        calculator = lab.deploy("IndexCalculator", "address", access)
        _seed(lab, market, calculator)
        tokens, weights = lab.read(calculator, "calculateOptimalWeights()", "address[],uint256[]")
        vault_args = "string,string,address,address,address,address[],uint256[],address,address"
        manager = _join(lab, "StrategyManager", access)
        identity = ("Bench", "BENCH", access, oracle, lab.me)
        vault = lab.deploy("IndexVault", vault_args, *identity, tokens, weights, detector, manager)
        lab.send(manager, "bind(address)", vault)
        emergency = _join(lab, "EmergencyIndex", access, calculator, detector, oracle, vault)
        weth = lab.book.token("WETH").address
        rebalancer = _join(lab, "Rebalancer", access, vault, emergency, oracle, weth, emergency)
        lab.send(vault, "transferOwnership(address)", rebalancer)
        factory = lab.book.contracts["uniswap_v3_factory"]
        venue = lab.deploy("UniswapV3Venue", "address,bytes32", factory, pool_code_hash())
        keeper = str(lab.rpc.call("eth_accounts")[1])
        lab.send(access, "grantRole(uint64,address,uint32)", KEEPER_ROLE, keeper, 0)
        roles = "setTargetFunctionRole(address,bytes4[],uint64)"
        lab.send(access, roles, rebalancer, [selector(FILL)], KEEPER_ROLE)
        return cls(lab, market, sources, keeper, oracle, detector, calculator, vault, rebalancer, venue)

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
        if self.sources.own:
            submit(self.lab.rpc, [(feed, DOLLAR) for feed in self.sources.own])

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

    def fill(self, orders: Sequence[Order]) -> Receipt:
        """The keeper's fill: each order through its coin's pool."""
        return self.lab.send(self.rebalancer, FILL, self._trades(orders), sender=self.keeper)

    def flee(self, coin: Coin) -> Receipt:
        """Anyone's: opens the emergency of a coin in crisis."""
        return self.lab.send(
            self.rebalancer, "executeEmergencyRebalance(address)", coin.token, sender=self.keeper
        )

    def public_fill(self, orders: Sequence[Order]) -> Receipt:
        """Anyone's fill of an emergency."""
        return self.lab.send(self.rebalancer, PUBLIC_FILL, self._trades(orders))

    def orders(self, targets: dict[str, int]) -> list[Order]:
        """Sells, then buys, that bring every coin but the hub from its reserve to `targets` (bps)."""
        coins, hub = self.market.everything, self.market.hub  # the vault lists them in this order
        reserves = self.lab.read(self.vault, "getBasket()", "address[],uint256[],uint256[]")[2]
        quotes = self.lab.read(
            self.oracle, "quotes(address[])", "(uint256,uint256,uint8)[]", self.market.tokens
        )
        prices = {coin.token: low for coin, (low, _, _) in zip(coins, quotes, strict=True)}
        held = {coin.token: reserve for coin, reserve in zip(coins, reserves, strict=True)}
        values = {
            coin.token: to_wad(held[coin.token], coin.decimals) * prices[coin.token] // WAD for coin in coins
        }
        sells: list[Order] = []
        buys: list[Order] = []
        for coin in self.market.coins:
            gap = targets[coin.token] * sum(values.values()) // BPS - values[coin.token]
            source, target, side = (hub, coin, buys) if gap > 0 else (coin, hub, sells)
            # All of a coin but a unit at most: a slot that is emptied would pay for a part of the rest.
            amount = min(
                from_wad(abs(gap) * WAD // prices[source.token], source.decimals), held[source.token] - 1
            )
            worth = to_wad(amount, source.decimals) * prices[source.token] // prices[target.token]
            side.append(Order(source, target, amount, from_wad(worth, target.decimals) * KEPT // BPS))
        return sells + buys

    def _trades(self, orders: Sequence[Order]) -> list[tuple[Any, ...]]:
        return [
            (order.source.token, order.target.token, order.amount, order.least, self.venue, _route(order))
            for order in orders
        ]


def deploy_detector(lab: Lab, market: Market, sources: Sources) -> tuple[str, str, str]:
    """Authority, oracle with the sources set, and detector."""
    access = lab.deploy("IndexAccess", "address", lab.me)
    oracle = lab.deploy("PriceOracle", "address,address,uint256", access, ZERO, 0)
    for coin, feeds in zip(market.everything, sources.feeds, strict=True):
        given = [(feed, HEARTBEAT, 8, LOW, HIGH) for feed in feeds]
        lab.send(oracle, SOURCES, coin.token, given, len(given), SPREAD)
    eth = (lab.book.feed("ETH").address, HEARTBEAT, 8, WAD, 10**4 * WAD)
    lab.send(oracle, SOURCES, lab.book.token("WETH").address, [eth], 1, 0)
    return access, oracle, _join(lab, "CrisisDetector", access, oracle)


def _join(lab: Lab, name: str, *parts: str) -> str:
    """A contract that is told addresses only."""
    return lab.deploy(name, ",".join(["address"] * len(parts)), *parts)


def _route(order: Order) -> bytes:
    fee = (order.source.fee or order.target.fee).to_bytes(3, "big")
    return bytes.fromhex(order.source.token[2:]) + fee + bytes.fromhex(order.target.token[2:])


def pool_code_hash() -> bytes:
    """keccak256 of the creation code of Uniswap V3's pools, from its own artifact."""
    artifact = json.loads((fetch(pinned()["@uniswap/v3-core"]) / POOL_CODE).read_text())
    return bytes(keccak(hexstr=artifact["bytecode"]))


def _seed(lab: Lab, market: Market, calculator: str) -> None:
    tokens = market.tokens
    lab.send(calculator, "setConstituents((address,uint16,uint16,uint8)[])", [(t, 0, 0, 0) for t in tokens])
    caps, scores = [CAP // len(tokens)] * len(tokens), [PER_MILLE] * len(tokens)
    lab.send(calculator, "seed(address[],uint256[],uint256[])", tokens, caps, scores)
