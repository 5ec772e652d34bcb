"""Lending on real markets: the packaged index and its keeper; a month, trades, a crisis, a full market."""

from decimal import Decimal

import pytest

from ballast.chain.market import market_state, plan_changes, reports
from ballast.chain.snapshot import take_snapshot
from ballast.chain.system import strategy_at
from ballast.index_file import load_index
from ballast.keeper.decide import Action
from ballast.keeper.lending import propose
from ballast.keeper.lending_view import LentCoin
from ballast.keeper.rules import basket_of
from ballast.market_data import MarketRow
from ballast.replica.aave_market import AaveMarket
from ballast.replica.comet import CometMarket
from ballast.settings import PACKAGED_INDEX
from ballast.units import BPS
from tests.deployed import Deployed, balance, confirm_crisis, deploy_five, two_source_index
from tests.keeping import worked

pytestmark = pytest.mark.replica

DAY = 86_400
ROUNDING = 1_000  # base units that moving coins through several strategies may cost
LOOKS = (Action.OBSERVE, Action.CHECKPOINT)


@pytest.fixture(scope="module")
def lent(networks, tmp_path_factory) -> Deployed:
    """The packaged index with ten million dollars in it, lent out by its keeper."""
    deployed = deploy_five(
        tmp_path_factory.mktemp("records"), two_source_index(lending=load_index(PACKAGED_INDEX).lending)
    )
    deployed.contribute(10_000_000)
    actions = [step.plan.action for step in worked(deployed, tmp_path_factory.mktemp("journal"))]
    assert actions.count(Action.ALLOCATE) == 5
    return deployed


def lent_coin(deployed: Deployed, symbol: str) -> LentCoin:
    snapshot = take_snapshot(deployed.system, deployed.index, lazily=True)
    assert snapshot.lending is not None
    return snapshot.lending.coin(deployed.index.coin(symbol).token)


def reserves(deployed: Deployed) -> dict[str, int]:
    tokens, _, amounts = deployed.system.vault.getBasket()
    names = {coin.token: coin.symbol for coin in deployed.index.coins}
    return {names[token]: amount for token, amount in zip(tokens, amounts, strict=True)}


def market_moves(deployed: Deployed, caps: dict[str, int]) -> None:
    """The reporter brings caps on chain, walking where the bounds make it."""
    calculator = deployed.system.calculator
    rows = [
        MarketRow(c.symbol, caps.get(c.symbol, int(c.market_cap.initial_usd)), c.market_cap.score)
        for c in deployed.index.coins
    ]
    for _ in range(40):
        changes = plan_changes(market_state(calculator, deployed.index), rows, walk=True)
        calculator.report(*reports(changes), sender=deployed.reporter)
        if all(change.arrives for change in changes):
            return
        deployed.replica.pass_time(calculator.CHANGE_WINDOW())
    raise AssertionError("the caps do not arrive")


def test_keeper__lent_basket__keeps_buffers_and_caps_and_rests(lent, tmp_path):
    for symbol in ("USDC", "USDT", "DAI"):
        coin = lent_coin(lent, symbol)
        assert coin.idle >= coin.buffer > 0
        assert all(0 < s.value <= s.cap(coin.reserve) for s in coin.strategies)
        assert coin.stuck <= ROUNDING
    assert [step for step in worked(lent, tmp_path) if step.plan.action not in LOOKS] == []


def test_keeper__a_month_later__interest_counts_and_rewards_are_sold(lent, tmp_path):
    before = reserves(lent)
    lent.replica.pass_time(30 * DAY)
    market_moves(lent, {})
    steps = worked(lent, tmp_path)
    assert {Action.SYNC, Action.HARVEST} <= {step.plan.action for step in steps}
    for step in steps:
        if step.plan.action is not Action.HARVEST:
            continue
        (event,) = strategy_at(step.plan.move.strategy).Harvested.from_receipt(step.receipt)
        assert event.gain > 0
        for sale in step.plan.move.sales:  # what came in between the look and the harvest is left
            assert balance(sale.token, step.plan.move.strategy) < sale.amount // 1_000
    snapshot = take_snapshot(lent.system, lent.index, lazily=True)
    assert snapshot.lending is not None
    for coin in snapshot.lending.coins:  # locked gains count for caps on one side only: the last per mille
        _, _, targets = lent.system.optimizer.optimalPositions(coin.token)
        ours = propose(snapshot, snapshot.lending, coin).targets
        assert list(ours) == pytest.approx(list(targets), rel=1e-2)
    at_once = reserves(lent)
    lent.replica.pass_time(4 * DAY)  # gains of the markets unlock in a day, those of harvests in three
    for symbol in ("USDC", "USDT", "DAI"):
        lent.system.manager.sync(lent.index.coin(symbol).token, sender=lent.attacker)
    lent.replica.pass_time(DAY)
    for symbol, amount in reserves(lent).items():
        if symbol in ("USDC", "USDT", "DAI"):
            yearly = (amount - before[symbol]) * BPS * 365 // (before[symbol] * 35)
            assert 100 < yearly < 700  # bps
            assert amount > at_once[symbol] >= before[symbol] - ROUNDING
        else:
            assert amount == before[symbol]


