"""Checks of the source tree itself; each answers a list of faults, so that each can be shown to go red."""

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What each part of the package may import of it. A dotted name allows that module and what is below it.
BASE = ("units", "errors", "settings", "index_types", "index_lending", "index_file", "roles")
LAYERS: Mapping[str, tuple[str, ...]] = {
    "units": (),
    "errors": (),
    "settings": ("errors",),
    "index_types": ("units",),
    "index_lending": ("units", "index_types"),
    "index_file": ("units", "errors", "model", "index_types", "index_lending"),
    "roles": ("units", "errors", "index_file"),
    "model": ("units", "errors"),
    "data": ("units", "errors", "model"),
    "policy": ("units", "errors", "model", "data"),
    "risk": ("units", "errors", "model"),
    "forecast": ("units", "errors", "model"),
    "optimizer": ("units", "errors", "model"),
    "gas": ("units", "errors", "model"),
    "keeper": (*BASE, "model", "risk", "forecast", "optimizer", "gas"),
    "monitor": (*BASE, "model", "risk", "forecast", "optimizer", "gas", "keeper"),
    "backtest": (*BASE, "model", "risk", "forecast", "optimizer", "gas", "keeper", "data"),
    "lending": ("units", "errors", "model", "data", "optimizer", "backtest.lending"),
    "report": (*BASE, "model", "keeper.snapshot", "backtest", "data", "cast", "histories"),
    # The edge fills the keeper's data types, keeps its journal and carries out what it decides.
    "market_data": (*BASE, "model"),
    "replica": (*BASE, "model"),
    "chain": (*BASE, "model", "market_data", "replica", "keeper"),
    "scenario": ("errors", "data"),
    "histories": ("errors",),
    "cast": ("units", "errors", "index_types", "index_file", "model", "data"),
    "demo": (
        *BASE,
        "model",
        "market_data",
        "replica",
        "keeper",
        "backtest.result",
        "histories",
        "chain",
        "scenario",
    ),
    "replay": (*BASE, "model", "keeper", "data", "backtest", "cast", "replica", "chain"),
    "bench": (*BASE, "model", "optimizer", "keeper", "replica", "chain"),
    "relay": (*BASE, "model", "chain"),
    "alerts": (*BASE, "model"),
    "metrics": (*BASE, "model"),
}
EDGE = frozenset({"chain", "replica", "demo", "replay", "bench", "relay", "alerts", "metrics"})
OUTSIDE = frozenset(
    [
        "ape",
        "ape_ethereum",
        "ape_foundry",
        "ape_node",
        "web3",
        "eth_account",
        "requests",
        "urllib",
        "http",
        "socket",
        "ssl",
        "asyncio",
        "aiohttp",
        "subprocess",
        "multiprocessing",
    ]
)
MAX_PYTHON_FILE, MAX_CONTRACT, MAX_VAULT, MAX_FUNCTION = 500, 400, 600, 40

_DEFINITION = re.compile(r"^\s*(?:abstract\s+)?(?:contract|interface|library)\s+(\w+)", re.MULTILINE)
_FUNCTION = re.compile(r"^\s*(?:function\s+(\w+)|(constructor|receive|fallback)\s*\(|modifier\s+(\w+))")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def tracked_files() -> list[Path]:
    """Every file that git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def python_files(*folders: str) -> list[Path]:
    return [p for p in tracked_files() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in folders]


def solidity_files() -> list[Path]:
    return [p for p in tracked_files() if p.suffix == ".sol"]


def module_name(path: Path, root: Path = ROOT) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Every module named by an import, functions' own included; `from a import b` names a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_faults(module: str, tree: ast.AST) -> list[str]:
    """Imports that the module's layer may not have, and the edge's libraries outside the edge."""
    layer = [*module.split("."), ""][1]
    if not layer:
        return [f"{module} imports {name}" for name in imports_of(tree) if name.startswith("ballast")]
    if layer not in LAYERS:
        return [f"{module}: no layer is known for it; add one to LAYERS"]
    faults = []
    for name in imports_of(tree):
        parts = name.split(".")
        inside = ".".join(parts[1:])
        allowed = (layer, *LAYERS[layer])
        if parts[0] == "ballast" and not any(f"{inside}.".startswith(f"{a}.") for a in allowed):
            faults.append(f"{module} imports {name}")
        if parts[0] in OUTSIDE and layer not in EDGE:
            faults.append(f"{module} reaches outside with {name}")
    return faults


def cycles(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Import cycles, each as a -> b -> a."""
    done: set[str] = set()
    found: list[str] = []

    def visit(node: str, trail: tuple[str, ...]) -> None:
        if node in trail:
            found.append(" -> ".join((*trail[trail.index(node) :], node)))
        elif node not in done:
            for target in graph.get(node, ()):
                visit(target, (*trail, node))
            done.add(node)

    for node in graph:
        visit(node, ())
    return found


