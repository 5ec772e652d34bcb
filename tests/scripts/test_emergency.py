import json
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from ape import accounts, chain, networks

from ballast.chain.keeper_loop import Keeper, journal_identity
from ballast.chain.multicall import aggregate, read
from ballast.chain.snapshot import take_snapshot
from ballast.keeper.allocation import Policy
from ballast.keeper.journal import Fate, Journal
from ballast.keeper.rules import in_emergency
from ballast.keeper.storage import FileStorage
from ballast.model.crisis import State
from ballast.units import BPS
from tests.commands import assert_refused, run
from tests.deployed import Deployed, confirm_crisis, depeg, deploy_five, two_source_index
from tests.reverts import revert_of

CURATOR_DELAY = 172_800
GOOD = {"USDC": {"USDT": 7_000, "DAI": 500, "FRAX": 200, "LUSD": 2_300}}


@pytest.fixture(scope="module")
def guarded(networks, tmp_path_factory) -> Deployed:
    """The packaged index, two sources a coin, funded; each test's changes are undone."""
    deployed = deploy_five(tmp_path_factory.mktemp("guarded"), two_source_index())
    deployed.contribute(1_000_000)
    return deployed


@pytest.fixture
def emergency(guarded: Deployed, tmp_path: Path):
    """Runs a subcommand on the index, from the account of a role where one is given."""
    file = tmp_path / "index.yaml"
    file.write_text(yaml.safe_dump(guarded.index.model_dump(mode="json")))

    def command(subcommand, *arguments, by=None):
        where = ("--index", file, "--records", guarded.folder)
        account = ("--account", f"TEST::{list(accounts.test_accounts).index(by)}") if by else ()
        return run("emergency", subcommand, *arguments, *where, *account)

    return command


@pytest.fixture
def weights(tmp_path: Path):
    """Writes emergency weights to a YAML file."""

    def write(given) -> Path:
        path = tmp_path / "weights.yaml"
        path.write_text(given if isinstance(given, str) else yaml.safe_dump(given))
        return path

    return write


def done(result) -> str:
    assert result.exit_code == 0, (result.stdout, result.stderr, result.exception)
    return result.stdout


def weights_on_chain(guarded: Deployed, symbol: str) -> dict[str, int]:
    names = {coin.token: coin.symbol for coin in guarded.index.coins}
    token = guarded.index.coin(symbol).token
    [listed] = aggregate([read(guarded.system.emergency, "emergencyWeightsOf", token)])
    return {names[item["token"]]: item["bps"] for item in listed}


# ---------------------------------------------------------------- set-weights


def test_set_weights__without_execute__shows_the_differences_and_sends_nothing(guarded, emergency, weights):
    nonce = guarded.curator.nonce
    shown = done(emergency("set-weights", "--weights", weights(GOOD), by=guarded.curator))
    for symbol, bps in GOOD["USDC"].items():
        assert any(symbol in line and f"{bps / 100:.2f} %" in line for line in shown.splitlines())
    assert "USDC (composed now)" in shown
    assert "nothing sent" in shown
    assert weights_on_chain(guarded, "USDC") == {}
    assert guarded.curator.nonce == nonce


def test_set_weights__delayed_curator__announces_waits_and_executes(guarded, emergency, weights):
    def again():
        return done(emergency("set-weights", "--weights", weights(GOOD), "--execute", by=guarded.curator))

    assert "announced in 0x" in again()
    assert "it may be executed from" in again()
    assert weights_on_chain(guarded, "USDC") == {}
    guarded.replica.pass_time(CURATOR_DELAY)
    assert "done in 0x" in again()
    assert weights_on_chain(guarded, "USDC") == GOOD["USDC"]
    assert "nothing to do" in again()


