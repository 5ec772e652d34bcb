"""How the contracts must be set: one list of checks, by which a deployment is continued and then proved.

A step is done when its checks hold on chain. `deploy` sends what is not done, and the same checks, asked
again in one call at the end, say whether the index is wired as its description has it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from eth_utils.crypto import keccak

from ballast.chain.multicall import Call, aggregate, foreign, read
from ballast.chain.preflight import GET_POOL
from ballast.chain.system import ETH, System
from ballast.index_file import Coin, IndexFile, RebalancingParams
from ballast.roles import WIRING, RoleId
from ballast.units import wad_of

_SOURCES = {"REPORTED": 0, "SUPPLY": 1}  # IndexCalculator's Source


@dataclass(frozen=True)
class Check:
    """One fact about the chain: what is read, what it must be. `lasting` ones hold after deployment, too."""

    what: str
    call: Call
    expected: Any
    pick: Callable[[Any], Any] = lambda answer: answer
    lasting: bool = True


@dataclass(frozen=True)
class Result:
    """A check with its outcome."""

    what: str
    expected: Any
    actual: Any

    @property
    def holds(self) -> bool:
        """Whether the chain is as it must be."""
        return bool(self.expected == self.actual)


@dataclass(frozen=True)
class Step:
    """A transaction that makes its checks true."""

    what: str
    checks: tuple[Check, ...]
    contract: Any
    method: str
    arguments: tuple[Any, ...]


def evaluate(checks: Iterable[Check]) -> list[Result]:
    """Asks the chain about every check, in one call."""
    asked = list(checks)
    answers = aggregate([check.call for check in asked])
    return [
        Result(check.what, check.expected, check.pick(answer))
        for check, answer in zip(asked, answers, strict=True)
    ]


def oracle_steps(system: System, index: IndexFile, feeds: dict[str, list[tuple[str, int]]]) -> list[Step]:
    """The sources of every coin and of ETH. `feeds`: per symbol the address and decimals of each source."""
    spread = index.oracle.max_deviation_bps
    steps = []
    for coin in index.coins:
        given = [(*feed, source) for feed, source in zip(feeds[coin.symbol], coin.oracle, strict=True)]
        steps.append(source_step(system, coin.symbol, coin.token, given, (coin.min_sources, spread)))
    eth = [(*feed, index.oracle.eth_usd) for feed in feeds["ETH"]]
    return [*steps, source_step(system, "ETH", ETH, eth, (1, spread))]


def source_step(
    system: System, symbol: str, asset: str, given: Sequence[tuple[str, int, Any]], limits: tuple[int, int]
) -> Step:
    """One asset's sources. `given`: feed, decimals and description of each; `limits`: how many must be good,
    and the bps that they may lie apart.
    """
    sources = [_source(*item) for item in given]
    expected = (sources, *limits, False)
    check = Check(f"oracle sources of {symbol}", read(system.oracle, "getSources", asset), expected)
    arguments = (asset, sources, *limits)
    return Step(f"setting the oracle sources of {symbol}", (check,), system.oracle, "setSources", arguments)


def _source(feed: str, decimals: int, source: Any) -> dict[str, Any]:
    return {
        "feed": feed,
        "heartbeat": source.heartbeat,
        "decimals": decimals,
        "minPrice": wad_of(source.min_price),
        "maxPrice": wad_of(source.max_price),
    }


def calculator_steps(system: System, index: IndexFile) -> list[Step]:
    """Limits, list and seeds of the calculator."""
    calculator, coins = system.calculator, index.coins
    params = index.calculator
    return [
        Step(
            "setting the age limit of market data",
            (Check("age limit of market data", read(calculator, "maxAge"), params.max_age_seconds),),
            calculator,
            "setMaxAge",
            (params.max_age_seconds,),
        ),
        _limits_step(system, index),
        Step(
            "listing the constituents",
            (_list_check(system, coins),),
            calculator,
            "setConstituents",
            ([(c.token, c.min_weight_bps, c.max_weight_bps, _SOURCES[c.market_cap.source]) for c in coins],),
        ),
        _seed_step(system, coins),
    ]


def _limits_step(system: System, index: IndexFile) -> Step:
    """The change limit comes from the file; what the file does not name stays as the contract has it."""
    call = read(system.calculator, "getLimits")
    limits: dict[str, int] = aggregate([call])[0]
    wanted = {**limits, "maxCapChangeBpsPerHour": index.calculator.max_change_bps_per_hour}
    check = Check("change limits of market data", call, wanted)
    return Step(
        "setting the change limits of market data",
        (check,),
        system.calculator,
        "setLimits",
        (wanted,),
    )


def _list_check(system: System, coins: Sequence[Coin]) -> Check:
    expected = [
        (c.token, c.min_weight_bps, c.max_weight_bps, _SOURCES[c.market_cap.source], True) for c in coins
    ]
    keys = ("token", "minBps", "maxBps", "source", "active")

    def pick(views: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [tuple(view[key] for key in keys) for view in views]

    return Check("constituents and their bounds", read(system.calculator, "getMarketData"), expected, pick)


def _seed_step(system: System, coins: Sequence[Coin]) -> Step:
    """Seeds exist once; from then on the values are the reporter's."""
    caps = [int(c.market_cap.initial_usd) for c in coins]
    scores = [c.market_cap.score for c in coins]

    def pick(views: list[dict[str, Any]]) -> list[bool]:
        return [view["capAt"] > 0 for view in views]

    check = Check("market data seeded", read(system.calculator, "getMarketData"), [True] * len(coins), pick)
    return Step(
        "seeding the market data",
        (check,),
        system.calculator,
        "seed",
        ([c.token for c in coins], caps, scores),
    )


