"""The models of Convex: stakes, streams over a week, CVX by its curve, extra rewards, shutdown."""

import pytest

from ballast.replica import curve
from ballast.replica.convex import STOCK, WEEK, WEEKLY, convex_pool, earmark, shut_down
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import RpcError
from ballast.units import BPS, WAD

pytestmark = pytest.mark.replica
APPROVE, DEPOSIT = "approve(address,uint256)", "deposit(uint256,uint256,bool)"
UNWRAP, GET = "withdrawAndUnwrap(uint256,bool)", "getReward(address,bool)"
STAKE = 1_000 * WAD
CLIFF = 100_000 * WAD


@pytest.fixture
def pool(mainnet):
    return mainnet.book.curve_pool("USDC", "USDT")


@pytest.fixture
def convex(mainnet, pool):
    return convex_pool(mainnet.rpc, mainnet.book, pool)


@pytest.fixture
def booster(mainnet):
    return mainnet.book.contracts["convex_booster"]


@pytest.fixture
def stakers(mainnet, pool, convex, booster):
    """Two accounts, the second with three times the stake of the first."""
    accounts = mainnet.rpc.call("eth_accounts")[:2]
    for account, stake in zip(accounts, (STAKE, 3 * STAKE), strict=True):
        mainnet.rpc.send(pool.address, "transfer(address,uint256)", [account, stake], sender=OPERATOR)
        mainnet.rpc.send(pool.address, APPROVE, [booster, stake], sender=account)
        mainnet.rpc.send(booster, DEPOSIT, [convex.number, stake, True], sender=account)
    return accounts


def earned(mainnet, convex, account):
    return mainnet.rpc.read(convex.rewards, "earned(address)", [account])


def test_place__every_curve_pool__has_a_pool_a_gauge_and_crv_for_it(mainnet, booster):
    assert mainnet.rpc.read(booster, "poolLength()") == len(mainnet.book.curve_pools)
    for number, pool in enumerate(mainnet.book.curve_pools):
        found = convex_pool(mainnet.rpc, mainnet.book, pool)
        assert (found.number, found.lp, found.shutdown) == (number, pool.address, False)
        assert mainnet.balance("CRV", found.gauge) == STOCK
        for address in (booster, found.gauge, found.rewards):
            assert mainnet.rpc.read(address, "isModel()", (), "bool")


def test_deposit__staked__lies_in_the_gauge_and_comes_back_whole(mainnet, pool, convex, stakers):
    first = stakers[0]
    assert mainnet.rpc.read(convex.rewards, "balanceOf(address)", [first]) == STAKE
    assert curve.shares_of(mainnet.rpc, pool, convex.gauge) == 4 * STAKE
    mainnet.rpc.send(convex.rewards, UNWRAP, [STAKE, False], sender=first)
    assert curve.shares_of(mainnet.rpc, pool, first) == STAKE
    assert mainnet.balance("CRV", first) == 0


