"""What a read of the target weights costs: cold execution gas of `calculateOptimalWeights()`.

Each draw is written to three fresh contracts: the index calculator, a calculator as tutorials write them (a
struct per coin in a mapping, clip, renormalise: its answer may break its own cap, for which it is not
charged), and the floor, which loads the calculator's storage and answers without computing. A row is the mean
over the draws of all distributions; the dearest draw is among its extras. Every answer of ours is compared
with the exact model.
"""

from collections.abc import Iterator
from statistics import fmean

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ballast.bench.draws import BOUNDS, Draw, draws
from ballast.bench.gas import Lab
from ballast.bench.rows import Row
from ballast.errors import ChainError
from ballast.model.weights import adjusted_cap, bounded_weights

VIEW = "calculateOptimalWeights()"


def rows(lab: Lab) -> Iterator[Row]:
    """`weights.n{N}.vs_tutorial` and `.vs_floor` for every N with bounds."""
    access = lab.deploy("IndexAccess", "address", lab.me)
    for n in BOUNDS:
        lab.progress(f"weights of {n} coins")
        measured = [_measure(lab, access, draw) for draw in draws(n)]
        ours, tutorial, floor = (tuple(m[i] for m in measured) for i in range(3))
        note = f"cold view, mean of {len(measured)} draws"
        most = {"ours_max": max(ours)}
        yield _row(f"weights.n{n}.vs_tutorial", ours, tutorial, note, {**most, "peer_max": max(tutorial)})
        yield _row(f"weights.n{n}.vs_floor", ours, floor, note, {**most, "peer_max": max(floor)})


def _row(name: str, ours: tuple[int, ...], peer: tuple[int, ...], note: str, extra: dict[str, int]) -> Row:
    return Row(name, round(fmean(ours)), round(fmean(peer)), note=note, extra=dict(extra))


def _measure(lab: Lab, access: str, draw: Draw) -> tuple[int, int, int]:
    """(ours, tutorial, floor) in gas."""
    tokens = [token_number(i) for i in range(len(draw.caps))]
    ours, floor = (
        _calculator(lab, name, access, tokens, draw) for name in ("IndexCalculator", "FloorCalculator")
    )
    tutorial = lab.deploy("TutorialCalculator", "uint256,uint256", draw.low, draw.high)
    lab.send(tutorial, "addTokens(address[],uint256[],uint256[])", tokens, draw.caps, draw.scores)
    _check(lab, ours, tokens, draw)
    return lab.view_gas(ours, VIEW), lab.view_gas(tutorial, VIEW), lab.view_gas(floor, "readOnly()")


def token_number(index: int) -> str:
    """An address that looks like any other; no code is needed there."""
    return to_checksum_address(keccak(text=f"bench coin {index}")[12:])


def _calculator(lab: Lab, name: str, access: str, tokens: list[str], draw: Draw) -> str:
    calculator = lab.deploy(name, "address", access)
    config = [(token, draw.low, draw.high, 0) for token in tokens]
    lab.send(calculator, "setConstituents((address,uint16,uint16,uint8)[])", config)
    lab.send(calculator, "seed(address[],uint256[],uint256[])", tokens, draw.caps, draw.scores)
    return calculator


def _check(lab: Lab, calculator: str, tokens: list[str], draw: Draw) -> None:
    n = len(tokens)
    caps = [adjusted_cap(cap, score) for cap, score in zip(draw.caps, draw.scores, strict=True)]
    keys = [int(token, 16) for token in tokens]
    expected = bounded_weights(caps, [draw.low] * n, [draw.high] * n, keys)
    found = lab.read(calculator, VIEW, "address[],uint256[]")[1]
    if list(found) != expected:
        raise ChainError(f"the calculator's weights differ from the model's for a draw of {n} ({draw.label})")
