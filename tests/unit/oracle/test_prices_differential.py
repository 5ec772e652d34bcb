"""`PriceOracle.quote` and `goodPrices` against `ballast.model.prices`, in drawn batches."""

import random

import pytest
from eth_abi import decode, encode

from ballast.model.prices import (
    AssetSettings,
    PriceQuote,
    RawAnswer,
    SourceLimits,
    Status,
    good_prices,
    is_sequencer_up,
    quote,
)

BATCH, BATCHES = 200, 20
NOW = 2_000_000_000
GRACE = 3_600
STEP = 10**15
ANSWER = "(uint256[5],uint256,bool)"
CASE = f"({ANSWER}[],(uint256,uint256,uint256,uint256)[],uint256,uint256,bool,{ANSWER})"


def _near(draw, *edges):
    """An edge or its neighbour."""
    return draw.choice(edges) + draw.choice((-1, 0, 0, 1))


def _limits(draw):
    decimals = draw.choice((0, 2, 6, 8, 8, 18))
    low = draw.choice((0, 1, 10, 900))
    high = draw.choice((low + 1, 1_100, 1_000_000, 2**28 - 1))
    return SourceLimits(
        draw.choice((1, 3_600, 86_400, 2**20 - 1)), decimals, low * STEP, max(high, low + 1) * STEP
    )


