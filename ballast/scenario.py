"""Price paths for the demo and for rehearsals: a YAML or CSV file read into validated steps.

YAML: `steps`, each with `at` (UTC), `prices` (USD per coin) and, where known, `market_caps` (USD per coin).
CSV (or CSV.gz): `timestamp_utc`, a column a coin with its price in USD, and `COIN.cap` columns for caps in
USD. What a step leaves out stays as it was. Rows beyond `MAX_STEPS` are thinned evenly, first and last kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from ballast.data.table import Table, read_table, read_text
from ballast.data.values import Kind, parse_number, parse_time
from ballast.errors import DataError

MAX_STEPS: Final = 60
_CAP: Final = ".cap"
_PRICE: Final = Kind("price", "USD", Decimal("0.01"), Decimal(100))  # per stablecoin
_CAPS: Final = Kind("market cap", "USD", Decimal(1_000), Decimal(10**13))

PACKAGED: Final = Path(__file__).parent / "scenarios" / "summer_2022.yaml"


@dataclass(frozen=True)
class ScenarioStep:
    """What the market shows at one time; a coin that is missing has not changed."""

    at: datetime
    prices: Mapping[str, Decimal]  # USD per coin
    market_caps: Mapping[str, int]  # whole USD


@dataclass(frozen=True)
class Scenario:
    """A named price path, oldest step first."""

    name: str
    source: str
    steps: tuple[ScenarioStep, ...]

    @property
    def coins(self) -> tuple[str, ...]:
        """Every coin that the path prices, in order of appearance."""
        return tuple(dict.fromkeys(coin for step in self.steps for coin in step.prices))


def load_scenario(path: Path, known: Sequence[str]) -> Scenario:
    """The price path in a file, of `known` coins. DataError, one line: file, place, what is wrong."""
    kind = path.name.lower().removesuffix(".gz")
    if kind.endswith(".csv"):
        return _checked(_read_csv(path, known), str(path))
    return _checked(_parse_yaml(read_text(path, "a YAML or CSV price path"), str(path), known), str(path))


def _parse_yaml(text: str, name: str, known: Sequence[str]) -> Scenario:
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DataError(f"{name}: not YAML: {' '.join(str(error).split())[:120]}") from None
    steps = raw.get("steps") if isinstance(raw, dict) else None
    if not isinstance(steps, list):
        raise DataError(f"{name}: a list of `steps` expected, each with `at` and `prices`")
    parsed = [_yaml_step(step, f"{name}: step {number}", known) for number, step in enumerate(steps, 1)]
    stem = Path(name).stem
    return Scenario(str(raw.get("name", stem)), str(raw.get("source", "not stated")), tuple(parsed))


def _yaml_step(raw: Any, place: str, known: Sequence[str]) -> ScenarioStep:
    if not isinstance(raw, dict) or "at" not in raw or not isinstance(raw.get("prices"), dict):
        raise DataError(f"{place}: `at` and `prices` expected")
    if extra := sorted(set(raw) - {"at", "prices", "market_caps"}):
        raise DataError(f"{place}: unknown key {extra[0]}: use at, prices, market_caps")
    caps = raw.get("market_caps") or {}
    if not isinstance(caps, dict):
        raise DataError(f"{place}: market_caps: coins with their caps in USD expected")
    prices = {coin: _number(value, coin, _PRICE, place, known) for coin, value in raw["prices"].items()}
    amounts = {coin: int(_number(value, coin, _CAPS, place, known)) for coin, value in caps.items()}
    return ScenarioStep(parse_time(raw["at"], place), prices, amounts)


def load_history(path: Path, columns: Mapping[str, str]) -> Scenario:
    """Every row of a CSV history; `columns` says which coin a column stands for. DataError, one line."""
    table = read_table(path, lambda column: _PRICE if column in columns else None)
    if missing := sorted(set(columns) - set(table.columns)):
        raise DataError(f"{path}: no column {missing[0]}: {', '.join(table.header)} found")
    steps = tuple(
        ScenarioStep(step.at, {columns[column]: price for column, price in step.prices.items()}, {})
        for step in _steps(table, table.times)
    )
    return _checked(Scenario(path.stem, path.name, steps), str(path))


def _read_csv(path: Path, known: Sequence[str]) -> Scenario:
    def choose(column: str) -> Kind | None:
        if column.removesuffix(_CAP) not in known:
            return None
        return _CAPS if column.endswith(_CAP) else _PRICE

    table = read_table(path, choose)
    if not any(column in known for column in table.columns):
        raise DataError(f"{path}: no column prices a coin of the index: {', '.join(known)} expected")
    return Scenario(path.name.split(".")[0], path.name, _steps(table, _thinned(table.times)))


def _thinned(times: Sequence[datetime]) -> Sequence[datetime]:
    """At most `MAX_STEPS` of the times, evenly spaced."""
    last = len(times) - 1
    if last < MAX_STEPS:
        return times
    return [times[at * last // (MAX_STEPS - 1)] for at in range(MAX_STEPS)]


def _steps(table: Table, moments: Sequence[datetime]) -> tuple[ScenarioStep, ...]:
    cells = {name: dict(zip(c.times, c.values, strict=True)) for name, c in table.columns.items()}
    steps = []
    for moment in moments:
        row = {name: values[moment] for name, values in cells.items() if moment in values}
        prices = {name: value for name, value in row.items() if not name.endswith(_CAP)}
        caps = {name.removesuffix(_CAP): int(v) for name, v in row.items() if name.endswith(_CAP)}
        steps.append(ScenarioStep(moment, prices, caps))
    return tuple(steps)


def _number(value: Any, coin: str, kind: Kind, place: str, known: Sequence[str]) -> Decimal:
    if coin not in known:
        raise DataError(f"{place}: {coin} is no coin of the index: {', '.join(known)} expected")
    return parse_number(value, kind, f"{place}: {coin}")


def _checked(scenario: Scenario, name: str) -> Scenario:
    """Two steps at least, strictly ascending."""
    if len(scenario.steps) < 2:
        raise DataError(f"{name}: at least two steps expected, {len(scenario.steps)} found")
    for before, after in zip(scenario.steps, scenario.steps[1:], strict=False):
        if after.at <= before.at:
            raise DataError(f"{name}: {after.at.isoformat()} does not come after {before.at.isoformat()}")
    return scenario
