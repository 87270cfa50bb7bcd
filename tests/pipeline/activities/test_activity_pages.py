"""The dialogs of activities and notes."""

import pytest
from django.urls import reverse

from pipeline.activities.actions import edit_activity, plan
from pipeline.models import Activity, Note
from tests.factories import NOW, make_company, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep(client):
    user = make_user(time_zone="Europe/Berlin")
    client.force_login(user)
    return user


def test_plan_move_snooze_and_do(client, rep):
    company = make_company(owner=rep)
    entered = {"kind": "call", "subject": "Call", "due_on": "2027-01-08", "due_time": "10:00"}
    assert client.post(f"/activities/new/?company={company.pk}", entered).url == f"/companies/{company.pk}/"
    activity = Activity.objects.get()
    assert (activity.company, activity.due_at.hour) == (company, 9)
    for verb, data in (
        ("reschedule", {"due_on": "2027-01-09"}),
        ("snooze", {"until": "tomorrow"}),
        ("done", {"outcome": "connected"}),
    ):
        assert client.get(f"/activities/{activity.pk}/{verb}/").status_code == 200
        assert client.post(f"/activities/{activity.pk}/{verb}/", data).status_code == 302
    activity.refresh_from_db()
    assert (activity.outcome, activity.snooze_count, activity.late_at.hour) == ("connected", 1, 23)


def test_what_others_do_is_not_there(client, rep):
    other = make_user()
    company = make_company(owner=other)
    activity = Activity.objects.create(
        subject="Secret", assignee=other, company=company, created_at=company.created_at, changed_at=company.created_at
    )
    for verb in ("done", "reschedule", "snooze", "cancel"):
        assert client.post(f"/activities/{activity.pk}/{verb}/").status_code == 404
    assert client.post(f"/notes/new/?company={company.pk}", {"body": "Hello"}).status_code == 404
    assert not Note.objects.exists()


def test_a_note_appears_on_its_company(client, rep):
    company = make_company(owner=rep)
    client.post(f"/notes/new/?company={company.pk}", {"body": "Wants blue"})
    assert "Wants blue" in client.get(f"/companies/{company.pk}/").content.decode()


def test_a_form_sent_again_after_a_conflict_reverts_nothing_that_was_left_alone(client, rep):
    colleague = make_user("admin")
    call = plan(by=rep, at=NOW, kind="call", subject="Call", text="Blue?")
    edit_activity(activity_id=call.pk, by=colleague, at=NOW, version=1, changes={"subject": "Call Ada", "text": "Red?"})
    client.force_login(rep)
    address = reverse("activity-edit", args=[call.pk])
    mine = {"version": 1, "kind": "call", "subject": "Call", "text": "Green?", "reminder": "usual"}
    form = client.post(address, mine).context["form"]
    assert "Red?" in form.errors["text"][0]
    again = {name: form[name].value() for name in mine}
    assert (again["subject"], again["text"]) == ("Call Ada", "Green?")
    assert client.post(address, again).status_code == 302
    call.refresh_from_db()
    assert (call.subject, call.text) == ("Call Ada", "Green?")
