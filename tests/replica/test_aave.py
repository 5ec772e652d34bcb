"""Aave V3's own code on the replica: where mainnet has it, at sane rates, and moved by the handles."""

from decimal import Decimal

import pytest

from ballast.errors import ReplicaError
from ballast.replica.aave import RESERVES, WRAPPED
from ballast.replica.aave_market import AaveMarket
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import RpcError

pytestmark = pytest.mark.replica
WITHDRAW = "withdraw(address,uint256,address)"
SUPPLY = "supply(address,uint256,address,uint16)"
BORROWED = [reserve for reserve in RESERVES if reserve.borrowed]
YEAR = 365 * 86_400


@pytest.fixture
def market(mainnet):
    return AaveMarket(mainnet)


@pytest.fixture
def supplier(mainnet):
    """Holds a million USDC, which the pool may take."""
    account = mainnet.rpc.call("eth_accounts")[0]
    usdc = mainnet.book.token("USDC").address
    mainnet.mint("USDC", account, 10**12)
    args = [mainnet.book.contracts["aave_v3_pool"], 10**12]
    mainnet.rpc.send(usdc, "approve(address,uint256)", args, sender=account)
    return account


def supply(mainnet, account, amount=10**12):
    args = [mainnet.book.token("USDC").address, amount, account, 0]
    mainnet.rpc.send(mainnet.book.contracts["aave_v3_pool"], SUPPLY, args, sender=account)


def withdraw(mainnet, account, amount):
    args = [mainnet.book.token("USDC").address, amount, account]
    mainnet.rpc.send(mainnet.book.contracts["aave_v3_pool"], WITHDRAW, args, sender=account)


def balance(mainnet, token, account):
    return mainnet.rpc.read(token, "balanceOf(address)", [account])


def test_contracts__every_one__has_code(mainnet):
    """That they stand where mainnet has them is the address book's own test."""
    ours = {name: at for name, at in mainnet.book.contracts.items() if name.startswith("aave_v3_")}
    assert len(ours) == 9 + len(RESERVES) + len(WRAPPED)
    del ours["aave_v3_collector"]  # it only ever receives
    for name, address in ours.items():
        assert len(mainnet.rpc.call("eth_getCode", address, "latest")) > 2, name


def test_reserves__every_coin__is_as_used_as_seeded_at_a_sane_rate(market):
    for reserve in BORROWED:
        assert Decimal("0.75") <= market.utilisation(reserve.coin) <= Decimal("0.85")
        supplied, paid = market.rates(reserve.coin)
        assert Decimal("0.02") < supplied < paid < Decimal("0.06"), reserve.coin
        kept = 1 - Decimal(reserve.reserve_factor) / 10_000
        assert supplied == pytest.approx(paid * market.utilisation(reserve.coin) * kept, rel=Decimal("1e-3"))


def test_interest__a_year_at_rest__is_what_the_rate_said(mainnet, market):
    for reserve in BORROWED:
        token = market.deposit_token(reserve.coin)
        rate, _ = market.rates(reserve.coin)
        before = balance(mainnet, token, OPERATOR)
        with mainnet.isolated():
            mainnet.pass_time(YEAR)
            earned = Decimal(balance(mainnet, token, OPERATOR) - before) / before
        assert earned == pytest.approx(rate, rel=Decimal("0.001")), reserve.coin


def test_supply__and_withdraw__credits_and_pays(mainnet, market, supplier):
    supply(mainnet, supplier)
    token = market.deposit_token("USDC")
    assert 10**12 - 2 <= balance(mainnet, token, supplier) <= 10**12
    mainnet.pass_time(30 * 86_400)
    grown = balance(mainnet, token, supplier)
    assert grown > 10**12
    withdraw(mainnet, supplier, 2**256 - 1)
    assert balance(mainnet, token, supplier) == 0
    assert mainnet.balance("USDC", supplier) >= grown


@pytest.mark.parametrize("utilisation", ["0.5", "0.92", "1"])
def test_use__any_share__is_reached_and_moves_the_rate(market, utilisation):
    before, _ = market.rates("USDC")
    start = market.utilisation("USDC")
    market.use("USDC", utilisation)
    assert market.utilisation("USDC") == pytest.approx(Decimal(utilisation), abs=Decimal("1e-6"))
    after, _ = market.rates("USDC")
    assert (after > before) == (Decimal(utilisation) > start)


