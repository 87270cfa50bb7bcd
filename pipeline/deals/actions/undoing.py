"""Taking back one's own last change."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import ForeignKey
from django.utils.translation import gettext as _

from crm.lib.errors import Refused
from crm.lib.locking import held
from pipeline.contacts.models import Company
from pipeline.coverage.actions import must_be_live
from pipeline.credit import actions as credit
from pipeline.deals.actions import parts
from pipeline.deals.actions.editing import FROZEN_AT_CLOSING
from pipeline.deals.actions.recording import apply, locked_deal, record
from pipeline.deals.clock import stalled_from
from pipeline.deals.models import Deal, DealEvent
from pipeline.deals.states import CLOSED, DealStatus, EventKind, EventSource
from pipeline.reminders import actions as reminders
from pipeline.stages.actions import held_stage, must_be_in_use, must_take_deals
from pipeline.stages.models import Stage
from teams.models import User
from teams.people.guards import held_person, must_be_active

UNDO_FOR = timedelta(minutes=10)
# A reopening has withdrawn frozen credit; closing again is the way back.
_FINAL = (EventKind.CREATED, EventKind.REOPENED)
_MOVES = (EventKind.STAGE_CHANGED, EventKind.PIPELINE_CHANGED, EventKind.RESTORED)
_FROZEN = FROZEN_AT_CLOSING | {"owner", "team", "territory", "stage", "pipeline"}


@transaction.atomic
def undo(*, deal_id: int, event_id: int, by: User, at: datetime) -> Deal:
    """Take back an own event of the last ten minutes with one that corrects it; both stay in the history.

    Raises Refused when it is too late, somebody else's, taken back already, or built upon since: a closing builds
    upon everything that it froze.
    """
    there = _hold(deal_id, event_id)
    deal = locked_deal(deal_id, by=by)
    event = DealEvent.objects.get(pk=event_id, deal_id=deal.pk)
    _check(deal, event, by=by, at=at)
    followed_stage = not deal.probability_overridden
    for name, (before, _after) in event.changes.items():
        if name != "entry_known" and not parts.is_part(name):
            _set(deal, name, before)
    if there.stage is not None:
        deal.stage = there.stage
    _restore_flags(deal, event, followed_stage=followed_stage)
    if deal.is_open and deal.deleted_at is None:
        there.must_take_it_back()
    parts.put_back(deal, event.changes, by=by, at=at)
    reversed_changes = {name: [after, before] for name, (before, after) in event.changes.items()}
    record(deal, [(EventKind(event.kind), reversed_changes)], by=by, at=at, corrects=event)
    _take_probability(deal, at)
    _follow(deal, event, at)
    return deal


@dataclass(frozen=True)
class _There:
    """Where an open deal comes back to by an undo; None for what stays as it is."""

    stage: Stage | None = None
    owner: User | None = None
    company: Company | None = None

    def must_take_it_back(self) -> None:
        """Raises Refused where one of them has ended meanwhile."""
        if self.stage is not None:
            must_be_in_use(must_take_deals(self.stage).pipeline)
        if self.owner is not None:
            must_be_active(self.owner, field="owner")
        if self.company is not None:
            must_be_live(self.company)


def _hold(deal_id: int, event_id: int) -> _There:
    """What the deal comes back to, held before the deal itself: in the order of those who take it away."""
    event = DealEvent.objects.filter(pk=event_id, deal_id=deal_id).select_related("deal").first()
    if event is None:
        return _There()
    before = {name: pair[0] for name, pair in event.changes.items()}
    if event.kind in (*CLOSED, EventKind.DELETED):  # all of it comes back to work
        before = {name: getattr(event.deal, f"{name}_id") for name in ("owner", "stage", "company")} | before
    owner, stage, company = (before.get(name) for name in ("owner", "stage", "company"))
    return _There(
        owner=held_person(owner) if owner else None,
        stage=held_stage(stage) if stage else None,
        company=held(Company.objects.filter(pk=company))[0] if company else None,
    )


def _take_probability(deal: Deal, at: datetime) -> None:
    """A deal without a probability of its own has that of its stage, which may have changed while it was elsewhere."""
    if deal.is_open and deal.deleted_at is None and not deal.probability_overridden:
        changes = apply(deal, {"probability": deal.stage.probability})
        if changes:
            record(deal, [(EventKind.PROBABILITY_CHANGED, changes)], by=None, at=at, source=EventSource.AUTOMATION)


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


def _restore_flags(deal: Deal, event: DealEvent, *, followed_stage: bool) -> None:
    if event.kind in CLOSED:
        deal.fx_rate, deal.close_note = None, ""
    elif "probability" in event.changes:
        # Who moves takes the probability of the stage only without one of its own, and keeps that otherwise.
        moved = event.kind in _MOVES and followed_stage
        deal.probability_overridden = not moved and deal.probability != deal.stage.probability
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
