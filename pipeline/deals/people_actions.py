"""Who takes part in a deal: the customer's people with their roles, and colleagues who work on it too."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.lib.errors import Refused
from pipeline.contacts.models import Contact
from pipeline.deals.actions import parts
from pipeline.deals.actions.recording import live_deal, record
from pipeline.deals.models import Deal, DealCollaborator, DealContact
from pipeline.deals.states import ContactRole, EventKind
from teams.access import Permission, holds
from teams.models import User


@transaction.atomic
def add_contact(
    *,
    deal_id: int,
    contact: Contact,
    by: User,
    at: datetime,
    version: int | None,
    role: str = ContactRole.OTHER,
    is_primary: bool = False,
) -> Deal:
    """Name a person of the customer on a deal. Raises DoesNotExist for a contact out of reach."""
    deal = live_deal(deal_id, by=by)
    contact = Contact.objects.live().reachable_by(by).get(pk=contact.pk)
    if deal.people.filter(contact=contact).exists():
        message = _("%(name)s is on this deal already.") % {"name": contact.name}
        raise Refused(message, code="there_already", field="contact")
    row = DealContact(deal=deal, contact=contact, role=role, is_primary=is_primary)
    parts.check_rows(deal, version, [parts.field_of(row)])
    changes = _make_room(deal, row)
    return _recorded(deal, {**changes, **parts.add(row)}, by=by, at=at)


@transaction.atomic
def change_contact(
    *, deal_id: int, contact_id: int, by: User, at: datetime, version: int | None, role: str, is_primary: bool
) -> Deal:
    """Another role, or another person to talk to first. Raises DoesNotExist for who is not on the deal."""
    deal = live_deal(deal_id, by=by)
    row = deal.people.select_for_update().get(contact_id=contact_id)
    parts.check_rows(deal, version, [parts.field_of(row)])
    row.is_primary = is_primary
    changes = _make_room(deal, row)
    row.refresh_from_db()
    return _recorded(deal, {**changes, **parts.change(row, {"role": role, "is_primary": is_primary})}, by=by, at=at)


@transaction.atomic
def remove_contact(*, deal_id: int, contact_id: int, by: User, at: datetime, version: int | None) -> Deal:
    """Take a person off a deal; the contact stays. Nothing happens to who is not there."""
    deal = live_deal(deal_id, by=by)
    row = deal.people.select_for_update().filter(contact_id=contact_id).first()
    if row is None:
        return deal
    parts.check_rows(deal, version, [parts.field_of(row)])
    return _recorded(deal, parts.remove(row), by=by, at=at)


@transaction.atomic
def add_collaborator(
    *, deal_id: int, user: User, by: User, at: datetime, version: int | None, can_edit: bool = True
) -> Deal:
    """Let a colleague see a deal, and with `can_edit` work on it. She sees it from now on."""
    deal = live_deal(deal_id, by=by)
    if not user.is_active or not holds(user, Permission.DEAL_VIEW):
        message = _("%(name)s cannot work with deals. Choose somebody else.") % {"name": user.name}
        raise Refused(message, code="no_access", field="user")
    if user.pk == deal.owner_id:
        raise Refused(_("%(name)s owns this deal.") % {"name": user.name}, code="owner", field="user")
    row = deal.collaborations.select_for_update().filter(user=user).first()
    if row is not None:
        return _recorded(deal, parts.change(row, {"can_edit": can_edit}), by=by, at=at)
    row = DealCollaborator(deal=deal, user=user, can_edit=can_edit, added_at=at, added_by=by)
    parts.check_rows(deal, version, [parts.field_of(row)])
    return _recorded(deal, parts.add(row), by=by, at=at)


@transaction.atomic
def remove_collaborator(*, deal_id: int, user_id: int, by: User, at: datetime, version: int | None) -> Deal:
    """Take a colleague off a deal; what she saw only through it, she no longer sees."""
    deal = live_deal(deal_id, by=by)
    row = deal.collaborations.select_for_update().filter(user_id=user_id).first()
    if row is None:
        return deal
    parts.check_rows(deal, version, [parts.field_of(row)])
    return _recorded(deal, parts.remove(row), by=by, at=at)


def _make_room(deal: Deal, row: DealContact) -> parts.Changes:
    """Only one person is primary: who was before no longer is."""
    if not row.is_primary:
        return {}
    changes: parts.Changes = {}
    for other in deal.people.select_for_update().filter(is_primary=True).exclude(contact_id=row.contact_id):
        changes |= parts.change(other, {"is_primary": False})
    return changes


def _recorded(deal: Deal, changes: dict[str, Any], *, by: User, at: datetime) -> Deal:
    if changes:
        record(deal, [(EventKind.EDITED, changes)], by=by, at=at)
    return deal
