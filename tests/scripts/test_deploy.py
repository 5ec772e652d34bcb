import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ape import accounts, chain, networks

from ballast.chain import deployer, transactor
from ballast.chain.connect import contract_at
from ballast.chain.deployment import load, save
from ballast.chain.multicall import aggregate, read
from ballast.chain.wiring import evaluate, function_roles
from ballast.model.crisis import CrisisParams
from ballast.model.emergency import EmergencyParams
from ballast.roles import DELAYED, STRATEGY_WIRING, WIRING, RoleId
from tests.commands import ROOT, assert_refused, run
from tests.deployed import DEPLOYER, ROLES, Deployed, five_coin_index

CONTRACTS = [
    "IndexAccess",
    "PriceOracle",
    "IndexCalculator",
    "CrisisDetector",
    "StrategyManager",
    "IndexVault",
    "EmergencyIndex",
    "Rebalancer",
    "KillSwitch",
    "UniswapV3Venue",
    "YieldOptimizer",
]
ASKED_FOR = {"executeEmergencyRebalance"}  # by the contract itself: open to all, but a guardian need not wait
TWAP = {"kind": "twap", "window": 1_800, "heartbeat": 90_000, "min_liquidity": 1_000_000}


class Killed(BaseException):
    """What a killed process is to the code that was running."""


@pytest.fixture
def description(networks, tmp_path: Path):
    """Writes the five-coin index with changes to a file; `(key, ..., value)` each."""

    def write(*changes) -> Path:
        raw = five_coin_index().model_dump(mode="json")
        for *path, last, value in changes:
            inner = raw
            for key in path:
                inner = inner[key]
            inner[last] = value
        file = tmp_path / "index.yaml"
        file.write_text(yaml.safe_dump(raw))
        return file

    return write


def deploy(file: Path, folder: Path, *more, **options):
    return run("deploy", "--index", file, "--records", folder, *more, **options)


def killed(file: Path, folder: Path) -> bool:
    """Whether a run of the command was killed before its end."""
    try:
        result = deploy(file, folder)
    except Killed:
        return True
    assert result.exit_code == 0, result.stderr
    return False


def record_of(folder: Path) -> dict:
    [path] = folder.glob("*/BAL5.json")
    return json.loads(path.read_text())


def created_since(block: int) -> int:
    """How many contracts the deployer's transactions created after a block."""
    count = 0
    for number in range(block + 1, chain.blocks.height + 1):
        for transaction in chain.provider.web3.eth.get_block(number, full_transactions=True)["transactions"]:
            count += transaction["from"] == accounts.test_accounts[DEPLOYER].address and not transaction.get(
                "to"
            )
    return count


def test_deploy__complete_index__nothing_to_do(deployed: Deployed, index_file):
    nonce = deployed.deployer.nonce
    result = deploy(index_file, deployed.folder)
    assert result.exit_code == 0, result.stderr
    assert "nothing to do" in result.stdout
    for name in CONTRACTS:
        assert deployed.deployment.address(name) in result.stdout
    assert deployed.deployer.nonce == nonce


def test_deploy__record__says_what_was_deployed_where_and_from_which_commit(deployed: Deployed):
    record = record_of(deployed.folder)
    assert list(record["contracts"]) == CONTRACTS
    assert (record["complete"], record["pending"], record["chain"]["chain_id"]) == (True, None, 1)
    for contract in record["contracts"].values():
        receipt = chain.provider.web3.eth.get_transaction_receipt(contract["tx_hash"])
        assert receipt["contractAddress"] == contract["address"]
        assert receipt["blockNumber"] == contract["block"]
        assert len(contract["commit"].removesuffix("+dirty")) == 40
    assert record["contracts"]["IndexVault"]["arguments"][:2] == [deployed.index.name, deployed.index.symbol]
    assert sum(record["contracts"]["IndexVault"]["arguments"][6]) == 10_000


