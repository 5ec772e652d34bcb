"""Emergency weights on their way to the chain: read from YAML, held against its rules, compared."""

from collections.abc import Mapping
from dataclasses import dataclass

from ballast.chain.authority import Act
from ballast.chain.multicall import aggregate, read
from ballast.chain.system import System
from ballast.errors import ConfigError
from ballast.index_file import IndexFile, parse_mapping
from ballast.model.emergency import defaults
from ballast.units import BPS

Weights = Mapping[str, int]  # symbol -> bps


@dataclass(frozen=True)
class Rules:
    """What a coin's emergency weights must keep to, as the chain has it now."""

    current: dict[str, int]  # symbol -> bps, the calculator's weights
    leaning: dict[str, tuple[str, ...]]  # symbol -> the coins that fall with it
    cap: int  # bps


@dataclass(frozen=True)
class WeightChange:
    """The emergency weights of one coin, as they are and as they shall be; all coins of the index."""

    asset: str
    is_set: bool  # else `now` is what the contract composes from the calculator's weights of the moment
    now: dict[str, int]
    then: dict[str, int]

    @property
    def is_none(self) -> bool:
        """Whether the chain has been given these weights already."""
        return self.is_set and self.now == self.then


def parse_weights(text: str, name: str) -> dict[str, dict[str, int]]:
    """`{USDC: {USDT: 7000, ...}, ...}` from YAML text. ConfigError, one line."""
    raw = parse_mapping(text, name, "a coin and its weights expected, such as USDC: {USDT: 7000, LUSD: 3000}")
    for asset, weights in raw.items():
        if not isinstance(weights, dict) or not weights:
            raise ConfigError(
                f"{name}: {asset}: weights by coin expected, such as {{USDT: 7000, LUSD: 3000}}"
            )
        for coin, bps in weights.items():
            if not isinstance(bps, int) or isinstance(bps, bool) or not 0 <= bps <= BPS:
                raise ConfigError(f"{name}: {asset}.{coin}: {bps!r} is no weight: whole bps, 0 to {BPS}")
    return {str(asset): {str(coin): bps for coin, bps in given.items()} for asset, given in raw.items()}


def check_weights(asset: str, weights: Weights, rules: Rules, name: str) -> None:
    """The rules of `setEmergencyWeights`. ConfigError, one line, for the first that is broken."""
    for coin in (asset, *weights):
        if coin not in rules.current:
            known = ", ".join(rules.current)
            raise ConfigError(f"{name}: {asset}: {coin} is not a coin of the index: name one of {known}")
    total = sum(weights.values())
    if total != BPS:
        raise ConfigError(f"{name}: {asset}: the weights sum to {total} bps, not {BPS}: correct them")
    own, current = weights.get(asset, 0), rules.current[asset]
    if own and own >= current:
        raise ConfigError(
            f"{name}: {asset}: {own} bps of {asset} itself is no reduction, it has {current} bps: give less"
        )
    for coin in rules.leaning.get(asset, ()):
        if weights.get(coin, 0) > rules.current[coin]:
            raise ConfigError(
                f"{name}: {asset}: {coin} leans on {asset} and must not be raised above its "
                f"{rules.current[coin]} bps: give less"
            )
    for coin, bps in weights.items():
        if bps > max(rules.cap, rules.current[coin]):
            raise ConfigError(f"{name}: {asset}: {coin} at {bps} bps is above the cap of {rules.cap} bps")


def read_rules(system: System, index: IndexFile) -> Rules:
    """The rules as they are on chain."""
    names = {coin.token: coin.symbol for coin in index.coins}
    (tokens, weights), params, *groups = aggregate(
        [
            read(system.calculator, "calculateOptimalWeights"),
            read(system.emergency, "emergencyParams"),
            *(read(system.emergency, "riskGroupOf", coin.token) for coin in index.coins),
        ]
    )
    current = {names[token]: weight for token, weight in zip(tokens, weights, strict=True)}
    leaning = {
        coin.symbol: tuple(names[token] for token in group)
        for coin, group in zip(index.coins, groups, strict=True)
    }
    return Rules(current, leaning, params["capBps"])


def composed(asset: str, rules: Rules) -> dict[str, int]:
    """What the contract flees to where no weights are set: the calculator's without the coin."""
    symbols = list(rules.current)
    leaning = [symbol in rules.leaning.get(asset, ()) for symbol in symbols]
    weights = defaults(symbols.index(asset), list(rules.current.values()), leaning, rules.cap)
    return dict(zip(symbols, weights, strict=True))


def changes(
    system: System, index: IndexFile, wanted: Mapping[str, Weights], rules: Rules
) -> list[WeightChange]:
    """What the wanted weights would change, coin by coin."""
    tokens = {coin.symbol: coin.token for coin in index.coins}
    names = {token: symbol for symbol, token in tokens.items()}
    answers = aggregate([read(system.emergency, "emergencyWeightsOf", tokens[asset]) for asset in wanted])
    result = []
    for (asset, weights), answer in zip(wanted.items(), answers, strict=True):
        given = {names[item["token"]]: item["bps"] for item in answer}
        now = given or composed(asset, rules)
        result.append(
            WeightChange(
                asset,
                bool(given),
                {symbol: now.get(symbol, 0) for symbol in tokens},
                {symbol: weights.get(symbol, 0) for symbol in tokens},
            )
        )
    return result


def weight_act(system: System, index: IndexFile, asset: str, weights: Weights) -> Act:
    """The call that sets one coin's emergency weights."""
    arguments = (index.coin(asset).token, weight_tuples(index, weights))
    return Act(
        f"setting the emergency weights of {asset}", system.emergency, "setEmergencyWeights", arguments
    )


def weight_tuples(index: IndexFile, weights: Weights) -> list[tuple[str, int]]:
    """The weights as the contract takes them: in the index's order, without zeros."""
    return [(coin.token, weights[coin.symbol]) for coin in index.coins if weights.get(coin.symbol)]
