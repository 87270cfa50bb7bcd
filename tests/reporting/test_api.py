"""The address of the figures: its shape, its refusals, and that its rows are what it counts."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from pipeline.deals import actions
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
    rows = body["win_rate"].pop("rows")
    assert body["win_rate"] == {"value": None, "won": 0, "lost": 0, "excluded": 0, "interval": None}
    assert rows == "/api/v1/deals/?counted_in=win_rate&closed_from=2017-10-01&closed_to=2018-01-01"
    assert body["sales_velocity"].pop("rows")
    assert body["sales_velocity"] == {"value": None, "per": "day", "actual": "0.00"}
    size = {"value", "n", "without_value", "not_convertible", "median", "basis", "rows"}
    assert set(body["average_deal_size"]) == size


def test_as_many_rows_as_the_figure_says(api):
    team = factories.make_team()
    for owner in (factories.make_user(team=team), factories.make_user(team=team), factories.make_user()):
        factories.make_deal(owner, at=timezone.now() - timedelta(days=1))
    figure = api.get(URL, {"team": team.pk}).json()["deals_in_funnel"]
    rows = api.get(figure["rows"]).json()["results"]
    assert figure["value"] == len(rows) == 2


def test_every_figure_names_its_rows(api):
    rep = factories.make_user()
    then = timezone.now() - timedelta(days=1)
    deals = [factories.make_deal(rep, at=then) for _number in range(4)]
    actions.win(deal_id=deals[0].pk, by=rep, at=then, version=None)
    actions.lose(deal_id=deals[1].pk, by=rep, at=then, version=None, reason=factories.make_reason())
    excused = factories.make_reason(counts_in_win_rate=False)
    actions.lose(deal_id=deals[2].pk, by=rep, at=then, version=None, reason=excused)
    period = {"start": str(then.date() - timedelta(days=2)), "end": str(then.date() + timedelta(days=2))}
    for as_of in ({}, {"as_of": timezone.now().isoformat()}):
        body = api.get(URL, period | as_of).json()
        counted = {
            name: len(api.get(figure["rows"]).json()["results"]) for name, figure in body.items() if "rows" in figure
        }
        assert counted == {
            "deals_in_funnel": 1,
            "average_deal_size": 1,
            "win_rate": 2,
            "average_time_to_close": 1,
            "sales_velocity": 1,
        }
        assert body["win_rate"]["excluded"] == 1


@pytest.mark.parametrize(
    "query",
    [
        {"colour": "red"},
        {"mode": "as_reported"},
        {"start": "2026-01-01"},
        {"start": "2026-02-01", "end": "2026-01-01"},
        {"owner": "x"},
        {"as_of": "yesterday"},
        {"as_of": "0001-01-01T00:00:00Z"},
        {"start": "0001-01-01", "end": "0001-02-01"},
        {"size_basis": "closed"},
        {"pipeline": "0"},
    ],
)
def test_what_is_not_understood_is_refused(api, query):
    answer = api.get(URL, query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"]


def test_content_people_have_no_figures(api):
    api.force_authenticate(factories.make_user(Role.CONTENT))
    assert api.get(URL).status_code == 403
