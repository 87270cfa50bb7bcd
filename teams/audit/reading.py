"""Entries of the audit trail as people read them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any

from django.apps import apps
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.templatetags.formats import day_year, month_year, number, time_of_day
from teams.access import holds
from teams.audit.models import AuditEntry
from teams.audit.sentences import FIELDS, ICONS, NOBODY, OTHER, PAGES, SENTENCES, SILENT, USUAL_ICON
from teams.people.models import Role, TokenScope, User

MOST_CHANGES = 8
UNKNOWN = "–"
# Kinds of records whose names every signed-in person may know.
_NAMED = frozenset({"user", "team", "territory", "pipeline", "stage"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d$")
# A quota is told by its month, a change of the plan by the territory that it is about: `7.priority`.
_MONTH = re.compile(r"\d{4}-\d\d$")
_OF_TERRITORY = re.compile(r"(\d+)\.(\w+?)(?:_id)?$")


@dataclass(frozen=True)
class Change:
    """One field; `before` is empty for what was not there before."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    """One entry; `more` is how many changes are not listed."""

    pk: int
    at: datetime
    icon: str
    sentence: SafeString
    changes: list[Change]
    more: int
    is_denied: bool


@dataclass(frozen=True)
class Day:
    day: date
    lines: list[Line]


class Reading:
    """The lines of a page of entries; looks up the names that they mention in one query for each kind."""

    def __init__(self, entries: Iterable[AuditEntry], reader: User) -> None:
        self.entries = list(entries)
        self.reader = reader
        self.names = _names(self.entries)

    def days(self) -> list[Day]:
        """In the active time zone, in the order of the entries."""
        by_day = groupby(map(self._line, self.entries), key=lambda line: timezone.localdate(line.at))
        return [Day(day, list(lines)) for day, lines in by_day]

    def _line(self, entry: AuditEntry) -> Line:
        changes = [self._change(entry, name, pair) for name, pair in _told(entry)]
        return Line(
            pk=entry.pk,
            at=entry.at,
            icon=ICONS.get(entry.action.rpartition(".")[2], USUAL_ICON),
            sentence=self._sentence(entry),
            changes=changes[:MOST_CHANGES],
            more=max(0, len(changes) - MOST_CHANGES),
            is_denied=entry.action == "denied",
        )

    def _sentence(self, entry: AuditEntry) -> SafeString:
        who = format_html("<b>{}</b>", entry.actor.name if entry.actor else NOBODY)
        return format_html(
            str(SENTENCES.get(entry.action, OTHER)), who=who, what=self._subject(entry), action=entry.action
        )

    def _subject(self, entry: AuditEntry) -> SafeString:
        if entry.action == "denied":
            return format_html("<code>{}</code>", entry.subject_label)
        address = self._address(entry)
        if address:
            return format_html('<a class="link" href="{}">{}</a>', address, entry.subject_label)
        return format_html("<b>{}</b>", entry.subject_label)

    def _address(self, entry: AuditEntry) -> str:
        """The page of the record, empty for a reader who may not open it."""
        name, takes_id, permission = PAGES.get(entry.subject_type, ("", False, None))
        if permission is None or entry.subject_id is None or not holds(self.reader, permission):
            return ""
        return reverse(name, args=[entry.subject_id] if takes_id else [])

    def _change(self, entry: AuditEntry, name: str, pair: list[Any]) -> Change:
        kind, territory, name = _about(entry.subject_type, name)
        before, after = (self._shown(kind, name, value) for value in pair)
        begins = pair[0] is None or entry.action.endswith(".added")
        label = _label(kind, name)
        if territory:
            label = f"{self.names.get(('territory', territory), UNKNOWN)}, {label}"
        return Change(label, "" if begins else before, after)

    def _shown(self, subject_type: str, name: str, value: Any) -> str:
        if isinstance(value, dict):  # a condition of a rule
            return self._shown(subject_type, name, value.get("values", list(value.values())))
        if isinstance(value, list):
            return ", ".join(self._shown(subject_type, name, each) for each in value) or UNKNOWN
        if _MONTH.match(name) and value is not None:
            return number(Decimal(value))
        field = _field(subject_type, name)
        choices = _choices(field, name)
        if value in choices:
            return str(choices[value])
        related = _related(field)
        if related and isinstance(value, int) and not isinstance(value, bool):
            return self.names.get((related, value), UNKNOWN)
        return _plainly(value)


def _told(entry: AuditEntry) -> Iterator[tuple[str, list[Any]]]:
    for name, pair in entry.changes.items():
        if name not in SILENT and isinstance(pair, list) and len(pair) == 2:
            yield name, pair


def _names(entries: list[AuditEntry]) -> dict[tuple[str, int], str]:
    wanted: dict[str, set[int]] = {}
    for entry in entries:
        for name, pair in _told(entry):
            kind, territory, field = _about(entry.subject_type, name)
            if territory:
                wanted.setdefault("territory", set()).add(territory)
            related = _related(_field(kind, field))
            if related in _NAMED:
                wanted.setdefault(related, set()).update(value for value in pair if isinstance(value, int))
    return {
        (kind, pk): str(row)
        for kind, ids in wanted.items()
        for pk, row in _models()[kind]._default_manager.in_bulk(ids).items()
    }


def _about(subject_type: str, name: str) -> tuple[str, int, str]:
    """The kind of record, the territory that a change of the plan is about or 0, the field."""
    of_one = _OF_TERRITORY.match(name)
    return ("territory", int(of_one[1]), of_one[2]) if of_one else (subject_type, 0, name)


@cache
def _models() -> dict[str, type[models.Model]]:
    return {model._meta.model_name or "": model for model in apps.get_models()}


def _field(subject_type: str, name: str) -> Any:
    """The column that the change is about, None for a change that is not of one column."""
    model = _models().get(subject_type)
    columns = {field.name: field for field in model._meta.concrete_fields} if model else {}
    return columns.get(name)


def _choices(field: Any, name: str) -> dict[Any, Any]:
    if name in {"export_forbidden_for", "second_factor_required_for"}:
        return dict(Role.choices)
    if name == "required_fields":
        return {each.name: each.verbose_name for each in _models()["deal"]._meta.concrete_fields}
    if field is None:
        return dict(TokenScope.choices) if name == "scope" else {}
    return dict(field.flatchoices)


def _related(field: Any) -> str:
    return field.related_model._meta.model_name if getattr(field, "related_model", None) else ""


def _label(subject_type: str, name: str) -> str:
    if name in FIELDS:
        return str(FIELDS[name])
    if _MONTH.match(name):
        return month_year(date.fromisoformat(f"{name}-01"))
    field = _field(subject_type, name)
    words = str(field.verbose_name if field else name.replace("_", " "))
    return words[:1].upper() + words[1:]


def _plainly(value: Any) -> str:
    if value is None or value in ("", {}):
        return UNKNOWN
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    text = str(value)
    if _INSTANT.match(text):
        instant = datetime.fromisoformat(text)
        return f"{day_year(instant)} {time_of_day(instant)}"
    if _DAY.match(text):
        return day_year(date.fromisoformat(text))
    return text
