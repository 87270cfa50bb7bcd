"""The list of deals: everything in the address, totals of the whole filter."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.templatetags.components import opposite
from pipeline.deals import actions
from pipeline.deals.columns import COLUMNS
from pipeline.deals.filters import DealFilter
from pipeline.models import Deal
from tests.factories import NOW, make_company, make_deal, make_pipeline, make_team, make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep():
    make_workspace()
    make_pipeline()
    return make_user(team=make_team("North"))


@pytest.fixture
def client_of(rep):
    client = Client()
    client.force_login(rep)
    return client


def names(answer):
    return [card.deal.name for card in answer.context["rows"]]


def test_totals_stand_for_all_pages(client_of, rep):
    for number in range(60):
        make_deal(rep, value=None if number < 5 else 10)
    context = client_of.get(reverse("deal-list")).context
    assert len(context["rows"]) == 50
    assert (context["totals"].count, context["totals"].value, context["totals"].without_value) == (60, 550, 5)


def test_it_asks_equally_often_for_one_deal_and_for_twenty(client_of, rep):
    make_deal(rep, company=make_company(owner=rep))
    client_of.get(reverse("deal-list"))
    with CaptureQueriesContext(connection) as few:
        client_of.get(reverse("deal-list"))
    for _number in range(20):
        make_deal(rep, company=make_company(owner=rep))
    with CaptureQueriesContext(connection) as many:
        client_of.get(reverse("deal-list"))
    assert len(few) == len(many)


def test_deals_of_other_teams_are_not_there(client_of, rep):
    make_deal(rep, name="Mine")
    make_deal(make_user(team=make_team("South")), name="Foreign")
    assert names(client_of.get(reverse("deal-list"))) == ["Mine"]


def test_order_and_unknown_values_at_the_end(client_of, rep):
    for name, value in (("Small", 1), ("Unknown", None), ("Big", 9)):
        make_deal(rep, name=name, value=value)
    assert names(client_of.get(reverse("deal-list"), {"ordering": "-value"})) == ["Big", "Small", "Unknown"]
    assert names(client_of.get(reverse("deal-list"), {"ordering": "value"})) == ["Small", "Big", "Unknown"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "voss"}, ["Voss support"]),
        ({"owner": "me"}, ["Plain", "Voss support"]),
        ({"has_value": "false"}, ["Plain"]),
        ({"expected_close_from": "2026-12-01", "expected_close_to": "2026-12-02"}, ["Voss support"]),
        ({"expected_close_to": "2026-12-01"}, []),
        ({"created_from": "2026-11-23", "created_to": "2026-11-24"}, ["Plain", "Voss support"]),
        ({"created_to": "2026-11-23"}, []),
        ({"closed_from": "2026-11-01"}, []),
        ({"status": "won"}, []),
        ({"next_step": "missing"}, ["Plain", "Voss support"]),
        ({"stalled": "true"}, []),
        ({"stalled": "false"}, ["Plain", "Voss support"]),
        ({"open_at": "2026-11-23T12:00:00Z"}, ["Plain", "Voss support"]),
        ({"open_at": "2026-11-22T12:00:00Z"}, []),
        ({"team": "999999"}, []),
        ({"territory": "999999"}, []),
        ({"source": "7", "stage": "7", "pipeline": "7"}, []),
    ],
)
def test_a_filter_narrows(rep, query, found):
    make_deal(rep, name="Voss support", expected_close_date=NOW.date().replace(month=12, day=1))
    make_deal(rep, name="Plain", value=None)
    deals = DealFilter(query, Deal.objects.reachable_by(rep).live(), user=rep, now=NOW)
    assert deals.form.is_valid(), deals.errors
    assert sorted(deal.name for deal in deals.qs) == found


def test_a_team_means_the_teams_below_it(rep):
    above = make_team("Above")
    below = make_team("Below", parent=above)
    make_deal(make_user(team=below), name="Below")
    deals = DealFilter({"team": str(above.pk)}, Deal.objects.live(), user=rep, now=NOW)
    assert [deal.name for deal in deals.qs] == ["Below"]


def test_the_list_of_an_earlier_instant_shows_what_was_then(client_of, rep):
    deal = make_deal(rep, name="Grown", value=100, at=NOW - timedelta(days=9))
    known = {"deal_id": deal.pk, "by": rep, "at": NOW - timedelta(days=1), "version": None}
    actions.edit_deal(changes={"value": Decimal(900)}, **known)
    actions.win(**known)
    answer = client_of.get(reverse("deal-list"), {"open_at": (NOW - timedelta(days=5)).isoformat()})
    assert [(card.deal.value, card.deal.status) for card in answer.context["rows"]] == [(100, "open")]
    assert answer.context["totals"].value == 100
    later = client_of.get(reverse("deal-list"), {"as_of": NOW.isoformat(), "status": "won"})
    assert [(card.deal.value, card.deal.status) for card in later.context["rows"]] == [(900, "won")]


@pytest.mark.parametrize("name", ["open_at", "as_of", "closed_from", "created_to", "expected_close_from"])
@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_days_at_the_ends_of_time_narrow_nothing(client_of, rep, name, value):
    make_workspace(time_zone="Europe/Berlin")
    make_deal(rep, name="Mine")
    assert names(client_of.get(reverse("deal-list"), {name: value})) == ["Mine"]


def test_strange_values_are_named_and_narrow_nothing(client_of, rep):
    make_deal(rep, name="Mine")
    answer = client_of.get(reverse("deal-list"), {"team": "'", "page": "x"})
    assert names(answer) == ["Mine"]
    assert "team" in answer.content.decode()


def test_htmx_gets_the_table_alone(client_of, rep):
    make_deal(rep)
    page = client_of.get(reverse("deal-list"), headers={"HX-Request": "true"}).content.decode()
    assert page.lstrip().startswith('<div class="stack-tight" id="deal-table"')


def test_columns_are_those_of_the_address_in_its_order(client_of, rep):
    make_deal(rep)
    page = client_of.get(reverse("deal-list"), {"columns": "owner,value,nonsense,owner"})
    assert [column.key for column in page.context["columns"]] == ["owner", "value"]
    assert client_of.get(reverse("deal-list"), {"columns": "nonsense"}).context["columns"][0].key == "value"


def test_the_form_of_columns_leads_to_one_word_and_empty_filters_leave_the_address(client_of):
    answer = client_of.get(reverse("deal-list"), {"column": ["value", "team"], "q": "", "status": "open", "page": "3"})
    assert answer.url == reverse("deal-list") + "?status=open&columns=value,team"


@pytest.mark.parametrize("column", COLUMNS.values(), ids=lambda column: column.key)
def test_every_column_is_printed_and_sorts_both_ways(client_of, rep, column):
    make_deal(rep, company=make_company(owner=rep), expected_close_date=NOW.date())
    make_deal(rep, value=None)
    for ordering in (column.ordering, opposite(column.ordering)):
        answer = client_of.get(reverse("deal-list"), {"columns": column.key, "ordering": ordering})
        assert "not understood" not in answer.content.decode()
        assert len(names(answer)) == 2


def test_amounts_narrow_and_strange_ones_do_not(client_of, rep):
    for value in (99, 100, 500):
        make_deal(rep, name=str(value), value=value)
    assert sorted(names(client_of.get(reverse("deal-list"), {"value_from": "100", "value_to": "500"}))) == ["100"]
    for strange in ("NaN", "1e999", "Infinity", "9" * 400, "-"):
        assert len(names(client_of.get(reverse("deal-list"), {"value_from": strange}))) == 3


def test_long_names_are_whole_in_the_title(client_of, rep):
    name = "Donaudampfschifffahrtsgesellschaft " * 5
    make_deal(rep, name=name.strip())
    assert f'title="{name.strip()}"' in client_of.get(reverse("deal-list")).content.decode()


def test_who_comes_from_a_figure_finds_the_way_back(client_of):
    came = "http://testserver/dashboard/?period=2026-q4"
    answer = client_of.get(reverse("deal-list"), {"status": "won"}, headers={"Referer": came})
    assert answer.url == reverse("deal-list") + "?status=won&back=%2Fdashboard%2F%3Fperiod%3D2026-q4"
    page = client_of.get(answer.url, headers={"Referer": came})
    assert page.context["back_url"] == "/dashboard/?period=2026-q4"
    assert "not understood" not in page.content.decode()
    assert client_of.get(reverse("deal-list"), headers={"Referer": "http://elsewhere/dashboard/"}).status_code == 200


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/dashboard/", "//evil.example/", "javascript:alert(1)", "/deals/", "/dashboard/\\evil"],
)
def test_the_way_back_leads_to_our_figures_only(client_of, back):
    assert client_of.get(reverse("deal-list"), {"back": back}).context["back_url"] == ""
