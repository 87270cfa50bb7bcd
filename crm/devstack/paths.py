"""Where things are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_BIN = VENV / "bin"
VENV_PYTHON = VENV_BIN / "python"
BUILD = ROOT / "build"
REQUIREMENTS = ROOT / "requirements"


def data_folder() -> Path:
    """The folder of the development data, `DATA` or `.data`."""
    return Path(os.environ.get("DATA") or ROOT / ".data").expanduser().resolve()


def site_packages(pattern: str) -> list[Path]:
    """Files that installed packages brought, by a pattern below their common folder."""
    return sorted(VENV.glob(f"lib/python3.*/site-packages/{pattern}"))
