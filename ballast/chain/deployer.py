"""Deploys an index as its description has it, proves the wiring on chain and hands the authority over.

CREATE contracts -> SET parameters (as the manager's admin, before any delay holds) -> WIRE roles, in one
transaction -> PROVE every check -> LEAVE it to the governor. Killed anywhere, a second run goes on from what
the record and the chain say; a third finds nothing to do.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ape.api import AccountAPI
from ape.contracts import ContractInstance

from ballast.chain.connect import chain_identity
from ballast.chain.crisis_wiring import (
    detector_steps,
    emergency_steps,
    first_emergency_weights,
    kill_switch_steps,
)
from ballast.chain.deployment import ChainIdentity, Deployment, load, record_path
from ballast.chain.lending_wiring import (
    create_strategies,
    lenses_of,
    manager_steps,
    optimizer_steps,
    own_strategies,
    reward_steps,
    strategy_facts,
    strategy_roles,
)
from ballast.chain.multicall import aggregate, foreign, read
from ballast.chain.preflight import preflight
from ballast.chain.records import set_aside, stands
from ballast.chain.system import ETH, System
from ballast.chain.transactor import Transactor
from ballast.chain.wiring import (
    Check,
    Result,
    Step,
    binding_step,
    calculator_steps,
    evaluate,
    function_roles,
    immutables,
    oracle_steps,
    ownership_step,
    rebalancer_steps,
    role_holders,
)
from ballast.errors import ChainError, ConfigError
from ballast.index_file import Coin, IndexFile
from ballast.index_types import ChainlinkSource, TwapSource
from ballast.model.weights import adjusted_cap, bounded_weights
from ballast.roles import RoleId

Report = Callable[[str], None]
ZERO = "0x" + "0" * 40


@dataclass(frozen=True)
class Outcome:
    """A finished deployment: its record, the contracts, the proof and how many transactions this run sent."""

    path: Path
    deployment: Deployment
    system: System
    results: tuple[Result, ...]
    sent: int


def deploy_index(
    index: IndexFile, index_name: str, account: AccountAPI, folder: Path, may_reset: bool, say: Report
) -> Outcome:
    """Deploys, or continues, or finds nothing to do. ChainError or ConfigError when it must not go on.

    `may_reset`: a record of a local chain that was started anew is set aside instead of refused.
    """
    chain = chain_identity()
    preflight(index, chain.chain_id, index_name)
    first_emergency_weights(index, first_targets(index)[1])  # refused before anything is paid for
    path = record_path(folder, chain, index.symbol)
    run = Transactor(account, path, open_record(path, chain, index, index_name, may_reset, say))
    system = create_contracts(run, index, say)
    deployer = run.deployment.contracts["IndexAccess"].sender
    holders = {RoleId.WATCHDOG: (str(system.kill_switch.address), 0)} | role_holders_of(index, deployer)
    wires = function_roles(system) + strategy_roles(system, index) + role_holders(system, holders)
    steps = setting_steps(system, index, feeds_of(run.deployment, index))
    facts = [*immutables(system, index), *strategy_facts(system, index)]
    facts += [check for step in steps for check in step.checks]
    facts += [check for check, _ in wires]
    left = deployer_left(system, holders, deployer)
    if run.deployment.complete:
        results = prove([check for check in (*facts, *left) if check.lasting])
        return Outcome(path, run.deployment, system, tuple(results), run.sent)
    _require_deployer(run, deployer)
    for step in steps:
        _do(run, step, say)
    _wire(run, system, wires, say)
    prove(facts)
    _leave(run, system, left, say)
    results = prove([*facts, *left])
    run.finish()
    return Outcome(path, run.deployment, system, tuple(results), run.sent)


def plan_lines(index: IndexFile, index_name: str, folder: Path, account: AccountAPI | None) -> list[str]:
    """What a run would do, after the same checks; nothing is sent and nothing is written."""
    chain = chain_identity()
    preflight(index, chain.chain_id, index_name)
    tokens, weights = first_targets(index)
    path = record_path(folder, chain, index.symbol)
    known = load(path, chain) if path.exists() else None
    if known is not None and not stands(known):
        known = None
    names = ["IndexAccess", "PriceOracle", *(name for name, _ in twap_feeds(index))]
    names += ["IndexCalculator", "CrisisDetector", "StrategyManager", "IndexVault", "EmergencyIndex"]
    names += ["Rebalancer"]
    names += ["KillSwitch", "UniswapV3Venue", "YieldOptimizer", *lenses_of(index)]
    names += [name for name, *_ in own_strategies(index)]
    lines = [
        f"{index.symbol} on chain {chain.folder}, from {account.address if account else 'no account yet'}"
    ]
    for name in names:
        have = known.contracts.get(name) if known else None
        lines.append(f"{name}: {'at ' + have.address if have else 'to be deployed'}")
    weight_of = dict(zip(tokens, weights, strict=True))
    lines += [f"target {coin.symbol}: {weight_of[coin.token] / 100:.2f} %" for coin in index.coins]
    for symbol, given in first_emergency_weights(index, weights).items():
        shown = ", ".join(f"{coin} {bps / 100:.2f} %" for coin, bps in given.items() if bps)
        lines.append(f"in a crisis of {symbol}: {shown}")
    lines.append("complete: nothing to do" if known and known.complete else "dry run: nothing sent")
    return lines


def open_record(
    path: Path, chain: ChainIdentity, index: IndexFile, index_name: str, may_reset: bool, say: Report
) -> Deployment:
    """The record to go on from: the one that is there, or a new one."""
    fresh = Deployment(symbol=index.symbol, chain=chain, index_file=index_name, index_digest=digest(index))
    if not path.exists():
        return fresh
    deployment = load(path, chain)
    if stands(deployment):
        return deployment.model_copy(update={"index_file": index_name, "index_digest": fresh.index_digest})
    if not may_reset:
        raise ChainError(
            f"the chain no longer holds what {path} says was deployed: move the record away to deploy anew"
        )
    say(f"the chain was started anew: the old record is kept as {set_aside(path).name}")
    return fresh


def digest(index: IndexFile) -> str:
    """SHA-256 of what the description says, whatever its layout and comments."""
    return "0x" + hashlib.sha256(index.model_dump_json().encode()).hexdigest()


def create_contracts(run: Transactor, index: IndexFile, say: Report) -> System:
    """Every contract of the index, in the order in which they need each other."""
    access = _create(run, "IndexAccess", "IndexAccess", [run.first_sender()], say)
    authority = str(access.address)
    oracle = _create(run, "PriceOracle", "PriceOracle", [authority, ZERO, 0], say)
    for name, arguments in twap_feeds(index):
        _create(run, name, "UniswapV3TwapFeed", arguments, say)
    calculator = _create(run, "IndexCalculator", "IndexCalculator", [authority], say)
    detector = _create(run, "CrisisDetector", "CrisisDetector", [authority, oracle], say)
    tokens, weights = first_targets(index)
    identity = [index.name, index.symbol, authority, oracle, run.first_sender()]
    manager = _create(run, "StrategyManager", "StrategyManager", [authority], say)
    vault = _create(run, "IndexVault", "IndexVault", [*identity, tokens, weights, detector, manager], say)
    targets = [authority, calculator, detector, oracle, vault]
    emergency = _create(run, "EmergencyIndex", "EmergencyIndex", targets, say)
    brain = [authority, vault, emergency, oracle, ETH, emergency]
    rebalancer = _create(run, "Rebalancer", "Rebalancer", brain, say)
    _create(run, "KillSwitch", "KillSwitch", [authority, vault, oracle, rebalancer], say)
    uniswap = index.venues.uniswap_v3
    _create(run, "UniswapV3Venue", "UniswapV3Venue", [uniswap.factory, uniswap.pool_init_code_hash], say)
    _create(run, "YieldOptimizer", "YieldOptimizer", [authority, manager, oracle, ETH], say)
    create_strategies(
        lambda name, contract, arguments: _create(run, name, contract, arguments, say),
        index,
        authority,
        oracle,
    )
    return System.of(run.deployment)


def _create(run: Transactor, name: str, contract: str, arguments: list[Any], say: Report) -> ContractInstance:
    before = run.sent
    instance = run.create(name, contract, arguments)
    if run.sent > before:
        say(f"deployed {name} at {instance.address}")
    return instance


def first_targets(index: IndexFile) -> tuple[list[str], list[int]]:
    """The index's coins and the weights (bps) that its initial market data give. DataError when none do."""
    coins = index.coins
    adjusted = [adjusted_cap(int(c.market_cap.initial_usd), c.market_cap.score) for c in coins]
    weights = bounded_weights(
        adjusted,
        [c.min_weight_bps for c in coins],
        [c.max_weight_bps for c in coins],
        [int(c.token, 16) for c in coins],
    )
    return [c.token for c in coins], weights


