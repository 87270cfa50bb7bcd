"""PostgreSQL and Valkey together: the lasting pair of `make run`, the throwaway pair of everything else."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from crm.devstack import environment, postgres, processes, system, valkey
from crm.devstack.errors import Stop
from crm.devstack.paths import BUILD, REQUIREMENTS, ROOT, VENV_PYTHON

THROWAWAY_PREFIX = "kontor-test-"
PACKAGES = ("crm", "teams", "pipeline", "reporting")
CLUSTERS = BUILD / "test-clusters"


@dataclass
class Servers:
    """Running servers; those that came from outside by URL are not ours and have no process."""

    data: Path
    lock_fd: int
    database_url: str = ""
    redis_url: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def stop(self) -> None:
        for name, process in reversed(self.processes.items()):
            processes.stop(process, with_signal=signal.SIGINT if name == "postgres" else signal.SIGTERM, patience=10)


@contextlib.contextmanager
def lasting(data: Path) -> Iterator[Servers]:
    """The servers over the data folder, which nobody else may use meanwhile."""
    data.mkdir(parents=True, exist_ok=True)
    with lock(data) as held:
        sockets = runtime_folder(data)
        try:
            yield from _running(data, sockets, lock_fd=held.fileno(), durable=True)
        finally:
            shutil.rmtree(sockets, ignore_errors=True)


@contextlib.contextmanager
def throwaway(*, cluster: Path | None = None) -> Iterator[Servers]:
    """Fast servers over a folder that is removed at the end; empty, or a copy of `cluster`."""
    sweep_throwaways()
    folder = Path(tempfile.mkdtemp(prefix=THROWAWAY_PREFIX, dir="/tmp"))
    try:
        with lock(folder) as held:
            if cluster:
                shutil.copytree(cluster, folder / "postgres")
            yield from _running(folder, folder, lock_fd=held.fileno(), durable=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def migrated_cluster() -> Path | None:
    """A data folder whose database has every migration, kept until a migration changes.

    Applying them takes longer than most selections of tests. None where it cannot be shared.
    """
    if "DATABASE_URL" in os.environ or not postgres.shares_files():
        return None
    cluster = CLUSTERS / schema_of_code()
    with system.exclusive():
        if not cluster.exists():
            shutil.rmtree(CLUSTERS, ignore_errors=True)
            _make_migrated(cluster)
    return cluster


def schema_of_code() -> str:
    """A fingerprint of what decides the schema: our migrations, the libraries and which of them are installed."""
    ours = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("migrations/*.py"))]
    return environment.digest(*ours, ROOT / "crm" / "settings.py", REQUIREMENTS / "base.txt")


def _make_migrated(cluster: Path) -> None:
    draft = cluster.with_suffix(".draft")
    with throwaway() as running:
        env = {**os.environ, "KONTOR_ENV": "test", "DATABASE_URL": running.database_url, "REDIS_URL": running.redis_url}
        system.run([VENV_PYTHON, "manage.py", "migrate", "--no-input", "--verbosity=0"], env=env)
        running.stop()
        shutil.copytree(running.data / "postgres", draft)
    draft.rename(cluster)


def _running(data: Path, sockets: Path, *, lock_fd: int, durable: bool) -> Iterator[Servers]:
    servers = Servers(data, lock_fd, os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", ""))
    try:
        # All children inherit the lock: it is free only when the last of them has gone.
        if not servers.database_url:
            options = {} if durable else postgres.THROWAWAY
            database = postgres.Postgres(data / "postgres", sockets, postgres.binaries(), options)
            servers.processes["postgres"] = database.start(keep_fds=[lock_fd], quiet=not durable)
            servers.database_url = database.url
        if not servers.redis_url:
            broker = valkey.Valkey(data / "valkey", sockets / "valkey.sock", valkey.program(), durable)
            servers.processes["valkey"] = broker.start(keep_fds=[lock_fd], quiet=not durable)
            servers.redis_url = broker.url
        yield servers
    finally:
        servers.stop()


@contextlib.contextmanager
def lock(data: Path, *, patience: float = 20) -> Iterator[IO[str]]:
    """Hold the folder. What a killed runner left gets `patience` seconds to finish."""
    with (data / "lock").open("a+") as file:
        deadline = time.monotonic() + patience
        while not _try_lock(file):
            owner = (data / "lock").read_text().strip()
            if is_alive(owner):
                raise Stop(
                    f"Kontor is already running on {data} (process {owner}).\n"
                    "Stop it, or use another folder: make run DATA=/some/folder PORT=8001"
                )
            if time.monotonic() > deadline:
                raise Stop(f"A killed Kontor is still finishing on {data}. Wait a moment and try again.")
            time.sleep(0.1)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file
        file.truncate(0)


def is_held(data: Path) -> bool:
    """Whether processes of a runner, alive or killed, use this folder."""
    if not (data / "lock").exists():
        return False
    with (data / "lock").open("a+") as file:
        return not _try_lock(file)


def is_ending(data: Path) -> bool:
    """Whether the runner of this folder was killed and what it started is still finishing."""
    return is_held(data) and not is_alive((data / "lock").read_text().strip())


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def runtime_folder(data: Path) -> Path:
    """A short private folder for the sockets, whose paths the system limits to about a hundred bytes."""
    short = hashlib.sha256(str(data).encode()).hexdigest()[:10]
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")  # noqa: S108 - private folder inside
    if not os.access(base, os.W_OK) or len(str(base)) > 60:
        base = Path("/tmp")  # noqa: S108
    folder = base / f"kontor-{os.getuid()}-{short}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.getuid(), postgres.NOBODY}:
        raise Stop(f"{folder} belongs to somebody else; remove it or set XDG_RUNTIME_DIR.")
    return folder


def sweep_throwaways() -> None:
    """Remove what killed test runs left behind."""
    for folder in Path("/tmp").glob(f"{THROWAWAY_PREFIX}*"):  # noqa: S108
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > 60 and not is_held(folder):  # else being made
                shutil.rmtree(folder, ignore_errors=True)