def test_deploy__roles__are_as_the_table_says(deployed: Deployed):
    access = deployed.system.access
    delays = {RoleId.GOVERNOR: 259_200, RoleId.CURATOR: 172_800}
    for role, number in ROLES.items():
        holder = accounts.test_accounts[number]
        assert tuple(access.hasRole(role, holder)) == (True, delays.get(role, 0))
        assert not access.hasRole(role, deployed.deployer)[0]
        assert not access.hasRole(role, deployed.attacker)[0]
    assert set(delays) == DELAYED
    results = evaluate([check for check, _ in function_roles(deployed.system)])
    assert len(results) == sum(len(grant.functions) for grant in WIRING) > 20
    assert all(result.holds for result in results)
    assert deployed.system.vault.owner() == deployed.system.rebalancer.address
    assert tuple(access.hasRole(RoleId.WATCHDOG, deployed.system.kill_switch)) == (True, 0)
    assert not access.hasRole(RoleId.WATCHDOG, deployed.deployer)[0]


def test_deploy__crisis_section__is_on_chain(deployed: Deployed):
    system, index = deployed.system, deployed.index
    usdc, dai, frax = (index.coin(symbol).token for symbol in ("USDC", "DAI", "FRAX"))
    assert (system.rebalancer.CALCULATOR(), system.rebalancer.EMERGENCY()) == (system.emergency,) * 2
    assert system.vault.guard() == system.detector
    assert system.emergency.riskGroupOf(usdc) == [dai, frax]
    assert [len(system.detector.issuerProbesOf(coin.token)) for coin in index.coins] == [2, 2, 0, 0, 0]
    assert CrisisParams(*system.detector.getParams()) == index.crisis.detector.model
    assert EmergencyParams(*system.emergency.emergencyParams()) == index.crisis.emergency.model
    for coin in index.coins:
        assert list(system.emergency.emergencyWeightsOf(coin.token)) == [], "composed when they are needed"


def test_deploy__emergency_weights_of_the_file__are_set_and_stay_the_files(description, tmp_path):
    given = {"USDC": {"USDT": 6_000, "LUSD": 4_000}}
    file = description(("crisis", "emergency_weights", given), ("symbol", "OWN"))
    result = deploy(file, tmp_path / "records")
    assert result.exit_code == 0, (result.stderr, result.exception)
    assert "emergency weights of USDC" in result.stdout
    [path] = (tmp_path / "records").glob("*/OWN.json")
    address = json.loads(path.read_text())["contracts"]["EmergencyIndex"]["address"]
    usdc = five_coin_index().coin("USDC").token
    listed = contract_at("EmergencyIndex", address).emergencyWeightsOf(usdc)
    assert [item.bps for item in listed] == [6_000, 4_000]
    other = description(
        ("crisis", "emergency_weights", {"USDC": {"USDT": 7_000, "LUSD": 3_000}}), ("symbol", "OWN")
    )
    assert_refused(
        deploy(other, tmp_path / "records"), "emergency weights of USDC", "differ from the description"
    )


def test_roles__every_restricted_function__is_in_the_table():
    """Read from the sources: a function that is restricted and in no row would be the governor's unseen."""
    sources = {
        "PriceOracle": ["PriceOracle.sol"],
        "IndexCalculator": ["IndexCalculator.sol"],
        "IndexVault": ["IndexVault.sol", *_sources_in("vault")],
        "StrategyManager": ["StrategyManager.sol", *_sources_in("lending")],
        "Rebalancer": ["Rebalancer.sol", *_sources_in("rebalance")],
        "CrisisDetector": ["CrisisDetector.sol", *_sources_in("crisis")],
        "EmergencyIndex": ["EmergencyIndex.sol", *_sources_in("emergency")],
        "KillSwitch": ["KillSwitch.sol"],
        "YieldOptimizer": ["YieldOptimizer.sol", *_sources_in("yields")],
    }
    assert set(sources) == {grant.contract for grant in WIRING}
    for contract, files in sources.items():
        found = set()
        for file in files:
            found |= _restricted((ROOT / "contracts" / file).read_text())
        listed = {name for grant in WIRING if grant.contract == contract for name in grant.functions}
        assert listed - ASKED_FOR == found, contract


