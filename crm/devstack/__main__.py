"""The commands behind the Makefile."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from crm.devstack import environment, servers
from crm.devstack.errors import Stop
from crm.devstack.paths import ROOT, VENV_BIN


def main() -> int:
    options = _parser().parse_args()
    signal.signal(signal.SIGHUP, lambda *_: _interrupt())
    signal.signal(signal.SIGTERM, lambda *_: _interrupt())
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

    install = commands.add_parser("environment", help="make the virtual environment")
    install.add_argument("set", choices=environment.SETS)
    install.set_defaults(run=lambda options: environment.ensure(options.set))

    execute = commands.add_parser("exec", help="run a command with throwaway servers")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    execute.set_defaults(run=lambda options: execute_command(options.command))
    return parser


def execute_command(command: Sequence[str]) -> int:
    """Run `command` with DATABASE_URL and REDIS_URL of servers that live as long as it does."""
    if command and command[0] == "--":
        command = command[1:]
    with servers.throwaway() as running:
        env = {
            "KONTOR_ENV": "test",
            "DB_STATEMENT_TIMEOUT_MS": "60000",
            **os.environ,
            "DATABASE_URL": running.database_url,
            "REDIS_URL": running.redis_url,
            "PATH": f"{VENV_BIN}{os.pathsep}{os.environ['PATH']}",
        }
        return subprocess.run(command, env=env, cwd=ROOT, check=False).returncode


def _interrupt() -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
