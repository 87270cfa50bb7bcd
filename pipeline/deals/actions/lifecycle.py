"""Putting a deal aside, into the bin, and back.

Whoever does it should know what goes: any change since the version that was read raises Conflict.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.lib.errors import Forbidden, Refused
from pipeline.credit import actions as credit
from pipeline.deals.actions.recording import check_untouched, live_deal, locked_deal, record
from pipeline.deals.actions.returning import hold_place, take_up
from pipeline.deals.models import Deal
from pipeline.deals.states import DealStatus, EventKind
from pipeline.reminders import actions as reminders
from teams.access import Permission, who_may
from teams.models import User

_OWN_DELETION = timedelta(hours=24)
_RESTORABLE = timedelta(days=90)
_RIGHTS_TO_DELETE = {
    "deletes_any": Permission.WORKSPACE_EDIT,
    "deletes_within": Permission.DEAL_DELETE,
    "leads": Permission.DEAL_REASSIGN,
}


@transaction.atomic
def archive(*, deal_id: int, by: User, at: datetime, version: int | None = None) -> Deal:
    """Take a deal off boards, funnel and forecast without ending it."""
    deal = live_deal(deal_id, by=by)
    if deal.archived_at is None:
        check_untouched(deal, version)
        deal.archived_at = at
        record(deal, [(EventKind.ARCHIVED, {})], by=by, at=at)
        reminders.cancel_for_deal(deal, at=at)
    return deal


@transaction.atomic
def unarchive(*, deal_id: int, by: User, at: datetime, version: int | None = None) -> Deal:
    """Put an archived deal back."""
    deal = live_deal(deal_id, by=by)
    if deal.archived_at is not None:
        check_untouched(deal, version)
        deal.archived_at = None
        record(deal, [(EventKind.UNARCHIVED, {})], by=by, at=at)
        reminders.plan_for_deal(deal, at=at)
    return deal


@transaction.atomic
def delete(*, deal_id: int, by: User, at: datetime, version: int | None = None, reason: str = "") -> Deal:
    """Put a deal into the bin, from where it can be restored for 90 days.

    Reps: their own open deals of the last 24 hours. Managers: open deals of their teams. Admins: any.
    """
    deal = locked_deal(deal_id, by=by, permission=Permission.DEAL_VIEW)
    if not may_delete(deal, by=by, at=at):
        raise Forbidden(who_may(Permission.DEAL_DELETE))
    if deal.deleted_at is None:
        check_untouched(deal, version)
        deal.deleted_at = at
        record(deal, [(EventKind.DELETED, {})], by=by, at=at, note=reason)
        reminders.cancel_for_deal(deal, at=at)
    return deal


@transaction.atomic
def restore(*, deal_id: int, by: User, at: datetime, version: int | None = None) -> Deal:
    """Take a deal out of the bin; see `take_up` for whose an open one is then."""
    hold_place(deal_id, by)
    deal = locked_deal(deal_id, by=by)
    if deal.deleted_at is None:
        return deal
    check_untouched(deal, version)
    if at - deal.deleted_at > _RESTORABLE:
        raise Refused(_("Deleted deals can be restored for 90 days."), code="too_late")
    deal.deleted_at = None
    changes = {}
    if deal.status == DealStatus.OPEN:
        changes = take_up(deal, by=by, at=at)
    record(deal, [(EventKind.RESTORED, changes)], by=by, at=at)
    if "owner" in changes:
        credit.follow_owner(deal_id=deal.pk, owner_id=deal.owner_id)
    reminders.plan_for_deal(deal, at=at)
    return deal


def may_delete(deal: Deal, *, by: User, at: datetime) -> bool:
    """Whether this person may put this deal into the bin now."""
    return deletable(with_rights_to_delete(Deal.objects.filter(pk=deal.pk), by).get(), at=at)


def with_rights_to_delete(deals: Any, by: User) -> Any:
    """Annotated with what `deletable` reads."""
    return deals.with_rights(by, **_RIGHTS_TO_DELETE)


def deletable(deal: Any, *, at: datetime) -> bool:
    """Whether the person of `with_rights_to_delete` may put the deal into the bin now."""
    if deal.deletes_any or deal.status != DealStatus.OPEN:
        return bool(deal.deletes_any)
    return bool(deal.deletes_within and (deal.leads or at - deal.created_at < _OWN_DELETION))
