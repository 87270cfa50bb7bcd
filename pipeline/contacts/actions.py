"""Adding, changing, deleting and restoring companies and contacts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from crm.lib.errors import Conflict, FieldConflict, Forbidden, Refused
from crm.lib.fields import only_known
from pipeline.contacts.models import Company, Contact
from pipeline.coverage.actions import hold_plan, place
from teams.access import Permission, holds, reach, who_may
from teams.audit.merging import validate
from teams.audit.models import AuditEntry
from teams.audit.record import record
from teams.models import User
from teams.people.guards import held_person, must_be_active

Record = Company | Contact

COMPANY_FIELDS = frozenset(
    {
        "name",
        "parent",
        "industry",
        "employees",
        "revenue",
        "founded",
        "country",
        "region",
        "postal_code",
        "city",
        "street",
        "website",
        "phone",
        "owner",
        "custom_fields",
    }
)
CONTACT_FIELDS = frozenset(
    {
        "first_name",
        "last_name",
        "salutation",
        "job_title",
        "company",
        "email",
        "phone",
        "mobile",
        "owner",
        "custom_fields",
    }
)
# What the rules of territories look at.
_PLACING = frozenset({"name", "country", "region", "postal_code", "industry", "employees"})
# The number of the lock on who is above whom.
_TREE = 7_204_102
_MADE_BY = frozenset({"external_id", "is_demo"})


@transaction.atomic
def add_company(*, by: User, at: datetime, **fields: Any) -> Company:
    """A new company in its territory. Whoever adds it owns it unless `owner` says otherwise."""
    company = Company(**only_known(fields, COMPANY_FIELDS | _MADE_BY))
    _must_see_company(by, company.parent_id)
    hold_plan()
    _add(company, by, at)
    place(Company.objects.filter(pk=company.pk), by=by, at=at)
    company.refresh_from_db(fields=["territory"])
    return company


@transaction.atomic
def edit_company(
    *, company_id: int, by: User, at: datetime, version: int | None, changes: Mapping[str, Any]
) -> Company:
    """Change fields of a company. What somebody else changed since `version` raises `Conflict`; the rest merges.

    A change that the rules look at places the company anew; `pipeline.deals.customers` lets its deals follow.
    """
    parent = changes.get("parent")
    if parent is not None:
        _lock_tree()
        _must_see_company(by, parent.pk)
    _hold_owner(changes)
    company = _locked(Company, company_id, by)
    _not_above_itself(company.pk, parent)
    changed = _edit(company, only_known(changes, COMPANY_FIELDS), version, by, at)
    if _PLACING.intersection(changed):
        place(Company.objects.filter(pk=company.pk), by=by, at=at)
        company.refresh_from_db(fields=["territory"])
    return company


@transaction.atomic
def delete_company(*, company_id: int, by: User, at: datetime, version: int | None) -> Company:
    """Put a company into the bin. Refused while it has deals: they would lose their customer.

    Whoever deletes should know what goes: any change since `version` raises `Conflict`, here and below.
    """
    company = _locked(Company, company_id, by)
    _may_delete(company, by)
    _no_change(company, version)
    deals: Any = company.deals
    if deals.live().exists():
        raise Refused(_("This company has deals. Move or delete them first."), code="has_deals")
    return _delete(company, by, at)


@transaction.atomic
def restore_company(*, company_id: int, by: User, at: datetime, version: int | None) -> Company:
    """Take a company out of the bin, to where the rules of today put it."""
    hold_plan()
    company: Company = _restore(_locked(Company, company_id, by, deleted=True), by, at, version)
    place(Company.objects.filter(pk=company.pk), by=by, at=at)
    company.refresh_from_db(fields=["territory"])
    return company


@transaction.atomic
def add_contact(*, by: User, at: datetime, **fields: Any) -> Contact:
    """A new contact. Raises `DoesNotExist` for a company out of reach."""
    contact = Contact(**only_known(fields, CONTACT_FIELDS | _MADE_BY))
    _must_see_company(by, contact.company_id)
    return _add(contact, by, at)


@transaction.atomic
def edit_contact(
    *, contact_id: int, by: User, at: datetime, version: int | None, changes: Mapping[str, Any]
) -> Contact:
    """Change fields of a contact; conflicts as in `edit_company`."""
    _hold_owner(changes)
    contact = _locked(Contact, contact_id, by)
    if changes.get("company"):
        _must_see_company(by, changes["company"].pk)
    _edit(contact, only_known(changes, CONTACT_FIELDS), version, by, at)
    return contact


@transaction.atomic
def delete_contact(*, contact_id: int, by: User, at: datetime, version: int | None) -> Contact:
    contact = _locked(Contact, contact_id, by)
    _may_delete(contact, by)
    _no_change(contact, version)
    return _delete(contact, by, at)


@transaction.atomic
def restore_contact(*, contact_id: int, by: User, at: datetime, version: int | None) -> Contact:
    return _restore(_locked(Contact, contact_id, by, deleted=True), by, at, version)


def _add(row: Any, by: User, at: datetime) -> Any:
    if not holds(by, Permission.COMPANY_EDIT):
        raise Forbidden(who_may(Permission.COMPANY_EDIT))
    row.owner = row.owner or by
    _may_hand_to(by, row.owner)
    row.created_by = by
    row.created_at = row.changed_at = at
    _validate(row)
    row.save()
    record(f"{row._meta.model_name}.added", by=by, subject=row)
    return row


def _locked(model: Any, pk: int, by: User, *, deleted: bool = False) -> Any:
    """The locked row. Raises `DoesNotExist` out of reach, `Forbidden` where only reading is allowed."""
    visible = model.objects.filter(deleted_at__isnull=not deleted).reachable_by(by)
    row = visible.select_for_update(of=("self",)).get(pk=pk)
    if not model.objects.reachable_by(by, Permission.COMPANY_EDIT).filter(pk=pk).exists():
        raise Forbidden(who_may(Permission.COMPANY_EDIT))
    return row


def _edit(row: Any, changes: dict[str, Any], version: int | None, by: User, at: datetime) -> dict[str, list[Any]]:
    before = {name: _plain(getattr(row, name)) for name in changes}
    differing = {name: value for name, value in changes.items() if before[name] != _plain(value)}
    _no_conflict(row, differing, version)
    if "owner" in differing:
        _may_hand_to(by, differing["owner"], of=row)
    for name, value in differing.items():
        setattr(row, name, value)
    _validate(row)
    changed = {name: [before[name], _plain(getattr(row, name))] for name in differing}
    if changed:
        _write(row, "edited", by, at, changed)
    return changed


def _no_conflict(row: Any, wanted: dict[str, Any], version: int | None) -> None:
    """Raise `Conflict` when a wanted field was changed after `version`, as the audit trail tells."""
    conflicts = {
        name: FieldConflict(name, _plain(wanted[name]), entry.changes[name][1], str(entry.actor), entry.at.isoformat())
        for entry in _changes_since(row, version)
        for name in entry.changes
        if name in wanted
    }
    if conflicts:
        last = list(conflicts.values())[-1]
        sentence = _("%(name)s changed this meanwhile. Nothing was saved yet.") % {"name": last.by}
        raise Conflict(sentence, list(conflicts.values()))


def _no_change(row: Any, version: int | None) -> None:
    """Raise `Conflict` when anything was changed after `version`."""
    if changes := _changes_since(row, version):
        sentence = _("%(name)s changed this meanwhile. Look at it again first.") % {"name": changes[-1].actor}
        raise Conflict(sentence, [])


def _changes_since(row: Any, version: int | None) -> list[AuditEntry]:
    if version is None or version >= row.version:
        return []
    entries = AuditEntry.objects.filter(
        subject_type=row._meta.model_name, subject_id=row.pk, changes__version__1__gt=version
    )
    return list(entries.select_related("actor").order_by("pk"))


def _write(row: Any, verb: str, by: User, at: datetime, changes: dict[str, list[Any]]) -> None:
    row.changed_at = at
    row.version += 1
    row.save()
    record(
        f"{row._meta.model_name}.{verb}",
        by=by,
        subject=row,
        changes={**changes, "version": [row.version - 1, row.version]},
    )


def _hold_owner(changes: Mapping[str, Any]) -> None:
    """Hold who is to get the record before the record itself: in the order of those who let people go."""
    if owner := changes.get("owner"):
        held_person(owner.pk)


def _may_hand_to(by: User, owner: User | None, of: Any = None) -> None:
    """Everybody may keep a record herself or take one that is nobody's; who leads people may give theirs to them."""
    if owner is not None:
        must_be_active(held_person(owner.pk), field="owner")
    scope = reach(by, Permission.COMPANY_DISPOSE)
    concerned = [getattr(owner, "pk", None), *([of.owner_id] if of and of.owner_id else [])]
    if not all(scope.everything if pk is None else scope.covers_person(pk) for pk in concerned):
        raise Forbidden(_("Managers can hand companies and contacts to people of their teams."))


