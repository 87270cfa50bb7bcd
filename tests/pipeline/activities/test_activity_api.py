"""Activities through the API."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.activities.actions import plan
from pipeline.models import Activity, Deal
from teams.models import Role
from tests.clients import api_client
from tests.factories import make_company, make_deal, make_user

URL = "/api/v1/activities/"


@pytest.fixture
def api(rep):
    return api_client(rep)


@pytest.fixture
def deal(rep, pipeline):
    return make_deal(rep, at=timezone.now())


def planned(rep, deal, **fields):
    at = timezone.now()
    return plan(by=rep, at=at, **{"kind": "call", "subject": "Call", "deal": deal, "due_on": at.date(), **fields})


def test_planning_sets_the_next_step_of_the_deal(api, deal):
    tomorrow = timezone.now() + timedelta(days=1)
    body = {"kind": "call", "subject": "Call", "deal": deal.pk, "due_at": tomorrow.isoformat()}
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 201
    assert answer["Location"].endswith(f"{URL}{answer.data['id']}/")
    assert (answer.data["state"], answer.data["reminder_offsets"]) == ("planned", [15])
    assert Deal.objects.get(pk=deal.pk).next_step_id == answer.data["id"]


def test_logging_counts_as_contact(api, deal):
    body = {"kind": "call", "subject": "Call", "deal": deal.pk, "done": True, "outcome": "connected"}
    answer = api.post(URL, body, format="json")
    assert (answer.status_code, answer.data["state"]) == (201, "done")
    assert Deal.objects.get(pk=deal.pk).last_contact_at


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "Two\nlines"},
        {"subject": ""},
        {"kind": "dance"},
        {"done": True, "due_on": "2026-12-01"},
        {"outcome": "held"},
        {"colour": "blue"},
        {"deal": 10**9},
        {"reminder_offsets": [1, 2, 3, 4, 5, 6]},
    ],
)
def test_what_does_not_fit_is_named(api, deal, wrong):
    answer = api.post(URL, {"subject": "Call", **wrong}, format="json")
    assert answer.status_code == 400
    assert not Activity.objects.exists()


def test_a_day_and_a_time_are_one_too_many(api):
    body = {"subject": "Call", "due_on": "2026-12-01", "due_at": "2026-12-01T10:00:00Z"}
    assert api.post(URL, body, format="json").status_code == 409


def test_a_change_needs_the_version_that_was_read(api, rep, deal):
    at = f"{URL}{planned(rep, deal).pk}/"
    assert api.patch(at, {"subject": "Write"}, format="json").status_code == 428
    assert api.patch(at, {"subject": "Write", "version": 1}, format="json").data["subject"] == "Write"
    assert api.patch(at, {"subject": "Meet", "version": 1}, format="json").status_code == 409
    assert api.patch(at, {"subject": "Meet"}, format="json", HTTP_IF_MATCH='"2"').data["version"] == 3


@pytest.mark.parametrize(
    ("verb", "body", "state"),
    [
        ("done", {"outcome": "connected"}, "done"),
        ("reschedule", {"due_on": "2090-01-01"}, "planned"),
        ("reschedule", {}, "missing"),
        ("snooze", {"until": "2090-01-01T09:00:00Z"}, "today"),
        ("cancel", {}, "cancelled"),
    ],
)
def test_each_verb_does_what_its_page_does(api, rep, deal, verb, body, state):
    activity = planned(rep, deal)
    answer = api.post(f"{URL}{activity.pk}/{verb}/", {"version": 1, **body}, format="json")
    assert (answer.status_code, answer.data["state"], answer["ETag"]) == (200, state, '"2"')
    stale = api.post(f"{URL}{activity.pk}/snooze/", {"version": 1, "until": "2090-01-01T09:00:00Z"}, format="json")
    assert stale.status_code == 409


def test_a_done_activity_is_reopened(api, rep, deal):
    activity = planned(rep, deal)
    api.post(f"{URL}{activity.pk}/done/", {"version": 1}, format="json")
    assert api.post(f"{URL}{activity.pk}/reopen/", {"version": 2}, format="json").data["state"] == "today"


def test_the_list_is_filtered_and_knows_its_parameters(api, rep, deal):
    late = planned(rep, deal, due_on=timezone.now().date() - timedelta(days=2))
    planned(rep, None, subject="Think")
    ids = [row["id"] for row in api.get(URL, {"state": "overdue"}).data["results"]]
    assert ids == [late.pk]
    assert [row["id"] for row in api.get(URL, {"deal": deal.pk}).data["results"]] == [late.pk]
    assert len(api.get(URL, {"assignee": "me", "ordering": "-due"}).data["results"]) == 2
    assert api.get(URL, {"colour": "blue"}).status_code == 400
    assert api.get(URL, {"state": "blue"}).status_code == 400


def test_out_of_reach_is_not_there(other_rep, rep, deal):
    activity = planned(rep, deal)
    stranger = api_client(other_rep)
    assert stranger.get(URL).data["results"] == []
    assert stranger.get(f"{URL}{activity.pk}/").status_code == 404
    assert stranger.post(f"{URL}{activity.pk}/done/", {"version": 1}, format="json").status_code == 404


def test_readers_read_and_content_people_stay_out(rep, team, deal):
    activity = planned(rep, deal)
    reader = api_client(make_user(Role.READ_ONLY, team=team))
    assert reader.get(f"{URL}{activity.pk}/").status_code == 200
    assert reader.post(f"{URL}{activity.pk}/done/", {"version": 1}, format="json").status_code == 403
    assert api_client(make_user(Role.CONTENT)).get(URL).status_code == 403
    assert api_client(rep, "read").post(URL, {"subject": "Call"}, format="json").status_code == 403


def test_many_activities_ask_the_database_no_more_often(api, rep, deal):
    planned(rep, deal)
    api.get(URL)
    with CaptureQueriesContext(connection) as few:
        api.get(URL)
    for _number in range(19):
        planned(rep, deal)
    with CaptureQueriesContext(connection) as many:
        assert len(api.get(URL).data["results"]) == 20
    assert len(many) == len(few)


def test_a_deal_out_of_reach_is_no_part_of_an_activity_within_it(rep, other_rep, pipeline):
    """Two reps work with one company; each sees its activities, and not the deals of the other."""
    company = make_company("Acme", owner=rep)
    make_deal(other_rep, company=company, at=timezone.now())
    hidden = make_deal(rep, company=company, name="Zeppelin", at=timezone.now())
    activity = planned(rep, hidden)
    stranger, address = api_client(other_rep), f"{URL}{activity.pk}/"
    for shown in (stranger.get(address).data, stranger.get(URL).data["results"][0]):
        assert (shown["deal"], shown["company"]) == (None, company.pk)
    for asked in ({"deal": hidden.pk}, {"q": "zeppelin"}):
        assert stranger.get(URL, asked).data["results"] == []
        assert len(api_client(rep).get(URL, asked).data["results"]) == 1
    assert api_client(rep).get(address).data["deal"] == hidden.pk
