"""Third-party files for the browser, and the compiled catalogues: made here, never committed."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

from crm.devstack import environment, system
from crm.devstack.errors import Stop
from crm.devstack.paths import BUILD, ROOT, VENV_BIN

NODE_MODULES = ROOT / "node_modules"
NODE_MAJOR = 20
VENDOR = BUILD / "vendor"
ICON_LIST = ROOT / "static" / "icons.txt"
STAMP = BUILD / "assets.stamp"

# Exactly the files that pages load, by the place where they find them below /static/.
COPIES = {
    "js/sortable.min.js": "sortablejs/Sortable.min.js",
    "fonts/inter-latin-opsz-normal.woff2": "@fontsource-variable/inter/files/inter-latin-opsz-normal.woff2",
    "fonts/inter-latin-ext-opsz-normal.woff2": "@fontsource-variable/inter/files/inter-latin-ext-opsz-normal.woff2",
    "licences/sortablejs.txt": "sortablejs/LICENSE",
    "licences/inter.txt": "@fontsource-variable/inter/LICENSE",
    "licences/tabler-icons.txt": "@tabler/icons/LICENSE",
}
SVG = "{http://www.w3.org/2000/svg}"


def fetch() -> None:
    """Download in good time what can be had without Python packages."""
    if not _is_current() and _system_node():
        _install_node_modules()


def ensure() -> None:
    """Download, copy and generate what has changed since the last time."""
    if not _is_current():
        _install_node_modules()
        _copy_and_draw()
        STAMP.write_text(_wanted_stamp())
    _catalogues()


def generate() -> None:
    """The same from a `node_modules` that somebody else installed, as an image does."""
    _copy_and_draw()
    _catalogues()


def _is_current() -> bool:
    return STAMP.exists() and STAMP.read_text() == _wanted_stamp() and VENDOR.exists()


def _wanted_stamp() -> str:
    return environment.digest(ROOT / "package-lock.json", ICON_LIST, Path(__file__))


def _copy_and_draw() -> None:
    for target, source in COPIES.items():
        _copy(NODE_MODULES / source, VENDOR / target)
    _write(VENDOR / "icons.svg", sprite(ICON_LIST.read_text().split()))


def _install_node_modules() -> None:
    stamp_file = NODE_MODULES / ".kontor-stamp"
    stamp = environment.digest(ROOT / "package-lock.json")
    if stamp_file.exists() and stamp_file.read_text() == stamp:
        return
    system.say("Installing the files for the browser …")
    node = _system_node() or _node_of_wheel()
    env = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    system.run([node / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], env=env)
    stamp_file.write_text(stamp)


def _system_node() -> Path | None:
    """The folder of the system's node and npm, if they are new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm or Path(node).parent != Path(npm).parent:
        return None
    printed = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", printed)
    return Path(npm).parent if found and int(found[1]) >= NODE_MAJOR else None


def _node_of_wheel() -> Path:
    environment.add("node")
    return VENV_BIN


def _copy(source: Path, target: Path) -> None:
    if target.suffix != ".js":
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return
    # A mention of a source map that is not there would stop the manifest of static files.
    _write(target, re.sub(r"\n?//# sourceMappingURL=.*", "", source.read_text()))


def sprite(names: list[str]) -> str:
    """One SVG file with a `<symbol id="i-NAME">` for each icon of the list."""
    symbols = "\n".join(_symbol(name) for name in sorted(set(names)))
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def _symbol(name: str) -> str:
    file = NODE_MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
    if not file.exists():
        raise Stop(f"static/icons.txt names {name}, which is no outline icon of Tabler.")
    shapes = [_shape(shape) for shape in ET.fromstring(file.read_text())]  # noqa: S314 - locked package
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{"".join(shape for shape in shapes if shape)}</symbol>'


def _shape(element: ET.Element) -> str:
    if element.get("stroke") == "none":  # the frame that every icon carries
        return ""
    attributes = "".join(f' {key}="{value}"' for key, value in element.items())
    return f"<{element.tag.removeprefix(SVG)}{attributes}/>"


def _write(target: Path, content: str) -> None:
    """All or nothing, as a server may be reading."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.draft")
    draft.write_text(content)
    draft.replace(target)


def _catalogues() -> None:
    for source in sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        locale = source.parts[-3]
        files = ("--input-file", source, "--output-file", compiled)
        system.run([VENV_BIN / "pybabel", "compile", "--locale", locale, *files])
