"""Series of values with the time at which each was known: nothing here answers a question before its time."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path

from ballast.data.table import Column, Table, read_table
from ballast.data.values import Kind
from ballast.errors import DataError
from ballast.units import WAD, wad_of

_AT = "@"


@dataclass(frozen=True)
class Known:
    """A value as it was known."""

    value: int  # WAD of the kind's unit
    known_at: int  # s


@dataclass(frozen=True)
class Series:
    """One column: a coin at one source. Values of time t are known from t + lag on."""

    coin: str
    source: str  # "" where the file names none
    kind: Kind
    known_at: tuple[int, ...]  # s, strictly ascending
    values: tuple[int, ...]  # WAD of the kind's unit

    @cached_property
    def name(self) -> str:
        """`COIN` or `COIN@SOURCE`."""
        return f"{self.coin}{_AT}{self.source}" if self.source else self.coin

    def at(self, now: int, max_age: int | None = None) -> Known | None:
        """The last value known at `now`; None before the first, or when it was known `max_age` s before."""
        place = bisect_right(self.known_at, now) - 1
        if place < 0 or (max_age is not None and now - self.known_at[place] > max_age):
            return None
        return Known(self.values[place], self.known_at[place])


@dataclass(frozen=True)
class History:
    """The series of one kind out of one or more files, and the columns that were left out."""

    series: tuple[Series, ...]
    ignored: tuple[str, ...] = ()

    @property
    def coins(self) -> tuple[str, ...]:
        """Every coin that has values, in order of appearance."""
        return tuple(dict.fromkeys(series.coin for series in self.series if series.values))

    def of(self, coin: str) -> tuple[Series, ...]:
        """The coin's series, one a source."""
        return tuple(series for series in self.series if series.coin == coin and series.values)

    def joined(self, other: "History") -> "History":
        """Both histories' series. DataError when both have one of the same name."""
        names = {series.name for series in self.series}
        for series in other.series:
            if series.name in names:
                raise DataError(
                    f"{series.name} is given in two files: name its sources apart, COIN{_AT}SOURCE"
                )
        return History(self.series + other.series, self.ignored + other.ignored)

    def completed(self, other: "History") -> tuple["History", tuple[str, ...]]:
        """This history with the series that only `other` has, and the names of those that both have."""
        names = {series.name for series in self.series if series.values}
        new = tuple(series for series in other.series if series.name not in names)
        kept = tuple(series for series in self.series if series.values)
        both = tuple(series.name for series in other.series if series.name in names)
        return History(kept + new, self.ignored + other.ignored), both


def series_of(name: str, kind: Kind, column: Column, known_after: int) -> Series:
    """The column as a series; its name is `COIN` or `COIN@SOURCE`, the lag in seconds."""
    coin, _, source = name.partition(_AT)
    times = tuple(ceil(moment.timestamp()) + known_after for moment in column.times)
    return Series(coin, source, kind, times, tuple(wad_of(value) for value in column.values))


def read_history(path: Path, kind: Kind, known: Sequence[str], known_after: int = 0) -> History:
    """The columns of `known` coins in a wide file, values known `known_after` s after their timestamp.

    Other columns are left out and named in `ignored`. DataError, one line, when no column is of a known coin.
    """
    if known_after < 0:
        raise DataError(f"{path}: values cannot be known {-known_after} s before their time: give a lag >= 0")
    table = read_table(path, lambda column: kind if column.partition(_AT)[0] in known else None)
    return history_of(table, {column: (column, kind) for column in table.columns}, known_after, known)


def history_of(
    table: Table, names: dict[str, tuple[str, Kind]], known_after: int, known: Sequence[str]
) -> History:
    """The table's columns under the names given. DataError when none has a value."""
    series = [
        series_of(name, kind, table.columns[column], known_after)
        for column, (name, kind) in names.items()
        if column in table.columns
    ]
    if not any(one.values for one in series):
        found = ", ".join(table.ignored)[:80] or "empty columns"
        raise DataError(f"{table.name}: no column has values of {', '.join(known)}: {found} found")
    return History(tuple(series), table.ignored)


def clock_of(series: Iterable[Series], start: int | None = None, end: int | None = None) -> tuple[int, ...]:
    """Every time in [start, end] at which a value became known, ascending."""
    times = {moment for one in series for moment in one.known_at}
    return tuple(sorted(m for m in times if (start is None or m >= start) and (end is None or m <= end)))


def merge(series: Sequence[Series], clock: Sequence[int], max_age: int) -> tuple[tuple[int | None, ...], ...]:
    """For every time of the clock, each series' last known value (WAD), None where none is young enough."""
    rows = []
    for now in clock:
        row = [one.at(now, max_age) for one in series]
        rows.append(tuple(None if known is None else known.value for known in row))
    return tuple(rows)


def in_usd(series: Series, quote: Series, max_age: int) -> Series:
    """Values quoted in another coin, in USD by that coin's price as last known; left out where none is."""
    times, values = [], []
    for moment, value in zip(series.known_at, series.values, strict=True):
        price = quote.at(moment, max_age)
        if price is not None:
            times.append(moment)
            values.append(value * price.value // WAD)
    return Series(series.coin, series.source, quote.kind, tuple(times), tuple(values))
