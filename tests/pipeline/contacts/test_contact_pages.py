"""The lists and pages of companies and contacts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.models import Company, Contact
from tests.factories import make_company, make_contact, make_deal, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep(client):
    user = make_user()
    client.force_login(user)
    return user


@pytest.mark.parametrize(("path", "make"), [("/companies/", make_company), ("/contacts/", make_contact)])
def test_a_list_costs_the_same_for_one_and_for_twenty(client, rep, path, make):
    make(owner=rep)
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert client.get(path).status_code == 200
    for _ in range(19):
        make(owner=rep)
    with CaptureQueriesContext(connection) as twenty:
        client.get(path)
    assert len(one) == len(twenty)


def test_what_others_own_is_not_there(client, rep):
    other = make_user()
    company, contact = make_company(owner=other), make_contact(owner=other)
    paths = (f"/companies/{company.pk}/", f"/contacts/{contact.pk}/", f"/companies/{company.pk}/edit/city/")
    assert {client.get(path).status_code for path in paths} == {404}
    assert company.name not in client.get("/companies/").content.decode()


def test_the_page_shows_only_deals_within_reach(client, rep):
    company = make_company(owner=rep)
    make_deal(rep, company=company, name="Mine")
    make_deal(make_user(), company=company, name="Hidden")
    page = client.get(f"/companies/{company.pk}/").content.decode()
    assert "Mine" in page
    assert "Hidden" not in page


def test_add_and_edit_in_place(client, rep):
    client.post("/companies/new/", {"name": "Acme"})
    company = Company.objects.get()
    assert company.owner == rep
    client.post(f"/companies/{company.pk}/edit/city/", {"city": "Ulm", "version": 1})
    conflict = client.post(
        f"/companies/{company.pk}/edit/city/", {"city": "Bonn", "version": 1}, headers={"HX-Request": "true"}
    )
    company.refresh_from_db()
    assert (company.city, conflict.status_code) == ("Ulm", 409)
    client.post(f"/contacts/new/?company={company.pk}", {"last_name": "Voss"})
    contact = Contact.objects.get()
    assert contact.company == company
    assert client.get(f"/contacts/{contact.pk}/").status_code == 200


def test_search_and_sort(client, rep):
    make_company("Acme", owner=rep)
    make_company("Bolt", owner=rep)
    page = client.get("/companies/?q=ACM&sort=-territory").content.decode()
    assert "Acme" in page
    assert "Bolt" not in page
