"""Giving all that one person works on to another, in the caller's transaction."""

from datetime import datetime
from typing import Any

from django.db.models import F

from pipeline.activities.due import set_due
from pipeline.activities.models import Activity
from pipeline.contacts.models import Company, Contact
from pipeline.credit import actions as credit
from pipeline.deals import follow
from pipeline.deals.actions.recording import apply, record_many, workspace_day
from pipeline.deals.models import Deal
from pipeline.deals.states import EventKind
from pipeline.reminders import actions as reminders
from teams.audit.models import AuditEntry
from teams.models import User
from teams.people.lines import teams_of

BATCH = 1000


def move_deals(owner: User, successor: User, *, by: User, at: datetime) -> int:
    """Open deals change owner and team, each with an event; closed ones stay whose they were."""
    team_id = teams_of([successor.pk], workspace_day(at)).get(successor.pk)
    deals = list(Deal.objects.open().filter(owner=owner).select_for_update(of=("self",)).order_by("pk"))
    record_many([(deal, _handed_to(successor, team_id, deal)) for deal in deals], EventKind.OWNER_CHANGED, by=by, at=at)
    credit.follow_owner_in_bulk(deal_ids=[deal.pk for deal in deals], owner_id=successor.pk)
    reminders.replan_in_bulk(deals=deals, at=at)
    return len(deals)


def _handed_to(successor: User, team_id: int | None, deal: Deal) -> dict[str, list[Any]]:
    changes = apply(deal, {"owner": successor})
    if team_id != deal.team_id:
        changes["team"] = [deal.team_id, team_id]
        deal.team_id = team_id
    return changes


def move_activities(assignee: User, successor: User, *, at: datetime) -> int:
    """Open activities change hands; all-day ones belong to the successor's calendar from now on."""
    rows = Activity.objects.open().filter(assignee=assignee).select_for_update(of=("self",))
    activities = list(rows.order_by("pk"))
    for activity in activities:
        activity.assignee = successor
        set_due(activity, due_on=activity.due_on, due_at=activity.due_at)
        activity.changed_at = at
        activity.version += 1
    fields = ["assignee", "due_zone", "today_from", "late_at", "changed_at", "version"]
    Activity.objects.bulk_update(activities, fields, batch_size=500)
    reminders.replan_in_bulk(activities=activities, at=at)
    follow.refresh_next_step({activity.deal_id for activity in activities if activity.deal_id})
    return len(activities)


def move_contacts(owner: User, successor: User, *, by: User, at: datetime) -> None:
    """Companies and contacts change owner, each with an entry in the audit trail."""
    for model in (Company, Contact):
        _move_rows(model, owner, successor, by=by, at=at)


def _move_rows(model: Any, owner: User, successor: User, *, by: User, at: datetime) -> None:
    rows = model.objects.live().filter(owner=owner)
    entries = [
        AuditEntry(
            at=at,
            actor=by,
            action=f"{model._meta.model_name}.edited",
            subject_type=model._meta.model_name,
            subject_id=row.pk,
            subject_label=str(row)[:200],
            changes={"owner": [owner.pk, successor.pk], "version": [row.version, row.version + 1]},
        )
        for row in rows.select_for_update(of=("self",)).order_by("pk")
    ]
    AuditEntry.objects.bulk_create(entries, batch_size=BATCH)
    rows.update(owner=successor, changed_at=at, version=F("version") + 1)
