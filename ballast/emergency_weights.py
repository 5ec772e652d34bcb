"""Emergency weights before they are set: the rules they keep to, and those that an index begins with."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ballast.errors import ConfigError
from ballast.index_file import IndexFile
from ballast.model.emergency import defaults
from ballast.units import BPS

Weights = Mapping[str, int]  # symbol -> bps


@dataclass(frozen=True)
class Rules:
    """What a coin's emergency weights must keep to, as the chain has it now."""

    current: dict[str, int]  # symbol -> bps, the calculator's weights
    leaning: dict[str, tuple[str, ...]]  # symbol -> the coins that fall with it
    cap: int  # bps


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


def first_emergency_weights(index: IndexFile, weights: Sequence[int]) -> dict[str, dict[str, int]]:
    """Each coin's emergency weights by symbol: the description's, or the model's defaults.

    A coin whose defaults break a rule, in a basket too small for them, is left out: the contract then
    composes the calculator's weights without it. ConfigError when the description's own break a rule.
    """
    symbols = [coin.symbol for coin in index.coins]
    current = dict(zip(symbols, weights, strict=True))
    groups, cap = index.crisis.risk_groups, index.crisis.emergency.cap_bps
    rules = Rules(current, groups, cap)
    result: dict[str, dict[str, int]] = {}
    for at, symbol in enumerate(symbols):
        given = index.crisis.emergency_weights.get(symbol)
        if given is not None:
            check_weights(symbol, given, rules, "crisis.emergency_weights")
            result[symbol] = given
            continue
        leaning = [name in groups.get(symbol, ()) for name in symbols]
        fallback = dict(zip(symbols, defaults(at, weights, leaning, cap), strict=True))
        with suppress(ConfigError):
            check_weights(symbol, fallback, rules, "defaults")
            result[symbol] = fallback
    return result
