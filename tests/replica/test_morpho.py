"""Morpho's own code on the replica: where mainnet has it, at sane rates, and moved by the handles."""

from decimal import Decimal

import pytest

from ballast.errors import ReplicaError
from ballast.replica.morpho import FEES, PERFORMANCE_FEE, VAULTS, WAD, market_id
from ballast.replica.morpho_market import MorphoMarket
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import RpcError

pytestmark = pytest.mark.replica
REDEEM = "redeem(uint256,address,address)"
COINS = [vault.coin for vault in VAULTS]


@pytest.fixture
def market(mainnet):
    return MorphoMarket(mainnet)


def worth(mainnet, at, account=OPERATOR):
    shares = mainnet.rpc.read(at, "balanceOf(address)", [account])
    return mainnet.rpc.read(at, "convertToAssets(uint256)", [shares])


def test_contracts__every_one__has_code_and_the_vaults_are_of_their_coin(mainnet, market):
    known = mainnet.book.contracts
    assert known["morpho"] == "0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb"
    assert len(mainnet.rpc.call("eth_getCode", known["morpho_rates"], "latest")) > 2
    for vault in VAULTS:
        at = market.vault(vault.coin)
        assert mainnet.rpc.read(at, "asset()", (), "address") == mainnet.book.token(vault.coin).address
        assert mainnet.rpc.read(at, "symbol()", (), "string") == vault.symbol
        assert mainnet.rpc.read(at, "MORPHO()", (), "address") == known["morpho"]
        assert mainnet.rpc.read(at, "supplyQueue(uint256)", [0], "bytes32") == market_id(mainnet.book, vault)


@pytest.mark.parametrize("coin", COINS)
def test_vault__a_year_of_interest__is_a_few_percent_and_its_fee_a_tenth_of_it(mainnet, market, coin):
    at, owed, before = market.vault(coin), market.borrowed(coin), worth(mainnet, market.vault(coin))
    mainnet.rpc.mine_after(365 * 86_400)
    gain = worth(mainnet, at) - before
    assert Decimal("0.01") < Decimal(gain) / before < Decimal("0.06")
    mainnet.rpc.send(at, "deposit(uint256,address)", [10**6, OPERATOR], sender=OPERATOR)
    interest = market.borrowed(coin) - owed
    fee = worth(mainnet, at, FEES)
    assert fee == pytest.approx(interest * PERFORMANCE_FEE // WAD, rel=0.01)


@pytest.mark.parametrize("utilisation", ["0.2", "0.95", "1"])
def test_use__a_share__is_lent_out(market, utilisation):
    for coin in COINS:
        market.use(coin, utilisation)
        assert market.utilisation(coin) == pytest.approx(Decimal(utilisation), abs=Decimal("0.000001"))


def test_use__all_of_it__leaves_nothing_to_withdraw_and_the_vault_says_so(mainnet, market):
    at = market.vault("USDC")
    market.use("USDC", 1)
    assert mainnet.rpc.read(at, "maxWithdraw(address)", [OPERATOR]) <= 10**4  # interest of a second or two
    shares = mainnet.rpc.read(at, "balanceOf(address)", [OPERATOR])
    with pytest.raises(RpcError):
        mainnet.rpc.send(at, REDEEM, [shares, OPERATOR, OPERATOR], sender=OPERATOR)


def test_use__more_than_all__is_refused(market):
    with pytest.raises(ReplicaError, match="between 0 and 1"):
        market.use("USDC", "1.01")


def test_default__a_million__is_lost_to_the_vaults_depositors_at_once(mainnet, market):
    at, before = market.vault("USDC"), mainnet.rpc.read(market.vault("USDC"), "totalAssets()")
    price = worth(mainnet, at)
    lost = market.default("USDC", 10**12)
    assert lost == pytest.approx(10**12, rel=1e-3)
    assert before - mainnet.rpc.read(at, "totalAssets()") == pytest.approx(lost, rel=1e-3)
    assert worth(mainnet, at) < price * (before - lost * 0.99) // before


def test_vault__a_coin_without_one__is_refused(market):
    with pytest.raises(ReplicaError, match="no vault of LUSD"):
        market.vault("LUSD")
