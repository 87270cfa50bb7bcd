"""The list of activities, and what is done from it with a click."""

import re
from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.activities.actions import plan
from pipeline.activities.quick import snooze_until
from pipeline.models import Activity, Deal
from teams.models import Role
from tests.factories import make_company, make_deal, make_user

DAY = timedelta(days=1)


@pytest.fixture
def today(workspace):
    return timezone.now().date()


@pytest.fixture
def as_rep(client, rep):
    client.force_login(rep)
    return client


def planned(rep, subject, due_on, **fields):
    return plan(by=rep, at=timezone.now(), kind="call", subject=subject, due_on=due_on, **fields)


def subjects(answer):
    return re.findall(r'class="worklist-title"[^>]*>\s*([^<]+?)\s*<', answer.content.decode())


def test_each_state_has_its_tab(as_rep, rep, today):
    planned(rep, "Late", today - DAY)
    planned(rep, "Now", today)
    planned(rep, "Later", today + DAY)
    planned(rep, "Someday", None)
    done = planned(rep, "Finished", today)
    as_rep.post(f"/activities/{done.pk}/done/")
    dropped = planned(rep, "Dropped", today)
    as_rep.post(f"/activities/{dropped.pk}/cancel/")
    found = {state: subjects(as_rep.get("/activities/", {"state": state})) for state in ("overdue", "today", "planned")}
    assert found == {"overdue": ["Late"], "today": ["Now"], "planned": ["Later"]}
    assert subjects(as_rep.get("/activities/?state=undated")) == ["Someday"]
    assert subjects(as_rep.get("/activities/?state=done")) == ["Finished"]
    assert subjects(as_rep.get("/activities/")) == ["Late", "Now", "Later", "Someday"]


def test_filters_sort_and_notice_of_the_unknown(as_rep, rep, today):
    company = make_company("Voss", owner=rep)
    planned(rep, "Beta", today, company=company)
    planned(rep, "Alpha", today + DAY)
    assert subjects(as_rep.get(f"/activities/?company={company.pk}")) == ["Beta"]
    assert subjects(as_rep.get("/activities/?q=alp")) == ["Alpha"]
    assert subjects(as_rep.get("/activities/?ordering=-due")) == ["Alpha", "Beta"]
    assert subjects(as_rep.get(f"/activities/?due_from={today + DAY}")) == ["Alpha"]
    assert subjects(as_rep.get(f"/activities/?due_to={today + DAY}")) == ["Beta"]
    assert subjects(as_rep.get("/activities/?kind=email")) == []
    assert "were not understood: colour" in as_rep.get("/activities/?colour=blue").content.decode()


def test_a_manager_switches_between_her_own_and_the_teams(client, rep, manager, today):
    planned(rep, "Of the rep", today)
    planned(manager, "Of the manager", today)
    client.force_login(manager)
    assert subjects(client.get("/activities/")) == ["Of the manager"]
    assert subjects(client.get("/activities/?who=team")) == ["Of the rep", "Of the manager"]
    assert subjects(client.get(f"/activities/?assignee={rep.pk}")) == ["Of the rep"]


def test_the_team_is_who_one_leads(client, manager, other_rep, today):
    company = make_company(owner=manager)
    deal = make_deal(other_rep, company=company)
    planned(other_rep, "Of another team", today, company=company, deal=deal)
    client.force_login(manager)
    assert subjects(client.get("/activities/?who=team")) == []
    assert subjects(client.get(f"/activities/?assignee={other_rep.pk}")) == ["Of another team"]


def test_who_reaches_nobody_else_sees_only_her_own(client, rep, other_rep, today):
    planned(rep, "Of the rep", today)
    client.force_login(other_rep)
    assert subjects(client.get("/activities/?who=team")) == []
    assert subjects(client.get(f"/activities/?assignee={rep.pk}")) == []
    client.force_login(make_user(Role.CONTENT))
    assert client.get("/activities/").status_code == 403


def test_a_deal_out_of_reach_is_not_named(client, rep, other_rep, pipeline, today):
    company = make_company("Voss", owner=other_rep)
    deal = make_deal(rep, company=company, name="Secret project")
    planned(rep, "Call", today, deal=deal)
    client.force_login(other_rep)
    Activity.objects.update(assignee=other_rep)
    page = client.get("/activities/").content.decode()
    assert "Call" in page
    assert "Voss" in page
    assert "Secret project" not in page


def test_many_activities_ask_the_database_no_more_often(as_rep, rep, pipeline, today):
    deal = make_deal(rep, company=make_company(owner=rep))
    planned(rep, "Call", today, deal=deal)
    as_rep.get("/activities/")
    with CaptureQueriesContext(connection) as few:
        as_rep.get("/activities/")
    for number in range(19):
        planned(rep, f"Call {number}", today, deal=make_deal(rep, company=make_company(owner=rep)))
    with CaptureQueriesContext(connection) as many:
        assert len(subjects(as_rep.get("/activities/"))) == 20
    assert len(many) == len(few)


