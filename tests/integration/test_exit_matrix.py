"""The exit matrix: every subset of the coins frozen, whatever the strategies are in: everybody can leave.

Each cell has both holders leave in either order, collect, and, on the real markets, redeem: see `exit_cells`.
"""

from collections import Counter
from itertools import combinations
from random import Random
from typing import Any

import pytest

from ballast.replica import Replica, address_book
from ballast.replica.place import OPERATOR
from tests.deployed import deploy_five, five_coin_index
from tests.integration.exit_cells import (
    Left,
    Look,
    Scene,
    Trouble,
    Wrong,
    check_nothing_lost,
    check_order,
    run,
)
from tests.integration.exit_scenes import (
    ALL_MODES,
    BROKEN_CODE,
    ILLIQUID,
    HostileFund,
    RealFund,
    hostile_fund,
    lending,
    real_fund,
)
from tests.profiles import PROFILE

pytestmark = pytest.mark.replica

SUBSETS = [frozenset(some) for count in range(6) for some in combinations(range(5), count)]
SITUATIONS = ("plain", "without_liquidity", "reverting", "without_keeper", "paused", "markets_paused")
YES_CODE = "0x600160005260206000f3"  # answers 1, whatever it is asked
MIXTURES = 6  # of hostile modes, for each subset


@pytest.fixture(scope="module")
def fund(networks: Any, project: Any, tmp_path_factory: Any) -> RealFund:
    index = five_coin_index(lending=lending(address_book()))
    return real_fund(deploy_five(tmp_path_factory.mktemp("records"), index), project)


@pytest.fixture(scope="module")
def hostile(networks: Any, project: Any, accounts: Any) -> HostileFund:
    replica = Replica(networks.active_provider.uri)
    return hostile_fund(project, accounts, replica.rpc, replica.book.contracts["multicall3"])


def check_cell(scene: Scene, trouble: Trouble, frozen: frozenset[int]) -> dict[str, Left]:
    """Both orders; what each left with in the first of them."""
    first, second = scene.holders
    one = run(scene, trouble, frozen, (first, second))
    other = run(scene, trouble, frozen, (second, first))
    check_order(scene, one, other)
    return one


# --- real markets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("situation", SITUATIONS)
def test_withdraw__any_coins_frozen__holders_leave_with_exactly_their_part(fund: RealFund, situation: str):
    trouble = getattr(fund, situation)()
    for frozen in SUBSETS:
        both = trouble + fund.freeze(frozen)
        check_nothing_lost(fund.scene, both, check_cell(fund.scene, both, frozen))


def test_withdraw__vault_blacklisted__idle_coins_are_claimed_and_lent_ones_paid(fund: RealFund):
    listed = frozenset(fund.symbols.index(symbol) for symbol in ("USDC", "USDT"))
    trouble = fund.plain() + fund.blacklist_vault()
    check_nothing_lost(fund.scene, trouble, check_cell(fund.scene, trouble, listed))


MOST_GAS = (
    8_000_000  # of an exit from ten strategies that burn what they can, half of what a transaction may have
)


# --- hostile strategies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ALL_MODES)
def test_withdraw__every_strategy_hostile__holders_leave_with_exactly_their_part(
    hostile: HostileFund, mode: str
):
    trouble = hostile.turned(dict.fromkeys(hostile.scene.every_strategy, mode))
    for frozen in SUBSETS if PROFILE.name == "deep" else (SUBSETS[0], SUBSETS[-1]):
        left = check_cell(hostile.scene, trouble + hostile.freeze(frozen), frozen)
        assert max(one.gas for one in left.values()) < MOST_GAS


def test_withdraw__strategies_hostile_each_in_its_way__holders_leave_with_exactly_their_part(
    hostile: HostileFund,
):
    met: Counter[tuple[str, bool]] = Counter()
    draw = Random(4)
    for frozen in SUBSETS * MIXTURES:
        modes = {strategy: draw.choice(ALL_MODES) for strategy in hostile.scene.every_strategy}
        trouble = hostile.turned(modes) + hostile.freeze(frozen)
        check_cell(hostile.scene, trouble, frozen)
        for i, strategies in enumerate(hostile.scene.strategies):
            met.update((modes[strategy], i in frozen) for strategy in strategies)
    assert len(met) == 2 * len(ALL_MODES)


# --- that the matrix can fail -------------------------------------------------------------------------------


def test_canary__holder_lacks_a_share_unit__is_found_blocked(fund: RealFund) -> None:
    first, second = fund.scene.holders
    call = (first, fund.scene.vault, "transfer(address,uint256)", (second, 1))
    expect_wrong("cannot leave", fund.scene, Trouble("short", (call,)))


def test_canary__share_that_only_says_it_moved__is_found_lost(fund: RealFund) -> None:
    liar, broken = fund.scene.strategies[0][:2]
    code = {liar: YES_CODE, broken: BROKEN_CODE}
    own = {s: fund.replica.rpc.call("eth_getCode", s, "latest") for s in code}
    expect_wrong(" 0 gone", fund.scene, Trouble("liar", code=code, mended=own))


def test_canary__coin_frozen_for_good__is_found_uncollected(fund: RealFund) -> None:
    usdc = fund.symbols.index("USDC")
    trouble = Trouble("for good", ((OPERATOR, fund.scene.tokens[usdc], "pause()", ()),))
    expect_wrong("was answered", fund.scene, trouble, frozenset({usdc}))


def test_canary__coin_that_takes_more_from_the_vault__is_found(hostile: HostileFund) -> None:
    expect_wrong(": paid ", hostile.scene, Trouble("dear", hostile.fee(0, "SENDER_PAYS_FEE")))


def test_canary__coin_that_pays_claims_short__is_found(hostile: HostileFund) -> None:
    trouble = Trouble("short", mending=hostile.fee(0, "FEE")) + hostile.freeze([0])
    expect_wrong(" brought ", hostile.scene, trouble, frozenset({0}))


def test_canary__shares_that_are_not_burned__are_found_to_dilute(
    hostile: HostileFund, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Scene.seen
    supply = hostile.scene.rpc.read(hostile.scene.vault, "totalSupply()")
    monkeypatch.setattr(Scene, "seen", lambda *args: Look({**seen(*args).answers, "supply": supply}))
    expect_wrong("a share fell", hostile.scene, hostile.turned({}))


def test_canary__market_that_comes_back_with_less__is_found(hostile: HostileFund) -> None:
    strategy = hostile.scene.strategies[0][1]
    loss = (hostile.anybody, strategy, "setRate(uint256)", (99 * 10**16,))
    trouble = Trouble("loss", mending=(loss,)) + hostile.turned({strategy: ILLIQUID})
    left = run(hostile.scene, trouble, frozenset(), hostile.scene.holders)
    with pytest.raises(Wrong, match="ends with"):
        check_nothing_lost(hostile.scene, trouble, left)


def test_canary__second_holder_gets_less__is_found(hostile: HostileFund) -> None:
    scene, well = hostile.scene, hostile.turned({})
    strategy = scene.strategies[0][1]
    call = (hostile.anybody, strategy, "setRate(uint256)", (99 * 10**16,))
    one = run(scene, well, frozenset(), scene.holders)
    other = run(scene, Trouble("loss", (call,)), frozenset(), scene.holders)
    with pytest.raises(Wrong, match="first or second"):
        check_order(scene, one, other)


def expect_wrong(text: str, scene: Scene, trouble: Trouble, frozen: frozenset[int] = frozenset()) -> None:
    with pytest.raises(Wrong, match=text):
        run(scene, trouble, frozen, scene.holders)
