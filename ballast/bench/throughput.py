"""How many drawn cases a second a property test of the weights gets through.

Counted is the whole of what such a test does: draw the market data, compute the weights with the exact
model, encode, ask the compiled library on the node, decode, compare. Ours puts `BATCH` cases into each call;
the peer asks one case a call, with the same code.
"""

import random
import time
from collections.abc import Iterator
from typing import Final

from ballast.bench.gas import Lab
from ballast.bench.rows import Row
from ballast.errors import ChainError
from ballast.model.weights import bounded_weights
from ballast.replica.rpc import encode_call, hex0x
from ballast.units import BPS

BATCH: Final = 200  # cases a call
BATCHES: Final = 20
SINGLES: Final = 400  # calls of one case
MAX_COINS: Final = 20
MAX_CAP: Final = 10**21  # adjusted cap
CALL_GAS: Final = 1_000_000_000
ACTIVE: Final = 1 << 192  # of a packed constituent: token | min << 160 | max << 176 | active << 192

Case = tuple[list[int], list[int], list[int]]  # adjusted caps, minima, maxima in bps


def rows(lab: Lab) -> Iterator[Row]:
    """`properties.cases_per_second`."""
    lab.progress("cases a second")
    batcher = lab.deploy("WeightMathBatch")
    _run(lab, batcher, random.Random("warm up"), 1, BATCH)  # noqa: S311 (reproducible, not secret)
    ours = _run(lab, batcher, random.Random("ours"), BATCHES, BATCH)  # noqa: S311
    peer = _run(lab, batcher, random.Random("peer"), SINGLES, 1)  # noqa: S311
    note = f"weights against the model, {BATCH} cases a call against one"
    yield Row("properties.cases_per_second", round(ours), round(peer), "cases/s", note)


def _run(lab: Lab, batcher: str, rng: random.Random, calls: int, size: int) -> float:
    begun = time.perf_counter()
    for _ in range(calls):
        cases = [_draw(rng) for _ in range(size)]
        expected = [w for caps, low, high in cases for w in bounded_weights(caps, low, high)]
        if _ask(lab, batcher, cases) != expected:
            raise ChainError("the library's weights differ from the model's")
    return calls * size / (time.perf_counter() - begun)


def _draw(rng: random.Random) -> Case:
    """Three to `MAX_COINS` coins over many magnitudes, bounds of their own that can be met together."""
    n = rng.randint(3, MAX_COINS)
    caps = [int(MAX_CAP ** rng.random()) for _ in range(n)]
    low = [rng.randint(0, BPS // n) for _ in range(n)]
    high = [rng.randint(-(-BPS // n), BPS) for _ in range(n)]
    return caps, low, high


def _ask(lab: Lab, batcher: str, cases: list[Case]) -> list[int]:
    words: list[int] = []
    for caps, low, high in cases:
        words.append(len(caps))
        for i, cap in enumerate(caps):
            words += (cap, i + 1 | low[i] << 160 | high[i] << 176 | ACTIVE)
    data = encode_call("batch(bytes)", [b"".join(word.to_bytes(32, "big") for word in words)])
    tx = {"from": lab.me, "to": batcher, "data": hex0x(data), "gas": hex(CALL_GAS)}
    answer = bytes.fromhex(lab.rpc.call("eth_call", tx, "latest")[2:])
    count = sum(len(caps) for caps, _, _ in cases)
    packed = answer[64 : 64 + 2 * count]
    return [int.from_bytes(packed[i : i + 2], "big") for i in range(0, len(packed), 2)]
