import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from pipeline.activities.actions import plan
from pipeline.deals import history
from pipeline.models import Deal, DealEvent, Stage, Tag
from teams.models import ApiToken, ExchangeRate, Role
from tests.clients import api_client
from tests.factories import make_company, make_deal, make_pipeline, make_reason, make_team, make_user, make_workspace

pytestmark = pytest.mark.django_db
URL = "/api/v1/deals/"


@pytest.fixture(autouse=True)
def workspace():
    return make_workspace()


@pytest.fixture
def rep():
    return make_user(team=make_team())


@pytest.fixture
def deal(rep):
    return make_deal(rep, at=timezone.now())


@pytest.fixture
def api(rep):
    return api_client(rep)


def at(deal, verb=""):
    return f"{URL}{deal.pk}/{verb}"


def test_nobody_is_answered_401_with_problem_details():
    answer = APIClient().get(URL)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_token_is_401():
    client = APIClient(raise_request_exception=False)
    for secret in ("nonsense", "\xff\xfe"):
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        assert client.get(URL).status_code == 401


def test_who_holds_no_right_is_403(deal):
    answer = api_client(make_user(Role.CONTENT)).get(URL)
    assert answer.status_code == 403


def test_a_token_to_read_cannot_write(rep, deal):
    client = api_client(rep, scope="read")
    assert client.get(at(deal)).status_code == 200
    assert client.patch(at(deal), {"name": "New", "version": 1}, format="json").status_code == 403
    deal.refresh_from_db()
    assert deal.name != "New"


def test_out_of_reach_and_missing_are_the_same_404(deal):
    stranger = api_client(make_user(team=make_team()))
    bodies = [stranger.get(path).json() for path in (at(deal), f"{URL}99999999/")]
    assert bodies[0] == bodies[1]
    for verb in ("", "move/", "win/"):
        calls = [
            stranger.post(f"{URL}{pk}/{verb}", {"version": 1, "stage": deal.stage_id}, format="json")
            if verb == "move/"
            else stranger.patch(f"{URL}{pk}/", {"version": 1, "name": "x"}, format="json")
            for pk in (deal.pk, 99999999)
        ]
        assert [call.status_code for call in calls] == [404, 404]
        assert calls[0].json() == calls[1].json()


def test_read_only_people_see_but_may_not_change(deal):
    reader = api_client(make_user(Role.READ_ONLY, team=deal.team))
    assert reader.get(at(deal)).status_code == 200
    answer = reader.patch(at(deal), {"version": 1, "name": "x"}, format="json")
    assert answer.status_code == 403
    assert "change this deal" in answer.json()["detail"]


def test_a_deal_is_read_with_money_as_text_and_instants_in_utc(api, deal):
    body = api.get(at(deal)).json()
    assert body["value"] == "1000.00"
    assert body["created_at"].endswith("Z")
    assert body["next_step_state"] == "missing"


@pytest.mark.parametrize(("role", "status"), [("rep", 404), ("read_only", 403)])
def test_who_may_not_move_a_deal_learns_nothing_about_stages(deal, role, status):
    other = api_client(make_user(role, team=make_team() if role == "rep" else deal.team))
    for stage in (deal.stage_id, 99999999):
        body = {"version": 1, "stage": stage}
        assert other.post(f"{at(deal)}move/", body, format="json").status_code == status


def test_a_stage_that_does_not_exist_is_refused_at_its_field(api, deal):
    answer = api.post(f"{at(deal)}move/", {"version": 1, "stage": 99999999}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "unknown_stage")


