"""An activity as one line: its state at an instant, and when it is due in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.templatetags.formats import moment, near_day, overdue, time_of_day
from pipeline.activities.models import Activity, ActivityKind
from pipeline.contacts.models import Company, Contact
from pipeline.deals.models import Deal
from pipeline.deals.states import NextStepState
from teams.access import Permission, reach
from teams.models import User

KIND_ICONS = {
    ActivityKind.CALL: "phone",
    ActivityKind.MEETING: "users",
    ActivityKind.VIDEO: "device-desktop",
    ActivityKind.EMAIL: "mail",
    ActivityKind.TASK: "checklist",
    ActivityKind.DEADLINE: "flag",
    ActivityKind.FOLLOW_UP: "repeat",
    ActivityKind.SOCIAL: "world",
}


@dataclass(frozen=True)
class ActivityLine:
    """A row of a list; `about` are the names of what it is about, as far as the reader may know them."""

    activity: Activity
    state: str
    when: str
    icon: str
    about: str
    url: str
    can_edit: bool


def icon_of(kind: str) -> str:
    return KIND_ICONS.get(ActivityKind(kind), "checklist")


def state_of(activity: Activity, now: datetime) -> str:
    """One of the four states of a next step; without a date it is missing one."""
    if activity.late_at is None or activity.today_from is None:
        return NextStepState.MISSING
    if activity.late_at <= now:
        return NextStepState.OVERDUE
    return NextStepState.TODAY if activity.today_from <= now else NextStepState.PLANNED


def when_words(state: str, due_on: date | None, due_at: datetime | None, today: date) -> str:
    """When something is due: the days it is late, the time today, otherwise the day."""
    day = timezone.localtime(due_at).date() if due_at else due_on
    if day is None:
        return _("No date")
    if state == NextStepState.OVERDUE and day < today:
        return overdue((today - day).days)
    if due_at and day == today:
        return time_of_day(due_at)
    return moment(due_at, today) if due_at else near_day(day, today)


def lines(activities: list[Activity], *, reader: User, now: datetime) -> list[ActivityLine]:
    """Rows for the reader; four queries, however many there are."""
    visible = known_subjects(activities, reader)
    editable = _editable(activities, reader)
    return [_line(activity, visible, now, can_edit=activity.pk in editable) for activity in activities]


def known_subjects(activities: Iterable[Activity], reader: User) -> dict[str, set[int]]:
    """The ids of the deals, companies and contacts of the activities that the reader may know. A query for each."""
    rows = list(activities)
    return {
        name: _visible(model, {getattr(row, f"{name}_id") for row in rows}, reader)
        for name, model in (("deal", Deal), ("company", Company), ("contact", Contact))
    }


def _editable(activities: list[Activity], reader: User) -> set[int]:
    if not reach(reader, Permission.ACTIVITY_EDIT):
        return set()
    reached = Activity.objects.reachable_by(reader, Permission.ACTIVITY_EDIT)
    return set(reached.filter(pk__in=[row.pk for row in activities]).values_list("pk", flat=True))


def _visible(model: Any, pks: set[int | None], reader: User) -> set[int]:
    rows = model.objects.live().reachable_by(reader).filter(pk__in={pk for pk in pks if pk})
    return set(rows.values_list("pk", flat=True))


def _line(activity: Activity, visible: dict[str, set[int]], now: datetime, *, can_edit: bool) -> ActivityLine:
    seen = {name: row for name in visible if (row := _seen(activity, name, visible[name]))}
    state = "done" if activity.done_at else state_of(activity, now)
    today = timezone.localdate(now)
    due = when_words(state, activity.due_on, activity.due_at, today)
    return ActivityLine(
        activity,
        state,
        moment(activity.done_at, today) if activity.done_at else due,
        icon_of(activity.kind),
        " · ".join(str(seen[name]) for name in ("company", "deal", "contact") if name in seen),
        _address(activity, seen),
        can_edit,
    )


def _seen(activity: Activity, name: str, visible: set[int]) -> Model | None:
    return getattr(activity, name) if getattr(activity, f"{name}_id") in visible else None


def _address(activity: Activity, seen: dict[str, Model]) -> str:
    for name, row in seen.items():
        return reverse(name, args=[row.pk])
    return "" if activity.done_at else reverse("activity-reschedule", args=[activity.pk])
