"""The models of Compound V3: the published numbers, and the handles on demand, pauses, bad debt and rewards.

What a supplier meets is tested in tests/fork/test_compound_v3.py, on the real markets as well.
"""

from random import Random

import pytest

from ballast.errors import ReplicaError
from ballast.replica.comet import COMET_COINS, MARKETS, MONTH, CometMarket, borrower, shaky_borrower, supplier
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import RpcError, selector
from ballast.units import WAD, wad_of
from tests.comet_twin import YEAR, Curve, Twin
from tests.profiles import PROFILE

pytestmark = pytest.mark.replica
TOTALS = "uint64,uint64,uint64,uint64,uint104,uint104,uint40,uint8"
BASIC = "int104,uint64,uint64,uint16,uint8"
ONE = 10**6
SUPPLY, WITHDRAW = "supply(address,uint256)", "withdraw(address,uint256)"
EVERYTHING = 2**256 - 1


@pytest.fixture(params=COMET_COINS)
def market(mainnet, request):
    return CometMarket(mainnet.rpc, mainnet.book, request.param)


@pytest.fixture
def usdc_market(mainnet):
    return CometMarket(mainnet.rpc, mainnet.book, "USDC")


@pytest.fixture
def lender(mainnet):
    """An account with a million of each coin, approved to both markets."""
    account = mainnet.rpc.call("eth_accounts")[0]
    for coin in COMET_COINS:
        market = CometMarket(mainnet.rpc, mainnet.book, coin)
        mainnet.mint(coin, account, 1_000_000 * ONE)
        args = [market.address, EVERYTHING]
        mainnet.rpc.send(market.base.address, "approve(address,uint256)", args, sender=account)
    return account


def send(market, sender, signature, *args):
    return market.rpc.send(market.address, signature, list(args), sender=sender)


def refused(error):
    """What an RPC error says of a custom error without arguments."""
    return pytest.raises(RpcError, match="0x" + selector(f"{error}()").hex())


def totals(market):
    return market.read("totalsBasic()", (), TOTALS)


def principal(market, account):
    return market.read("userBasic(address)", [account], BASIC)[0]


def twin_of(market, *accounts):
    """The market as it stands, for the accounts named."""
    curves = MARKETS[market.coin]
    supply_index, borrow_index, tracking_supply, tracking_borrow, supplied, borrowed, _, _ = totals(market)
    return Twin(
        Curve.yearly(*(wad_of(value) for value in curves.supply)),
        Curve.yearly(*(wad_of(value) for value in curves.borrow)),
        *curves.reward_speeds,
        curves.least_for_rewards * ONE,
        supply_index,
        borrow_index,
        tracking_supply,
        tracking_borrow,
        supplied,
        borrowed,
        {account: principal(market, account) for account in accounts},
    )


def same(market, twin):
    supply_index, borrow_index, tracking_supply, tracking_borrow, supplied, borrowed, _, _ = totals(market)
    assert (supply_index, borrow_index) == (twin.supply_index, twin.borrow_index)
    assert (tracking_supply, tracking_borrow) == (twin.tracking_supply, twin.tracking_borrow)
    assert (supplied, borrowed) == (twin.supplied, twin.borrowed)
    for account, held in twin.principals.items():
        assert principal(market, account) == held


def test_model__every_contract_of_it__says_that_it_is_one(mainnet):
    for name in ("comet_usdc", "comet_usdt", "comet_rewards"):
        assert mainnet.rpc.read(mainnet.book.contracts[name], "isModel()", (), "bool")


def test_seed__both_markets__are_lent_out_below_the_kink_with_reserves(market):
    kink = wad_of(MARKETS[market.coin].supply[0])
    assert kink // 2 < market.utilization() <= kink * 101 // 100
    assert market.read("getReserves()", (), "int256") > 0
    assert market.cash() > 10_000_000 * ONE
    for account in (borrower(market.coin), shaky_borrower(market.coin)):
        assert market.debt(account) > 0
        assert market.read("isBorrowCollateralized(address)", [account], "bool")


