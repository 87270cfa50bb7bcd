"""The two servers under measurement: Kontor and the bare view."""

import contextlib
import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server; `started_in` seconds passed until it answered its first page."""

    port: int
    pid: int
    started_in: float

    @property
    def memory(self) -> float:
        """Proportional set size of the process, in MiB."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextlib.contextmanager
def serving(application: str, first_page: str, *, python: Path) -> Iterator[Server]:
    """A server of its own process on a free port of the loopback, run by `python` and ended with the block."""
    port = _free_port()
    command = [str(python), "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port),
               "--no-access-log", "--no-proxy-headers", "--no-server-header", "--log-level", "warning"]  # fmt: skip
    if application.startswith("bench."):
        command += ["--lifespan", "off"]
    began = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "LOG_LEVEL": "ERROR", "API_RATE": "1000000/min"})
    try:
        _wait_for(port, first_page, process)
        yield Server(port, process.pid, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, page: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.suppress(OSError):
            connection.request("GET", page, headers={"Host": "localhost"})
            connection.getresponse().read()
            return
        time.sleep(0.02)
    raise SystemExit(f"The server on port {port} did not become ready.")
