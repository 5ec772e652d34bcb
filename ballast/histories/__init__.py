"""Histories that ship with the project: facts typed in, with their sources in the README beside them."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent


def shipped_names() -> tuple[str, ...]:
    """What `--prices` takes in place of a file."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.csv")))


def located(path: Path) -> Path:
    """The shipped history when a bare name is given and no such file is there; else the path itself."""
    shipped = FOLDER / f"{path.name}.csv"
    is_bare = path == Path(path.name) and not path.exists()
    return shipped if is_bare and shipped.is_file() else path
