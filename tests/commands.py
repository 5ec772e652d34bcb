"""Runs the project's commands as `ape run` does, inside the test's connection."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from ape import networks
from click.testing import CliRunner, Result

ROOT = Path(__file__).resolve().parent.parent


def command(script: str) -> click.Command:
    """The `cli` of a script."""
    spec = importlib.util.spec_from_file_location(f"scripts.{script}", ROOT / "scripts" / f"{script}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cli: click.Command = module.cli
    return cli


def run(
    script: str, *arguments: Any, network: str | None = None, env: dict[str, str] | None = None
) -> Result:
    """Runs a command on the fork the tests are connected to; its exit code, stdout and stderr.

    By the fork's address: by its name the command would start a fork of its own.
    """
    words: Sequence[str] = [str(word) for word in arguments]
    options = ("--network", network or f"ethereum:replica:{networks.active_provider.uri}")
    return CliRunner(mix_stderr=False).invoke(command(script), [*words, *options], env=env)


def assert_refused(result: Result, *parts: str) -> None:
    """Exit code 1 and exactly one line on stderr, which says each of `parts`; no traceback."""
    assert result.exit_code == 1, (result.stdout, result.stderr, result.exception)
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    for part in parts:
        assert part in lines[0], lines[0]
