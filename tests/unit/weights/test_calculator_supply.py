"""Caps from the supply: the lowest of several blocks, which a flash mint cannot raise."""

import pytest
from eth_utils import keccak

from tests.reverts import revert_of
from tests.unit.weights.conftest import CAPS, HOUR
from tests.unit.weights.test_calculator_data import pass_time

POSITION = 4


@pytest.fixture
def coin(coins):
    return coins[POSITION]


@pytest.fixture
def sample(index, coin, anyone):
    return lambda: index.calculator.sampleSupply(coin, sender=anyone)


@pytest.fixture
def min_blocks(index) -> int:
    return index.calculator.getLimits().sampleMinBlocks


def cap_of(index) -> int:
    return index.calculator.getMarketData()[POSITION].cap


def tokens(amount: int) -> int:
    return amount * 10**18


def test_sample_supply__two_samples__lower_becomes_the_cap(index, coin, sample, min_blocks, chain, anyone):
    pass_time(chain, HOUR)
    coin.mint(tokens(CAPS[POSITION] // 100) + 1, sender=anyone)
    first = sample()
    event = next(iter(first.decode_logs(index.calculator.SupplySampled)))
    assert event.supply == event.lowest == CAPS[POSITION] * 101 // 100
    assert index.calculator.pendingSample(coin).firstBlock == first.block_number
    coin.burn(tokens(CAPS[POSITION] // 200), sender=anyone)
    chain.mine(min_blocks)
    last = sample()
    assert len(list(last.decode_logs(index.calculator.WeightsComputed))) == 1
    accepted = next(iter(last.decode_logs(index.calculator.SupplyAccepted)))
    assert accepted.cap == accepted.lowest == cap_of(index) == CAPS[POSITION] * 1005 // 1000
    assert index.calculator.pendingSample(coin).firstBlock == 0


@pytest.mark.parametrize("inflated_at", ["first", "last"])
def test_sample_supply__minted_for_one_block__not_raised(
    index, coin, sample, min_blocks, chain, attacker, inflated_at
):
    """Minted before one sample and burnt after it: the other sample has the say."""
    pass_time(chain, HOUR)
    for moment in ("first", "last"):
        if moment == inflated_at:
            coin.mint(tokens(10**12), sender=attacker)
        sample()
        if moment == inflated_at:
            coin.burn(tokens(10**12), sender=attacker)
        chain.mine(min_blocks)
    assert cap_of(index) == CAPS[POSITION]


def test_sample_supply__both_ends_inflated__a_sample_between_defeats_it(
    index, coin, sample, min_blocks, chain, attacker
):
    pass_time(chain, HOUR)
    coin.mint(tokens(10**12), sender=attacker)
    sample()
    coin.burn(tokens(10**12), sender=attacker)
    sample()
    coin.mint(tokens(10**12), sender=attacker)
    chain.mine(min_blocks)
    sample()
    coin.burn(tokens(10**12), sender=attacker)
    assert cap_of(index) == CAPS[POSITION]


def test_sample_supply__inside_a_flash_mint__refused(index, coin, governor, project, attacker):
    sampler = attacker.deploy(project.WeightsFlashSampler, index.calculator)
    error = revert_of(
        sampler.attack, coin, tokens(10**12), sender=attacker, errors_of=index.calculator.contract_type
    )
    assert error == ("NotPlainAccount", sampler.address)


def test_sample_supply__account_with_code__refused(index, coin, attacker, chain, project):
    """An account may carry delegated code and call on its own behalf: that is a contract too."""
    chain.provider.make_request("anvil_setCode", [attacker.address, "0x00"])
    try:
        error = revert_of(index.calculator.sampleSupply, coin, sender=attacker)
    finally:
        chain.provider.make_request("anvil_setCode", [attacker.address, "0x"])
    assert error == ("NotPlainAccount", attacker.address)


def test_sample_supply__mint_held_over_all_samples__real_supply_but_bounded(
    index, coin, sample, min_blocks, chain, attacker
):
    pass_time(chain, 2 * HOUR)
    coin.mint(tokens(10**12), sender=attacker)
    sample()
    chain.mine(min_blocks)
    before = index.calculator.getMarketData()[POSITION]
    receipt = sample()
    seconds = receipt.timestamp - before.capAt
    per_hour = index.calculator.getLimits().maxCapChangeBpsPerHour
    assert cap_of(index) == before.cap + before.cap * per_hour * seconds // (10_000 * HOUR)
    coin.burn(tokens(10**12), sender=attacker)


def test_sample_supply__twice_in_a_block__refused(index, coin, sample, chain):
    """As one block would run it: the pending state's last sample is of this very block."""
    data = (
        "0x" + (keccak(text="sampleSupply(address)")[:4] + bytes(12) + bytes.fromhex(coin.address[2:])).hex()
    )
    sender = str(index.reporter)
    request = chain.provider.make_request
    request("evm_setAutomine", [False])
    try:
        call = {"from": sender, "to": index.calculator.address, "data": data, "gas": hex(500_000)}
        hashes = [request("eth_sendTransaction", [call]) for _ in range(2)]
        request("evm_mine", [])
    finally:
        request("evm_setAutomine", [True])
    receipts = [request("eth_getTransactionReceipt", [h]) for h in hashes]
    assert receipts[0]["blockNumber"] == receipts[1]["blockNumber"]
    assert sorted(int(r["status"], 16) for r in receipts) == [0, 1]
    pending = index.calculator.pendingSample(coin)
    assert pending.firstBlock == pending.lastBlock == chain.blocks.head.number
    error = revert_of(index.calculator.sampleSupply, coin, sender=index.reporter)
    assert error == ("SameBlock", coin.address, pending.lastBlock)


def test_sample_supply__before_the_minimum__only_lowers(index, coin, sample, min_blocks, chain, anyone):
    pass_time(chain, HOUR)
    first = sample().block_number
    coin.mint(tokens(1), sender=anyone)
    sample()
    pending = index.calculator.pendingSample(coin)
    assert (pending.firstBlock, pending.lowest) == (first, CAPS[POSITION])
    assert index.calculator.getMarketData()[POSITION].capAt < chain.blocks.head.timestamp - HOUR + 60
    coin.burn(tokens(1), sender=anyone)


def test_sample_supply__window_over__starts_anew(index, coin, sample, chain):
    sample()
    chain.mine(index.calculator.getLimits().sampleMaxBlocks + 1)
    receipt = sample()
    assert not list(receipt.decode_logs(index.calculator.SupplyAccepted))
    assert index.calculator.pendingSample(coin).firstBlock == receipt.block_number


def test_sample_supply__reported_coin__refused(index, anyone):
    error = revert_of(index.calculator.sampleSupply, index.coins[0], sender=anyone)
    assert error == ("NotSampled", index.coins[0])


def test_sample_supply__unknown_coin__refused(index, anyone, attacker):
    error = revert_of(index.calculator.sampleSupply, attacker, sender=anyone)
    assert error == ("NotSampled", attacker.address)


@pytest.mark.parametrize(
    ("decimals", "supply"), [(0, 7), (6, 5 * 10**6 + 1), (18, 5 * 10**18 - 1), (36, 10**36)]
)
def test_sample_supply__any_decimals__whole_coins(
    new_calculator, governor, curator, anyone, coins, project, decimals, supply
):
    calculator, coin = new_calculator(), governor.deploy(project.WeightsCoin, decimals, supply)
    configs = [(c, 0, 0, 0) for c in coins[:3]]
    calculator.setConstituents([*configs, (coin, 0, 0, 1)], sender=curator)
    event = next(iter(calculator.sampleSupply(coin, sender=anyone).decode_logs(calculator.SupplySampled)))
    assert event.supply == supply // 10**decimals


def test_sample_supply__absurd_decimals__refused(new_calculator, governor, curator, anyone, coins, project):
    calculator, coin = new_calculator(), governor.deploy(project.WeightsCoin, 37, 1)
    calculator.setConstituents([*[(c, 0, 0, 0) for c in coins[:3]], (coin, 0, 0, 1)], sender=curator)
    assert revert_of(calculator.sampleSupply, coin, sender=anyone) == ("DecimalsTooLarge", coin.address, 37)


def test_sample_supply__not_yet_seeded__samples_but_does_not_set(
    new_calculator, curator, anyone, coins, chain
):
    calculator = new_calculator()
    calculator.setConstituents([(c, 0, 0, 1) for c in coins], sender=curator)
    calculator.sampleSupply(coins[0], sender=anyone)
    chain.mine(calculator.getLimits().sampleMinBlocks)
    assert revert_of(calculator.sampleSupply, coins[0], sender=anyone) == ("NoData", coins[0].address)
