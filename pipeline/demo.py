"""The demo for the outside: which ways there are to fill an empty database."""

from pipeline.imports.actions import NotImportable, import_as_recorded
from pipeline.imports.maven import read_files

__all__ = ["NotImportable", "import_as_recorded", "read_files"]
