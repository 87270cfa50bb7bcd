"""Adding deals: in a column, in one step with a new company, with what was typed kept."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from pipeline.deals.actions import win
from pipeline.deals.add_views import FEWEST_WON, usual_close_date
from pipeline.models import Company, Deal
from teams.models import Role
from tests.factories import NOW, make_company, make_deal, make_user

QUICK = {"HX-Request": "true", "HX-Target": "quick-add"}


@pytest.fixture
def stage(pipeline):
    return pipeline.stages.get(position=2)


def client_for(user):
    client = Client()
    client.force_login(user)
    return client


def add(user, stage, *, quick=True, **fields):
    url = reverse("deal-add") + (f"?quick&stage={stage.pk}" if quick else "")
    return client_for(user).post(url, {"stage": stage.pk, **fields}, headers=QUICK if quick else {})


def test_a_new_deal_and_its_new_company_are_one_step(rep, stage):
    answer = add(
        rep, stage, name="Radiology backup", company="Klinikum Donautal", value="28k", expected_close_date="29 Jan"
    )
    deal = Deal.objects.get(name="Radiology backup")
    assert (deal.stage, deal.value, deal.expected_close_date) == (stage, 28_000, date(2027, 1, 29))
    assert (deal.company.name, deal.company.owner) == ("Klinikum Donautal", rep)
    page = answer.content.decode()
    assert f'id="deal-{deal.pk}"' in page
    assert f'id="quick-add-{stage.pk}"' in page
    assert f'id="column-head-{stage.pk}"' in page
    assert "is new" in answer["HX-Trigger"]


def test_from_a_page_of_its_own_one_goes_on_to_the_deal(rep, stage):
    url = reverse("deal-add")
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{url}?stage={stage.pk}"}
    answer = client_for(rep).post(url, {"stage": stage.pk, "name": "Radiology backup"}, headers=headers)
    assert answer["HX-Redirect"] == reverse("deal", args=[Deal.objects.get().pk])


def test_a_company_within_reach_is_meant_whatever_its_case(rep, stage):
    company = make_company("Klinikum Donautal", owner=rep)
    add(rep, stage, name="Radiology backup", company="klinikum donautal")
    assert Deal.objects.get().company == company


def test_a_company_out_of_reach_is_neither_offered_nor_taken(rep, other_rep, stage):
    foreign = make_company("Klinikum Donautal", owner=other_rep)
    make_company("Klinikum Ilmtal", owner=rep)
    page = client_for(rep).get(reverse("company-options"), {"company": "klin"}).content.decode()
    assert "Ilmtal" in page
    assert "Donautal" not in page
    add(rep, stage, name="Radiology backup", company="Klinikum Donautal")
    assert Deal.objects.get().company != foreign


@pytest.mark.parametrize("typed", ["", "k", "%", "_", "\x00", "x" * 100_000])
def test_odd_words_suggest_nothing(rep, typed):
    make_company("Klinikum Ilmtal", owner=rep)
    answer = client_for(rep).get(reverse("company-options"), {"company": typed})
    assert (answer.status_code, answer.content.strip()) == (200, b"")


def test_a_mistake_keeps_what_was_typed_and_adds_nothing(rep, stage):
    answer = add(rep, stage, name="Radiology backup", company="Klinikum", value="a lot")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Enter an amount such as" in page
    for typed in ("Radiology backup", "Klinikum", "a lot"):
        assert f'value="{typed}"' in page
    assert not Deal.objects.exists()
    assert not Company.objects.exists()


def test_a_deal_that_is_refused_leaves_no_company_behind(rep, stage):
    assert add(rep, stage, name="Late", company="Klinikum", expected_close_date="1.1.1900").status_code == 422
    assert not Company.objects.exists()


def test_the_close_date_is_what_is_usual(rep, pipeline):
    today = NOW.date()
    assert usual_close_date(today, NOW) is None
    for number in range(FEWEST_WON):
        begun = NOW - timedelta(days=number * 10 + 10)
        deal = make_deal(rep, at=begun)
        win(deal_id=deal.pk, by=rep, at=NOW, version=deal.version)
    assert usual_close_date(today, NOW) == today + timedelta(days=60)


def test_the_page_without_script_adds_as_well(rep, stage):
    client = client_for(rep)
    page = client.get(reverse("deal-add"), {"stage": stage.pk, "company": "Voss"}).content.decode()
    assert 'value="Voss"' in page
    answer = add(rep, stage, quick=False, name="Line 4", value="28,000")
    assert answer.status_code == 302
    assert Deal.objects.get().stage == stage


@pytest.mark.parametrize(
    ("role", "status"), [(Role.MANAGER, 200), (Role.ADMIN, 200), (Role.READ_ONLY, 403), (Role.CONTENT, 403)]
)
def test_who_may_add(team, stage, role, status):
    user = make_user(role, team=team)
    assert client_for(user).get(reverse("deal-add")).status_code == status


def test_one_deal_after_the_other_in_the_column(open_as, rep, pipeline, stage):
    make_company("Klinikum Donautal", owner=rep)
    page = open_as(rep)
    page.goto(reverse("board-pipeline", args=[pipeline.pk]))
    column = page.locator(f"#column-{stage.pk}")
    column.get_by_role("link", name=f"Add deal in {stage.name}").click()
    company = column.get_by_label("Company")
    expect(company).to_be_focused()
    company.press_sequentially("klini")
    expect(column.locator("datalist option")).to_have_count(1)
    company.fill("Klinikum Donautal")
    column.get_by_label("Deal name").fill("Radiology backup")
    column.get_by_label("Value").fill("28k")
    page.keyboard.press("Enter")
    expect(column.locator(".deal-card")).to_have_count(1)
    expect(column.locator("[data-total]")).to_have_text("€28,000")
    expect(company).to_be_focused()
    expect(company).to_have_value("")
    column.get_by_label("Deal name").fill("Second")
    column.get_by_label("Value").fill("much")
    page.keyboard.press("Enter")
    expect(column).to_contain_text("Enter an amount such as")
    expect(column.get_by_label("Deal name")).to_have_value("Second")
    column.get_by_role("link", name="More").click()
    expect(page.locator("#dialog").get_by_label("Deal name")).to_have_value("Second")
    page.keyboard.press("Escape")
    column.get_by_label("Deal name").press("Escape")
    expect(column.locator(".quick-add")).to_have_count(0)
    expect(column.get_by_role("link", name="Add deal", exact=True)).to_be_focused()