def may_delete(row: Record, by: User) -> bool:
    """Whether the person may put the record into the bin: its owner, her managers and admins."""
    scope = reach(by, Permission.COMPANY_DISPOSE)
    return scope.everything or (row.owner_id is not None and scope.covers_person(row.owner_id))


def _may_delete(row: Record, by: User) -> None:
    if not may_delete(row, by):
        raise Forbidden(who_may(Permission.COMPANY_DISPOSE))


def _delete(row: Any, by: User, at: datetime) -> Any:
    row.deleted_at = at
    _write(row, "deleted", by, at, {})
    return row


def _restore(row: Any, by: User, at: datetime, version: int | None) -> Any:
    _no_change(row, version)
    row.deleted_at = None
    _write(row, "restored", by, at, {})
    return row


def _validate(row: models.Model) -> None:
    fields = (field.name for field in row._meta.fields if not field.is_relation and field.name != "sort_key")
    validate(row, fields)


def _lock_tree() -> None:
    """One change of a parent at a time: two could close a ring that neither of them sees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TREE])


def _not_above_itself(company_id: int, parent: Company | None) -> None:
    seen, above = {company_id}, parent.pk if parent else None
    while above is not None:
        if above in seen:
            raise Refused(_("A company cannot be above itself."), code="ring", field="parent")
        seen.add(above)
        above = Company.objects.values_list("parent_id", flat=True).get(pk=above)


def _must_see_company(by: User, company_id: int | None) -> None:
    if company_id is not None:
        Company.objects.live().reachable_by(by).only("pk").get(pk=company_id)


def _plain(value: Any) -> Any:
    """A value as the audit trail keeps it."""
    if isinstance(value, models.Model):
        return value.pk
    if value is None or isinstance(value, str | int | dict | list):
        return value
    return str(value)
