"""Planning and cancelling reminders. Called inside the transaction that changes the activity or deal."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from crm.lib.copying import copy_rows
from pipeline.reminders import schedule
from pipeline.reminders.models import ReminderKind, ReminderState, ScheduledReminder

if TYPE_CHECKING:
    from pipeline.activities.models import Activity
    from pipeline.deals.models import Deal

Key = tuple[ReminderKind, datetime]
_BATCH = 2000


def plan_for_activity(activity: "Activity", *, at: datetime) -> None:
    """Make the planned reminders of an activity those of its present dates, offsets and assignee."""
    _replan(activity, _of_activity(activity), activity.assignee_id, at)


def cancel_for_activity(activity: "Activity", *, at: datetime) -> None:
    _replan(activity, [], activity.assignee_id, at)


def plan_for_deal(deal: "Deal", *, at: datetime) -> None:
    """Make the planned reminders of a deal those of its expected close date and owner; none unless it is open."""
    _replan(deal, _of_deal(deal), deal.owner_id, at)


def cancel_for_deal(deal: "Deal", *, at: datetime) -> None:
    _replan(deal, [], deal.owner_id, at)


@transaction.atomic
def plan_in_bulk(*, activities: "Sequence[Activity]" = (), deals: "Sequence[Deal]" = (), at: datetime) -> None:
    """Plan the reminders of activities and deals that were just written and have none; nothing before `at`."""
    rows = [
        *(
            _row(key, activity.assignee_id, activity=activity)
            for activity in activities
            for key in _of_activity(activity)
        ),
        *(_row(key, deal.owner_id, deal=deal) for deal in deals for key in _of_deal(deal)),
    ]
    copy_rows([row for row in rows if row.fire_at > at])


@transaction.atomic
def replan_in_bulk(*, activities: "Sequence[Activity]" = (), deals: "Sequence[Deal]" = (), at: datetime) -> None:
    """Like `plan_for_activity` and `plan_for_deal` for many that changed hands, with a fixed number of queries."""
    of_activities = [_row(key, row.assignee_id, activity=row) for row in activities for key in _of_activity(row)]
    of_deals = [_row(key, row.owner_id, deal=row) for row in deals for key in _of_deal(row)]
    _replan_rows("activity_id", [row.pk for row in activities], of_activities, at)
    _replan_rows("deal_id", [row.pk for row in deals], of_deals, at)


def _replan_rows(subject: str, ids: list[int], rows: list[ScheduledReminder], at: datetime) -> None:
    """Make `rows` the planned reminders of these subjects, unless they were delivered or come far too late."""
    wanted = {_key_of(row, subject): row for row in rows if row.fire_at >= at - schedule.TOO_LATE}
    known = ScheduledReminder.objects.filter(**{f"{subject}__in": ids})
    known.filter(state=ReminderState.PLANNED).update(state=ReminderState.CANCELLED, settled_at=at)
    cancelled = known.filter(state=ReminderState.CANCELLED)
    again = [row.pk for row in cancelled if _key_of(row, subject) in wanted]
    cancelled.filter(pk__in=again).update(state=ReminderState.PLANNED, settled_at=None, outcome="")
    ScheduledReminder.objects.bulk_create(wanted.values(), ignore_conflicts=True, batch_size=_BATCH)


def _key_of(row: ScheduledReminder, subject: str) -> tuple[int, int, str, datetime]:
    return getattr(row, subject), row.recipient_id, row.kind, row.fire_at


def _row(key: Key, recipient_id: int, **about: "Activity | Deal") -> ScheduledReminder:
    kind, moment = key
    return ScheduledReminder(kind=kind, fire_at=moment, recipient_id=recipient_id, **about)


def _of_activity(activity: "Activity") -> list[Key]:
    moments = _moments_of(activity) if activity.is_open else set()
    return [(ReminderKind.ACTIVITY_DUE, moment) for moment in sorted(moments)]


def _of_deal(deal: "Deal") -> list[Key]:
    expected = deal.expected_close_date if _counts(deal) else None
    return list(schedule.of_deal(expected, deal.owner.zone).items()) if expected else []


def _moments_of(activity: "Activity") -> set[datetime]:
    zone, offsets = activity.assignee.zone, activity.reminder_offsets
    if activity.due_at:
        moments = schedule.timed(activity.due_at, offsets, zone)
    elif activity.due_on:
        moments = schedule.all_day(activity.due_on, offsets, zone)
    else:
        moments = set()
    return schedule.snoozed(moments, activity.snoozed_until)


def _counts(deal: "Deal") -> bool:
    gone = deal.archived_at or deal.deleted_at or deal.merged_into_id
    return deal.status == "open" and not gone


@transaction.atomic
def _replan(subject: "Activity | Deal", keys: list[Key], recipient_id: int, at: datetime) -> None:
    """Cancel what is planned beyond `keys`, and plan these unless they were delivered or come far too late."""
    about = {str(subject._meta.model_name): subject}
    wanted = [key for key in keys if key[1] >= at - schedule.TOO_LATE]
    rows = ScheduledReminder.objects.filter(**about)
    same = _any_of(wanted, recipient_id)
    rows.filter(state=ReminderState.PLANNED).exclude(same).update(state=ReminderState.CANCELLED, settled_at=at)
    if not wanted:
        return
    # An earlier row of the same key that was cancelled comes back; one that was delivered stays so.
    rows.filter(same, state=ReminderState.CANCELLED).update(state=ReminderState.PLANNED, settled_at=None, outcome="")
    ScheduledReminder.objects.bulk_create(
        [ScheduledReminder(kind=kind, fire_at=moment, recipient_id=recipient_id, **about) for kind, moment in wanted],
        ignore_conflicts=True,
    )


def _any_of(keys: list[Key], recipient_id: int) -> Q:
    one_of = (Q(kind=kind, fire_at=moment) for kind, moment in keys)
    return reduce(or_, one_of) & Q(recipient_id=recipient_id) if keys else Q(pk__in=[])
