import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import yaml

from ballast.errors import ConfigError
from ballast.index_file import load_index, parse_index
from ballast.index_lending import MAX_STRATEGIES, AaveV3, CompoundV3, Lending
from ballast.settings import PACKAGED_INDEX

GOOD: dict[str, Any] = yaml.safe_load(PACKAGED_INDEX.read_text())
USDC, WETH = GOOD["coins"][0]["token"], "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
LENT = GOOD["lending"]["coins"]["USDC"]["strategies"]
VAULT = {"kind": "erc4626", "vault": USDC, "cap": 1, "cap_bps": 100, "score": 500}


def lending(raw: dict[str, Any]) -> Any:
    return raw["lending"]


def put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Sets the key at a dotted path of the section; numbers index lists."""

    def change(raw: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        node = lending(raw)
        for part in parents:
            node = node[int(part)] if part.isdigit() else node.setdefault(part, {})
        node[int(last) if last.isdigit() else last] = value

    return change


def drop(path: str) -> Callable[[dict[str, Any]], None]:
    def change(raw: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        node = lending(raw)
        for part in parents:
            node = node[int(part)] if part.isdigit() else node[part]
        del node[last]

    return change


AAVE = "coins.USDC.strategies.0"
BAD: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "unknown key": (put("bufer_bps", 1), "lending.bufer_bps: Extra inputs are not permitted: remove it"),
    "no coins": (put("coins", {}), "lending.coins: "),
    "coin unknown": (put("coins.EURC", {"strategies": [VAULT]}), "lending.coins: EURC is not a coin"),
    "no strategies": (put("coins.USDC.strategies", []), "lending.coins.USDC.strategies: "),
    "too many": (
        put("coins.USDC.strategies", [{**LENT[0], "name": f"s{at}"} for at in range(MAX_STRATEGIES + 1)]),
        "lending.coins.USDC.strategies: ",
    ),
    "kind unknown": (put(f"{AAVE}.kind", "savings"), "lending.coins.USDC.strategies.0: "),
    "kind missing": (drop(f"{AAVE}.kind"), "lending.coins.USDC.strategies.0: "),
    "same kind twice": (put("coins.USDC.strategies.1", LENT[0]), "strategy aave_v3 is given twice"),
    "pool missing": (drop(f"{AAVE}.pool"), "lending.coins.USDC.strategies.0.pool: Field required: add it"),
    "comet for aave": (put(f"{AAVE}.comet", USDC), "strategies.0.comet: Extra inputs"),
    "pool mistyped": (put(f"{AAVE}.pool", USDC.replace("B48", "b48")), "wrong EIP-55 checksum"),
    "cap missing": (drop(f"{AAVE}.cap"), "lending.coins.USDC.strategies.0.cap: Field required"),
    "cap zero": (put(f"{AAVE}.cap", 0), "strategies.0.cap: "),
    "cap bps zero": (put(f"{AAVE}.cap_bps", 0), "strategies.0.cap_bps: "),
    "cap bps above all": (put(f"{AAVE}.cap_bps", 10_001), "strategies.0.cap_bps: "),
    "score zero": (put(f"{AAVE}.score", 0), "strategies.0.score: "),
    "score above one": (put(f"{AAVE}.score", 1_001), "strategies.0.score: "),
    "name with space": (put(f"{AAVE}.name", "my aave"), "strategies.0.name: "),
    "buffer above all": (put("coins.USDC.buffer_bps", 10_001), "lending.coins.USDC.buffer_bps: "),
    "unlocked at once": (put("coins.USDC.unlock_seconds", 0), "lending.coins.USDC.unlock_seconds: "),
    "no jump bound": (put("jump_bps", 0), "lending.jump_bps: "),
    "loss budget of a tenth": (put("loss_budget_bps", 1_001), "lending.loss_budget_bps: "),
    "loss period zero": (put("loss_period_seconds", 0), "lending.loss_period_seconds: "),
    "no differential": (put("optimizer.differential_bps", 0), "lending.optimizer.differential_bps: "),
    "no horizon": (put("optimizer.horizon_seconds", 0), "lending.optimizer.horizon_seconds: "),
    "whole market": (put("optimizer.max_share_bps", 10_000), "lending.optimizer.max_share_bps: "),
    "vault twice": (
        put("coins.USDC.strategies", [VAULT, {**VAULT, "name": "again"}]),
        "erc4626 vault",
    ),
    "reward is a coin": (
        put("rewards.COMP.token", USDC),
        "lending.rewards.COMP: a coin of the index is never sold",
    ),
    "reward without way": (put("rewards.COMP.routes", {}), "lending.rewards.COMP.routes: "),
    "reward for unknown": (
        put("rewards.COMP.routes.EURC", [{"fee": 500, "token": USDC}]),
        "lending.rewards.COMP: EURC is not a coin",
    ),
    "route ends elsewhere": (
        put("rewards.COMP.routes.USDC", [{"fee": 3000, "token": WETH}]),
        "lending.rewards.COMP.routes.USDC: the last hop must end at USDC",
    ),
    "too few sources": (put("rewards.COMP.min_sources", 2), "min_sources is 2 but only 1 sources"),
}


@pytest.mark.parametrize("case", BAD)
def test_parse_index__fault_in_the_lending_section__is_one_line_that_names_the_key(case: str) -> None:
    change, expected = BAD[case]
    raw = copy.deepcopy(GOOD)
    change(raw)
    with pytest.raises(ConfigError) as caught:
        parse_index(yaml.safe_dump(raw), "my.yaml")
    message = str(caught.value)
    assert message.startswith("my.yaml: ")
    assert expected in message
    assert "\n" not in message


def test_parse_index__no_lending_section__never_lends() -> None:
    raw = copy.deepcopy(GOOD)
    del raw["lending"]
    assert parse_index(yaml.safe_dump(raw), "my.yaml").lending is None


def test_load_index__packaged_index__no_market_holds_a_whole_coin_and_none_the_buffer() -> None:
    section = load_index(PACKAGED_INDEX).lending
    assert section is not None
    assert set(section.coins) == {"USDC", "USDT", "DAI"}
    for coin in section.coins.values():
        assert coin.buffer_bps > 0
        assert all(strategy.cap_bps + coin.buffer_bps <= 10_000 for strategy in coin.strategies)
    aave, comet = section.coins["USDC"].strategies
    assert isinstance(aave, AaveV3)
    assert isinstance(comet, CompoundV3)
    assert (aave.name, comet.name) == ("aave_v3", "compound_v3")


def test_lending__defaults__are_those_of_the_issue() -> None:
    section = Lending.model_validate({"coins": {"USDC": {"strategies": [VAULT]}}})
    assert section.optimizer.differential_bps == 50
    assert section.optimizer.max_share_bps == 1_000
    assert section.coins["USDC"].unlock_seconds == 86_400
    assert section.coins["USDC"].strategies[0].cap == Decimal(1)


def test_lending__several_of_one_kind__need_names_of_their_own() -> None:
    second = {**VAULT, "name": "morpho", "vault": WETH}
    section = Lending.model_validate({"coins": {"USDC": {"strategies": [VAULT, second]}}})
    assert [strategy.name for strategy in section.coins["USDC"].strategies] == ["erc4626", "morpho"]
