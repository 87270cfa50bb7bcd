"""Every page in a real browser: nothing for axe to find by day and by night, nothing to scroll sideways."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from crm.notifications.actions import notify
from pipeline.activities.actions import plan
from pipeline.activities.note_actions import add_note
from pipeline.coverage.actions import place
from pipeline.deals.actions import lose, win
from pipeline.deals.models import DealCollaborator
from pipeline.models import Company, DealContact, LineItem, Product, SavedView
from teams.models import ApiToken, Deputy, TerritoryMembership
from tests import factories
from tests.factories import set_quota

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft GmbH & Co. KG"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# Each width once, with the colours of night on a phone and those of day on a desk for axe.
WIDTHS = {320: None, 390: "dark", 768: None, 1440: "light"}
# The page and those parts of its frame that scroll or clip by themselves, with the first thing that sticks out.
TOO_WIDE = """["html", ".top-bar", "main", ".territory-editor", ".dialog"].flatMap((selector) =>
    [...document.querySelectorAll(selector)].filter((part) => part.scrollWidth > part.clientWidth).map((part) => {
        const end = part.getBoundingClientRect().left + part.clientWidth + 1;
        const shows = (one) =>
            one === part || (getComputedStyle(one).overflowX === "visible" && shows(one.parentElement));
        const culprit = [...part.querySelectorAll("*")]
            .filter((one) => one.getBoundingClientRect().right > end && shows(one.parentElement)).at(-1);
        return `${selector} with ${culprit?.outerHTML.slice(0, 80)}`;
    }))"""
PAGES = {
    "front door": ("nobody", ["/accounts/login/", "/accounts/password/reset/"]),
    "a rep's day": ("rep", ["/today/", "/notifications/", "/search/?q=donau", "/dashboard/", "/quotas/", "/nothing/"]),
    "board and list": (
        "rep",
        ["/pipeline/", "/deals/", "/deals/?view={view}&ordering=-value", "/views/new/?page=deals", "/deals/new/"],
    ),
    "deal": (
        "rep",
        [
            "/deals/{deal}/",
            "/deals/{deal}/?from=/deals/?view={view}",
            "/deals/{won}/",
            "/deals/{deal}/edit/value/",
            "/deals/{won}/reopen/",
        ],
    ),
    "dialogs of a deal": ("rep", [f"/deals/{{deal}}/{verb}/" for verb in ("move", "win", "lose", "log")]),
    "parts of a deal": (
        "rep",
        [f"/deals/{{deal}}/{parts}/add/" for parts in ("contacts", "collaborators", "products")],
    ),
    "companies": (
        "rep",
        [
            "/companies/",
            "/companies/new/",
            "/companies/{company}/",
            *[f"/companies/{{company}}/edit/{f}/" for f in ("name", "parent")],
        ],
    ),
    "contacts": (
        "rep",
        [
            "/contacts/",
            "/contacts/new/",
            "/contacts/{contact}/",
            "/contacts/{contact}/edit/company/",
            "/notes/{note}/edit/",
        ],
    ),
    "activities": ("rep", ["/activities/", "/activities/new/", "/activities/{activity}/reschedule/"]),
    "a rep's own": ("rep", ["/settings/profile/", "/settings/tokens/", "/accounts/2fa/", "/accounts/password/change/"]),
    "a rep's rules": ("rep", ["/territories/", "/territories/{territory}/", "/audit/"]),
    "manager": ("manager", ["/today/", "/dashboard/", "/pipeline/", "/deals/{deal}/reassign/"]),
    "quotas": ("manager", ["/quotas/", *[f"/quotas/{{year}}/{page}/" for page in ("copy", "paste", "people/{rep}")]]),
    "territories": (
        "admin",
        ["/territories/{territory}/", "/territories/new/", "/territories/moves/", "/companies/{company}/"],
    ),
    "workspace": ("admin", ["/settings/workspace/", "/dashboard/", "/audit/"]),
    "stages": (
        "admin",
        ["/stages/", "/stages/pipelines/{pipeline}/new/", "/stages/{stage}/archive/", "/stages/reasons/"],
    ),
    "users": ("admin", ["/users/", "/users/new/", "/users/{rep}/", "/users/{rep}/deactivate/"]),
    "teams": ("admin", ["/teams/", "/teams/{team}/", "/teams/{team}/people/new/"]),
}


@pytest.fixture
def people(rep, manager, admin, other_rep):
    """A rep, her manager and an admin with names that hardly fit, who read German."""
    for person in (rep, manager, admin, other_rep):
        person.language = "de"
        person.first_name = "Maximiliane-Alexandra"
        person.last_name = f"von Schmidt-Rottluff-Leutheusser {person.role}"
        person.save()
    return {"rep": rep, "manager": manager, "admin": admin, "nobody": None}


@pytest.fixture
def deals(people, rep, pipeline):
    """Deals of one company in every state, with all that hangs on a deal."""
    now = timezone.now()
    company = factories.make_company(LONG, owner=rep, country="DE", industry="Maschinenbau")
    deals = [
        factories.make_deal(
            rep,
            name=f"{LONG} {number}",
            company=company,
            value=12_345_678,
            at=now - timedelta(days=40),
            expected_close_date=(now + timedelta(days=number - 2)).date(),
        )
        for number in range(6)
    ]
    won = win(deal_id=deals[4].pk, by=rep, at=now, version=deals[4].version)
    reason = factories.make_reason("lost", "Preis")
    lose(deal_id=deals[5].pk, by=rep, at=now, version=deals[5].version, reason=reason)
    return [*deals[:4], won]


@pytest.fixture
def territory(deals, people):
    """A tree of two territories that takes in the company."""
    world = factories.make_territory("Welt", is_catch_all=True, manager=people["manager"])
    rules = [[{"field": "country", "operator": "in", "values": ["DE"]}]]
    territory = factories.make_territory(LONG[:80], parent=world, rules=rules)
    TerritoryMembership.objects.create(territory=territory, user=people["rep"])
    place(Company.objects.all(), by=people["admin"], at=timezone.now())
    return territory


@pytest.fixture
def world(live_app, people, deals, territory, team, pipeline):
    """A little of everything. Answers what stands for the names in addresses."""
    now = timezone.now()
    rep, admin, deal = people["rep"], people["admin"], deals[0]
    contact = factories.make_contact(
        "Schmidt-Rottluff-von-der-Tann",
        company=deal.company,
        owner=rep,
        job_title=LONG[:80],
        email=f"{'a' * 60}@example.com",
    )
    DealContact.objects.create(deal=deal, contact=contact, role="decides", is_primary=True)
    DealCollaborator.objects.create(deal=deal, user=people["manager"], added_at=now)
    LineItem.objects.create(deal=deal, product=Product.objects.create(name=LONG[:80], list_price=100_000), quantity=3)
    call = plan(
        by=rep, at=now, kind="call", subject=f"Rückruf {LONG}", deal=deal, due_on=now.date() - timedelta(days=3)
    )
    plan(by=rep, at=now, kind="meeting", subject="Termin", deal=deals[1], due_at=now + timedelta(hours=1))
    note = add_note(by=rep, at=now, body=LONG, deal=deal)
    for needs_action in (True, False):
        notify(
            recipient=rep,
            kind="reminder",
            cause=f"test:{needs_action}",
            title=f"Rückruf {LONG}",
            body="Seit gestern",
            url=f"/deals/{deal.pk}/",
            needs_action=needs_action,
            at=now,
        )
    for person in (rep, team):
        set_quota(by=admin, at=now, subject=person, month=now.date().replace(day=1), amount=Decimal(9_876_543))
    ApiToken.objects.create(user=rep, scope="read", name=LONG[:60])
    Deputy.objects.create(person=rep, deputy=people["manager"], starts_on=date(2020, 1, 1))
    view = SavedView.objects.create(owner=rep, name=LONG[:80], page="deals", parameters={"status": "open"})
    return {
        "deal": deal.pk,
        "won": deals[-1].pk,
        "company": deal.company_id,
        "contact": contact.pk,
        "activity": call.pk,
        "note": note.pk,
        "view": view.pk,
        "territory": territory.pk,
        "pipeline": pipeline.pk,
        "stage": deal.stage_id,
        "rep": rep.pk,
        "team": team.pk,
        "year": now.year,
    }


@pytest.mark.parametrize("group", PAGES)
def test_pages_are_accessible_and_fit(open_as, people, world, group):
    person, addresses = PAGES[group]
    page = open_as(people[person], locale="de-DE")
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for address in addresses:
        answer = page.goto(address.format(**world))
        assert answer.status == (404 if address == "/nothing/" else 200), address
        complaints += [f"{address} {complaint}" for complaint in _complaints(page)]
    assert not complaints, "\n".join(complaints)


def _complaints(page):
    for width, scheme in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 900})
        yield from (f"{what} scrolls sideways at {width} px" for what in page.evaluate(TOO_WIDE))
        if scheme:
            page.emulate_media(color_scheme=scheme)
            for violation in Axe().run(page, options=RULES).response["violations"]:
                yield f"{scheme}: {violation['help']}: {[node['html'][:120] for node in violation['nodes'][:3]]}"