def rebalancer_steps(system: System, index: IndexFile) -> list[Step]:
    """The Rebalancer's parameters."""
    wanted = contract_params(index.rebalancing)
    check = Check("rebalancing parameters", read(system.rebalancer, "getParams"), wanted)
    steps = [Step("setting the rebalancing parameters", (check,), system.rebalancer, "setParams", (wanted,))]
    for pair in index.pair_limits:
        tokens = [index.coin(symbol).token for symbol in pair.coins]
        limits = (pair.slippage_bps, wad_of(pair.max_trade_usd))
        name = f"limits of {'/'.join(pair.coins)}"
        check = Check(name, read(system.rebalancer, "pairLimits", *tokens), limits)
        steps.append(
            Step(f"setting the {name}", (check,), system.rebalancer, "setPairLimits", (*tokens, *limits))
        )
    return steps


def contract_params(given: RebalancingParams) -> dict[str, dict[str, int]]:
    """The file's names as the contract's `Params`."""
    trigger = {
        "driftBps": given.drift_limit_bps,
        "priceBps": given.price_limit_bps,
        "calendarInterval": given.calendar_seconds,
        "cooldown": given.cooldown_seconds,
        "sessionLength": given.session_seconds,
        "gasEstimate": given.gas_estimate,
        "minValue": wad_of(given.min_value_usd),
        "gasCeiling": wad_of(given.gas_ceiling_usd),
    }
    fill = {
        "settleBandBps": given.settle_band_bps,
        "slipBps": given.slippage_bps,
        "slipCeilingBps": given.slippage_ceiling_bps,
        "lossBudgetBps": given.loss_budget_bps,
        "lossPeriod": given.loss_period_seconds,
        "fillInterval": given.fill_interval_seconds,
        "maxTrades": given.max_trades,
        "maxTradeValue": wad_of(given.max_trade_usd),
    }
    return {"trigger": trigger, "fill": fill}


def immutables(system: System, index: IndexFile) -> list[Check]:
    """What the constructors fixed, the pools' addresses, and that prices and weights work."""
    authority = str(system.access.address)
    managed = {name: system.by_name(name) for name in sorted({grant.contract for grant in WIRING})}
    fixed = [
        *((f"authority of {name}", contract, "authority", authority) for name, contract in managed.items()),
        ("name of the share", system.vault, "name", index.name),
        ("symbol of the share", system.vault, "symbol", index.symbol),
        ("oracle of the vault", system.vault, "oracle", str(system.oracle.address)),
        ("vault of the Rebalancer", system.rebalancer, "VAULT", str(system.vault.address)),
        ("manager of the YieldOptimizer", system.optimizer, "MANAGER", str(system.manager.address)),
        ("oracle of the YieldOptimizer", system.optimizer, "ORACLE", str(system.oracle.address)),
        ("manager of the vault", system.vault, "manager", str(system.manager.address)),
        ("guard of the vault", system.vault, "guard", str(system.detector.address)),
        ("calculator of the Rebalancer", system.rebalancer, "CALCULATOR", str(system.emergency.address)),
        ("emergencies of the Rebalancer", system.rebalancer, "EMERGENCY", str(system.emergency.address)),
        ("calculator of the EmergencyIndex", system.emergency, "CALCULATOR", str(system.calculator.address)),
        ("detector of the EmergencyIndex", system.emergency, "DETECTOR", str(system.detector.address)),
        ("oracle of the EmergencyIndex", system.emergency, "ORACLE", str(system.oracle.address)),
        ("vault of the EmergencyIndex", system.emergency, "VAULT", str(system.vault.address)),
        ("oracle of the CrisisDetector", system.detector, "ORACLE", str(system.oracle.address)),
        ("vault of the KillSwitch", system.kill_switch, "VAULT", str(system.vault.address)),
        ("oracle of the KillSwitch", system.kill_switch, "ORACLE", str(system.oracle.address)),
        ("what the KillSwitch halts", system.kill_switch, "REBALANCER", str(system.rebalancer.address)),
        ("oracle of the Rebalancer", system.rebalancer, "ORACLE", str(system.oracle.address)),
        ("ETH/USD of the Rebalancer", system.rebalancer, "ETH_ASSET", ETH),
        ("factory of the venue", system.venue, "FACTORY", index.venues.uniswap_v3.factory),
    ]
    checks = [Check(what, read(contract, method), expected) for what, contract, method, expected in fixed]
    return checks + _pool_checks(system, index) + _working(system, index)


