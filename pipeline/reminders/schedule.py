"""When an activity or a deal reminds. Pure functions of its dates and a person's zone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm.lib.periods import add_days, local_instant
from pipeline.reminders.models import ReminderKind

DAY_MINUTES = 24 * 60
MORNING = time(9)
# A reminder that would come later than this is not planned and not sent singly.
TOO_LATE = timedelta(hours=24)
# Days from a deal's expected close date to each of its reminders.
DEAL_DAYS = {
    ReminderKind.DEAL_CLOSES_IN_7_DAYS: -7,
    ReminderKind.DEAL_CLOSES_TOMORROW: -1,
    ReminderKind.DEAL_CLOSES_TODAY: 0,
    ReminderKind.DEAL_CLOSE_DATE_PASSED: 1,
}


def timed(due_at: datetime, offsets: list[int], zone: ZoneInfo) -> set[datetime]:
    """Offsets in minutes before an instant; whole days keep the wall-clock time of `zone`."""
    return {_before(due_at, minutes, zone) for minutes in offsets}


def all_day(due_on: date, offsets: list[int], zone: ZoneInfo) -> set[datetime]:
    """At 09:00 on the day, or as many whole days before it as each offset (in minutes) has."""
    return {local_instant(due_on - timedelta(days=minutes // DAY_MINUTES), MORNING, zone) for minutes in offsets}


def of_deal(expected_close_date: date, zone: ZoneInfo) -> dict[ReminderKind, datetime]:
    """At 09:00 in `zone`: a week and a day before the date, on it, and on the day after."""
    return {
        kind: local_instant(expected_close_date + timedelta(days=days), MORNING, zone)
        for kind, days in DEAL_DAYS.items()
    }


def cause(subject: str, pk: int, kind: str, moment: datetime) -> str:
    """What a reminder of an activity or deal at a moment is told under, once: see `Notification.cause`."""
    return f"{subject}:{pk}:{kind}:{moment:%Y-%m-%dT%H:%M:%SZ}"


def snoozed(times: set[datetime], until: datetime | None) -> set[datetime]:
    """Fire times while the person wants to hear nothing before `until`, and then once more."""
    return times if until is None else {moment for moment in times if moment > until} | {until}


def _before(due_at: datetime, minutes: int, zone: ZoneInfo) -> datetime:
    days, rest = divmod(minutes, DAY_MINUTES)
    return add_days(due_at, -days, zone) if days and not rest else due_at - timedelta(minutes=minutes)
