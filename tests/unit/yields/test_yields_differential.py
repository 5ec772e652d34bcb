"""The yields' maths against its exact twin: drawn markets, positions, rates and marginal yields compared."""

from collections.abc import Callable
from dataclasses import astuple
from random import Random
from typing import Any

import pytest
from eth_abi import decode, encode

from ballast.model import yields
from ballast.model.yields import is_fit, marginal, rate, split
from tests.profiles import PROFILE
from tests.unit.yields.drawing import Case, draw_case, draw_odd_case

SEED = 20230310
CASES = 100  # a call


def offer_words(offer: yields.Offer) -> list[int]:
    return [*(int(value) for value in astuple(offer.market)), *astuple(offer)[1:]]


def _expected(offers: list[yields.Offer], amount: int) -> list[int]:
    words = []
    for offer, position in zip(offers, split(offers, amount), strict=True):
        market, others = offer.market, offer.others
        slope = marginal(market, others, position) % 2**256
        words += [position, rate(market, others + position), slope, is_fit(market, others + offer.low)]
    return words


def _on_chain(chain: Any, batch: Any, cases: list[Case]) -> list[int]:
    words = []
    for offers, amount in cases:
        words += [len(offers), amount, *(word for offer in offers for word in offer_words(offer))]
    data = batch.splits.encode_input([])[:4] + encode(["uint256[]"], [words])
    call = {"to": batch.address, "data": "0x" + data.hex(), "gas": hex(9_000_000_000)}
    answer = chain.provider.make_request("eth_call", [call, "latest", {}, {"gasLimit": hex(10**10)}])
    (out,) = decode(["uint256[]"], bytes.fromhex(answer[2:]))
    return list(out)


@pytest.mark.parametrize(("draw", "part"), [(draw_case, 4), (draw_odd_case, 2)])
def test_split__drawn_markets__contract_equals_model(
    chain, yield_batch, draw: Callable[[Random], Case], part: int
):
    rng, done = Random(SEED), 0
    while done < PROFILE.differential_cases // part:
        cases = [draw(rng) for _ in range(CASES)]
        answer, at = _on_chain(chain, yield_batch, cases), 0
        for offers, amount in cases:
            expected = _expected(offers, amount)
            assert answer[at : at + len(expected)] == expected, (offers, amount)
            at += len(expected)
        assert at == len(answer)
        done += CASES


def test_constants__contract_and_model__are_the_same(yield_batch):
    names = (
        "MAX_OFFERS",
        "MAX_AMOUNT",
        "MAX_RATE",
        "MAX_UTILISATION",
        "KINK_MARGIN",
        "TOLERANCE",
        "RESOLUTION",
    )
    assert [getattr(yield_batch, name)() for name in names] == [getattr(yields, name) for name in names]
