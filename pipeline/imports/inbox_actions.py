"""What the demo sign-ins find in their inboxes: the latest of what they would have been reminded of."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from crm.lib.periods import local_date
from crm.notifications.actions import notify
from crm.templatetags.formats import day_year
from pipeline.activities.models import Activity
from pipeline.deals.models import Deal
from pipeline.reminders import schedule
from pipeline.reminders.models import ReminderKind
from teams.models import User

FEW = 2


def fill_inboxes(people: Sequence[User], *, at: datetime) -> int:
    """A handful of unread notifications for each; nothing is sent by mail. Answers how many there are."""
    told = 0
    for person in people:
        with translation.override(person.language):
            for reminder in [*_late_activities(person, at), *_passed_deals(person, at)]:
                told += notify(recipient=person, channels=(), **reminder) is not None
    return told


def _late_activities(person: User, at: datetime) -> Iterator[dict[str, Any]]:
    kind = ReminderKind.ACTIVITY_DUE
    late = Activity.objects.overdue(at).filter(assignee=person, deal__isnull=False)
    for activity in late.select_related("deal", "assignee").order_by("-late_at", "pk")[:FEW]:
        moment = _reminded_at(activity)
        yield {
            "kind": kind,
            "cause": schedule.cause("activity", activity.pk, kind, moment),
            "title": activity.subject,
            "body": f"{activity.get_kind_display()} · {activity.deal}",
            "url": reverse("deal", args=[activity.deal_id]),
            "about": ("activity", activity.pk),
            "at": moment,
        }


def _reminded_at(activity: Activity) -> datetime:
    """When the first reminder of a due activity came."""
    offsets, zone = activity.reminder_offsets, activity.assignee.zone
    if activity.due_at:
        return min(schedule.timed(activity.due_at, offsets, zone))
    return min(schedule.all_day(cast("date", activity.due_on), offsets, zone))


def _passed_deals(person: User, at: datetime) -> Iterator[dict[str, Any]]:
    kind = ReminderKind.DEAL_CLOSE_DATE_PASSED
    yesterday = local_date(at, person.zone) - timedelta(days=1)
    passed = Deal.objects.in_funnel().filter(owner=person, expected_close_date__lt=yesterday)
    for deal in passed.order_by("-expected_close_date", "pk")[:FEW]:
        day = cast("date", deal.expected_close_date)
        moment = schedule.of_deal(day, person.zone)[kind]
        yield {
            "kind": kind,
            "cause": schedule.cause("deal", deal.pk, kind, moment),
            "title": _("The close date of %(deal)s has passed") % {"deal": deal.name},
            "body": _("Expected close date: %(date)s") % {"date": day_year(day)},
            "url": reverse("deal", args=[deal.pk]),
            "about": ("deal", deal.pk),
            "at": moment,
        }
