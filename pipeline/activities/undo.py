"""What an activity was before a change, carried in the address that takes the change back."""

from datetime import date, datetime
from typing import Any

from django.core import signing
from django.urls import reverse

from pipeline.activities.models import Activity

# Seconds.
UNDO_FOR = 600


def memory(activity: Activity) -> dict[str, Any]:
    """What `take_back` needs to know of an activity, as JSON."""
    return {
        "due_on": activity.due_on and activity.due_on.isoformat(),
        "due_at": activity.due_at and activity.due_at.isoformat(),
        "snoozed_until": activity.snoozed_until and activity.snoozed_until.isoformat(),
        "snooze_count": activity.snooze_count,
        "is_open": activity.is_open,
    }


def undo_url(activity: Activity, before: dict[str, Any]) -> str:
    """The address that leads back from what the activity is now; empty when it was finished before."""
    if not before["is_open"]:
        return ""
    was = signing.dumps({**before, "version": activity.version}, salt=f"activity-{activity.pk}")
    return reverse("activity-undo", args=[activity.pk, was])


def arguments(before: dict[str, Any]) -> dict[str, Any]:
    """The memory as arguments of `take_back`."""
    due_on, due_at, snoozed = before["due_on"], before["due_at"], before["snoozed_until"]
    return {
        "version": before["version"],
        "due_on": date.fromisoformat(due_on) if due_on else None,
        "due_at": datetime.fromisoformat(due_at) if due_at else None,
        "snoozed_until": datetime.fromisoformat(snoozed) if snoozed else None,
        "snooze_count": before["snooze_count"],
    }
