"""What strangers try: ids of others in bodies and addresses, ways out of our pages, forms of other sites, scripts."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.activities.actions import plan
from pipeline.activities.note_actions import add_note
from pipeline.deals import line_item_actions, people_actions
from pipeline.models import (
    Activity,
    CloseReason,
    Company,
    Contact,
    Deal,
    DealEvent,
    LineItem,
    Note,
    Pipeline,
    Product,
    SavedView,
    Stage,
)
from teams.models import Role, Team, Territory, User
from tests import factories
from tests.clients import api_client, page_client
from tests.routes import routes
from tests.test_page_fuzz import addresses, world  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]
SECRET = "Geheimnis"
SCRIPT = "<script>x</script>"
# What a GET may write: who took a file away stands in the audit trail.
WRITING = ("/deals/export/", "/companies/export/", "/contacts/export/")


@pytest.fixture
def hidden(rep, pipeline):
    now = timezone.now()
    territory = factories.make_territory("Gebiet")
    company = factories.make_company(f"{SECRET} AG", owner=rep, territory=territory, city=SECRET)
    contact = factories.make_contact(SECRET, owner=rep, company=company)
    deal = factories.make_deal(rep, name=f"{SECRET} deal", company=company, value=987654, at=now)
    activity = plan(by=rep, at=now, kind="call", subject=SECRET, deal=deal, due_on=now.date())
    note = add_note(by=rep, at=now, body=SECRET, deal=deal)
    return {"deal": deal.pk, "company": company.pk, "contact": contact.pk, "activity": activity.pk, "note": note.pk}


@pytest.fixture
def other_manager(other_team):
    return factories.make_user(Role.MANAGER, manages=other_team)


def normal(answer, *pks):
    text = answer.content.decode()
    for pk in pks:
        text = re.sub(rf"\b{pk}\b", "#", text)
    return answer.status_code, re.sub(
        r'csrf[^ ]* value="[^"]*"|token=[^"&]*|csrfmiddlewaretoken[^>]*|[0-9a-f]{32}|nonce="[^"]*"', "", text
    )


def test_a_body_cannot_tell_hidden_from_missing(other_rep, other_manager, hidden):
    for person in (other_rep, other_manager):
        api = api_client(person)
        own = factories.make_deal(other_rep, at=timezone.now())
        mine = plan(by=other_rep, at=timezone.now(), kind="call", subject="x")
        own_company = factories.make_company("Own", owner=other_rep)
        contact = factories.make_contact("Own", owner=other_rep)
        tries = [
            ("post", "deals/", "company", {"name": "x"}),
            ("patch", f"deals/{own.pk}/", "company", {"version": 1}),
            ("post", "contacts/", "company", {"last_name": "x"}),
            ("patch", f"contacts/{contact.pk}/", "company", {"version": 1}),
            ("patch", f"companies/{own_company.pk}/", "company:parent", {"version": 1}),
            *[
                ("post", "activities/", name, {"kind": "call", "subject": "x"})
                for name in ("deal", "company", "contact")
            ],
            *[("patch", f"activities/{mine.pk}/", name, {"version": 1}) for name in ("deal", "company", "contact")],
        ]
        for method, path, name, body in tries:
            kind, _, field = name.partition(":")
            a = getattr(api, method)(f"/api/v1/{path}", {**body, field or kind: hidden[kind]}, format="json")
            b = getattr(api, method)(f"/api/v1/{path}", {**body, field or kind: 99999999}, format="json")
            assert normal(a, hidden[kind], 99999999) == normal(b, hidden[kind], 99999999), (path, name)
            assert a.status_code in (400, 404), (path, name, a.status_code)
            assert SECRET not in a.content.decode()


def test_the_parts_of_another_deal_are_not_those_of_ones_own(rep, other_rep, hidden):
    now = timezone.now()
    product = Product.objects.create(name="Thing", list_price=5)
    line_item_actions.add_line(deal_id=hidden["deal"], by=rep, at=now, version=None, product=product)
    line = LineItem.objects.get(deal_id=hidden["deal"])
    people_actions.add_contact(
        deal_id=hidden["deal"], contact=Contact.objects.get(pk=hidden["contact"]), by=rep, at=now, version=None
    )
    event = DealEvent.objects.filter(deal_id=hidden["deal"]).latest("pk")
    own = factories.make_deal(other_rep, at=now)
    client = page_client(other_rep)
    for path in (
        f"products/{line.pk}/",
        f"products/{line.pk}/remove/",
        f"contacts/{hidden['contact']}/",
        f"contacts/{hidden['contact']}/remove/",
        f"collaborators/{rep.pk}/remove/",
        f"undo/{event.pk}/",
    ):
        assert client.post(f"/deals/{own.pk}/{path}", {"version": 1}).status_code == 404, path
    answer = client.post(
        f"/deals/{own.pk}/contacts/add/", {"version": own.version, "contact": hidden["contact"], "role": "other"}
    )
    assert answer.status_code == 422
    assert SECRET not in answer.content.decode()


def test_who_left_is_out_with_the_next_request(rep, workspace):
    browser, api = page_client(rep), api_client(rep)
    assert browser.get("/today/").status_code == 200
    rep.is_active = False
    rep.save()
    assert browser.get("/today/").status_code == 302
    assert api.get("/api/v1/deals/").status_code == 401


def is_ours(address):
    return address.startswith("/") and not address.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    "next_",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"],
)
def test_the_way_on_leads_to_our_pages_only(rep, next_):
    client = Client(raise_request_exception=False)
    answer = client.post("/accounts/login/", {"login": rep.email, "password": "kontor-demo", "next": next_})
    assert answer.status_code == 302, answer.content
    assert is_ours(answer["Location"])
    deal = factories.make_deal(rep, at=timezone.now())
    activity = plan(by=rep, at=timezone.now(), kind="call", subject="x", deal=deal)
    answer = page_client(rep).post(f"/activities/{activity.pk}/done/", {"version": 1, "next": next_})
    assert is_ours(answer["Location"])
    page = page_client(rep).get("/deals/", {"back": next_}).content.decode()
    assert not any(f'href="{way}' in page for way in ("https://evil", "//evil", "javascript"))
    for path in (f"/activities/{activity.pk}/done/", f"/deals/{deal.pk}/undo/1/"):
        answer = page_client(rep).post(path, {"version": 9}, HTTP_REFERER="https://evil.example/")
        assert is_ours(answer.headers.get("Location", "/"))


def test_no_page_is_excused_from_the_token_of_its_form():
    exempt = [
        route
        for route, pattern in routes()
        if getattr(pattern.callback, "csrf_exempt", False) and not route.startswith("api/v1")
    ]
    assert exempt == []


def test_a_session_alone_does_not_write_through_the_api(rep, hidden):
    client = page_client(rep, enforce_csrf_checks=True)
    answer = client.post("/api/v1/companies/", {"name": "x"}, content_type="application/json")
    assert answer.status_code in (401, 403)


def test_reading_writes_nothing(world, admin):  # noqa: F811
    client = page_client(admin)
    client.get("/today/")
    wrote = {}
    for address in addresses(world):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        found = [query["sql"][:90] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        if found and address not in WRITING:
            wrote[address] = found
    assert wrote == {}


NAMES = [
    *[(model, "name") for model in (Company, Deal, Team, Stage, Product, Pipeline, CloseReason, Territory)],
    *[(Contact, "last_name"), (User, "last_name"), (Activity, "subject"), (Activity, "text"), (Note, "body")],
    *[(Deal, "next_step_subject"), (Deal, "need"), (Company, "city"), (Contact, "job_title")],
]


def test_no_name_is_ever_a_script(world, admin):  # noqa: F811
    for model, field in NAMES:
        for row in model.objects.all():
            model.objects.filter(pk=row.pk).update(**{field: f"{SCRIPT}{row.pk}"})
    SavedView.objects.create(owner=admin, name=SCRIPT, parameters={"q": SCRIPT})
    client = page_client(admin)
    query = dict.fromkeys(("q", "company", "name", "stage", "query", "next", "owner"), SCRIPT)
    for address in addresses(world):
        answer = client.get(address, {**query, "back": f"/dashboard/?{SCRIPT}"})
        if not answer.streaming:
            assert SCRIPT not in answer.content.decode(), address
