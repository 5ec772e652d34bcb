"""How the lent part is deployed and set: the description's `lending:` section as contracts and steps."""

from collections.abc import Callable, Iterator
from typing import Any

from eth_utils.crypto import keccak

from ballast.chain.connect import contract_at
from ballast.chain.multicall import read
from ballast.chain.system import STRATEGY, System, strategy_at
from ballast.chain.wiring import Check, Step, source_step
from ballast.errors import ChainError
from ballast.index_file import Coin, IndexFile
from ballast.index_lending import AaveV3, CoinLending, CompoundV3, Convex, Curve, Erc4626, Own, Strategy
from ballast.roles import STRATEGY_WIRING

ZERO = "0x" + "0" * 40
_CONTRACTS: dict[type[Any], str] = {
    AaveV3: "AaveStrategy",
    CompoundV3: "CompoundStrategy",
    Curve: "CurveStrategy",
    Convex: "ConvexStrategy",
}
_LENSES: dict[type[Any], str] = {
    AaveV3: "AaveLens",
    CompoundV3: "CometLens",
    Curve: "CurveLens",
    Convex: "CurveLens",
    Erc4626: "SharePriceLens",
}
_PRICED = ("AaveLens", "CometLens")  # they count rewards, at the oracle's prices
Create = Callable[[str, str, list[Any]], Any]  # name in the record, contract, constructor arguments


def record_name(symbol: str, name: str) -> str:
    """What a strategy is called in the deployment record."""
    return f"{STRATEGY}{symbol}/{name}"


def lent_coins(index: IndexFile) -> Iterator[tuple[Coin, CoinLending]]:
    """Every coin that may be lent, in the index's order, with its part of the section."""
    for coin in index.coins:
        if index.lending is not None and coin.symbol in index.lending.coins:
            yield coin, index.lending.coins[coin.symbol]


def listed_strategies(index: IndexFile) -> Iterator[tuple[Coin, Strategy]]:
    """Every strategy of the section."""
    for coin, lending in lent_coins(index):
        for strategy in lending.strategies:
            yield coin, strategy


def own_strategies(index: IndexFile) -> Iterator[tuple[str, str, Coin, Own]]:
    """Name in the record and contract of every strategy that is deployed with the index."""
    for coin, strategy in listed_strategies(index):
        if not isinstance(strategy, Erc4626):
            yield record_name(coin.symbol, strategy.name), _CONTRACTS[type(strategy)], coin, strategy


def create_strategies(create: Create, index: IndexFile, authority: str, oracle: Any) -> None:
    """The lenses that the index needs, and its own strategies; others' vaults are there already."""
    for lens in lenses_of(index):
        create(lens, lens, [oracle] if lens in _PRICED else [])
    for name, contract, coin, strategy in own_strategies(index):
        create(name, contract, strategy_arguments(coin, strategy, authority, oracle))


def lenses_of(index: IndexFile) -> list[str]:
    """The lenses that read the index's markets."""
    return list(dict.fromkeys(_LENSES[type(strategy)] for _, strategy in listed_strategies(index)))


def strategy_arguments(coin: Coin, given: Own, authority: str, oracle: Any) -> list[Any]:
    """The constructor's arguments: its share's name, the protocol's addresses, authority and oracle."""
    share = [f"Ballast {coin.symbol} {given.name}", f"b{coin.symbol}-{given.name}"]
    match given:
        case AaveV3():
            protocol: list[Any] = [coin.token, given.pool, given.rewards or ZERO]
        case CompoundV3():
            protocol = [given.comet, given.rewards]
        case Curve():
            protocol = [given.pool, coin.token]
        case Convex():
            protocol = [given.pool, coin.token, given.booster, given.pool_id, list(given.extra_rewards)]
    return [*share, *protocol, authority, oracle]


def strategy_address(system: System, coin: Coin, given: Strategy) -> str:
    """Where a strategy of the section is. ChainError for one that was never deployed."""
    if isinstance(given, Erc4626):
        return given.vault
    name = record_name(coin.symbol, given.name)
    if name not in system.strategies:
        raise ChainError(
            f"{given.name} of {coin.symbol} is in the description but was not deployed with the index: "
            "deploy it and let the governor add it, or take it out"
        )
    return system.strategies[name]


def reward_steps(system: System, index: IndexFile, feeds: dict[str, list[tuple[str, int]]]) -> list[Step]:
    """The prices of what is harvested. `feeds`: per reward the address and decimals of each source."""
    if index.lending is None:
        return []
    return [
        source_step(
            system,
            symbol,
            reward.token,
            [(*feed, source) for feed, source in zip(feeds[symbol], reward.oracle, strict=True)],
            (reward.min_sources, reward.max_deviation_bps),
        )
        for symbol, reward in index.lending.rewards.items()
    ]