def feeds_of(deployment: Deployment, index: IndexFile) -> dict[str, list[tuple[str, int]]]:
    """Per symbol (ETH and rewards, too) the feed of every source with its decimals, as the feeds say."""
    named = [(f"{coin.symbol}/{at}", coin.symbol, source) for coin, at, source in _sources(index)]
    named.append(("ETH/0", "ETH", index.oracle.eth_usd))
    rewards = index.lending.rewards if index.lending is not None else {}
    named += [
        (f"{symbol}/{at}", symbol, source)
        for symbol, reward in rewards.items()
        for at, source in enumerate(reward.oracle)
    ]
    found = [
        (
            symbol,
            source.feed if isinstance(source, ChainlinkSource) else deployment.address(f"TwapFeed/{name}"),
        )
        for name, symbol, source in named
    ]
    decimals = aggregate([foreign(feed, "decimals()(uint8)") for _, feed in found])
    feeds: dict[str, list[tuple[str, int]]] = {}
    for (symbol, feed), places in zip(found, decimals, strict=True):
        feeds.setdefault(symbol, []).append((feed, places))
    return feeds


def _sources(index: IndexFile) -> Iterator[tuple[Coin, int, ChainlinkSource | TwapSource]]:
    for coin in index.coins:
        for at, source in enumerate(coin.oracle):
            yield coin, at, source


