import json

import pytest

from ballast.chain.multicall import aggregate, read
from ballast.chain.snapshot import take_snapshot
from ballast.keeper.rules import assess, budget_left
from ballast.keeper.snapshot import Snapshot
from ballast.units import BPS, WAD
from tests.commands import assert_refused, run
from tests.deployed import Deployed

KEYS = {
    "name",
    "symbol",
    "chain_id",
    "block",
    "timestamp",
    "vault",
    "coins",
    "nav",
    "total_supply",
    "share_price",
    "max_drift_bps",
    "should_rebalance",
    "reason",
    "session",
    "loss_budget",
    "paused",
    "emergency",
    "lending",
    "contributions_paused",
    "market_data",
    "eth_price",
    "gas_price",
    "snapshot",
}
COIN_KEYS = {
    "symbol",
    "token",
    "decimals",
    "price_low",
    "price_high",
    "price_status",
    "reserve",
    "value",
    "weight_bps",
    "target_bps",
    "optimal_bps",
    "drift_bps",
}


def status_of(deployed: Deployed, index_file) -> dict:
    result = run("status", "--json", "--index", index_file, "--records", deployed.folder)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_status_json__funded_index__equals_direct_reads(deployed, index_file):
    shares = deployed.contribute(1_000_000)
    deployed.replica.depeg("USDC", "0.97")
    status = status_of(deployed, index_file)
    assert set(status) == KEYS
    assert all(set(coin) == COIN_KEYS for coin in status["coins"])

    vault, brain = deployed.system.vault, deployed.system.rebalancer
    tokens, weights, reserves = vault.getBasket()
    assert [coin["token"] for coin in status["coins"]] == list(tokens)
    assert [coin["target_bps"] for coin in status["coins"]] == list(weights)
    assert [coin["reserve"] for coin in status["coins"]] == list(reserves)
    usdc_scale = vault.getScales()[0]
    low, high, good = deployed.system.oracle.quote(tokens[0])
    usdc = status["coins"][0]
    assert (usdc["symbol"], usdc["price_low"], usdc["price_high"]) == ("USDC", low, high)
    assert (low, good) == (97 * WAD // 100, 1)
    assert usdc["value"] == reserves[0] * usdc_scale * low // WAD
    assert status["total_supply"] == vault.totalSupply() == shares + vault.DEAD_SHARES()
    assert status["nav"] == sum(coin["value"] for coin in status["coins"]) > 900_000 * WAD
    assert status["nav"] <= vault.totalBasketValue()  # which is at the high prices
    assert status["share_price"] == status["nav"] * WAD // status["total_supply"]
    assert status["max_drift_bps"] == brain.maxDrift() > 0
    assert (status["should_rebalance"], status["reason"]) == (True, "PRICE")
    budget = brain.lossBudget()
    assert (status["loss_budget"]["available"], status["loss_budget"]["capacity"]) == tuple(budget)
    assert status["market_data"] == {"stale": False, "computed_at": deployed.system.calculator.getStatus()[1],
                                     "stale_coins": []}  # fmt: skip


def test_status_json__its_snapshot__can_be_read_back(deployed, index_file):
    deployed.contribute(1_000_000)
    raw = status_of(deployed, index_file)["snapshot"]
    assert Snapshot.from_dict(raw) == take_snapshot(deployed.system, deployed.index, raw["block"])


def test_status_json__empty_index__has_no_share_price(deployed, index_file):
    status = status_of(deployed, index_file)
    assert (status["total_supply"], status["nav"], status["share_price"], status["max_drift_bps"]) == (
        0,
        0,
        0,
        0,
    )
    assert status["should_rebalance"] is False
    assert [coin["weight_bps"] for coin in status["coins"]] == [0] * 5


def test_status__for_a_person__names_every_coin_and_the_reason(deployed, index_file):
    deployed.contribute(1_000_000)
    result = run("status", "--index", index_file, "--records", deployed.folder)
    assert result.exit_code == 0, result.stderr
    for word in (
        "USDC",
        "USDT",
        "DAI",
        "FRAX",
        "LUSD",
        "GOOD",
        "no: IN_BAND",
        "loss budget",
        "fresh",
    ):
        assert word in result.stdout
    for weight in deployed.system.vault.getConstituents()[1]:
        assert f"{weight / 100:.2f} %" in result.stdout


def test_status__stale_feed__is_shown_not_hidden(deployed, index_file):
    deployed.contribute(1_000_000)
    deployed.replica.pass_time(100_000, keep_feeds=False)
    status = status_of(deployed, index_file)
    assert {coin["price_status"] for coin in status["coins"]} == {"STALE"}
    assert status["reason"] == "STALE_DATA"
    assert status["snapshot"]["hops"] == []


def test_status__no_deployment__refused(tmp_path, index_file):
    assert_refused(
        run("status", "--index", index_file, "--records", tmp_path), "no deployment of BAL5", "ape run deploy"
    )


def test_status__corrupt_record__refused(deployed, index_file, tmp_path):
    [record] = deployed.folder.glob("*/BAL5.json")
    copy = tmp_path / record.parent.name / record.name
    copy.parent.mkdir()
    for text, why in (("{", "no JSON"), ('{"version": 1}', "symbol"), ("\xff", "no JSON")):
        copy.write_text(text)
        assert_refused(run("status", "--index", index_file, "--records", tmp_path), "corrupt", why)
    other = record.read_text().replace('"chain_id": 1,', '"chain_id": 10,')
    copy.write_text(other)
    assert_refused(run("status", "--index", index_file, "--records", tmp_path), "of another chain")


def test_status__missing_index_file__refused(deployed):
    assert_refused(run("status", "--index", "nowhere.yaml", "--records", deployed.folder), "nowhere.yaml")


@pytest.mark.parametrize("price", ["0.97", "1.02", "0.999"])
def test_take_snapshot__drifted_basket__model_agrees_with_the_contract(deployed, price):
    deployed.contribute(2_000_000)
    deployed.replica.depeg("USDT", price)
    snapshot = take_snapshot(deployed.system, deployed.index)
    assert assess(snapshot) == snapshot.verdict
    [budget] = aggregate([read(deployed.system.rebalancer, "lossBudget")], snapshot.block)
    assert budget_left(snapshot) == budget[0]
    assert snapshot.session.last_settled_at == deployed.system.rebalancer.lastSettledAt()


def test_take_snapshot__ladders__are_what_the_quoter_says(deployed):
    deployed.contribute(2_000_000)
    deployed.replica.depeg("USDT", "0.97")
    snapshot = take_snapshot(deployed.system, deployed.index)
    usdc, usdt = (snapshot.coins[at] for at in (0, 1))
    [hop] = [h for h in snapshot.hops if (h.token_in, h.token_out, h.fee) == (usdc.token, usdt.token, 100)]
    assert hop.is_usable
    assert hop.pool == deployed.replica.book.pool("USDC", "USDT", 100).address
    quoter = deployed.index.venues.uniswap_v3.quoter
    for rung in hop.ladder[:: len(hop.ladder) - 1]:
        signature = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
        asked = [(usdc.token, usdt.token, rung.amount_in, 100, 0)]
        assert deployed.replica.rpc.read(quoter, signature, asked, "uint256") == rung.amount_out
    total = sum(coin.reserve * coin.scale * coin.quote.mid // WAD for coin in snapshot.coins)
    above = [
        c for c in snapshot.coins if c.reserve * c.scale * c.quote.mid // WAD * BPS > c.optimal_weight * total
    ]
    sellers = {coin.token for coin in above} | set(snapshot.hubs)
    assert {h.token_in for h in snapshot.hops} <= sellers


def test_status__no_node_there__says_how_to_start_one():
    result = run("status", network="ethereum:replica:http://127.0.0.1:1")
    assert_refused(result, "ape run replica", "--network")