def test_set_weights__safe_file__holds_the_call(guarded, emergency, weights, tmp_path):
    batch = tmp_path / "batch.json"
    done(emergency("set-weights", "--weights", weights(GOOD), "--safe", batch))
    [call] = json.loads(batch.read_text())["transactions"]
    tokens = [(guarded.index.coin(symbol).token, bps) for symbol, bps in GOOD["USDC"].items()]
    usdc = guarded.index.coin("USDC").token
    wanted = guarded.system.emergency.setEmergencyWeights.encode_input(usdc, tokens)
    assert (call["to"], call["data"]) == (guarded.system.emergency.address, "0x" + wanted.hex())
    assert call["contractMethod"]["name"] == "setEmergencyWeights"


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"USDC": {"USDT": 7_000, "LUSD": 2_999}}, ("weights.yaml", "USDC", "sum to 9999 bps, not 10000")),
        ({"USDC": {"USDT": 7_000, "SAI": 3_000}}, ("SAI is not a coin", "USDC, USDT, DAI, FRAX, LUSD")),
        ({"SAI": {"USDT": 7_000, "LUSD": 3_000}}, ("SAI is not a coin",)),
        ({"USDC": {"USDC": 7_000, "LUSD": 3_000}}, ("7000 bps of USDC itself is no reduction",)),
        ({"USDC": {"DAI": 7_000, "LUSD": 3_000}}, ("DAI leans on USDC",)),
        ({"USDC": {"USDT": 7_001, "LUSD": 2_999}}, ("USDT at 7001 bps is above the cap of 7000",)),
        ({"USDC": {"USDT": "many"}}, ("USDC.USDT", "is no weight")),
        ({"USDC": {"USDT": -1}}, ("USDC.USDT", "is no weight")),
        ({"USDC": 7_000}, ("weights by coin expected",)),
        ("USDC: {USDT: 1, USDT: 2}", ("USDT is given twice",)),
        ("- USDC", ("a coin and its weights expected",)),
    ],
)
def test_set_weights__bad_weights__one_line_each(emergency, weights, given, parts):
    assert_refused(emergency("set-weights", "--weights", weights(given)), *parts)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"USDT": 7_000, "LUSD": 2_999}, "InvalidWeightSum"),
        ({"USDC": 7_000, "LUSD": 3_000}, "NotAReduction"),
        ({"DAI": 7_000, "LUSD": 3_000}, "RaisesSharedRisk"),
        ({"USDT": 7_001, "LUSD": 2_999}, "AboveCap"),
    ],
)
def test_set_weights__what_the_command_refuses__the_contract_refuses_too(guarded, given, error):
    contract, access = guarded.system.emergency, guarded.system.access
    tokens = [(guarded.index.coin(symbol).token, bps) for symbol, bps in given.items()]
    data = contract.setEmergencyWeights.encode_input(guarded.index.coin("USDC").token, tokens)
    access.schedule(contract, data, 0, sender=guarded.curator)
    guarded.replica.pass_time(CURATOR_DELAY)
    errors = contract.contract_type
    refused = revert_of(access.execute, contract.address, data, sender=guarded.curator, errors_of=errors)
    assert refused[0] == error


def test_set_weights__caller_without_the_role__one_line(guarded, emergency, weights):
    result = emergency("set-weights", "--weights", weights(GOOD), "--execute", by=guarded.attacker)
    assert_refused(result, "CURATOR", guarded.attacker.address, "--account")


def test_set_weights__no_such_file__one_line(emergency, tmp_path):
    assert_refused(emergency("set-weights", "--weights", tmp_path / "nowhere.yaml"), "nowhere.yaml")


# ---------------------------------------------------------------- status


def test_status_json__quiet_index__equals_direct_reads(guarded, emergency):
    detector, token = guarded.system.detector, guarded.index.coins[0].token
    detector.observe(token, sender=guarded.attacker)
    found = json.loads(done(emergency("status", "--json")))
    usdc = found["coins"][0]
    assert (usdc["symbol"], usdc["state"], usdc["observed_at"]) == (
        "USDC",
        "SOUND",
        detector.recordOf(token).at,
    )
    assert usdc["area_left"] == detector.getParams().threshold
    assert not usdc["emergency_weights_set"]
    forced = guarded.system.rebalancer.executeEmergencyRebalance
    with chain.isolate():
        forced(token, sender=guarded.guardian)
        tokens, targets = guarded.system.emergency.calculateOptimalWeights()
    names = {coin.token: coin.symbol for coin in guarded.index.coins}
    assert usdc["emergency_weights"] == {names[t]: bps for t, bps in zip(tokens, targets, strict=True)}, (
        "what a guardian's word leads to"
    )
    assert usdc["leaning"] == ["DAI", "FRAX"]
    assert (found["due"], found["all_sound"], found["paused"], found["halted"]) == (None, True, False, False)
    assert found["loss_budget"]["available"] == found["loss_budget"]["capacity"] > 0
    assert BPS - 5 <= sum(coin["weight_bps"] for coin in found["coins"]) <= BPS


def test_status__coin_under_the_peg__says_how_far_it_is_from_a_crisis(guarded, emergency):
    depeg(guarded, "USDC", "0.9")
    guarded.system.detector.observe(guarded.index.coins[0].token, sender=guarded.attacker)
    shown = done(emergency("status"))
    for word in ("WATCH", "-1000", "12,000 bps h (24.0 h like this)", "kill switch", "emergency loss budget"):
        assert word in shown


# ---------------------------------------------------------------- execute


