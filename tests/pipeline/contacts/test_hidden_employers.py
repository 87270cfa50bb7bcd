"""A contact within reach does not tell about a company that is not."""

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories

pytestmark = pytest.mark.django_db


def client_of(user):
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.fixture
def deal(rep, pipeline):
    return factories.make_deal(rep, at=timezone.now(), company=factories.make_company("Acme", owner=rep))


@pytest.fixture
def hidden_employer(rep, other_rep):
    """A contact of the rep at a company that is none of hers."""
    company = factories.make_company("Geheim AG", owner=other_rep, country="DE", industry="Spionage")
    factories.make_contact("Kontakt", owner=rep, company=company)
    return company


def test_the_employer_of_a_contact_stays_hidden(rep, hidden_employer):
    client = client_of(rep)
    assert "Kontakt" in client.get("/contacts/").content.decode()
    for address in ("/contacts/", "/contacts/?ordering=company", "/search/?q=kontakt"):
        assert "Geheim" not in client.get(address).content.decode(), address
    exported = b"".join(client.get("/contacts/export/").streaming_content).decode()
    assert "Kontakt" in exported
    assert "Geheim" not in exported


def test_the_employer_cannot_be_guessed_by_filters(rep, hidden_employer):
    client = client_of(rep)
    for query in ("country=DE", "industry=spionage", f"company={hidden_employer.pk}"):
        assert "Kontakt" not in client.get(f"/contacts/?{query}").content.decode(), query


def test_the_employer_stays_hidden_where_a_deal_looks_for_people(rep, deal, hidden_employer):
    answer = client_of(rep).post(f"/deals/{deal.pk}/contacts/add/", {"q": "kontakt", "search": "1", "version": "1"})
    assert "Kontakt" in answer.content.decode()
    assert "Geheim" not in answer.content.decode()


def test_the_company_above_stays_hidden(rep, other_rep):
    parent = factories.make_company("Geheim Holding", owner=other_rep)
    company = factories.make_company("Tochter", owner=rep, parent=parent)
    assert "Geheim" not in client_of(rep).get(f"/companies/{company.pk}/").content.decode()
