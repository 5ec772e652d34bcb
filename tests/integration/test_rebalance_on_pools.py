"""The whole on real coins, feeds and pools: weights drift, a keeper fills, the session settles."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from ape.exceptions import ContractLogicError
from eth_utils import keccak

from ballast.model import rebalance as model
from ballast.replica import Replica
from tests.reverts import revert_of
from tests.unit.rebalancer.conftest import BPS, SETTLED, WAD, ZERO, selectors

pytestmark = pytest.mark.replica

COINS = ("USDC", "USDT", "DAI", "FRAX", "LUSD")
WEIGHTS = (3_500, 3_000, 2_000, 1_000, 500)  # bps
FUND = 2_000_000  # dollars
POOL_INIT_CODE_HASH = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
KEEPER_ROLE = 3


class Fund:
    """An index of the five coins; the calculator's targets are set by hand, everything else is real."""

    def __init__(self, replica: Replica, project: Any, accounts: Any) -> None:
        self.replica, self.book = replica, replica.book
        self.governor, self.keeper, self.investor = accounts[:3]
        deploy = self.governor.deploy
        self.tokens = [self.book.token(c) for c in COINS]
        addresses = [t.address for t in self.tokens]
        self.access = deploy(project.IndexAccess, self.governor)
        self.oracle = self._price(deploy(project.PriceOracle, self.access, "0x" + "00" * 20, 0))
        self.calculator = deploy(project.MockCalculator)
        self.calculator.set(addresses, list(WEIGHTS), sender=self.governor)
        args = ("Five", "FIVE", self.access, self.oracle, self.governor, addresses, list(WEIGHTS), ZERO, ZERO)
        self.vault = deploy(project.IndexVault, *args)
        weth = self.book.token("WETH").address
        self.rebalancer = deploy(
            project.Rebalancer, self.access, self.vault, self.calculator, self.oracle, weth, ZERO
        )
        self.vault.transferOwnership(self.rebalancer, sender=self.governor)
        factory = self.book.contracts["uniswap_v3_factory"]
        self.venue = deploy(project.UniswapV3Venue, factory, POOL_INIT_CODE_HASH)
        keeper_only = selectors(self.rebalancer, ("executeRebalance",))
        self.access.setTargetFunctionRole(self.rebalancer, keeper_only, KEEPER_ROLE, sender=self.governor)
        self.access.grantRole(KEEPER_ROLE, self.keeper, 0, sender=self.governor)
        self._contribute()

    def _price(self, oracle: Any) -> Any:
        assets = [(t.address, self.book.feed(t.symbol)) for t in self.tokens]
        assets.append((self.book.token("WETH").address, self.book.feed("ETH")))
        for asset, feed in assets:
            low, high = (int(Decimal(bound) * WAD) for bound in ("0.05", "10000"))
            source = (feed.address, feed.heartbeat, feed.decimals, low, high)
            oracle.setSources(asset, [source], 1, 0, sender=self.governor)
        return oracle

    def _contribute(self) -> None:
        amounts = []
        for token, weight in zip(self.tokens, WEIGHTS, strict=True):
            dollars = Decimal(FUND * weight) / BPS / self.replica.feed_price(token.symbol)
            amounts.append(int(dollars * 10**token.decimals))
            self.replica.mint(token.symbol, self.investor.address, amounts[-1])
            args = [self.vault.address, 2**256 - 1]
            approve = "approve(address,uint256)"
            self.replica.rpc.send(token.address, approve, args, sender=self.investor.address)
        self.vault.contribute(amounts, self.investor, 0, sender=self.investor)

    def aim(self, *weights: int) -> None:
        self.calculator.set([t.address for t in self.tokens], list(weights), sender=self.governor)

    def trade(self, source: str, target: str, dollars: float, *via: str, fee: int | None = None) -> tuple:
        """Sells that many whole coins of `source`, through `via` if any, by the deepest pools."""
        stops = (source, *via, target)
        route = bytes.fromhex(self.book.token(source).address[2:])
        for a, b in pairwise(stops):
            hop = self.book.pool(a, b, fee).fee.to_bytes(3, "big")
            route += hop + bytes.fromhex(self.book.token(b).address[2:])
        token_in, token_out = self.book.token(source), self.book.token(target)
        amount = round(dollars * 10**6) * 10**token_in.decimals // 10**6
        return (token_in.address, token_out.address, amount, 0, self.venue.address, route)

    def fill(self, *trades: tuple) -> Any:
        return self.rebalancer.executeRebalance(list(trades), sender=self.keeper)

    def verdict(self) -> tuple[bool, str]:
        yes, reason = self.rebalancer.shouldRebalance()
        return yes, model.Reason(reason).name


