"""CSV and CSV.gz files as checked columns: wide (a column a coin) or long (a row a coin and time)."""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from ballast.data.values import Kind, parse_number, parse_time
from ballast.errors import DataError

TIME: Final = "timestamp_utc"
Chooser = Callable[[str], Kind | None]  # what a column holds; None for one that is not wanted


@dataclass(frozen=True)
class Column:
    """The values of one column and when each is of, strictly ascending; gaps are left out."""

    times: tuple[datetime, ...]
    values: tuple[Decimal, ...]


@dataclass(frozen=True)
class Table:
    """A file's wanted columns, and the names of the others."""

    name: str
    header: tuple[str, ...]
    times: tuple[datetime, ...]
    columns: Mapping[str, Column]
    ignored: tuple[str, ...]


def read_text(path: Path, what: str = "a CSV or CSV.gz history") -> str:
    """A text file, unpacked when gzipped. DataError, one line; `what` is what should have been named."""
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "not a gzip file"
        raise DataError(f"{path}: {reason}: name {what}") from None
    except (UnicodeDecodeError, EOFError, zlib.error):
        raise DataError(f"{path}: not a text file: name {what}") from None


def read_table(path: Path, choose: Chooser, zero_is_gap: bool = False) -> Table:
    """A wide file. DataError, one line: file, row (the header is row 1), column, what is wrong."""
    name = str(path)
    header, rows = _rows(read_text(path), name)
    kinds = {at: kind for at, column in enumerate(header) if column != TIME and (kind := choose(column))}
    time_at = header.index(TIME)
    times: list[datetime] = []
    found: dict[int, tuple[list[datetime], list[Decimal]]] = {at: ([], []) for at in kinds}
    for number, row in rows:
        moment = _next_time(row[time_at], times[-1] if times else None, f"{name}: row {number}")
        times.append(moment)
        for at, kind in kinds.items():
            text = row[at].strip()
            if text and not (zero_is_gap and _is_zero(text)):
                value = parse_number(text, kind, f"{name}: row {number}: {header[at]}")
                found[at][0].append(moment)
                found[at][1].append(value)
    if not times:
        raise DataError(f"{name}: no rows below the header")
    columns = {header[at]: Column(tuple(t), tuple(v)) for at, (t, v) in found.items()}
    ignored = tuple(column for column in header if column != TIME and column not in columns)
    return Table(name, tuple(header), tuple(times), columns, ignored)


def first_cells(path: Path) -> Mapping[str, str]:
    """Every column's first cell that is not empty, as it stands. DataError as `read_table`."""
    header, rows = _rows(read_text(path), str(path))
    found: dict[str, str] = {}
    for _, row in rows:
        for column, cell in zip(header, row, strict=True):
            if cell.strip() and column != TIME:
                found.setdefault(column, cell.strip())
        if len(found) == len(header) - 1:
            break
    return {column: found[column] for column in header if column in found}


def read_long(
    path: Path, keys: Sequence[str], value: str, wanted: Mapping[tuple[str, ...], Kind], zero_is_gap: bool
) -> Mapping[tuple[str, ...], Column]:
    """A long file's `value` column by the cells of its `keys` columns, each ascending in time by itself."""
    name = str(path)
    header, rows = _rows(read_text(path), name)
    if missing := [column for column in (*keys, value) if column not in header]:
        raise DataError(f"{name}: no column {missing[0]}: {', '.join(header)[:120]} found")
    places, value_at, time_at = [header.index(key) for key in keys], header.index(value), header.index(TIME)
    found: dict[tuple[str, ...], tuple[list[datetime], list[Decimal]]] = {key: ([], []) for key in wanted}
    for number, row in rows:
        key = tuple(row[at] for at in places)
        text = row[value_at].strip()
        if key not in found or not text or (zero_is_gap and _is_zero(text)):
            continue
        times, values = found[key]
        place = f"{name}: row {number}"
        moment = _next_time(row[time_at], times[-1] if times else None, place)
        values.append(parse_number(text, wanted[key], f"{place}: {value} of {' '.join(key)}"))
        times.append(moment)
    return {key: Column(tuple(times), tuple(values)) for key, (times, values) in found.items()}


def _is_zero(text: str) -> bool:
    return not text.strip("0.")


def _rows(text: str, name: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header and the rows with their numbers; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text))
    try:
        header = [column.strip() for column in next(reader, [])]
    except csv.Error as error:
        raise DataError(f"{name}: row 1: {error}: correct the header") from None
    if TIME not in header or len(header) < 2:
        raise DataError(f"{name}: a header `{TIME},COIN,...` expected")
    for column in header:
        if header.count(column) > 1:
            raise DataError(f"{name}: column {column or '(empty)'} is given twice: keep one")
    return header, _cells(reader, len(header), name)


def _cells(reader: Iterator[list[str]], width: int, name: str) -> Iterator[tuple[int, list[str]]]:
    number = 1
    try:
        for number, row in enumerate(reader, 2):
            if not row:
                continue
            if len(row) != width:
                raise DataError(f"{name}: row {number}: {width} cells expected, {len(row)} found")
            yield number, row
    except csv.Error as error:
        raise DataError(f"{name}: row {number + 1}: {error}: correct the row") from None


def _next_time(text: str, before: datetime | None, place: str) -> datetime:
    moment = parse_time(text, f"{place}: {TIME}")
    if before is not None and moment <= before:
        raise DataError(f"{place}: {moment.isoformat()} does not come after {before.isoformat()}")
    return moment
