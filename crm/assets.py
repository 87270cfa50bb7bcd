"""Static files of production: one stylesheet instead of many, small scripts, hashed names."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import minify  # type: ignore[import-untyped]
from whitenoise.storage import CompressedManifestStaticFilesStorage

ENTRY = "css/app.css"
_IMPORT = re.compile(r'@import url\("(?P<path>[^"]+)"\) layer\((?P<layer>\w+)\);')
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def bundled(entry: Path) -> str:
    """The stylesheet with everything it imports, each part in its layer, without comments and line breaks."""

    def part(match: re.Match[str]) -> str:
        path = entry.parent / match["path"]
        return f"@layer {match['layer']}{{{_from_here(path.read_text(), match['path'])}}}"

    text = _COMMENT.sub("", _IMPORT.sub(part, entry.read_text()))
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()


def _from_here(text: str, path: str) -> str:
    """Addresses of a part as they read from the folder of the entry."""
    depth = path.count("/")
    return text.replace('url("' + "../" * depth, 'url("') if depth else text


def slim_script(text: str) -> str:
    """The script without comments and white space, with short names for what is local."""
    return str(minify.string("text/javascript", text))


class SlimManifestStorage(CompressedManifestStaticFilesStorage):
    """Slims our own files after they were collected and before their names are hashed."""

    def post_process(self, paths: dict[str, Any], *arguments: Any, **options: Any) -> Iterator[Any]:
        slimmed = {name: (self, name) for name in paths if self._slimmed(name)}
        yield from super().post_process({**paths, **slimmed}, *arguments, **options)

    def _slimmed(self, name: str) -> bool:
        path = Path(self.path(name))
        if name == ENTRY:
            path.write_text(bundled(path))
        elif name.startswith("js/") and not name.endswith(".min.js"):
            path.write_text(slim_script(path.read_text()))
        else:
            return False
        return True
