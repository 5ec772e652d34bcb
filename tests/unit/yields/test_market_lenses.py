"""What the lenses read of Aave's own code and of the model of Compound, held against what both then pay."""

from decimal import Decimal

import pytest

from ballast.model.yields import Market, is_fit, rate
from ballast.replica import Replica
from ballast.replica.aave_market import AaveMarket
from ballast.replica.comet import COMET_COINS, REWARD, CometMarket
from ballast.replica.place import OPERATOR
from ballast.units import WAD
from tests.reverts import constructor_revert_of, passes
from tests.unit.yields.conftest import GOOD, STALE

pytestmark = pytest.mark.replica
YEAR = 365 * 86_400
NEAR = 2e-6  # of a rate: interest of some seconds
COINS = ("USDC", "DAI", "LUSD")
NOBODY = "0x" + "00" * 20
APPROVE = "approve(address,uint256)"


@pytest.fixture(scope="module")
def chain_of(networks):
    return Replica(networks.active_provider.uri)


@pytest.fixture(scope="module")
def oracle(project, governor):
    """Every coin at a dollar until told otherwise."""
    return governor.deploy(project.MockOracle)


@pytest.fixture(scope="module")
def authority(project, governor):
    return governor.deploy(project.IndexAccess, governor)


# --- Aave


@pytest.fixture(scope="module")
def aave(chain_of):
    return AaveMarket(chain_of)


@pytest.fixture(scope="module")
def aave_lens(project, governor, oracle):
    return governor.deploy(project.AaveLens, oracle)


@pytest.fixture(scope="module")
def on_aave(project, governor, chain_of, authority, oracle):
    """Strategies on Aave, empty, by coin: a lens asks them only where they lend. "" claims no rewards."""
    known = chain_of.book.contracts

    def strategy(coin: str, rewards: str):
        token, names = chain_of.book.token(coin).address, (f"Ballast Aave {coin}", f"ba{coin}")
        protocol = (known["aave_v3_pool"], rewards, authority, oracle)
        return governor.deploy(project.AaveStrategy, names[0], names[1], token, *protocol)

    made = {coin: strategy(coin, known["aave_v3_rewards"]) for coin in COINS}
    return made | {"": strategy("USDC", NOBODY)}


def aave_rate(aave: AaveMarket, coin: str) -> int:
    """WAD{1/year} that suppliers get since the last touch."""
    return int(aave.rates(coin)[0] * WAD)


def touch(aave: AaveMarket, chain_of: Replica, coin: str, amount: int) -> None:
    chain_of.mint(coin, OPERATOR, amount)
    pool = chain_of.book.contracts["aave_v3_pool"]
    for allowed in (0, amount):
        chain_of.rpc.send(chain_of.book.token(coin).address, APPROVE, [pool, allowed], sender=OPERATOR)
    aave.supply(coin, amount)


@pytest.mark.parametrize("used", ["0.75", "0.97"])
@pytest.mark.parametrize("coin", COINS)
def test_aave_lens__either_side_of_the_kink__says_what_a_deposit_makes_it_pay(
    aave, aave_lens, on_aave, chain_of, coin, used
):
    aave.use(coin, used)
    market = Market(*aave_lens.marketOf(on_aave[coin]))
    assert is_fit(market, market.supplied)
    assert market.rewards == market.flat == 0
    assert market.available == aave.available(coin)
    assert rate(market, market.supplied) == pytest.approx(aave_rate(aave, coin), rel=NEAR)
    amount = market.supplied // 20
    touch(aave, chain_of, coin, amount)
    assert rate(market, market.supplied + amount) == pytest.approx(aave_rate(aave, coin), rel=NEAR)


def test_aave_lens__coins_sent_to_the_market__move_nothing(aave, aave_lens, on_aave, chain_of):
    before = Market(*aave_lens.marketOf(on_aave["USDC"]))
    chain_of.mint("USDC", aave.deposit_token("USDC"), 10**9 * 10**6)
    after = Market(*aave_lens.marketOf(on_aave["USDC"]))
    assert after.available == before.available
    assert after.supplied == pytest.approx(before.supplied, rel=NEAR)


def test_aave_lens__rewards__count_at_their_low_price_against_the_coins_high_one(
    aave, aave_lens, on_aave, chain_of, oracle, governor
):
    book = chain_of.book
    aave.emit_rewards("USDC", "AAVE", 10**16, 30 * 86_400)
    oracle.set(book.token("AAVE").address, 80 * WAD, 100 * WAD, GOOD, sender=governor)
    oracle.set(book.token("USDC").address, WAD, 2 * WAD, GOOD, sender=governor)
    market = Market(*aave_lens.marketOf(on_aave["USDC"]))
    assert market.rewards == 10**16 * YEAR * 80 // 2 // 10**12


