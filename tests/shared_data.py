"""Published market histories beside the checkout; tests that need them skip by name where they are absent."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VARIABLE = "BALLAST_DATA"


def folder() -> Path:
    """The folder that BALLAST_DATA names, or `shared/data` beside the checkout."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else ROOT.parent / "shared" / "data"


def history(name: str) -> Path:
    """One of the files; skips the test when it is not there."""
    path = folder() / name
    if not path.is_file():
        pytest.skip(f"needs {name} in the folder of published histories: set {VARIABLE} to it")
    return path