def test_keeper__rewards_that_are_not_there__refused_once_and_nothing_else_is_held_up(lent, tmp_path):
    CometMarket(lent.replica.rpc, lent.replica.book, "USDC").starve_rewards()
    lent.replica.pass_time(30 * DAY)
    market_moves(lent, {})
    steps = worked(lent, tmp_path, may_be_refused=True)
    refused = [step.plan.move.strategy for step in steps if step.refusal is not None]
    harvests = [step.plan.move.strategy for step in steps if step.plan.action is Action.HARVEST]
    assert 0 < len(refused) == len(set(refused))
    assert refused == harvests
    done = [step for step in steps if step.receipt is not None]
    assert [step.plan.action for step in done].count(Action.SYNC) == 3


def test_keeper__targets_move__trades_with_lent_coins(lent, tmp_path):
    usdt = int(lent.index.coin("USDT").market_cap.initial_usd)
    before = {symbol: lent_coin(lent, symbol) for symbol in ("USDC", "USDT")}
    market_moves(lent, {"USDT": usdt * 2 // 5})
    steps = worked(lent, tmp_path)
    fills = [s for s in steps if s.plan.action in (Action.OPEN_AND_FILL, Action.FILL)]
    sold = sum(trade.amount_in for step in fills for trade in step.plan.fill.trades)
    snapshot = take_snapshot(lent.system, lent.index, lazily=True)
    assert basket_of(snapshot).drift <= snapshot.params.fill.settle_band_bps
    assert sold > before["USDT"].idle  # more than lay idle: markets paid for a part of it
    after = {symbol: lent_coin(lent, symbol) for symbol in ("USDC", "USDT")}
    assert after["USDT"].lent < before["USDT"].lent
    assert after["USDC"].lent > before["USDC"].lent  # what was bought is lent, too
    for coin in after.values():
        assert coin.idle >= coin.buffer // 2


def test_keeper__crisis_of_a_lent_coin__is_called_home_and_fled(lent, tmp_path):
    token = lent.index.coin("USDC").token
    assert lent_coin(lent, "USDC").lent > 0
    confirm_crisis(lent, "USDC")
    steps = worked(lent, tmp_path)
    assert Action.OPEN_EMERGENCY in [step.plan.action for step in steps]
    assert sum(state.value for state in lent.system.manager.strategiesOf(token)) <= 2  # base units
    snapshot = take_snapshot(lent.system, lent.index, lazily=True)
    held = {coin.symbol: coin.reserve * coin.scale for coin in snapshot.coins}
    assert held["USDC"] < sum(held.values()) // 100


def test_withdraw__every_market_of_a_coin_lent_out__pays_idle_coins_and_strategy_shares(lent, tmp_path):
    vault, leaver, replica = lent.system.vault, lent.investors[0], lent.replica
    aave, comet = AaveMarket(replica), CometMarket(replica.rpc, replica.book, "USDC")
    coin = lent_coin(lent, "USDC")
    aave.use("USDC", "1")
    comet.borrow_all()
    assert lent.system.vault.available(coin.token) - coin.idle <= ROUNDING
    shares = vault.balanceOf(leaver) * 3 // 4
    supply = vault.totalSupply()
    owed = dict(zip(lent.tokens, vault.previewWithdraw(shares), strict=True))
    before = {token: balance(token, leaver.address) for token in lent.tokens}
    vault.withdraw(shares, leaver, [0] * len(lent.tokens), sender=leaver)
    got = {token: balance(token, leaver.address) - had for token, had in before.items()}
    strategies = [strategy_at(one.address) for one in coin.strategies]
    held = [strategy.balanceOf(leaver) for strategy in strategies]
    worth = sum(s.convertToAssets(n) for s, n in zip(strategies, held, strict=True))
    assert got[coin.token] + worth == pytest.approx(owed[coin.token], abs=ROUNDING)
    assert got[coin.token] >= coin.idle * shares // supply > 0
    assert worth > 0
    for token, amount in owed.items():
        if token != coin.token:
            assert got[token] == pytest.approx(amount, rel=1e-9, abs=ROUNDING)
    aave.use("USDC", Decimal("0.8"))
    comet.set_utilization(8 * 10**17)
    had = balance(coin.token, leaver.address)
    for strategy, number in zip(strategies, held, strict=True):
        if number:
            strategy.redeem(number, leaver, leaver, sender=leaver)
    assert balance(coin.token, leaver.address) - had >= worth - ROUNDING
    worked(lent, tmp_path)
    assert lent_coin(lent, "USDC").idle >= lent_coin(lent, "USDC").buffer - ROUNDING
