"""The board in Chromium: two people at one deal, changes by others, drop zones, keyboard, a phone."""

import re
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from crm.assets import slim_script
from pipeline.activities.actions import plan
from pipeline.deals import actions
from pipeline.models import Deal, DealStatus
from tests.factories import NOW, make_company, make_deal, make_reason

# What the product promises for changes by others, in milliseconds.
SOON = 30_000
SCRIPTS = Path(settings.BASE_DIR) / "static" / "js"


@pytest.fixture
def stages(pipeline):
    return list(pipeline.stages.in_order())


@pytest.fixture
def deal(rep, stages):
    return make_deal(rep, name="Line 4 upgrade", company=make_company("Voss Maschinenbau", owner=rep), stage=stages[0])


def open_board(page, pipeline):
    page.goto(reverse("board-pipeline", args=[pipeline.pk]))
    return page


def card(page: Page, deal):
    return page.locator(f"#deal-{deal.pk}")


def column(page: Page, stage):
    return page.locator(f"#column-{stage.pk}")


def lift(page, deal):
    box = card(page, deal).bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 60, steps=4)


def drag_over(page, target):
    box = target.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 200), steps=8)


def stage_of(deal):
    return Deal.objects.get(pk=deal.pk).stage


def serve_slimmed(page):
    """The scripts as production serves them."""
    page.route(
        re.compile(r"/static/js/(?!sortable)[a-z-]+\.js"),
        lambda route: route.fulfill(
            body=slim_script((SCRIPTS / route.request.url.rsplit("/", 1)[1]).read_text()),
            content_type="text/javascript",
        ),
    )


@pytest.mark.parametrize("choice", ["Leave it there", "Move to Proposal"])
def test_the_second_of_two_people_is_told_and_chooses(open_as, rep, manager, pipeline, stages, deal, choice):
    first, second = open_board(open_as(manager), pipeline), open_board(open_as(rep), pipeline)
    lift(second, deal)
    drag_over(second, column(second, stages[1]))
    lift(first, deal)
    drag_over(first, column(first, stages[2]))
    first.mouse.up()
    expect(column(first, stages[2]).locator(f"#deal-{deal.pk}")).to_be_visible()
    expect(first.locator("#toast")).to_contain_text("moved to Negotiation")
    second.mouse.up()
    dialog = second.locator("#dialog")
    expect(dialog).to_contain_text("Max Manager moved this from Qualify to Negotiation")
    assert stage_of(deal) == stages[2]
    dialog.get_by_role("button", name=choice).click()
    expect(dialog).to_be_hidden()
    final = stages[2] if choice == "Leave it there" else stages[1]
    expect(column(second, final).locator(f"#deal-{deal.pk}")).to_be_visible(timeout=SOON)
    assert stage_of(deal) == final
    expect(column(first, final).locator(f"#deal-{deal.pk}")).to_be_visible(timeout=SOON)


def test_changes_by_others_arrive(open_as, rep, manager, pipeline, stages, deal):
    page = open_board(open_as(manager), pipeline)
    expect(card(page, deal)).to_be_visible()
    added = make_deal(rep, name="Added meanwhile", stage=stages[1])
    actions.move_to_stage(deal_id=deal.pk, stage_id=stages[2].pk, by=rep, at=NOW, version=deal.version)
    expect(column(page, stages[2]).locator(f"#deal-{deal.pk}")).to_be_visible(timeout=SOON)
    expect(card(page, added)).to_be_visible(timeout=SOON)
    expect(page.locator("#board-region")).to_have_count(1)
    expect(column(page, stages[2]).locator("[data-count]")).to_have_text("1")


def test_a_board_that_was_made_before_ones_own_move_is_not_shown(open_as, rep, pipeline, stages, deal):
    page, held = open_board(open_as(rep), pipeline), []

    def hold(route):
        if route.request.headers.get("hx-target") == "board-region" and not held:
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.route("**/pipeline/**", hold)
    make_deal(rep, name="Added meanwhile", stage=stages[1])
    deadline = time.monotonic() + 20
    while not held and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    lift(page, deal)
    drag_over(page, column(page, stages[2]))
    page.mouse.up()
    expect(page.locator("#toast")).to_contain_text("moved to Negotiation")
    route, answer = held[0]
    route.fulfill(response=answer)
    page.wait_for_timeout(300)
    assert column(page, stages[2]).locator(f"#deal-{deal.pk}").is_visible()
    expect(page.get_by_text("Added meanwhile")).to_be_visible(timeout=SOON)
    expect(column(page, stages[2]).locator(f"#deal-{deal.pk}")).to_be_visible()


def test_a_next_step_by_others_arrives(open_as, rep, manager, pipeline, deal):
    page = open_board(open_as(manager), pipeline)
    expect(card(page, deal)).to_contain_text("No next step")
    plan(by=rep, at=NOW, kind="call", subject="Ask Mrs Voss", deal=deal, due_on=NOW.date())
    expect(card(page, deal)).not_to_contain_text("No next step", timeout=SOON)


def test_what_happens_before_the_board_listens_arrives(open_as, rep, manager, pipeline, stages, deal):
    page, streams = open_as(manager), []

    def hold(route):
        streams.append(route)

    page.route("**/events/stream/**", hold)
    open_board(page, pipeline)
    page.wait_for_function("document.readyState === 'complete'")
    actions.move_to_stage(deal_id=deal.pk, stage_id=stages[2].pk, by=rep, at=NOW, version=deal.version)
    streams.pop().continue_()
    expect(column(page, stages[2]).locator(f"#deal-{deal.pk}")).to_be_visible(timeout=SOON)


