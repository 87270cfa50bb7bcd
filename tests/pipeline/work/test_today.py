import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.activities.actions import plan
from pipeline.models import Activity, Deal
from pipeline.work import today
from tests.factories import NOW, make_deal, make_user


def planned(owner, due_on, *, name="", at=NOW):
    deal = make_deal(owner, name=name)
    plan(by=owner, at=at, kind="call", subject=f"Call about {deal.name}", assignee=owner, deal=deal, due_on=due_on)
    return deal


def groups(user, now):
    return {group.state: [row.deal for row in group.rows] for group in today.read(user, now).groups}


def test_each_deal_stands_once_in_its_most_urgent_group(rep, pipeline):
    late = planned(rep, date(2026, 11, 20))
    plan(by=rep, at=NOW, kind="call", subject="Later", assignee=rep, deal=late, due_on=date(2026, 11, 25))
    now_due = planned(rep, date(2026, 11, 23))
    bare = make_deal(rep)
    soon = planned(rep, date(2026, 11, 30))
    planned(rep, date(2026, 12, 1))
    assert groups(rep, NOW) == {"overdue": [late], "today": [now_due], "missing": [bare], "planned": [soon]}


@pytest.mark.parametrize(("zone", "state"), [("Europe/Berlin", "today"), ("America/New_York", "planned")])
def test_a_day_begins_where_the_person_is(team, pipeline, zone, state):
    person = make_user(team=team, time_zone=zone)
    deal = planned(person, date(2026, 11, 24))
    shortly_after_midnight_in_berlin = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert groups(person, shortly_after_midnight_in_berlin) == {state: [deal]}


def test_deals_of_colleagues_are_theirs(rep, other_rep, pipeline):
    make_deal(other_rep)
    assert groups(rep, NOW) == {}


def test_deals_that_close_soon_stand_aside(rep, pipeline):
    soon = make_deal(rep, expected_close_date=NOW.date() + timedelta(days=7))
    make_deal(rep, expected_close_date=NOW.date() + timedelta(days=8))
    assert today.read(rep, NOW).closing == [soon]


def test_a_stalled_deal_stands_apart_unless_something_is_more_urgent(rep, pipeline):
    quiet = planned(rep, date(2026, 12, 20), at=NOW - timedelta(days=60))
    late = planned(rep, date(2026, 11, 20))
    Deal.objects.filter(pk__in=[quiet.pk, late.pk]).update(stalled_from=NOW)
    Activity.objects.update(kind="task")
    assert groups(rep, NOW) == {"overdue": [late], "stalled": [quiet]}


def test_what_is_due_besides_own_deals_stands_there_too(rep, manager, pipeline):
    plan(by=rep, at=NOW, kind="task", subject="Prepare the fair", due_on=date(2026, 11, 20))
    theirs = make_deal(manager)
    plan(by=manager, at=NOW, kind="call", subject="Call them", assignee=rep, deal=theirs, due_on=date(2026, 11, 23))
    plan(by=rep, at=NOW, kind="task", subject="Later", due_on=date(2026, 11, 24))
    found = {group.state: [row.title for row in group.rows] for group in today.read(rep, NOW).groups}
    assert found["overdue"] == ["Prepare the fair"]
    assert "Later" not in str(found)


def test_a_manager_sees_the_deals_of_her_team_on_demand(client, rep, manager, other_rep, pipeline):
    deal = make_deal(rep)
    make_deal(other_rep)
    assert groups(manager, NOW) == {}
    assert {group.state: [row.deal for row in group.rows] for group in today.read(manager, NOW, team=True).groups} == {
        "missing": [deal]
    }
    client.force_login(manager)
    assert deal.name in client.get("/today/?who=team").content.decode()
    client.force_login(rep)
    assert "who=team" not in client.get("/today/").content.decode()


def test_one_group_can_be_shown(client, rep, pipeline):
    planned(rep, timezone.now().date() - timedelta(days=2), name="Late one")
    make_deal(rep, name="Bare one")
    client.force_login(rep)
    text = client.get("/today/?show=missing").content.decode()
    assert "Bare one" in text
    assert "Late one" not in text


