"""Writing many activities and notes at once, with the checks of single actions; for imports."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from crm.lib.copying import copy_rows
from pipeline.activities import note_actions
from pipeline.activities.actions import checked
from pipeline.activities.due import set_due
from pipeline.activities.models import OUTREACH, Activity, Note
from pipeline.deals import follow
from pipeline.reminders.actions import plan_in_bulk

_BATCH = 2000


@transaction.atomic
def add_activities_in_bulk(activities: Sequence[Activity], *, at: datetime) -> list[Activity]:
    """Write unsaved activities; next steps, last contacts and future reminders of deals follow. Answers the open ones.

    The caller has checked who may assign what to whom. Raises Refused for the first invalid one.
    """
    for activity in activities:
        if activity.is_open:
            set_due(activity, due_on=activity.due_on, due_at=activity.due_at)
        checked(activity)
    copy_rows([activity for activity in activities if not activity.is_open])
    planned = Activity.objects.bulk_create([one for one in activities if one.is_open], batch_size=_BATCH)
    plan_in_bulk(activities=planned, at=at)
    follow.refresh_next_step({activity.deal_id for activity in planned})
    follow.touch_in_bulk(_last_contacts(activities))
    return planned


@transaction.atomic
def add_notes_in_bulk(notes: Sequence[Note]) -> list[Note]:
    """Write unsaved notes. The caller has checked who may see what they are about."""
    return Note.objects.bulk_create([note_actions.checked(note) for note in notes], batch_size=_BATCH)


def _last_contacts(activities: Sequence[Activity]) -> dict[int, datetime]:
    contacts: dict[int, datetime] = {}
    for activity in activities:
        if activity.deal_id and activity.done_at and activity.kind in OUTREACH:
            contacts[activity.deal_id] = max(activity.done_at, contacts.get(activity.deal_id, activity.done_at))
    return contacts
