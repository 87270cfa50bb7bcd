"""Starting child processes that cannot outlive us."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO

from crm.devstack.system import say

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str],
    *,
    name: str,
    env: Mapping[str, str] | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    keep_fds: Sequence[int] = (),
    user: str | None = None,
    quiet: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, so that Ctrl-C reaches only us and we stop it in order.

    When we die, however that happens, the kernel sends it `death_signal` (Linux; it follows the thread
    that spawned, hence the check). Its output appears line by line behind `name`.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a child must be spawned by the main thread, whose life is that of the process")
    ourselves = os.getpid()
    process = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if quiet else subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=keep_fds,
        user=user,
        preexec_fn=lambda: die_with_parent(ourselves, death_signal),  # noqa: PLW1509 - it takes no lock
    )
    if process.stdout:
        threading.Thread(target=_prefix_lines, args=(process.stdout, name), daemon=True).start()
    return process


def die_with_parent(parent: int, death_signal: signal.Signals) -> None:
    """Ask the kernel to end this process with its parent; nothing where there is no such call."""
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), death_signal)


def stop(*processes: subprocess.Popen[bytes], with_signal: signal.Signals, patience: float) -> None:
    """Ask them all to stop, wait `patience` seconds for the last, then kill."""
    running = [process for process in processes if process.poll() is None]
    for process in running:
        process.send_signal(with_signal)
    deadline = time.monotonic() + patience
    for process in running:
        try:
            process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _prefix_lines(stream: IO[bytes], name: str) -> None:
    for line in stream:  # also when nobody reads any more, lest the child waits for us
        say(f"{name:<9}| {line.decode(errors='replace').rstrip()}")
