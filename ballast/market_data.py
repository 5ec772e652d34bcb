"""Market data as a person or a feed gives them: caps in whole USD, stability scores per mille. Pure.

Two forms of the same rows: CSV with the header `symbol,cap_usd,score`, or a JSON list of objects with those
keys. The score may be left out; it then stays as it is.
"""

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ballast.errors import DataError
from ballast.units import BPS, PER_MILLE

MAX_CAP_USD: Final = 10**14  # a hundred trillion: more is a wrong unit, such as wei
MIN_CAP_USD: Final = 10**5  # a hundred thousand: less is a wrong unit, such as billions
_MAX_DEPTH: Final = 8  # brackets; the rows need two
_FIELDS: Final = {"symbol", "cap_usd", "score"}


@dataclass(frozen=True)
class MarketRow:
    """One coin's market data; score None leaves the score as it is."""

    symbol: str
    cap_usd: int  # whole USD
    score: int | None  # per mille


def parse_market(text: str, symbols: Collection[str], name: str) -> tuple[MarketRow, ...]:
    """The rows of a CSV or JSON text, checked. DataError, one line, says which row is wrong and why.

    `symbols` are the coins that may occur; `name` stands for the text in messages.
    """
    stripped = text.lstrip("\ufeff \t\r\n")
    if not stripped:
        raise DataError(f"{name}: empty: give rows of symbol,cap_usd,score")
    raw = _json_rows(stripped, name) if stripped[0] in "[{" else _csv_rows(stripped, name)
    rows = tuple(_row(item, where, symbols) for where, item in raw)
    if not rows:
        raise DataError(f"{name}: no rows: give at least one coin")
    seen: set[str] = set()
    for row in rows:
        if row.symbol in seen:
            raise DataError(f"{name}: {row.symbol} is given twice: keep one row per coin")
        seen.add(row.symbol)
    return rows


def _json_rows(text: str, name: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    if _depth(text) > _MAX_DEPTH:
        raise DataError(f"{name}: not JSON of this kind: too deep: a list of plain objects expected")
    try:
        data = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except json.JSONDecodeError as error:
        raise DataError(f"{name}: not JSON: line {error.lineno}: {error.msg}: correct it there") from None
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise DataError(f"{name}: a JSON list of objects with symbol, cap_usd and score expected")
    return [(f"{name}: entry {at}", item) for at, item in enumerate(data, 1)]


def _depth(text: str) -> int:
    """How deep the brackets nest, those in strings counted, too: depth can bring the parser down."""
    deepest = depth = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _csv_rows(text: str, name: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    header = [field.strip() for field in reader.fieldnames or []]
    if not {"symbol", "cap_usd"} <= set(header) or set(header) - _FIELDS:
        raise DataError(f"{name}: the header must be symbol,cap_usd,score, it is {','.join(header)[:80]}")
    reader.fieldnames = header
    rows = []
    try:
        for item in reader:
            if None in item or item.get("cap_usd") is None:
                raise DataError(
                    f"{name}: line {reader.line_num}: {len(header)} values expected: correct the row"
                )
            cells = {key: value.strip() for key, value in item.items() if value is not None and value.strip()}
            rows.append((f"{name}: line {reader.line_num}", cells))
    except csv.Error as error:
        raise DataError(f"{name}: line {reader.line_num}: {error}: correct the row") from None
    return rows


def _row(item: Mapping[str, Any], where: str, symbols: Collection[str]) -> MarketRow:
    """One row, every value checked against its unit."""
    unknown = set(item) - _FIELDS
    if unknown:
        raise DataError(f"{where}: unknown key {sorted(unknown)[0]}: symbol, cap_usd and score are known")
    symbol = item.get("symbol")
    if not isinstance(symbol, str) or symbol not in symbols:
        raise DataError(f"{where}: {str(symbol)[:20]!r} is not a coin of this index: {', '.join(symbols)}")
    cap = _whole(item.get("cap_usd"), f"{where}: {symbol}: cap_usd", "whole USD")
    if not MIN_CAP_USD <= cap <= MAX_CAP_USD:
        raise DataError(
            f"{where}: {symbol}: cap_usd {cap} is not within {MIN_CAP_USD}..{MAX_CAP_USD}: whole USD expected"
        )
    if item.get("score") is None:
        return MarketRow(symbol, cap, None)
    score = _whole(item["score"], f"{where}: {symbol}: score", "per mille, 0 to 1000")
    if not 0 <= score <= PER_MILLE:
        raise DataError(f"{where}: {symbol}: score {score} is outside 0..{PER_MILLE} per mille")
    return MarketRow(symbol, cap, score)


def _whole(value: Any, what: str, unit: str) -> int:
    """A whole number out of a cell, or a DataError that names the unit."""
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise InvalidOperation
        number = Decimal(value)
        if not number.is_finite() or number.adjusted() > 30 or number != number.to_integral_value():
            raise InvalidOperation
        return int(number)
    except InvalidOperation:
        shown = "missing" if value is None else f"{str(value)[:20]!r}"
        raise DataError(f"{what} is {shown}: a whole number expected ({unit})") from None


def step_towards(current: int, wanted: int, lowest: int, highest: int) -> int:
    """The value nearest to `wanted` that the bounds [lowest, highest] around `current` allow now."""
    if not lowest <= current <= highest:
        raise DataError(f"the bounds {lowest}..{highest} do not hold the present value {current}")
    return min(max(wanted, lowest), highest)


def change_bps(current: int, wanted: int) -> int:
    """Relative change in bps, rounded away from zero; the whole scale (10,000) from nothing."""
    if current == 0:
        return BPS if wanted else 0
    size = -(-abs(wanted - current) * BPS // current)
    return size if wanted >= current else -size
