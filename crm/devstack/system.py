"""What the machine itself must bring, and one command at a time that changes the checkout."""

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from crm.devstack.errors import Stop
from crm.devstack.paths import BUILD, ROOT


def find_program(names: Sequence[str]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def install_package(package: str, *, purpose: str) -> None:
    """Install a package of the distribution where we may, else say which one is missing."""
    apt = shutil.which("apt-get")
    if not apt or os.geteuid() != 0:
        raise Stop(f"{purpose} needs the system package {package}. On Debian and Ubuntu: apt-get install {package}")
    say(f"Installing the system package {package}: {purpose} needs it …")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run([apt, "update", "-qq"], env=env)
    run([apt, "install", "-qq", "-y", "--no-install-recommends", package], env=env)


def run(command: Sequence[str | Path], *, env: dict[str, str] | None = None) -> None:
    """Run to the end in the root of the checkout; its output is shown only when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise Stop(f"This failed: {' '.join(words)}\n\n{done.stdout.decode(errors='replace')}")


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """Commands that are started together take turns at installing; the later ones find the work done."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "installing.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def keep_bytecode() -> None:
    """Let what we start find its imports compiled, also where the environment asks for no such files in source folders.

    Without them each process compiles every package anew: it starts three seconds later and takes more memory.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(BUILD / "bytecode")


def say(text: str) -> None:
    """Print for the person at the terminal, who may have closed it."""
    with contextlib.suppress(OSError):
        print(text, flush=True)
