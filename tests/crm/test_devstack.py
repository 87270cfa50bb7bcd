import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from crm.devstack import assets, reset, servers, stack, system
from crm.devstack.errors import Stop

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data folder that a first start has prepared."""
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    cluster = servers.migrated_cluster()
    assert cluster, "the tests of the runner need embedded servers"
    shutil.copytree(cluster, tmp_path / "postgres")
    (tmp_path / "schema").write_text(servers.schema_of_code())
    (tmp_path / "demo-loaded").touch()
    yield tmp_path
    shutil.rmtree(servers.runtime_folder(tmp_path))


@pytest.fixture
def start(data):
    """Start `make run` on the folder and wait until it is ready."""
    started = []

    def start_runner(port):
        env = {**os.environ, "KONTOR_ENV": "development", "DATA": str(data), "PORT": str(port)}
        env.pop("PYTEST_XDIST_WORKER", None)
        runner = subprocess.Popen(
            [sys.executable, "-m", "crm.devstack", "run"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
        )
        started.append(runner)
        return runner

    yield start_runner
    for runner in started:
        runner.kill()
        runner.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read_until(runner, text):
    for line in runner.stdout:
        if text in line:
            return
    pytest.fail(f"the runner ended without saying {text!r}")


def processes_on(data):
    """The processes whose command line names the folder, or that serve its sockets."""
    names = (str(data), str(servers.runtime_folder(data)))
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if any(name in command for name in names) or f"DATA={data}\0" in environment:
            found.append(command)
    return found


def wait_until_gone(data, seconds=15):
    deadline = time.monotonic() + seconds
    while (left := processes_on(data)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def test_a_killed_runner_leaves_nothing_and_the_next_start_works(start, data):
    port = free_port()
    runner = start(port)
    read_until(runner, "Ctrl-C stops it")
    assert len([command for command in processes_on(data) if "valkey-server" in command]) == 1

    runner.send_signal(signal.SIGKILL)
    runner.wait()

    again = start(port)  # at once, while the servers of the first are still finishing
    read_until(again, "Ctrl-C stops it")
    commands = processes_on(data)
    assert len([command for command in commands if "valkey-server" in command]) == 1
    assert len([command for command in commands if "bin/postgres" in command]) == 1
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
        assert answer.status == 200

    again.send_signal(signal.SIGINT)
    assert again.wait(20) == 0
    assert wait_until_gone(data) == []


def test_when_one_part_ends_the_rest_stops(start, data):
    runner = start(free_port())
    read_until(runner, "Ctrl-C stops it")

    (server,) = [path for path in Path("/proc").glob("[0-9]*/cmdline") if _runs(path, "valkey-server", data)]
    os.kill(int(server.parent.name), signal.SIGKILL)

    assert runner.wait(20) == 1
    assert wait_until_gone(data) == []


def _runs(cmdline, program, data):
    try:
        words = cmdline.read_bytes().decode()
    except OSError:
        return False
    return program in words and str(servers.runtime_folder(data)) in words


def test_a_busy_port_is_named_with_the_way_out(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Stop, match=rf"Port {port} is busy.*\n.*make run PORT={port + 1}"):
            stack.Stack(tmp_path, "127.0.0.1", port).run()
    assert list(tmp_path.iterdir()) == []


def test_two_runners_never_share_a_data_folder(tmp_path):
    holding = "import sys,time,fcntl; f=open(sys.argv[1],'a'); fcntl.flock(f,2); print(1,flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", holding, str(tmp_path / "lock")], stdout=subprocess.PIPE)
    other.stdout.readline()
    (tmp_path / "lock").write_text(str(other.pid))
    try:
        with pytest.raises(Stop, match="already running"), servers.lasting(tmp_path):
            pytest.fail("the folder was taken")
        with pytest.raises(Stop, match="is running"):
            reset.remove_data(tmp_path)
    finally:
        other.kill()
        other.wait()


def test_data_of_another_postgres_are_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(Stop, match="made by PostgreSQL 9"), servers.lasting(tmp_path):
        pytest.fail("it started")


def test_reset_removes_what_is_ours_only(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "demo-loaded").touch()
    (tmp_path / "letter.txt").touch()

    reset.remove_data(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_sockets_lie_in_a_short_private_folder(tmp_path):
    folder = servers.runtime_folder(tmp_path / ("deep/" * 40))
    assert len(str(folder)) < 80
    assert folder.stat().st_mode & 0o077 == 0
    folder.rmdir()


def test_the_sprite_holds_the_listed_icons_once():
    svg = assets.sprite(["check", "bell", "check"])
    assert svg.count("<symbol") == 2
    assert '<symbol id="i-check" viewBox="0 0 24 24"><path' in svg


def test_imports_are_compiled_once_where_source_folders_must_stay_clean(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "")
    system.keep_bytecode()
    ask = "import sys, json; print(sys.dont_write_bytecode, json.__cached__)"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    assert told[0] == "False"
    assert Path(told[1]).is_relative_to(ROOT / "build")


def test_an_unknown_icon_is_named():
    with pytest.raises(Stop, match="no-such-icon"):
        assets.sprite(["no-such-icon"])
