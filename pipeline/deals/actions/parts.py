"""Rows that belong to a deal: people with their roles, collaborators, product lines.

In the history each row is a field of its own, named after what it is about (`people/12` is the contact 12), with what
the row says before and after; None where there is no row. So colleagues may change different rows at the same time,
and each row finds its way back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from crm.lib.errors import Conflict, FieldConflict, Refused
from pipeline.deals.history import encode
from pipeline.deals.models import Deal, DealCollaborator, DealContact, LineItem
from teams.models import User

Changes = dict[str, list[Any]]


@dataclass(frozen=True)
class Part:
    """A kind of rows: what tells one of a deal from the others, and what a row says."""

    model: Any
    key: str
    fields: tuple[str, ...]


PARTS = {
    "people": Part(DealContact, "contact_id", ("role", "is_primary")),
    "collaborators": Part(DealCollaborator, "user_id", ("can_edit",)),
    "lines": Part(LineItem, "id", ("product_id", "quantity", "unit_price", "discount_percent", "position")),
}


def is_part(name: str) -> bool:
    """Whether a field of an event is a row of the deal."""
    return name.partition("/")[0] in PARTS


def field_of(row: models.Model) -> str:
    """The name of a row in the history."""
    name, part = next((name, part) for name, part in PARTS.items() if isinstance(row, part.model))
    return f"{name}/{getattr(row, part.key)}"


def told(row: models.Model) -> dict[str, Any]:
    """What a row says, as an event stores it."""
    part = PARTS[field_of(row).partition("/")[0]]
    return {name: encode(getattr(row, name)) for name in part.fields}


def add(row: Any) -> Changes:
    """Save a new row."""
    _validate(row)
    row.save()
    return {field_of(row): [None, told(row)]}


def change(row: Any, changes: Mapping[str, Any]) -> Changes:
    """Set fields of a row; empty when nothing differs."""
    before = told(row)
    for name, value in changes.items():
        setattr(row, name, value)
    _validate(row)
    after = told(row)
    if before == after:
        return {}
    row.save()
    return {field_of(row): [before, after]}


def remove(row: Any) -> Changes:
    """Delete a row; the history keeps what it said."""
    changes = {field_of(row): [told(row), None]}
    row.delete()
    return changes


def put_back(deal: Deal, changes: Mapping[str, Any], *, by: User, at: datetime) -> None:
    """The rows as they were before the changes of an event."""
    rows = [(name, pair[0]) for name, pair in changes.items() if is_part(name)]
    # Who becomes primary again comes last: there is one at a time.
    for name, before in sorted(rows, key=lambda item: bool(item[1] and item[1].get("is_primary"))):
        _put(deal, name, before, by=by, at=at)


def check_rows(deal: Deal, version: int | None, names: Iterable[str]) -> None:
    """Raises Conflict when one of the rows changed since `version`."""
    if version is None or version >= deal.version:
        return
    wanted = set(names)
    for event in deal.events.filter(version__gt=version).select_related("actor").order_by("-version", "-pk"):
        for name in wanted & set(event.changes):
            by = str(event.actor or _("Somebody"))
            clash = FieldConflict(name, None, event.changes[name][1], by, event.recorded_at.isoformat())
            raise Conflict(
                _("%(name)s changed this meanwhile. Nothing was saved yet.") % {"name": by},
                [clash],
                newest=deal.version,
            )


def _put(deal: Deal, name: str, stored: Mapping[str, Any] | None, *, by: User, at: datetime) -> None:
    part = PARTS[name.partition("/")[0]]
    key = int(name.partition("/")[2])
    rows = part.model.objects.filter(deal=deal, **{part.key: key})
    if stored is None:
        rows.delete()
        return
    fields = {attribute: part.model._meta.get_field(attribute).to_python(value) for attribute, value in stored.items()}
    if not rows.update(**fields):
        made = {"added_at": at, "added_by": by} if part.model is DealCollaborator else {}
        part.model.objects.create(deal=deal, **{part.key: key}, **fields, **made)


def _validate(row: models.Model) -> None:
    try:
        row.clean_fields(exclude=[field.name for field in row._meta.concrete_fields if field.is_relation])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Refused(messages[0], code="invalid", field=name) from error
