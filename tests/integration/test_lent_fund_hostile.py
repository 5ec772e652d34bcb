"""A listed vault that misbehaves: the keeper still sees the fund, still trades, still calls the rest home."""

from dataclasses import replace
from decimal import Decimal

import pytest
from ape import accounts, project

from ballast.chain.invest import InShares, withdraw
from ballast.chain.snapshot import take_snapshot
from ballast.index_file import load_index
from ballast.index_lending import CoinLending, Erc4626, Lending
from ballast.keeper.decide import Action, Cause, Plan, State, decide
from ballast.keeper.lender import lent as lent_or_waiting
from ballast.keeper.lending import MoveKind, decide_lending
from ballast.keeper.rules import assess
from ballast.keeper.snapshot import Snapshot
from ballast.replica import address_book
from ballast.settings import PACKAGED_INDEX
from tests.deployed import DEPLOYER, Deployed, deploy_five, five_coin_index

pytestmark = pytest.mark.replica

MOVED = 100_000 * 10**18  # {DAI}
MODES = 17
VALUE_REVERTS = 1


@pytest.fixture(scope="module")
def lent(networks, tmp_path_factory) -> Deployed:
    """DAI lent to a vault that may turn hostile, and to Aave."""
    dai = address_book().token("DAI").address
    vault = accounts.test_accounts[DEPLOYER].deploy(project.HostileStrategy, dai)
    given = load_index(PACKAGED_INDEX).lending
    assert given is not None
    odd = Erc4626(
        kind="erc4626", name="odd", vault=vault.address, cap=Decimal(10**7), cap_bps=5_000, score=500
    )
    coin = CoinLending(strategies=(odd, *given.coins["DAI"].strategies))
    index = five_coin_index(lending=Lending(coins={"DAI": coin}))
    deployed = deploy_five(tmp_path_factory.mktemp("records"), index)
    deployed.contribute(10_000_000)
    for strategy in (vault.address, deployed.system.strategies["Strategy/DAI/aave_v3"]):
        deployed.system.manager.allocate(strategy, MOVED, sender=deployed.keeper)
    return deployed


def lent_plan(snapshot: Snapshot) -> Plan:
    return lent_or_waiting(snapshot, Plan(State.IDLE, Action.WAIT, Cause.IN_BAND, "", 0))


@pytest.mark.parametrize("mode", range(MODES))
def test_take_snapshot__vault_in_any_mode__fund_is_seen_and_what_can_come_home_does(lent, mode):
    token = lent.index.coin("DAI").token
    state = lent.system.manager.strategiesOf(token)[0]
    vault = project.HostileStrategy.at(state.strategy)
    assert vault.MODES() == MODES
    vault.setMode(mode, sender=lent.deployer)
    snapshot = take_snapshot(lent.system, lent.index, lazily=True)
    assert assess(snapshot) == snapshot.verdict
    decide(snapshot)
    assert snapshot.lending is not None
    coin = snapshot.lending.coin(token)
    watched = replace(snapshot, lending=replace(snapshot.lending, coins=(replace(coin, may_enter=False),)))
    home = [move.strategy for move in decide_lending(watched) if move.kind is MoveKind.DEALLOCATE]
    aave, manager = lent.system.strategies["Strategy/DAI/aave_v3"], lent.system.manager
    if coin.blind:  # nobody could tell a loss: a guardian decides
        assert home == []
        assert lent_plan(watched).alert
        manager.recall(aave, 2**256 - 1, 0, sender=lent.guardian)
    else:
        assert aave in home
        manager.deallocate(aave, 2**256 - 1, sender=lent.keeper)
    assert next(s for s in lent.system.manager.strategiesOf(token) if s.strategy == aave).value <= 2


def test_withdraw__vault_that_cannot_be_read__idle_coins_and_shares(lent):
    """What `ape run invest withdraw` does when nobody can say what is owed."""
    system, investor = lent.system, lent.investors[0]
    (state, *_) = system.manager.strategiesOf(lent.index.coin("DAI").token)
    project.HostileStrategy.at(state.strategy).setMode(VALUE_REVERTS, sender=lent.deployer)
    held = system.vault.balanceOf(investor)
    receipt = withdraw(system, held // 2, investor)
    assert system.vault.balanceOf(investor) == held - held // 2
    assert state.strategy in {paid.strategy for paid in InShares.of(system, receipt)}
