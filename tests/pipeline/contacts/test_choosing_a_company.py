"""The company of a contact and the one above a company, changed on their pages."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from crm.lib.errors import Refused
from pipeline.contacts.actions import edit_company
from pipeline.models import Company
from teams.models import AuditEntry, Role
from tests.factories import NOW, make_company, make_contact, make_deal, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
NO_SUCH = "There is no company of this name within your reach."


@pytest.fixture
def client(client, rep):
    client.force_login(rep)
    return client


def words_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def path_of(row):
    name = "companies" if isinstance(row, Company) else "contacts"
    return f"/{name}/{row.pk}/edit/{'parent' if name == 'companies' else 'company'}/"


def above(row):
    row.refresh_from_db()
    return row.parent if isinstance(row, Company) else row.company


@pytest.fixture(params=[make_company, make_contact])
def row(request, rep):
    return request.param("Tochter", owner=rep)


@pytest.fixture
def field(row):
    return "parent" if isinstance(row, Company) else "company"


def test_a_name_within_reach_is_taken_whatever_its_case(client, rep, row, field):
    acme = make_company("Acme", owner=rep)
    answer = client.post(path_of(row), {field: "acme ", "version": 1}, headers=HTMX)
    assert above(row) == acme
    assert "Acme" in words_of(answer)
    assert "saved" in words_of(answer)
    assert f'href="/companies/{acme.pk}/"' in client.get(path_of(row).split("edit")[0]).content.decode()
    assert 'value="Acme"' in client.get(path_of(row), headers=HTMX).content.decode()


def test_it_works_without_script(client, rep, row, field):
    acme = make_company("Acme", owner=rep)
    assert client.get(path_of(row)).status_code == 200
    assert client.post(path_of(row), {field: "Acme", "version": 1}).status_code == 302
    assert above(row) == acme


def test_nothing_typed_takes_the_company_away(client, rep, row, field):
    setattr(row, field, make_company("Acme", owner=rep))
    row.save()
    client.post(path_of(row), {field: "", "version": 1}, headers=HTMX)
    assert above(row) is None


def test_out_of_reach_is_like_not_there(client, rep, other_rep, row, field):
    hidden = make_company("Geheim AG", owner=other_rep)
    deleted = make_company("Weg AG", owner=rep, deleted_at=NOW)
    answers = [
        client.post(path_of(row), {field: typed, "version": 1}, headers=HTMX)
        for typed in ("Geheim AG", "Weg AG", "Nirgends AG")
    ]
    answers += [
        client.post(path_of(row), {"chosen": key, "version": 1}, headers=HTMX)
        for key in (hidden.pk, deleted.pk, 10**9, 10**30, "x", "²")
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert NO_SUCH in words_of(answer)
    assert words_of(answers[3]) == words_of(answers[5])
    assert above(row) is None


def test_one_of_several_of_the_same_name_is_chosen(client, rep, row, field):
    make_company("Acme", owner=rep, city="Ulm")
    bonn = make_company("ACME", owner=rep, city="Bonn")
    asked = client.post(path_of(row), {field: "Acme", "version": 1}, headers=HTMX)
    page = asked.content.decode()
    assert asked.status_code == 422
    assert "Acme, Ulm" in page
    assert f'<option value="{bonn.pk}">ACME, Bonn</option>' in page
    assert f'<input type="hidden" name="{field}" value="Acme">' in page
    client.post(path_of(row), {field: "Acme", "chosen": bonn.pk, "version": 1}, headers=HTMX)
    assert above(row) == bonn


def test_part_of_a_name_offers_what_holds_it(client, rep, other_rep, row, field):
    make_company("Klinikum Ilmtal", owner=rep)
    make_company("Klinikum Donautal", owner=other_rep)
    page = client.post(path_of(row), {field: "klini", "version": 1}).content.decode()
    assert "Klinikum Ilmtal" in page
    assert "Donautal" not in page
    assert above(row) is None


def test_a_company_that_she_may_not_know_stays_hidden_and_stays(client, rep, other_rep, row, field):
    setattr(row, field, make_company("Geheim AG", owner=other_rep))
    row.save()
    for path in (path_of(row), f"{path_of(row)}?value", path_of(row).split("edit")[0]):
        assert "Geheim" not in client.get(path, headers=HTMX).content.decode()
    assert client.post(path_of(row), {field: "", "version": 1}, headers=HTMX).status_code == 200
    assert above(row).name == "Geheim AG"


def test_what_somebody_else_chose_meanwhile_is_not_overwritten(client, rep, row, field):
    first, second = make_company("Acme", owner=rep), make_company("Bolt", owner=rep)
    client.post(path_of(row), {field: "Acme", "version": 1}, headers=HTMX)
    answer = client.post(path_of(row), {field: "Bolt", "version": 1}, headers=HTMX)
    assert answer.status_code == 409
    assert f'<input type="hidden" name="{field}" value="Bolt">' in answer.content.decode()
    assert above(row) == first
    answer = client.post(path_of(row), {"chosen": second.pk, "version": 1}, headers=HTMX)
    assert f'<input type="hidden" name="chosen" value="{second.pk}">' in answer.content.decode()
    client.post(path_of(row), {"chosen": second.pk, "version": 2}, headers=HTMX)
    assert above(row) == second
    assert AuditEntry.objects.filter(subject_id=row.pk, changes__has_key=field).count() == 2


def test_a_company_is_never_above_itself(client, rep):
    top = make_company("Top", owner=rep)
    middle = make_company("Middle", owner=rep, parent=top)
    low = make_company("Low", owner=rep, parent=middle)
    for wanted in (top, low):
        answer = client.post(path_of(top), {"parent": wanted.name, "version": 1}, headers=HTMX)
        assert answer.status_code == 422
        assert "A company cannot be above itself." in words_of(answer)
    assert above(top) is None


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_close_no_ring(rep):
    one, other = make_company("One", owner=rep), make_company("Other", owner=rep)
    ready = Barrier(2)

    def put(company, parent):
        try:
            ready.wait(timeout=10)
            edit_company(company_id=company.pk, by=rep, at=NOW, version=1, changes={"parent": parent})
        except Refused as refusal:
            return refusal.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = [pool.submit(put, *pair) for pair in ((one, other), (other, one))]
    assert sorted(outcome.result() for outcome in outcomes) == ["done", "ring"]


def test_a_parent_out_of_reach_is_refused_by_the_action(rep, other_rep):
    hidden = make_company(owner=other_rep)
    company = make_company(owner=rep)
    with pytest.raises(Company.DoesNotExist):
        edit_company(company_id=company.pk, by=rep, at=NOW, version=1, changes={"parent": hidden})


def test_who_gave_a_contact_away_is_led_to_the_list(client, rep, other_rep):
    mine = make_company("Mine", owner=rep)
    contact = make_contact("Voss", owner=other_rep, company=mine)
    answer = client.post(path_of(contact), {"company": "", "version": 1})
    assert answer["Location"] == "/contacts/"


def test_readers_have_no_editor(client, team):
    reader = make_user(Role.READ_ONLY, team=team)
    owner = make_user(team=team)
    contact = make_contact(owner=owner, company=make_company("Acme", owner=owner))
    client.force_login(reader)
    page = client.get(f"/contacts/{contact.pk}/").content.decode()
    assert "Acme" in page
    assert "/edit/company/" not in page
    assert client.post(path_of(contact), {"company": ""}).status_code == 403


@pytest.mark.parametrize("name", ["company", "parent"])
def test_suggestions_are_within_reach(client, rep, other_rep, name):
    make_company("Klinikum Ilmtal", owner=rep, city="Ilmenau")
    make_company("Klinikum Donautal", owner=other_rep)
    make_deal(rep, company=make_company("Klinik Nord", owner=other_rep))
    page = client.get("/companies/options/", {name: "klini"}).content.decode()
    assert re.findall(r'value="([^"]+)"', page) == ["Klinik Nord", "Klinikum Ilmtal"]