def test_unknown_keys_and_parameters_are_named(api, deal):
    answer = api.patch(at(deal), {"version": 1, "naem": "x"}, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "naem"
    for parameter in ("colour=red", "status=maybe", "ordering=shoe_size", "page_size=many", "cursor=%00", "q=%00"):
        answer = api.get(f"{URL}?{parameter}")
        assert answer.status_code in {400, 404}, parameter


def test_an_update_needs_the_version(api, deal):
    assert api.patch(at(deal), {"name": "x"}, format="json").status_code == 428
    answer = api.patch(at(deal), {"name": "x"}, format="json", HTTP_IF_MATCH='"1"')
    assert answer.status_code == 200
    assert answer["ETag"] == '"2"'
    assert api.patch(at(deal), {"name": "x", "version": "two"}, format="json").status_code == 400


def test_changes_of_different_fields_merge_and_of_the_same_conflict(api, deal):
    version = deal.version
    assert api.patch(at(deal), {"version": version, "value": "5.00"}, format="json").status_code == 200
    assert api.patch(at(deal), {"version": version, "need": "Speed"}, format="json").status_code == 200
    answer = api.patch(at(deal), {"version": version, "value": "7.00"}, format="json")
    assert answer.status_code == 409
    body = answer.json()
    assert (body["field"], body["yours"], body["theirs"]) == ("value", "7.00", "5.00")
    assert body["by"]
    assert body["at"]
    deal.refresh_from_db()
    assert (str(deal.value), deal.need) == ("5.00", "Speed")


def test_a_deal_is_opened(api, rep):
    make_pipeline()
    company = make_company(owner=rep)
    answer = api.post(URL, {"name": "Fleet", "value": "12.50", "company": company.pk}, format="json")
    assert answer.status_code == 201, answer.json()
    deal = Deal.objects.get()
    assert answer["Location"] == at(deal)
    assert DealEvent.objects.get(kind="created").source == "api"
    strange = make_company()
    assert api.post(URL, {"name": "Fleet", "company": strange.pk}, format="json").status_code == 400


def test_a_creation_sent_twice_is_done_once(api):
    make_pipeline()
    headers = {"HTTP_IDEMPOTENCY_KEY": "key-1"}
    answers = [api.post(URL, {"name": "Once"}, format="json", **headers) for _attempt in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0]["Location"] == answers[1]["Location"]
    assert api.post(URL, {"name": "Other"}, format="json", **headers).status_code == 422
    assert Deal.objects.count() == 1


def test_an_external_id_out_of_reach_looks_free(api, rep, other_rep):
    make_pipeline()
    body = {"name": "Fleet", "external_id": "D-1"}
    make_deal(other_rep, external_id="D-1")
    assert api.post(URL, body, format="json").status_code == 201
    taken = api.post(URL, body, format="json")
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (400, "external_id")
    assert Deal.objects.filter(external_id="D-1").count() == 2


@pytest.mark.parametrize("code", ["QQQ", "usd", "EURO", "€", ""])
def test_a_currency_that_nobody_can_convert_is_named(api, deal, code):
    ExchangeRate.objects.create(currency="USD", valid_from=date(2026, 1, 2), rate=2)
    for answer in (
        api.post(URL, {"name": "New", "currency": code}, format="json"),
        api.patch(at(deal), {"version": deal.version, "currency": code}, format="json"),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "currency")
    deal.refresh_from_db()
    assert (deal.currency, Deal.objects.count()) == ("EUR", 1)


def test_currencies_with_rates_and_the_workspaces_own_are_taken(api, deal):
    ExchangeRate.objects.create(currency="USD", valid_from=date(2026, 1, 2), rate=2)
    assert api.post(URL, {"name": "New", "currency": "USD"}, format="json").json()["currency"] == "USD"
    assert api.post(URL, {"name": "New", "currency": "EUR"}, format="json").json()["currency"] == "EUR"
    assert api.patch(at(deal), {"version": 1, "currency": "USD"}, format="json").json()["currency"] == "USD"


def test_a_failure_does_not_use_up_the_key(api):
    headers = {"HTTP_IDEMPOTENCY_KEY": "key-2"}
    assert api.post(URL, {"name": ""}, format="json", **headers).status_code == 400
    make_pipeline()
    assert api.post(URL, {"name": "Now"}, format="json", **headers).status_code == 201


def test_a_deal_does_not_go_far_back_without_a_note(api, deal):
    first, _second, third = deal.pipeline.stages.order_by("position")
    moved = api.post(at(deal, "move/"), {"version": deal.version, "stage": third.pk}, format="json").json()
    back = {"version": moved["version"], "stage": first.pk}
    refused = api.post(at(deal, "move/"), back, format="json")
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (409, "note_required", "note")
    assert Deal.objects.get(pk=deal.pk).stage == third
    assert api.post(at(deal, "move/"), {**back, "note": "They paused."}, format="json").json()["stage"] == first.pk


def test_a_deal_moves_is_lost_and_comes_back(api, deal):
    stage = deal.pipeline.stages.order_by("position")[1]
    moved = api.post(at(deal, "move/"), {"version": deal.version, "stage": stage.pk}, format="json")
    assert moved.status_code == 200, moved.json()
    assert moved.json()["stage"] == stage.pk
    version = moved.json()["version"]
    reason = make_reason("lost")
    lost = api.post(at(deal, "lose/"), {"version": version, "reason": reason.pk}, format="json")
    assert lost.json()["status"] == "lost"
    again = api.post(at(deal, "win/"), {"version": lost.json()["version"]}, format="json")
    assert again.status_code == 409
    opened = api.post(at(deal, "reopen/"), {"version": lost.json()["version"]}, format="json")
    assert opened.json()["status"] == "open"
    kinds = [event["kind"] for event in api.get(at(deal, "events/")).json()["results"]]
    assert kinds == ["created", "stage_changed", "lost", "reopened"]


def test_a_deal_is_won_with_its_value(api, deal):
    reason = make_reason("won")
    answer = api.post(at(deal, "win/"), {"version": 1, "reason": reason.pk, "value": "900.00"}, format="json")
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["status"], answer.json()["value"]) == ("won", "900.00")