def _answer(draw, limits, anchor):
    """An answer near the anchor price most of the time, at an edge or absurd otherwise."""
    unit = 10**limits.decimals
    near = anchor * (10_000 + draw.randint(-120, 120)) // 10_000 * unit // 10**18
    scale = 10 ** (18 - limits.decimals)
    edges = (limits.min_price // scale, limits.max_price // scale, 2**128, 0)
    odd = (_near(draw, *edges), -near, 2**255 - 1, -(2**255), draw.getrandbits(draw.randint(1, 254)))
    answer = near if draw.random() < 0.8 else draw.choice(odd)
    fresh = NOW - draw.randint(0, limits.heartbeat)
    dated = (_near(draw, NOW, NOW - limits.heartbeat), 0, 1, 2**256 - 1)
    round_id = draw.randint(1, 2**80 - 1)
    carried = (round_id - 1, round_id + 1, 2**80 - 1, 2**80, 2**256 - 1)
    return RawAnswer(
        round_id=round_id if draw.random() < 0.97 else round_id + 2**80,
        answer=max(min(answer, 2**255 - 1), -(2**255)),
        started_at=draw.choice((0, NOW, 2**256 - 1)),
        updated_at=fresh if draw.random() < 0.85 else draw.choice(dated),
        answered_in_round=round_id if draw.random() < 0.9 else draw.choice(carried),
    )


def _sequencer(draw):
    started = _near(draw, NOW - GRACE, NOW, 1) if draw.random() < 0.2 else NOW - GRACE - 1_000
    return RawAnswer(draw.choice((1, 1, 1, 1, 1, 1, 1, 2**80)), int(draw.random() < 0.1), started, started, 1)


def _draw_case(draw):
    """(settings or None, answers, sequencer answer)"""
    count = draw.choice((0, 1, 1, 2, 2, 3, 4)) if draw.random() < 0.5 else draw.choice((1, 2, 3, 4))
    anchor = draw.choice((10**18, 10**18, 98 * 10**16, 3_000 * 10**18, 11 * 10**15))
    limits = tuple(_limits(draw) for _ in range(count))
    answers = [None if draw.random() < 0.05 else _answer(draw, limit, anchor) for limit in limits]
    spread = draw.choice((0, 1, 50, 100, 200, 10_000))
    settings = AssetSettings(limits, draw.randint(1, count), spread, draw.random() < 0.03) if count else None
    return settings, answers, None if draw.random() < 0.03 else _sequencer(draw)


def _encode_answer(draw, raw):
    if raw is None:  # revert with a good round, or a round cut short
        words = (1, 10**8, NOW, NOW, 1)
        return (words, 160, True) if draw.random() < 0.5 else (words, draw.choice((0, 32, 128, 159)), False)
    words = (raw.round_id, raw.answer % 2**256, raw.started_at, raw.updated_at, raw.answered_in_round)
    return (words, 160, False)


def _encode_case(draw, case):
    settings, answers, sequencer = case
    limits = settings.sources if settings else ()
    return (
        [_encode_answer(draw, raw) for raw in answers],
        [(one.heartbeat, one.decimals, one.min_price, one.max_price) for one in limits],
        settings.quorum if settings else 1,
        settings.max_spread_bps if settings else 0,
        bool(settings and settings.frozen),
        _encode_answer(draw, sequencer),
    )


def _ask(chain, method, draw, cases):
    """The raw answer of a batch method on the cases, asked at `NOW`."""
    data = method.encode_input([])[:4] + encode([f"{CASE}[]"], [[_encode_case(draw, case) for case in cases]])
    call = {"to": method.contract.address, "data": "0x" + data.hex(), "gas": hex(400_000_000)}
    answer = chain.provider.make_request(
        "eth_call", [call, "latest", {}, {"time": hex(NOW), "gasLimit": hex(10**9)}]
    )
    return bytes.fromhex(answer[2:])


def _run(chain, batch, draw, cases):
    """The contract's quotes of the cases."""
    (rows,) = decode(["(uint256,uint256,uint8)[]"], _ask(chain, batch.run, draw, cases))
    return [PriceQuote(low, high, Status(status)) for low, high, status in rows]


def _expected(case, has_sequencer):
    settings, answers, sequencer = case
    if has_sequencer and not is_sequencer_up(sequencer, GRACE, NOW):
        return PriceQuote(0, 0, Status.SEQUENCER_DOWN)
    return quote(answers, settings, NOW)


def _expected_good(case, has_sequencer):
    settings, answers, sequencer = case
    prices, sources = good_prices(answers, settings, NOW)
    if has_sequencer and not is_sequencer_up(sequencer, GRACE, NOW):
        prices = []
    return tuple(prices), sources


@pytest.fixture(scope="module")
def batches(project, manager, governor, deploy_oracle):
    """The batch oracle without and with a sequencer feed."""
    sequencer = governor.deploy(project.RawFeed)
    return {
        False: deploy_oracle(project.OracleBatch),
        True: deploy_oracle(project.OracleBatch, sequencer, GRACE),
    }


@pytest.mark.parametrize("has_sequencer", [False, True])
def test_quote__drawn_cases__equal_the_model_s(batches, chain, has_sequencer):
    draw = random.Random(f"prices {has_sequencer}")
    seen = dict.fromkeys(Status, 0)
    for _ in range(BATCHES):
        cases = [_draw_case(draw) for _ in range(BATCH)]
        for case, actual in zip(cases, _run(chain, batches[has_sequencer], draw, cases), strict=True):
            assert actual == _expected(case, has_sequencer), case
            seen[actual.status] += 1
    due = set(Status) - (set() if has_sequencer else {Status.SEQUENCER_DOWN})
    rare = {status.name: count for status, count in seen.items() if status in due and count < BATCHES}
    assert not rare, f"drawn too rarely to have been tested: {rare}"


@pytest.mark.parametrize("has_sequencer", [False, True])
def test_good_prices__drawn_cases__equal_the_model_s(batches, chain, has_sequencer):
    draw = random.Random(f"good prices {has_sequencer}")
    lengths = dict.fromkeys(range(5), 0)
    for _ in range(BATCHES):
        cases = [_draw_case(draw) for _ in range(BATCH)]
        raw = _ask(chain, batches[has_sequencer].runGoodPrices, draw, cases)
        for case, *actual in zip(cases, *decode(["uint256[][]", "uint256[]"], raw), strict=True):
            assert tuple(actual) == _expected_good(case, has_sequencer), case
            lengths[len(actual[0])] += 1
    assert min(lengths[count] for count in range(4)) > BATCHES, lengths
