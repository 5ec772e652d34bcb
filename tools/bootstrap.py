"""Sets up everything Ballast needs inside the checkout; run by `make`, needs only the standard library.

Nothing is installed outside the folder. What is already there and unchanged is left alone, so a second
run touches no network. Every failure is one line that says what to do.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
UV_HOME = ROOT / ".tools"
BIN = ROOT / ".bin"
SOLC = ROOT / ".solc"
STAMP = VENV / ".ballast-setup"
SOLC_VERSIONS = ("0.6.6", "0.8.27", "0.8.30")
NEEDED_BYTES = 2 * 1024**3
ANVIL = ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"

# Read by every Python of the environment at start: `ape` works as typed, with no exports to remember.
PTH = (
    "import os, sys; r = os.path.dirname(sys.prefix); "
    'os.environ.setdefault("APE_DATA_FOLDER", os.path.join(r, ".ape")); '
    'os.environ.setdefault("SOLCX_BINARY_PATH", os.path.join(r, ".solc")); '
    'b = os.path.join(r, ".bin"); p = os.environ.get("PATH", ""); '
    'os.environ.__setitem__("PATH", p if b in p.split(os.pathsep) else b + os.pathsep + p); '
    "r in sys.path or sys.path.append(r)\n"
)


class SetupError(Exception):
    """A reason to stop, in one line, with the way out."""


def run(args, what, hint):
    """Runs a command quietly; on failure keeps its output in a log and raises one line."""
    log = ROOT / ".setup.log"
    with log.open("ab") as out:
        out.write(f"\n$ {' '.join(str(a) for a in args)}\n".encode())
        out.flush()
        done = subprocess.run([str(a) for a in args], cwd=ROOT, stdout=out, stderr=out)  # noqa: S603
    if done.returncode:
        raise SetupError(f"{what} failed: {hint} (details: {log.name})")


def check_machine():
    """Python, Node, git, disk: everything that must be there before anything is fetched."""
    if not (3, 11) <= sys.version_info[:2] < (3, 13):
        have = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(f"Python {have} found: install 3.11 or 3.12 and run `make PYTHON=python3.12`")
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise SetupError("Node.js not found: install Node 20 or newer with npm, then run make again")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()  # noqa: S603
    if int(version.lstrip("v").split(".")[0]) < 20:
        raise SetupError(f"Node {version} found, 20 or newer needed: install it, then run make again")
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        need, have = NEEDED_BYTES // 1024**2, free // 1024**2
        raise SetupError(f"{have} MiB free on this disk, {need} MiB needed: make room")


def inputs_digest():
    """Changes when any input of the set-up changes."""
    digest = hashlib.sha256(sys.version.encode())
    names = ("requirements/lock.txt", "requirements/uv.txt", "package-lock.json", "tools/bootstrap.py")
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_done(digest):
    """True when an earlier run finished with the same inputs and its results still stand."""
    same = STAMP.exists() and STAMP.read_text() == digest
    return same and (ROOT / "node_modules").is_dir() and (BIN / "anvil").exists()


def install_python():
    """A virtual environment from the hash-locked list, made by uv."""
    net = "no package registry could be reached or a hash differs; check the network and run make again"
    uv = shutil.which("uv")
    if uv is None:
        if not (UV_HOME / "bin/uv").exists():
            run([sys.executable, "-m", "venv", UV_HOME], "creating .tools", "is the venv module installed?")
            pip = [UV_HOME / "bin/python", "-m", "pip", "install", "-q", "--require-hashes"]
            run([*pip, "-r", ROOT / "requirements/uv.txt"], "installing uv", net)
        uv = UV_HOME / "bin/uv"
    if not (VENV / "bin/python").exists():
        run([uv, "venv", "--python", sys.executable, VENV], "creating .venv", "is the folder writable?")
    sync = [uv, "pip", "sync", "--require-hashes", "--python", VENV / "bin/python", "requirements/lock.txt"]
    run(sync, "installing the Python packages", net)
    site = next((VENV / "lib").glob("python3.*/site-packages"))
    (site / "ballast-env.pth").write_text(PTH)


def install_node():
    """Compilers, anvil and Solidity libraries from the integrity-locked list."""
    hint = "no registry could be reached or an integrity hash differs; check the network and run make again"
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci", hint)


def link_anvil():
    """`.bin/anvil`: the native binary, or the one named by BALLAST_ANVIL."""
    BIN.mkdir(exist_ok=True)
    chosen = os.environ.get("BALLAST_ANVIL")
    if chosen is None and platform.system() == "Linux" and platform.machine() in ("x86_64", "AMD64"):
        chosen = str(ANVIL)
    chosen = chosen or shutil.which("anvil")
    if chosen is None or not Path(chosen).exists():
        raise SetupError(
            "npm has no anvil for this platform: install Foundry, set BALLAST_ANVIL to its anvil"
        )
    link = BIN / "anvil"
    link.unlink(missing_ok=True)
    link.symlink_to(chosen)


def write_solc_wrappers():
    """One executable a version, named as py-solc-x looks for them."""
    SOLC.mkdir(exist_ok=True)
    for version in SOLC_VERSIONS:
        wrapper = SOLC / f"solc-v{version}"
        wrapper.write_text(
            "#!/bin/sh\n"
            'here=$(cd "$(dirname "$0")/.." && pwd)\n'
            f'exec node --stack-size=4000 "$here/tools/solc.js" {version} "$@"\n'
        )
        wrapper.chmod(0o755)


STEPS = (
    ("Python packages", install_python),
    ("Node packages, compilers, anvil", install_node),
    ("local anvil", link_anvil),
    ("compiler wrappers", write_solc_wrappers),
)


def main():
    """Runs the steps with a line of progress each; returns the exit code."""
    try:
        check_machine()
        digest = inputs_digest()
        if is_done(digest):
            return 0
        (ROOT / ".setup.log").unlink(missing_ok=True)
        for number, (name, step) in enumerate(STEPS, 1):
            start = time.monotonic()
            print(f"[{number}/{len(STEPS)}] {name} ...", end=" ", flush=True)
            step()
            print(f"{time.monotonic() - start:.0f} s", flush=True)
        STAMP.write_text(digest)
    except SetupError as error:
        print(f"\nset-up: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        where = error.filename or "disk or permissions"
        print(f"\nset-up: {error.strerror or error}: {where}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