def test_execute__coin_not_in_crisis__one_line(guarded, emergency):
    assert_refused(
        emergency("execute", "USDC", by=guarded.keeper), "USDC is in SOUND, not in CRISIS", "--as-guardian"
    )


def test_execute__unknown_coin__one_line(guarded, emergency):
    assert_refused(emergency("execute", "SAI", by=guarded.keeper), "SAI is not a coin of BAL5", "USDC")


def test_execute__not_a_guardian__one_line(guarded, emergency):
    for by in (guarded.keeper, guarded.attacker):
        result = emergency("execute", "USDC", "--as-guardian", by=by)
        assert_refused(result, by.address, "GUARDIAN")


def test_execute__paused__one_line(guarded, emergency):
    done(emergency("pause", by=guarded.guardian))
    assert_refused(emergency("execute", "USDC", by=guarded.keeper), "paused", "resume")


def test_execute__confirmed_crisis__flees_in_one_command(guarded, emergency):
    confirm_crisis(guarded, "USDC")
    shown = done(emergency("execute", "USDC", by=guarded.keeper))
    assert "settled:" in shown
    snapshot = take_snapshot(guarded.system, guarded.index)
    assert not in_emergency(snapshot)
    assert snapshot.emergency.due is None
    assert snapshot.coin(guarded.index.coin("USDC").token).reserve < 10 * 10**6


def test_execute__the_look_that_confirms_is_missing__command_makes_it(guarded, emergency):
    depeg(guarded, "USDC", "0.7")
    detector, token = guarded.system.detector, guarded.index.coin("USDC").token
    threshold = detector.getParams().threshold
    while 2 * 3_600 * 2_500 + detector.recordOf(token).area < threshold:
        detector.observe(token, sender=guarded.attacker)
        guarded.replica.pass_time(3_600)
    detector.observe(token, sender=guarded.attacker)
    assert not detector.isCrisisDetected(token)
    guarded.replica.pass_time(3_600)
    assert "settled:" in done(emergency("execute", "usdc", by=guarded.keeper))
    assert detector.stateOf(token) == State.CRISIS


def test_execute__guardian_who_is_no_keeper__opens_and_leaves_the_fills(guarded, emergency):
    shown = done(emergency("execute", "USDC", "--as-guardian", by=guarded.guardian))
    assert "is no keeper" in shown
    assert in_emergency(take_snapshot(guarded.system, guarded.index))
    shown = done(emergency("execute", "USDC", by=guarded.keeper))
    assert "open already" in shown
    assert "settled:" in shown
    assert guarded.system.emergency.isForced(guarded.index.coin("USDC").token)


def test_release__after_a_guardians_word__coin_returns(guarded, emergency):
    assert_refused(emergency("release", "USDC", by=guarded.curator), "no guardian's word holds USDC")
    done(emergency("execute", "USDC", "--as-guardian", by=guarded.guardian))
    assert "announced" in done(emergency("release", "USDC", by=guarded.curator))
    guarded.replica.pass_time(CURATOR_DELAY)
    assert "done" in done(emergency("release", "USDC", by=guarded.curator))
    assert not guarded.system.emergency.isForced(guarded.index.coin("USDC").token)


# ---------------------------------------------------------------- the keeper


@pytest.fixture
def step(guarded: Deployed, tmp_path: Path):
    """One pass of the keeper's loop, journal and all; what it sent."""
    keeper = Keeper(
        guarded.keeper,
        guarded.system,
        lambda: take_snapshot(guarded.system, guarded.index),
        Journal(FileStorage(tmp_path / "journal"), journal_identity(guarded.deployment)),
        Policy(),
    )

    def once() -> str:
        taken = keeper.step()
        assert taken.refusal is None, taken.refusal
        assert taken.fate in (None, Fate.SUCCEEDED)
        return taken.plan.action.value

    return once


def test_keeper__quiet_index__looks_at_every_coin_checkpoints_and_rests(guarded, step):
    assert [step() for _ in range(3)] == ["OBSERVE", "CHECKPOINT", "WAIT"]
    looked = [guarded.system.detector.recordOf(coin.token).at for coin in guarded.index.coins]
    assert all(looked)
    assert guarded.system.kill_switch.highest() > 0


def test_keeper__confirmed_crisis__looks_opens_fills_and_is_done(guarded, step):
    confirm_crisis(guarded, "USDC")
    actions = [step()]
    while actions[-1] != "WAIT":
        actions.append(step())
        assert len(actions) < 20, actions
    flight = actions.index("OPEN_EMERGENCY")
    assert set(actions[:flight]) <= {"OBSERVE"}
    assert actions[flight + 1] == "FILL"
    assert guarded.system.emergency.emergencyDue() == "0x" + "0" * 40


