from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.activities.actions import plan
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
