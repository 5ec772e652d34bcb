"""Price paths for the demo and for rehearsals: a YAML or CSV file read into validated steps.

YAML: `steps`, each with `at` (UTC), `prices` (USD per coin) and, where known, `market_caps` (USD per coin).
CSV (or CSV.gz): `timestamp_utc`, a column a coin with its price in USD, and `COIN.cap` columns for caps in
USD. What a step leaves out stays as it was. Rows beyond `MAX_STEPS` are thinned evenly, first and last kept.
"""

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import yaml

from ballast.errors import DataError

MAX_STEPS: Final = 60
_TIME: Final = "timestamp_utc"
_CAP: Final = ".cap"
_PRICE_BOUNDS: Final = (
    Decimal("0.01"),
    Decimal(100),
)  # USD per stablecoin: beyond it a file is in other units
_CAP_BOUNDS: Final = (Decimal(1_000), Decimal(10**13))  # USD

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
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "not a gzip file"
        raise DataError(f"{path}: {reason}: name a YAML or CSV price path") from None
    except (UnicodeDecodeError, EOFError):
        raise DataError(f"{path}: not a text file: name a YAML or CSV price path") from None
    kind = path.name.lower().removesuffix(".gz")
    parse = _parse_csv if kind.endswith(".csv") else _parse_yaml
    return _checked(parse(text, str(path), known), str(path))


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
    return ScenarioStep(
        _time(raw["at"], place),
        {coin: _number(value, coin, _PRICE_BOUNDS, place, known) for coin, value in raw["prices"].items()},
        {coin: int(_number(value, coin, _CAP_BOUNDS, place, known)) for coin, value in caps.items()},
    )


def _parse_csv(text: str, name: str, known: Sequence[str]) -> Scenario:
    reader = csv.DictReader(io.StringIO(text))
    columns = [column for column in reader.fieldnames or () if column != _TIME]
    if not columns or _TIME not in (reader.fieldnames or ()):
        raise DataError(f"{name}: a header `{_TIME},COIN,...` expected")
    used = [column for column in columns if column.removesuffix(_CAP) in known]
    if not any(column in known for column in used):
        raise DataError(f"{name}: no column prices a coin of the index: {', '.join(known)} expected")
    rows = _thinned(list(reader))
    steps = [_csv_step(row, used, f"{name}: row {at}", known) for at, row in rows]
    return Scenario(Path(name).name.split(".")[0], Path(name).name, tuple(steps))


def _thinned(rows: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """At most `MAX_STEPS` rows with their line numbers, evenly spaced."""
    numbered = list(enumerate(rows, 2))
    if len(numbered) <= MAX_STEPS:
        return numbered
    last = len(numbered) - 1
    return [numbered[at * last // (MAX_STEPS - 1)] for at in range(MAX_STEPS)]


def _csv_step(row: dict[str, Any], columns: list[str], place: str, known: Sequence[str]) -> ScenarioStep:
    prices: dict[str, Decimal] = {}
    caps: dict[str, int] = {}
    for column in columns:
        text = (row.get(column) or "").strip()
        if not text:
            continue
        if column.endswith(_CAP):
            coin = column.removesuffix(_CAP)
            caps[coin] = int(_number(text, coin, _CAP_BOUNDS, place, known))
        else:
            prices[column] = _number(text, column, _PRICE_BOUNDS, place, known)
    return ScenarioStep(_time(row[_TIME], place), prices, caps)


def _number(
    value: Any, coin: str, bounds: tuple[Decimal, Decimal], place: str, known: Sequence[str]
) -> Decimal:
    if coin not in known:
        raise DataError(f"{place}: {coin} is no coin of the index: {', '.join(known)} expected")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise DataError(f"{place}: {coin}: {value!r} is not a number") from None
    low, high = bounds
    if not number.is_finite() or not low <= number <= high:
        raise DataError(f"{place}: {coin}: {value} is outside {low}..{high} USD: check the units")
    return number


def _time(value: Any, place: str) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise DataError(f"{place}: {value!r} is not a time such as 2022-05-01T00:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _checked(scenario: Scenario, name: str) -> Scenario:
    """Two steps at least, strictly ascending."""
    if len(scenario.steps) < 2:
        raise DataError(f"{name}: at least two steps expected, {len(scenario.steps)} found")
    for before, after in zip(scenario.steps, scenario.steps[1:], strict=False):
        if after.at <= before.at:
            raise DataError(f"{name}: {after.at.isoformat()} does not come after {before.at.isoformat()}")
    return scenario
