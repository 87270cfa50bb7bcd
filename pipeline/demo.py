"""The demo for the outside: which ways there are to fill an empty database."""

from pipeline.imports.actions import NotImportable, import_as_recorded
from pipeline.imports.maven import read_files
from pipeline.imports.story.texts import LANGUAGES
from pipeline.imports.story_actions import import_story

__all__ = ["LANGUAGES", "NotImportable", "import_as_recorded", "import_story", "read_files"]