def test_counts_are_true_where_not_all_have_a_row(rep, pipeline, monkeypatch):
    monkeypatch.setattr(today, "MOST", 2)
    for _number in range(3):
        make_deal(rep)
        planned(rep, date(2026, 11, 20))
    page = today.read(rep, NOW)
    assert {group.state: (group.count, len(group.rows)) for group in page.groups} == {
        "overdue": (3, 2),
        "missing": (3, 0),
    }
    assert (page.count, page.is_cut) == (6, True)
    assert [tab.count for tab in today.read(rep, NOW, show="missing").tabs] == [6, 3, 3]


def test_a_next_step_takes_one_click(client, rep, pipeline):
    deal = make_deal(rep)
    client.force_login(rep)
    page = client.get("/today/").content.decode()
    fields = dict(re.findall(r'name="(kind|subject|due_on|next)" value="([^"]*)"', page))
    assert client.post(f"/activities/new/?deal={deal.pk}", fields).url == "/today/"
    assert Deal.objects.get(pk=deal.pk).next_step_due_on.weekday() < 5


def test_the_appointments_of_the_day_stand_aside(rep, pipeline):
    at = datetime(2026, 11, 23, 14, tzinfo=UTC)
    plan(by=rep, at=NOW, kind="meeting", subject="Review", due_at=at)
    plan(by=rep, at=NOW, kind="call", subject="Call", due_at=at)
    plan(by=rep, at=NOW, kind="meeting", subject="Tomorrow", due_at=at + timedelta(days=1))
    assert [line.activity.subject for line in today.read(rep, NOW).meetings] == ["Review"]


def test_many_deals_ask_the_database_no_more_often(client, rep, pipeline):
    client.force_login(rep)
    make_deal(rep)
    client.get("/today/")
    with CaptureQueriesContext(connection) as few:
        assert client.get("/today/").status_code == 200
    for day in range(1, 20):
        planned(rep, date(2026, 11, day))
    with CaptureQueriesContext(connection) as many:
        client.get("/today/")
    assert len(many) == len(few)


def todays_link(client):
    return next(link for link in client.get("/today/").context["shell"].nav if link.url == "/today/")


def test_the_rail_counts_what_the_page_of_today_counts(client, rep, other_rep, pipeline):
    client.force_login(rep)
    assert (todays_link(client).count, todays_link(client).hot) == (None, False)
    day = timezone.now().date()
    make_deal(rep)
    make_deal(other_rep)
    planned(rep, day + timedelta(days=1))
    planned(rep, day + timedelta(days=40))
    quiet = planned(rep, day + timedelta(days=40), at=timezone.now() - timedelta(days=60))
    Deal.objects.filter(pk=quiet.pk).update(stalled_from=NOW)
    Activity.objects.update(kind="task")
    plan(by=rep, at=NOW, kind="task", subject="Prepare the fair", due_on=day)
    link, page = todays_link(client), today.read(rep, timezone.now())
    assert (link.count, link.hot) == (page.count, False)
    assert page.count == 4
    planned(rep, day - timedelta(days=3))
    assert (todays_link(client).count, todays_link(client).hot) == (5, True)


def test_what_is_late_besides_own_deals_turns_the_count_red(client, rep, pipeline):
    plan(by=rep, at=NOW, kind="task", subject="Prepare the fair", due_on=timezone.now().date() - timedelta(days=3))
    client.force_login(rep)
    assert (todays_link(client).count, todays_link(client).hot) == (1, True)
    assert '<span class="nav-count is-hot">1</span>' in client.get("/notifications/").content.decode()


def test_the_count_costs_no_query_of_its_own(client, rep, pipeline):
    client.force_login(rep)

    def cost():
        client.get("/notifications/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/notifications/")
        return len(queries)

    before = cost()
    for _ in range(20):
        planned(rep, timezone.now().date())
    assert cost() == before
