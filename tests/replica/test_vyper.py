"""Contracts written in Vyper: the pinned source distribution, and the compiler."""

import base64
import sys
from importlib.metadata import version

import pytest

from ballast.errors import ReplicaError
from ballast.replica import vyper
from ballast.replica.packages import pinned
from ballast.replica.solc import Artifact
from ballast.replica.vyper import PINS, SOURCES, blueprint, fetch_sources, vyper_code


def test_pins__the_sources_and_the_compiler__are_of_one_version_and_name_no_host():
    pin = pinned(PINS)["vyper"]
    assert pin.version == version("vyper")
    assert len(base64.b64decode(pin.integrity.removeprefix("sha512-"))) == 64
    assert "://" not in PINS.read_text()
    wanted = {str(vyper.CONTRACTS / path) for path in SOURCES.values()}
    assert wanted == set(pin.files)


def test_vyper_code__every_contract__is_compiled_and_a_pool_fits_the_size_limits():
    code = vyper_code()
    assert set(code) == set(SOURCES)
    assert all(len(artifact.bytecode) > 2_000 for artifact in code.values())
    assert len(blueprint(code["CurveStableSwapNG"])) // 2 <= 24_576  # bytes of a contract, EIP-170


def test_vyper_code__a_second_time__starts_no_process(monkeypatch):
    vyper_code()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    assert set(vyper_code()) == set(SOURCES)


def test_fetch_sources__no_index_answers__is_one_line_and_keeps_nothing(tmp_path, monkeypatch):
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(ReplicaError, match=r"vyper==.* pip could not fetch it .*check the network") as caught:
        fetch_sources(tmp_path / "cache")
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_compiled__a_source_that_is_none__is_one_line(tmp_path):
    path = tmp_path / "Broken.vy"
    path.write_text("def nothing(: pass\n")
    with pytest.raises(ReplicaError, match="vyper, Broken: ") as caught:
        vyper._compiled("Broken", path)
    assert "\n" not in str(caught.value)


def test_blueprint__any_code__begins_as_the_standard_says():
    assert blueprint(Artifact("Thing", "6001")) == "fe71006001"
