"""A form that creates something and is sent twice, as a double click does without script, creates one thing."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.models import (
    Activity,
    CloseReason,
    Company,
    Contact,
    Deal,
    IdempotentRequest,
    LineItem,
    Note,
    Pipeline,
    Product,
    SavedView,
    Stage,
)
from teams.models import Team, Territory, User
from tests.factories import make_company, make_deal
from tests.routes import routes
from tests.test_two_at_once import together

pytestmark = pytest.mark.django_db
KEY = re.compile(r'name="idempotency_key" value="([^"]+)"')


def key_in(page):
    return KEY.search(page.content.decode()).group(1)


def addresses(deal, company, product):
    """Where the form is, where it goes, what is typed, and what it makes."""
    stage, version = deal.stage_id, deal.version
    page = reverse("deal", args=[deal.pk])
    plan = {"kind": "call", "subject": "Call her", "due_on": "2030-01-02"}
    log = reverse("deal-log", args=[deal.pk])
    line = reverse("deal-line-add", args=[deal.pk])
    return {
        "deal": (reverse("deal-add"), None, {"name": "New", "stage": stage}, Deal),
        "company": (reverse("company-add"), None, {"name": "Nordwind"}, Company),
        "contact": (reverse("contact-add"), None, {"first_name": "Ina", "last_name": "Lund"}, Contact),
        "activity": (reverse("activity-add") + f"?deal={deal.pk}", None, plan, Activity),
        "note": (reverse("note-add") + f"?deal={deal.pk}", None, {"body": "She agrees."}, Note),
        "note on the page": (page, reverse("note-add") + f"?deal={deal.pk}", {"body": "She agrees."}, Note),
        "note on a company": (
            reverse("company", args=[company.pk]),
            reverse("note-add") + f"?company={company.pk}",
            {"body": "They agree."},
            Note,
        ),
        "call log": (log, None, {"version": version, "kind": "call", "text": "Said yes."}, Activity),
        "product": (line, None, {"version": version, "product": product.pk, "quantity": "1"}, LineItem),
    }


@pytest.fixture
def forms(rep, pipeline):
    company = make_company(owner=rep)
    product = Product.objects.create(name="GTX")
    return addresses(make_deal(rep, company=company), company, product)


NAMES = "deal", "company", "contact", "activity", "note", "note on the page", "note on a company", "call log", "product"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_made_once_and_answered_twice_alike(client, rep, forms, name):
    page, address, typed, model = forms[name]
    client.force_login(rep)
    sent = {**typed, "idempotency_key": key_in(client.get(page))}
    before = model.objects.count()
    first, second = (client.post(address or page, sent) for _time in range(2))
    assert first.status_code == second.status_code == 302, first.content.decode()
    assert first["Location"] == second["Location"]
    assert model.objects.count() == before + 1


ADMIN_FORMS = {
    "pipeline-add": ({"name": "Partners"}, Pipeline),
    "stage-add": ({"name": "Trial", "probability": "30", "stalled_after_days": "14"}, Stage),
    "reason-add": ({"outcome": "lost", "name": "Too dear"}, CloseReason),
    "team-add": ({"name": "North"}, Team),
    "user-invite": (
        {"first_name": "Ina", "last_name": "Lund", "email": "ina@example.org", "role": "rep", "language": "de"},
        User,
    ),
    "territory-add": ({"name": "Bavaria"}, Territory),
    "view-add": ({"name": "Late ones", "scope": "mine"}, SavedView),
}


@pytest.mark.parametrize("name", ADMIN_FORMS)
def test_what_an_admin_adds_is_made_once(client, admin, pipeline, name):
    typed, model = ADMIN_FORMS[name]
    page = reverse(name, args=[pipeline.pk] if name == "stage-add" else [])
    client.force_login(admin)
    like = {"like": pipeline.pk} if name == "pipeline-add" else {}
    sent = {**typed, **like, "idempotency_key": key_in(client.get(page))}
    before = model.objects.count()
    first, second = (client.post(page, sent) for _time in range(2))
    assert first.status_code == second.status_code == 302
    assert model.objects.count() == before + 1


def test_whatever_adds_knows_that_it_was_sent_before():
    adding = {
        pattern.name: pattern.callback
        for _route, pattern in routes()
        if pattern.name and (pattern.name.endswith(("-add", "-invite")))
    }
    assert len(adding) > 15
    assert {name for name, view in adding.items() if not getattr(view, "sent_once", False)} == set()


def test_each_page_has_a_key_of_its_own(client, rep, pipeline):
    client.force_login(rep)
    assert len({key_in(client.get(reverse("company-add"))) for _time in range(2)}) == 2


def test_a_form_with_a_mistake_keeps_its_key_and_is_not_answered_for(client, rep, pipeline):
    client.force_login(rep)
    key = key_in(client.get(reverse("company-add")))
    wrong = client.post(reverse("company-add"), {"name": "", "idempotency_key": key})
    assert wrong.status_code == 422
    assert key_in(wrong) == key
    assert not IdempotentRequest.objects.exists()
    for _time in range(2):
        assert client.post(reverse("company-add"), {"name": "Nordwind", "idempotency_key": key}).status_code == 302
    assert Company.objects.filter(name="Nordwind").count() == 1


def test_going_back_and_changing_a_word_is_another_wish(client, rep, pipeline):
    client.force_login(rep)
    for name in ("Nordwind", "Nordwind Nord"):
        client.post(reverse("company-add"), {"name": name, "idempotency_key": "one"})
    assert Company.objects.count() == 2


def test_a_key_is_its_persons_own(client, rep, manager, pipeline):
    for person in (rep, manager):
        client.force_login(person)
        client.post(reverse("company-add"), {"name": "Nordwind", "idempotency_key": "one"})
    assert Company.objects.count() == 2


def test_a_deal_added_in_its_column_brings_a_form_with_another_key(client, rep, pipeline):
    client.force_login(rep)
    stage = pipeline.stages.order_by("position").first().pk
    address = f"{reverse('deal-add')}?quick=1&stage={stage}"
    htmx = {"HX-Request": "true"}
    key = key_in(client.get(address, headers=htmx))
    typed = {"name": "New", "stage": stage, "idempotency_key": key}
    first, second = (client.post(address, typed, headers=htmx) for _time in range(2))
    assert first.content == second.content
    assert first["HX-Trigger"] == second["HX-Trigger"]
    assert key_in(first) != key
    assert Deal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_both_at_once_make_one(rep, pipeline):
    def send():
        browser = Client()
        browser.force_login(rep)
        return browser.post(reverse("company-add"), {"name": "Nordwind", "idempotency_key": "one"})["Location"]

    assert len(set(together(*[send] * 6))) == 1
    assert Company.objects.count() == 1