def test_they_wait_while_a_card_is_lifted(open_as, rep, pipeline, stages, deal):
    page = open_board(open_as(rep), pipeline)
    lift(page, deal)
    other = make_deal(rep, name="Added meanwhile", stage=stages[1])
    expect(page.locator("[data-changes-waiting]")).to_be_visible(timeout=SOON)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(card(page, other)).to_be_visible(timeout=SOON)
    assert stage_of(deal) == stages[0]


def test_a_drag_with_the_scripts_of_production(open_as, rep, pipeline, stages, deal):
    page = open_as(rep)
    faults = []

    def note(fault):
        faults.append(fault)

    page.on("pageerror", note)
    serve_slimmed(page)
    open_board(page, pipeline)
    lift(page, deal)
    drag_over(page, column(page, stages[1]))
    expect(page.locator(".drop-hint")).to_contain_text("Move to Proposal")
    expect(page.locator(".drop-hint")).to_contain_text("€200 → €400")
    page.mouse.up()
    expect(page.locator("#toast")).to_contain_text("moved to Proposal")
    page.keyboard.press("z")
    expect(column(page, stages[0]).locator(f"#deal-{deal.pk}")).to_be_visible(timeout=SOON)
    assert stage_of(deal) == stages[0]
    assert not faults


def test_won_and_lost_are_places_to_drop_at(open_as, rep, pipeline, stages, deal):
    make_reason("lost", "Price")
    lost = make_deal(rep, name="Lost one", stage=stages[0])
    page = open_board(open_as(rep), pipeline)
    expect(page.locator(".drop-bar")).to_be_hidden()
    lift(page, lost)
    drag_over(page, page.locator("[data-drop-outcome=lost]"))
    page.mouse.up()
    dialog = page.locator("#dialog")
    dialog.get_by_role("button", name="Mark as lost").click()
    expect(dialog).to_contain_text("Choose why the deal was lost.")
    dialog.get_by_text("Price").click()
    dialog.get_by_role("button", name="Mark as lost").click()
    expect(card(page, lost)).to_have_count(0)
    assert Deal.objects.get(pk=lost.pk).close_reason.name == "Price"
    lift(page, deal)
    drag_over(page, page.locator("[data-drop-outcome=won]"))
    page.mouse.up()
    dialog.get_by_role("button", name="Mark as won").click()
    expect(card(page, deal)).to_have_count(0)
    assert Deal.objects.get(pk=deal.pk).status == DealStatus.WON


def test_everything_moves_by_keyboard(open_as, rep, pipeline, stages, deal):
    page = open_board(open_as(rep), pipeline)
    link = page.locator(f"#deal-{deal.pk} .deal-card-link")
    link.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(column(page, stages[1]).locator(f"#deal-{deal.pk}")).to_be_visible()
    expect(page.locator("#announcer")).to_contain_text("moved to Proposal")
    expect(link).to_be_focused()
    page.keyboard.press("m")
    expect(page.locator("#move-menu")).to_be_visible()
    page.keyboard.press("3")
    expect(column(page, stages[2]).locator(f"#deal-{deal.pk}")).to_be_visible()
    expect(page.locator(f"#deal-{deal.pk}.is-pending")).to_have_count(0)
    page.keyboard.press("m")
    page.keyboard.press("x")
    expect(page.locator("#dialog")).to_contain_text("as lost")


def test_a_phone_moves_by_the_stage_button(open_as, rep, pipeline, stages, deal):
    page = open_board(open_as(rep, viewport={"width": 390, "height": 844}, has_touch=True), pipeline)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    card(page, deal).locator(".deal-card-move").tap()
    page.locator("#move-menu").get_by_text("Negotiation").tap()
    expect(column(page, stages[2]).locator(f"#deal-{deal.pk}")).to_have_count(1)
    expect(page.locator("#toast")).to_contain_text("moved to Negotiation")
    assert stage_of(deal) == stages[2]


def test_a_board_works_without_script(open_as, rep, pipeline, stages, deal):
    page = open_board(open_as(rep, java_script_enabled=False), pipeline)
    card(page, deal).locator(".deal-card-move").click()
    page.get_by_label("Stage").select_option(label="Negotiation")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(column(page, stages[2]).locator(f"#deal-{deal.pk}")).to_be_visible()


def test_columns_scroll_below_heads_of_one_height(open_as, rep, pipeline, stages):
    """A column of many deals keeps its head, its last deal can be reached, and cards of all columns begin in a row."""
    for number in range(20):
        make_deal(rep, name=f"Line {number}", stage=stages[0], value=None if number else 1000)
    make_deal(rep, name="Alone", stage=stages[1])
    page = open_board(open_as(rep), pipeline)
    cards = column(page, stages[0]).locator("[data-cards]")
    assert cards.evaluate("list => list.scrollHeight > list.clientHeight"), "nothing scrolls in the column"
    last = cards.locator("[data-card], .deal-card").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport(ratio=1)
    expect(column(page, stages[0]).locator("header")).to_be_in_viewport(ratio=1)
    tops = [column(page, stage).locator("[data-cards]").bounding_box()["y"] for stage in stages[:2]]
    assert tops[0] == tops[1]
