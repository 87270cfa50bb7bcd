"""Exports: exactly the rows of the list, harmless for spreadsheets, each in the audit trail."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from crm.lib.export import BYTE_ORDER_MARK, printed
from pipeline.deals.actions import move_to_stage, win
from pipeline.models import Stage
from teams.audit.models import AuditEntry
from teams.models import ApiToken, Role
from tests.factories import NOW, make_company, make_contact, make_deal, make_user, make_workspace

EXPORTS = ("deal-export", "company-export", "contact-export")


def client_for(user):
    client = Client()
    client.force_login(user)
    return client


def text(answer):
    return b"".join(answer.streaming_content).decode()


def exported(user, name="deal-export", separator=",", **query):
    """The rows without the header."""
    lines = text(client_for(user).get(reverse(name), query)).removeprefix(BYTE_ORDER_MARK)
    return list(csv.reader(io.StringIO(lines), delimiter=separator))[1:]


def test_the_rows_are_those_of_the_list(rep, manager, admin, other_rep, pipeline):
    company = make_company("Voss", owner=rep)
    for number in range(60):
        make_deal(rep, name=f"Deal {number}", value=number, company=company)
    make_deal(other_rep, name="Foreign")
    for user, expected in ((rep, 60), (manager, 60), (other_rep, 1), (admin, 61)):
        context = client_for(user).get(reverse("deal-list"), {"ordering": "-value"}).context
        rows = exported(user, ordering="-value")
        assert len(rows) == context["totals"].count == expected
        assert [row[1] for row in rows[:50]] == [card.deal.name for card in context["rows"]]
    assert len(exported(rep, value_from="50")) == 10


def test_companies_and_contacts_within_reach_only(rep, other_rep):
    for owner, name in ((rep, "Voss"), (other_rep, "Foreign")):
        make_contact(name, company=make_company(name, owner=owner), owner=owner, first_name="Ann")
    assert [row[1] for row in exported(rep, "company-export")] == ["Voss"]
    assert [row[3] for row in exported(rep, "contact-export")] == ["Voss"]
    assert exported(rep, "company-export", q="foreign") == []


def test_numbers_are_plain_dates_are_iso_and_the_file_names_its_letters(rep, pipeline):
    make_deal(rep, name="Größe", value=1234567, expected_close_date=date(2027, 1, 29))
    answer = client_for(rep).get(reverse("deal-export"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="deals-')
    written = text(answer)
    assert written.startswith(BYTE_ORDER_MARK)
    for part in ("Größe", "1234567.00", "2027-01-29", "2026-11-23T09:00:00+00:00"):
        assert part in written


def test_a_german_reader_gets_what_a_german_spreadsheet_reads(rep, pipeline):
    make_deal(rep, name="Praxis; Nord, West", value=Decimal("1234.50"))
    rep.language = "de"
    rep.save()
    [row] = exported(rep, separator=";")
    assert "Praxis; Nord, West" in row
    assert "1234,50" in row


def test_the_rows_are_in_the_language_of_the_reader_as_the_header_is(rep, pipeline):
    deal = make_deal(rep)
    type(deal.stage).objects.filter(pk=deal.stage_id).update(name_de="Qualifizierung")
    type(rep).objects.filter(pk=rep.pk).update(language="de")
    assert exported(rep, separator=";")[0][4:6] == ["Qualifizierung", "Offen"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "  =", "\uff1d", "\uff20", "\u00a0=", "|", "%"])
def test_text_is_no_formula(start):
    cell = f"{start}HYPERLINK(1)"
    assert printed(cell, ZoneInfo("UTC")) == f"'{cell}"


@pytest.mark.parametrize(("value", "cell"), [("Voss", "Voss"), (-5, "-5"), (None, ""), (NOW.date(), "2026-11-23")])
def test_other_values_stay(value, cell):
    assert printed(value, ZoneInfo("UTC")) == cell


def test_a_hostile_name_is_harmless_in_the_file(rep, pipeline):
    make_deal(rep, name="=cmd|'/c calc'!A1")
    assert exported(rep)[0][1] == "'=cmd|'/c calc'!A1"


@pytest.mark.parametrize("name", EXPORTS)
def test_the_workspace_forbids_by_role_with_a_sentence(rep, admin, name):
    make_workspace(export_forbidden_for=[Role.REP])
    answer = client_for(rep).get(reverse(name))
    assert answer.status_code == 403
    assert "Exports are switched off for your role" in answer.content.decode()
    assert "Export" not in client_for(rep).get(reverse("deal-list")).content.decode()
    assert client_for(admin).get(reverse(name)).status_code == 200


@pytest.mark.parametrize(("role", "status"), [(Role.CONTENT, 403), (Role.READ_ONLY, 403), (Role.MANAGER, 200)])
@pytest.mark.parametrize("name", EXPORTS)
def test_who_may_export(team, name, role, status):
    assert client_for(make_user(role, team=team)).get(reverse(name)).status_code == status


@pytest.mark.parametrize(("name", "label"), list(zip(EXPORTS, ("1 deal", "1 company", "1 contact"), strict=True)))
def test_each_export_is_in_the_audit_trail(rep, pipeline, name, label):
    company = make_company(owner=rep)
    make_deal(rep, company=company)
    make_contact(company=company, owner=rep)
    exported(rep, name, owner="me")
    entry = AuditEntry.objects.get(action="export")
    assert (entry.actor, entry.subject_label) == (rep, label)
    assert entry.changes == {"rows": [None, 1], "filter": [None, "owner=me"]}


@pytest.mark.parametrize("name", EXPORTS)
def test_it_asks_equally_often_for_one_row_and_for_twenty(rep, pipeline, name):
    def fill(number):
        for _row in range(number):
            company = make_company(owner=rep)
            make_deal(rep, company=company)
            make_contact(company=company, owner=rep)

    fill(1)
    exported(rep, name)
    with CaptureQueriesContext(connection) as few:
        exported(rep, name)
    fill(20)
    with CaptureQueriesContext(connection) as many:
        exported(rep, name)
    assert len(few) == len(many)


def test_rows_behind_a_figure_of_the_past_are_what_they_were_then(rep, pipeline):
    """In the file and through the API, as on the page: they add up to the figure."""
    deal = make_deal(rep, value=1000, at=NOW - timedelta(days=9))
    move_to_stage(deal_id=deal.pk, stage_id=Stage.objects.last().pk, by=rep, at=NOW - timedelta(days=3), version=1)
    win(deal_id=deal.pk, by=rep, at=NOW, version=2, value=Decimal(7000))
    then = {"open_at": (NOW - timedelta(days=5)).isoformat()}
    [row] = exported(rep, **then)
    assert row[4:9] == ["Qualify", "Open", "1000.00", "EUR", "1000.00"]
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiToken.objects.create(user=rep)[1]}")
    [shown] = api.get("/api/v1/deals/", then).data["results"]
    assert (shown["status"], shown["value"], shown["stage"]) == ("open", "1000.00", Stage.objects.first().pk)
    [row] = exported(rep)
    assert row[5:9] == ["Won", "7000.00", "EUR", "7000.00"]
