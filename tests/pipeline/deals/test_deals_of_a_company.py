"""The list and the board narrowed to the deals of one company."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import NOW, make_company, make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client, rep, pipeline):
    client.force_login(rep)
    return client


@pytest.fixture
def acme(rep, pipeline):
    company = make_company("Acme", owner=rep)
    make_deal(rep, name="Fleet", company=company)
    make_deal(rep, name="Elsewhere", company=make_company("Bolt", owner=rep))
    return company


@pytest.fixture(params=["deal-list", "board"])
def page(request):
    return reverse(request.param)


def form_of(page):
    return reverse("deal-filter" if page == reverse("deal-list") else "board-filter")


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_only_its_deals_are_shown_under_its_name(client, acme, page):
    answer = client.get(page, {"company": acme.pk})
    assert "Fleet" in text_of(answer)
    assert "Elsewhere" not in text_of(answer)
    assert [(chip.label, chip.value) for chip in answer.context["bar"].chips] == [("Company", "Acme")]


def test_a_company_out_of_reach_is_said_like_an_unknown_one(client, acme, other_rep, page):
    hidden = make_company("Geheim AG", owner=other_rep)
    make_deal(other_rep, company=hidden)
    answers = [client.get(page, {"company": key}) for key in (hidden.pk, 10**9, "x")]
    for answer in answers:
        assert "These filters were not understood: company" in text_of(answer)
        assert "Elsewhere" in text_of(answer)
        assert answer.context["bar"].chips == []
        assert "Geheim" not in answer.content.decode()


def test_the_api_refuses_both_alike(client, other_rep):
    hidden = make_company("Geheim AG", owner=other_rep)
    answers = [client.get("/api/v1/deals/", {"company": key}) for key in (hidden.pk, 10**9)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()


def test_the_form_takes_its_name_and_the_address_its_id(client, acme, page):
    assert acme.name not in client.get(form_of(page)).content.decode()
    answer = client.get(page, {"company_name": "acme ", "q": "", "stalled": "false"})
    assert answer["Location"] == f"{page}?stalled=false&company={acme.pk}"
    assert 'value="Acme"' in client.get(form_of(page), {"company": acme.pk}).content.decode()
    cleared = client.get(page, {"company_name": "", "company": acme.pk, "q": ""})
    assert cleared["Location"] == page


def test_a_name_that_leaves_a_doubt_is_asked_about(client, rep, acme, page):
    ulm = make_company("ACME", owner=rep, city="Ulm")
    asked = client.get(page, {"company_name": "Acme", "stalled": "true"})
    assert asked["Location"] == f"{form_of(page)}?stalled=true&company_name=Acme"
    form = client.get(asked["Location"])
    assert "Choose the company you mean." in text_of(form)
    assert f'<option value="{ulm.pk}">ACME, Ulm</option>' in form.content.decode()
    assert form.context["bar"].clear_url == page
    assert "company_name" not in form.context["bar"].form.fields
    again = client.get(page, {"company": ulm.pk, "company_name": "ACME"})
    assert again["Location"] == f"{page}?company={ulm.pk}"


def test_a_name_of_no_company_within_reach_is_said(client, acme, other_rep, page):
    make_company("Geheim AG", owner=other_rep)
    for name in ("Geheim AG", "Nirgends AG"):
        form = client.get(page, {"company_name": name}, follow=True)
        assert "There is no company of this name within your reach." in text_of(form)
        assert f'value="{name}"' in form.content.decode()


@pytest.mark.parametrize("typed", ["\x00", "%", "x" * 10_000, "²"])
def test_odd_names_break_nothing(client, acme, page, typed):
    assert client.get(page, {"company_name": typed, "company": typed}, follow=True).status_code == 200


def test_the_list_builds_no_choice_of_companies(client, rep, acme):
    def cost(**query):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("deal-list"), query)
        return len(queries)

    client.get(reverse("deal-list"))
    few = cost(), cost(company=acme.pk)
    for _ in range(20):
        make_company(owner=rep)
    assert (cost(), cost(company=acme.pk)) == few
    assert few[1] - few[0] <= 2


def test_the_page_of_a_company_leads_to_its_deals(client, acme):
    page = client.get(reverse("company", args=[acme.pk])).content.decode()
    [address] = set(re.findall(r'href="(/deals/\?[^"]+)"', page))
    answer = client.get(address.replace("&amp;", "&"))
    assert [card.deal.name for card in answer.context["rows"]] == ["Fleet"]


def test_a_deleted_company_keeps_its_name(client, rep, acme):
    acme.deleted_at = NOW
    acme.save()
    answer = client.get(reverse("deal-list"), {"company": acme.pk})
    assert [chip.value for chip in answer.context["bar"].chips] == ["Acme"]


@pytest.mark.browser
def test_a_company_is_found_by_typing(live_app, open_as, rep, acme):
    page = open_as(rep)
    page.goto("/deals/")
    page.get_by_role("link", name="Filter", exact=True).click()
    page.get_by_role("dialog").get_by_label("Company").press_sequentially("acm")
    expect(page.locator("#filter-companies option")).to_have_attribute("value", "Acme")
    page.get_by_role("dialog").get_by_label("Company").fill("Acme")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".filter-chip.is-on")).to_contain_text("Acme")
    expect(page.get_by_text("Elsewhere")).to_have_count(0)
