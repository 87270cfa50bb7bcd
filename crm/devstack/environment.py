"""The virtual environment: made once, brought up to date when a lock file changes."""

import hashlib
import importlib.util
import sys
from pathlib import Path

from crm.devstack import system
from crm.devstack.paths import BUILD, REQUIREMENTS, VENV, VENV_BIN, VENV_PYTHON

# Each set holds the one before it, so a larger one that is already there serves a smaller wish.
SETS = ("run", "dev")
STAMP = VENV / "kontor.stamp"
PRODUCTION = BUILD / "production"


def ensure(wanted: str) -> None:
    """Install the locked set `run` or `dev` unless it is there already."""
    chosen = max(wanted, _installed() or wanted, key=SETS.index)
    lock = REQUIREMENTS / f"{chosen}.txt"
    stamp = f"{chosen} {digest(lock, REQUIREMENTS / 'uv.txt')}"
    if VENV_PYTHON.exists() and STAMP.exists() and STAMP.read_text() == stamp:
        return
    system.say("Installing the Python packages …")
    _make_venv()
    _uv("sync", lock)
    STAMP.write_text(stamp)


def add(name: str) -> None:
    """Install one more locked set beside what is there."""
    _uv("install", "-r", REQUIREMENTS / f"{name}.txt")


def production() -> Path:
    """The interpreter of an environment with what an image holds, and nothing that only development needs."""
    python = PRODUCTION / "bin" / "python"
    if not python.exists():
        system.run([VENV_PYTHON, "-m", "venv", "--without-pip", PRODUCTION])
    _uv("sync", REQUIREMENTS / "base.txt", into=python)
    return python


def digest(*files: Path) -> str:
    """A short fingerprint of the contents of the files, missing ones counted as empty."""
    content = b"\0".join(file.read_bytes() if file.exists() else b"" for file in files)
    return hashlib.sha256(content).hexdigest()[:16]


def _installed() -> str | None:
    return STAMP.read_text().split()[0] if STAMP.exists() else None


def _make_venv() -> None:
    if not VENV_PYTHON.exists():
        if importlib.util.find_spec("ensurepip") is None:
            system.install_package("python3-venv", purpose="Making a virtual environment")
        system.run([sys.executable, "-m", "venv", "--clear", VENV])
    if not (VENV_BIN / "uv").exists() or _installed() is None:
        install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]
        system.run([VENV_PYTHON, "-m", "pip", *install, REQUIREMENTS / "uv.txt"])


def _uv(verb: str, *arguments: str | Path, into: Path = VENV_PYTHON) -> None:
    system.run([VENV_BIN / "uv", "pip", verb, "--quiet", "--require-hashes", "--python", into, *arguments])
