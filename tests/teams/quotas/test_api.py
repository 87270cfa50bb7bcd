"""Quotas through the API: who reads what, setting many at once, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from teams.models import Quota
from tests.clients import api_client
from tests.factories import set_quota

pytestmark = pytest.mark.django_db
URL = "/api/v1/quotas/"


def cell(month=3, amount="100.00", version=0, **subject):
    return {"month": f"2026-{month:02}-01", "amount": amount, "version": version, **subject}


def post(user, *cells, **more):
    return api_client(user).post(URL, {"quotas": list(cells), **more}, format="json")


def test_many_are_set_at_once(manager, rep, team):
    answer = post(manager, cell(3, user=rep.pk), cell(4, "71500.50", user=rep.pk), cell(3, "900.00", team=team.pk))
    assert answer.status_code == 200
    assert answer.data["changed"] == 3
    assert {(row["user"], row["month"], row["amount"], row["version"]) for row in answer.data["quotas"]} == {
        (rep.pk, "2026-03-01", "100.00", 1),
        (rep.pk, "2026-04-01", "71500.50", 1),
        (None, "2026-03-01", "900.00", 1),
    }


def test_reps_read_their_own_and_set_none(admin, rep, other_rep):
    for person in (rep, other_rep):
        set_quota(by=admin, at=timezone.now(), subject=person, month=date(2026, 3, 1), amount=Decimal(5))
    assert [row["user"] for row in api_client(rep).get(URL).data["results"]] == [rep.pk]
    assert post(rep, cell(user=rep.pk)).status_code == 403


def test_people_out_of_reach_are_not_found_and_nothing_is_saved(manager, rep, other_rep, root_team):
    for subject in ({"user": other_rep.pk}, {"team": root_team.pk}, {"user": 10**12}):
        assert post(manager, cell(user=rep.pk), cell(**subject)).status_code == 404
    assert not Quota.objects.exists()


def test_an_outdated_version_is_a_conflict(admin, manager, rep):
    post(admin, cell(amount="120.00", user=rep.pk))
    answer = post(manager, cell(amount="130.00", user=rep.pk))
    assert answer.status_code == 409
    assert answer.json()["conflicts"][0]["field"] == f"user-{rep.pk}-2026-03"
    assert post(manager, cell(amount=None, version=1, user=rep.pk)).status_code == 200
    assert Quota.objects.current().get().amount is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "-1"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1e15"}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"month": "2026-03-02"}, "month"),
        ({"month": "soon"}, "month"),
        ({"version": -1}, "version"),
        ({"version": None}, "version"),
        ({"team": 1}, "user"),
        ({"territory": 1}, "territory"),
    ],
)
def test_wrong_cells_are_named(admin, rep, change, field):
    answer = post(admin, cell(user=rep.pk) | change)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == f"quotas.0.{field}"


@pytest.mark.parametrize("body", [{}, {"quotas": []}, {"quotas": "x"}, {"quotas": [{}]}, {"quotas": None}])
def test_nothing_to_set_is_refused(admin, body):
    assert api_client(admin).post(URL, body, format="json").status_code == 400


def test_years_far_away_are_refused(admin, rep):
    assert post(admin, cell(user=rep.pk) | {"month": "2199-01-01"}).status_code == 409


def test_a_token_to_read_sets_nothing(admin, rep):
    answer = api_client(admin, "read").post(URL, {"quotas": [cell(user=rep.pk)]}, format="json")
    assert answer.status_code == 403
    assert not Quota.objects.exists()
