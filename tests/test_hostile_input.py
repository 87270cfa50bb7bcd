"""Strange input that once made the product fail, or was stored."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.lib.errors import Refused
from pipeline.activities.actions import edit_activity, plan
from pipeline.activities.note_actions import add_note, edit_note
from pipeline.contacts.actions import add_contact
from pipeline.deals.actions import delete
from pipeline.models import Deal, Stage
from teams.models import Role, TerritoryMembership
from teams.territories.actions import add_territory
from tests import factories
from tests.clients import api_client, page_client

pytestmark = pytest.mark.django_db
LONG_NUMBER = "9" * 5000
NO_LINE = ["\u200b", "a\x07b", "a\nb"]
NO_DAYS = ["0001-01-01", "9999-12-31"]


@pytest.fixture
def deal(rep, pipeline):
    return factories.make_deal(rep, at=timezone.now(), company=factories.make_company("Acme", owner=rep))


def test_nul_in_search_of_contacts(rep, deal):
    answer = page_client(rep).post(f"/deals/{deal.pk}/contacts/add/", {"q": "a\x00b", "search": "1", "version": "1"})
    assert answer.status_code < 500


@pytest.mark.parametrize(
    "path",
    ["/contacts/new/?company=" + "9" * 5000, "/deals/new/?stage=" + "9" * 5000, "/activities/new/?deal=" + "9" * 5000],
)
def test_long_ids(rep, deal, path):
    assert page_client(rep).get(path).status_code < 500


def test_long_version(rep, deal):
    answer = page_client(rep).post(f"/companies/{deal.company_id}/edit/city/", {"city": "Bonn", "version": "9" * 5000})
    assert answer.status_code < 500


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
@pytest.mark.parametrize("clock", ["", "23:59", "00:00"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_end_of_time(rep, deal, day, clock, zone):
    rep.time_zone = zone
    rep.save()
    data = {"kind": "call", "subject": "Call", "due_on": day, "due_time": clock}
    assert page_client(rep).post(f"/activities/new/?deal={deal.pk}", data).status_code < 500
    due = {"due_on": day} if not clock else {"due_at": f"{day}T{clock}:00Z"}
    answer = api_client(rep).post("/api/v1/activities/", {"kind": "call", "subject": "Call", **due}, format="json")
    assert answer.status_code < 500
    assert page_client(rep).get("/today/").status_code == 200
    assert page_client(rep).get("/activities/").status_code == 200


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z"])
def test_api_instants(rep, deal, at):
    api = api_client(rep)
    stage = Stage.objects.last().pk
    for verb, body in (("move", {"stage": stage, "at": at}), ("win", {"at": at})):
        assert api.post(f"/api/v1/deals/{deal.pk}/{verb}/", {"version": 1, **body}, format="json").status_code < 500
    activity = plan(by=rep, at=timezone.now(), kind="call", subject="x", deal=deal)
    assert (
        api.post(f"/api/v1/activities/{activity.pk}/snooze/", {"version": 1, "until": at}, format="json").status_code
        < 500
    )
    body = {"kind": "call", "subject": "x", "done": True, "done_at": at, "deal": deal.pk}
    assert api.post("/api/v1/activities/", body, format="json").status_code < 500
    for name in ("as_of", "open_at"):
        assert api.get("/api/v1/deals/", {name: at}).status_code < 500
    assert page_client(rep).get("/today/").status_code == 200
    assert page_client(rep).get(f"/deals/{deal.pk}/").status_code == 200


def test_an_activity_of_a_deleted_deal_can_be_edited(rep, deal):
    activity = plan(by=rep, at=timezone.now(), kind="call", subject="Call", deal=deal)
    delete(deal_id=deal.pk, by=rep, at=timezone.now())
    client = page_client(rep)
    for verb in ("edit", "done", "reschedule", "snooze", "cancel"):
        data = {"version": "1", "kind": "call", "subject": "New", "text": "", "until": "hour", "due_on": "2026-12-01"}
        assert client.post(f"/activities/{activity.pk}/{verb}/", data).status_code < 500, verb


def test_an_activity_of_a_hidden_deal(rep, other_rep, deal):
    """Its company is still in reach."""
    activity = plan(by=rep, at=timezone.now(), kind="call", subject="Call", deal=deal)
    Deal.objects.filter(pk=deal.pk).update(owner=other_rep)
    data = {"version": "1", "kind": "call", "subject": "New", "text": ""}
    assert page_client(rep).post(f"/activities/{activity.pk}/edit/", data).status_code < 500


def test_a_note_about_nothing(rep):
    assert page_client(rep).post("/notes/new/", {"body": "x"}).status_code < 500


def test_denied_with_nul(team):
    content = factories.make_user(Role.CONTENT)
    assert page_client(content).post("/activities/1/undo/%00/").status_code < 500
    assert page_client(content).post("/activities/1/undo/%ED%A0%80/").status_code < 500


@pytest.mark.parametrize(
    "address",
    ["/quotas/0/", "/quotas/99999/", "/quotas/10000/", "/quotas/9999/", "/quotas/1/", "/quotas/99999999999999999999/"],
)
def test_years(admin, address):
    assert page_client(admin).get(address).status_code < 500


def test_huge_custom_fields(rep, deal):
    api = api_client(rep)
    answer = api.patch(
        f"/api/v1/deals/{deal.pk}/", {"version": 1, "custom_fields": {"x": "a" * 900_000}}, format="json"
    )
    assert answer.status_code in (400, 409)


@pytest.mark.parametrize("name", ["a\u202eb", "\u200b\u200b", "a\u0000b", "a\nb", "<script>alert(1)</script>", " "])
def test_names_by_api(rep, pipeline, name):
    api = api_client(rep)
    answers = {
        "deal": api.post("/api/v1/deals/", {"name": name}, format="json").status_code,
        "company": api.post("/api/v1/companies/", {"name": name}, format="json").status_code,
        "contact": api.post("/api/v1/contacts/", {"last_name": name}, format="json").status_code,
    }
    wanted = {201} if "<" in name or "\u202e" in name else {400, 409}
    assert set(answers.values()) <= wanted, answers


def test_external_ids_hostile(rep, pipeline):
    api = api_client(rep)
    for text in ("a\nb", "\u200b", " "):
        for kind, body in (("deals", {"name": "x"}), ("companies", {"name": "x"}), ("contacts", {"last_name": "x"})):
            assert api.post(f"/api/v1/{kind}/", {**body, "external_id": text}, format="json").status_code < 500


@pytest.mark.parametrize("note", ["a\u0001b", "a\nb", "x" * 301])
def test_notes_of_verbs(rep, pipeline, note):
    now = timezone.now()
    reason = factories.make_reason("lost").pk
    for verb, body in (
        ("lose", {"reason": reason, "note": note}),
        ("win", {"note": note}),
        ("move", {"stage": Stage.objects.last().pk, "note": note}),
    ):
        deal = factories.make_deal(rep, at=now)
        answer = api_client(rep).post(f"/api/v1/deals/{deal.pk}/{verb}/", {"version": 1, **body}, format="json")
        assert answer.status_code in (400, 409), (verb, answer.status_code)


def test_an_amount_beyond_all_measure_is_a_mistake_in_the_form(rep, deal):
    answer = page_client(rep).post(f"/deals/{deal.pk}/edit/value/", {"version": "1", "value": LONG_NUMBER})
    assert answer.status_code == 422


@pytest.mark.parametrize("header", ["Referer", "HX-Current-URL"])
def test_a_page_before_that_is_no_address(rep, deal, header):
    headers = {header: "http://[::1/dashboard/", "HX-Request": "true"}
    client = page_client(rep)
    if header == "Referer":
        assert client.get("/deals/", headers={header: headers[header]}).status_code == 200
    activity = plan(by=rep, at=timezone.now(), kind="call", subject="Call", deal=deal)
    for address in (f"/activities/{activity.pk}/done/", f"/deals/{deal.pk}/win/"):
        assert client.post(address, {"version": "1"}, headers=headers).status_code < 500


def _refused_beside(answer, *names):
    """The form again, with what is wrong beside these fields and nothing lost."""
    assert answer.status_code == 422
    form = answer.context["form"]
    assert set(names) <= set(form.errors), form.errors
    return form


@pytest.mark.parametrize("line", NO_LINE)
def test_no_line_of_text_in_dialogs(rep, admin, deal, line):
    client, now = page_client(rep), timezone.now()
    call = {"kind": "call", "subject": line, "text": "a\x07b", "due_on": "2026-12-01"}
    form = _refused_beside(client.post(f"/activities/new/?deal={deal.pk}", call), "subject", "text")
    assert form["subject"].value() == line
    activity = plan(by=rep, at=now, kind="call", subject="Call", deal=deal)
    _refused_beside(client.post(f"/activities/{activity.pk}/edit/", {**call, "version": "1"}), "subject", "text")
    names = ("first_name", "last_name", "job_title")
    person = {**dict.fromkeys(names, line), "role": "other", "version": "1"}
    _refused_beside(client.post(f"/deals/{deal.pk}/contacts/add/", person), *names)
    territory = factories.make_territory("North")
    for address in ("/territories/new/", f"/territories/{territory.pk}/edit/"):
        _refused_beside(page_client(admin).post(address, {"name": line, "version": "1"}), "name")


def test_no_text_in_a_note(rep, deal):
    note = add_note(by=rep, at=timezone.now(), body="Hello", deal=deal)
    answer = page_client(rep).post(f"/notes/{note.pk}/edit/", {"body": "a\x07b", "version": "1"})
    assert _refused_beside(answer, "body")["body"].value() == "a\x07b"


@pytest.mark.parametrize("line", NO_LINE)
def test_actions_refuse_by_field_what_no_form_checked(rep, admin, deal, line):
    now = timezone.now()
    activity = plan(by=rep, at=now, kind="call", subject="Call", deal=deal)
    note = add_note(by=rep, at=now, body="Hello", deal=deal)
    changes = {"by": rep, "at": now, "version": 1}
    for field, write in (
        ("subject", lambda: plan(by=rep, at=now, kind="call", subject=line, deal=deal)),
        ("subject", lambda: edit_activity(activity_id=activity.pk, changes={"subject": line}, **changes)),
        ("body", lambda: edit_note(note_id=note.pk, body="a\x07b", **changes)),
        ("last_name", lambda: add_contact(by=rep, at=now, last_name=line)),
        ("name", lambda: add_territory(by=admin, at=now, name=line)),
    ):
        with pytest.raises(Refused) as refusal:
            write()
        assert refusal.value.field == field


@pytest.mark.parametrize("day", NO_DAYS)
def test_deputies_and_members_at_the_end_of_time(rep, other_rep, admin, day):
    client, days = page_client(admin), ("starts_on", "last_day")
    for name in days:
        sent = {"deputy": other_rep.pk, "starts_on": timezone.localdate().isoformat(), "last_day": "", name: day}
        _refused_beside(client.post(f"/users/{rep.pk}/deputies/new/", sent), name)
    territory = factories.make_territory("North")
    for name in ("starts_on", "ends_on"):
        _refused_beside(client.post(f"/territories/{territory.pk}/members/new/", {"user": rep.pk, name: day}), name)
    member = TerritoryMembership.objects.create(user=rep, territory=territory)
    _refused_beside(client.post(f"/territories/members/{member.pk}/end/", {"ends_on": day}), "ends_on")


@pytest.mark.parametrize("day", ["1900-01-01", "+999y", *NO_DAYS])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_close_date_at_the_end_of_time_stays_in_its_editor(rep, deal, day, headers):
    sent = {"expected_close_date": day, "version": "1"}
    answer = page_client(rep).post(f"/deals/{deal.pk}/edit/expected_close_date/", sent, headers=headers)
    form = _refused_beside(answer, "expected_close_date")
    assert form["expected_close_date"].value() == day


@pytest.mark.parametrize("day", ["-1d", "+11y", *NO_DAYS])
def test_nobody_tries_again_at_the_end_of_time(rep, deal, day):
    day = (timezone.localdate() - timedelta(days=2)).isoformat() if day == "-1d" else day
    sent = {"reason": factories.make_reason("lost").pk, "version": "1", "try_again_on": day}
    _refused_beside(page_client(rep).post(f"/deals/{deal.pk}/lose/", sent), "try_again_on")
    assert Deal.objects.get(pk=deal.pk).status == "open"


@pytest.mark.parametrize("day", NO_DAYS)
def test_nobody_tries_again_at_the_end_of_time_by_api(rep, deal, day):
    sent = {"reason": factories.make_reason("lost").pk, "version": 1, "try_again_on": day}
    answer = api_client(rep).post(f"/api/v1/deals/{deal.pk}/lose/", sent, format="json")
    assert (answer.status_code, answer.json()["field"]) == (409, "try_again_on")


@pytest.mark.parametrize("line", NO_LINE)
def test_the_reason_of_a_pin_is_a_line(admin, deal, line):
    sent = {"territory": factories.make_territory("North").pk, "reason": line}
    _refused_beside(page_client(admin).post(f"/companies/{deal.company_id}/pin/", sent), "reason")
