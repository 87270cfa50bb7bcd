"""Settings in a real browser: dialogs, keyboard, two admins, and what acts at once."""

import re

import pytest
from playwright.sync_api import expect

from pipeline.models import Stage
from pipeline.stages.actions import edit_stage
from teams.models import Role, Workspace
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture
def stage(live_app, pipeline):
    return pipeline.stages.get(position=1)


def test_a_stage_is_changed_in_a_dialog(open_as, admin, stage):
    page = open_as(admin)
    page.goto("/stages/")
    page.get_by_role("link", name="Change Qualify").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Probability in %").fill("35")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(f"#stage-{stage.pk}")).to_contain_text("35%")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_another_admin_changed_is_asked_about_in_the_dialog(open_as, admin, stage):
    page = open_as(admin)
    page.goto("/stages/")
    page.get_by_role("link", name="Change Qualify").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Probability in %").fill("35")
    bea = make_user(Role.ADMIN, first_name="Bea", last_name="Boss")
    edit_stage(by=bea, stage_id=stage.pk, version=None, changes={"probability": 25})
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Bea Boss set “Probability in %” to 25. You entered 35.")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(f"#stage-{stage.pk}")).to_contain_text("35%")


def test_stages_are_ordered_with_the_keyboard_and_without_script(open_as, admin, stage):
    page = open_as(admin, java_script_enabled=False)
    page.goto("/stages/")
    down = page.get_by_role("button", name="Move Qualify down")
    down.focus()
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr th").first).to_have_text("Proposal")
    names = Stage.objects.filter(pipeline=stage.pipeline).in_order().values_list("name", flat=True)
    assert list(names) == ["Proposal", "Qualify", "Negotiation"]


def test_the_workspace_is_renamed(open_as, admin, workspace, live_app):
    page = open_as(admin)
    page.goto("/settings/workspace/")
    page.get_by_label("Name", exact=True).fill("Office")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".rail .workspace")).to_contain_text("Office")
    assert Workspace.objects.get().name == "Office"


def test_language_and_theme_act_at_once(open_as, rep, live_app):
    page = open_as(rep)
    page.goto("/settings/profile/")
    page.get_by_label("Language").select_option("de")
    page.get_by_label("Appearance").select_option("dark")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("html[lang=de][data-theme=dark]")).to_be_attached()


def test_the_audit_log_is_narrowed_by_its_form(open_as, admin, stage):
    edit_stage(by=admin, stage_id=stage.pk, version=None, changes={"probability": 25})
    page = open_as(admin)
    page.goto("/audit/")
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Action").select_option("edited")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("action=edited"))
    expect(page.locator(".timeline")).to_contain_text("changed the stage Qualify")


def test_a_token_is_made_and_revoked(open_as, rep, live_app):
    page = open_as(rep)
    page.goto("/settings/tokens/")
    page.get_by_label("Name").fill("Reporting")
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_label("Your new token")).not_to_have_value("")
    page.get_by_role("button", name="Revoke Reporting").click()
    expect(page.get_by_text("No tokens")).to_be_visible()
