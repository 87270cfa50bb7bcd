"""Next steps that take one click, and when to be reminded again."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.dateformat import format as date_words
from django.utils.translation import gettext as _

from crm.lib.periods import local_date, local_instant
from pipeline.activities.models import ActivityKind
from pipeline.deals.models import Deal
from teams.models import User

MORNING = time(9)
DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True)
class QuickPlan:
    """A step to plan: what the button says, and what it plans."""

    label: str
    icon: str
    kind: str
    subject: str
    due_on: date


def quick_plans(deal: Deal, today: date) -> list[QuickPlan]:
    """A call on the next working day, a mail on the one after."""
    first = next_working_day(today)
    second = next_working_day(first)
    name = deal.company.name if deal.company else deal.name
    return [
        QuickPlan(_call_label(first, today), "phone", ActivityKind.CALL, _("Call %(name)s") % {"name": name}, first),
        QuickPlan(
            _("Email %(day)s") % {"day": date_words(second, "D")},
            "mail",
            ActivityKind.EMAIL,
            _("Write to %(name)s") % {"name": name},
            second,
        ),
    ]


def next_working_day(day: date) -> date:
    """The next day from Monday to Friday."""
    day += DAY
    while day.weekday() >= _SATURDAY:
        day += DAY
    return day


def snooze_until(choice: str, now: datetime, *, by: User, on: date | None = None) -> datetime:
    """The instant behind a choice of the snooze dialog, in the person's zone."""
    today = local_date(now, by.zone)
    mornings = {"tomorrow": today + DAY, "week": today + timedelta(days=7 - today.weekday()), "date": on or today + DAY}
    return local_instant(mornings[choice], MORNING, by.zone) if choice in mornings else now + timedelta(hours=1)


def _call_label(day: date, today: date) -> str:
    return _("Call tomorrow") if day == today + DAY else _("Call %(day)s") % {"day": date_words(day, "D")}
