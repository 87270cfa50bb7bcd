"""The commands behind the Makefile."""

import argparse
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

from crm.devstack import assets, browser, environment, postgres, processes, reset, servers, stack, system
from crm.devstack.errors import Stop
from crm.devstack.paths import ROOT, VENV_BIN, data_folder


def main() -> int:
    options = _parser().parse_args()
    # SIGINT too: a shell without a terminal starts its background jobs deaf to it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if "MAKELEVEL" in os.environ:
        processes.die_with_parent(os.getppid(), signal.SIGTERM)
    system.keep_bytecode()
    try:
        return int(options.run(options) or 0)
    except Stop as stop:
        print(f"\n{stop}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crm.devstack", description=__doc__)
    commands = parser.add_subparsers(required=True)

    run = commands.add_parser("run", help="install what is missing, start everything, watch it")
    run.set_defaults(run=run_stack)

    install = commands.add_parser("environment", help="make the virtual environment and the files for the browser")
    install.add_argument("set", choices=environment.SETS)
    install.add_argument("--browser", action="store_true", help="find or install Chromium too")
    install.set_defaults(run=prepare)

    files = commands.add_parser("assets", help="generate the files for the browser from an installed node_modules")
    files.set_defaults(run=lambda _options: assets.generate())

    execute = commands.add_parser("exec", help="run a command with throwaway servers")
    execute.add_argument("--migrated", action="store_true", help="begin with a database that has every migration")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    execute.set_defaults(run=execute_command)

    fresh = commands.add_parser("reset", help="replace the development data by a fresh demo")
    fresh.set_defaults(run=start_afresh)
    return parser


def run_stack(_options: argparse.Namespace) -> int:
    install("run")
    return _stack().run()


def start_afresh(_options: argparse.Namespace) -> None:
    install("run")
    reset.remove_data(data_folder())
    _stack().fill()


def prepare(options: argparse.Namespace) -> None:
    install(options.set, with_browser=options.browser)


def install(packages: str, *, with_browser: bool = False) -> None:
    """Everything that must be there, in as little time as the network allows."""
    with system.exclusive(), ThreadPoolExecutor() as meanwhile:
        fetching = meanwhile.submit(assets.fetch)
        environment.ensure(packages)
        fetching.result()
        assets.ensure()
        if with_browser:
            browser.ensure()


def _stack() -> stack.Stack:
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal():
        raise Stop(f"PORT is a number, not {port!r}.")
    return stack.Stack(data_folder(), os.environ.get("HOST") or "127.0.0.1", int(port))


def execute_command(options: argparse.Namespace) -> int:
    """Run a command with DATABASE_URL and REDIS_URL of servers that live as long as it does."""
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    cluster = servers.migrated_cluster() if options.migrated else None
    with servers.throwaway(cluster=cluster) as running:
        env = {
            "KONTOR_ENV": "test",
            "DB_STATEMENT_TIMEOUT_MS": "60000",
            **os.environ,
            "DATA": str(running.data),
            "DATABASE_URL": running.database_url,
            "REDIS_URL": running.redis_url,
            "TEST_DATABASE_TEMPLATE": postgres.DATABASE if cluster else "",
            "PATH": f"{VENV_BIN}{os.pathsep}{os.environ['PATH']}",
        }
        # It shares our terminal and our Ctrl-C; we only wait for it.
        process = subprocess.Popen(command, env=env, cwd=ROOT)
        try:
            return process.wait()
        except KeyboardInterrupt:
            processes.stop(process, with_signal=signal.SIGTERM, patience=10)
            raise


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
