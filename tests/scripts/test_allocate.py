"""`ape run allocate`: what it shows is what the contracts say, what it sends stays inside their bounds."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ballast.index_file import IndexFile
from ballast.replica.aave_market import AaveMarket
from ballast.replica.comet import CometMarket
from tests.commands import assert_refused, run
from tests.deployed import Deployed, depeg, deploy_five, five_coin_index, lending_index

KEEPER = "TEST::4"


@pytest.fixture(scope="module")
def lending(networks, tmp_path_factory) -> Deployed:
    """The five-coin index whose coins may be lent, funded."""
    deployed = deploy_five(tmp_path_factory.mktemp("records"), lending_index())
    deployed.contribute(10_000_000)
    return deployed


def described(index: IndexFile, folder: Path) -> Path:
    path = folder / "index.yaml"
    path.write_text(yaml.safe_dump(index.model_dump(mode="json")))
    return path


def options(deployed: Deployed, folder: Path) -> tuple[str, ...]:
    return "--index", str(described(deployed.index, folder)), "--records", str(deployed.folder)


def told(deployed: Deployed, folder: Path, *words: str) -> dict[str, Any]:
    result = run("allocate", "--json", *words, *options(deployed, folder))
    assert result.exit_code == 0, result.stderr
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_allocate__dry_run__proposes_what_the_optimizer_says_and_sends_nothing(lending, tmp_path):
    answer = told(lending, tmp_path)
    assert answer["sent"] is None
    assert [coin["symbol"] for coin in answer["coins"]] == ["USDC", "USDT", "DAI"]
    optimizer, manager = lending.system.optimizer, lending.system.manager
    for coin in answer["coins"]:
        strategies, held, targets = optimizer.optimalPositions(coin["token"])
        assert [target["address"] for target in coin["targets"]] == list(strategies)
        assert [target["amount"] for target in coin["targets"]] == list(targets)
        assert [strategy["value"] for strategy in coin["strategies"]] == list(held) == [0] * len(held)
        assert (coin["is_due"], coin["why"]) == (True, "YIELD")
        assert coin["gain_per_year"] == optimizer.shouldReallocate(coin["token"])[2] > 0
        assert (
            coin["net_gain"] == coin["gain_per_year"] * answer["horizon"] // (365 * 86_400) - coin["gas_cost"]
        )
        assert coin["yield_then"] > coin["yield_now"] == 0
        assert sum(state["shares"] for state in manager.strategiesOf(coin["token"])) == 0
        assert coin["moves"]


def test_allocate__for_a_person__shows_both_splits_and_why(lending, tmp_path):
    result = run("allocate", *options(lending, tmp_path))
    assert result.exit_code == 0, result.stderr
    for word in (
        "USDC: YIELD",
        "aave_v3",
        "compound_v3",
        "buffer 10 %",
        "USD a year, gas",
        "net of it",
        "dry run",
    ):
        assert word in result.stdout


def test_allocate_execute__idle_basket__is_lent_inside_the_bounds_and_then_rests(lending, tmp_path):
    answer = told(lending, tmp_path, "--execute", "--account", KEEPER)
    sent = answer["sent"]
    assert all(one["refusal"] is None for one in sent)
    assert [(one["kind"], one["why"]) for one in sent] == [("ALLOCATE", "YIELD")] * 5
    manager, vault = lending.system.manager, lending.system.vault
    for coin in answer["coins"]:
        token = coin["token"]
        states = manager.strategiesOf(token)
        lent = sum(state.value for state in states)
        assert lent > 0
        reserve = vault.idleOf(token) + lent
        assert vault.idleOf(token) * 10_000 >= reserve * coin["buffer_bps"]
        for state in states:
            assert state.value <= min(state.absoluteCap, reserve * state.relativeCapBps // 10_000)
    again = told(lending, tmp_path, "--execute", "--account", KEEPER)
    assert again["sent"] == []
    assert {coin["why"] for coin in again["coins"]} == {"BEST_ALREADY"}


def test_allocate_execute__one_asset__leaves_the_others_alone(lending, tmp_path):
    answer = told(lending, tmp_path, "--asset", "dai", "--execute", "--account", KEEPER)
    assert [coin["symbol"] for coin in answer["coins"]] == ["DAI"]
    usdc = lending.index.coin("USDC").token
    assert sum(state.shares for state in lending.system.manager.strategiesOf(usdc)) == 0


def test_allocate_execute__coin_on_watch__comes_home_and_then_is_refused(lending, tmp_path):
    told(lending, tmp_path, "--asset", "USDC", "--execute", "--account", KEEPER)
    usdc = lending.index.coin("USDC").token
    depeg(lending, "USDC", "0.97")
    lending.system.detector.observe(usdc, sender=lending.attacker)
    assert not lending.system.detector.mayEnter(usdc)
    answer = told(lending, tmp_path, "--asset", "USDC", "--execute", "--account", KEEPER)
    assert [(one["kind"], one["why"]) for one in answer["sent"]] == [("DEALLOCATE", "COIN_ON_WATCH")] * 2
    assert sum(state.value for state in lending.system.manager.strategiesOf(usdc)) <= 2  # base units
    command = ("allocate", "--asset", "USDC", "--execute", "--account", KEEPER)
    assert_refused(run(*command, *options(lending, tmp_path)), "USDC is on watch", "ape run emergency status")


def test_allocate__no_lending_section__refused(deployed, index_file):
    assert_refused(
        run("allocate", "--index", index_file, "--records", deployed.folder), "BAL5 never lends", "lending:"
    )


def test_allocate__not_deployed__refused(lending, tmp_path):
    index = described(lending.index, tmp_path)
    assert_refused(
        run("allocate", "--index", index, "--records", tmp_path / "none"),
        "no deployment of BAL5",
        "ape run deploy",
    )


def test_allocate__coin_that_is_not_lent__refused(lending, tmp_path):
    refused = run("allocate", "--asset", "LUSD", *options(lending, tmp_path))
    assert_refused(refused, "LUSD is not lent by this index", "USDC, USDT, DAI")


def test_allocate_execute__no_keeper__refused_before_anything_is_sent(lending, tmp_path):
    block = lending.replica.rpc.call("eth_blockNumber")
    refused = run("allocate", "--execute", "--account", "TEST::9", *options(lending, tmp_path))
    assert_refused(refused, "needs the KEEPER role", "does not hold", "--account")
    assert lending.replica.rpc.call("eth_blockNumber") == block


def test_allocate__strategy_added_to_the_file_only__refused(lending, tmp_path):
    """A description that names more than was deployed."""
    changed = lending.index.model_dump(mode="json")
    changed["lending"]["coins"]["DAI"]["strategies"].append(
        changed["lending"]["coins"]["DAI"]["strategies"][0] | {"name": "second"}
    )
    path = tmp_path / "more.yaml"
    path.write_text(yaml.safe_dump(changed))
    refused = run("allocate", "--index", path, "--records", lending.folder)
    assert_refused(refused, "second of DAI", "was not deployed")


def test_deploy__lending_index_again__nothing_to_do_and_every_strategy_proved(lending, tmp_path):
    nonce = lending.deployer.nonce
    result = run("deploy", *options(lending, tmp_path))
    assert result.exit_code == 0, result.stderr
    assert "nothing to do" in result.stdout
    for name in (
        "Strategy/USDC/aave_v3",
        "caps of DAI in aave_v3",
        "score of USDT in compound_v3",
        "when moving pays",
    ):
        assert name in result.stdout
    assert lending.deployer.nonce == nonce
    other = lending.index.model_dump(mode="json")
    other["lending"]["coins"]["DAI"]["buffer_bps"] = 100
    path = tmp_path / "other.yaml"
    path.write_text(yaml.safe_dump(other))
    refused = run("deploy", "--index", path, "--records", lending.folder)
    assert_refused(refused, "how DAI is lent", "differ from the description")


def test_status__lent_fund__shows_where_each_coin_is(lending, tmp_path):
    told(lending, tmp_path, "--execute", "--account", KEEPER)
    lending.system.manager.pauseStrategy(
        lending.system.strategies["Strategy/DAI/aave_v3"], sender=lending.guardian
    )
    result = run("status", *options(lending, tmp_path))
    assert result.exit_code == 0, result.stderr
    for word in ("to be had now", "aave_v3", "compound_v3", "idle", "paused"):
        assert word in result.stdout
    status = json.loads(run("status", "--json", *options(lending, tmp_path)).stdout)
    dai = next(coin for coin in status["lending"]["coins"] if coin["symbol"] == "DAI")
    assert dai["strategies"][0]["paused"]
    for coin in status["lending"]["coins"]:
        assert coin["idle"] == lending.system.vault.idleOf(coin["token"])
        assert coin["apy"] > 0


def test_invest_withdraw__lent_coins__pays_them_and_says_what_came_as_shares(lending, tmp_path):
    told(lending, tmp_path, "--execute", "--account", KEEPER)
    leave = ("withdraw", "--account", "TEST::6", "--shares", "4000000")
    replica = lending.replica
    with replica.isolated():
        whole = run("invest", *leave, *options(lending, tmp_path))
        assert whole.exit_code == 0, whole.stderr
        assert "could not be had" not in whole.stdout
    AaveMarket(replica).use("USDC", "1")
    CometMarket(replica.rpc, replica.book, "USDC").borrow_all()
    short = run("invest", *leave, *options(lending, tmp_path))
    assert short.exit_code == 0, short.stderr
    assert "redeemed 4,000,000.0000 BAL5" in short.stdout
    assert re.search(
        r"[\d,.]+ USDC of that .* paid as shares of USDC in (aave|compound)_v3, 0x", short.stdout
    )


def test_five_coin_index__without_its_section__has_nothing_to_show(deployed, index_file):
    assert five_coin_index().lending is None
    status = json.loads(run("status", "--json", "--index", index_file, "--records", deployed.folder).stdout)
    assert status["lending"] is None
