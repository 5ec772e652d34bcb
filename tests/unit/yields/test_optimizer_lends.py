"""The optimizer over the fund's own manager, Aave's code and Compound's model: what it says can be done."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ballast.model.yields import Market, marginal, rate
from ballast.replica import Replica
from ballast.replica.aave_market import AaveMarket
from ballast.replica.comet import CometMarket
from ballast.units import BPS, PER_MILLE, WAD
from tests.unit.yields.conftest import GOOD, NOBODY, REASONS, UNIT

pytestmark = pytest.mark.replica
COINS, DECIMALS, WEIGHTS = ("USDC", "USDT", "DAI"), (6, 6, 18), (5_000, 3_000, 2_000)
FUND = 200_000_000  # dollars
MUCH = 2**111  # {coin}: no cap
SCORES = (1_000, 990)  # per mille: Aave's, Compound's
USUAL = 2_000_000  # gas
MARGIN = UNIT  # far above what a buffer grows in a few blocks
ALWAYS = 2**256 - 1


@dataclass(frozen=True)
class Fund:
    """Nothing lent yet; Aave and Compound are open to its USDC."""

    optimizer: Any
    manager: Any
    vault: Any
    lenses: list[Any]
    strategies: list[Any]
    aave: AaveMarket
    usdc: str
    governor: Any  # holds every role

    def verdict(self) -> tuple[bool, str]:
        yes, reason, _ = self.optimizer.shouldReallocate(self.usdc)
        return yes, REASONS[reason]

    def reallocate(self) -> None:
        """Goes to the best positions: back first, then out."""
        strategies, held, targets = self.optimizer.optimalPositions(self.usdc)
        moves = list(zip(strategies, held, targets, strict=True))
        for strategy, now, then in moves:
            if then < now:
                self.manager.deallocate(strategy, now - then, sender=self.governor)
        for strategy, now, then in moves:
            if then > now:
                self.put(strategy, then - now)

    def put(self, strategy: str, amount: int) -> None:
        """Allocates; until the transaction is in, the buffer grows with the interest."""
        room, _ = self.manager.allocatable(strategy)
        self.manager.allocate(strategy, min(amount, room - MARGIN), sender=self.governor)

    def values(self) -> list[int]:
        return [state.value for state in self.manager.strategiesOf(self.usdc)]

    def slopes(self) -> list[int]:
        """Risk-adjusted marginal yields, per mille * WAD{1/year}."""
        found = []
        for lens, strategy, value, score in zip(
            self.lenses, self.strategies, self.values(), SCORES, strict=True
        ):
            market = Market(*lens.marketOf(strategy))
            found.append(score * marginal(market, market.supplied - value, value))
        return found


@pytest.fixture(scope="module")
def fund(project, networks, accounts) -> Iterator[Fund]:
    governor, investor = accounts[0], accounts[4]
    replica = Replica(networks.active_provider.uri)
    aave, book = AaveMarket(replica), replica.book
    known, tokens = book.contracts, [book.token(coin).address for coin in COINS]
    access, oracle, guard = (
        governor.deploy(project.IndexAccess, governor),
        governor.deploy(project.MockOracle),
        governor.deploy(project.MockGuard),
    )
    weth = book.token("WETH").address
    oracle.set(weth, 3_000 * WAD, 3_000 * WAD, GOOD, sender=governor)
    manager = governor.deploy(project.StrategyManager, access)
    roles = (access, oracle, governor, tokens, list(WEIGHTS), guard, manager)
    vault = governor.deploy(project.IndexVault, "Ballast", "B", *roles)
    manager.bind(vault, sender=governor)
    on_aave = governor.deploy(
        project.AaveStrategy, "A", "a", tokens[0], known["aave_v3_pool"], NOBODY, access, oracle
    )
    comet = CometMarket(replica.rpc, book, "USDC").address
    on_comet = governor.deploy(
        project.CompoundStrategy, "C", "c", comet, known["comet_rewards"], access, oracle
    )
    strategies = [on_aave, on_comet]
    lenses = [governor.deploy(getattr(project, name), oracle) for name in ("AaveLens", "CometLens")]
    optimizer = governor.deploy(project.YieldOptimizer, access, manager, oracle, weth)
    for strategy, lens, score in zip(strategies, lenses, SCORES, strict=True):
        manager.addStrategy(strategy, MUCH, BPS, sender=governor)
        optimizer.setLens(strategy, lens, score, sender=governor)
    amounts = []
    for coin, token, weight, decimals in zip(COINS, tokens, WEIGHTS, DECIMALS, strict=True):
        amounts.append(FUND * weight // BPS * 10**decimals)
        replica.mint(coin, investor.address, amounts[-1])
        arguments = [vault.address, ALWAYS]
        replica.rpc.send(token, "approve(address,uint256)", arguments, sender=investor.address)
    vault.contribute(amounts, investor, 0, sender=investor)
    aave.use("USDC", "0.7")  # about as good as Compound
    return Fund(optimizer, manager, vault, lenses, strategies, aave, tokens[0], governor)


def test_optimal_allocation__real_markets__is_taken_as_it_is_and_equalises_marginal_yields(fund):
    idle = fund.vault.idleOf(fund.usdc)
    strategies, amounts = fund.optimizer.optimalAllocation(fund.usdc, idle)
    assert all(amounts)
    for strategy, amount in zip(strategies, amounts, strict=True):
        fund.put(strategy, amount)
    assert fund.values() == pytest.approx(amounts, rel=1e-6)
    first, second = fund.slopes()
    assert first == pytest.approx(second, rel=1e-3)
    buffer = fund.manager.bufferOf(fund.usdc)
    assert fund.vault.idleOf(fund.usdc) == pytest.approx(idle * buffer // BPS, abs=2 * MARGIN)
    assert fund.verdict() == (False, "BEST_ALREADY")


def test_optimize_yield__real_markets__can_be_allocated_at_once(fund):
    amount = 10_000_000 * UNIT
    strategy, score = fund.optimizer.optimizeYield(fund.usdc, amount)
    fund.manager.allocate(strategy, amount, sender=fund.governor)
    at = [s.address for s in fund.strategies].index(strategy)
    market = Market(*fund.lenses[at].marketOf(strategy))
    paid = SCORES[at] * rate(market, market.supplied) // PER_MILLE
    assert paid == pytest.approx(score, rel=1e-5)


def test_should_reallocate__a_market_wants_more__moves_there_and_is_done(fund):
    fund.reallocate()
    assert fund.verdict() == (False, "BEST_ALREADY")
    before = fund.values()
    fund.aave.use("USDC", "0.9")
    assert fund.verdict() == (True, "YIELD")
    fund.reallocate()
    after = fund.values()
    assert after[0] > before[0]
    assert after[1] < before[1]
    assert fund.verdict()[0] is False


def test_optimal_positions__everything_lent_out_by_the_market__stays_there(fund):
    fund.reallocate()
    fund.aave.use("USDC", "1")
    held = fund.values()[0]
    _, _, targets = fund.optimizer.optimalPositions(fund.usdc)
    assert targets[0] >= held


def test_should_reallocate__market_pays_more_only_while_nobody_comes__stays(fund):
    """Above the kink Aave pays 22 %, but what we brought would lower the rate of what we have there."""
    fund.reallocate()
    fund.aave.use("USDC", "0.96")
    rates = []
    for lens, strategy in zip(fund.lenses, fund.strategies, strict=True):
        market = Market(*lens.marketOf(strategy))
        rates.append(rate(market, market.supplied))
    assert rates[0] > 5 * rates[1]
    assert fund.verdict()[0] is False


def test_views__real_lenses_and_manager__cost_little(fund, yield_batch, record_property):
    arguments = {
        "optimizeYield": (fund.usdc, UNIT),
        "optimalAllocation": (fund.usdc, 10**15),
        "shouldReallocate": (fund.usdc,),
    }
    for name, given in arguments.items():
        gas = yield_batch.gasOf(fund.optimizer, getattr(fund.optimizer, name).encode_input(*given))
        print(f"\n{name}: {gas} gas over Aave and Compound")
        record_property(f"gas_{name}_real", gas)
        assert gas < USUAL
