"""Territories in a real browser, with and without script."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from pipeline.coverage.actions import place
from pipeline.models import Company
from teams.models import TerritoryMembership
from tests.factories import NOW, make_company, make_deal, make_territory

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft GmbH"
DE = [[{"field": "country", "operator": "in", "values": ["DE"]}]]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def germany(live_app, workspace, rep):
    territory = make_territory(LONG[:80], priority=10, rules=DE)
    make_territory("Rest", is_catch_all=True)
    TerritoryMembership.objects.create(user=rep, territory=territory)
    for country in ("DE", "FR"):
        make_company(f"{LONG} {country}", country=country, owner=rep)
    place(Company.objects.all(), by=None, at=NOW)
    make_deal(rep, company=Company.objects.get(country="FR"))
    return territory


def test_the_editor_is_accessible_and_fits(open_as, admin, germany):
    page = open_as(admin)
    page.goto(f"/territories/{germany.pk}/")
    page.get_by_label("Values").first.fill("DE, FR")
    page.get_by_role("button", name="Preview").last.click()
    page.get_by_role("button", name="Apply 1 move").wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"runOnly": WCAG})
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
    for width in (320, 390, 768, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"scrolls sideways at {width} px"


@pytest.mark.parametrize("script", [True, False])
def test_a_change_is_applied_with_and_without_script(open_as, admin, germany, script):
    page = open_as(admin, java_script_enabled=script)
    page.goto(f"/territories/{germany.pk}/")
    page.get_by_label("Values").first.fill("FR")
    page.get_by_role("button", name="Preview").last.click()
    page.get_by_role("button", name="Apply 2 moves").click()
    page.wait_for_url(f"**/territories/{germany.pk}/")
    assert set(germany.companies.values_list("country", flat=True)) == {"FR"}
