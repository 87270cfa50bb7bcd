"""Taking back one's own last change."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import ForeignKey
from django.utils.translation import gettext as _

from crm.lib.errors import Refused
from pipeline.coverage.actions import held_territory
from pipeline.credit import actions as credit
from pipeline.deals.actions import parts
from pipeline.deals.actions.editing import FROZEN_AT_CLOSING
from pipeline.deals.actions.recording import locked_deal, record
from pipeline.deals.clock import stalled_from
from pipeline.deals.models import Deal, DealEvent
from pipeline.deals.states import CLOSED, DealStatus, EventKind
from pipeline.reminders import actions as reminders
from pipeline.stages.actions import held_stage, must_be_in_use
from teams.models import User
from teams.people.guards import held_person, must_be_active

UNDO_FOR = timedelta(minutes=10)
# A reopening has withdrawn frozen credit; closing again is the way back.
_FINAL = (EventKind.CREATED, EventKind.REOPENED)
_FROZEN = FROZEN_AT_CLOSING | {"owner", "team", "territory", "stage", "pipeline"}


@transaction.atomic
def undo(*, deal_id: int, event_id: int, by: User, at: datetime) -> Deal:
    """Take back an own event of the last ten minutes with one that corrects it; both stay in the history.

    Raises Refused when it is too late, somebody else's, taken back already, or built upon since: a closing builds
    upon everything that it froze.
    """
    deal = locked_deal(deal_id, by=by)
    event = DealEvent.objects.get(pk=event_id, deal_id=deal.pk)
    _check(deal, event, by=by, at=at)
    for name, (before, _after) in event.changes.items():
        if name != "entry_known" and not parts.is_part(name):
            _set(deal, name, before)
    _restore_flags(deal, event)
    if deal.is_open and deal.deleted_at is None:
        _must_fit(deal)
    parts.put_back(deal, event.changes, by=by, at=at)
    reversed_changes = {name: [after, before] for name, (before, after) in event.changes.items()}
    record(deal, [(EventKind(event.kind), reversed_changes)], by=by, at=at, corrects=event)
    _follow(deal, event, at)
    return deal


def _check(deal: Deal, event: DealEvent, *, by: User, at: datetime) -> None:
    if event.actor_id != by.pk:
        raise Refused(_("Only the person who made a change can undo it."), code="not_yours")
    if at - event.recorded_at > UNDO_FOR:
        raise Refused(_("Changes can be undone for ten minutes."), code="too_late")
    if event.corrects_id or event.corrections.exists() or event.kind in _FINAL:
        raise Refused(_("This cannot be undone."), code="undone")
    if deal.status in CLOSED and event.kind not in CLOSED and not _FROZEN.isdisjoint(event.changes):
        raise Refused(_("This deal is closed. Reopen it to change what it was closed with."), code="closed")
    later = deal.events.filter(version__gt=event.version, corrects__isnull=True, corrections__isnull=True)
    touched = {name for changes in later.values_list("changes", flat=True) for name in changes}
    if touched & set(event.changes) or (not event.changes and later.filter(kind=event.kind).exists()):
        raise Refused(_("Somebody changed this again since. It was not undone."), code="changed_since")


def _must_fit(deal: Deal) -> None:
    """Raises Refused where what the open deal comes back to has ended meanwhile: its stage, owner or company."""
    held_stage(deal.stage_id)
    must_be_in_use(deal.pipeline)
    must_be_active(held_person(deal.owner_id), field="owner")
    if deal.company is not None:
        held_territory(deal.company)


def _set(deal: Deal, name: str, stored: Any) -> None:
    field = Deal._meta.get_field(name)
    if isinstance(field, ForeignKey):
        setattr(deal, field.attname, stored)
    elif stored is None:
        setattr(deal, name, None)
    elif name == "value":
        deal.value = Decimal(stored)
    elif name == "closed_at":
        deal.closed_at = datetime.fromisoformat(stored)
    elif name == "expected_close_date":
        deal.expected_close_date = date.fromisoformat(stored)
    else:
        setattr(deal, name, stored)


def _restore_flags(deal: Deal, event: DealEvent) -> None:
    if event.kind in CLOSED:
        deal.fx_rate, deal.close_note = None, ""
    elif "probability" in event.changes:
        deal.probability_overridden = deal.probability != deal.stage.probability
    if event.kind == EventKind.DELETED:
        deal.deleted_at = None
    elif event.kind == EventKind.RESTORED:
        deal.deleted_at = event.recorded_at
    elif event.kind == EventKind.ARCHIVED:
        deal.archived_at = None
    elif event.kind == EventKind.UNARCHIVED:
        deal.archived_at = event.recorded_at


def _follow(deal: Deal, event: DealEvent, at: datetime) -> None:
    """What hangs on the state: the stage's clock, the credit, the reminders."""
    spell = deal.spells.order_by("-entered_at", "-pk").first()
    if spell is not None:
        deal.stage_entered_at = spell.entered_at
    is_open = deal.status == DealStatus.OPEN
    deal.stalled_from = stalled_from(deal, deal.stage) if is_open else None
    deal.save(update_fields=["stage_entered_at", "stalled_from"])
    if event.kind == EventKind.WON:
        credit.withdraw(deal_id=deal.pk)
    if event.kind == EventKind.OWNER_CHANGED:
        credit.follow_owner(deal_id=deal.pk, owner_id=deal.owner_id)
    if is_open and deal.deleted_at is None and deal.archived_at is None:
        reminders.plan_for_deal(deal, at=at)
    else:
        reminders.cancel_for_deal(deal, at=at)