def undo_of(answer):
    return re.search(r'data-undo-url="([^"]+)"', answer.content.decode())[1]


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        ("done", {}),
        ("cancel", {}),
        ("snooze", {"until": "week"}),
        ("reschedule", {"due_on": "2090-01-01", "due_time": "10:00"}),
    ],
)
def test_every_change_is_taken_back(as_rep, rep, today, verb, data):
    activity = planned(rep, "Call", today)
    facts = ("due_on", "due_at", "late_at", "snoozed_until", "snooze_count", "done_at", "cancelled_at")
    before = Activity.objects.values(*facts).get()
    answer = as_rep.post(
        f"/activities/{activity.pk}/{verb}/", {"version": 1, "next": "/activities/", **data}, follow=True
    )
    assert answer.redirect_chain[-1][0] == "/activities/"
    assert Activity.objects.values(*facts).get() != before
    assert as_rep.post(undo_of(answer), headers={"HX-Request": "true"}).status_code == 204
    assert Activity.objects.values(*facts).get() == before


def test_an_undo_does_not_overwrite_what_came_later(as_rep, rep, today):
    activity = planned(rep, "Call", today)
    answer = as_rep.post(f"/activities/{activity.pk}/cancel/", {"version": 1, "next": "/activities/"}, follow=True)
    back = undo_of(answer)
    as_rep.post(back, headers={"HX-Request": "true"})
    assert as_rep.post(back, headers={"HX-Request": "true"}).status_code == 409
    assert as_rep.post(back.replace(f"/{activity.pk}/", "/1/")).status_code == 404


def test_an_old_version_is_refused_on_pages_too(as_rep, rep, today):
    activity = planned(rep, "Call", today)
    as_rep.post(f"/activities/{activity.pk}/snooze/", {"version": 1, "until": "hour"})
    for verb, data in (("done", {}), ("reschedule", {"due_on": "2090-01-01"}), ("cancel", {})):
        answer = as_rep.post(
            f"/activities/{activity.pk}/{verb}/", {"version": 1, **data}, headers={"HX-Request": "true"}
        )
        assert answer.status_code == 409
    activity.refresh_from_db()
    assert activity.is_open


def test_what_was_done_leads_to_the_next_step_of_its_deal(as_rep, rep, pipeline, today):
    deal = make_deal(rep, name="Line 4")
    activity = planned(rep, "Call", today, deal=deal)
    answer = as_rep.post(f"/activities/{activity.pk}/done/", {"version": 1, "next": "/activities/"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/activities/?next_for={deal.pk}"
    page = answer.content.decode()
    assert "What is the next step for Line 4?" in page
    offered = dict(re.findall(r'name="(kind|subject|due_on|next)" value="([^"]*)"', page.partition("next-offer")[2]))
    planned_url = f"/activities/new/?deal={deal.pk}"
    assert as_rep.post(planned_url, offered).url == "/activities/"
    assert Deal.objects.get(pk=deal.pk).next_step_due_on > today


def test_a_deal_with_another_step_needs_no_offer(as_rep, rep, pipeline, today):
    deal = make_deal(rep)
    planned(rep, "Write", today + DAY, deal=deal)
    activity = planned(rep, "Call", today, deal=deal)
    answer = as_rep.post(f"/activities/{activity.pk}/done/", {"version": 1, "next": "/activities/"})
    assert answer.url == "/activities/"


def test_the_way_back_never_leads_away(as_rep, rep, today):
    activity = planned(rep, "Call", today)
    answer = as_rep.post(f"/activities/{activity.pk}/done/", {"version": 1, "next": "https://example.org/"})
    assert answer.url == "/activities/"


def test_rescheduling_begins_with_what_is_planned(as_rep, rep):
    due = datetime.combine(timezone.now().date() + DAY, time(14, 30), rep.zone)
    activity = plan(by=rep, at=timezone.now(), kind="call", subject="Call", due_at=due)
    page = as_rep.get(f"/activities/{activity.pk}/reschedule/").content.decode()
    assert f'value="{due.date()}"' in page
    assert 'value="14:30"' in page
    wrong = as_rep.post(f"/activities/{activity.pk}/reschedule/", {"due_on": "soon", "due_time": "15:45"})
    assert wrong.status_code == 422
    assert 'value="15:45"' in wrong.content.decode()


@pytest.mark.parametrize(("until", "day"), [("tomorrow", 24), ("week", 30), ("date", 27)])
def test_snoozing_waits_until_the_chosen_morning(rep, until, day):
    monday = datetime(2026, 11, 23, 15, tzinfo=rep.zone)
    chosen = snooze_until(until, monday, by=rep, on=monday.date() + 4 * DAY)
    assert chosen == datetime(2026, 11, day, 9, tzinfo=rep.zone)


def test_a_snooze_needs_a_day_to_come(as_rep, rep, today):
    activity = planned(rep, "Call", today)
    for on in ("", str(today)):
        answer = as_rep.post(f"/activities/{activity.pk}/snooze/", {"until": "date", "on": on})
        assert answer.status_code == 422
