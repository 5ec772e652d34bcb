"""Aave V2's own code on the replica: where mainnet has it, at sane rates."""

import re
from decimal import Decimal

import pytest
from eth_utils import to_checksum_address

from ballast.replica.aave_v2 import RESERVES, freeze_v2, pause_v2, use_up_v2
from ballast.replica.packages import fetch, pinned
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import RpcError

pytestmark = pytest.mark.replica
RAY = 10**27
RESERVE = "(uint256),uint128,uint128,uint128,uint128,uint128,uint40,address,address,address,address,uint8"
WITHDRAW = "withdraw(address,uint256,address)"
PUBLISHED = {
    "provider": "POOL_ADDRESSES_PROVIDER",
    "pool": "POOL",
    "configurator": "POOL_CONFIGURATOR",
    "data_provider": "AAVE_PROTOCOL_DATA_PROVIDER",
    **{reserve.coin.lower(): f"{reserve.coin}_A_TOKEN" for reserve in RESERVES},
}


def reserve_of(mainnet, coin):
    """(deposit token, supply rate and borrow rate a year)."""
    args = [mainnet.book.token(coin).address]
    data = mainnet.rpc.read(mainnet.book.contracts["aave_v2_pool"], "getReserveData(address)", args, RESERVE)
    return data[7], Decimal(data[3]) / RAY, Decimal(data[4]) / RAY


def withdraw(mainnet, coin, amount):
    args = [mainnet.book.token(coin).address, amount, OPERATOR]
    mainnet.rpc.send(mainnet.book.contracts["aave_v2_pool"], WITHDRAW, args, sender=OPERATOR)


def test_contracts__every_one__is_where_mainnet_has_it_and_has_code(mainnet):
    text = (fetch(pinned()["@bgd-labs/aave-address-book"]) / "src" / "AaveV2Ethereum.sol").read_text()
    known = dict(re.findall(r" constant (\w+) =\s*(?:\w+\()?(0x\w{40})\)?;", text))
    for ours, theirs in PUBLISHED.items():
        assert mainnet.book.contracts[f"aave_v2_{ours}"] == known[theirs], ours
        assert len(mainnet.rpc.call("eth_getCode", known[theirs], "latest")) > 2, ours


def test_reserves__usdc_and_dai__earn_what_the_rate_says(mainnet):
    for reserve in RESERVES:
        token, supplied, paid = reserve_of(mainnet, reserve.coin)
        assert to_checksum_address(token) == mainnet.book.contracts[f"aave_v2_{reserve.coin.lower()}"]
        if not reserve.borrowed:
            continue
        assert Decimal("0.02") < supplied < paid < Decimal("0.06")
        before = mainnet.rpc.read(token, "balanceOf(address)", [OPERATOR])
        with mainnet.isolated():
            mainnet.pass_time(30 * 86_400)
            earned = Decimal(mainnet.rpc.read(token, "balanceOf(address)", [OPERATOR]) - before) / before
        assert earned == pytest.approx(supplied * 30 / 365, rel=Decimal("0.001"))


def test_stops__pause_and_freeze_and_full_use__do_what_they_should(mainnet):
    pause_v2(mainnet)
    with pytest.raises(RpcError):
        withdraw(mainnet, "USDC", 10**6)
    pause_v2(mainnet, paused=False)
    freeze_v2(mainnet, "USDC")
    withdraw(mainnet, "USDC", 10**6)
    freeze_v2(mainnet, "USDC", frozen=False)
    use_up_v2(mainnet, "USDC")
    assert mainnet.balance("USDC", mainnet.book.contracts["aave_v2_usdc"]) == 0
    with pytest.raises(RpcError):
        withdraw(mainnet, "USDC", 10**6)
