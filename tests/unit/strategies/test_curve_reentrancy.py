"""A coin that calls back in the middle of a deposit or of the pool's own trade finds no half-done price."""

from dataclasses import dataclass
from typing import Any

import pytest
from eth_utils import keccak

from ballast.replica import Replica, curve
from ballast.replica.feeds import NOBODY
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import encode_call
from tests.access import access_manager_type
from tests.reverts import revert_of

pytestmark = pytest.mark.replica
REENTERS = 6  # TokenWithModes.Mode
ONE = 10**18
ENTERED = keccak(text="ReentrancyGuardReentrantCall()")[:4]
VIEWS = ("totalAssets()", "convertToAssets(uint256)", "previewRedeem(uint256)", "previewDeposit(uint256)")
REMOVE = "remove_liquidity(uint256,uint256[])"


@dataclass(frozen=True)
class Hostile:
    """A strategy over a pool of two coins of which the asset calls back when it is told to."""

    strategy: Any
    coin: Any
    pool: str
    owner: Any

    def call_back(self, target: Any, data: bytes) -> None:
        self.coin.setHook(target, data, sender=self.owner)
        self.coin.setMode(REENTERS, sender=self.owner)


def call_of(view: str) -> bytes:
    return encode_call(view, [ONE] if "uint256" in view else [])


@pytest.fixture(scope="module")
def hostile(project, accounts, networks) -> Hostile:
    """What a test does to it is undone by Ape's isolation."""
    replica = Replica(networks.active_provider.uri)
    owner = accounts[0]
    coins = [owner.deploy(project.TokenWithModes, 18) for _ in range(2)]
    factory = replica.book.contracts["curve_ng_factory"]
    terms = [1_000, 10**6, 2 * 10**10, curve.EMA_TIME, 0]
    rates = [[0, 0], [b"\0" * 4] * 2, [NOBODY] * 2]
    args = ["Hostile", "HOSTILE", [coin.address for coin in coins], *terms, *rates]
    replica.rpc.send(factory, curve.DEPLOY, args, sender=OPERATOR)
    last = replica.rpc.read(factory, "pool_count()") - 1
    pool = replica.rpc.read(factory, "pool_list(uint256)", [last], "address")
    for coin in coins:
        coin.mint(owner, 10**8 * ONE, sender=owner)
        coin.approve(pool, 2**255, sender=owner)
    replica.rpc.send(pool, curve.ADD, [[10**7 * ONE] * 2, 0], sender=owner.address)
    authority, oracle = owner.deploy(access_manager_type(), owner), owner.deploy(project.MockOracle)
    strategy = owner.deploy(project.CurveStrategy, "Hostile", "h", pool, coins[0], authority, oracle)
    coins[0].approve(strategy, 2**255, sender=owner)
    strategy.deposit(1_000 * ONE, owner, sender=owner)
    return Hostile(strategy, coins[0], pool, owner)


def inner_reason(refused: tuple) -> bytes:
    assert refused[0] == "HookFailed"
    return bytes(refused[1])[:4]


@pytest.mark.parametrize("view", VIEWS)
def test_views__asked_during_our_own_deposit_or_withdrawal__revert(hostile, view):
    hostile.call_back(hostile.strategy, call_of(view))
    me, kind = hostile.owner, hostile.coin.contract_type
    for method, amount in ((hostile.strategy.deposit, ONE), (hostile.strategy.mint, 10**24)):
        assert inner_reason(revert_of(method, amount, me, sender=me, errors_of=kind)) == ENTERED


@pytest.mark.parametrize("view", VIEWS)
def test_views__asked_during_the_pool_s_own_call__revert(hostile, view, replica):
    """The pool has paid one coin and not yet the other: its price is nobody's."""
    hostile.call_back(hostile.strategy, call_of(view))
    held = replica.rpc.read(hostile.pool, "balanceOf(address)", [hostile.owner.address])
    data = encode_call(REMOVE, [held // 2, [0, 0]])
    call = {"from": hostile.owner.address, "to": hostile.pool, "data": "0x" + data.hex()}
    with pytest.raises(Exception, match=keccak(text="HookFailed(bytes)")[:4].hex()):
        replica.rpc.call("eth_call", call, "latest")


def test_limits__asked_during_our_own_deposit__are_nothing(hostile):
    """They may not revert, so they answer; and nothing is what may be done just then."""
    me = hostile.owner
    for limit in ("maxDeposit(address)", "maxRedeem(address)"):
        hostile.call_back(hostile.strategy, encode_call(limit, [me.address]))
        hostile.strategy.deposit(ONE, me, sender=me)
    assert hostile.strategy.maxDeposit(me) > 0


def test_deposit__within_a_withdrawal__is_refused(hostile):
    me = hostile.owner
    inner = hostile.strategy.redeemForLp.encode_input(1, me, me)
    hostile.call_back(hostile.strategy, inner)
    refused = revert_of(hostile.strategy.deposit, ONE, me, sender=me, errors_of=hostile.coin.contract_type)
    assert inner_reason(refused) == ENTERED


def test_withdraw__its_coin_refuses_everything__the_lp_tokens_still_leave(hostile, replica):
    """Paused coins: the pool cannot pay, the strategy can hand over the position."""
    me, paused = hostile.owner, 4
    hostile.coin.setMode(paused, sender=me)
    shares = hostile.strategy.balanceOf(me)
    before = replica.rpc.read(hostile.pool, "balanceOf(address)", [me.address])
    hostile.strategy.redeemForLp(shares, me, me, sender=me)
    assert replica.rpc.read(hostile.pool, "balanceOf(address)", [me.address]) - before > 999 * ONE
