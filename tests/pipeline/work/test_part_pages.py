"""The dialogs about people, colleagues and products of a deal, as pages."""

from decimal import Decimal

import pytest

from pipeline.models import Contact, Deal, Product
from tests.factories import make_company, make_contact, make_deal

HTMX = {"HX-Request": "true"}


@pytest.fixture
def deal(rep, pipeline):
    return make_deal(rep, value=None, company=make_company("Voss", owner=rep))


@pytest.fixture
def as_rep(client, rep):
    client.force_login(rep)
    return client


def post(client, deal, path, **data):
    return client.post(f"/deals/{deal.pk}/{path}/", {"version": Deal.objects.get(pk=deal.pk).version, **data})


def test_a_known_contact_is_found_by_name_and_added(as_rep, rep, deal):
    elsewhere = make_contact("Kempe", company=make_company(owner=rep))
    page = as_rep.get(f"/deals/{deal.pk}/contacts/add/").content.decode()
    assert "Kempe" not in page
    found = post(as_rep, deal, "contacts/add", q="kemp", search="1", role="champion")
    assert found.status_code == 200
    assert "Kempe" in found.content.decode()
    added = post(as_rep, deal, "contacts/add", q="kemp", contact=elsewhere.pk, role="champion", is_primary="on")
    assert added.url == f"/deals/{deal.pk}/"
    row = deal.people.get()
    assert (row.contact, row.role, row.is_primary) == (elsewhere, "champion", True)


def test_a_contact_out_of_reach_is_neither_found_nor_taken(as_rep, other_rep, deal):
    hidden = make_contact("Kempe", owner=other_rep, company=make_company(owner=other_rep))
    found = post(as_rep, deal, "contacts/add", q="kemp", search="1", role="other")
    assert "Kempe" not in found.content.decode()
    assert post(as_rep, deal, "contacts/add", contact=hidden.pk, role="other").status_code == 422


def test_a_new_contact_is_made_in_the_same_form(as_rep, deal):
    post(as_rep, deal, "contacts/add", first_name="Annette", last_name="Voss", role="decides")
    contact = Contact.objects.get()
    assert (contact.name, contact.company) == ("Annette Voss", deal.company)
    assert deal.people.get().role == "decides"


def test_nobody_chosen_is_said_beside_the_choice(as_rep, deal):
    answer = post(as_rep, deal, "contacts/add", role="decides")
    assert answer.status_code == 422
    assert "Choose a contact" in answer.content.decode()


def test_roles_change_and_people_leave(as_rep, deal):
    post(as_rep, deal, "contacts/add", last_name="Voss", role="decides")
    pk = Contact.objects.get().pk
    assert as_rep.get(f"/deals/{deal.pk}/contacts/{pk}/").status_code == 200
    post(as_rep, deal, f"contacts/{pk}", role="blocks")
    assert deal.people.get().role == "blocks"
    left = post(as_rep, deal, f"contacts/{pk}/remove")
    assert left.url == f"/deals/{deal.pk}/"
    assert not deal.people.exists()
    assert as_rep.get(f"/deals/{deal.pk}/contacts/{pk}/").status_code == 404


def test_a_product_without_a_price_takes_the_list_price(as_rep, deal):
    rack = Product.objects.create(name="RackStor", list_price=Decimal("18600.50"))
    post(as_rep, deal, "products/add", product=rack.pk, quantity="3", discount_percent="6")
    line = deal.line_items.get()
    assert (line.unit_price, line.total) == (Decimal("18600.50"), Decimal("52453.41"))
    assert Deal.objects.get(pk=deal.pk).value == Decimal("52453.41")
    post(as_rep, deal, f"products/{line.pk}", product=rack.pk, quantity="1,5", unit_price="", discount_percent="")
    line.refresh_from_db()
    assert (line.quantity, line.unit_price) == (Decimal("1.5"), None)
    post(as_rep, deal, f"products/{line.pk}/remove")
    assert not deal.line_items.exists()


def test_an_impossible_line_keeps_what_was_typed(as_rep, deal):
    rack = Product.objects.create(name="RackStor")
    answer = post(as_rep, deal, "products/add", product=rack.pk, quantity="2", discount_percent="101")
    assert answer.status_code == 422
    assert 'value="101"' in answer.content.decode()


def test_a_collaborator_is_added_and_removed_on_the_page(as_rep, other_rep, deal):
    post(as_rep, deal, "collaborators/add", user=other_rep.pk, can_edit="on")
    assert Deal.objects.reachable_by(other_rep).get() == deal
    post(as_rep, deal, f"collaborators/{other_rep.pk}/remove")
    assert not Deal.objects.reachable_by(other_rep).exists()


def test_who_takes_herself_off_ends_in_the_list(client, rep, other_rep, deal):
    client.force_login(rep)
    post(client, deal, "collaborators/add", user=other_rep.pk, can_edit="on")
    client.force_login(other_rep)
    assert post(client, deal, f"collaborators/{other_rep.pk}/remove").url == "/deals/"


@pytest.mark.parametrize("path", ["contacts/add", "collaborators/add", "products/add"])
def test_who_only_looks_gets_no_form(client, rep, other_rep, deal, path):
    client.force_login(other_rep)
    assert client.get(f"/deals/{deal.pk}/{path}/").status_code == 404
    client.force_login(rep)
    post(client, deal, "collaborators/add", user=other_rep.pk)
    client.force_login(other_rep)
    assert client.get(f"/deals/{deal.pk}/{path}/").status_code == 403


def test_the_change_can_be_undone_from_its_notice(as_rep, deal):
    answer = as_rep.post(
        f"/deals/{deal.pk}/contacts/add/",
        {"version": deal.version, "last_name": "Voss", "role": "decides"},
        follow=True,
    )
    event = deal.events.order_by("-pk").first()
    assert f"/deals/{deal.pk}/undo/{event.pk}/" in answer.content.decode()