def test_a_manager_reassigns_deletes_and_restores(rep, deal):
    manager = make_user(Role.MANAGER, manages=deal.team)
    colleague = make_user(team=deal.team)
    api = api_client(manager)
    handed = api.post(at(deal, "reassign/"), {"version": 1, "owner": colleague.pk}, format="json")
    assert handed.json()["owner"] == colleague.pk
    assert api_client(rep).post(at(deal, "reassign/"), {"version": 2, "owner": rep.pk}, format="json").status_code in {
        403,
        404,
    }
    assert api.delete(at(deal), {"version": 2}, format="json").status_code == 204
    assert api.get(at(deal)).status_code == 404
    assert api.post(at(deal, "restore/"), {"version": 3}, format="json").status_code == 200
    assert api.get(at(deal)).status_code == 200


def test_the_answer_of_each_verb_is_what_a_reader_gets_afterwards(rep, deal):
    """It comes from the action; what was worked out in the database or followed from it must not be missing."""
    manager = make_user(Role.MANAGER, manages=deal.team)
    api = api_client(manager)
    plan(
        by=rep, at=timezone.now(), kind="call", subject="Ring up", due_on=timezone.localdate(), assignee=rep, deal=deal
    )
    deal.tags.add(Tag.objects.create(name="urgent"))
    deal.refresh_from_db()
    steps = [
        ("post", "move/", {"stage": deal.pipeline.stages.order_by("position")[2].pk, "note": "Forward"}),
        ("patch", "", {"value": "1250.5", "expected_close_date": "2026-12-24", "custom_fields": {"colour": "red"}}),
        ("patch", "", {"probability": 35}),
        ("post", "lose/", {"reason": make_reason("lost").pk, "note": "Too dear"}),
        ("post", "reopen/", {}),
        ("post", "reassign/", {"owner": make_user(team=deal.team).pk}),
        ("post", "win/", {"reason": make_reason("won").pk, "value": "99"}),
        ("post", "reopen/", {"reason": "By mistake"}),
        ("delete", "", {}),
        ("post", "restore/", {}),
    ]
    version = deal.version
    for method, verb, body in steps:
        answer = getattr(api, method)(at(deal, verb), {**body, "version": version}, format="json")
        assert answer.status_code in {200, 204}, answer.json()
        version += 1
        if answer.status_code == 200:
            assert answer.json() == api.get(at(deal)).json(), (method, verb)


def test_pages_go_on_by_cursor(api, rep):
    for _number in range(5):
        make_deal(rep, at=timezone.now())
    for ordering in ("created_at", "-created_at", "value", "-expected_close_date", "name"):
        found, url = [], f"{URL}?page_size=2&ordering={ordering}"
        while url:
            page = api.get(url).json()
            found += [row["id"] for row in page["results"]]
            url = page["next"]
        assert sorted(found) == sorted(Deal.objects.values_list("pk", flat=True)), ordering


def test_filters_narrow_the_list(api, deal):
    assert len(api.get(f"{URL}?status=open&next_step=missing&q={deal.name}").json()["results"]) == 1
    assert api.get(f"{URL}?status=won").json()["results"] == []


def test_a_list_asks_as_much_for_twenty_as_for_one(api, rep, deal, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    api.get(URL)
    with CaptureQueriesContext(
        connection,
    ) as one:
        api.get(URL)
    for _number in range(19):
        make_deal(rep, at=timezone.now())
    with django_assert_num_queries(len(one)):
        assert len(api.get(URL).json()["results"]) == 20


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"5",
        b'"x"',
        b"{",
        b"\xff",
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"name": "x", "value": 1e999}',
        b'{"name": "x", "value": NaN}',
        b'{"name": "x", "value": "Infinity"}',
        b'{"name": "x", "value": "1e400"}',
        b'{"name": "x", "name": "y"}',
        b'{"name": "x", "company": 99999999999999999999999999}',
        b'{"name": "x", "company": {"id": 1}}',
        b'{"name": "x", "expected_close_date": "9999-99-99"}',
        b'{"name": "x", "version": ' + b"9" * 5000 + b"}",
        b'{"a":' * 100_000,
        b"[" * 500 + b"]" * 500,
        json.dumps({"name": "x" * 5000}).encode(),
    ],
)
def test_hostile_bodies_are_refused_in_words(api, deal, body):
    for method, url in ((api.post, URL), (api.patch, at(deal)), (api.post, at(deal, "move/"))):
        answer = method(url, body, content_type="application/json", HTTP_IF_MATCH='"1"')
        assert 400 <= answer.status_code < 500, (url, answer.content)
        assert answer["Content-Type"] == "application/problem+json"
    assert Deal.objects.count() == 1


def test_a_move_asks_the_database_twelve_times_at_most(api, deal):
    stages = list(Stage.objects.order_by("position"))
    api.post(f"{URL}{deal.pk}/move/", {"stage": stages[1].pk, "version": 1}, format="json")
    with CaptureQueriesContext(connection) as captured:
        answer = api.post(f"{URL}{deal.pk}/move/", {"stage": stages[2].pk, "version": 2}, format="json")
    asked = [query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert answer.status_code == 200
    assert len(asked) <= 12, asked
    assert history.differences(deal.pk) == []


def test_an_expired_token_is_401(rep):
    _token, secret = ApiToken.objects.create(user=rep, scope="read", expiry=timedelta(seconds=-1))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert client.get(URL).status_code == 401
