"""The bench's rows about lending, run on the replica: real contracts, real gas."""

import pytest

from ballast.bench import lending
from ballast.bench.compiled import creation_code
from ballast.bench.gas import Lab
from ballast.bench.rows import Row
from ballast.replica import Replica


@pytest.fixture
def rows(mainnet: Replica) -> dict[str, Row]:
    lab = Lab(mainnet, creation_code, lambda what: None)
    return {row.name.split(".")[1]: row for row in lending.rows(lab)}


def test_lending_rows__on_the_replica__each_pair_moves_the_same_coins(rows: dict[str, Row]) -> None:
    assert [*rows] == ["allocate", "deallocate", "sync", "harvest", "withdraw"]
    for row in rows.values():
        assert row.unit == "gas"
        assert 50_000 < row.ours < 1_000_000, f"{row.name} is a transaction that reaches the strategy"
    assert rows["sync"].ours < rows["sync"].peer
    assert rows["sync"].ours < rows["deallocate"].ours < rows["allocate"].ours < rows["harvest"].ours