def import_graph(trees: Mapping[str, ast.AST]) -> dict[str, set[str]]:
    """Module -> modules among `trees` that it imports."""
    graph: dict[str, set[str]] = {}
    for module, tree in trees.items():
        targets = set()
        for name in imports_of(tree):
            target = name if name in trees else name.rpartition(".")[0]
            if target in trees and target != module:
                targets.add(target)
        graph[module] = targets
    return graph


def relative_imports(tree: ast.AST) -> list[str]:
    return [f"line {n.lineno}" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]


def long_python_functions(tree: ast.AST) -> list[str]:
    """Functions of more than MAX_FUNCTION lines, their docstrings not counted."""
    faults = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        first = node.body[0]
        if ast.get_docstring(node) is not None:
            lines -= (first.end_lineno or first.lineno) - first.lineno + 1
        if lines > MAX_FUNCTION:
            faults.append(f"{node.name} has {lines} lines")
    return faults


def defined_names(source: str) -> list[str]:
    """Contracts, interfaces and libraries that Solidity source defines."""
    return _DEFINITION.findall(_COMMENT.sub("", source))


def long_solidity_functions(source: str) -> list[str]:
    """Functions, constructors and modifiers of more than MAX_FUNCTION lines."""
    faults = []
    lines = _COMMENT.sub(lambda m: "\n" * m.group().count("\n"), source).split("\n")
    for start, line in enumerate(lines):
        match = _FUNCTION.match(line)
        length = _braced_length(lines[start:]) if match else 0
        if match and length > MAX_FUNCTION:
            faults.append(f"{next(filter(None, match.groups()))} has {length} lines")
    return faults


def _braced_length(lines: list[str]) -> int:
    """Lines to the brace that closes the first one; 1 for a declaration without a body."""
    depth = 0
    for number, line in enumerate(lines, 1):
        for character in line:
            if character == ";" and depth == 0:
                return 1
            depth += {"{": 1, "}": -1}.get(character, 0)
            if character == "}" and depth == 0:
                return number
    return len(lines)


def forbidden_words(text: str) -> list[str]:
    """Paths of one machine and hosts of package registries."""
    # Written in parts, so that this file passes its own check.
    paths = [f"/{folder}/" for folder in ("work", "root", "tmp", "home", "Users")]
    hosts = ["registry" + ".npmjs", "registry" + ".yarnpkg", "pypi" + ".org", "files.python" + "hosted"]
    absolute = [path for path in paths if re.search(rf"(?<![\w.$}}/]){path}", text)]
    return absolute + [host for host in hosts if host in text]


def shared_session_fixtures(trees: Mapping[str, ast.Module]) -> list[str]:
    """Fixtures of the session that several files give the same name, but for accounts.

    Ape knows fixtures by name: the second one would not count as new, and what it does on the chain would be
    undone with the file that asked for it first.
    """
    places: dict[str, list[str]] = {}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and _is_of_the_session(node) and not _is_account(node):
                places.setdefault(node.name, []).append(name)
    return [f"{name}: {', '.join(files)}" for name, files in places.items() if len(files) > 1]


def _is_of_the_session(function: ast.FunctionDef) -> bool:
    marks = [ast.unparse(mark) for mark in function.decorator_list]
    return any(mark.startswith("pytest.fixture(") and "scope='session'" in mark for mark in marks)


def _is_account(function: ast.FunctionDef) -> bool:
    return ast.unparse(function.body[-1]).startswith("return accounts[")