def test_keeper__share_has_fallen__trips_the_switch_and_exits_stay_open(guarded, step):
    guarded.system.kill_switch.checkpoint(sender=guarded.attacker)
    for symbol in ("USDC", "USDT"):
        guarded.replica.set_feed(symbol, "0.8")
    guarded.replica.pass_time(1_900)
    actions = [step()]
    while "TRIP" not in actions:
        actions.append(step())
        assert len(actions) < 10, actions
    assert set(actions[:-1]) <= {"OBSERVE"}
    assert guarded.system.rebalancer.halted()
    assert not guarded.system.rebalancer.paused()
    investor, vault = guarded.investors[0], guarded.system.vault
    vault.withdraw(10**18, investor, [0] * 5, sender=investor)


# ---------------------------------------------------------------- pause, resume


def test_pause__guardian__stops_at_once_and_the_curator_resumes_after_its_delay(guarded, emergency):
    brain, vault = guarded.system.rebalancer, guarded.system.vault
    done(emergency("pause", "--contributions", by=guarded.guardian))
    assert (brain.paused(), vault.contributionsPaused()) == (True, True)
    assert done(emergency("resume", by=guarded.curator)).count("announced") == 2
    guarded.replica.pass_time(CURATOR_DELAY)
    done(emergency("resume", by=guarded.curator))
    assert (brain.paused(), vault.contributionsPaused()) == (False, False)
    assert "nothing to do" in done(emergency("resume", by=guarded.curator))


def test_pause__caller_without_the_role__one_line_and_nothing_sent(guarded, emergency):
    nonce = guarded.attacker.nonce
    assert_refused(emergency("pause", by=guarded.attacker), "GUARDIAN", guarded.attacker.address)
    done(emergency("pause", by=guarded.guardian))
    assert_refused(emergency("resume", by=guarded.attacker), "CURATOR", guarded.attacker.address)
    assert guarded.attacker.nonce == nonce


# ---------------------------------------------------------------- drill


def test_drill__largest_holding__settles_on_a_fork_and_leaves_the_chain_alone(guarded, emergency, tmp_path):
    block, batch = chain.blocks.height, tmp_path / "batch.json"
    report = json.loads(done(emergency("drill", "--json", "--safe", batch)))
    assert chain.blocks.height == block
    assert networks.active_provider.uri in guarded.replica.url
    largest = max(
        json.loads(done(emergency("status", "--json")))["coins"], key=lambda coin: coin["weight_bps"]
    )
    assert (report["asset"], report["settled"]) == (largest["symbol"], True)
    fled = next(coin for coin in report["coins"] if coin["symbol"] == report["asset"])
    assert fled["before_bps"] > 1_000
    assert fled["after_bps"] <= 50
    assert report["looks"] >= 2
    assert report["blocks"] == len(report["transactions"])
    token = guarded.index.coin(report["asset"]).token
    call = "0x" + guarded.system.rebalancer.executeEmergencyRebalance.encode_input(token).hex()
    assert [item["data"] for item in report["to_sign"]] == [call]
    assert report["guardian"] == guarded.guardian.address
    [signed] = json.loads(batch.read_text())["transactions"]
    assert (signed["to"], signed["data"]) == (guarded.system.rebalancer.address, call)


def test_drill__as_guardian__for_a_person__shows_weights_cost_and_what_to_sign(guarded, emergency):
    shown = done(emergency("drill", "DAI", "--as-guardian", "--price", "0.9"))
    words = ("rehearsal: DAI at 0.9 USD", "a guardian's word", "cost against the oracle", "settled")
    for word in (*words, "executeEmergencyRebalance(address)", guarded.guardian.address):
        assert word in shown, shown


def test_drill__mistakes__one_line_each(guarded, emergency):
    assert_refused(emergency("drill", "SAI"), "SAI is not a coin of BAL5")
    done(emergency("pause", by=guarded.guardian))
    assert_refused(emergency("drill", "USDC"), "paused")


def test_drill__empty_fund__one_line(deployed, index_file):
    result = run("emergency", "drill", "--index", index_file, "--records", deployed.folder)
    assert_refused(result, "the fund holds nothing")


def test_rehearsal__no_replica__feeds_are_overridden(guarded, monkeypatch, emergency):
    """As on a fork of the real chain, whose feeds and pools are not ours to move."""
    monkeypatch.setattr("ballast.chain.rehearsal._replica_at", lambda url: None)
    report = json.loads(done(emergency("drill", "USDC", "--json")))
    assert (report["how"], report["settled"]) == ("feeds overridden, pools left alone", True)
    assert Decimal(report["price"]) == Decimal("0.8")
