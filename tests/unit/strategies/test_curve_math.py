"""CurveMath: Solidity and Python equal on drawn cases, and what the price must do."""

from random import Random

import pytest

from ballast.model import curve as model
from ballast.units import WAD
from tests.profiles import PROFILE

FEE_MOST = model.FEE_UNIT // 2  # what a pool takes


def draw_case(random: Random) -> tuple:
    """In the order of `CurveMathBatch.Case`."""
    count = random.randint(2, 8)
    averages = [random.choice((0, WAD, random.getrandbits(random.randint(1, 61)))) for _ in range(count - 1)]
    if random.random() < 0.7:
        averages = [random.randint(WAD * 9 // 10, WAD * 11 // 10) for _ in averages]
    virtual = WAD + random.getrandbits(random.randint(1, 62))
    fee = random.choice((0, random.randint(0, 10**7), random.randint(0, FEE_MOST)))
    lp, assets = (random.getrandbits(random.randint(1, 112)) for _ in range(2))
    return virtual, averages, random.randrange(count), fee, random.choice((6, 8, 18)), lp, assets


def expected(case: tuple) -> tuple[int, int, int, int]:
    virtual, averages, index, fee, decimals, lp, assets = case
    price = model.lp_price(virtual, averages, index, fee)
    values = (model.value_of(lp, price, decimals, up=up) for up in (False, True))
    return price, *values, model.lp_for(assets, price, decimals)


def test_model__drawn_cases__is_the_library_s_integers(project, accounts):
    batch = accounts[0].deploy(project.CurveMathBatch)
    assert batch.feeUnit() == model.FEE_UNIT
    random = Random(4)
    for _ in range(PROFILE.differential_cases // PROFILE.batch):
        cases = [draw_case(random) for _ in range(PROFILE.batch)]
        answers = batch.run(cases)
        assert [tuple(answer) for answer in answers] == [expected(case) for case in cases]


def test_lp_price__drawn_cases__is_at_most_the_virtual_price_and_grows_with_nothing_that_is_pushed():
    random = Random(5)
    for _ in range(PROFILE.differential_cases):
        virtual, averages, index, fee, *_ = draw_case(random)
        price = model.lp_price(virtual, averages, index, fee)
        assert price <= virtual
        assert model.lp_price(virtual, averages, index, fee // 2) >= price
        at = random.randrange(len(averages))
        if at != index - 1:
            fallen = [a // 2 if k == at else a for k, a in enumerate(averages)]
            assert model.lp_price(virtual, fallen, index, fee) <= price


def test_lp_price__all_at_one__is_the_virtual_price_less_the_fee():
    assert model.lp_price(11 * WAD // 10, [WAD], 0, 10**6) == 11 * WAD // 10 * 9_999 // 10_000
    assert model.lp_price(WAD, [WAD, WAD], 2, 10**6) == WAD * 999_925 // 10**6


def test_lp_price__another_coin_at_nine_tenths__takes_a_tenth():
    assert model.lp_price(WAD, [WAD * 9 // 10], 0, 0) == WAD * 9 // 10
    assert model.lp_price(WAD, [2 * WAD], 1, 0) == WAD // 2  # ours is worth two of coin 0
    assert model.lp_price(WAD, [WAD // 2], 1, 0) == WAD  # ours fell: no more than the virtual price


@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_lp_for__drawn_amounts__is_worth_no_more_and_one_more_is_worth_as_much(decimals):
    random = Random(6)
    for _ in range(PROFILE.differential_cases):
        price = random.randint(WAD // 2, 2 * WAD)
        assets = random.getrandbits(random.randint(1, 100))
        lp = model.lp_for(assets, price, decimals)
        assert (
            model.value_of(lp, price, decimals) <= assets <= model.value_of(lp + 1, price, decimals, up=True)
        )
