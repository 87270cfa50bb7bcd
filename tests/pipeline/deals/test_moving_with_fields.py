"""What comes with a move or an opening obeys the rules of editing."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from pipeline.deals.actions import edit_deal
from pipeline.models import Pipeline, Stage
from tests import factories
from tests.clients import api_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(rep, pipeline):
    return factories.make_deal(rep, at=timezone.now(), company=factories.make_company("Acme", owner=rep))


def test_a_probability_chosen_while_moving_stays(rep, deal):
    api = api_client(rep)
    stage = Stage.objects.order_by("position")[1]
    answer = api.post(
        f"/api/v1/deals/{deal.pk}/move/",
        {"version": 1, "stage": stage.pk, "fields": {"probability": 77}},
        format="json",
    )
    assert answer.status_code == 200, answer.json()
    assert answer.json()["probability"] == 77
    assert answer.json()["probability_overridden"] is True
    call_command("rebuild_history", "--check")


def test_without_one_the_next_stage_decides(rep, deal):
    api = api_client(rep)
    stage = Stage.objects.order_by("position")[1]
    answer = api.post(
        f"/api/v1/deals/{deal.pk}/move/",
        {"version": 1, "stage": stage.pk, "fields": {"probability": None}},
        format="json",
    )
    assert answer.status_code < 500
    call_command("rebuild_history", "--check")


def test_a_company_given_while_moving_brings_its_territory(rep, deal):
    territory = factories.make_territory("Nord")
    company = factories.make_company("Nordfirma", owner=rep, territory=territory)
    stage = Stage.objects.order_by("position")[1]
    answer = api_client(rep).post(
        f"/api/v1/deals/{deal.pk}/move/",
        {"version": 1, "stage": stage.pk, "fields": {"company": company.pk}},
        format="json",
    )
    assert answer.status_code == 200
    deal.refresh_from_db()
    assert deal.territory_id == territory.pk
    call_command("rebuild_history", "--check")


def test_a_deal_is_not_opened_in_an_archived_pipeline(rep, pipeline):

    old = factories.make_pipeline(("Old",), "Old")
    Pipeline.objects.filter(pk=old.pk).update(archived_at=timezone.now())
    stage = old.stages.get()
    answer = api_client(rep).post("/api/v1/deals/", {"name": "x", "stage": stage.pk}, format="json")
    assert answer.status_code in (400, 409)


def test_a_deal_does_not_begin_in_the_stage_of_another_pipeline(rep, pipeline):
    other = factories.make_pipeline(("Old",), "Other")
    stage = other.stages.get()
    answer = api_client(rep).post(
        "/api/v1/deals/", {"name": "x", "stage": stage.pk, "pipeline": pipeline.pk}, format="json"
    )
    assert answer.status_code in (400, 409)


def test_what_somebody_else_filled_meanwhile_is_not_overwritten(rep, admin, deal):
    edit_deal(deal_id=deal.pk, by=admin, at=timezone.now(), version=1, changes={"value": 500})
    stage = Stage.objects.order_by("position")[1]
    body = {"version": 1, "stage": stage.pk, "fields": {"value": "7.00"}}
    answer = api_client(rep).post(f"/api/v1/deals/{deal.pk}/move/", body, format="json")
    assert answer.status_code == 409
    assert answer.json()["field"] == "value"
    deal.refresh_from_db()
    assert (deal.value, deal.version) == (500, 2)
