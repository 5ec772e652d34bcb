"""The set-up: every obstacle is one line that says what to do, and a second run does nothing."""

import importlib.util
import json
import shutil
import stat
import subprocess
from collections import namedtuple
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The set-up script, pointed at an empty checkout."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", ROOT / "tools/bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("requirements/lock.txt", "requirements/uv.txt", "package-lock.json", "tools/bootstrap.py"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    places = {"ROOT": "", "VENV": ".venv", "UV_HOME": ".tools", "BIN": ".bin", "SOLC": ".solc"}
    for name, place in places.items():
        monkeypatch.setattr(module, name, tmp_path / place)
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv/.ballast-setup")
    monkeypatch.setattr(module, "ANVIL", tmp_path / "anvil")
    return module


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def complaint(module: ModuleType, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that the set-up ends with."""
    assert module.main() == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line]
    assert len(lines) == 1
    assert lines[0].startswith("set-up: ")
    return lines[0]


def test_main__old_python__names_the_versions_that_do(bootstrap, capsys, monkeypatch) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    assert "Python 3.9.2 found: install 3.11 or 3.12" in complaint(bootstrap, capsys)


def test_main__no_node__says_to_install_it(bootstrap, capsys, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert "Node.js not found: install Node 20" in complaint(bootstrap, capsys)


def test_main__old_node__says_which_is_needed(bootstrap, capsys, monkeypatch, tmp_path) -> None:
    program(tmp_path / "programs", "node", "echo v16.20.0")
    program(tmp_path / "programs", "npm", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    assert "Node v16.20.0 found, 20 or newer needed" in complaint(bootstrap, capsys)


def test_main__disk_full__says_how_much_is_needed(bootstrap, capsys, monkeypatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: Usage(1, 1, 5 * 1024**2))
    assert "5 MiB free on this disk, 2048 MiB needed" in complaint(bootstrap, capsys)


def test_main__no_network_for_python__says_to_check_it(bootstrap, capsys, monkeypatch, tmp_path) -> None:
    program(tmp_path / "programs", "uv", 'test "$1" = venv && exit 0; echo unreachable >&2; exit 2')
    monkeypatch.setenv(
        "PATH", f"{tmp_path / 'programs'}:{Path(shutil.which('node') or '').parent}:/usr/bin:/bin"
    )
    assert "installing the Python packages failed: no package registry" in complaint(bootstrap, capsys)
    assert "unreachable" in (tmp_path / ".setup.log").read_text()


def test_main__no_network_for_npm__says_to_check_it(bootstrap, capsys, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(bootstrap, "STEPS", (("Node packages", bootstrap.install_node),))
    program(tmp_path / "programs", "npm", "exit 1")
    program(tmp_path / "programs", "node", "echo v20.0.0")
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    assert "npm ci failed: no registry could be reached" in complaint(bootstrap, capsys)


def test_link_anvil__platform_without_one__says_to_name_it(bootstrap, capsys, monkeypatch) -> None:
    monkeypatch.setattr(bootstrap, "STEPS", (("local anvil", bootstrap.link_anvil),))
    monkeypatch.setattr(bootstrap.platform, "machine", lambda: "riscv64")
    monkeypatch.delenv("BALLAST_ANVIL", raising=False)
    which = shutil.which
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None if name == "anvil" else which(name))
    assert "install Foundry, set BALLAST_ANVIL" in complaint(bootstrap, capsys)


def test_main__nothing_changed__touches_nothing(bootstrap, capsys, monkeypatch, tmp_path) -> None:
    steps: list[str] = []

    def settle() -> None:
        steps.append("ran")
        for folder in (".venv", "node_modules", ".bin"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / ".bin/anvil").touch()

    monkeypatch.setattr(bootstrap, "STEPS", (("everything", settle),))
    assert bootstrap.main() == 0
    assert bootstrap.main() == 0
    assert steps == ["ran"]
    (tmp_path / "package-lock.json").write_text("{}")
    assert bootstrap.main() == 0
    assert steps == ["ran", "ran"]


def test_solc_wrapper__long_output__arrives_whole(tmp_path: Path) -> None:
    """The compiler's answer is megabytes; a pipe takes 64 KiB at a time."""
    source = (
        "pragma solidity 0.8.30; contract C { function f() external pure returns (uint256) { return 1; } }"
    )
    wanted = '{"*":{"*":["*"],"":["ast"]}}'
    sources = ",".join(f'"c{number}.sol":{{"content":"{source}"}}' for number in range(60))
    asked = f'{{"language":"Solidity","sources":{{{sources}}},"settings":{{"outputSelection":{wanted}}}}}'
    done = subprocess.run(
        [ROOT / ".solc/solc-v0.8.30", "--standard-json"],
        input=asked,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0
    assert len(done.stdout) > 128 * 1024
    assert len(json.loads(done.stdout)["contracts"]) == 60


def test_solc_wrapper__unknown_request__is_refused() -> None:
    done = subprocess.run([ROOT / ".solc/solc-v0.8.30", "--ast"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
