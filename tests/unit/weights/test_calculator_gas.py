"""What a cold read costs against the tutorial's contract and against reading the same storage only."""

import random

import pytest
from eth_utils import keccak

from tests.unit.weights.conftest import REPORTED

INTRINSIC = 21_000 + 4 * 16  # a call of four non-zero bytes
DRAWS = 3


def cold_gas(chain, contract, signature: str) -> int:
    """Gas of the call alone, every account and slot cold."""
    call = {"to": contract.address, "data": "0x" + keccak(text=signature)[:4].hex(), "gas": hex(10_000_000)}
    trace = chain.provider.make_request("debug_traceCall", [call, "latest", {"tracer": "callTracer"}])
    assert "error" not in trace
    return int(trace["gasUsed"], 16) - INTRINSIC


@pytest.mark.parametrize(("count", "low", "high", "limit"), [(10, 500, 4_000, 0.28), (50, 50, 800, 0.32)])
def test_calculate_optimal_weights__cold__within_its_share_of_the_tutorial(
    new_calculator, governor, curator, project, chain, count, low, high, limit
):
    rng = random.Random(count)
    for _ in range(DRAWS):
        tokens = [f"0x{rng.getrandbits(160):040x}" for _ in range(count)]
        caps = [int(1.5e11 / (i + 1) ** 1.1) for i in range(count)]
        scores = [rng.randint(600, 1000) for _ in caps]
        rng.shuffle(caps)
        ours, tutorial = (
            new_calculator("FloorCalculator"),
            governor.deploy(project.TutorialCalculator, low, high),
        )
        ours.setConstituents([(token, low, high, REPORTED) for token in tokens], sender=curator)
        ours.seed(tokens, caps, scores, sender=curator)
        tutorial.addTokens(tokens, caps, scores, sender=governor)
        gas = cold_gas(chain, ours, "calculateOptimalWeights()")
        floor = cold_gas(chain, ours, "readOnly()")
        naive = cold_gas(chain, tutorial, "calculateOptimalWeights()")
        print(f"\n{count} coins: {gas} gas, {gas / naive:.3f} x tutorial, {gas / floor:.3f} x floor")
        assert gas <= limit * naive
        assert floor < gas
