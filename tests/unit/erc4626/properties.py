"""The pack: every property by its name. `README.md` says which sentence of the standard each one holds."""

from typing import Final

from tests.unit.erc4626 import limits, moves, round_trips
from tests.unit.erc4626.pack import PROPERTIES

# By the module that defines them: a module's are tried together, which takes a tenth of the time.
GROUPS: Final = {
    module.__name__.rpartition(".")[2]: tuple(
        name for name, function in PROPERTIES.items() if function.__module__ == module.__name__
    )
    for module in (limits, moves, round_trips)
}

__all__ = ["GROUPS", "PROPERTIES"]
