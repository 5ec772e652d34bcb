"""`ape run bench`: gas and throughput against the peers, in one run of one replica."""

import sys
from pathlib import Path

import click
from rich.console import Console

from ballast.bench.compiled import creation_code
from ballast.bench.gas import Lab
from ballast.bench.rows import Row, missed, table, write_json
from ballast.bench.sections import SECTIONS
from ballast.errors import BallastError, ConfigError
from ballast.replica import Replica, ensure_state, start_replica

OUT = Path(__file__).resolve().parents[1] / "build" / "bench.json"


@click.command()
@click.option("--only", default="", metavar="PREFIX", help="Only rows whose names begin with this.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON instead of a table.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="Where the JSON goes.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a goal is missed.")
def cli(only: str, as_json: bool, out: Path, strict: bool) -> None:
    """Gas and throughput against the peers; a missed goal is printed as MISSED."""
    try:
        rows = measure(only)
        write_json(rows, out)
    except BallastError as error:
        click.echo(f"bench: {error}", err=True)
        sys.exit(1)
    if as_json:
        click.echo(out.read_text(), nl=False)
    else:
        Console(width=None if sys.stdout.isatty() else 160).print(table(rows))
    unmet = missed(rows)
    click.echo(f"MISSED: {', '.join(unmet)}" if unmet else "every goal of these rows is met", err=True)
    sys.exit(1 if strict and unmet else 0)


def measure(only: str = "") -> list[Row]:
    """The rows that begin with `only`, each section on the replica as it was at the start."""
    sections = SECTIONS.matching(only)
    console = Console(stderr=True)
    with console.status("the replica") as status:
        state = ensure_state(lambda what, done, total: status.update(f"replica {done}/{total}: {what}"))
        with start_replica(state=state) as node:
            lab = Lab(Replica(node.url), creation_code, lambda what: status.update(f"measuring: {what}"))
            rows: list[Row] = []
            for section in sections.values():
                with lab.aside():
                    rows += [row for row in section(lab) if row.name.startswith(only)]
    if not rows:
        raise ConfigError(f"no rows start with {only!r}; without --only all are shown")
    return rows
