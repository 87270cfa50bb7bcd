"""From planning to the inbox: exactly one notification for each reminder, whatever happens in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction

from crm.notifications.models import Delivery, Notification
from pipeline.models import Activity, ReminderState, ScheduledReminder
from pipeline.reminders.actions import cancel_for_activity, plan_for_activity, plan_for_deal
from pipeline.work.reminding import LATE, deliver_due
from tests.factories import make_deal, make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)
DUE = NOW + timedelta(hours=2)


def make_activity(assignee, **fields):
    fields = {"subject": "Call Ms Berg", "due_at": DUE, "reminder_offsets": [60]} | fields
    return Activity.objects.create(assignee=assignee, created_by=assignee, created_at=NOW, changed_at=NOW, **fields)


def planned(activity):
    rows = activity.reminders.filter(state=ReminderState.PLANNED)
    return set(rows.values_list("recipient_id", "fire_at"))


def test_a_reminder_comes_when_it_is_due_and_once() -> None:
    activity = make_activity(make_user(language="de", time_zone="Europe/Berlin"))
    plan_for_activity(activity, at=NOW)
    assert deliver_due(NOW) == 0
    assert deliver_due(DUE) == 1
    assert deliver_due(DUE) == 0
    plan_for_activity(activity, at=DUE)
    assert deliver_due(DUE) == 0
    notification = Notification.objects.get()
    assert (notification.title, notification.recipient) == ("Call Ms Berg", activity.assignee)
    assert "12:00" in notification.body
    assert Delivery.objects.get().message_id.startswith(f"<notification-{notification.pk}-email@")


def test_a_completed_activity_reminds_nobody_even_if_its_reminder_was_left_planned() -> None:
    activity = make_activity(make_user())
    plan_for_activity(activity, at=NOW)
    Activity.objects.update(done_at=NOW)
    assert deliver_due(DUE) == 1
    assert not Notification.objects.exists()
    assert ScheduledReminder.objects.get().state == ReminderState.CANCELLED


def test_cancelling_and_planning_again_brings_the_same_reminder_back() -> None:
    activity = make_activity(make_user())
    plan_for_activity(activity, at=NOW)
    cancel_for_activity(activity, at=NOW)
    assert planned(activity) == set()
    plan_for_activity(activity, at=NOW)
    assert len(planned(activity)) == ScheduledReminder.objects.count() == 1


def test_another_assignee_is_reminded_instead() -> None:
    activity = make_activity(make_user())
    plan_for_activity(activity, at=NOW)
    activity.assignee = make_user()
    activity.save()
    plan_for_activity(activity, at=NOW)
    assert planned(activity) == {(activity.assignee_id, DUE - timedelta(hours=1))}
    deliver_due(DUE)
    assert Notification.objects.get().recipient == activity.assignee


def test_rescheduling_moves_the_reminder() -> None:
    activity = make_activity(make_user())
    plan_for_activity(activity, at=NOW)
    activity.due_at = DUE + timedelta(days=1)
    activity.save()
    plan_for_activity(activity, at=NOW)
    assert deliver_due(DUE) == 0
    assert deliver_due(DUE + timedelta(days=1)) == 1


def test_what_is_more_than_a_day_late_is_not_planned() -> None:
    activity = make_activity(make_user(), due_at=NOW, reminder_offsets=[23 * 60, 25 * 60])
    plan_for_activity(activity, at=NOW)
    assert planned(activity) == {(activity.assignee_id, NOW - timedelta(hours=23))}


def test_a_long_standstill_ends_in_one_notification_per_person() -> None:
    people = [make_user(), make_user()]
    for activity in [make_activity(person, subject=f"Task {n}") for person in people for n in range(3)]:
        plan_for_activity(activity, at=NOW)
    late = DUE + timedelta(hours=24)
    while deliver_due(late, limit=2):
        pass
    assert list(Notification.objects.values_list("kind", flat=True)) == [LATE, LATE]
    assert not ScheduledReminder.objects.filter(state=ReminderState.PLANNED).exists()


def test_a_deal_reminds_its_owner_until_it_is_closed() -> None:
    deal = make_deal(expected_close_date=date(2026, 5, 11))
    plan_for_deal(deal, at=NOW)
    assert deal.reminders.count() == 4
    assert deliver_due(NOW + timedelta(hours=12)) == 1
    assert deal.name in Notification.objects.get().title
    deal.archived_at = NOW
    plan_for_deal(deal, at=NOW)
    assert not deal.reminders.filter(state=ReminderState.PLANNED).exists()


def test_a_sweep_that_dies_leaves_everything_to_the_next() -> None:
    plan_for_activity(make_activity(make_user()), at=NOW)
    with transaction.atomic():
        assert deliver_due(DUE) == 1
        transaction.set_rollback(True)
    assert not Notification.objects.exists()
    assert deliver_due(DUE) == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_tell_everything_once() -> None:
    person = make_user()
    for number in range(200):
        plan_for_activity(make_activity(person, subject=f"Task {number}"), at=NOW)
    with ThreadPoolExecutor(2) as pool:
        settled = list(pool.map(lambda _: sweep_until_empty(), range(2)))
    assert sum(settled) == 200
    assert Notification.objects.count() == Delivery.objects.count() == 200


def sweep_until_empty() -> int:
    try:
        total = 0
        while count := deliver_due(DUE, limit=20):
            total += count
        return total
    finally:
        connection.close()