def strategy_names(system: System, index: IndexFile) -> dict[str, str]:
    """How people call each strategy of the section, by address: "USDC in aave_v3"."""
    return {
        strategy_address(system, coin, given): f"{coin.symbol} in {given.name}"
        for coin, given in listed_strategies(index)
    }


def manager_steps(system: System, index: IndexFile) -> list[Step]:
    """Per coin its strategies with their caps, in the description's order, then its terms."""
    steps = []
    for coin, lending in lent_coins(index):
        steps += [_strategy_step(system, coin, given) for given in lending.strategies]
        steps.append(_terms_step(system, index, coin, lending))
    return steps


def _terms_step(system: System, index: IndexFile, coin: Coin, lending: CoinLending) -> Step:
    assert index.lending is not None, "the coin is lent"
    wanted = {
        "bufferBps": lending.buffer_bps,
        "unlockPeriod": lending.unlock_seconds,
        "jumpBps": index.lending.jump_bps,
        "lossBudgetBps": index.lending.loss_budget_bps,
        "lossPeriod": index.lending.loss_period_seconds,
    }
    what = f"how {coin.symbol} is lent"
    check = Check(what, read(system.manager, "termsOf", coin.token), wanted)
    return Step(f"setting {what}", (check,), system.manager, "setTerms", (coin.token, wanted))


def _strategy_step(system: System, coin: Coin, given: Strategy) -> Step:
    address = strategy_address(system, coin, given)
    caps = (int(given.cap * 10**coin.decimals), given.cap_bps)

    def pick(states: list[dict[str, Any]]) -> tuple[int, int] | None:
        found = (s for s in states if s["strategy"] == address)
        return next(((s["absoluteCap"], s["relativeCapBps"]) for s in found), None)

    check = Check(
        f"caps of {coin.symbol} in {given.name}", read(system.manager, "strategiesOf", coin.token), caps, pick
    )
    what = f"listing {given.name} for {coin.symbol}"
    return Step(what, (check,), system.manager, "addStrategy", (address, *caps))


def optimizer_steps(system: System, index: IndexFile) -> list[Step]:
    """When a move pays, then how each strategy's market is read and how much of its yield counts."""
    if index.lending is None:
        return []
    given = index.lending.optimizer
    wanted = {
        "differentialBps": given.differential_bps,
        "maxShareBps": given.max_share_bps,
        "horizon": given.horizon_seconds,
        "moveGas": given.move_gas,
    }
    check = Check("when moving pays", read(system.optimizer, "getParams"), wanted)
    steps = [Step("setting when moving pays", (check,), system.optimizer, "setParams", (wanted,))]
    return steps + [_lens_step(system, coin, strategy) for coin, strategy in listed_strategies(index)]


def _lens_step(system: System, coin: Coin, given: Strategy) -> Step:
    at, lens = strategy_address(system, coin, given), system.lenses[_LENSES[type(given)]]
    name = f"{coin.symbol} in {given.name}"
    checks = (
        Check(f"lens of {name}", read(system.optimizer, "lensOf", at), lens),
        Check(f"score of {name}", read(system.optimizer, "scoreOf", at), given.score),
    )
    return Step(f"judging {name}", checks, system.optimizer, "setLens", (at, lens, given.score))


def strategy_facts(system: System, index: IndexFile) -> list[Check]:
    """What the constructors of the strategies fixed."""
    checks = []
    for name, _, coin, _given in own_strategies(index):
        strategy = strategy_at(system.strategies[name])
        checks.append(Check(f"coin of {name}", read(strategy, "asset"), coin.token))
        checks.append(Check(f"authority of {name}", read(strategy, "authority"), str(system.access.address)))
    return checks


def strategy_roles(system: System, index: IndexFile) -> list[tuple[Check, bytes]]:
    """The roles of every own strategy's functions, and the manager's calls that set them."""
    pairs = []
    for name, contract, _, _given in own_strategies(index):
        target = contract_at(contract, system.strategies[name])
        for grant in STRATEGY_WIRING:
            if grant.contract not in ("Strategy", contract):
                continue
            for function in grant.functions:
                selector = keccak(text=target.contract_type.mutable_methods[function].selector)[:4]
                check = Check(
                    f"{name}.{function} for {grant.role.name}",
                    read(system.access, "getTargetFunctionRole", target.address, selector),
                    int(grant.role),
                )
                arguments = (target.address, [selector], int(grant.role))
                call = system.access.setTargetFunctionRole.encode_input(*arguments)
                pairs.append((check, bytes(call)))
    return pairs
