"""Every kind of strategy by way of the index file: Curve, Convex, and others' vaults as they are."""

import pytest

from ballast.chain.snapshot import take_snapshot
from ballast.chain.system import strategy_at
from ballast.index_lending import Lending
from ballast.keeper.decide import Action
from ballast.keeper.lending_view import StrategyView
from ballast.replica import address_book
from ballast.replica.convex import earmark
from tests.deployed import Deployed, balance, deploy_five, five_coin_index
from tests.keeping import worked

pytestmark = pytest.mark.replica

DAY = 86_400
MOVED = 200_000 * 10**6  # {USDC}
WETH_POOL, COIN_POOL = 3_000, 500  # fee tiers


def described(book) -> Lending:
    """USDC in a Curve pool and through Convex in the same, DAI in others' vaults; rewards by way of WETH."""
    pool = book.curve_pools[0]
    caps = {"cap": 10_000_000, "cap_bps": 4_000, "score": 900}
    by_weth = [
        {"fee": WETH_POOL, "token": book.token("WETH").address},
        {"fee": COIN_POOL, "token": book.token("USDC").address},
    ]

    def reward(symbol: str) -> dict:
        feed, token = book.feed(symbol), book.token(symbol)
        source = {"kind": "chainlink", "feed": feed.address, "heartbeat": 90_000}
        oracle = [source | {"min_price": "0.01", "max_price": 100}]
        return {"token": token.address, "decimals": 18, "oracle": oracle, "routes": {"USDC": by_weth}}

    convex = {
        "kind": "convex",
        "pool": pool.address,
        "booster": book.contracts["convex_booster"],
        "pool_id": 0,
    }
    vaults = [
        {"kind": "erc4626", "name": name, "vault": book.contracts[f"{key}_dai"], **caps}
        for name, key in (("morpho", "morpho_vault"), ("yearn", "yearn"))
    ]
    return Lending.model_validate(
        {
            "coins": {
                "USDC": {"strategies": [{"kind": "curve", "pool": pool.address, **caps}, convex | caps]},
                "DAI": {"strategies": vaults},
            },
            "rewards": {"CRV": reward("CRV"), "CVX": reward("CVX")},
        }
    )


@pytest.fixture(scope="module")
def lent(networks, tmp_path_factory) -> Deployed:
    index = five_coin_index(lending=described(address_book()))
    deployed = deploy_five(tmp_path_factory.mktemp("records"), index)
    deployed.contribute(10_000_000)
    return deployed


def strategy(deployed: Deployed, symbol: str, name: str) -> StrategyView:
    snapshot = take_snapshot(deployed.system, deployed.index, lazily=True)
    assert snapshot.lending is not None
    coin = snapshot.lending.coin(deployed.index.coin(symbol).token)
    return next(one for one in coin.strategies if one.name == name)


def test_keeper__yields_known_by_growth_alone__looks_for_days_and_then_lends(lent, tmp_path):
    assert strategy(lent, "DAI", "morpho").market is None
    first = [step.plan.action for step in worked(lent, tmp_path)]
    assert first.count(Action.RECORD) == 4
    assert Action.ALLOCATE not in first
    for _ in range(6):
        lent.replica.pass_time(DAY)
        worked(lent, tmp_path)
    morpho = strategy(lent, "DAI", "morpho")
    assert morpho.market is not None
    assert morpho.market.flat > 0
    assert morpho.value > 0


def test_keeper__convex_pays_rewards__sells_crv_and_then_the_cvx_that_came_with_it(lent, tmp_path):
    book = lent.replica.book
    convex = strategy(lent, "USDC", "convex")
    lent.system.manager.allocate(convex.address, MOVED, sender=lent.keeper)
    sold = {}
    for _ in range(2):
        earmark(lent.replica.rpc, book, book.curve_pools[0])
        lent.replica.pass_time(8 * DAY)
        for step in worked(lent, tmp_path):
            if step.plan.action is Action.HARVEST:
                (event,) = strategy_at(convex.address).Harvested.from_receipt(step.receipt)
                assert event.gain > 0
                sold |= {sale.symbol: sale.amount for sale in step.plan.move.sales}
    assert set(sold) == {"CRV", "CVX"}
    assert balance(book.token("CRV").address, convex.address) < sold["CRV"] // 100


def test_deallocate__through_curve__comes_back_within_the_loss_budget(lent):
    curve, manager = strategy(lent, "USDC", "curve"), lent.system.manager
    idle = lent.system.vault.idleOf(lent.index.coin("USDC").token)
    manager.allocate(curve.address, MOVED, sender=lent.keeper)
    manager.deallocate(curve.address, 2**256 - 1, sender=lent.keeper)
    lost = idle - lent.system.vault.idleOf(lent.index.coin("USDC").token)
    assert 0 <= lost < MOVED // 1_000
    assert strategy(lent, "USDC", "curve").value <= 2