def test_roles__every_restricted_function_of_a_strategy__is_in_the_table():
    for path in (ROOT / "contracts" / "strategies").glob("*.sol"):
        found = _restricted(path.read_text())
        listed = {name for g in STRATEGY_WIRING if g.contract == path.stem for name in g.functions}
        assert listed == found, path.stem
    assert {"Strategy"} <= {grant.contract for grant in STRATEGY_WIRING}


def _sources_in(folder: str) -> list[str]:
    return [f"{folder}/{path.name}" for path in (ROOT / "contracts" / folder).glob("*.sol")]


def _restricted(source: str) -> set[str]:
    names = set()
    for piece in source.split("function ")[1:]:
        head = piece.split("{")[0].split(";")[0]
        if "restricted" in head.split():
            names.add(head.split("(")[0])
    return names


def test_deploy__curator__must_wait_and_guardian_need_not(deployed: Deployed):
    brain, access, vault = deployed.system.rebalancer, deployed.system.access, deployed.system.vault
    brain.pause(sender=deployed.guardian)
    vault.pauseContributions(sender=deployed.guardian)
    assert brain.paused()
    assert vault.contributionsPaused()
    call = brain.unpause.encode_input()
    with pytest.raises(Exception, match=r"(?i)AccessManagerNotScheduled|reverted|0x"):
        brain.unpause(sender=deployed.curator)
    assert brain.paused()
    access.schedule(brain, call, 0, sender=deployed.curator)
    deployed.replica.pass_time(172_800)
    access.execute(brain, call, sender=deployed.curator)
    assert not brain.paused()


@pytest.mark.parametrize("after", [False, True], ids=["before the send", "after the send"])
def test_deploy__killed_at_every_transaction__continues_and_deploys_nothing_twice(
    description, tmp_path, monkeypatch, after
):
    """The process dies at each transaction in turn, before or after the node has it; the next run goes on."""
    file, folder, start = description(("symbol", "BAL5")), tmp_path / "records", chain.blocks.height
    send, kills = transactor.send, 0

    def killing(transaction):
        nonlocal armed
        if armed == 0:
            if after:
                send(transaction)
            raise Killed
        armed -= 1
        return send(transaction)

    monkeypatch.setattr(transactor, "send", killing)
    while True:
        armed = 0 if after else 1  # a kill before the first send of every run would go on for ever
        if not killed(file, folder):
            break
        kills += 1
        assert kills < 60
    assert kills > 15
    assert created_since(start) == len(CONTRACTS)
    assert record_of(folder)["complete"]


def test_save__crash_while_writing__former_record_stands(deployed, tmp_path, monkeypatch):
    path = tmp_path / "BAL5.json"
    save(path, deployed.deployment)

    def crash(*_):
        raise Killed

    monkeypatch.setattr("ballast.chain.deployment.os.fsync", crash)
    with pytest.raises(Killed):
        save(path, deployed.deployment.model_copy(update={"complete": False}))
    assert load(path, deployed.deployment.chain) == deployed.deployment
    assert [file.name for file in tmp_path.iterdir()] == ["BAL5.json"]


def test_deploy__killed_before_the_first_send__leaves_the_plan_only(description, tmp_path, monkeypatch):
    def crash(*_):
        raise Killed

    monkeypatch.setattr(transactor, "send", crash)
    assert killed(description(), tmp_path / "records")
    record = record_of(tmp_path / "records")
    assert (record["pending"]["name"], record["contracts"]) == ("IndexAccess", {})


