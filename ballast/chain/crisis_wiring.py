"""How the contracts for emergencies must be set: the description's `crisis:` section as steps with checks."""

from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from ballast.chain.emergency_weights import Rules, Weights, check_weights, weight_tuples
from ballast.chain.multicall import read
from ballast.chain.system import System
from ballast.chain.wiring import Check, Step
from ballast.index_file import IndexFile
from ballast.model.crisis import CrisisParams
from ballast.model.emergency import EmergencyParams


def detector_steps(system: System, index: IndexFile) -> list[Step]:
    """Thresholds, and what each coin's issuer is asked."""
    wanted = detector_params(index.crisis.detector.model)
    check = Check("crisis thresholds", read(system.detector, "getParams"), wanted)
    steps = [Step("setting the crisis thresholds", (check,), system.detector, "setParams", (wanted,))]
    for symbol, probes in index.crisis.issuer_probes.items():
        token = index.coin(symbol).token
        asked = [(token, probe_data(probe, str(system.vault.address))) for probe in probes]
        what = f"issuer probes of {symbol}"
        check = Check(what, read(system.detector, "issuerProbesOf", token), asked, _pairs)
        steps.append(
            Step(f"setting the {what}", (check,), system.detector, "setIssuerProbes", (token, asked))
        )
    return steps


def _pairs(structs: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """A list of structs as a list of tuples."""
    return [tuple(item.values()) for item in structs]


def probe_data(probe: str, vault: str) -> bytes:
    """The call that a probe such as `paused()` or `isBlacklisted(vault)` stands for."""
    name, argument = probe[:-1].split("(")
    if not argument:
        return keccak(text=f"{name}()")[:4]
    return keccak(text=f"{name}(address)")[:4] + encode(["address"], [vault])


def detector_params(given: CrisisParams) -> dict[str, int]:
    """The model's parameters by the contract's names."""
    return {
        "confirmations": given.confirmations,
        "watchBps": given.watch_bps,
        "calmBps": given.calm_bps,
        "allowanceBps": given.allowance_bps,
        "threshold": given.threshold,
        "surgeBps": given.surge_bps,
        "surgeTenths": given.surge_tenths,
        "surgeLooks": given.surge_looks,
        "spacing": given.spacing,
        "maxGap": given.max_gap,
        "calmPeriod": given.calm_period,
        "recoveryPeriod": given.recovery_period,
        "stepInterval": given.step_interval,
        "steps": given.steps,
        "darkPeriod": given.dark_period,
    }


def emergency_params(given: EmergencyParams) -> dict[str, int]:
    """The model's parameters by the contract's names."""
    return {
        "settleBandBps": given.settle_band_bps,
        "slipBps": given.slip_bps,
        "lossBudgetBps": given.loss_budget_bps,
        "lossPeriod": given.loss_period,
        "fillInterval": given.fill_interval,
        "sessionLength": given.session_length,
        "auctionLength": given.auction_length,
        "premiumBps": given.premium_bps,
        "maxTrades": given.max_trades,
        "maxTradeValue": given.max_trade_value,
        "capBps": given.cap_bps,
    }


def emergency_steps(system: System, index: IndexFile, weights: list[int]) -> list[Step]:
    """Trading in emergencies, risk groups, then the weights that are held against both.

    `weights` are the calculator's first ones, in the order of the index's coins.
    """
    wanted = emergency_params(index.crisis.emergency.model)
    contract = system.emergency
    check = Check("emergency trading", read(contract, "emergencyParams"), wanted)
    steps = [Step("setting how emergencies trade", (check,), contract, "setEmergencyParams", (wanted,))]
    for symbol, leaning in index.crisis.risk_groups.items():
        token, members = index.coin(symbol).token, [index.coin(name).token for name in leaning]
        check = Check(f"what leans on {symbol}", read(contract, "riskGroupOf", token), members)
        steps.append(
            Step(f"setting what leans on {symbol}", (check,), contract, "setRiskGroup", (token, members))
        )
    for symbol, target in first_emergency_weights(index, weights).items():
        steps.append(_weights_step(system, index, symbol, target))
    return steps


def _weights_step(system: System, index: IndexFile, symbol: str, target: Weights) -> Step:
    token, tuples = index.coin(symbol).token, weight_tuples(index, target)
    what = f"emergency weights of {symbol}"
    check = Check(what, read(system.emergency, "emergencyWeightsOf", token), tuples, _pairs)
    return Step(f"setting the {what}", (check,), system.emergency, "setEmergencyWeights", (token, tuples))


def first_emergency_weights(index: IndexFile, weights: list[int]) -> dict[str, dict[str, int]]:
    """The description's emergency weights by symbol. ConfigError when they break a rule.

    For a coin that it does not name the contract composes the calculator's weights of the moment without it,
    which do not age.
    """
    current = dict(zip([coin.symbol for coin in index.coins], weights, strict=True))
    rules = Rules(current, index.crisis.risk_groups, index.crisis.emergency.cap_bps)
    for symbol, given in index.crisis.emergency_weights.items():
        check_weights(symbol, given, rules, "crisis.emergency_weights")
    return dict(index.crisis.emergency_weights)


def kill_switch_steps(system: System, index: IndexFile) -> list[Step]:
    """How far and how fast a share must fall."""
    given = index.crisis.kill_switch
    wanted = (given.drop_bps, given.window_seconds, given.spacing_seconds)

    def pick(settings: dict[str, int]) -> tuple[int, ...]:
        return settings["dropBps"], settings["window"], settings["spacing"]

    check = Check("kill switch", read(system.kill_switch, "getSettings"), wanted, pick)
    return [Step("setting the kill switch", (check,), system.kill_switch, "setParams", wanted)]
