"""What an activity reminds of when nobody chose."""

from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline.activities.actions import plan
from pipeline.models import ReminderState
from tests.factories import NOW

DUE = datetime(2026, 12, 1, 14, tzinfo=UTC)


def fires(activity):
    return sorted(activity.reminders.filter(state=ReminderState.PLANNED).values_list("fire_at", flat=True))


@pytest.mark.parametrize(
    ("kind", "minutes"), [("call", [15]), ("task", [15]), ("meeting", [60]), ("deadline", [1440, 60])]
)
def test_a_time_reminds_shortly_before(rep, kind, minutes):
    activity = plan(by=rep, at=NOW, kind=kind, subject="This", due_at=DUE)
    assert fires(activity) == sorted(DUE - timedelta(minutes=count) for count in minutes)


@pytest.mark.parametrize(("kind", "days"), [("call", [1]), ("deadline", [30, 1])])
def test_a_day_reminds_in_its_morning(rep, kind, days):
    activity = plan(by=rep, at=NOW, kind=kind, subject="This", due_on=date(2026, 12, 1))
    mornings = {1: datetime(2026, 12, 1, 9, tzinfo=UTC), 30: datetime(2026, 11, 30, 9, tzinfo=UTC)}
    assert fires(activity) == [mornings[day] for day in days]


@pytest.mark.parametrize(("chosen", "count"), [("none", 0), ("day-and-hour", 2), ("usual", 1), ("", 1)])
def test_the_dialog_offers_others(client, rep, chosen, count):
    client.force_login(rep)
    client.post(
        "/activities/new/",
        {"kind": "call", "subject": "This", "due_on": "2090-12-01", "due_time": "14:00", "reminder": chosen},
    )
    assert rep.activities.get().reminders.count() == count


def test_nobody_can_be_chosen_out_of_reach(client, rep, manager, other_rep):
    fields = {"kind": "call", "subject": "This", "due_on": "2090-12-01"}
    client.force_login(manager)
    client.post("/activities/new/", {**fields, "assignee": rep.pk})
    assert rep.activities.get().created_by == manager
    assert client.post("/activities/new/", {**fields, "assignee": other_rep.pk}).status_code == 422


def test_a_change_keeps_what_nobody_touched(client, rep):
    activity = plan(by=rep, at=NOW, kind="call", subject="This", due_at=DUE, reminder_offsets=[7])
    client.force_login(rep)
    page = client.get(f"/activities/{activity.pk}/edit/").content.decode()
    assert 'value="usual" selected' in page
    said = {"version": 1, "kind": "call", "subject": "That", "reminder": "usual", "text": ""}
    assert client.post(f"/activities/{activity.pk}/edit/", said).status_code == 302
    activity.refresh_from_db()
    assert (activity.subject, activity.reminder_offsets) == ("That", [7])
    client.post(f"/activities/{activity.pk}/edit/", {**said, "version": 2, "reminder": "hour"})
    assert fires(activity) == [DUE - timedelta(hours=1)]
    stale = client.post(f"/activities/{activity.pk}/edit/", {**said, "subject": "Old"}, headers={"HX-Request": "true"})
    assert stale.status_code == 409


def test_what_others_do_is_not_hers_to_change(client, rep, other_rep):
    activity = plan(by=rep, at=NOW, kind="call", subject="This", due_at=DUE)
    client.force_login(other_rep)
    assert client.get(f"/activities/{activity.pk}/edit/").status_code == 404