def test_earmark__a_week_s_crv__less_the_fees_goes_to_the_stakers_over_the_next(
    mainnet, pool, convex, stakers
):
    mainnet.pass_time(WEEK)
    earmark(mainnet.rpc, mainnet.book, pool)
    reward = mainnet.rpc.read(convex.rewards, "rewardRate()") * WEEK
    assert reward == pytest.approx(WEEKLY * (BPS - 1_700) // BPS, rel=1e-4)
    mainnet.pass_time(WEEK // 2)
    halves = [earned(mainnet, convex, account) for account in stakers]
    assert sum(halves) == pytest.approx(reward // 2, rel=1e-4)
    assert halves[1] == pytest.approx(3 * halves[0], rel=1e-9)
    mainnet.pass_time(2 * WEEK)
    assert sum(earned(mainnet, convex, a) for a in stakers) == pytest.approx(reward, rel=1e-6)


def test_get_reward__crv__is_what_was_earned_and_cvx_comes_by_the_cliffs(mainnet, pool, convex, stakers):
    mainnet.pass_time(WEEK)
    earmark(mainnet.rpc, mainnet.book, pool)
    mainnet.pass_time(WEEK)
    first, cvx = stakers[0], mainnet.book.token("CVX").address
    for supply in (98_000_000, 99_450_000, 99_950_000):
        held = mainnet.rpc.read(cvx, "totalSupply()")
        mainnet.mint("CVX", OPERATOR, supply * WAD - held)
        with mainnet.isolated():
            mainnet.rpc.send(convex.rewards, GET, [first, True], sender=first)
            crv = mainnet.balance("CRV", first)
            rest = 1_000 - supply * WAD // CLIFF
            assert mainnet.balance("CVX", first) == crv * rest // 1_000 > 0
            assert earned(mainnet, convex, first) == 0


def test_cvx__all_minted__no_more_of_it(mainnet, pool, convex, stakers):
    mainnet.pass_time(WEEK)
    earmark(mainnet.rpc, mainnet.book, pool)
    mainnet.pass_time(WEEK)
    held = mainnet.rpc.read(mainnet.book.token("CVX").address, "totalSupply()")
    mainnet.mint("CVX", OPERATOR, 100_000_000 * WAD - held)
    mainnet.rpc.send(convex.rewards, GET, [stakers[0], True], sender=stakers[0])
    assert mainnet.balance("CRV", stakers[0]) > 0
    assert mainnet.balance("CVX", stakers[0]) == 0


def test_cvx__minted_by_a_stranger__nothing_happens(mainnet):
    stranger = mainnet.rpc.call("eth_accounts")[3]
    mainnet.rpc.send(
        mainnet.book.token("CVX").address, "mint(address,uint256)", [stranger, WAD], sender=stranger
    )
    assert mainnet.balance("CVX", stranger) == 0


def test_queue__a_little_more_early_in_the_week__waits_for_its_turn(mainnet, pool, convex, stakers):
    mainnet.pass_time(WEEK)
    earmark(mainnet.rpc, mainnet.book, pool)
    end = mainnet.rpc.read(convex.rewards, "periodFinish()")
    mainnet.pass_time(WEEK * 3 // 4)
    earmark(mainnet.rpc, mainnet.book, pool)
    assert mainnet.rpc.read(convex.rewards, "periodFinish()") == end
    assert mainnet.rpc.read(convex.rewards, "queuedRewards()") > 0
    mainnet.pass_time(WEEK)
    earmark(mainnet.rpc, mainnet.book, pool)
    assert mainnet.rpc.read(convex.rewards, "queuedRewards()") == 0
    assert mainnet.rpc.read(convex.rewards, "periodFinish()") == mainnet.timestamp() + WEEK


@pytest.mark.parametrize("whole", [False, True], ids=["pool", "system"])
def test_shut_down__lp_tokens__leave_and_nothing_enters(mainnet, pool, convex, booster, stakers, whole):
    shut_down(mainnet.rpc, mainnet.book, None if whole else pool)
    assert mainnet.rpc.read(booster, "isShutdown()", (), "bool") is whole
    assert convex_pool(mainnet.rpc, mainnet.book, pool).shutdown
    assert curve.shares_of(mainnet.rpc, pool, convex.gauge) == 0
    mainnet.rpc.send(pool.address, APPROVE, [booster, WAD], sender=OPERATOR)
    with pytest.raises(RpcError, match="shutdown" if whole else "pool is closed"):
        mainnet.rpc.send(booster, DEPOSIT, [convex.number, WAD, True], sender=OPERATOR)
    with pytest.raises(RpcError, match="shutdown" if whole else "pool is closed"):
        earmark(mainnet.rpc, mainnet.book, pool)
    for account, stake in zip(stakers, (STAKE, 3 * STAKE), strict=True):
        mainnet.rpc.send(convex.rewards, UNWRAP, [stake, True], sender=account)
        assert curve.shares_of(mainnet.rpc, pool, account) == stake


def test_powers__strangers__have_none(mainnet, convex, booster):
    stranger = mainnet.rpc.call("eth_accounts")[3]
    refused = [
        (booster, "shutdownSystem()", [], "!auth"),
        (booster, "withdrawTo(uint256,uint256,address)", [0, 1, stranger], "!auth"),
        (booster, "rewardClaimed(uint256,address,uint256)", [0, stranger, WAD], "!auth"),
        (convex.rewards, "queueNewRewards(uint256)", [WAD], "!authorized"),
        (convex.gauge, "withdraw(uint256)", [1], "!depositor"),
        (convex.gauge, "setRate(uint256)", [1], "!owner"),
    ]
    for to, signature, args, why in refused:
        with pytest.raises(RpcError, match=why):
            mainnet.rpc.send(to, signature, args, sender=stranger)
