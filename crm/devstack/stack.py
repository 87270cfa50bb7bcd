"""`make run`: everything in one terminal, started in order, stopped together."""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crm.devstack import processes, servers
from crm.devstack.errors import Stop
from crm.devstack.paths import ROOT, VENV_BIN, VENV_PYTHON
from crm.devstack.system import say

READY_WITHIN_SECONDS = 60
STOP_WITHIN_SECONDS = 8
DEMO_SIGN_INS = ("admin@example.com", "manager@example.com", "rep@example.com")
DEMO_PASSWORD = "kontor-demo"  # noqa: S105 - for everybody to know


@dataclass
class Stack:
    """The processes of a development installation on one data folder."""

    data: Path
    host: str
    port: int
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    lock_fd: int = -1

    @property
    def address(self) -> str:
        return f"http://{'localhost' if self.host in {'127.0.0.1', '::1'} else self.host}:{self.port}"

    def run(self) -> int:
        """Start all, then wait until one ends or somebody stops us."""
        self._check_port()
        try:
            with servers.lasting(self.data) as running, self._stopping():
                self.lock_fd = running.lock_fd
                env = self._environment(running)
                self._prepare(running, env)
                self._start_web(env)
                self._start_background(env)
                self._greet()
                return self._watch(running)
        except KeyboardInterrupt:
            return 0

    def fill(self) -> None:
        """Only make the data, schema and demo, of an empty folder."""
        with servers.lasting(self.data) as running, self._stopping():
            self.lock_fd = running.lock_fd
            self._prepare(running, self._environment(running))

    @contextlib.contextmanager
    def _stopping(self) -> Iterator[None]:
        """However it ends, our children end before the servers they use."""
        try:
            yield
        except KeyboardInterrupt:
            say("\nStopping …")
            raise
        finally:
            ignore_further_signals()
            processes.stop(*self.children.values(), with_signal=signal.SIGTERM, patience=STOP_WITHIN_SECONDS)

    def _check_port(self) -> None:
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        while self._is_port_busy():
            if time.monotonic() > deadline or not servers.is_ending(self.data):
                raise Stop(
                    f"Port {self.port} is busy: something else listens there, perhaps another Kontor.\n"
                    f"Choose another port: make run PORT={self.port + 1}"
                )
            time.sleep(0.1)

    def _is_port_busy(self) -> bool:
        with socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return True
                raise Stop(f"Kontor cannot listen on {self.host}:{self.port}: {error.strerror}.") from None
        return False

    def _environment(self, running: servers.Servers) -> dict[str, str]:
        addresses = {
            "DATABASE_URL": running.database_url,
            "REDIS_URL": running.redis_url,
            "BASE_URL": os.environ.get("BASE_URL", self.address),
        }
        lines = [f"{key}={value}\n" for key, value in addresses.items()]
        (self.data / "addresses.env").write_text("".join(lines))
        return {"KONTOR_ENV": "development", **os.environ, **addresses, "DATA": str(self.data), "PYTHONUNBUFFERED": "1"}

    def _prepare(self, running: servers.Servers, env: dict[str, str]) -> None:
        """Bring the schema up to date; fill a database of ours with the demo the first time."""
        is_ours = "postgres" in running.processes
        schema, demo = self.data / "schema", self.data / "demo-loaded"
        code = servers.schema_of_code()
        if not is_ours or not schema.exists() or schema.read_text() != code:
            self._manage("migrate", "--no-input", "--verbosity=0", env=env)
            self._manage("load_rates", "--verbosity=0", env=env)
            schema.write_text(code if is_ours else "")
        if is_ours and not demo.exists() and _has_command("load_demo"):
            say("Loading the demo data …")
            self._manage("load_demo", env=env)
            demo.touch()

    def _manage(self, command: str, *arguments: str, env: dict[str, str]) -> None:
        patient = {**env, "DB_STATEMENT_TIMEOUT_MS": "0"}
        if self._spawn(command, [str(VENV_PYTHON), "manage.py", command, *arguments], patient).wait():
            raise Stop(f"python manage.py {command} failed; its output is above.")
        del self.children[command]

    def _spawn(self, name: str, command: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        process = processes.spawn(command, name=name, env=env, keep_fds=[self.lock_fd])
        self.children[name] = process
        return process

    def _start_web(self, env: dict[str, str]) -> None:
        """Alone until it answers, so that it has the processors for itself."""
        command = ["crm.server:application", "--host", self.host, "--port", str(self.port),
                   "--timeout-graceful-shutdown", "3", "--no-proxy-headers", "--no-server-header", "--no-access-log",
                   "--log-level", "warning"]  # fmt: skip
        self._spawn("web", [str(VENV_BIN / "uvicorn"), *command], env)
        self._wait_until_ready()

    def _start_background(self, env: dict[str, str]) -> None:
        patient = {**env, "DB_STATEMENT_TIMEOUT_MS": "60000"}
        celery = [str(VENV_PYTHON), "-m", "celery", "--quiet", "-A", "crm.celery"]
        worker = [*celery, "worker", "-P", "threads", "-c", "4", "--loglevel", "WARNING"]
        beat = [*celery, "beat", "--schedule", str(self.data / "beat-schedule"), "--loglevel", "WARNING"]
        self._spawn("worker", worker, patient)
        self._spawn("beat", beat, patient)

    def _wait_until_ready(self) -> None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline and self.children["web"].poll() is None:
            try:
                with urllib.request.urlopen(f"http://{host}:{self.port}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise Stop("The web server did not become ready; its log is above.")

    def _greet(self) -> None:
        lines = ["", f"  Kontor is ready: {self.address}", ""]
        if (self.data / "demo-loaded").exists():
            lines += [f"  {email:<22} {DEMO_PASSWORD}" for email in DEMO_SIGN_INS]
            lines += [""]
        say("\n".join([*lines, "  Ctrl-C stops it. Data stay in " + str(self.data), ""]))

    def _watch(self, running: servers.Servers) -> int:
        everything = {**running.processes, **self.children}
        while True:
            for name, process in everything.items():
                if (code := process.poll()) is not None:
                    say(f"\n{name} ended with exit code {code}; stopping the rest.")
                    return 1
            time.sleep(0.2)


def ignore_further_signals() -> None:
    """Stopping is under way and bounded in time; impatience must not leave half of it running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _has_command(name: str) -> bool:
    return any(ROOT.glob(f"*/management/commands/{name}.py"))
