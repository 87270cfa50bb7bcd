"""Logging a call in the dialog and ticking off by keyboard, in Chromium."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from pipeline.activities.actions import plan
from pipeline.models import Activity, Deal
from tests.factories import make_company, make_deal


@pytest.fixture
def deal(rep, pipeline):
    return make_deal(rep, name="Line 4", company=make_company("Voss", owner=rep), at=timezone.now())


def test_a_call_is_logged_with_what_comes_next(open_as, rep, deal):
    page = open_as(rep)
    page.goto(f"/deals/{deal.pk}/")
    page.keyboard.press("l")
    dialog = page.locator("dialog[open]")
    dialog.get_by_text("Connected").click()
    dialog.get_by_label("Note").fill("Agreed 45 days.")
    dialog.get_by_text("Tomorrow").click()
    dialog.get_by_label("What next").fill("Send the offer")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#history")).to_contain_text("Agreed 45 days.")
    expect(page.locator(".step-list")).to_contain_text("Send the offer")
    call = Activity.objects.get(done_at__isnull=False)
    assert (call.subject, call.outcome) == ("Call with Voss", "connected")


def test_a_step_is_done_undone_and_followed_by_keyboard(open_as, rep, deal):
    now = timezone.now()
    plan(by=rep, at=now, kind="call", subject="Call Voss", deal=deal, due_on=now.date() - timedelta(days=1))
    page = open_as(rep)
    page.goto("/today/")
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.get_by_text("What is the next step for Line 4?")).to_be_visible()
    assert Activity.objects.get().done_at
    page.wait_for_load_state()  # shortcuts work once the scripts of the new page have run
    page.keyboard.press("z")
    expect(page.get_by_role("button", name="Done: Call Voss")).to_be_visible()
    assert Activity.objects.get().is_open
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.locator(".next-offer").get_by_role("button").first.click()
    expect(page.get_by_text("What is the next step for Line 4?")).to_be_hidden()
    assert Deal.objects.get().next_step_due_on > now.date()


def test_a_long_name_stays_in_its_panel(open_as, rep, pipeline):
    for name in ("Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik" * 3, "A very long name of a deal " * 5):
        deal = make_deal(rep, name=name.strip(), at=timezone.now())
        for width in (320, 1280):
            page = open_as(rep, viewport={"width": width, "height": 800})
            page.goto(f"/deals/{deal.pk}/")
            wide = "[...document.querySelectorAll('.panel')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
            assert page.evaluate(wide) == 0
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
