"""The pack: every property by its name. `README.md` says which sentence of the standard each one holds."""

from tests.unit.erc4626 import limits, moves, round_trips
from tests.unit.erc4626.pack import PROPERTIES

MODULES = (limits, moves, round_trips)  # taken in by being imported

__all__ = ["PROPERTIES"]