def test_deploy__dry_run__sends_and_writes_nothing(description, tmp_path, deployed):
    nonce = deployed.deployer.nonce
    result = deploy(description(("symbol", "DRY")), tmp_path / "records", "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("to be deployed") == len(CONTRACTS)
    for coin, weight in zip(deployed.index.coins, deployer.first_targets(deployed.index)[1], strict=True):
        assert f"target {coin.symbol}: {weight / 100:.2f} %" in result.stdout
    assert "nothing sent" in result.stdout
    assert deployed.deployer.nonce == nonce
    assert not (tmp_path / "records").exists()


def test_deploy__twap_source_and_pair_limits__are_deployed_and_set(description, tmp_path, deployed):
    index = deployed.index
    usdc, usdt = index.coin("USDC"), index.coin("USDT")
    pool = deployed.replica.book.pool("USDC", "USDT", 100).address
    twap = {**TWAP, "pool": pool, "quote_feed": usdc.oracle[0].feed}
    sources = [usdt.oracle[0].model_dump(mode="json"), twap]
    pair = {"coins": ["USDC", "USDT"], "slippage_bps": 30, "max_trade_usd": "250000"}
    file = description(("coins", 1, "oracle", sources), ("symbol", "TWAP"), ("pair_limits", [pair]))
    result = deploy(file, tmp_path / "records")
    assert result.exit_code == 0, (result.stderr, result.exception)
    [path] = (tmp_path / "records").glob("*/TWAP.json")
    record = json.loads(path.read_text())
    feed = record["contracts"]["TwapFeed/USDT/1"]["address"]
    oracle = contract_at("PriceOracle", record["contracts"]["PriceOracle"]["address"])
    found = aggregate([read(oracle, "getSources", usdt.token)])[0]
    assert [source["feed"] for source in found[0]] == [usdt.oracle[0].feed, feed]
    brain = contract_at("Rebalancer", record["contracts"]["Rebalancer"]["address"])
    assert tuple(brain.pairLimits(usdt.token, usdc.token)) == (30, 250_000 * 10**18)
    assert oracle.quote(usdt.token)[2] == 1


LUSD_FEED = "0x3D7aE7E594f2f2091Ad8798313450130d0Aba3a0"


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (("chain_id", 10), ("chain 10", "chain 1")),
        (("coins", 0, "decimals", 18), ("USDC", "6 decimals", "18")),
        (("coins", 2, "symbol", "SAI"), ("SAI", "DAI")),
        (("coins", 0, "token", "0x00000000000000000000000000000000000000AA"), ("USDC: token", "no contract")),
        (("coins", 4, "token", LUSD_FEED), ("LUSD",)),
        (
            ("coins", 4, "oracle", 0, "feed", "0x5f98805A4E8be255a32880FDeC7F6728C6568bA0"),
            ("LUSD", "does not answer"),
        ),
        (("coins", 4, "oracle", 0, "max_price", "1"), ("LUSD", "outside")),
        (("venues", "uniswap_v3", "pool_init_code_hash", "0x" + "11" * 32), ("pool",)),
        (("coins", 0, "max_weight_bps", 20_000), ("max_weight_bps",)),
        (("calculator", "min_active", 6), ("5 coins", "min_active")),
        (("venues", "uniswap_v3", "fee_tiers", [10_000]), ("no pool",)),
        (
            ("crisis", "emergency_weights", {"USDC": {"USDC": 6_000, "USDT": 4_000}}),
            ("crisis.emergency_weights", "USDC itself is no reduction"),
        ),
        (
            ("crisis", "emergency_weights", {"USDC": {"DAI": 4_000, "USDT": 6_000}}),
            ("crisis.emergency_weights", "DAI leans on USDC"),
        ),
    ],
)
def test_deploy__bad_description__refused_in_one_line(description, tmp_path, change, parts):
    extra = [("hubs", []), ("crisis", "risk_groups", {})] if "symbol" in change else []
    result = deploy(description(change, *extra), tmp_path / "records")
    assert_refused(result, *parts)
    assert not (tmp_path / "records").exists()


def test_deploy__infeasible_weights__refused(description, tmp_path):
    lowest = [("coins", at, "min_weight_bps", 2_500) for at in range(5)]
    highest = [("coins", at, "max_weight_bps", 4_000) for at in range(5)]
    assert_refused(deploy(description(*lowest, *highest), tmp_path / "records"), "weight bounds sum to 12500")


def test_deploy__stale_feed__refused(description, tmp_path, deployed):
    deployed.replica.pass_time(100_000, keep_feeds=False)
    assert_refused(deploy(description(), tmp_path / "records"), "stale", "heartbeat")
    assert not (tmp_path / "records").exists()


