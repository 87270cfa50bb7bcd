"""Changing a row that somebody else may have changed meanwhile. What they changed, the audit trail knows."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from crm.lib.errors import Conflict, FieldConflict, Refused
from teams.audit.models import AuditEntry
from teams.audit.record import record
from teams.people.models import User


def change(
    row: Any, wanted: Mapping[str, Any], *, action: str, by: User, version: int | None = None
) -> dict[str, list[Any]]:
    """Set fields of a locked row that counts its versions, save it and record what changed, from what to what.

    `version` is the one that the caller read, None for what nobody read. Fields that she left as they were then
    keep what others wrote since. Raises Conflict for a field that both changed, Refused for a value that is not
    valid. A row that is already as wanted keeps its version.
    """
    changed = {}
    for name, value in merged(row, wanted, version).items():
        changed[name] = [plain(getattr(row, name)), plain(value)]
        setattr(row, name, value)
    if not changed:
        return {}
    validate(row, changed)
    row.version += 1
    row.save()
    record(action, by=by, subject=row, changes={**changed, "version": [row.version - 1, row.version]})
    return changed


def merged(row: Any, wanted: Mapping[str, Any], version: int | None) -> dict[str, Any]:
    """The wanted values that differ from the row and that the caller really entered."""
    differing = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if version is None or version >= row.version:
        return differing
    first, last = _changes_since(row, version)
    entered = {
        name: value
        for name, value in differing.items()
        if name not in first or not _is(row, name, value, first[name].changes[name][0])
    }
    conflicts = [
        FieldConflict(name, plain(entered[name]), entry.changes[name][1], str(entry.actor or ""), entry.at.isoformat())
        for name, entry in last.items()
        if name in entered
    ]
    if conflicts:
        message = _("%(name)s changed this meanwhile. Nothing was saved yet.")
        left = differing.keys() - entered.keys()
        who = conflicts[0].by or _("Somebody")
        raise Conflict(message % {"name": who}, conflicts, newest=row.version, left=left)
    return entered


def validate(row: models.Model, fields: Iterable[str]) -> None:
    """Raises Refused with the first of these fields that is not valid."""
    others = {field.name for field in row._meta.fields} - set(fields)
    try:
        row.clean_fields(exclude=others)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Refused(messages[0], code="invalid", field=name) from error


def plain(value: Any) -> Any:
    """A value as the audit trail keeps it."""
    if isinstance(value, models.Model):
        return value.pk
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    return str(value)


def _changes_since(row: Any, version: int) -> tuple[dict[str, AuditEntry], dict[str, AuditEntry]]:
    """For each field, the entries that changed it first and last after a version."""
    later = AuditEntry.objects.filter(
        subject_type=row._meta.model_name, subject_id=row.pk, changes__version__1__gt=version
    )
    first: dict[str, AuditEntry] = {}
    last: dict[str, AuditEntry] = {}
    for entry in later.select_related("actor").order_by("pk"):
        for name in entry.changes:
            first.setdefault(name, entry)
            last[name] = entry
    return first, last


def _is(row: Any, name: str, value: Any, stored: Any) -> bool:
    """Whether a value is the one of the audit trail."""
    field = row._meta.get_field(name)
    return bool(plain(value) == stored if field.is_relation else value == field.to_python(stored))
