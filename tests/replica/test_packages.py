"""Pinned tarballs: integrity, unpacking, and the ways fetching fails."""

import base64
import hashlib
import io
import tarfile

import pytest

from ballast.errors import ReplicaError
from ballast.replica import packages
from ballast.replica.packages import Package, check_integrity, fetch, pinned

CONTENT = b"a tarball"


def package(**changes):
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(CONTENT).digest()).decode()
    return Package(
        **{"name": "thing", "version": "1.0.0", "integrity": integrity, "files": ("a.json",), **changes}
    )


def tarball(path, *names):
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 2
            archive.addfile(entry, io.BytesIO(b"{}"))
    return path


def test_pinned__every_package__has_a_sha512_an_exact_version_and_no_host():
    for pin in pinned().values():
        assert pin.integrity.startswith("sha512-")
        assert len(base64.b64decode(pin.integrity.removeprefix("sha512-"))) == 64
        assert pin.version[0].isdigit()
    assert "://" not in packages.PINS.read_text()


def test_check_integrity__the_pinned_content__passes():
    check_integrity(package(), CONTENT)


def test_check_integrity__one_byte_more__is_refused():
    with pytest.raises(ReplicaError, match=r"thing@1\.0\.0: the tarball's hash is not the pinned one"):
        check_integrity(package(), CONTENT + b"!")


def test_fetch__a_tarball_of_another_hash__is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "_pack", lambda p, folder: tarball(folder / "t.tgz", "package/a.json"))
    with pytest.raises(ReplicaError, match="hash is not the pinned one"):
        fetch(package(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_fetch__no_npm__says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReplicaError, match="npm not found: install Node"):
        fetch(package(), tmp_path / "cache")


def test_fetch__no_registry_answers__is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setattr(packages, "PATIENCE", ("--fetch-retries=0",))
    with pytest.raises(ReplicaError, match=r"npm could not fetch it .*check the network") as caught:
        fetch(package(), tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_fetch__a_cache_that_cannot_be_written__is_one_line(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(ReplicaError, match="thing: cannot write to"):
        fetch(package(), tmp_path / "cache")


def test_unpack__wanted_files__alone_are_taken(tmp_path):
    source = tarball(tmp_path / "t.tgz", "package/a.json", "package/b.json", "package/deep/a.json")
    packages._unpack(package(files=("*.json",)), source, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").rglob("*")) == ["a.json", "b.json"]


def test_unpack__a_file_that_is_not_there__is_named(tmp_path):
    with pytest.raises(ReplicaError, match=r"holds no a\.json"):
        packages._unpack(package(), tarball(tmp_path / "t.tgz", "package/b.json"), tmp_path / "out")


def test_unpack__a_path_out_of_the_package__is_refused(tmp_path):
    source = tarball(tmp_path / "t.tgz", "package/../evil.json")
    with pytest.raises(ReplicaError, match="names a path outside itself"):
        packages._unpack(package(files=("../evil.json",)), source, tmp_path / "out")
    assert not (tmp_path / "evil.json").exists()