def test_use__all_of_it__nobody_withdraws_until_somebody_repays(mainnet, market, supplier):
    supply(mainnet, supplier)
    market.use("USDC", "1")
    assert market.available("USDC") == 0
    with pytest.raises(RpcError):
        withdraw(mainnet, supplier, 10**6)
    mainnet.pass_time(86_400)
    market.use("USDC", "0.8")
    withdraw(mainnet, supplier, 10**6)
    assert mainnet.balance("USDC", supplier) == 10**6


def test_use__more_than_all__is_refused(market):
    with pytest.raises(ReplicaError, match="between 0 and 1"):
        market.use("USDC", "1.1")


def test_pause_and_freeze__a_reserve__stop_what_they_should(mainnet, market, supplier):
    supply(mainnet, supplier, 10**6)
    market.freeze("USDC")
    with pytest.raises(RpcError):
        supply(mainnet, supplier, 10**6)
    withdraw(mainnet, supplier, 10**5)
    market.freeze("USDC", frozen=False)
    market.pause("USDC")
    with pytest.raises(RpcError):
        withdraw(mainnet, supplier, 10**5)
    market.pause("USDC", paused=False)
    withdraw(mainnet, supplier, 10**5)


def test_emit_rewards__an_hour__are_claimed_until_they_are_not_paid(mainnet, market):
    aave, rewards = mainnet.book.token("AAVE").address, mainnet.book.contracts["aave_v3_rewards"]
    market.emit_rewards("USDC", "AAVE", 10**16, 86_400)
    mainnet.pass_time(3_600)
    claim = "claimAllRewards(address[],address)"
    friend = mainnet.rpc.call("eth_accounts")[1]
    args = [[market.deposit_token("USDC")], friend]
    market.pay_rewards("AAVE", paid=False)
    with pytest.raises(RpcError):
        mainnet.rpc.send(rewards, claim, args, sender=OPERATOR)
    market.pay_rewards("AAVE")
    mainnet.rpc.send(rewards, claim, args, sender=OPERATOR)
    # OPERATOR is nearly the only supplier.
    assert balance(mainnet, aave, friend) == pytest.approx(3_600 * 10**16, rel=0.01)


def test_default__a_loan__leaves_a_deficit_and_the_price_of_eth_as_it_was(mainnet, market):
    wanted = 5_000_000 * 10**6
    price = mainnet.feed_price("ETH")
    left = market.default("USDC", wanted)
    assert left == market.deficit("USDC")
    assert left == pytest.approx(wanted, rel=0.05)
    assert mainnet.feed_price("ETH") == price
    # The deposits are still all there on paper; what stands behind them is not.
    backed = market.available("USDC") + market.borrowed("USDC")
    assert market.supplied("USDC") - backed == pytest.approx(left, rel=0.01)


def test_stata_tokens__a_deposit__earns_what_the_market_pays(mainnet, market, supplier):
    wrapped, usdc = mainnet.book.contracts["aave_v3_stata_usdc"], mainnet.book.token("USDC").address
    assert mainnet.rpc.read(wrapped, "asset()", (), "address") == usdc
    mainnet.rpc.send(usdc, "approve(address,uint256)", [wrapped, 10**12], sender=supplier)
    mainnet.rpc.send(wrapped, "deposit(uint256,address)", [10**12, supplier], sender=supplier)
    shares = balance(mainnet, wrapped, supplier)
    rate, _ = market.rates("USDC")
    mainnet.pass_time(30 * 86_400)
    worth = mainnet.rpc.read(wrapped, "convertToAssets(uint256)", [shares])
    assert Decimal(worth) / 10**12 - 1 == pytest.approx(rate * 30 / 365, rel=Decimal("0.01"))
    mainnet.rpc.send(
        wrapped, "redeem(uint256,address,address)", [shares, supplier, supplier], sender=supplier
    )
    assert mainnet.balance("USDC", supplier) == pytest.approx(worth, abs=10**6)
