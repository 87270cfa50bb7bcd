#!/usr/bin/env python
"""Django's commands, against the servers of a running `make run` when nothing else is said."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> None:
    if Path(sys.prefix) == ROOT / ".venv":
        use_development()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    # A person waits for the end of a command, so it may take its time.
    os.environ.setdefault("DB_STATEMENT_TIMEOUT_MS", "0")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the environment

    execute_from_command_line(sys.argv)


def use_development() -> None:
    """This checkout's own environment is for development; `make run` leaves its addresses in a file."""
    if "KONTOR_ENV" in os.environ:
        return
    os.environ["KONTOR_ENV"] = "development"
    addresses = Path(os.environ.get("DATA") or ROOT / ".data") / "addresses.env"
    if addresses.exists():
        for line in addresses.read_text().splitlines():
            key, _, value = line.partition("=")
            os.environ.setdefault(key, value)


if __name__ == "__main__":
    main()
