"""The search: what fits, as far as the reader reaches, whatever is typed."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import expect

from crm.templatetags.components import marked
from pipeline.deals.actions import win
from pipeline.work.search import find, wish
from teams.models import Role
from tests.factories import NOW, make_company, make_contact, make_deal, make_user

URL = "/search/"


def client_for(user):
    client = Client()
    client.force_login(user)
    return client


def found(user, typed, limit=20):
    return find(wish(typed), reader=user, now=NOW, limit=limit)


def deal_names(user, typed):
    return [card.deal.name for card in found(user, typed).deals]


@pytest.fixture
def voss(rep, pipeline):
    company = make_company("Voss Maschinenbau GmbH", owner=rep)
    make_contact("Müller", first_name="Annette", company=company, owner=rep)
    return make_deal(rep, name="Storage + support bundle", company=company)


@pytest.mark.parametrize("typed", ["storage", "VOSS", "voss stor", "bundle maschinenbau", "storage + supp"])
def test_a_deal_is_found_by_its_name_and_its_company(rep, voss, typed):
    assert deal_names(rep, typed) == [voss.name]


@pytest.mark.parametrize("typed", ["müller", "muller", "mueller", "MÜLLER annette", "@müll", "mulller"])
def test_umlauts_and_one_mistake_do_not_matter(rep, voss, typed):
    assert [contact.last_name for contact in found(rep, typed).contacts] == ["Müller"]


@pytest.mark.parametrize(("typed", "groups"), [("@voss", 0), ("#voss", 1), (">voss", 0), ("voss", 2)])
def test_a_sign_before_the_words_limits_the_kind(rep, voss, typed, groups):
    result = found(rep, typed)
    assert len([rows for rows in (result.deals, result.companies, result.contacts) if rows]) == groups


def test_what_begins_so_comes_first_then_ones_own_then_what_is_open(rep, manager, pipeline):
    company = make_company("Fernost", owner=rep)
    closed = make_deal(rep, name="Alte Nordsee", company=company)
    win(deal_id=closed.pk, by=rep, at=NOW, version=closed.version)
    make_deal(rep, name="Neue Nordsee", company=company)
    make_deal(rep, name="Nordsee", company=company)
    assert deal_names(manager, "nordsee") == ["Nordsee", "Neue Nordsee", "Alte Nordsee"]


@pytest.mark.parametrize("typed", ["voss", "maschinenbua", "storage", "müller", "rita"])
def test_nothing_of_other_teams_is_found(other_rep, voss, typed):
    assert found(other_rep, typed).count == 0
    page = client_for(other_rep).get(URL, {"q": typed}).content.decode()
    assert "Maschinenbau" not in page
    assert "Annette" not in page


def test_managers_and_admins_find_what_they_reach(manager, admin, rep, voss):
    for user in (manager, admin):
        result = found(user, "voss")
        assert (len(result.deals), len(result.companies)) == (1, 1)
        assert [person.pk for person in found(user, "rita").people] == [rep.pk]


def test_people_without_records_get_places_only(team, voss):
    answer = client_for(make_user(Role.CONTENT, team=team)).get(URL, {"q": "voss"})
    assert answer.context["found"].count == 0
    assert not answer.context["creations"]


def test_strangers_are_sent_to_sign_in(client, db):
    assert client.get(URL).status_code == 302


@pytest.mark.parametrize(
    "typed",
    [
        "%",
        "_",
        "%%%%",
        "\\",
        "'; --",
        "\x00",
        "vo\x00ss" * 3,
        "x" * 60_000,
        " ",
        ">",
        "@",
        "#",
        "ß",
        "\ud83d",
        "a b " * 200,
    ],
    ids=lambda typed: ascii(typed)[:20],
)
def test_whatever_is_typed_is_only_words(rep, voss, typed):
    answer = client_for(rep).get(URL, {"q": typed.encode("utf-8", "replace").decode()})
    assert answer.status_code == 200


def test_wildcards_are_letters(rep, voss):
    assert found(rep, "v%ss").count == found(rep, "v_ss").count == found(rep, "%%").count == 0


def test_it_asks_equally_often_for_one_row_and_for_twenty(rep, voss):
    client = client_for(rep)
    client.get(URL, {"q": "voss"})
    with CaptureQueriesContext(connection) as few:
        client.get(URL, {"q": "voss"})
    for number in range(20):
        company = make_company(f"Voss {number}", owner=rep)
        make_deal(rep, company=company)
        make_contact("Voss", company=company, owner=rep)
    with CaptureQueriesContext(connection) as many:
        client.get(URL, {"q": "voss"})
    assert len(few) == len(many)


def test_deleted_records_are_not_found(rep, voss):
    type(voss).objects.update(deleted_at=NOW)
    assert deal_names(rep, "storage") == []


def test_the_letters_that_fit_are_marked_and_the_rest_is_text():
    assert marked("Müller <b>", ("mull",)) == "<mark>Müll</mark>er &lt;b&gt;"
    assert marked("Voss", ("x",)) == "Voss"


def test_the_palette_over_the_page(open_as, rep, voss):
    page = open_as(rep)
    page.goto(reverse("today"))
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search or jump to")
    expect(field).to_be_focused()
    field.press_sequentially("voss")
    first = page.locator("#search-results [role=option]").first
    expect(first).to_contain_text("Storage + support bundle")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", f"option-deal-{voss.pk}")
    expect(page.locator(".palette-preview")).to_contain_text("Rita Rep")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[aria-selected=true]")).to_contain_text("Voss Maschinenbau GmbH")
    page.keyboard.press("Tab")
    expect(page.locator("[aria-selected=true]")).to_contain_text("Log a call")
    assert page.url.endswith(reverse("today"))
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").press_sequentially("voss")
    expect(first).to_contain_text("Storage")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/deals/{voss.pk}/")


def test_enter_before_the_answer_waits_for_it(open_as, rep, voss):
    """Who types and presses Enter at once gets the first result, not a page of results."""
    page = open_as(rep)
    page.goto(reverse("today"))
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search or jump to")).to_be_focused()
    page.keyboard.type("voss")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/deals/{voss.pk}/")


@pytest.mark.parametrize("hurry", [True, False])
def test_enter_without_an_answer_asks_the_page_of_the_search(open_as, rep, voss, hurry):
    page = open_as(rep)
    page.goto(reverse("today"))
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search or jump to")
    expect(field).to_be_focused()

    def answer(route):
        route.abort() if route.request.headers.get("hx-request") else route.continue_()

    page.route("**/search/?q=*", answer)
    if hurry:
        field.press_sequentially("voss")
    else:
        with page.expect_event("requestfailed"):
            field.press_sequentially("voss")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=voss")


def test_an_action_of_the_palette_opens_in_its_place(open_as, rep, voss):
    page = open_as(rep)
    page.goto(reverse("today"))
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").press_sequentially("Neues Vorhaben")
    expect(page.locator("#search-results")).to_contain_text("Nothing for “Neues Vorhaben”")
    page.get_by_role("option", name="New deal “Neues Vorhaben”").click()
    expect(page.get_by_label("Deal name")).to_have_value("Neues Vorhaben")


def test_search_without_script_is_a_page(open_as, rep, voss):
    page = open_as(rep, java_script_enabled=False)
    page.goto(reverse("today"))
    page.locator(".search-open").click()
    page.get_by_role("searchbox").fill("voss")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Storage + support bundle").click()
    page.wait_for_url(f"**/deals/{voss.pk}/")
