"""`make reset`: away with the development data."""

import shutil
from pathlib import Path

from crm.devstack import servers
from crm.devstack.errors import Stop
from crm.devstack.system import say

PARTS = ("postgres", "valkey", "mail", "media", "schema", "demo-loaded", "beat-schedule", "addresses.env", "lock")


def remove_data(data: Path) -> None:
    """Remove what `make run` keeps in the folder, and nothing else that lies there."""
    if servers.is_held(data):
        raise Stop(f"Kontor is running on {data}. Stop it first (Ctrl-C in its terminal).")
    for part in PARTS:
        path = data / part
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    say(f"Removed the data in {data}.")
