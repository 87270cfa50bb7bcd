"""Collect the sentences of the product and keep the German catalogue in step with them.

Django's own command needs the gettext programs, which a fresh machine does not have.
"""

import io
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract, extract_python
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils.translation.template import templatize
from jinja2.ext import babel_extract

LOCALE = "de"
PACKAGES = ("crm", "teams", "pipeline", "reporting")
KEYWORDS = DEFAULT_KEYWORDS | {
    f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in ("gettext", "ngettext", "pgettext", "npgettext")
}
# Modules that mean the lazy one with `_` call the other one so.
KEYWORDS |= {"_now": DEFAULT_KEYWORDS["_"], "gettext_noop": DEFAULT_KEYWORDS["gettext"]}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")
# The catalogue changes when sentences do, not when somebody runs the command.
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    help = "Update the German catalogue; with --check only say what it lacks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail when something is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        file = Path(settings.LOCALE_PATHS[0]) / LOCALE / "LC_MESSAGES" / "django.po"
        catalogue = updated(read(file), sentences(settings.BASE_DIR))
        if options["check"]:
            if problems := [*faults(catalogue), *obsolete(catalogue)]:
                raise CommandError("\n".join([*problems, f"{len(problems)} faults in {file}"]))
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(as_text(catalogue))
        missing = sum(1 for _ in faults(catalogue))
        self.stdout.write(f"{file}: {len(catalogue)} sentences, {missing} to do")


def sentences(root: Path) -> Catalog:
    """Every translatable sentence of the code and the templates."""
    found = Catalog()
    sources = [(file, "python") for package in PACKAGES for file in sorted((root / package).rglob("*.py"))]
    sources += [(file, file.suffix) for file in sorted((root / "templates").rglob("*")) if file.is_file()]
    for file, kind in sources:
        method: Any = METHODS.get(kind, extract_template)
        with file.open("rb") as source:
            for _line, message, comments, context in extract(method, source, KEYWORDS, ("Translators:",)):
                found.add(message, auto_comments=comments, context=context)
    return found


def extract_template(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """Babel's method for Django templates, by Django's own reading of them."""
    code = templatize(file.read().decode())
    # What is left of the markup looks like Python whose indentation means nothing.
    flat = "\n".join(line.lstrip() for line in code.split("\n"))
    return extract_python(io.BytesIO(flat.encode()), keywords, comment_tags, options)


METHODS = {"python": extract_python, ".jinja": babel_extract}


def read(file: Path) -> Catalog:
    if not file.exists():
        return Catalog(locale=LOCALE)
    with file.open("rb") as source:
        return read_po(source, locale=LOCALE)


def updated(catalogue: Catalog, found: Catalog) -> Catalog:
    """The translations of `catalogue` for the sentences in `found`; others become obsolete."""
    catalogue.update(found, no_fuzzy_matching=True)
    return catalogue


def faults(catalogue: Catalog) -> Iterator[str]:
    """What keeps the catalogue from being complete and right, a line each."""
    for message in catalogue:
        if not message.id:
            continue
        if not all(translations(message)) or message.fuzzy:
            yield f"not translated: {message.id!r}"
        elif broken := [text for text in translations(message) if not placeholders(text) <= placeholders(message.id)]:
            yield f"unknown placeholder: {message.id!r} -> {broken!r}"


def obsolete(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue.obsolete.values():
        yield f"no longer used, run makecatalogue: {message.id!r}"


def translations(message: Message) -> tuple[str, ...]:
    if message.pluralizable:
        return tuple(message.string) if isinstance(message.string, tuple | list) else ("",)
    return (str(message.string or ""),)


def placeholders(texts: str | tuple[str, ...] | list[str]) -> set[str]:
    whole = texts if isinstance(texts, str) else " ".join(texts)
    return set(PLACEHOLDER.findall(whole))


def as_text(catalogue: Catalog) -> bytes:
    catalogue.header_comment = "# German catalogue of Kontor, kept by `python manage.py makecatalogue`."
    catalogue.project, catalogue.version = "Kontor", ""
    catalogue.creation_date = catalogue.revision_date = NO_DATE
    catalogue.fuzzy = False
    target = io.BytesIO()
    write_po(target, catalogue, width=120, no_location=True, sort_output=True, ignore_obsolete=True)
    return target.getvalue()
