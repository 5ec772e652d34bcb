"""What entering and leaving costs: whole transactions, steady state, the fund's five coins on the replica.

The investor holds shares and every coin before and after, the fund holds every coin, approvals are given and
not used up: no slot is written for the first time and none is emptied. Approvals have a limit, so every coin
counts down, for ours and for the peers; `unlimited` rows show the same with approvals that most coins do not
count: the transfers cost less then, and what is done beside them weighs more.

Ours is `contribute` in exact proportion (so no oracle is asked) and `withdraw` in kind. Bare is the same five
amounts moved by a contract that does nothing else: no share is minted, nothing is measured, nothing is
remembered. Set V2 is BasicIssuanceModule's issue and redeem of the same amounts.
"""

from collections.abc import Iterator
from typing import Final

from ballast.bench.chainlink import FeedMaker
from ballast.bench.fund import Fund
from ballast.bench.gas import MAX_UINT, Lab
from ballast.bench.market import COINS, Market, fund_market
from ballast.bench.rows import Row
from ballast.bench.set_v2 import SetV2
from ballast.bench.sources import chainlink_sources
from ballast.units import WAD

FUND_USD: Final = 10_000_000
STAKE_USD: Final = 50_000
PURSE_USD: Final = 100_000_000  # of each coin
LIMIT: Final = 10**30  # base units approved where there is a limit: far more than is ever taken


def contribute_rows(lab: Lab) -> Iterator[Row]:
    """`contribute.n5.vs_bare` and `.vs_set_v2`, with limited approvals and without a limit."""
    market, fund, amounts = _prepare(lab)
    bare = _bare(lab, market)
    peer, token = _set_v2(lab, market)
    enter = "contribute(uint256[],address,uint256)"
    for name, limit, words in (
        ("contribute.n5", LIMIT, "limited"),
        ("contribute.n5.unlimited", MAX_UINT, "unlimited"),
    ):
        for spender in (fund.vault, bare, peer.issuance):
            lab.approve(market.tokens, spender, limit)
        with lab.aside():
            ours = lab.send(fund.vault, enter, amounts, lab.me, 0).gas
            pulled = lab.send(bare, "pull(address[],uint256[])", market.tokens, amounts).gas
            issued = peer.issue(token, STAKE_USD * WAD)
        note = f"transaction, {words} approvals"
        yield Row(f"{name}.vs_bare", ours, pulled, note=f"{note}; five transferFrom alone")
        yield Row(f"{name}.vs_set_v2", ours, issued, note=f"{note}; BasicIssuanceModule.issue")


def withdraw_rows(lab: Lab) -> Iterator[Row]:
    """`withdraw.n5.vs_bare` and `.vs_set_v2`."""
    market, fund, amounts = _prepare(lab)
    leave = "withdraw(uint256,address,uint256[])"
    ours = lab.send(fund.vault, leave, STAKE_USD * WAD, lab.me, [0] * len(amounts)).gas
    bare = _bare(lab, market)
    pushed = lab.send(bare, "push(address[],uint256[],address)", market.tokens, amounts, lab.me).gas
    peer, token = _set_v2(lab, market)
    redeemed = peer.redeem(token, STAKE_USD * WAD)
    yield Row("withdraw.n5.vs_bare", ours, pushed, note="transaction; five transfers alone")
    yield Row("withdraw.n5.vs_set_v2", ours, redeemed, note="transaction; BasicIssuanceModule.redeem")


def _prepare(lab: Lab) -> tuple[Market, Fund, list[int]]:
    """A market, a fund with coins in it, and the amounts (in its order) that give the stake's shares."""
    market = fund_market(lab, len(COINS))
    for coin in market.everything:
        lab.replica.mint(coin.symbol, lab.me, coin.units(PURSE_USD))
    fund = Fund.deploy(lab, market, chainlink_sources(market, FeedMaker(lab), lab))
    fund.contribute(FUND_USD)
    return market, fund, list(lab.read(fund.vault, "amountsForShares(uint256)", "uint256[]", STAKE_USD * WAD))


def _bare(lab: Lab, market: Market) -> str:
    """A contract that only transfers, approved and already holding every coin."""
    bare = lab.deploy("BareTransfers")
    lab.approve(market.tokens, bare)
    amounts = [coin.units(FUND_USD // len(market.tokens)) for coin in market.everything]
    lab.send(bare, "pull(address[],uint256[])", market.tokens, amounts)
    return bare


def _set_v2(lab: Lab, market: Market) -> tuple[SetV2, str]:
    """A set of the same coins in equal parts, a dollar a set, as much issued as the fund holds."""
    peer = SetV2.deploy(lab, market.hub.token)
    parts = len(market.tokens)
    token = peer.create(market.tokens, [coin.units(1) // parts for coin in market.everything])
    lab.approve(market.tokens, peer.issuance)
    peer.issue(token, FUND_USD * WAD)
    return peer, token
