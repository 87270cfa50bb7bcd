"""The address of the figures: its shape, its refusals, and that its rows are what it counts."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from teams.models import Role
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/api/v1/metrics/funnel/"


@pytest.fixture
def api():
    factories.make_workspace()
    client = APIClient()
    client.force_authenticate(factories.make_user(Role.ADMIN))
    return client


def test_the_shape_is_the_published_one(api):
    body = api.get(URL, {"start": "2017-10-01", "end": "2018-01-01"}).json()
    assert body["period"] == {"start": "2017-10-01", "end": "2018-01-01"}
    assert body["deals_in_funnel"]["value"] == 0
    assert body["win_rate"] == {"value": None, "won": 0, "lost": 0, "interval": None}
    assert body["sales_velocity"] == {"value": None, "per": "day", "actual": "0.00"}
    assert set(body["average_deal_size"]) == {"value", "n", "without_value", "median", "basis"}


def test_as_many_rows_as_the_figure_says(api):
    team = factories.make_team()
    for owner in (factories.make_user(team=team), factories.make_user(team=team), factories.make_user()):
        factories.make_deal(owner, at=timezone.now() - timedelta(days=1))
    figure = api.get(URL, {"team": team.pk}).json()["deals_in_funnel"]
    rows = api.get(figure["rows"]).json()["results"]
    assert figure["value"] == len(rows) == 2


@pytest.mark.parametrize(
    "query",
    [
        {"colour": "red"},
        {"mode": "as_reported"},
        {"start": "2026-01-01"},
        {"start": "2026-02-01", "end": "2026-01-01"},
        {"owner": "x"},
        {"as_of": "yesterday"},
    ],
)
def test_what_is_not_understood_is_refused(api, query):
    answer = api.get(URL, query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"]


def test_content_people_have_no_figures(api):
    api.force_authenticate(factories.make_user(Role.CONTENT))
    assert api.get(URL).status_code == 403
