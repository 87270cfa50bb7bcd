"""From one deal to the next of the list that a person came from."""

import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import expect

from pipeline.models import SavedView
from pipeline.work import neighbours
from tests.factories import make_deal

pytestmark = pytest.mark.django_db
LIST = "/deals/?ordering=name"


@pytest.fixture
def client(client, rep, pipeline):
    client.force_login(rep)
    return client


@pytest.fixture
def deals(rep, pipeline):
    return [make_deal(rep, name=name, value=value) for name, value in (("A", 3), ("B", 1), ("C", 2))]


def address(deal, **query):
    return reverse("deal", args=[deal.pk]) + (f"?{urlencode(query)}" if query else "")


def around(client, deal, came_from):
    return client.get(address(deal, **{"from": came_from})).context["around"]


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_list_says_which_deals_are_beside(client, deals):
    first, middle, last = deals
    found = around(client, middle, LIST)
    assert (found.place, found.number, found.list_url) == (2, 3, LIST)
    assert found.previous_url == address(first, **{"from": LIST})
    assert found.next_url == address(last, **{"from": LIST})
    assert (around(client, first, LIST).previous_url, around(client, last, LIST).next_url) == ("", "")
    assert "2 of 3" in text_of(client.get(address(middle, **{"from": LIST})))


def test_filters_and_order_of_the_list_hold(client, rep, deals):
    by_value = "/deals/?ordering=-value&value_from=2"
    assert around(client, deals[0], by_value).next_url == address(deals[2], **{"from": by_value})
    gone = around(client, deals[1], by_value)
    assert (gone.place, gone.previous_url, gone.next_url, gone.list_url) == (0, "", "", by_value)


def test_the_page_before_tells_where_one_came_from(client, deals):
    answer = client.get(address(deals[0]), headers={"Referer": f"http://testserver{LIST}"})
    assert answer.context["around"].next_url == address(deals[1], **{"from": LIST})


@pytest.mark.parametrize("place", ["/pipeline/", "/pipeline/{pk}/", "/pipeline/{pk}/?owner=me"])
def test_a_board_is_walked_column_by_column(client, rep, pipeline, place):
    last, first = (make_deal(rep, stage=stage) for stage in pipeline.stages.order_by("-position")[1:])
    small = make_deal(rep, stage=first.stage, value=1)
    place = place.format(pk=pipeline.pk)
    found = around(client, small, place)
    assert (found.page, found.place, found.number) == ("Pipeline", 2, 3)
    assert found.previous_url == address(first, **{"from": place})
    assert found.next_url == address(last, **{"from": place})


def test_a_board_keeps_its_own_order(client, rep, pipeline):
    early, late = (make_deal(rep, expected_close_date=day) for day in ("2026-12-01", "2026-12-24"))
    place = "/pipeline/?ordering=-expected_close_date"
    assert around(client, late, place).next_url == address(early, **{"from": place})


def test_the_view_has_its_name(client, rep, other_rep, deals):
    mine = SavedView.objects.create(owner=rep, name="Needs attention", parameters={})
    foreign = SavedView.objects.create(owner=other_rep, name="Hidden", parameters={})
    assert around(client, deals[0], f"/deals/?view={mine.pk}").view == "Needs attention"
    for key in (foreign.pk, 10**9, "x", "²"):
        assert around(client, deals[0], f"/deals/?{urlencode({'view': key})}").view == ""


def test_deals_out_of_reach_are_passed_over(client, other_rep, deals):
    make_deal(other_rep, name="Ab")
    assert around(client, deals[0], LIST).next_url == address(deals[1], **{"from": LIST})


@pytest.mark.parametrize(
    "place",
    [
        "",
        "/companies/",
        "https://example.com/deals/",
        "//example.com/deals/",
        "/deals/7/",
        "/pipeline/x/",
        "x" * 2000,
        "/deals/?q=" + "x" * 2000,
        "http://[",
        "javascript:alert(1)",
        "\x00",
    ],
)
def test_from_elsewhere_there_is_nothing_beside_and_nothing_asked(client, deals, place):
    client.get(address(deals[0]))
    with CaptureQueriesContext(connection) as plain:
        client.get(address(deals[0]))
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address(deals[0], **{"from": place}))
    assert answer.context["around"] is None
    assert len(queries) == len(plain)
    assert "Next deal" not in answer.content.decode()


def test_it_asks_at_most_twice_however_long_the_list(client, rep, deals):
    view = SavedView.objects.create(owner=rep, name="Needs attention", parameters={})

    def cost(**query):
        client.get(address(deals[0], **query))  # what a process remembers, such as rates, it has asked for by now
        with CaptureQueriesContext(connection) as queries:
            client.get(address(deals[0], **query))
        return len(queries)

    plain, few = cost(), cost(**{"from": f"/deals/?view={view.pk}"})
    for _ in range(20):
        make_deal(rep)
    assert few - plain <= 2
    assert cost(**{"from": f"/deals/?view={view.pk}"}) == few
    assert cost(**{"from": "/pipeline/"}) - plain <= 2


def test_a_long_list_is_walked_as_far_as_anybody_would(client, deals, monkeypatch):
    monkeypatch.setattr(neighbours, "MOST_WALKED", 2)
    second = around(client, deals[1], LIST)
    assert (second.place, second.number, second.is_more) == (2, 2, True)
    assert second.next_url == address(deals[2], **{"from": LIST})
    assert around(client, deals[2], LIST).place == 0
    assert "2 of more than 2" in text_of(client.get(address(deals[1], **{"from": LIST})))


@pytest.mark.browser
def test_brackets_walk_through_the_list(live_app, open_as, rep, deals):
    page = open_as(rep)
    page.goto(LIST)
    page.get_by_role("link", name="A", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A")
    page.keyboard.press("]")
    expect(page.get_by_role("heading", level=1)).to_have_text("B")
    page.keyboard.press("]")
    expect(page.get_by_role("heading", level=1)).to_have_text("C")
    page.keyboard.press("[")
    expect(page.get_by_role("heading", level=1)).to_have_text("B")
    page.get_by_role("link", name="Deals", exact=True).last.click()
    expect(page).to_have_url(re.compile(re.escape(LIST)))