def test_deploy__changed_description__refused_on_a_complete_index(description, deployed):
    result = deploy(description(("rebalancing", "drift_limit_bps", 400)), deployed.folder)
    assert_refused(result, "rebalancing parameters", "differ from the description")
    result = deploy(description(("name", "Another name")), deployed.folder)
    assert_refused(result, "IndexVault", "other constructor arguments")


def test_deploy__market_moved_since__still_complete(deployed, index_file):
    """What the reporter and the market change is no part of the description."""
    deployed.contribute(500_000)
    deployed.replica.depeg("USDC", "0.9")
    assert deploy(index_file, deployed.folder).exit_code == 0


def test_deploy__other_account_continues__refused(description, tmp_path, monkeypatch):
    file, folder, send = description(), tmp_path / "records", transactor.send
    sent = []

    def killing(transaction):
        if len(sent) == 3:
            raise Killed
        sent.append(transaction)
        return send(transaction)

    monkeypatch.setattr(transactor, "send", killing)
    assert killed(file, folder)
    monkeypatch.undo()
    assert_refused(deploy(file, folder, "--account", "TEST::9"), "was begun by")


@pytest.mark.parametrize("name", ["nobody", "TEST::99", "TEST::x"])
def test_deploy__unknown_account__refused(description, tmp_path, name):
    assert_refused(deploy(description(), tmp_path / "records", "--account", name), name)


def test_deploy__live_chain_without_yes__refused(description, tmp_path, monkeypatch):
    monkeypatch.setattr("ballast.chain.cli.is_live", lambda: True)
    assert_refused(
        deploy(description(), tmp_path / "records", "--account", "TEST::0", "--yes"), "public test account"
    )
    assert_refused(deploy(description(), tmp_path / "records", "--yes"), "--account")


def test_deploy__chain_started_anew__old_record_is_set_aside(description, tmp_path, deployed):
    [path] = deployed.folder.glob("*/BAL5.json")
    record = json.loads(path.read_text())
    for contract in record["contracts"].values():
        contract["block_hash"] = "0x" + "00" * 32
    stale = tmp_path / "records" / path.parent.name / "BAL5.json"
    stale.parent.mkdir(parents=True)
    stale.write_text(json.dumps(record))
    assert_refused(run("status", "--index", description(), "--records", tmp_path / "records"), "was reset")
    result = deploy(description(), tmp_path / "records")
    assert result.exit_code == 0, result.stderr
    assert "started anew" in result.stdout
    assert stale.with_name("BAL5.1.old").exists()
    assert record_of(tmp_path / "records")["complete"]


def test_deploy__governor_is_the_deployer__keeps_the_role_with_its_delay(description, tmp_path, deployed):
    file = description(("roles", "governor", "account", None))
    assert deploy(file, tmp_path / "records").exit_code == 0
    access = contract_at(
        "IndexAccess", record_of(tmp_path / "records")["contracts"]["IndexAccess"]["address"]
    )
    assert tuple(access.hasRole(RoleId.GOVERNOR, deployed.deployer)) == (True, 259_200)


def test_first_targets__are_the_calculators(deployed):
    tokens, weights = deployer.first_targets(deployed.index)
    assert [list(part) for part in deployed.system.calculator.calculateOptimalWeights()] == [tokens, weights]


def test_ape_run_deploy__as_typed__connects_checks_and_plans(description, tmp_path):
    """The command as a person types it, in a process of its own."""
    uri = networks.active_provider.uri
    options = ["--index", description(("symbol", "DRY")), "--records", tmp_path, "--dry-run"]
    words = ["run", "deploy", "--network", f"ethereum:replica:{uri}", *map(str, options)]
    done = subprocess.run(
        [Path(sys.executable).with_name("ape"), *words], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "IndexVault: to be deployed" in done.stdout
    words[3] = "ethereum:replica:http://127.0.0.1:9"
    done = subprocess.run(
        [Path(sys.executable).with_name("ape"), *words], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