def _pool_checks(system: System, index: IndexFile) -> list[Check]:
    """The venue computes the pools' addresses; the factory knows them."""
    uniswap = index.venues.uniswap_v3
    keys = [(a, b, fee) for a, b in combinations(index.coins, 2) for fee in uniswap.fee_tiers]
    calls = [foreign(uniswap.factory, GET_POOL, a.token, b.token, fee) for a, b, fee in keys]
    return [
        Check(f"pool {a.symbol}/{b.symbol} {fee}", read(system.venue, "poolOf", a.token, b.token, fee), pool)
        for (a, b, fee), pool in zip(keys, aggregate(calls), strict=True)
        if int(pool, 16)
    ]


def _working(system: System, index: IndexFile) -> list[Check]:
    """Every price is good and the vault's first targets are the calculator's; true when deployed."""
    tokens = [coin.token for coin in index.coins]
    good = [1] * (len(tokens) + 1)

    def statuses(quotes: list[dict[str, int]]) -> list[int]:
        return [quote["status"] for quote in quotes]

    basket = read(system.vault, "getConstituents")
    first = aggregate([basket])[0]
    return [
        Check("prices", read(system.oracle, "quotes", [*tokens, ETH]), good, statuses, lasting=False),
        Check("weights", read(system.calculator, "calculateOptimalWeights"), first, lasting=False),
        Check("market data stale", read(system.calculator, "isStale"), False, lasting=False),
    ]


def binding_step(system: System) -> Step:
    """The StrategyManager's vault, which names it as its manager."""
    vault = str(system.vault.address)
    check = Check("vault of the StrategyManager", read(system.manager, "vault"), vault)
    return Step("binding the StrategyManager to the vault", (check,), system.manager, "bind", (vault,))


def ownership_step(system: System) -> Step:
    """The vault's owner is the Rebalancer."""
    check = Check("owner of the vault", read(system.vault, "owner"), str(system.rebalancer.address))
    arguments = (str(system.rebalancer.address),)
    return Step("handing the vault to the Rebalancer", (check,), system.vault, "transferOwnership", arguments)


def function_roles(system: System) -> list[tuple[Check, bytes]]:
    """Every function of the role table with its role, and the manager's call that sets it."""
    pairs = []
    for grant in WIRING:
        target = system.by_name(grant.contract)
        for name in grant.functions:
            selector = keccak(text=target.contract_type.mutable_methods[name].selector)[:4]
            check = Check(
                f"{grant.contract}.{name} for {grant.role.name}",
                read(system.access, "getTargetFunctionRole", target.address, selector),
                int(grant.role),
            )
            call = system.access.setTargetFunctionRole.encode_input(
                target.address, [selector], int(grant.role)
            )
            pairs.append((check, bytes(call)))
    return pairs


def role_holders(system: System, holders: dict[RoleId, tuple[str, int]]) -> list[tuple[Check, bytes]]:
    """Every role's holder with its delay, and the call that grants it. `holders`: account, seconds."""
    pairs = []
    for role, (account, delay) in holders.items():
        check = Check(
            f"{role.name} is {account} after {delay} s",
            read(system.access, "hasRole", int(role), account),
            (True, delay),
        )
        pairs.append((check, bytes(system.access.grantRole.encode_input(int(role), account, delay))))
    return pairs
