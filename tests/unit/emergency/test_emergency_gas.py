"""What the index adds to the calculator's answer while all is sound."""

import pytest
from eth_utils import keccak

from tests.unit.emergency.conftest import World

INTRINSIC = 21_000 + 4 * 16  # a call of four non-zero bytes
COLD_ACCOUNT, COLD_SLOT = 2_600, 2_100


def cold_gas(chain, contract, signature: str) -> int:
    """Gas of the call alone, every account and slot cold."""
    call = {"to": contract.address, "data": "0x" + keccak(text=signature)[:4].hex(), "gas": hex(10_000_000)}
    trace = chain.provider.make_request("debug_traceCall", [call, "latest", {"tracer": "callTracer"}])
    assert "error" not in trace
    return int(trace["gasUsed"], 16) - INTRINSIC


@pytest.mark.parametrize("question", ["calculateOptimalWeights()", "isStale()"])
def test_answer__all_sound__adds_little(world: World, chain, question):
    ours, plain = (cold_gas(chain, contract, question) for contract in (world.index, world.calculator))
    print(f"\n{question}: {plain} gas by the calculator, {ours - plain} added")
    # Two accounts (calculator, detector) and two slots (the index's own, the detector's), and some code.
    assert ours - plain < 2 * COLD_ACCOUNT + 2 * COLD_SLOT + 1_500
