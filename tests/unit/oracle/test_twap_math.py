"""`TickMath` and `TwapMath` against `ballast.model.twap`, in drawn batches, and against the formula."""

import random
from decimal import Decimal, localcontext

import pytest
from eth_abi import decode, encode

from ballast.model.twap import (
    MAX_TICK,
    harmonic_mean_liquidity,
    mean_tick,
    sqrt_ratio_at_tick,
    twap_price,
)
from tests.reverts import revert_of

MAX_UINT = 2**256 - 1
REVERTED = MAX_UINT
GAS = 200_000_000


@pytest.fixture(scope="module")
def batch(project, governor):
    return governor.deploy(project.TwapBatch)


def _call(chain, method, types, returned, *args):
    """One eth_call, encoded without Ape's conversions, which cost more than the call."""
    data = method.encode_input(*([] for _ in args))[:4] + encode(types, args)
    call = {"to": method.contract.address, "data": "0x" + data.hex(), "gas": hex(GAS)}
    answer = chain.provider.make_request("eth_call", [call, "latest", {}, {"gasLimit": hex(GAS)}])
    return decode(returned, bytes.fromhex(answer[2:]))


def _interesting_ticks():
    """The ends, the middle, both sides of every power of two and sums of them, and a drawn thousand."""
    draw = random.Random("ticks")
    powers = [(1 << bit) + step for bit in range(20) for step in (-1, 0, 1)]
    fixed = [*powers, MAX_TICK, MAX_TICK - 1, 0xAAAAA & 0x7FFFF, 0x55555, 276_324]
    ticks = [tick for tick in fixed if tick <= MAX_TICK] + [draw.randint(0, MAX_TICK) for _ in range(1_000)]
    return sorted({sign * tick for tick in ticks for sign in (1, -1)})


def test_sqrt_ratio_at_tick__interesting_ticks__equal_the_model_s(batch, chain):
    ticks = _interesting_ticks()
    (ratios,) = _call(chain, batch.sqrtRatios, ["int256[]"], ["uint256[]"], ticks)
    assert list(ratios) == [sqrt_ratio_at_tick(tick) for tick in ticks]


def test_sqrt_ratio_at_tick__any__is_the_power_it_stands_for():
    with localcontext() as context:
        context.prec = 80
        for tick in _interesting_ticks():
            power = Decimal("1.0001") ** (Decimal(tick) / 2)
            exact = power * 2**96
            unit = exact / (min(power, 1 / power) * 2**128)  # one last place of the ratio below one
            assert abs(sqrt_ratio_at_tick(tick) - exact) < 1 + 40 * unit, tick  # 20 factors, 20 cuts


@pytest.mark.parametrize("tick", [MAX_TICK + 1, -MAX_TICK - 1, 2**255 - 1, -(2**255)])
def test_sqrt_ratio_at_tick__out_of_range__refused(batch, governor, tick):
    assert revert_of(batch.sqrtRatios, [tick], sender=governor) == ("TickOutOfRange", tick)
    with pytest.raises(ValueError, match="outside"):
        sqrt_ratio_at_tick(tick)


def test_means__drawn_deltas__equal_the_model_s(batch, chain):
    draw = random.Random("means")
    windows = [draw.choice((1, 300, 1_800, draw.randint(1, 2**32 - 1))) for _ in range(2_000)]
    ticks = [draw.choice((-1, 1)) * draw.getrandbits(draw.randint(1, 55)) for _ in windows]
    spent = [draw.choice((0, 1, draw.getrandbits(draw.randint(1, 160)))) for _ in windows]
    arguments = ["int256[]", "uint256[]", "uint256[]"]
    answer = _call(chain, batch.means, arguments, ["int256[]", "uint256[]"], ticks, spent, windows)
    assert list(answer[0]) == [mean_tick(delta, window) for delta, window in zip(ticks, windows, strict=True)]
    expected = [harmonic_mean_liquidity(delta, window) for delta, window in zip(spent, windows, strict=True)]
    assert list(answer[1]) == expected


def _model_price(case):
    try:
        return twap_price(*case)
    except OverflowError:
        return REVERTED


def _draw_price(draw):
    near, far = draw.randint(-200, 200), draw.randint(-MAX_TICK, MAX_TICK)
    tick = draw.choice((near, near + 276_324, near - 276_324, far))
    power = draw.randint(-28, 26)
    return tick, draw.random() < 0.5, draw.getrandbits(draw.randint(1, 96)), max(power, 0), max(-power, 0)


def test_price__drawn_cases__equal_the_model_s(batch, chain):
    draw = random.Random("twap prices")
    refused = 0
    for _ in range(10):
        cases = [_draw_price(draw) for _ in range(500)]
        (prices,) = _call(
            chain, batch.prices, ["(int256,bool,uint256,uint256,uint256)[]"], ["uint256[]"], cases
        )
        expected = [_model_price(case) for case in cases]
        assert list(prices) == expected
        refused += expected.count(REVERTED)
    assert 0 < refused < 2_500  # both kinds were drawn


@pytest.mark.parametrize("tick", [0, 1, -1, 5_000, -5_000, 276_324, -276_324])
def test_price__either_order_of_the_pool__is_the_same(tick):
    straight = twap_price(tick, True, 10**20, 12, 0)
    inverted = twap_price(-tick, False, 10**20, 12, 0)
    assert abs(straight - inverted) <= 1 + straight // 10**18
