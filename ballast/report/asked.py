"""What a person asks of a backtest or a replay: one set of options, read into one set of inputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import click

from ballast.backtest.inputs import ETH_COLUMN, GAS_COLUMN, Assumptions, Inputs
from ballast.cast import Cast, cast
from ballast.data.catalogue import read_any
from ballast.data.series import History
from ballast.data.values import ETH_PRICE, GAS, SUPPLY, VOLUME, parse_time
from ballast.errors import ConfigError
from ballast.histories import located, shipped_names
from ballast.index_file import IndexFile
from ballast.units import SECONDS_PER_DAY, wad_of

FILE: Final = click.Path(path_type=Path, dir_okay=False)
_MAX_DEPOSIT: Final = 10**13  # USD
_MAX_LAG: Final = 30 * SECONDS_PER_DAY

_OPTIONS: Final[tuple[Callable[..., Any], ...]] = (
    click.option(
        "--prices",
        type=FILE,
        multiple=True,
        required=True,
        help=(
            "CSV of USD prices, or a shipped history's name: "
            f"{', '.join(shipped_names())}; repeatable, the first file that has a series gives it."
        ),
    ),
    click.option(
        "--coins", metavar="A,B,...", default=None, help="Only these play (default: every dollar coin found)."
    ),
    click.option("--volumes", type=FILE, default=None, help="CSV of traded volumes, USD an hour."),
    click.option(
        "--supplies", type=FILE, default=None, help="CSV of supplies (default: the index's own caps)."
    ),
    click.option(
        "--gas", type=FILE, default=None, help="CSV with GAS in gwei and ETH in USD (default: 20, 2000)."
    ),
    click.option(
        "--from", "start", metavar="DATE", default=None, help="First time, UTC, such as 2022-05-01."
    ),
    click.option(
        "--to", "end", metavar="DATE", default=None, help="Last time, UTC; a plain date is its whole day."
    ),
    click.option(
        "--deposit", metavar="USD", default="10000000", show_default=True, help="What the fund starts with."
    ),
    click.option(
        "--depth", metavar="USD", default="10000000", show_default=True, help="A side of every pool."
    ),
    click.option(
        "--lag",
        metavar="SECONDS",
        type=click.IntRange(0, _MAX_LAG),
        default=None,
        help="How long after its timestamp a price was known (default: 0, or what is known of a file).",
    ),
    click.option(
        "--minutes-per-step",
        "minutes",
        type=click.IntRange(1, 24 * 60),
        default=30,
        show_default=True,
        help="Between two looks of detector and keeper.",
    ),
    click.option("--json", "out", type=FILE, default=None, help="Writes everything to this file."),
)


def history_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of `asked` and `--json`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Asked:
    """A run as it was asked for; times s, None for the history's own ends."""

    playing: Cast
    inputs: Inputs
    start: int | None
    end: int | None
    files: tuple[str, ...]

    def about(self) -> dict[str, Any]:
        """What the run was made of, as JSON."""
        return {
            "index": self.playing.index.symbol,
            "left_out": [*self.playing.absent, *self.playing.strange],
            "joined": list(self.playing.joined),
            "files": list(self.files),
        }


def asked(index: IndexFile, options: Mapping[str, Any]) -> Asked:
    """The values of `history_options` as a run. DataError or ConfigError, one line, where they are none."""
    prices: tuple[Path, ...] = options["prices"]
    start, end = _moment(options["start"], "--from"), _moment(options["end"], "--to", whole_day=True)
    only = options["coins"].replace(" ", "").split(",") if options["coins"] else ()
    playing = cast([located(path) for path in prices], index, options["lag"], start, only)
    assumptions = Assumptions(
        deposit=_money("--deposit", options["deposit"]),
        depth=_money("--depth", options["depth"]),
        step=60 * int(options["minutes"]),
    )
    supplies, volumes, gas = options["supplies"], options["volumes"], options["gas"]
    inputs = Inputs(
        playing.index,
        playing.prices,
        read_any(supplies, SUPPLY, playing.symbols) if supplies else History(()),
        _gas(gas) if gas else History(()),
        assumptions,
        read_any(volumes, VOLUME, playing.symbols) if volumes else History(()),
    )
    return Asked(playing, inputs, start, end, tuple(path.name for path in prices))


def _gas(path: Path) -> History:
    """Both columns of a gas file."""
    return read_any(path, GAS, [GAS_COLUMN]).joined(read_any(path, ETH_PRICE, [ETH_COLUMN]))


def _money(option: str, text: str) -> int:
    """WAD{USD} of an option."""
    try:
        value = Decimal(text.replace(",", "").replace("_", ""))
    except ArithmeticError:
        raise ConfigError(f"{option}: {text[:40]!r} is no amount of USD") from None
    if not value.is_finite() or not 1 <= value <= _MAX_DEPOSIT:
        raise ConfigError(f"{option}: {text[:40]} is outside 1..{_MAX_DEPOSIT} USD")
    return wad_of(value)


def _moment(text: str | None, option: str, whole_day: bool = False) -> int | None:
    if text is None:
        return None
    moment = parse_time(text, option)
    if whole_day and len(text.strip()) == len("2022-05-01"):
        moment += timedelta(days=1, seconds=-1)
    return int(moment.astimezone(UTC).timestamp())
