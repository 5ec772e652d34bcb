"""When moving is worth it: one reason for every yes and every no."""

from dataclasses import replace

import ape
import pytest
from eth_abi import decode

from ballast.units import BPS, WAD
from tests.reverts import revert_of
from tests.unit.yields.conftest import DIVERGED, GOOD, NOBODY, REASONS, STALE, UNIT, Place, paying

MILLION = 1_000_000 * UNIT
YEAR = 365 * 86_400
LOW = 99 * WAD // 100


def priced(desk, gas_price: int) -> tuple[bool, str, int]:
    """The verdict asked in a transaction that pays `gas_price` wei for gas."""
    method = desk.optimizer.shouldReallocate
    data = "0x" + method.encode_input(desk.coin).hex()
    call = {"to": desk.optimizer.address, "data": data, "gas": hex(10**7), "gasPrice": hex(gas_price)}
    call["from"] = desk.curator.address
    answer = ape.chain.provider.make_request("eth_call", [call, "latest"])
    yes, reason, gain = decode(["bool", "uint8", "uint256"], bytes.fromhex(answer[2:]))
    return yes, REASONS[reason], gain


def test_should_reallocate__better_market__yields_in_dollars_at_the_low_price(desk):
    desk.show(Place(paying(200), value=MILLION), Place(paying(300)))
    desk.oracle.set(desk.coin, LOW, WAD, GOOD, sender=desk.governor)
    assert desk.verdict() == (True, "YIELD", 10_000 * LOW)


def test_should_reallocate__idle_coins__are_lent(desk):
    desk.show(Place(paying(200)), idle=MILLION)
    assert desk.verdict() == (True, "YIELD", 20_000 * WAD)


