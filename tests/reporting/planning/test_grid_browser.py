"""The grid under the hands of a person: keys, sums at once, refusals, blocks from a spreadsheet, phones."""

from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reporting.planning.grid import current_year
from teams.models import Quota, Workspace
from tests.factories import make_user


@pytest.fixture
def ann(team):
    return make_user(team=team, first_name="Ann", last_name="Able")


@pytest.fixture
def bob(team):
    return make_user(team=team, first_name="Bob", last_name="Baker")


@pytest.fixture
def grid(open_as, manager, ann, bob):
    page = open_as(manager)
    page.goto(reverse("quota-year", args=[2026]))
    return page


def cell(page, person, month):
    return page.locator(f"#user-{person.pk}-{person.memberships.get().team_id}-2026-{month:02}")


def amounts(person):
    return dict(Quota.objects.current().filter(user=person).values_list("month__month", "amount"))


def test_typing_and_enter_save_and_go_down_with_the_sums_at_once(grid, team, ann, bob):
    cell(grid, ann, 3).click()
    grid.keyboard.type("71.5k")
    grid.keyboard.press("Enter")
    expect(cell(grid, bob, 3)).to_be_focused()
    expect(cell(grid, ann, 3)).to_have_value("71,500")
    expect(grid.locator(f"#team-{team.pk}-q0")).to_have_text("71,500")
    grid.keyboard.type("500")
    grid.keyboard.press("Tab")
    expect(cell(grid, bob, 4)).to_be_focused()
    expect(grid.locator(f"#team-{team.pk}-y")).to_have_text("72,000")
    assert (amounts(ann), amounts(bob)) == ({3: 71_500}, {3: 500})


def test_arrows_move_and_escape_restores(grid, ann, bob):
    cell(grid, ann, 3).click()
    grid.keyboard.press("ArrowRight")
    grid.keyboard.press("ArrowDown")
    expect(cell(grid, bob, 4)).to_be_focused()
    grid.keyboard.type("77")
    grid.keyboard.press("Escape")
    grid.keyboard.press("ArrowUp")
    expect(cell(grid, ann, 4)).to_be_focused()
    assert not Quota.objects.exists()


def test_what_is_no_amount_stays_and_is_told(grid, ann):
    cell(grid, ann, 3).click()
    grid.keyboard.type("many")
    grid.keyboard.press("Enter")
    expect(grid.get_by_role("status").filter(has_text="Enter an amount")).to_be_visible()
    expect(cell(grid, ann, 3)).to_have_attribute("aria-invalid", "true")
    expect(cell(grid, ann, 3)).to_have_value("many")


def test_a_saved_cell_can_be_changed_again_and_shows_its_history(grid, ann):
    for amount in ("100", "120"):
        cell(grid, ann, 3).click()
        grid.keyboard.type(amount)
        grid.keyboard.press("Enter")
        expect(grid.locator("#quota-status")).to_have_text("Saved")
        expect(cell(grid, ann, 3)).to_have_value(amount)
    cell(grid, ann, 3).click()
    grid.get_by_role("link", name="History of Ann Able, March 2026").click()
    rows = grid.get_by_role("dialog").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("€120")


def test_a_block_pasted_into_a_cell_is_shown_and_saved(grid, ann, bob):
    cell(grid, ann, 11).click()
    grid.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        "1,000\t2,000\n3,000\t4,000\n",
    )
    grid.get_by_role("button", name="Save 4 quotas").click()
    expect(cell(grid, bob, 12)).to_have_value("4,000")
    assert (amounts(ann), amounts(bob)) == ({11: 1000, 12: 2000}, {11: 3000, 12: Decimal(4000)})


def test_on_a_phone_the_grid_is_to_read(open_as, manager, ann):
    page = open_as(manager, viewport={"width": 320, "height": 700})
    page.goto(reverse("quota-year", args=[2026]))
    expect(page.get_by_text("Editing quotas needs a wider screen.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    expect(cell(page, ann, 1)).not_to_be_editable()


def test_without_script_the_cells_are_to_read_and_the_line_is_a_form(open_as, manager, ann):
    page = open_as(manager, java_script_enabled=False)
    page.goto(reverse("quota-year", args=[2026]))
    expect(cell(page, ann, 1)).not_to_be_editable()
    page.get_by_role("link", name="Ann Able").click()
    page.get_by_label("May 2026").fill("1.5k")
    page.get_by_role("button", name="Save").click()
    expect(cell(page, ann, 5)).to_have_value("1,500")


def test_the_present_year_opens_without_naming_it(open_as, manager, ann, time_zone_today):
    page = open_as(manager)
    page.goto(reverse("quota-grid"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Quotas {time_zone_today}")


@pytest.fixture
def time_zone_today(workspace):
    from django.utils import timezone

    return current_year(Workspace.get().today(timezone.now()), Workspace.get())
