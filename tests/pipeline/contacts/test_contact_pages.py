"""The lists and pages of companies and contacts."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.activities.actions import log
from pipeline.coverage.actions import place
from pipeline.deals.actions import lose, win
from pipeline.models import Company, Contact, DealContact, DealEvent, TerritoryAssignment
from teams.models import Role
from tests.factories import (
    NOW,
    make_company,
    make_contact,
    make_deal,
    make_reason,
    make_territory,
    make_user,
)

pytestmark = pytest.mark.django_db
DE = [[{"field": "country", "operator": "in", "values": ["DE"]}]]
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH & Co. KG " * 2


@pytest.fixture
def rep(client):
    user = make_user()
    client.force_login(user)
    return user


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def rows_of(answer):
    return [text.strip() for text in re.findall(r"data-row-open>([^<]+)</a>", answer.content.decode())]


@pytest.mark.parametrize(("path", "make"), [("/companies/", make_company), ("/contacts/", make_contact)])
def test_a_list_costs_the_same_for_one_and_for_twenty(client, rep, path, make):
    def add():
        row = make(owner=rep)
        make_deal(rep, company=row if isinstance(row, Company) else None)

    add()
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        assert client.get(path).status_code == 200
    for _ in range(19):
        add()
    with CaptureQueriesContext(connection) as twenty:
        client.get(path)
    assert len(one) == len(twenty)


def test_a_page_costs_the_same_for_one_and_for_twenty(client, rep):
    company = make_company(owner=rep)

    def add():
        deal = make_deal(rep, company=company)
        contact = make_contact(company=company)
        DealContact.objects.create(deal=deal, contact=contact)
        log(by=rep, at=NOW, kind="call", subject="Call", deal=deal, outcome="connected")
        return contact

    paths = [f"/companies/{company.pk}/", f"/contacts/{add().pk}/"]
    for path in paths:
        client.get(path)
    counts = []
    for round_ in range(2):
        for _ in range(19 * round_):
            add()
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:]


def test_what_others_own_is_nowhere(client, rep):
    other = make_user()
    company, contact = make_company("Hidden AG", owner=other), make_contact("Hidden", owner=other)
    make_company("Mine AG", owner=rep)
    for verb in ("", "edit/city/", "delete/"):
        ids = (company.pk, 10**9)
        assert [client.get(f"/companies/{pk}/{verb}").status_code for pk in ids] == [404, 404]
    assert client.get(f"/contacts/{contact.pk}/").status_code == 404
    shown = client.get("/companies/?q=a")
    assert rows_of(shown) == ["Mine AG"]
    assert "1 company" in text_of(shown)
    assert rows_of(client.get(f"/companies/?owner={other.pk}")) == []
    assert rows_of(client.get("/contacts/?q=hidden")) == []


def test_the_page_shows_deals_within_reach_by_outcome(client, rep):
    company = make_company(owner=rep)
    make_deal(rep, company=company, name="Fleet", value=100)
    won = make_deal(rep, company=company, name="Pilot", value=40)
    lost = make_deal(rep, company=company, name="Tender", value=30)
    win(deal_id=won.pk, by=rep, at=NOW, version=won.version)
    lose(deal_id=lost.pk, by=rep, at=NOW, version=lost.version, reason=make_reason())
    make_deal(make_user(), company=company, name="Hidden")
    text = text_of(client.get(f"/companies/{company.pk}/"))
    assert "Open deals 1 · €100" in text
    assert "Won deals 1 · €40" in text
    assert "Lost deals 1 · €30" in text
    assert text.index("Fleet") < text.index("Pilot") < text.index("Tender")
    assert "Hidden" not in text


def test_the_page_shows_contacts_activities_and_the_deals_of_a_contact(client, rep):
    company = make_company(owner=rep)
    contact = make_contact("Voss", company=company)
    deal = make_deal(rep, company=company, name="Fleet")
    DealContact.objects.create(deal=deal, contact=contact)
    log(by=rep, at=NOW, kind="call", subject="Asked about lead times", deal=deal, outcome="connected")
    text = text_of(client.get(f"/companies/{company.pk}/"))
    assert "Voss" in text
    assert "Asked about lead times" in text
    assert "Fleet" in text_of(client.get(f"/contacts/{contact.pk}/"))


def test_add_and_edit_in_place(client, rep):
    client.post("/companies/new/", {"name": "Acme", "website": "acme.example"})
    company = Company.objects.get()
    assert (company.owner, company.website) == (rep, "https://acme.example")
    client.post(f"/companies/{company.pk}/edit/city/", {"city": "Ulm", "version": 1})
    conflict = client.post(
        f"/companies/{company.pk}/edit/city/", {"city": "Bonn", "version": 1}, headers={"HX-Request": "true"}
    )
    company.refresh_from_db()
    assert (company.city, conflict.status_code) == ("Ulm", 409)
    client.post(f"/companies/{company.pk}/edit/website/", {"website": "acme.test", "version": 2})
    company.refresh_from_db()
    assert company.website == "https://acme.test"
    client.post(f"/contacts/new/?company={company.pk}", {"last_name": "Voss"})
    contact = Contact.objects.get()
    assert contact.company == company
    assert client.get(f"/contacts/{contact.pk}/").status_code == 200


def test_a_country_is_a_name_in_the_readers_language_and_chosen_from_all(client, rep):
    make_company("Nord", owner=rep, country="DE")
    odd = make_company("Odd", owner=rep, country="XQ")
    assert "Germany" in text_of(client.get("/companies/"))
    rep.language = "de"
    rep.save()
    page = client.get("/companies/")
    assert "Deutschland" in text_of(page)
    assert "XQ" in text_of(page)
    assert "Deutschland" in text_of(client.get("/companies/?country=de"))
    form = client.get(f"/companies/{odd.pk}/edit/country/").content.decode()
    assert '<option value="XQ" selected>XQ</option>' in form
    assert '<option value="KE">Kenia</option>' in form
    assert "Europäische Union" not in form
    client.post(f"/companies/{odd.pk}/edit/country/", {"country": "KE", "version": odd.version})
    assert "Kenia" in text_of(client.get(f"/companies/{odd.pk}/"))


def test_an_edit_that_the_rules_look_at_moves_the_company_and_its_open_deals(client, rep, workspace):
    germany = make_territory("Germany", priority=10, rules=DE)
    rest = make_territory("Rest", is_catch_all=True)
    company = make_company(owner=rep, country="FR")
    place(Company.objects.all(), by=None, at=NOW)
    company.refresh_from_db()
    deal, closed = make_deal(rep, company=company), make_deal(rep, company=company)
    lose(deal_id=closed.pk, by=rep, at=NOW, version=closed.version, reason=make_reason())
    client.post(f"/companies/{company.pk}/edit/country/", {"country": "DE", "version": 1})
    for row in (company, deal, closed):
        row.refresh_from_db()
    assert (company.territory, deal.territory, closed.territory) == (germany, germany, rest)
    assert list(DealEvent.objects.filter(kind="territory_changed").values_list("deal", flat=True)) == [deal.pk]
    for path in (f"/companies/{company.pk}/", f"/deals/{deal.pk}/"):
        assert "Rule: Country = DE, priority 10" in text_of(client.get(path))
    assert "No rule matches" not in text_of(client.get(f"/deals/{deal.pk}/"))


@pytest.mark.parametrize("path", ["/companies/", "/contacts/"])
def test_lists_are_narrowed_and_sorted_by_the_address(client, workspace, path):
    manager = make_user(Role.ADMIN)
    client.force_login(manager)
    germany = make_territory("Germany")
    south = make_territory("South", parent=germany)
    rest = make_territory("Rest", is_catch_all=True)
    facts = {
        "Acme": {"country": "DE", "industry": "Retail", "territory": south, "owner": manager},
        "Bolt": {"country": "FR", "industry": "software", "territory": rest, "owner": make_user()},
        "Czar": {"country": "DE", "industry": "Software", "territory": germany, "owner": None},
        "Dorn": {"owner": None},
    }
    for name, fields in facts.items():
        company = make_company(name, **fields)
        make_contact(name, company=company, owner=fields["owner"])
    wanted = {
        "": ["Acme", "Bolt", "Czar", "Dorn"],
        "q=CZ": ["Czar"],
        "owner=me": ["Acme"],
        f"territory={germany.pk}": ["Acme", "Czar"],
        f"territory={south.pk}": ["Acme"],
        "territory=none": ["Bolt", "Dorn"],
        "country=de": ["Acme", "Czar"],
        "industry=software": ["Bolt", "Czar"],
        "ordering=-name": ["Dorn", "Czar", "Bolt", "Acme"],
        "country=de&ordering=-name": ["Czar", "Acme"],
    }
    assert {query: rows_of(client.get(f"{path}?{query}")) for query in wanted} == wanted


def test_what_the_address_asks_in_vain_is_said(client, rep):
    text = text_of(client.get("/companies/?territory=north&colour=red"))
    assert "colour, territory" in text


def test_totals_of_a_list_are_those_of_its_filter(client, rep):
    for name, country, value in (("Acme", "DE", 100), ("Bolt", "FR", 30)):
        make_deal(rep, company=make_company(name, country=country, owner=rep), value=value)
    assert "2 companies 2 · €130" in text_of(client.get("/companies/"))
    assert "1 company 1 · €30" in text_of(client.get("/companies/?country=fr"))


def test_deals_without_a_value_are_not_worth_nothing(client, rep):
    make_deal(rep, company=make_company("Acme", owner=rep), value=None)
    assert "Acme 1 · –" in text_of(client.get("/companies/"))


@pytest.mark.parametrize(("kind", "make"), [("companies", make_company), ("contacts", make_contact)])
def test_into_the_bin_and_back(client, rep, kind, make):
    row = make("Acme", owner=rep)
    assert client.get(f"/{kind}/{row.pk}/delete/").status_code == 200
    there = client.post(f"/{kind}/{row.pk}/delete/", follow=True)
    assert f"/{kind}/{row.pk}/restore/" in there.content.decode()
    assert rows_of(client.get(f"/{kind}/")) == []
    assert rows_of(client.get(f"/{kind}/?deleted=true")) == ["Acme"]
    page = client.get(f"/{kind}/{row.pk}/")
    assert "Deleted on" in text_of(page)
    assert client.post(f"/{kind}/{row.pk}/edit/phone/", {"phone": ""}).status_code == 404
    client.post(f"/{kind}/{row.pk}/restore/")
    assert rows_of(client.get(f"/{kind}/")) == ["Acme"]


@pytest.mark.parametrize(("kind", "make"), [("companies", make_company), ("contacts", make_contact)])
def test_what_was_changed_since_the_question_stays(client, rep, kind, make):
    row = make("Acme", owner=rep)
    assert 'name="version" value="1"' in client.get(f"/{kind}/{row.pk}/delete/").content.decode()
    client.post(f"/{kind}/{row.pk}/edit/phone/", {"version": 1, "phone": "+49 30 901820"})
    told = client.post(f"/{kind}/{row.pk}/delete/", {"version": 1}, headers={"HX-Request": "true"})
    assert told.status_code == 409
    assert rows_of(client.get(f"/{kind}/")) == ["Acme"]
    client.post(f"/{kind}/{row.pk}/delete/", {"version": 2})
    assert 'name="version" value="3"' in client.get(f"/{kind}/{row.pk}/").content.decode()
    assert client.post(f"/{kind}/{row.pk}/restore/?version=2", headers={"HX-Request": "true"}).status_code == 409
    assert rows_of(client.get(f"/{kind}/")) == []


def test_a_company_with_deals_stays(client, rep):
    company = make_company(owner=rep)
    make_deal(rep, company=company)
    client.post(f"/companies/{company.pk}/delete/")
    company.refresh_from_db()
    assert company.deleted_at is None


def test_only_the_owner_and_her_managers_delete(client, workspace, team, rep, manager):
    colleague = make_user(team=team)
    company = make_company(owner=manager)
    make_deal(colleague, company=company).company.contacts.create(last_name="Voss", created_at=NOW, changed_at=NOW)
    client.force_login(colleague)
    page = client.get(f"/companies/{company.pk}/").content.decode()
    assert f"/companies/{company.pk}/delete/" not in page
    assert client.post(f"/companies/{company.pk}/delete/").status_code == 403


def test_long_names_are_whole_on_the_page(client, rep):
    company = make_company(LONG[:160].strip(), owner=rep)
    assert LONG[:160].strip().replace("&", "&amp;") in client.get(f"/companies/{company.pk}/").content.decode()


def test_pin_and_release_by_hand(client, admin):
    germany = make_territory("Germany", priority=10, rules=DE)
    rest = make_territory("Rest", is_catch_all=True)
    company = make_company(country="DE", owner=admin)
    place(Company.objects.all(), by=None, at=NOW)
    company.refresh_from_db()
    deal = make_deal(admin, company=company)
    client.force_login(admin)
    assert client.get(f"/companies/{company.pk}/pin/").status_code == 200
    assert client.post(f"/companies/{company.pk}/pin/", {"territory": rest.pk}).status_code == 422
    client.post(f"/companies/{company.pk}/pin/", {"territory": rest.pk, "reason": "Parent sits abroad"})
    deal.refresh_from_db()
    text = text_of(client.get(f"/companies/{company.pk}/"))
    assert "Pinned by Ada Admin on" in text
    assert "Parent sits abroad" in text
    assert deal.territory == rest
    assert TerritoryAssignment.objects.get(company=company, ends_at__isnull=True).pinned
    client.post(f"/companies/{company.pk}/release/")
    deal.refresh_from_db()
    assert deal.territory == germany


@pytest.mark.parametrize("verb", ["pin", "release"])
def test_who_may_not_change_territories_does_not_pin(client, rep, verb):
    company = make_company(owner=rep)
    assert client.post(f"/companies/{company.pk}/{verb}/").status_code == 403
    assert f"/companies/{company.pk}/pin/" not in client.get(f"/companies/{company.pk}/").content.decode()


def test_managers_hand_a_company_to_people_of_their_teams(client, rep, team, manager, other_rep):
    mine = make_user(team=team)
    company = make_company(owner=mine)
    client.force_login(manager)
    path = f"/companies/{company.pk}/edit/owner/"
    offered = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert mine.name in offered
    assert other_rep.name not in offered
    assert client.post(path, {"owner": other_rep.pk}, headers={"HX-Request": "true"}).status_code == 422
    client.post(path, {"owner": manager.pk})
    company.refresh_from_db()
    assert company.owner == manager


def test_reps_keep_what_is_theirs(client, rep):
    company = make_company(owner=rep)
    assert "/edit/owner/" not in client.get(f"/companies/{company.pk}/").content.decode()
    client.post(f"/companies/{company.pk}/edit/owner/", {"owner": make_user().pk})
    company.refresh_from_db()
    assert company.owner == rep