@pytest.fixture(scope="module")
def fund(project: Any, accounts: Any, networks: Any) -> Fund:
    return Fund(Replica(networks.active_provider.uri), project, accounts)


def test_execute__targets_moved__one_fill_through_real_pools_settles(fund):
    fund.aim(3_000, 3_000, 2_500, 1_000, 500)
    assert fund.verdict() == (True, "DRIFT")
    receipt = fund.fill(fund.trade("USDC", "DAI", 100_000))
    (filled,) = receipt.decode_logs(fund.rebalancer.Filled)
    assert filled.driftBefore > 490
    assert filled.driftAfter <= fund.rebalancer.getParams().fill.settleBandBps
    assert [e.session for e in receipt.decode_logs(fund.rebalancer.SessionSettled)] == [1]
    assert fund.rebalancer.getSession().phase == SETTLED
    cost = filled.valueBefore - filled.valueAfter
    assert 0 < cost * BPS < 10 * 100_000 * WAD  # a tenth of a percent of what was traded
    (traded,) = receipt.decode_logs(fund.vault.Traded)
    assert traded.sold == 100_000 * 10**6
    assert fund.verdict() == (False, "COOLDOWN")


def test_execute__one_fill_over_several_coins__sells_before_buys_and_a_route_of_two_hops(fund):
    fund.aim(3_300, 2_600, 2_000, 1_500, 600)
    trades = [
        fund.trade("USDT", "FRAX", 78_000),
        fund.trade("USDC", "FRAX", 20_000),
        fund.trade("USDC", "LUSD", 18_000),
        fund.trade("USDT", "LUSD", 2_000, "USDC"),
    ]
    receipt = fund.fill(*trades)
    assert len(receipt.decode_logs(fund.vault.Traded)) == len(trades)
    assert fund.rebalancer.getSession().phase == SETTLED
    for token in fund.tokens:
        assert fund.replica.balance(token.symbol, fund.venue.address) == 0
        for spender in (fund.venue.address, fund.book.contracts["uniswap_v3_router"]):
            args = [fund.vault.address, spender]
            assert fund.replica.rpc.read(token.address, "allowance(address,address)", args, "uint256") == 0


def test_execute__feed_and_pools_fall_together__sold_into_at_the_new_price(fund):
    """A coin at $0.985 weighs less; targets follow down, and the rest is sold at what it is worth."""
    fund.aim(3_500, 3_000, 2_300, 700, 500)
    fund.replica.depeg("FRAX", "0.985")
    yes, reason = fund.verdict()
    assert (yes, reason) in ((True, "PRICE"), (True, "DRIFT"))
    fund.fill(fund.trade("FRAX", "USDC", 58_000), fund.trade("USDC", "DAI", 58_000))
    assert fund.rebalancer.maxDrift() <= fund.rebalancer.getParams().fill.settleBandBps


def test_execute__pool_off_the_feeds__floor_refuses(fund):
    """Somebody has traded the pool away; the oracle has not moved: the fund does not follow."""
    fund.aim(3_000, 3_000, 2_500, 1_000, 500)
    fund.rebalancer.open(sender=fund.keeper)
    fund.replica.move_pool("DAI", "USDC", "1.02")
    trades = [fund.trade("USDC", "DAI", 10_000)]
    refused = revert_of(fund.rebalancer.executeRebalance, trades, sender=fund.keeper)
    assert refused[0] == "BelowFloor"


def test_execute__coin_paused_by_its_issuer__fill_fails_and_the_fund_keeps_its_coins(fund):
    fund.aim(3_000, 3_000, 2_500, 1_000, 500)
    fund.rebalancer.open(sender=fund.keeper)
    before = list(fund.vault.getBasket().reserves)
    fund.replica.pause("USDC")
    with pytest.raises(ContractLogicError, match=keccak(text="TransferFailed()")[:4].hex()):
        fund.fill(fund.trade("USDC", "DAI", 10_000))
    assert list(fund.vault.getBasket().reserves) == before
    fund.replica.unpause("USDC")
    fund.fill(fund.trade("USDC", "DAI", 10_000))
