"""The detector's maths against its exact twin: drawn rows of looks, compared after every look."""

from collections import Counter
from dataclasses import astuple
from itertools import pairwise
from random import Random

import pytest
from eth_abi import decode, encode

from ballast.model.crisis import CrisisParams, State
from tests.profiles import PROFILE
from tests.unit.crisis.looks import Glance, Outcome, draw_glances, draw_params, outcomes

SEED = 20230311
ROWS = 50  # a call: a node takes no more than some 2 MB
CHANGES = {
    (State.SOUND, State.WATCH),
    (State.SOUND, State.DARK),
    (State.WATCH, State.SOUND),
    (State.WATCH, State.CRISIS),
    (State.WATCH, State.DARK),
    (State.DARK, State.WATCH),
    (State.CRISIS, State.RECOVERING),
    (State.RECOVERING, State.CRISIS),
    (State.RECOVERING, State.SOUND),
}
Row = tuple[CrisisParams, list[Glance]]


@pytest.fixture(scope="module")
def crisis_batch(project, accounts):
    return accounts[0].deploy(project.CrisisMathBatch)


def _packed(outcome: Outcome) -> bytes:
    """As `CrisisMathBatch` writes it."""
    shown, record = outcome.sight, outcome.record
    fields = (
        (shown.seen, 1), (shown.confirmed, 1), (shown.deviation, 2), (shown.spread, 2), (shown.good, 1),
        (outcome.surge, 1), (outcome.steps, 24),
        (record.state, 1), (record.at, 5), (record.since, 5), (record.deviation, 2), (record.confirmed, 1),
        (record.was_calm, 1), (record.area, 6), (record.calm, 5), (record.blind, 5), (record.surges, 1),
    )  # fmt: skip
    return b"".join(int(value).to_bytes(size, "big", signed=value < 0) for value, size in fields)


def _words(rows: list[Row]) -> list[int]:
    words: list[int] = []
    for params, glances in rows:
        words += [len(glances), *astuple(params)]
        for glance in glances:
            words += glance.words()
    return words


def _on_chain(chain, batch, rows: list[Row]) -> bytes:
    data = batch.play.encode_input([])[:4] + encode(["uint256[]"], [_words(rows)])
    call = {"to": batch.address, "data": "0x" + data.hex(), "gas": hex(900_000_000)}
    answer = chain.provider.make_request("eth_call", [call, "latest", {}, {"gasLimit": hex(10**9)}])
    (out,) = decode(["bytes"], bytes.fromhex(answer[2:]))
    return bytes(out)


def _assert_lawful(before: Outcome, after: Outcome) -> None:
    """What must hold between two looks, whatever they show."""
    old, new = before.record, after.record
    assert old.state is new.state or (old.state, new.state) in CHANGES
    if old.state is new.state is State.RECOVERING:
        assert 0 <= after.steps - before.steps <= 1
    elif new.state is State.RECOVERING:
        assert after.steps == 0
    if new.state is State.SOUND and old.state is State.RECOVERING:
        assert old.calm < new.at - old.since


def test_look__drawn_sequences__contract_equals_model_after_every_look(chain, crisis_batch):
    seen: Counter[tuple[State, State]] = Counter()
    rng, done, looks = Random(SEED), 0, 0
    while done < PROFILE.look_sequences:
        rows = [_drawn(rng) for _ in range(ROWS)]
        answer, at = _on_chain(chain, crisis_batch, rows), 0
        for params, glances in rows:
            expected = list(outcomes(params, glances))
            for number, outcome in enumerate(expected):
                assert answer[at : at + 64] == _packed(outcome), (params, glances[: number + 1])
                at += 64
            for before, after in pairwise(expected):
                _assert_lawful(before, after)
                seen[before.record.state, after.record.state] += 1
            looks += len(glances)
        assert at == len(answer)
        done += len(rows)
    rare = {change: seen[change] for change in CHANGES if seen[change] < PROFILE.look_sequences // 100}
    assert not rare, f"drawn too rarely to have been tested: {rare}"
    print(f"\n{done} sequences, {looks} looks: " + _told(seen))


def _drawn(rng: Random) -> Row:
    params = draw_params(rng)
    return params, draw_glances(rng, params)


def _told(seen: Counter[tuple[State, State]]) -> str:
    return ", ".join(f"{a.name}->{b.name} {seen[a, b]}" for a, b in sorted(CHANGES))
