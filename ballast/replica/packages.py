"""Fetches the pinned npm tarballs, checks their integrity, and unpacks the files the replica needs.

`packages.json` names each package, its version, its sha512 and the files wanted. The tarballs come through
`npm pack` (no install scripts run) into `.cache/npm/`; a second use touches no network. `fetch` takes other
ways of getting a tarball too.
"""

import base64
import fnmatch
import hashlib
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ballast.errors import ReplicaError
from ballast.replica.paths import HERE, NPM_CACHE

PINS = HERE / "packages.json"
TIMEOUT = 300  # seconds for one tarball
PATIENCE = ("--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=3000")


@dataclass(frozen=True)
class Package:
    """One pinned tarball: `integrity` is `sha512-<base64>`, `files` are glob patterns inside the package."""

    name: str
    version: str
    integrity: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """A folder name that changes with the content and with what is taken from it."""
        wanted = hashlib.sha256("\n".join((self.integrity, *self.files)).encode()).hexdigest()[:12]
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}-{wanted}"


def pinned(path: Path = PINS) -> dict[str, Package]:
    """The packages of the pin file by name."""
    raw = json.loads(path.read_text())
    return {n: Package(n, p["version"], p["integrity"], tuple(p["files"])) for n, p in raw.items()}


def fetch_all(
    packages: dict[str, Package], cache: Path = NPM_CACHE, done: Callable[[str], None] | None = None
) -> dict[str, Path]:
    """Every package's folder of unpacked files by name, fetched in parallel where missing."""
    with ThreadPoolExecutor(max_workers=6) as pool:
        jobs = {name: pool.submit(fetch, package, cache) for name, package in packages.items()}
        folders = {}
        for name, job in jobs.items():
            folders[name] = job.result()
            if done is not None:
                done(name)
    return folders


def fetch(
    package: Package, cache: Path = NPM_CACHE, get: Callable[[Package, Path], Path] | None = None
) -> Path:
    """The folder of one package's files. ReplicaError: no npm, no network, wrong hash, missing file.

    `get` downloads the tarball into a folder and answers its path; without it npm does.
    """
    target = cache / package.folder
    if target.is_dir():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            tarball = (get or _pack)(package, Path(scratch))
            check_integrity(package, tarball.read_bytes())
            unpacked = Path(scratch) / "files"
            _unpack(package, tarball, unpacked)
            if not target.is_dir():  # another process may have been quicker
                unpacked.rename(target)
    except OSError as error:
        if target.is_dir():
            return target
        raise ReplicaError(f"{package.name}: cannot write to {cache} ({error.strerror or error})") from error
    return target


def check_integrity(package: Package, content: bytes) -> None:
    """ReplicaError unless the tarball's sha512 is the pinned one."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != package.integrity:
        raise ReplicaError(
            f"{package.name}@{package.version}: the tarball's hash is not the pinned one, so it is not used; "
            "clear the package manager's cache and try again, or check the registry"
        )


def _pack(package: Package, folder: Path) -> Path:
    spec = f"{package.name}@{package.version}"
    command = [
        "npm",
        "pack",
        spec,
        "--ignore-scripts",
        "--json",
        "--pack-destination",
        str(folder),
        *PATIENCE,
    ]
    try:
        run = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, cwd=folder, timeout=TIMEOUT, check=False
        )
    except FileNotFoundError:
        raise ReplicaError("npm not found: install Node 20 or newer with npm, then try again") from None
    except subprocess.TimeoutExpired:
        raise ReplicaError(
            f"{spec}: not fetched within {TIMEOUT} s; check the network and try again"
        ) from None
    tarballs = list(folder.glob("*.tgz"))
    if run.returncode or len(tarballs) != 1:
        lines = [x for x in run.stderr.splitlines() if x.startswith("npm error") and "log" not in x]
        why = lines[0].removeprefix("npm error").strip() if lines else "no answer"
        raise ReplicaError(f"{spec}: npm could not fetch it ({why}); check the network and the registry")
    return tarballs[0]


def _unpack(package: Package, tarball: Path, target: Path) -> None:
    target.mkdir()
    unmet = set(package.files)
    with tarfile.open(tarball) as archive:
        for member in archive:
            inside = member.name.partition("/")[2]
            hits = {p for p in package.files if _matches(inside, p)}
            source = archive.extractfile(member) if hits and member.isfile() else None
            if source is not None:
                unmet -= hits
                path = target / inside
                if not path.resolve().is_relative_to(target.resolve()):
                    raise ReplicaError(f"{package.name}: the tarball names a path outside itself: {inside}")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(source.read())
    if unmet:
        raise ReplicaError(f"{package.name}@{package.version} holds no {sorted(unmet)[0]}: fix its pin")


def _matches(path: str, pattern: str) -> bool:
    """Glob match that does not let `*` cross a folder."""
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)
