import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.deals.actions import edit_deal, win
from pipeline.deals.models import DealCollaborator
from pipeline.deals.people_actions import add_contact
from pipeline.models import Deal, DealContact, LineItem, Note, Product
from tests.factories import NOW, make_company, make_contact, make_deal, make_pipeline, make_user

HTMX = {"HX-Request": "true"}


@pytest.fixture
def deal(rep, pipeline):
    return make_deal(rep, name="Line 4 edge upgrade", value=71500)


@pytest.fixture
def as_rep(client, rep):
    client.force_login(rep)
    return client


def told(answer):
    """What the page says, without what differs with every request: the tokens in its head and its reference."""
    return re.sub(r"Reference \w+", "Reference", answer.content.decode().partition("</head>")[2])


def change_value(deal, by, value, version):
    at = NOW + timedelta(minutes=version)
    return edit_deal(deal_id=deal.pk, by=by, at=at, version=version, changes={"value": Decimal(value)})


def test_the_page_shows_the_deal_and_its_history(as_rep, deal):
    answer = as_rep.get(f"/deals/{deal.pk}/")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Line 4 edge upgrade" in text
    assert "€71,500" in text
    assert "Qualify" in text
    assert "Created" in text


def test_a_long_history_asks_the_database_no_more_often(as_rep, rep, deal):
    as_rep.get(f"/deals/{deal.pk}/")
    change_value(deal, rep, 1001, 1)
    with CaptureQueriesContext(
        connection,
    ) as short:
        as_rep.get(f"/deals/{deal.pk}/")
    for version in range(2, 22):
        change_value(deal, rep, 1000 + version, version)
    with CaptureQueriesContext(connection) as long:
        as_rep.get(f"/deals/{deal.pk}/")
    assert len(long) == len(short)


def test_out_of_reach_looks_like_missing(client, other_rep, deal):
    client.force_login(other_rep)
    hidden, missing = client.get(f"/deals/{deal.pk}/"), client.get("/deals/999999/")
    assert hidden.status_code == missing.status_code == 404
    assert told(hidden) == told(missing)


def test_a_private_note_is_hidden_from_the_manager(client, rep, manager, deal):
    facts = {"deal": deal, "author": rep, "created_at": NOW, "changed_at": NOW}
    Note.objects.create(body="Budget is ready", **facts)
    Note.objects.create(body="Birthday in May", is_private=True, **facts)
    client.force_login(manager)
    text = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "Budget is ready" in text
    assert "Birthday in May" not in text


def test_changes_can_be_read_without_conversations(as_rep, rep, deal):
    Note.objects.create(body="Budget is ready", deal=deal, author=rep, created_at=NOW, changed_at=NOW)
    text = as_rep.get(f"/deals/{deal.pk}/?history=changes").content.decode()
    assert "Budget is ready" not in text


def test_a_value_is_saved_without_script(as_rep, deal):
    url = f"/deals/{deal.pk}/edit/value/"
    assert 'name="value"' in as_rep.get(url).content.decode()
    answer = as_rep.post(url, {"value": "72,500", "version": deal.version})
    assert answer.status_code == 302
    assert answer.url == f"/deals/{deal.pk}/"
    assert Deal.objects.get(pk=deal.pk).value == 72500


@pytest.mark.parametrize("field", ["name", "probability", "forecast_category", "source", "competitor", "need"])
def test_every_value_has_an_editor(as_rep, deal, field):
    answer = as_rep.get(f"/deals/{deal.pk}/edit/{field}/", headers=HTMX)
    assert f'name="{field}"' in answer.content.decode()


def test_what_was_typed_stays_when_it_is_not_understood(as_rep, deal):
    answer = as_rep.post(f"/deals/{deal.pk}/edit/value/", {"value": "a lot", "version": 1}, headers=HTMX)
    assert answer.status_code == 422
    assert "a lot" in answer.content.decode()
    assert Deal.objects.get(pk=deal.pk).value == 71500


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_conflict_shows_both_values_and_writes_nothing(as_rep, manager, deal, headers):
    change_value(deal, manager, 69000, deal.version)
    answer = as_rep.post(f"/deals/{deal.pk}/edit/value/", {"value": "72500", "version": deal.version}, headers=headers)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "€69,000" in text
    assert "€72,500" in text
    assert manager.name in text
    assert Deal.objects.get(pk=deal.pk).value == 69000


def test_keeping_mine_writes_with_the_newer_version(as_rep, manager, deal):
    newer = change_value(deal, manager, 69000, deal.version)
    as_rep.post(f"/deals/{deal.pk}/edit/value/", {"value": "72500", "version": newer.version})
    assert Deal.objects.get(pk=deal.pk).value == 72500


@pytest.mark.parametrize("verb", ["archive", "delete", "change-pipeline", "log", "contacts/add", "products/add"])
def test_verbs_ask_on_a_page_of_their_own(as_rep, deal, verb):
    make_pipeline(name="Renewals")
    deal.created_at = timezone.now()
    deal.save()
    assert as_rep.get(f"/deals/{deal.pk}/{verb}/").status_code == 200


