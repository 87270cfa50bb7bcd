"""People who read and work in other ways: without script, by keys only, with text of twice the size."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from pipeline.models import Activity, Company, Deal
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture
def deal(live_app, rep, pipeline):
    company = factories.make_company("Acme", owner=rep)
    factories.make_reason("won", "Price")
    return factories.make_deal(rep, name="Pumps", company=company, at=timezone.now())


def test_a_rep_works_without_script(open_as, rep, deal):
    page = open_as(rep, java_script_enabled=False)
    page.set_default_timeout(10_000)
    page.goto("/pipeline/")
    page.get_by_role("link", name="New deal").first.click()
    page.get_by_label("Name").fill("Valves")
    page.get_by_label("Value").fill("1,250")
    page.locator("main").get_by_role("button", name="Add deal").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Valves")
    page.goto(f"/deals/{deal.pk}/log/")
    page.get_by_text("Connected", exact=True).click()
    page.get_by_label("Note").fill("They agree.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("They agree.")).to_be_visible()
    page.get_by_role("link", name="Won").first.click()
    page.get_by_text("Price", exact=True).click()
    page.get_by_role("button", name="Mark as won").click()
    page.goto("/deals/")
    page.locator("main").get_by_role("link", name="Filter", exact=True).click()
    page.get_by_label("Status").select_option(label="Won")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name="Pumps")).to_be_visible()
    expect(page.get_by_role("link", name="Valves")).to_have_count(0)
    page.goto(f"/companies/{deal.company_id}/")
    page.locator("#field-name a").click()
    page.locator("main").get_by_label("Name").fill("Acme Ltd")
    page.get_by_role("button", name="Save").click()
    assert Company.objects.get().name == "Acme Ltd"
    assert Activity.objects.get(deal=deal).outcome == "connected"
    assert set(Deal.objects.values_list("name", "status")) == {("Pumps", "won"), ("Valves", "open")}


def test_the_first_key_leads_past_the_navigation(open_as, rep, deal):
    page = open_as(rep)
    page.goto("/deals/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_dialog_takes_the_focus_keeps_it_and_gives_it_back(open_as, rep, deal):
    page = open_as(rep)
    page.goto(f"/deals/{deal.pk}/")
    won = page.get_by_role("link", name="Won").first
    won.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Mark Pumps as won")
    expect(dialog.locator(":focus")).to_have_count(1)
    for _ in range(12):
        page.keyboard.press("Tab")
        # Between its last and its first control the browser's own bar has its turn.
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(won).to_be_focused()


@pytest.fixture
def large_text(browser_type, browser_type_launch_args):
    """A browser whose reader has set the text to twice the usual size."""
    arguments = [*browser_type_launch_args["args"], "--blink-settings=defaultFontSize=32"]
    browser = browser_type.launch(**browser_type_launch_args | {"args": arguments})
    yield browser
    browser.close()


def test_text_of_twice_the_size_fits(open_as, large_text, live_app, rep, deal):
    session = open_as(rep).context.storage_state()
    page = large_text.new_page(base_url=live_app.url, storage_state=session)
    for address in ("/today/", "/pipeline/", f"/deals/{deal.pk}/"):
        page.goto(address)
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            too_wide = page.locator("main").evaluate("main => main.scrollWidth - main.clientWidth")
            assert too_wide <= 0, f"{address} at {width} px"
