"""Where the replica finds its inputs and keeps what it makes: always inside the checkout."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
HERE: Final = Path(__file__).resolve().parent
MODELS: Final = ROOT / "contracts" / "models"
ANVIL: Final = ROOT / ".bin" / "anvil"
SOLC: Final = ROOT / ".solc"
CACHE: Final = ROOT / ".cache"
NPM_CACHE: Final = CACHE / "npm"
PYPI_CACHE: Final = CACHE / "pypi"
STATES: Final = CACHE / "replica"
