"""Yearn V3's own code on the replica lends through Morpho, reports, and pays out."""

import pytest

from ballast.errors import ReplicaError
from ballast.replica import yearn
from ballast.replica.morpho_market import MorphoMarket
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import RpcError
from ballast.replica.yearn import FACTORY, VAULTS

pytestmark = pytest.mark.replica
WITHDRAW = "withdraw(uint256,address,address,address[])"


@pytest.fixture
def vault(mainnet):
    return mainnet.book.contracts["yearn_usdc"]


@pytest.fixture
def strategy(mainnet):
    return mainnet.book.contracts["morpho_vault_usdc"]


def price(mainnet, vault):
    return mainnet.rpc.read(vault, "convertToAssets(uint256)", [10**12])


def test_vaults__every_one__is_of_its_coin_and_lends_what_it_says(mainnet):
    for vault in VAULTS:
        at, unit = mainnet.book.contracts[vault.key], 10 ** mainnet.book.token(vault.coin).decimals
        assert mainnet.rpc.read(at, "FACTORY()", (), "address") == FACTORY
        assert mainnet.rpc.read(at, "asset()", (), "address") == mainnet.book.token(vault.coin).address
        assert mainnet.rpc.read(at, "totalDebt()") == vault.lent * unit
        assert mainnet.rpc.read(at, "totalIdle()") == (vault.deposited - vault.lent) * unit
        assert mainnet.rpc.read(at, "api_version()", (), "string") == "3.1.0"


@pytest.mark.parametrize("lent", [2_000_000, 9_000_000])
def test_update_debt__less_or_more__is_what_is_lent_afterwards(mainnet, vault, strategy, lent):
    before = mainnet.rpc.read(strategy, "balanceOf(address)", [vault])
    gas = yearn.update_debt(mainnet.rpc, mainnet.book, "USDC", lent * 10**6)
    after = mainnet.rpc.read(strategy, "balanceOf(address)", [vault])
    assert (after > before) == (lent > 6_000_000)
    assert mainnet.rpc.read(vault, "totalDebt()") == lent * 10**6
    assert 50_000 < gas < 1_000_000


def test_process_report__a_gain__is_released_over_a_week_not_at_once(mainnet, vault):
    mainnet.rpc.mine_after(30 * 86_400)
    before = price(mainnet, vault)
    assert yearn.process_report(mainnet.rpc, mainnet.book, "USDC") > 0
    gain = mainnet.rpc.read(vault, "totalDebt()") - 6_000_000 * 10**6
    assert gain > 0
    assert price(mainnet, vault) == pytest.approx(before, rel=1e-6)
    mainnet.rpc.mine_after(7 * 86_400)
    assert price(mainnet, vault) == pytest.approx(before * (1 + gain / (10_000_000 * 10**6)), rel=1e-6)


def test_process_report__a_loss__lowers_the_price_at_once(mainnet, vault):
    MorphoMarket(mainnet).default("USDC", 2 * 10**12)
    before = price(mainnet, vault)
    yearn.process_report(mainnet.rpc, mainnet.book, "USDC")
    assert price(mainnet, vault) < before * 0.99


def test_withdraw__more_than_is_idle__needs_the_strategy_named(mainnet, vault, strategy):
    args = [5_000_000 * 10**6, OPERATOR, OPERATOR]
    with pytest.raises(RpcError, match="insufficient assets"):
        mainnet.rpc.send(vault, WITHDRAW, [*args, []], sender=OPERATOR)
    before = mainnet.balance("USDC", OPERATOR)
    mainnet.rpc.send(vault, WITHDRAW, [*args, [strategy]], sender=OPERATOR)
    assert mainnet.balance("USDC", OPERATOR) - before == 5_000_000 * 10**6


def test_update_debt__a_coin_without_a_vault__is_refused(mainnet):
    with pytest.raises(ReplicaError, match="no vault of LUSD"):
        yearn.update_debt(mainnet.rpc, mainnet.book, "LUSD", 1)
