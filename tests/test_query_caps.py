"""The operations of every day ask the database no more often than agreed, whoever asks and however much there is."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.activities.actions import plan
from pipeline.deals import actions
from pipeline.models import Deal, SavedView
from pipeline.saved_views.actions import pin_view, save_view
from teams.models import ApiToken, Quota, Role
from tests.factories import make_company, make_deal, make_reason, make_team, make_territory, make_user
from tests.kept import forget

pytestmark = pytest.mark.django_db
ROLES = ["rep", "manager", "admin"]
# What is not a question: the brackets around others.
BRACKETS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
CAPS = {
    "/deals/?status=open&ordering=expected_close_date": 12,
    "/pipeline/": 12,
    "/deals/{deal}/": 15,
    "/dashboard/?period={year}": 10,
    "/companies/?q=voss": 8,
}


def questions(ask):
    """The statements of the second of two equal requests: the first fills what a process remembers, and the cache."""
    forget()
    for _time in range(2):
        with CaptureQueriesContext(connection) as asked:
            assert ask().status_code == 200
    return [query["sql"] for query in asked if not query["sql"].startswith(BRACKETS)]


@pytest.fixture
def company_of_many(workspace, pipeline, rep, manager, admin, other_rep, team):
    """What makes pages ask: quotas, pinned views, a territory, lines that others manage."""
    today = timezone.localdate()
    make_territory("North")
    make_user(Role.MANAGER, manages=make_team("West", team))
    for person in (rep, manager, other_rep):
        Quota.objects.create(
            user=person, month=date(today.year, today.month, 1), amount=1000, currency="EUR", set_at=timezone.now()
        )
    view = save_view(by=admin, name="Large ones", parameters={"value_from": "1000"}, scope="everyone")
    for person in (rep, manager, admin):
        pin_view(view=view, by=person)
    assert SavedView.objects.exists()


def fill(number, rep):
    """As many companies, each with an open deal and its next step; one more deal won and one lost."""
    now = timezone.now()
    for index in range(number):
        deal = make_deal(rep, company=make_company(f"Voss {index}", owner=rep), at=now)
        plan(by=rep, at=now, kind="call", subject="Call", deal=deal, due_on=now.date() + timedelta(1))
    won, lost = make_deal(rep, at=now), make_deal(rep, at=now)
    actions.win(deal_id=won.pk, by=rep, at=now, version=None)
    actions.lose(deal_id=lost.pk, by=rep, at=now, version=None, reason=make_reason("lost"))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("address", CAPS)
def test_pages(request, company_of_many, rep, role, address):
    client = Client()
    client.force_login(request.getfixturevalue(role))

    def asked():
        deal = Deal.objects.filter(status="open").earliest("pk")
        return questions(lambda: client.get(address.format(deal=deal.pk, year=timezone.localdate().year)))

    fill(1, rep)
    one = asked()
    fill(19, rep)
    twenty = asked()
    assert len(one) <= CAPS[address], "\n".join(one)
    assert len(twenty) == len(one), "\n".join(twenty)


def test_a_search_that_finds_no_deals(company_of_many, rep):
    client = Client()
    client.force_login(rep)
    make_company("Voss", owner=rep)
    assert len(questions(lambda: client.get("/companies/?q=voss"))) <= CAPS["/companies/?q=voss"]


def with_token(user):
    _token, secret = ApiToken.objects.create(user=user, scope="write", name="Script")
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.parametrize("role", ROLES)
def test_a_page_of_the_api(request, company_of_many, rep, role):
    client = with_token(request.getfixturevalue(role))
    fill(1, rep)
    one = questions(lambda: client.get("/api/v1/deals/?page_size=50"))
    fill(19, rep)
    twenty = questions(lambda: client.get("/api/v1/deals/?page_size=50"))
    assert len(one) <= 6, "\n".join(one)
    assert len(twenty) == len(one), "\n".join(twenty)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("number", [1, 20])
def test_a_stage_change(request, company_of_many, rep, pipeline, role, number):
    client = with_token(request.getfixturevalue(role))
    fill(number, rep)
    deal = Deal.objects.filter(status="open").earliest("pk")
    stages = iter(list(pipeline.stages.in_order())[1:])
    versions = iter((deal.version, deal.version + 1))

    def move():
        body = {"stage": next(stages).pk, "version": next(versions)}
        return client.post(f"/api/v1/deals/{deal.pk}/move/", json.dumps(body), content_type="application/json")

    asked = questions(move)
    assert len(asked) <= 12, "\n".join(asked)
