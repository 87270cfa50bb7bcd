"""Writing, pinning and deleting notes."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.lib.errors import Conflict, FieldConflict, Forbidden, Refused
from crm.lib.text import has_something_to_see
from pipeline.activities.actions import must_see
from pipeline.activities.models import Note
from pipeline.contacts.models import Company, Contact
from pipeline.deals.models import Deal
from teams.access import Permission, holds, reach, who_may
from teams.audit.merging import validate
from teams.audit.record import record
from teams.models import User


@transaction.atomic
def add_note(
    *,
    by: User,
    at: datetime,
    body: str,
    deal: Deal | None = None,
    company: Company | None = None,
    contact: Contact | None = None,
    is_private: bool = False,
) -> Note:
    """Note something down on a record that one may see.

    Raises `DoesNotExist` for one out of reach, Refused without one: nobody would ever find the note.
    """
    if not holds(by, Permission.ACTIVITY_EDIT):
        raise Forbidden(who_may(Permission.ACTIVITY_EDIT))
    if deal is None and company is None and contact is None:
        raise Refused(_("Choose what the note is about."), code="about_nothing")
    must_see(by, deal, company, contact)
    note = Note(
        body=body,
        author=by,
        deal=deal,
        company=company,
        contact=contact,
        is_private=is_private,
        created_at=at,
        changed_at=at,
    )
    checked(note).save()
    return note


@transaction.atomic
def edit_note(*, note_id: int, by: User, at: datetime, version: int | None, body: str) -> Note:
    """Change the text of one's own note. The audit trail keeps what it said, unless it is private."""
    note = _locked(note_id, by)
    if note.author_id != by.pk:
        raise Forbidden(_("Only the author can change a note."))
    _same_version(note, version, FieldConflict("body", body, note.body, note.author.name, note.changed_at.isoformat()))
    if body == note.body:
        return note
    before, note.body = note.body, body
    changes = {} if note.is_private else {"body": [before, body]}
    record("note.edited", by=by, subject=note, label=str(_("Private note")) if note.is_private else "", changes=changes)
    return _written(checked(note), at)


@transaction.atomic
def pin_note(*, note_id: int, by: User, at: datetime, pinned: bool = True) -> Note:
    """Keep a note at the top of its record; on a deal it replaces the one pinned before."""
    note = _locked(note_id, by)
    if pinned and note.deal_id:
        Note.objects.filter(deal_id=note.deal_id, pinned_at__isnull=False).exclude(pk=note.pk).update(pinned_at=None)
    note.pinned_at = at if pinned else None
    return _written(note, at)


@transaction.atomic
def delete_note(*, note_id: int, by: User, at: datetime, version: int | None = None) -> Note:
    """Take a note away; its author may, and who leads her."""
    note = _locked(note_id, by)
    if not reach(by, Permission.ACTIVITY_EDIT).covers_person(note.author_id):
        raise Forbidden(_("Only the author and their managers can delete a note."))
    _same_version(note, version)
    note.deleted_at = at
    note.pinned_at = None
    return _written(note, at)


@transaction.atomic
def restore_note(*, note_id: int, by: User, at: datetime) -> Note:
    """Bring a deleted note back, unpinned; for who may delete it."""
    note = _locked(note_id, by, deleted=True)
    if not reach(by, Permission.ACTIVITY_EDIT).covers_person(note.author_id):
        raise Forbidden(_("Only the author and their managers can delete a note."))
    note.deleted_at = None
    return _written(note, at)


def checked(note: Note) -> Note:
    """The note, once every field is valid; raises Refused."""
    if not has_something_to_see(note.body):
        raise Refused(_("Enter text with at least one visible character."), code="invalid", field="body")
    validate(note, (field.name for field in note._meta.fields if not field.is_relation))
    return note


def _locked(note_id: int, by: User, *, deleted: bool = False) -> Note:
    if not holds(by, Permission.ACTIVITY_EDIT):
        raise Forbidden(who_may(Permission.ACTIVITY_EDIT))
    notes: Any = Note.objects.filter(deleted_at__isnull=not deleted).reachable_by(by).select_related("author")
    return notes.select_for_update(of=("self",)).get(pk=note_id)


def _same_version(note: Note, version: int | None, *theirs: FieldConflict) -> None:
    if version is not None and version != note.version:
        raise Conflict(_("This note was changed in the meantime."), list(theirs), newest=note.version)


def _written(note: Note, at: datetime) -> Note:
    note.changed_at = at
    note.version += 1
    note.save()
    return note
