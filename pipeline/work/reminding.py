"""Delivering reminders that are due. Any number of sweeps may run at once; each row is claimed by one."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.lib.periods import local_date
from crm.notifications.actions import notify
from crm.templatetags.formats import day_year, time_of_day
from pipeline.activities.models import Activity
from pipeline.deals.models import Deal
from pipeline.reminders.models import ReminderKind, ReminderState, ScheduledReminder
from pipeline.reminders.schedule import TOO_LATE, cause
from teams.models import User

TOLD, COLLECTED, SETTLED = "told", "collected", "settled"
LATE = "reminders_late"


@transaction.atomic
def deliver_due(now: datetime, limit: int = 200) -> int:
    """Settle up to `limit` reminders that are due and answer how many; 0 means that nothing is left.

    The claim, what the recipient is told and the mark that she was are one transaction: a sweep that is
    killed leaves nothing behind, and the next one starts with the same rows.
    """
    due = _claim(now, limit)
    worth_telling = _still_true(due)
    outcomes: dict[str, list[int]] = defaultdict(list)
    for reminder in due:
        outcomes[_deliver(reminder, now) if reminder.pk in worth_telling else SETTLED].append(reminder.pk)
    for outcome, keys in outcomes.items():
        state = ReminderState.CANCELLED if outcome == SETTLED else ReminderState.DELIVERED
        ScheduledReminder.objects.filter(pk__in=keys).update(state=state, settled_at=now, outcome=outcome)
    return len(due)


def _claim(now: datetime, limit: int) -> list[ScheduledReminder]:
    due = ScheduledReminder.objects.filter(state=ReminderState.PLANNED, fire_at__lte=now)
    return list(
        due.order_by("fire_at", "pk")
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("recipient", "activity__deal", "activity__company", "deal")[:limit]
    )


def _still_true(due: Iterable[ScheduledReminder]) -> set[int]:
    """The reminders whose subject is open, the recipient's and within her reach."""
    by_recipient: dict[User, list[ScheduledReminder]] = defaultdict(list)
    for reminder in due:
        by_recipient[reminder.recipient].append(reminder)
    return {pk for recipient, reminders in by_recipient.items() for pk in _true_for(recipient, reminders)}


def _true_for(recipient: User, reminders: list[ScheduledReminder]) -> Iterable[int]:
    activity_ids = [reminder.activity_id for reminder in reminders if reminder.activity_id]
    deal_ids = [reminder.deal_id for reminder in reminders if reminder.deal_id]
    activities = Activity.objects.reachable_by(recipient).open().filter(assignee=recipient, pk__in=activity_ids)
    deals = Deal.objects.reachable_by(recipient).in_funnel().filter(owner=recipient, pk__in=deal_ids)
    open_activities = set(activities.values_list("pk", flat=True)) if activity_ids else set()
    open_deals = set(deals.values_list("pk", flat=True)) if deal_ids else set()
    return (
        reminder.pk
        for reminder in reminders
        if reminder.activity_id in open_activities or reminder.deal_id in open_deals
    )


def _deliver(reminder: ScheduledReminder, now: datetime) -> str:
    recipient: User = reminder.recipient
    with translation.override(recipient.language), timezone.override(recipient.zone):
        if reminder.fire_at < now - TOO_LATE:
            _collect(recipient, now)
            return COLLECTED
        _tell(reminder, now)
        return TOLD


def _tell(reminder: ScheduledReminder, now: datetime) -> None:
    subject: Activity | Deal = reminder.activity or reminder.deal  # type: ignore[assignment]  # a constraint: one of them
    if isinstance(subject, Activity):
        kind, (title, body, url) = "activity", _about_activity(subject)
    else:
        kind, (title, body, url) = "deal", _about_deal(subject, ReminderKind(reminder.kind))
    notify(
        recipient=reminder.recipient,
        kind=reminder.kind,
        cause=cause(kind, subject.pk, reminder.kind, reminder.fire_at),
        title=title,
        body=body,
        url=url,
        about=(kind, subject.pk),
        at=now,
    )


def _collect(recipient: User, now: datetime) -> None:
    """After a long standstill one notification a day stands for everything that was missed."""
    notify(
        recipient=recipient,
        kind=LATE,
        cause=f"{LATE}:{local_date(now, recipient.zone)}",
        title=_("Reminders were missed"),
        body=_("Some reminders were due more than a day ago and were not sent. Look at what is overdue."),
        url=reverse("today"),
        at=now,
    )


def _about_activity(activity: Activity) -> tuple[str, str, str]:
    about = activity.deal or activity.company
    body = " · ".join(filter(None, (activity.get_kind_display(), _due(activity), str(about or ""))))
    if activity.deal_id:
        return activity.subject, body, reverse("deal", args=[activity.deal_id])
    if activity.company_id:
        return activity.subject, body, reverse("company", args=[activity.company_id])
    return activity.subject, body, reverse("activity-list")


def _due(activity: Activity) -> str:
    if activity.due_at:
        return _("due %(when)s") % {"when": f"{day_year(activity.due_at)}, {time_of_day(activity.due_at)}"}
    return _("due %(when)s") % {"when": day_year(activity.due_on)} if activity.due_on else ""


def _about_deal(deal: Deal, kind: ReminderKind) -> tuple[str, str, str]:
    title = _deal_titles()[kind] % {"deal": deal.name}
    body = _("Expected close date: %(date)s") % {"date": day_year(deal.expected_close_date)}
    return title, body, reverse("deal", args=[deal.pk])


def _deal_titles() -> dict[ReminderKind, str]:
    return {
        ReminderKind.DEAL_CLOSES_IN_7_DAYS: _("%(deal)s should close in 7 days"),
        ReminderKind.DEAL_CLOSES_TOMORROW: _("%(deal)s should close tomorrow"),
        ReminderKind.DEAL_CLOSES_TODAY: _("%(deal)s should close today"),
        ReminderKind.DEAL_CLOSE_DATE_PASSED: _("The close date of %(deal)s has passed"),
    }
