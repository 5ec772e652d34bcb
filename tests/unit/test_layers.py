"""The shape of the source tree: layers, sizes, names. Every check is also shown to go red on a bad sample."""

import ast
from collections import Counter

import pytest

from tests.project_checks import (
    MAX_CONTRACT,
    MAX_PYTHON_FILE,
    MAX_VAULT,
    ROOT,
    cycles,
    defined_names,
    forbidden_words,
    import_graph,
    layer_faults,
    long_python_functions,
    long_solidity_functions,
    module_name,
    python_files,
    relative_imports,
    shared_session_fixtures,
    solidity_files,
    tracked_files,
)

PACKAGE = {module_name(path): ast.parse(path.read_text()) for path in python_files("ballast")}
EVERYTHING = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text())
    for path in python_files("ballast", "scripts", "bots", "tests", "tools")
}


def test_package__every_module__imports_only_what_its_layer_may() -> None:
    assert {"ballast.units", "ballast.keeper.decide", "ballast.model.rebalance"} <= PACKAGE.keys()
    assert [fault for module, tree in PACKAGE.items() for fault in layer_faults(module, tree)] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ballast.units", "import ballast.errors"),
        ("ballast.settings", "from ballast.model import weights"),
        ("ballast.model.weights", "from ballast.keeper.snapshot import Coin"),
        ("ballast.keeper.decide", "from ballast import chain"),
        ("ballast.keeper.decide", "def f():\n    from ballast.chain.system import System"),
        ("ballast.keeper.decide", "import ape"),
        ("ballast.model.weights", "from subprocess import run"),
        ("ballast.index_file", "import requests"),
        ("ballast.replica.build", "from ballast.keeper.decide import decide"),
        ("ballast.unheard_of", ""),
        ("ballast", "from ballast.units import WAD"),
    ],
)
def test_layer_faults__forbidden_import__found(module: str, source: str) -> None:
    assert len(layer_faults(module, ast.parse(source))) == 1


def test_package__imports__no_cycles() -> None:
    assert cycles(import_graph(PACKAGE)) == []


def test_cycles__three_modules_in_a_ring__found() -> None:
    sources = {"p.a": "import p.b", "p.b": "from p import c", "p.c": "from p.a import x", "p.d": "import p.a"}
    assert cycles(import_graph({name: ast.parse(text) for name, text in sources.items()})) == [
        "p.a -> p.b -> p.c -> p.a"
    ]


def test_python__every_import__absolute() -> None:
    assert {name: faults for name, tree in EVERYTHING.items() if (faults := relative_imports(tree))} == {}
    assert relative_imports(ast.parse("from . import a\nfrom .b import c")) == ["line 1", "line 2"]


def test_python__sizes__within_limits() -> None:
    functions = {name: faults for name, tree in EVERYTHING.items() if (faults := long_python_functions(tree))}
    files = {name: size for name in EVERYTHING if (size := line_count(name)) > MAX_PYTHON_FILE}
    assert (functions, files) == ({}, {})


def line_count(name: str) -> int:
    return len((ROOT / name).read_text().splitlines())


@pytest.mark.parametrize(("lines", "faults"), [(39, []), (40, ["f has 41 lines"])])
def test_long_python_functions__at_the_limit(lines: int, faults: list[str]) -> None:
    body = "\n".join(f"    x = {i}" for i in range(lines))
    assert long_python_functions(ast.parse(f'def f():\n    """Not\n\n    counted."""\n{body}')) == faults


def test_solidity__every_definition__has_a_name_of_its_own() -> None:
    places = Counter(name for path in solidity_files() for name in defined_names(path.read_text()))
    assert {"IIndexVault", "IRebalancer"} <= places.keys()
    assert {name: count for name, count in places.items() if count > 1} == {}


def test_defined_names__commented_and_abstract__told_apart() -> None:
    source = (
        "// contract A\n/* library B\n*/\nabstract contract C is D {}\n"
        "interface E {\n  struct F { uint a; } }\nlibrary G {}"
    )
    assert defined_names(source) == ["C", "E", "G"]


def test_solidity__sizes__within_limits() -> None:
    limits = {"IndexVault.sol": MAX_VAULT}
    files = {
        path.name: size
        for path in solidity_files()
        if (size := line_count(str(path.relative_to(ROOT)))) > limits.get(path.name, MAX_CONTRACT)
    }
    functions = {
        path.name: faults
        for path in solidity_files()
        if (faults := long_solidity_functions(path.read_text()))
    }
    assert (functions, files) == ({}, {})


@pytest.mark.parametrize(("lines", "faults"), [(38, []), (39, ["f has 41 lines"])])
def test_long_solidity_functions__at_the_limit(lines: int, faults: list[str]) -> None:
    body = "\n".join("        if (x) { y(); } // }" for _ in range(lines))
    source = f"contract C {{\n    function g() external;\n    function f() external {{\n{body}\n    }}\n}}"
    assert long_solidity_functions(source) == faults


def test_tracked_files__no_machine_paths_and_no_registry_hosts() -> None:
    faults = {}
    for path in tracked_files():
        try:
            words = forbidden_words(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue  # a picture or an archive
        if words:
            faults[str(path.relative_to(ROOT))] = words
    assert faults == {}


@pytest.mark.parametrize("text", ["see /ro" + "ot/x", "'/tm" + "p/x'", "https://registry" + ".npmjs.org/a"])
def test_forbidden_words__bad_text__found(text: str) -> None:
    assert len(forbidden_words(text)) == 1
    assert forbidden_words("$HOME/ro" + "ot/x, {folder}/tm" + "p/a, tests/wo" + "rk/b") == []


def test_tests__fixtures_of_the_session__have_names_of_their_own() -> None:
    assert shared_session_fixtures(EVERYTHING) == []


def test_shared_session_fixtures__same_name_in_two_files__found() -> None:
    mark = '@pytest.fixture(scope="session")\n'
    deploys = ast.parse(mark + "def deployed():\n    return deploy()")
    account = ast.parse(mark + "def curator(accounts):\n    return accounts[1]")
    assert shared_session_fixtures({"a": deploys, "b": deploys}) == ["deployed: a, b"]
    assert shared_session_fixtures({"a": account, "b": account, "c": deploys}) == []
