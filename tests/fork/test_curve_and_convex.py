"""Curve and Convex as Ballast takes them to be: on the replica, where Convex is a model, and on mainnet.

Every test has both names, `model` and `real`: the one that is not there is skipped. The bodies are the same.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from ballast.model import curve as model
from ballast.replica import Rpc, RpcError, address_book
from ballast.replica.place import OPERATOR
from ballast.replica.upstream import mainnet_rpc_url
from ballast.units import WAD
from tests.access import access_manager_type

pytestmark = pytest.mark.fork
POOL_INFO = "address,address,address,address,address,bool"
LOOKED_AT = 200  # the last pools of Convex, of which one that is alive is taken
DAY = 86_400  # s
CLIFF = 100_000 * WAD  # CVX
MILLION = 1_000_000
TRANSFER, APPROVE, HELD = "transfer(address,uint256)", "approve(address,uint256)", "balanceOf(address)"


@dataclass(frozen=True)
class Staked:
    """A pool of Convex in which `staker` has `stake` LP tokens staked."""

    rpc: Rpc
    number: int
    lp: str
    rewards: str
    staker: str
    stake: int

    def held(self, token: str) -> int:
        return int(self.rpc.read(token, HELD, [self.staker]))


@pytest.fixture(params=["model", "real"])
def rpc(request, networks):
    if (request.param == "real") != (mainnet_rpc_url() is not None):
        pytest.skip(f"no {request.param} Convex here: MAINNET_RPC_URL decides which one there is")
    return Rpc(networks.active_provider.uri)


def take(rpc: Rpc, token: str, holder: str, receiver: str, amount: int) -> None:
    """Has somebody who holds a token pass some of it on."""
    rpc.call("anvil_impersonateAccount", holder)
    rpc.call("anvil_setBalance", holder, hex(10 * WAD))
    rpc.send(token, TRANSFER, [receiver, amount], sender=holder)


@pytest.fixture
def staked(rpc, accounts) -> Staked:
    booster, staker = address_book().contracts["convex_booster"], accounts[3].address
    count = rpc.read(booster, "poolLength()")
    for number in reversed(range(max(0, count - LOOKED_AT), count)):
        lp, _, gauge, rewards, _, shutdown = rpc.read(booster, "poolInfo(uint256)", [number], POOL_INFO)
        holder = OPERATOR if mainnet_rpc_url() is None else gauge
        stake = rpc.read(lp, HELD, [holder]) // 10
        if not shutdown and stake > 1_000 * WAD:
            take(rpc, lp, holder, staker, stake)
            rpc.send(lp, APPROVE, [booster, stake], sender=staker)
            rpc.send(booster, "deposit(uint256,uint256,bool)", [number, stake, True], sender=staker)
            return Staked(rpc, number, lp, rewards, staker, stake)
    raise AssertionError("none of Convex's last pools is alive")


def test_booster__what_the_strategy_asks__is_there(rpc):
    book = address_book()
    booster = book.contracts["convex_booster"]
    assert rpc.read(booster, "crv()", (), "address") == book.token("CRV").address
    assert rpc.read(booster, "minter()", (), "address") == book.token("CVX").address
    assert rpc.read(booster, "isShutdown()", (), "bool") is False


def test_stake__without_claiming__comes_back_whole(staked):
    assert staked.rpc.read(staked.rewards, HELD, [staked.staker]) == staked.stake
    args = [staked.stake, False]
    staked.rpc.send(staked.rewards, "withdrawAndUnwrap(uint256,bool)", args, sender=staked.staker)
    assert staked.held(staked.lp) == staked.stake
    assert staked.held(address_book().token("CRV").address) == 0


def test_rewards__after_some_days__are_crv_as_earned_and_cvx_by_the_cliffs(staked):
    rpc, book = staked.rpc, address_book()
    crv, cvx = (book.token(symbol).address for symbol in ("CRV", "CVX"))
    rpc.mine_after(7 * DAY)
    earmark = ("earmarkRewards(uint256)", [staked.number])
    rpc.send(book.contracts["convex_booster"], *earmark, sender=staked.staker)
    incentive = staked.held(crv)
    rpc.mine_after(3 * DAY)
    rest = 1_000 - rpc.read(cvx, "totalSupply()") // CLIFF
    before = staked.held(cvx)
    rpc.send(staked.rewards, "getReward(address,bool)", [staked.staker, False], sender=staked.staker)
    got = staked.held(crv) - incentive
    assert got > 0
    assert staked.held(cvx) - before == got * max(rest, 0) // 1_000
    assert rpc.read(staked.rewards, "earned(address)", [staked.staker]) == 0


def test_strangers__on_the_booster__are_refused(staked):
    booster = address_book().contracts["convex_booster"]
    args = [staked.number, 1, staked.staker]
    with pytest.raises(RpcError):
        staked.rpc.send(booster, "withdrawTo(uint256,uint256,address)", args, sender=staked.staker)


@pytest.fixture
def strategy(rpc, project, accounts) -> Any:
    """A CurveStrategy in USDC over the pool that both chains have, and an account with USDC for it."""
    book, owner = address_book(), accounts[0]
    usdc, pool = book.token("USDC").address, book.curve_pool("USDC", "USDT").address
    take(rpc, usdc, book.contracts["aave_v3_usdc"], owner.address, MILLION * 10**6)
    ends = (owner.deploy(access_manager_type(), owner), owner.deploy(project.MockOracle))
    made = owner.deploy(project.CurveStrategy, "Curve USDC", "cUSDC", pool, usdc, *ends)
    rpc.send(usdc, APPROVE, [made.address, 2**255], sender=owner.address)
    return made


def test_curve__price_of_an_lp_token__is_the_model_s(rpc, strategy):
    pool = strategy.POOL()
    averages = [rpc.read(pool, "price_oracle(uint256)", [0])]
    virtual, fee = rpc.read(pool, "get_virtual_price()"), rpc.read(pool, "fee()")
    assert strategy.lpPrice() == model.lp_price(virtual, averages, strategy.INDEX(), fee)
    assert virtual >= WAD


def test_curve__in_and_out__costs_little_and_pays_what_was_said(rpc, strategy, accounts):
    owner, usdc = accounts[0], address_book().token("USDC").address
    amount = min(100_000 * 10**6, strategy.maxDeposit(owner))
    assert amount > 1_000 * 10**6
    promised = strategy.previewDeposit(amount)
    strategy.deposit(amount, owner, sender=owner)
    shares = strategy.balanceOf(owner)
    assert shares >= promised
    assert amount * 99 // 100 < strategy.totalAssets() <= amount
    before = rpc.read(usdc, HELD, [owner.address])
    strategy.redeem(strategy.maxRedeem(owner), owner, owner, sender=owner)
    assert amount * 99 // 100 < rpc.read(usdc, HELD, [owner.address]) - before <= amount
