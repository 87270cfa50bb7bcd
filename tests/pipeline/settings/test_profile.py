"""What a person changes about herself acts at once."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse

from pipeline.activities.actions import plan
from pipeline.deals.actions import edit_deal
from pipeline.models import ScheduledReminder
from pipeline.settings.actions import edit_profile
from teams.models import AuditEntry, Role
from tests.factories import NOW, make_deal, make_user

pytestmark = pytest.mark.django_db
URL = "/settings/profile/"


def posted(user, **changes):
    fields = ("first_name", "last_name", "job_title", "language", "time_zone", "theme", "start_page")
    return {**{name: getattr(user, name) for name in fields}, "single_keys": "on", **changes}


@pytest.mark.parametrize("role", Role.values)
def test_everybody_has_one(client, workspace, role):
    client.force_login(make_user(role))
    assert client.get(URL).status_code == 200


def test_nobody_else_has(client, workspace):
    assert client.get(URL).url.startswith(reverse("account_login"))


def test_the_language_changes_with_the_answer(client, rep):
    client.force_login(rep)
    answer = client.post(URL, posted(rep, language="de"), follow=True)
    assert answer.headers["Content-Language"] == "de"
    assert '<html lang="de"' in answer.content.decode()


def test_theme_keys_and_job_title_show_on_the_next_page(client, rep):
    client.force_login(rep)
    wanted = posted(rep, theme="dark", job_title="Key accounts")
    del wanted["single_keys"]
    page = client.post(URL, wanted, follow=True).content.decode()
    assert 'data-theme="dark"' in page
    assert 'data-single-keys="off"' in page
    assert "Key accounts" in page


def test_the_start_page_is_where_she_begins(client, rep, pipeline):
    client.force_login(rep)
    client.post(URL, posted(rep, start_page="deal-list"))
    assert client.get("/").url == reverse("deal-list")


def test_only_pages_that_she_may_open_are_offered(client, workspace):
    content = make_user(Role.CONTENT)
    client.force_login(content)
    form = client.get(URL).context["form"]
    assert "start_page" not in form.fields


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"language": "fr"}, "language"), ({"time_zone": "Mars/Olympus"}, "time_zone"), ({"theme": "pink"}, "theme")],
)
def test_what_makes_no_sense_is_refused_at_its_field(client, rep, changes, field):
    client.force_login(rep)
    answer = client.post(URL, posted(rep, **changes))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_nobody_gives_herself_a_role(client, rep):
    client.force_login(rep)
    client.post(URL, posted(rep, role="admin", is_staff="on", email="boss@example.com"))
    rep.refresh_from_db()
    assert (rep.role, rep.is_staff, rep.email.endswith("boss@example.com")) == (Role.REP, False, False)


def test_all_day_activities_and_reminders_move_to_another_zone(rep, pipeline):
    deal = make_deal(rep)
    activity = plan(by=rep, at=NOW, kind="task", subject="Send", deal=deal, due_on=date(2026, 11, 25))
    edit_deal(deal_id=deal.pk, by=rep, at=NOW, version=None, changes={"expected_close_date": date(2026, 12, 1)})
    before = set(ScheduledReminder.objects.filter(state="planned").values_list("fire_at", flat=True))
    assert before
    edit_profile(by=rep, at=NOW, changes={"time_zone": "America/New_York"})
    activity.refresh_from_db()
    assert activity.late_at == datetime(2026, 11, 26, 5, tzinfo=UTC)
    after = set(ScheduledReminder.objects.filter(state="planned").values_list("fire_at", flat=True))
    hours = {
        (later - sooner).total_seconds() / 3600 for sooner, later in zip(sorted(before), sorted(after), strict=True)
    }
    assert hours == {5}


def test_what_changed_is_written_down(rep):
    edit_profile(by=rep, at=NOW, changes={"job_title": "Rep", "language": "en"})
    entry = AuditEntry.objects.get(action="user.profile_edited")
    assert (entry.actor, entry.changes) == (rep, {"job_title": ["", "Rep"]})
    edit_profile(by=rep, at=NOW, changes={"job_title": "Rep"})
    assert AuditEntry.objects.filter(action="user.profile_edited").count() == 1


def test_times_are_shown_in_the_new_zone(client, admin, workspace):
    client.force_login(admin)
    with time_machine.travel(NOW, tick=False):
        client.post(URL, posted(admin, time_zone="Asia/Tokyo"))
        admin.refresh_from_db()
        assert admin.time_zone == "Asia/Tokyo"
        assert client.get(URL).status_code == 200
