"""The bench's weights section, run on the replica: real contracts, real gas."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ballast.bench.compiled import creation_code
from ballast.bench.draws import BOUNDS
from ballast.bench.gas import INTRINSIC, Lab, intrinsic
from ballast.bench.rows import RATIO_GOALS, Row, write_json
from ballast.bench.weights import rows
from ballast.errors import ChainError, ConfigError
from ballast.replica import Replica
from ballast.replica.rpc import encode_call

PEERS = ("tutorial", "floor")


def quiet(what: str) -> None:
    """Says nothing of the progress."""


@pytest.fixture
def lab(mainnet: Replica) -> Lab:
    return Lab(mainnet, creation_code, quiet)


@pytest.fixture
def measured(lab: Lab) -> Sequence[Row]:
    return list(rows(lab))


def test_rows__weights_on_the_replica__every_size_measured_and_judged(
    measured: Sequence[Row], tmp_path: Path
) -> None:
    assert {row.name for row in measured} == {f"weights.n{n}.vs_{peer}" for n in BOUNDS for peer in PEERS}
    for row in measured:
        assert row.extra["ours_max"] >= row.ours
        if row.name.endswith("vs_floor"):
            assert row.ours > row.peer, "nothing can be cheaper than reading what it needs"
    path = tmp_path / "bench.json"
    write_json(measured, path)
    written = {row["name"]: row for row in json.loads(path.read_text())}
    for name in RATIO_GOALS.keys() & written.keys():
        row = written[name]
        assert row["met"] is (row["ours"] <= RATIO_GOALS[name] * row["peer"])
    assert written["weights.n10.vs_tutorial"]["met"] is True
    assert written["weights.n50.vs_tutorial"]["met"] is True


def test_view_gas__a_token_balance__is_the_transaction_less_its_intrinsic_cost(lab: Lab) -> None:
    coin = lab.deploy("BenchCoin")
    view = "balanceOf(address)"
    as_transaction = lab.send(coin, view, lab.me).gas
    assert lab.view_gas(coin, view, lab.me) == as_transaction - intrinsic(encode_call(view, [lab.me]))
    assert intrinsic(b"\x00\x01") == INTRINSIC + 4 + 16


def test_view_gas__reverting_view__is_an_error_and_no_figure(lab: Lab) -> None:
    calculator = lab.deploy("TutorialCalculator", "uint256,uint256", 500, 4000)
    with pytest.raises(ChainError, match="reverts"):
        lab.view_gas(calculator, "tokenList(uint256)", 0)


def test_aside__transactions_inside__undone_and_the_same_again(lab: Lab) -> None:
    coin = lab.deploy("BenchCoin")
    figures = []
    for _ in range(5):
        with lab.aside():
            figures.append(lab.send(coin, "mint(address,uint256)", lab.me, 1).gas)
    assert len(set(figures)) == 1
    assert lab.read(coin, "totalSupply()", "uint256") == 0


def test_creation_code__unknown_or_abstract_contract__one_line_error() -> None:
    with pytest.raises(ConfigError, match="no contract Nothing"):
        creation_code("Nothing")
    with pytest.raises(ConfigError, match="no creation code"):
        creation_code("RebalanceSettlement")