def test_should_reallocate__little_idle_beside_much_lent__counts_on_what_moves(desk):
    """One part in a hundred lies idle: 4 bp of the whole, but all of what is moved."""
    desk.show(Place(paying(400), value=99 * MILLION // 100), idle=MILLION // 100)
    yes, reason, _ = desk.verdict()
    assert (yes, reason) == (True, "YIELD")


@pytest.mark.parametrize(("better", "reason"), [(250, "DIFFERENTIAL_TOO_SMALL"), (251, "YIELD")])
def test_should_reallocate__differential__must_be_above_fifty_basis_points(desk, better, reason):
    desk.show(Place(paying(200), value=MILLION), Place(paying(better)))
    assert desk.verdict()[:2] == (reason == "YIELD", reason)


def test_should_reallocate__risk_score__counts(desk):
    desk.show(Place(paying(300), value=MILLION), Place(paying(400), score=800))
    assert desk.verdict()[:2] == (False, "DIFFERENTIAL_TOO_SMALL")


def test_should_reallocate__best_already__says_so(desk):
    desk.show(Place(paying(300), value=MILLION), Place(paying(200)))
    assert desk.verdict() == (False, "BEST_ALREADY", 0)


def test_should_reallocate__change_too_small_for_a_move__is_best_already(desk):
    small = MILLION * 50 // BPS
    desk.show(Place(paying(300), value=MILLION - small), idle=small)
    assert desk.verdict()[1] == "YIELD"
    desk.show(Place(paying(300), value=MILLION - small + 1), idle=small - 1)
    assert desk.verdict()[1] == "BEST_ALREADY"


def test_should_reallocate__only_the_buffer_is_short__is_no_gain(desk):
    desk.show(Place(paying(300), value=MILLION), buffer_bps=1_000)
    assert desk.verdict() == (False, "BEST_ALREADY", 0)


def test_should_reallocate__dear_gas__must_be_paid_back_within_the_horizon(desk):
    """100 dollars a year are 8.2 in thirty days; one move is 450,000 gas."""
    desk.show(Place(paying(100)), idle=10_000 * UNIT)
    params = desk.optimizer.getParams()
    worth = 100 * WAD * params.horizon // YEAR
    breaks_even = worth * WAD // (3_000 * WAD * params.moveGas)
    assert priced(desk, breaks_even + 1) == (False, "GAS_NOT_PAID_BACK", 100 * WAD)
    assert priced(desk, breaks_even * 99 // 100) == (True, "YIELD", 100 * WAD)


def test_should_reallocate__longer_horizon__pays_dearer_gas_back(desk):
    desk.show(Place(paying(100)), idle=10_000 * UNIT)
    assert priced(desk, 10**10)[1] == "GAS_NOT_PAID_BACK"
    desk.set_params(horizon=YEAR)
    assert priced(desk, 10**10)[1] == "YIELD"


def test_should_reallocate__two_moves__cost_twice(desk):
    desk.show(Place(paying(100), value=10_000 * UNIT), Place(paying(200)))
    params = desk.optimizer.getParams()
    one_move = 100 * WAD * params.horizon // YEAR * WAD // (3_000 * WAD * params.moveGas)
    assert priced(desk, one_move * 3 // 4)[1] == "GAS_NOT_PAID_BACK"
    assert priced(desk, one_move * 49 // 100)[1] == "YIELD"


def test_should_reallocate__coin_on_watch__comes_before_everything(desk):
    desk.show(Place(paying(900)), idle=MILLION)
    desk.guard.bar(desk.coin, True, sender=desk.governor)
    desk.oracle.set(desk.coin, 0, 0, STALE, sender=desk.governor)
    assert desk.verdict() == (False, "COIN_ON_WATCH", 0)


def test_should_reallocate__guard_fails__counts_as_on_watch(desk):
    desk.show(Place(paying(900)), idle=MILLION)
    desk.guard.setBroken(True, sender=desk.governor)
    assert desk.verdict() == (False, "COIN_ON_WATCH", 0)


@pytest.mark.parametrize("status", [DIVERGED, STALE])
@pytest.mark.parametrize("which", ["coin", "eth"])
def test_should_reallocate__price_not_good__is_stale(desk, which, status):
    desk.show(Place(paying(900)), idle=MILLION)
    asset = desk.coin if which == "coin" else desk.eth
    desk.oracle.set(asset, WAD, WAD, status, sender=desk.governor)
    assert desk.verdict() == (False, "STALE_DATA", 0)


@pytest.mark.parametrize("place", [Place(paused=True), Place(readable=False, value=1)])
def test_should_reallocate__no_strategy_fit__nothing_qualifies(desk, place):
    desk.show(place, idle=MILLION)
    assert desk.verdict() == (False, "NOTHING_QUALIFIES", 0)


# --- parameters


def test_set_lens__curator__is_kept_and_told(desk):
    strategy = desk.strategies[0]
    receipt = desk.optimizer.setLens(strategy, desk.lens, 765, sender=desk.curator)
    assert (desk.optimizer.lensOf(strategy), desk.optimizer.scoreOf(strategy)) == (desk.lens.address, 765)
    assert receipt.events == [desk.optimizer.LensSet(strategy=strategy, lens=desk.lens, score=765)]


@pytest.mark.parametrize("score", [0, 1_001])
def test_set_lens__score_out_of_bounds__reverts(desk, score):
    found = revert_of(desk.optimizer.setLens, desk.strategies[0], desk.lens, score, sender=desk.curator)
    assert found[0] == "ParamOutOfBounds"
    assert found[2:] == (score, 1, 1_000)


def test_set_lens__none_with_a_score__reverts(desk):
    found = revert_of(desk.optimizer.setLens, desk.strategies[0], NOBODY, 1, sender=desk.curator)
    assert found[0] == "ParamOutOfBounds"


def test_set_lens__no_code__reverts(desk):
    nobody = desk.attacker.address
    found = revert_of(desk.optimizer.setLens, desk.strategies[0], nobody, 1, sender=desk.curator)
    assert found == ("LensHasNoCode", nobody)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("differentialBps", 1, 1_000),
        ("maxShareBps", 1, 5_000),
        ("horizon", 3_600, YEAR),
        ("moveGas", 50_000, 5_000_000),
    ],
)
def test_set_params__each__within_its_bounds_only(desk, name, low, high):
    for value in (low, high):
        desk.set_params(**{name: value})
        assert getattr(desk.optimizer.getParams(), name) == value
    fields = dict(desk.optimizer.getParams().items())
    for value in (low - 1, high + 1):
        values = tuple((fields | {name: value}).values())
        found = revert_of(desk.optimizer.setParams, values, sender=desk.curator)
        assert found[0] == "ParamOutOfBounds"
        assert found[2:] == (value, low, high)


def test_set_params__anyone_else__is_refused(desk):
    params = tuple(dict(desk.optimizer.getParams().items()).values())
    for method, arguments in (
        (desk.optimizer.setParams, [params]),
        (desk.optimizer.setLens, [desk.strategies[0], desk.lens, 1]),
    ):
        assert revert_of(method, *arguments, sender=desk.attacker)[0] == "AccessManagedUnauthorized"


def test_defaults__as_promised(desk):
    params = desk.optimizer.getParams()
    assert (params.differentialBps, params.maxShareBps) == (50, 1_000)


def test_should_reallocate__higher_differential__asks_for_more(desk):
    desk.show(Place(paying(200), value=MILLION), Place(replace(paying(300))))
    desk.set_params(differentialBps=100)
    assert desk.verdict()[1] == "DIFFERENTIAL_TOO_SMALL"
