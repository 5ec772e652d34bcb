import copy
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from ballast.errors import ConfigError
from ballast.index_file import IndexFile, load_index, parse_index
from ballast.model import crisis, emergency
from ballast.settings import PACKAGED_INDEX
from ballast.units import BPS

GOOD: dict[str, Any] = yaml.safe_load(PACKAGED_INDEX.read_text())
for _coin in GOOD["coins"]:  # one source and the default bounds, for the cases below to change
    _coin["oracle"] = _coin["oracle"][:1]
    for _key in ("min_sources", "min_weight_bps", "max_weight_bps"):
        del _coin[_key]


def put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Sets the key at a dotted path; numbers index lists."""

    def change(raw: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        node: Any = raw
        for part in parents:
            node = node[int(part)] if part.isdigit() else node.setdefault(part, {})
        node[int(last) if last.isdigit() else last] = value

    return change


def drop(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw.pop(key)


def drop_in_coin(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["coins"][2].pop(key)


def in_every_coin(key: str, value: int) -> Callable[[dict[str, Any]], None]:
    return put("coins", [coin | {key: value} for coin in GOOD["coins"]])


USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
TWAP = {"kind": "twap", "pool": USDC, "window": 1800, "quote_feed": USDC, "heartbeat": 3600}
TWAP["min_liquidity"] = 10**13

BAD: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "no name": (drop("name"), "name: Field required: add it"),
    "no coins": (drop("coins"), "coins: Field required"),
    "no venues": (drop("venues"), "venues: Field required"),
    "no oracle": (drop("oracle"), "oracle: Field required"),
    "unknown key": (put("feees", 3), "feees: Extra inputs are not permitted: remove it or correct its name"),
    "long name": (put("name", "x" * 51), "name: "),
    "chain id of text": (put("chain_id", "mainnet"), "chain_id: "),
    "chain id zero": (put("chain_id", 0), "chain_id: "),
    "coins of one": (put("coins", GOOD["coins"][:1]), "coins: "),
    "coins no list": (put("coins", "USDC"), "coins: "),
    "coin no mapping": (put("coins.1", "USDT"), "coins.1: "),
    "coin without token": (drop_in_coin("token"), "coins.DAI.token: Field required"),
    "coin without symbol": (drop_in_coin("symbol"), "coins.2.symbol: Field required"),
    "coin without cap": (drop_in_coin("market_cap"), "coins.DAI.market_cap: Field required"),
    "token too short": (put("coins.0.token", "0x1234"), "coins.USDC.token: not an address"),
    "token unquoted number": (put("coins.0.token", int(USDC, 16)), "coins.USDC.token: "),
    "token mistyped": (put("coins.0.token", USDC.replace("B48", "b48")), "wrong EIP-55 checksum"),
    "token zero": (put("coins.0.token", "0x" + "0" * 40), "zero address"),
    "token twice": (put("coins.1.token", USDC), "is given twice"),
    "symbol twice": (put("coins.1.symbol", "USDC"), "coin symbol USDC is given twice"),
    "symbol with space": (put("coins.1.symbol", "US DT"), "symbol"),
    "decimals 19": (put("coins.0.decimals", 19), "coins.USDC.decimals: "),
    "decimals text": (put("coins.0.decimals", "six"), "coins.USDC.decimals: "),
    "bounds crossed": (put("coins.0.min_weight_bps", 4_001), "coins.USDC: min_weight_bps is above"),
    "bounds too low": (in_every_coin("max_weight_bps", 1_999), "must lie between"),
    "bounds too high": (in_every_coin("min_weight_bps", 2_001), "must lie between"),
    "too few active": (put("calculator.min_active", 6), "5 coins, but calculator.min_active is 6"),
    "no sources": (put("coins.0.oracle", []), "coins.USDC.oracle: "),
    "unknown source": (put("coins.0.oracle.0.kind", "pyth"), "coins.USDC.oracle.0: "),
    "more sources wanted": (put("coins.0.min_sources", 2), "min_sources is 2 but only 1"),
    "no heartbeat": (put("coins.0.oracle.0.heartbeat", 0), "coins.USDC.oracle.0.heartbeat: "),
    "price bounds crossed": (put("coins.0.oracle.0.min_price", 3), "min_price must be above 0"),
    "price not finite": (put("coins.0.oracle.0.max_price", float("inf")), "max_price"),
    "price nan": (put("coins.0.oracle.0.max_price", float("nan")), "max_price"),
    "twap of a minute": (put("coins.0.oracle.0", TWAP | {"window": 59}), "coins.USDC.oracle.0.window: "),
    "twap without pool": (put("coins.0.oracle.0", {"kind": "twap", "window": 60}), "oracle.0.pool: Field"),
    "cap zero": (put("coins.0.market_cap.initial_usd", 0), "coins.USDC.market_cap.initial_usd: "),
    "cap negative": (put("coins.0.market_cap.initial_usd", -1), "initial_usd: "),
    "score 1001": (put("coins.0.market_cap.score", 1_001), "coins.USDC.market_cap.score: "),
    "cap source": (put("coins.0.market_cap.source", "GUESSED"), "coins.USDC.market_cap.source: "),
    "band above drift": (put("rebalancing", {"settle_band_bps": 300}), "settle_band_bps must be below"),
    "slippage above ceiling": (put("rebalancing", {"slippage_bps": 201}), "slippage_bps is above"),
    "slippage above 100 %": (put("rebalancing", {"slippage_ceiling_bps": 10_001}), "slippage_ceiling_bps: "),
    "guardian delayed": (put("roles.guardian", {"delay_seconds": 1}), "de-risking is instant"),
    "role zero": (put("roles.keeper", {"account": "0x" + "0" * 40}), "roles.keeper.account: the zero"),
    "unknown role": (put("roles.owner", {}), "roles.owner: "),
    "group outside": (put("crisis.risk_groups", {"USDC": ["SAI"]}), "risk_groups: SAI is not a coin"),
    "group of nobody": (put("crisis.risk_groups", {"SAI": ["USDC"]}), "risk_groups: SAI is not a"),
    "group of itself": (put("crisis.risk_groups", {"DAI": ["DAI"]}), "risk_groups.DAI: a coin does not lean"),
    "group twice": (put("crisis.risk_groups", {"USDC": ["DAI", "DAI"]}), "USDC DAI is given twice"),
    "weights short": (put("crisis.emergency_weights", {"DAI": {"USDC": 9_999}}), "sum to 9999 bps, not"),
    "weights outside": (
        put("crisis.emergency_weights", {"DAI": {"USDC": 5_000, "SAI": 5_000}}),
        "crisis.emergency_weights: SAI is not a coin",
    ),
    "weight above cap": (put("crisis.emergency_weights", {"DAI": {"USDC": 10_000}}), "emergency.cap_bps"),
    "weight negative": (put("crisis.emergency_weights", {"DAI": {"USDC": -1}}), "weights.DAI.USDC: "),
    "probe with text": (put("crisis.issuer_probes", {"DAI": ["paused(1)"]}), "crisis.issuer_probes.DAI.0: "),
    "probe outside": (put("crisis.issuer_probes", {"SAI": ["paused()"]}), "issuer_probes: SAI is not a coin"),
    "probes of three": (put("crisis.issuer_probes", {"DAI": ["a()", "b()", "c()"]}), "issuer_probes.DAI: "),
    "one confirmation": (put("crisis.detector", {"confirmations": 1}), "crisis.detector.confirmations: "),
    "surge of a tremor": (put("crisis.detector", {"surge_bps": 499}), "crisis.detector.surge_bps: "),
    "calm above watch": (put("crisis.detector", {"calm_bps": 100}), "calm_bps must be below watch_bps"),
    "watch above allowance": (put("crisis.detector", {"watch_bps": 501}), "calm_bps must be below watch_bps"),
    "spacing above gap": (put("crisis.detector", {"max_gap_seconds": 299}), "is above max_gap_seconds"),
    "kill switch of nothing": (put("crisis.kill_switch", {"drop_bps": 0}), "crisis.kill_switch.drop_bps: "),
    "kill switch forgets": (put("crisis.kill_switch", {"spacing_seconds": 60}), "1 to 96 times spacing"),
    "unknown crisis key": (put("crisis.emergencies", {}), "crisis.emergencies: Extra inputs"),
    "hub outside": (put("hubs", ["WETH"]), "hub WETH is not a coin"),
    "hub twice": (put("hubs", ["USDC", "USDC"]), "hub USDC is given twice"),
    "no fee tiers": (put("venues.uniswap_v3.fee_tiers", []), "venues.uniswap_v3.fee_tiers: "),
    "fee of 100 %": (put("venues.uniswap_v3.fee_tiers", [1_000_000]), "fee_tiers.0: "),
}  # fmt: skip


def test_load_index__packaged__five_coins_whose_bounds_can_be_met() -> None:
    index = load_index(PACKAGED_INDEX)
    assert [coin.symbol for coin in index.coins] == ["USDC", "USDT", "DAI", "FRAX", "LUSD"]
    assert [coin.decimals for coin in index.coins] == [6, 6, 18, 18, 18]
    assert sum(coin.min_weight_bps for coin in index.coins) <= BPS
    assert sum(coin.max_weight_bps for coin in index.coins) >= BPS
    assert index.coin("DAI").market_cap.initial_usd == Decimal(4_629_017_274)
    assert index.coin("USDC").token == USDC


def test_load_index__defaults__those_of_the_design() -> None:
    params = load_index(PACKAGED_INDEX).rebalancing
    assert (params.drift_limit_bps, params.price_limit_bps, params.calendar_seconds) == (300, 100, 7 * 86_400)
    assert (params.settle_band_bps, params.slippage_bps, params.slippage_ceiling_bps) == (50, 50, 200)


def test_load_index__packaged_crisis__defaults_of_the_model_with_groups_and_probes() -> None:
    given = load_index(PACKAGED_INDEX).crisis
    assert (given.detector.model, given.emergency.model) == (crisis.DEFAULT, emergency.DEFAULT)
    assert given.risk_groups == {"USDC": ("DAI", "FRAX")}
    assert {symbol: len(probes) for symbol, probes in given.issuer_probes.items()} == {"USDC": 2, "USDT": 2}


def test_parse_index__no_crisis_section__the_models_defaults() -> None:
    raw = {key: value for key, value in GOOD.items() if key != "crisis"}
    given = parse_index(yaml.safe_dump(raw), "index.yaml").crisis
    assert (given.detector.model, given.emergency.model) == (crisis.DEFAULT, emergency.DEFAULT)
    assert (given.risk_groups, given.emergency_weights, given.issuer_probes) == ({}, {}, {})


def test_parse_index__crisis_params__reach_the_model_by_their_names() -> None:
    raw = copy.deepcopy(GOOD)
    raw["crisis"] = {
        "detector": {"threshold_bps_hours": 501, "step_seconds": 601},
        "emergency": {"slippage_bps": 9, "max_trade_usd": 1_001},
    }
    given = parse_index(yaml.safe_dump(raw), "index.yaml").crisis
    assert given.detector.model == replace(crisis.DEFAULT, threshold=501 * 3_600, step_interval=601)
    assert given.emergency.model == replace(emergency.DEFAULT, slip_bps=9, max_trade_value=1_001 * 10**18)


def test_parse_index__lower_case_addresses_and_twap__read() -> None:
    raw = copy.deepcopy(GOOD)
    raw["coins"][0]["token"] = USDC.lower()
    raw["coins"][0]["oracle"].append(TWAP)
    index = parse_index(yaml.safe_dump(raw), "index.yaml")
    assert isinstance(index, IndexFile)
    assert index.coins[0].token == USDC
    assert [source.kind for source in index.coins[0].oracle] == ["chainlink", "twap"]


@pytest.mark.parametrize("case", BAD)
def test_parse_index__bad_input__one_line_naming_file_and_key(case: str) -> None:
    spoil, words = BAD[case]
    raw = copy.deepcopy(GOOD)
    spoil(raw)
    with pytest.raises(ConfigError) as caught:
        parse_index(yaml.safe_dump(raw), "my.yaml")
    message = str(caught.value)
    assert message.startswith("my.yaml: ")
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b",
        "text",
        "a: [",
        "a: b: c",
        "name: A\nname: B",
        "\t- x",
        "a: *nowhere",
        "? [a]\n: b",
        "a: \x00",
    ],
)
def test_parse_index__no_description__one_line(text: str) -> None:
    with pytest.raises(ConfigError, match="my") as caught:
        parse_index(text, "my.yaml")
    assert "\n" not in str(caught.value)


def test_load_index__missing_folder_or_binary__one_line(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing.yaml", tmp_path, tmp_path / "binary.yaml"):
        with pytest.raises(ConfigError) as caught:
            load_index(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
