"""`make run`, `make test` and their servers. Standard library only: it runs before anything is installed."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whatever python3 is
    sys.exit("Kontor needs Python 3.11 or newer. Name one, for example: make run PYTHON=python3.12")