def test_rates__drawn_utilisations__are_the_published_curves(market):
    random, twin = Random(4), twin_of(market)
    points = [0, WAD, *(wad_of(MARKETS[market.coin].supply[0]) + d for d in (-1, 0, 1))]
    points += [random.randrange(2 * WAD) for _ in range(PROFILE.differential_cases // 10)]
    calls = [
        (market.address, f"get{side}Rate(uint256)", [at], "uint64")
        for at in points
        for side in ("Supply", "Borrow")
    ]
    answers = market.rpc.read_many(calls)
    expected = [curve.rate(at) for at in points for curve in (twin.supply_curve, twin.borrow_curve)]
    assert answers == expected


def test_rates__at_eighty_percent_usdc__are_the_yearly_rates_compound_publishes(usdc_market):
    supply = usdc_market.read("getSupplyRate(uint256)", [8 * WAD // 10]) * YEAR
    borrow = usdc_market.read("getBorrowRate(uint256)", [8 * WAD // 10]) * YEAR
    assert supply == pytest.approx(0.026 * WAD, rel=1e-6)
    assert borrow == pytest.approx(0.043 * WAD, rel=1e-6)


def test_indices__drawn_supplies_borrows_and_pauses_between__equal_the_twin(market, lender):
    random, steady = Random(7), borrower(market.coin)
    send(market, OPERATOR, "accrueAccount(address)", lender)
    twin, then = twin_of(market, lender, steady), market.rpc.timestamp()
    for _ in range(PROFILE.examples):
        market.rpc.mine_after(random.choice((1, 13, 3_600, MONTH)))
        amount = random.randint(1, random.choice((3, 10**6, 10**11)))
        kind = random.randrange(4)
        if kind == 0:
            send(market, lender, SUPPLY, market.base.address, amount)
        elif kind == 1:
            amount = min(amount, max(twin.balance(lender), 0))
            send(market, lender, WITHDRAW, market.base.address, amount)
        else:
            amount += 100 * ONE
            (market.borrow if kind == 2 else market.supply)(amount, steady)
        now = market.read("totalsBasic()", (), TOTALS)[6]
        twin.accrue(now - then)
        twin.change(lender if kind < 2 else steady, amount if kind in (0, 3) else -amount)
        then = now
        same(market, twin)


def test_withdraw_collateral__that_a_debt_needs__is_refused(usdc_market):
    account, weth = borrower("USDC"), usdc_market.collateral.address
    held = usdc_market.read("collateralBalanceOf(address,address)", [account, weth], "uint128")
    pull = "withdrawFrom(address,address,address,uint256)"
    with refused("NotCollateralized"):
        send(usdc_market, OPERATOR, pull, account, account, weth, held // 5)


@pytest.mark.parametrize("share", ["0.3", "0.6", "0.95"])
def test_set_utilization__anywhere__gets_there(market, share):
    market.set_utilization(wad_of(share))
    assert market.utilization() == pytest.approx(wad_of(share), rel=1e-6)


def test_set_utilization__below_what_others_owe__is_refused(usdc_market):
    with pytest.raises(ReplicaError, match="the steady borrower owes less"):
        usdc_market.set_utilization(wad_of("0.01"))


def test_borrow_all__full_utilisation__nobody_withdraws_until_somebody_repays(market, lender):
    send(market, lender, SUPPLY, market.base.address, 1_000 * ONE)
    market.borrow_all()
    assert market.cash() == 0
    assert market.utilization() >= WAD
    with pytest.raises(RpcError):
        send(market, lender, WITHDRAW, market.base.address, 1)
    market.supply(10 * ONE, borrower(market.coin))
    send(market, lender, WITHDRAW, market.base.address, 9 * ONE)


def test_push_loss__beyond_the_reserves__is_missing_for_the_suppliers(market):
    balance, feed = market.read("balanceOf(address)", [supplier(market.coin)]), market.book.feed("ETH")
    market.push_loss(5_000_000 * ONE)
    assert market.read("getReserves()", (), "int256") == pytest.approx(-5_000_000 * ONE, rel=1e-4)
    assert market.debt(shaky_borrower(market.coin)) == 0
    # What the suppliers are owed is not cut: whoever comes last goes without.
    assert market.read("balanceOf(address)", [supplier(market.coin)]) >= balance
    assert market.rpc.read(feed.address, "latestAnswer()", (), "int256") == 3_000 * 10**8
    with pytest.raises(ReplicaError, match="owes too little"):
        market.push_loss(5_000_000 * ONE)


def test_absorb__a_covered_account__is_refused(usdc_market):
    with refused("NotLiquidatable"):
        send(usdc_market, OPERATOR, "absorb(address,address[])", OPERATOR, [borrower("USDC")])


def test_withdraw_reserves__more_than_there_are__is_refused(usdc_market):
    reserves = usdc_market.read("getReserves()", (), "int256")
    with refused("InsufficientReserves"):
        send(usdc_market, OPERATOR, "withdrawReserves(address,uint256)", OPERATOR, reserves * 2)
    send(usdc_market, OPERATOR, "withdrawReserves(address,uint256)", OPERATOR, reserves)
    assert 0 <= usdc_market.read("getReserves()", (), "int256") < ONE


def test_starve_rewards__then_funded_again__claims_revert_and_lose_nothing(market, mainnet, lender):
    rewards = mainnet.book.contracts["comet_rewards"]
    send(market, lender, SUPPLY, market.base.address, 1_000_000 * ONE)
    market.rpc.mine_after(MONTH)
    claim = ("claim(address,address,bool)", [market.address, lender, True])
    market.starve_rewards()
    with pytest.raises(RpcError):
        mainnet.rpc.send(rewards, *claim, sender=lender)
    market.fund_rewards()
    mainnet.rpc.send(rewards, *claim, sender=lender)
    assert mainnet.balance("COMP", lender) > 0


def test_claim__of_a_market_without_rewards__is_refused(mainnet, lender):
    rewards = mainnet.book.contracts["comet_rewards"]
    with pytest.raises(RpcError, match="0x" + selector("NotSupported(address)").hex()):
        mainnet.rpc.send(rewards, "claim(address,address,bool)", [rewards, lender, True], sender=lender)


def test_comet_market__a_coin_without_one__is_refused(mainnet):
    with pytest.raises(ReplicaError, match="no Compound market for 'DAI'"):
        _ = CometMarket(mainnet.rpc, mainnet.book, "DAI").address


def test_pause__by_the_handle__stops_what_is_named_until_the_next_word(market, lender):
    market.pause(supply=True, withdraw=True)
    with refused("Paused"):
        send(market, lender, SUPPLY, market.base.address, ONE)
    market.pause(withdraw=True)
    send(market, lender, SUPPLY, market.base.address, ONE)
    with refused("Paused"):
        send(market, lender, WITHDRAW, market.base.address, ONE // 2)
    market.pause()
    send(market, lender, WITHDRAW, market.base.address, ONE // 2)
