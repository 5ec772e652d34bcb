"""Keeps what compilers made, by what it was made from: a change elsewhere compiles nothing again."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from ballast.replica.paths import CACHE

COMPILED: Final = CACHE / "compiled"


def compiled_once(name: str, made_from: Mapping[str, Any], compile_it: Callable[[], Any]) -> Any:
    """`compile_it()`'s answer (plain JSON), or the one kept from the same `made_from` (plain JSON) before.

    `made_from` must hold everything that the answer depends on: compiler version, settings, sources.
    """
    digest = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:20]
    path = COMPILED / f"{name}-{digest}.json"
    if path.exists():
        return json.loads(path.read_text())
    answer = compile_it()
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}")
    scratch.write_text(json.dumps(answer))
    scratch.replace(path)
    return answer
