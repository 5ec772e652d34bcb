"""Shows a build's progress on stderr; nothing at all when there is nothing to build."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ballast.replica.build import Report


@contextmanager
def progress_bar() -> Iterator[Report]:
    """A bar that appears with the first report; without a terminal, one line at that moment."""
    console = Console(stderr=True)
    columns = (TextColumn("building the local mainnet"), BarColumn(), TextColumn("{task.description}"))
    progress = Progress(*columns, TimeElapsedColumn(), console=console, transient=True)
    task = progress.add_task("", total=None)
    begun = False

    def report(what: str, done: int, total: int) -> None:
        nonlocal begun
        if not begun and console.is_terminal:
            progress.start()
        elif not begun:
            console.print("building the local mainnet (once, well under a minute) ...")
        begun = True
        progress.update(task, completed=done, total=total, description=what)

    try:
        yield report
    finally:
        if begun and console.is_terminal:
            progress.stop()
