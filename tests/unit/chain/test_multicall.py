import pytest
from ape import chain

from ballast.chain.multicall import aggregate, foreign
from ballast.errors import ChainError
from ballast.replica import address_book

USDC = address_book().token("USDC").address
NOBODY = "0x00000000000000000000000000000000000000AA"


def test_aggregate__answers__in_order_and_as_their_types(replica):
    calls = [
        foreign(USDC, "decimals()(uint8)"),
        foreign(USDC, "symbol()(string)"),
        foreign(address_book().contracts["uniswap_v3_factory"], "feeAmountTickSpacing(uint24)(int24)", 500),
    ]
    assert aggregate(calls) == [6, "USDC", 10]
    assert aggregate(calls, chunk=1) == [6, "USDC", 10]
    assert aggregate([]) == []


def test_aggregate__one_block__reads_the_past(replica):
    block = chain.blocks.height
    before = replica.balance("USDC", NOBODY)
    replica.mint("USDC", NOBODY, 5)
    call = foreign(USDC, "balanceOf(address)(uint256)", NOBODY)
    assert aggregate([call], block) == [before]
    assert aggregate([call]) == [before + 5]


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda may: foreign(NOBODY, "decimals()(uint8)", may_fail=may), ("decimals at", "no such contract")),
        (lambda may: foreign(USDC, "nothing()(uint8)", may_fail=may), ("nothing at", "failed")),
    ],
)
def test_aggregate__failing_call__named_or_none(replica, call, parts):
    good = foreign(USDC, "decimals()(uint8)")
    assert aggregate([good, call(True), good]) == [6, None, 6]
    with pytest.raises(ChainError) as caught:
        aggregate([good, call(False)])
    for part in parts:
        assert part in str(caught.value)


def test_aggregate__answer_of_another_type__refused(replica):
    for wanted in ("uint8,uint256", "uint8,string", "bool"):
        with pytest.raises(ChainError, match="answered what its ABI does not allow"):
            aggregate([foreign(USDC, f"decimals()({wanted})")])
