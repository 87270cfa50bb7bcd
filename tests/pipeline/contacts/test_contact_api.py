"""Companies, contacts and territories through the API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.coverage.actions import place
from pipeline.models import Company, Contact
from teams.models import Role, TerritoryMembership
from tests.clients import api_client
from tests.factories import NOW, make_company, make_contact, make_deal, make_territory, make_user

pytestmark = pytest.mark.django_db
COMPANIES, CONTACTS = "/api/v1/companies/", "/api/v1/contacts/"
KINDS = [(COMPANIES, make_company), (CONTACTS, make_contact)]
DE = [[{"field": "country", "operator": "in", "values": ["DE"]}]]


@pytest.fixture
def api(rep):
    return api_client(rep)


def ids(answer):
    return [row["id"] for row in answer.json()["results"]]


@pytest.mark.parametrize(("url", "make"), KINDS)
def test_a_rep_finds_only_what_is_hers(api, rep, other_rep, url, make):
    mine, theirs = make("Mine", owner=rep), make("Theirs", owner=other_rep)
    assert ids(api.get(url)) == [mine.pk]
    assert ids(api.get(f"{url}?q=theirs")) == []
    assert ids(api.get(f"{url}?owner={other_rep.pk}")) == []
    read = {"data": {"version": 1}, "format": "json"}
    for call in (api.get, lambda path: api.delete(path, **read), lambda path: api.patch(path, **read)):
        answers = [call(f"{url}{pk}/") for pk in (theirs.pk, 10**9)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()


def test_a_company_out_of_reach_is_not_named(api, rep, other_rep):
    hidden = make_company("Hidden", owner=other_rep)
    contact = make_contact("Voss", owner=rep, company=hidden)
    company = make_company("Branch", owner=rep, parent=hidden)
    for url, row, name in ((CONTACTS, contact, "company"), (COMPANIES, company, "parent")):
        assert api.get(f"{url}{row.pk}/").json()[name] is None
        assert [found[name] for found in api.get(url).json()["results"]] == [None]
        read = api.patch(f"{url}{row.pk}/", {"version": 1, "phone": "+49 30 901820"}, format="json")
        assert (read.status_code, read.json()[name]) == (200, None)
    assert api.get(f"{CONTACTS}?company={hidden.pk}").json() == api.get(f"{CONTACTS}?company={10**9}").json()
    make_deal(rep, company=hidden)
    assert api.get(f"{CONTACTS}{contact.pk}/").json()["company"] == hidden.pk
    assert api.get(f"{COMPANIES}{company.pk}/").json()["parent"] == hidden.pk


@pytest.mark.parametrize(("url", "make"), KINDS)
def test_unknown_filters_orders_and_keys_are_400(api, rep, url, make):
    row = make(owner=rep)
    for query in ("colour=red", "territory=north", "owner=nobody", "country=Germany", "ordering=city", "deleted=true"):
        assert api.get(f"{url}?{query}").status_code == 400, query
    answer = api.patch(f"{url}{row.pk}/", {"version": 1, "territory": 1}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "territory")


def test_lists_are_narrowed_and_sorted(rep, api):
    germany = make_territory("Germany")
    acme = make_company("Acme", owner=rep, country="DE", industry="Retail", territory=germany)
    bolt = make_company("Bolt", owner=rep, country="FR")
    voss = make_contact("Voss", company=acme)
    wanted = {
        "country=de": [acme.pk],
        "industry=retail": [acme.pk],
        f"territory={germany.pk}": [acme.pk],
        "territory=none": [bolt.pk],
        "owner=me&ordering=-name": [bolt.pk, acme.pk],
        "q=bol": [bolt.pk],
    }
    assert {query: ids(api.get(f"{COMPANIES}?{query}")) for query in wanted} == wanted
    assert ids(api.get(f"{CONTACTS}?company={acme.pk}&country=DE")) == [voss.pk]


def test_pages_follow_a_cursor(api, rep):
    rows = [make_company(f"Company {letter}", owner=rep).pk for letter in "ABC"]
    first = api.get(f"{COMPANIES}?page_size=2").json()
    second = api.get(first["next"]).json()
    assert [row["id"] for row in first["results"] + second["results"]] == rows


def test_create_and_read(api, rep):
    answer = api.post(
        COMPANIES, {"name": "Acme", "country": "DE", "revenue": "1200.50", "external_id": "A-1"}, format="json"
    )
    assert answer.status_code == 201, answer.json()
    company = Company.objects.get()
    assert (company.owner, answer["Location"]) == (rep, f"{COMPANIES}{company.pk}/")
    body = api.get(answer["Location"]).json()
    assert (body["revenue"], body["created_at"][-1], body["version"]) == ("1200.50", "Z", 1)
    assert api.post(COMPANIES, {"name": "Copy", "external_id": "A-1"}, format="json").status_code == 400
    voss = api.post(CONTACTS, {"last_name": "Voss", "company": company.pk, "email": "v@acme.example"}, format="json")
    assert voss.status_code == 201
    assert Contact.objects.get().company == company


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "A\nB"},
        {"name": "A", "country": "Germany"},
        {"name": "A", "employees": -1},
        {"name": "A", "employees": 2**40},
        {"name": "A", "revenue": "-1"},
        {"name": "A", "website": "javascript:alert(1)"},
        {"name": "A", "phone": "nobody"},
        {"name": "A", "owner": 10**9},
    ],
)
def test_a_company_that_is_not_right_is_400(api, body):
    assert api.post(COMPANIES, body, format="json").status_code == 400
    assert not Company.objects.exists()


def test_a_company_of_others_cannot_be_referred_to(api, other_rep):
    theirs = make_company(owner=other_rep)
    assert api.post(CONTACTS, {"last_name": "Voss", "company": theirs.pk}, format="json").status_code == 400
    assert api.post(COMPANIES, {"name": "Daughter", "parent": theirs.pk}, format="json").status_code == 400


def test_an_update_needs_the_version_and_conflicts_show_both_values(api, rep, admin):
    company = make_company(owner=rep, city="Ulm")
    url = f"{COMPANIES}{company.pk}/"
    assert api.patch(url, {"city": "Bonn"}, format="json").status_code == 428
    answer = api.patch(url, {"city": "Bonn"}, format="json", HTTP_IF_MATCH='"1"')
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    answer = api_client(admin).patch(url, {"version": 1, "city": "Köln"}, format="json")
    assert answer.status_code == 409
    body = answer.json()
    assert (body["field"], body["yours"], body["theirs"], body["by"]) == ("city", "Köln", "Bonn", rep.name)
    merged = api_client(admin).patch(url, {"version": 1, "industry": "Retail"}, format="json")
    assert (merged.status_code, merged.json()["city"]) == (200, "Bonn")


def test_a_change_that_the_rules_look_at_moves_the_open_deals(api, rep):
    germany = make_territory("Germany", priority=10, rules=DE)
    make_territory("Rest", is_catch_all=True)
    company = make_company(owner=rep, country="FR")
    place(Company.objects.all(), by=None, at=NOW)
    company.refresh_from_db()
    deal = make_deal(rep, company=company)
    answer = api.patch(f"{COMPANIES}{company.pk}/", {"version": 1, "country": "DE"}, format="json")
    deal.refresh_from_db()
    assert (answer.json()["territory"], deal.territory) == (germany.pk, germany)


@pytest.mark.parametrize(("url", "make"), KINDS)
def test_an_external_id_out_of_reach_looks_free(api, rep, manager, other_rep, url, make):
    body = {"name": "Acme", "external_id": "A-1"} if url == COMPANIES else {"last_name": "Voss", "external_id": "A-1"}
    theirs = api_client(other_rep).post(url, body, format="json")
    mine = api.post(url, body, format="json")
    assert (theirs.status_code, mine.status_code) == (201, 201)
    assert theirs.json().keys() == mine.json().keys()
    for person in (rep, manager):
        taken = api_client(person).post(url, body, format="json")
        assert (taken.status_code, taken.json()["errors"][0]["field"]) == (400, "external_id")
    assert make().__class__.objects.filter(external_id="A-1").count() == 2


@pytest.mark.parametrize(("url", "make"), KINDS)
def test_an_id_of_ones_own_stays_taken_after_it_was_handed_over(api, rep, other_rep, url, make):
    make(owner=other_rep, created_by=rep, external_id="A-1")
    body = {"name": "Acme", "external_id": "A-1"} if url == COMPANIES else {"last_name": "Voss", "external_id": "A-1"}
    assert api.post(url, body, format="json").status_code == 400


@pytest.mark.parametrize(("url", "make"), KINDS)
def test_delete_and_restore(api, rep, url, make):
    row = make(owner=rep)
    assert api.delete(f"{url}{row.pk}/").status_code == 428
    assert api.delete(f"{url}{row.pk}/", headers={"If-Match": '"1"'}).status_code == 204
    assert api.get(f"{url}{row.pk}/").status_code == 404
    assert api.post(f"{url}{row.pk}/restore/").status_code == 428
    assert api.post(f"{url}{row.pk}/restore/", {"version": 2, "x": 1}, format="json").status_code == 400
    assert api.post(f"{url}{row.pk}/restore/", {"version": 2}, format="json").json()["id"] == row.pk
    assert ids(api.get(url)) == [row.pk]


@pytest.mark.parametrize(("url", "make"), KINDS)
def test_what_was_changed_meanwhile_is_looked_at_before_it_goes(api, rep, manager, url, make):
    row = make(owner=rep)
    api_client(manager).patch(f"{url}{row.pk}/", {"version": 1, "phone": "+49 30 901820"}, format="json")
    stale = api.delete(f"{url}{row.pk}/", {"version": 1}, format="json")
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
    assert "Max Manager" in stale.json()["detail"]
    assert ids(api.get(url)) == [row.pk]
    assert api.delete(f"{url}{row.pk}/", {"version": 2}, format="json").status_code == 204
    assert api.post(f"{url}{row.pk}/restore/", {"version": 2}, format="json").status_code == 409
    assert ids(api.get(url)) == []


def test_a_company_with_deals_is_409(api, rep):
    company = make_company(owner=rep)
    make_deal(rep, company=company)
    answer = api.delete(f"{COMPANIES}{company.pk}/", {"version": 1}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "has_deals")


def test_reps_keep_what_is_theirs_and_managers_hand_it_to_their_people(api, rep, manager, other_rep):
    company = make_company(owner=rep)
    url = f"{COMPANIES}{company.pk}/"
    assert api.patch(url, {"version": 1, "owner": manager.pk}, format="json").status_code == 403
    boss = api_client(manager)
    assert boss.patch(url, {"version": 1, "owner": other_rep.pk}, format="json").status_code == 403
    assert boss.patch(url, {"version": 1, "owner": manager.pk}, format="json").status_code == 200


def test_who_only_reads_does_not_write(rep, team):
    company = make_company(owner=rep)
    reader = api_client(make_user(Role.READ_ONLY, team=team))
    assert reader.get(f"{COMPANIES}{company.pk}/").status_code == 200
    assert reader.patch(f"{COMPANIES}{company.pk}/", {"version": 1, "city": "Ulm"}, format="json").status_code == 403
    assert reader.post(COMPANIES, {"name": "New"}, format="json").status_code == 403
    token = api_client(rep, scope="read")
    assert token.delete(f"{COMPANIES}{company.pk}/").status_code == 403
    assert api_client(make_user(Role.CONTENT)).get(COMPANIES).status_code == 403


@pytest.mark.parametrize(("url", "make"), KINDS)
def test_a_list_costs_the_same_for_one_and_for_twenty(api, rep, url, make):
    make(owner=rep)
    api.get(url)
    with CaptureQueriesContext(connection) as one:
        assert len(ids(api.get(url))) == 1
    for _ in range(19):
        make(owner=rep)
    with CaptureQueriesContext(connection) as twenty:
        assert len(ids(api.get(url))) == 20
    assert len(one) == len(twenty)


def test_reps_read_the_territories_in_which_they_work_today(api, rep, manager):
    mine, past, other = make_territory(), make_territory(), make_territory()
    TerritoryMembership.objects.create(user=rep, territory=mine)
    TerritoryMembership.objects.create(user=rep, territory=past, ends_on="2020-01-01")
    assert ids(api.get("/api/v1/territories/")) == [mine.pk]
    assert ids(api_client(manager).get("/api/v1/territories/")) == [mine.pk, past.pk, other.pk]
