"""Rules that stylesheets, scripts and templates keep."""

import gzip
import re
from pathlib import Path

import pytest

from crm.assets import bundled, slim_script

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
STYLESHEETS = sorted((STATIC / "css").rglob("*.css"))
TEMPLATES = sorted(path for kind in ("html", "jinja") for path in (ROOT / "templates").rglob(f"*.{kind}"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
KILOBYTE = 1024
ICON = r"""(?:{% icon |icon\(|icon_name=)"([a-z0-9-]+)\""""


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def zipped(text: str) -> int:
    return len(gzip.compress(text.encode(), 9))


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: path.name)
def test_colours_are_tokens(path: Path) -> None:
    if path.name != "tokens.css":
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", without_comments(path.read_text()))


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: path.name)
def test_directions_are_logical(path: Path) -> None:
    sides = "left|right|top|bottom"
    sizes = "(?:(?:min|max)-)?(?:width|height)"
    physical = rf"(?:^|[\s;{{])((?:margin|padding|border|inset)-(?:{sides})|{sides}|{sizes})\s*:"
    rules = re.sub(r"@media[^{]*", "", without_comments(path.read_text()))
    assert not re.findall(physical, rules, flags=re.MULTILINE)


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: path.name)
def test_importance_is_for_utilities(path: Path) -> None:
    if path.name not in {"utilities.css", "base.css"}:
        assert "!important" not in path.read_text()


def test_every_stylesheet_is_part_of_the_one() -> None:
    imported = set(re.findall(r'@import url\("([^"]+)"\)', (STATIC / "css" / "app.css").read_text()))
    files = {str(path.relative_to(STATIC / "css")) for path in STYLESHEETS} - {"app.css"}
    assert imported == files


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_markup_holds_no_styles_and_no_scripts(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)


def test_icons_that_are_used_are_in_the_sprite() -> None:
    listed = set((STATIC / "icons.txt").read_text().split())
    used = {name for path in TEMPLATES for name in re.findall(ICON, path.read_text())}
    assert used <= listed


def test_the_stylesheet_is_small() -> None:
    assert zipped(bundled(STATIC / "css" / "app.css")) <= 20 * KILOBYTE


def test_own_scripts_of_the_frame_and_the_board_leave_room_for_the_libraries() -> None:
    frame = re.findall(r"js/([a-z-]+\.js)", (ROOT / "templates" / "base.html").read_text())
    total = sum(
        zipped(slim_script((STATIC / "js" / name).read_text())) for name in {*frame, "board.js", "board-live.js"}
    )
    # htmx and Sortable take 30.9 of the 45.
    assert total <= 14.1 * KILOBYTE


def test_a_slimmed_script_keeps_its_texts() -> None:
    script = "// what it is\nfunction greet(somebody) {\n  return `Hello,  ${somebody}: // ${somebody.length}`;\n}\n"
    slim = slim_script(script)
    assert "what it is" not in slim
    assert "somebody" not in slim
    assert re.search(r"`Hello,  \$\{(\w)\}: // \$\{\1\.length\}`", slim)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_evaluate_no_text(path: Path) -> None:
    assert not re.search(r"\beval\(|new Function\(|document\.write", path.read_text())