def test_aave_lens__reward_without_a_good_price__counts_nothing(
    aave, aave_lens, on_aave, chain_of, oracle, governor
):
    aave.emit_rewards("USDC", "AAVE", 10**16, 30 * 86_400)
    assert Market(*aave_lens.marketOf(on_aave["USDC"])).rewards > 0
    oracle.set(chain_of.book.token("AAVE").address, WAD, WAD, STALE, sender=governor)
    assert Market(*aave_lens.marketOf(on_aave["USDC"])).rewards == 0


def test_aave_lens__emission_over__counts_nothing(aave, aave_lens, on_aave, chain_of):
    aave.emit_rewards("USDC", "AAVE", 10**16, 86_400)
    chain_of.pass_time(86_400)
    assert Market(*aave_lens.marketOf(on_aave["USDC"])).rewards == 0


def test_aave_lens__reward_in_the_coin_itself__needs_no_price(aave, aave_lens, on_aave, chain_of):
    aave.emit_rewards("USDC", "USDC", 10**6, 86_400)
    assert Market(*aave_lens.marketOf(on_aave["USDC"])).rewards == 10**6 * YEAR


def test_aave_lens__strategy_claims_no_rewards__counts_none(aave, aave_lens, on_aave):
    aave.emit_rewards("USDC", "AAVE", 10**16, 86_400)
    assert Market(*aave_lens.marketOf(on_aave[""])).rewards == 0


# --- Compound


@pytest.fixture(scope="module")
def comet_lens(project, governor, oracle):
    return governor.deploy(project.CometLens, oracle)


@pytest.fixture(scope="module")
def on_comet(project, governor, chain_of, authority, oracle):
    """Strategies on Compound, empty, by coin."""
    made = {}
    for coin in COMET_COINS:
        market = CometMarket(chain_of.rpc, chain_of.book, coin)
        protocol = (market.address, chain_of.book.contracts["comet_rewards"], authority, oracle)
        names = (f"Ballast Compound {coin}", f"bc{coin}")
        made[coin] = governor.deploy(project.CompoundStrategy, *names, *protocol)
    return made


@pytest.fixture(params=COMET_COINS)
def comet(request, chain_of):
    return CometMarket(chain_of.rpc, chain_of.book, request.param)


def comet_rate(comet: CometMarket) -> int:
    """WAD{1/year} that suppliers get now, rewards apart."""
    used = comet.read("getUtilization()")
    return int(comet.read("getSupplyRate(uint256)", [used], "uint64")) * YEAR


@pytest.mark.parametrize("used", ["0.7", "0.97"])
def test_comet_lens__either_side_of_the_kink__says_what_a_deposit_makes_it_pay(
    comet, comet_lens, on_comet, chain_of, oracle, governor, used
):
    oracle.set(chain_of.book.token(REWARD).address, 0, 0, STALE, sender=governor)
    comet.set_utilization(int(Decimal(used) * WAD))
    market = Market(*comet_lens.marketOf(on_comet[comet.coin]))
    assert is_fit(market, market.supplied)
    assert market.rewards == market.flat == 0
    assert market.available == comet.cash()
    assert rate(market, market.supplied) == pytest.approx(comet_rate(comet), rel=NEAR)
    amount = market.supplied // 20
    chain_of.mint(comet.coin, OPERATOR, amount)
    comet.supply(amount)
    assert rate(market, market.supplied + amount) == pytest.approx(comet_rate(comet), rel=1e-5)


def test_comet_lens__rewards__are_what_all_suppliers_track_in_a_year(
    comet, comet_lens, on_comet, chain_of, oracle, governor
):
    oracle.set(chain_of.book.token(REWARD).address, 40 * WAD, 50 * WAD, GOOD, sender=governor)
    oracle.set(comet.base.address, WAD, WAD, GOOD, sender=governor)
    market = Market(*comet_lens.marketOf(on_comet[comet.coin]))
    speed = comet.read("baseTrackingSupplySpeed()")
    assert market.rewards == pytest.approx(speed * YEAR * 40 * 10**6 // 10**15, rel=1e-9)


# --- none of the kind


def test_market_of__strategy_of_another_kind__reverts(aave_lens, comet_lens, on_aave, on_comet, governor):
    assert not passes(aave_lens.marketOf, on_comet["USDC"], sender=governor)
    assert not passes(comet_lens.marketOf, on_aave["USDC"], sender=governor)
    assert not passes(aave_lens.marketOf, governor, sender=governor)


@pytest.mark.parametrize("name", ["AaveLens", "CometLens"])
def test_constructor__no_oracle__reverts(project, name):
    assert constructor_revert_of(getattr(project, name), NOBODY) == ("NoOracle",)