def twap_feeds(index: IndexFile) -> Iterator[tuple[str, list[Any]]]:
    """Name in the record and constructor arguments of every TWAP adapter."""
    sources = [(c.symbol, c.token, at, s) for c, at, s in _sources(index) if isinstance(s, TwapSource)]
    decimals = aggregate([foreign(source.quote_feed, "decimals()(uint8)") for *_, source in sources])
    for (symbol, token, at, source), places in zip(sources, decimals, strict=True):
        config = {
            "factory": index.venues.uniswap_v3.factory,
            "pool": source.pool,
            "base": token,
            "quoteFeed": source.quote_feed,
            "minQuotePrice": int(source.min_quote_price.scaleb(places)),
            "maxQuotePrice": int(source.max_quote_price.scaleb(places)),
            "window": source.window,
            "minLiquidity": source.min_liquidity,
        }
        yield f"TwapFeed/{symbol}/{at}", [config]


def setting_steps(system: System, index: IndexFile, feeds: dict[str, list[tuple[str, int]]]) -> list[Step]:
    """Everything that is set before roles hold."""
    return [
        *oracle_steps(system, index, feeds),
        *calculator_steps(system, index),
        *detector_steps(system, index),
        *emergency_steps(system, index, first_targets(index)[1]),
        *rebalancer_steps(system, index),
        *kill_switch_steps(system, index),
        binding_step(system),
        *reward_steps(system, index, feeds),
        *manager_steps(system, index),
        *optimizer_steps(system, index),
        ownership_step(system),
    ]


def role_holders_of(index: IndexFile, deployer: str) -> dict[RoleId, tuple[str, int]]:
    """Account and delay (seconds) of each person's role; what the description leaves open is the deployer's.

    The governor comes last: a deployer that is the governor acts with its delay from then on.
    """
    people = [role for role in RoleId if role != RoleId.WATCHDOG]
    order = sorted(people, key=lambda role: role == RoleId.GOVERNOR)
    given = {role: getattr(index.roles, role.name.lower()) for role in order}
    return {role: (who.account or deployer, who.delay_seconds) for role, who in given.items()}


def deployer_left(system: System, holders: dict[RoleId, tuple[str, int]], deployer: str) -> list[Check]:
    """The deployer is no admin any more, unless it is the governor; it holds no role that is another's."""
    checks = []
    for role, (account, _) in holders.items():
        if account != deployer:
            call = read(system.access, "hasRole", int(role), deployer)
            checks.append(Check(f"the deployer is not {role.name}", call, False, lambda answer: answer[0]))
    return checks


def _require_deployer(run: Transactor, deployer: str) -> None:
    if run.account.address != deployer:
        raise ConfigError(f"this deployment was begun by {deployer}: continue it with that --account")


def _do(run: Transactor, step: Step, say: Report) -> None:
    """Sends the step unless its checks hold already."""
    if all(result.holds for result in evaluate(step.checks)):
        return
    run.call(step.what, step.contract, step.method, *step.arguments)
    say(step.what)


def _wire(run: Transactor, system: System, wires: list[tuple[Check, bytes]], say: Report) -> None:
    """All roles that are not yet as they must be, in one transaction."""
    results = evaluate([check for check, _ in wires])
    missing = [call for (_, call), result in zip(wires, results, strict=True) if not result.holds]
    if missing:
        run.call("wiring the roles", system.access, "multicall", missing)
        say(f"wired {len(missing)} functions and roles")


def _leave(run: Transactor, system: System, left: list[Check], say: Report) -> None:
    """The deployer gives up the admin role where another account is the governor."""
    if not all(result.holds for result in evaluate(left)):
        run.call(
            "renouncing the deployer's role",
            system.access,
            "renounceRole",
            int(RoleId.GOVERNOR),
            run.account.address,
        )
        say("handed over to the governor")


def prove(checks: Iterable[Check]) -> list[Result]:
    """Every check against the chain; a ChainError names the first that does not hold."""
    results = evaluate(checks)
    wrong = [result for result in results if not result.holds]
    if wrong:
        first = wrong[0]
        raise ChainError(
            f"{len(wrong)} of {len(results)} settings on chain differ from the description, first "
            f"{first.what}: {first.actual}, expected {first.expected}: change it by its role, or the file"
        )
    return results
