"""The virtual environment: made once, brought up to date when a lock file changes."""

import contextlib
import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from crm.devstack.errors import Stop
from crm.devstack.paths import REQUIREMENTS, ROOT, VENV, VENV_BIN, VENV_PYTHON

# Each set holds the ones before it, so a larger one that is already there serves a smaller wish.
SETS = ("run", "dev")


def ensure(wanted: str) -> None:
    """Install the locked set `run` or `dev` unless it is there already."""
    if sys.version_info < (3, 11):
        raise Stop(f"Kontor needs Python 3.11 or newer, this is {sys.version.split()[0]}.")
    with _exclusive():
        chosen = max(wanted, _installed_set() or wanted, key=SETS.index)
        lock = REQUIREMENTS / f"{chosen}.txt"
        wanted_stamp = f"{chosen} {digest(lock, REQUIREMENTS / 'uv.txt')}"
        if _stamp().exists() and _stamp().read_text() == wanted_stamp:
            return
        print(f"Installing the {chosen} dependencies …", flush=True)
        _make_venv()
        _run(VENV_BIN / "uv", "pip", "sync", "--quiet", "--require-hashes", "--python", VENV_PYTHON, lock)
        _stamp().write_text(wanted_stamp)


def digest(*files: Path) -> str:
    """A short fingerprint of the contents of the files, missing ones counted as empty."""
    content = b"\0".join(file.read_bytes() if file.exists() else b"" for file in files)
    return hashlib.sha256(content).hexdigest()[:16]


def _stamp() -> Path:
    return VENV / "kontor.stamp"


def _installed_set() -> str | None:
    return _stamp().read_text().split()[0] if _stamp().exists() else None


def _make_venv() -> None:
    if not VENV_PYTHON.exists():
        try:
            _run(sys.executable, "-m", "venv", VENV)
        except Stop as stop:
            raise Stop(f"{stop}\nOn Debian and Ubuntu: apt-get install python3-venv") from None
    if not (VENV_BIN / "uv").exists() or _installed_set() is None:
        _run(VENV_PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", REQUIREMENTS / "uv.txt")


def _run(*command: str | Path) -> None:
    if subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode:
        raise Stop("Installing failed: " + " ".join(str(part) for part in command))


@contextlib.contextmanager
def _exclusive() -> Iterator[None]:
    """Two commands started together take turns; the second finds the work done."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