def test_a_verb_that_is_not_allowed_says_who_may(as_rep, deal):
    answer = as_rep.get(f"/deals/{deal.pk}/reassign/")
    assert answer.status_code == 403
    assert "managers can hand deals" in answer.content.decode()


def offered(client, deal):
    return set(re.findall(rf'href="/deals/{deal.pk}/([a-z-]+)/"', client.get(f"/deals/{deal.pk}/").content.decode()))


def test_deleting_is_offered_only_to_who_may(client, rep, manager, deal):
    for age, reps_offer in ((timedelta(hours=23), True), (timedelta(hours=25), False)):
        Deal.objects.filter(pk=deal.pk).update(created_at=timezone.now() - age)
        client.force_login(rep)
        assert ("delete" in offered(client, deal)) is reps_offer
        client.force_login(manager)
        assert "delete" in offered(client, deal)


def test_a_deleted_deal_offers_only_the_way_back(as_rep, deal):
    Deal.objects.filter(pk=deal.pk).update(created_at=timezone.now())
    as_rep.post(f"/deals/{deal.pk}/delete/", {"version": deal.version})
    text = as_rep.get(f"/deals/{deal.pk}/").content.decode()
    assert "This deal was deleted on" in text
    assert offered(as_rep, deal) == {"restore"}


def test_a_rep_cannot_reopen_what_was_closed_in_an_ended_month(client, rep, manager, deal):
    win(deal_id=deal.pk, by=rep, at=NOW, version=None)
    Deal.objects.filter(pk=deal.pk).update(created_at=NOW - timedelta(days=90), closed_at=NOW - timedelta(days=40))
    client.force_login(rep)
    assert "reopen" not in offered(client, deal)
    client.force_login(manager)
    assert "reopen" in offered(client, deal)
    answer = client.post(f"/deals/{deal.pk}/reopen/", {"version": 2, "reason": ""})
    assert answer.status_code == 422


def test_what_a_closing_has_frozen_offers_no_editor(as_rep, rep, deal):
    win(deal_id=deal.pk, by=rep, at=NOW, version=None)
    text = as_rep.get(f"/deals/{deal.pk}/").content.decode()
    assert f"/deals/{deal.pk}/edit/need/" in text
    for name in ("value", "probability", "forecast_category"):
        assert f"/deals/{deal.pk}/edit/{name}/" not in text


def test_names_in_the_history_stay_within_reach(as_rep, rep, admin, deal):
    hidden = make_company("Top secret", owner=admin)
    mine = make_company("Well known", owner=rep)
    for version, company in enumerate((hidden, mine), start=1):
        edit_deal(deal_id=deal.pk, by=admin, at=NOW, version=version, changes={"company": company})
    text = as_rep.get(f"/deals/{deal.pk}/").content.decode()
    assert "Top secret" not in text
    assert "Hidden company" in text
    assert "Well known" in text


def test_a_contact_out_of_reach_has_no_name(as_rep, admin, deal):
    hidden = make_contact("Geheim", owner=admin, company=make_company(owner=admin))
    add_contact(deal_id=deal.pk, contact=hidden, by=admin, at=NOW, version=None, role="decides")
    text = as_rep.get(f"/deals/{deal.pk}/").content.decode()
    assert "Geheim" not in text
    assert "Hidden contact" in text


def test_many_people_and_products_ask_the_database_no_more_often(as_rep, rep, deal):
    def fill(count):
        for _number in range(count):
            contact = make_contact(owner=rep, company=deal.company)
            DealContact.objects.create(deal=deal, contact=contact)
            LineItem.objects.create(deal=deal, product=product, unit_price=1)
            DealCollaborator.objects.create(deal=deal, user=make_user(), added_at=NOW)

    product = Product.objects.create(name="RackStor")
    fill(1)
    as_rep.get(f"/deals/{deal.pk}/")
    with CaptureQueriesContext(connection) as few:
        as_rep.get(f"/deals/{deal.pk}/")
    fill(19)
    with CaptureQueriesContext(connection) as many:
        as_rep.get(f"/deals/{deal.pk}/")
    assert len(many) == len(few)


def test_a_deal_is_archived_and_comes_back(as_rep, deal):
    assert as_rep.post(f"/deals/{deal.pk}/archive/", {"version": deal.version}).status_code == 302
    archived = Deal.objects.get(pk=deal.pk)
    assert archived.archived_at
    as_rep.post(f"/deals/{deal.pk}/unarchive/", {"version": archived.version})
    assert Deal.objects.get(pk=deal.pk).archived_at is None


def test_a_logged_call_stands_in_the_history(as_rep, deal):
    facts = {"kind": "call", "subject": "Call with Ralf Kempe", "outcome": "connected", "version": deal.version}
    assert as_rep.post(f"/deals/{deal.pk}/log/", facts).status_code == 302
    assert "Call with Ralf Kempe" in as_rep.get(f"/deals/{deal.pk}/").content.decode()


def test_a_note_is_written_on_the_page(as_rep, deal):
    url = re.search(r'action="(/notes/new/[^"]*)"', as_rep.get(f"/deals/{deal.pk}/").content.decode())[1]
    as_rep.post(url, {"body": "Budget is ready"})
    assert "Budget is ready" in as_rep.get(f"/deals/{deal.pk}/").content.decode()
