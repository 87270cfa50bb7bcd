"""Pages under strange input: no address of them fails, whatever is asked."""

import re

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from pipeline.activities.actions import plan
from pipeline.activities.note_actions import add_note
from pipeline.deals.people_actions import add_contact
from pipeline.models import Product
from tests import factories
from tests.routes import routes

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]

# Addresses of libraries, streams and files.
FOREIGN = ("accounts/", "api/", "events/", "livez", "readyz", "dev/")
WORST = ["\x00", "9" * 5000, "9999-12-31", "1e400", "-1", "<script>"]
# Pages that ask nothing of their address.
UNREADING = ("/settings", "/users", "/stages", "/teams/new")
PARAMETERS = [
    *["owner", "team", "territory", "pipeline", "stage", "company", "contact", "deal", "assignee", "source", "reason"],
    *[
        "q",
        "page",
        "ordering",
        "from",
        "to",
        "back",
        "view",
        "columns",
        "show",
        "shown",
        "who",
        "state",
        "kind",
        "after",
    ],
    *["as_of", "open_at", "created_from", "closed_to", "expected_close_from", "value_from", "due_from", "next_for"],
    *[
        "history",
        "query",
        "status",
        "next_step",
        "stalled",
        "country",
        "industry",
        "deleted",
        "period",
        "year",
        "month",
    ],
    *[
        "reached",
        "counted_in",
        "column",
        "layout",
        "quick",
        "read",
        "value",
        "person",
        "metric",
        "compare",
        "actor",
        "day",
    ],
    *["reason", "has_value", "not_reached", "done_from", "done_to", "due_to", "closed_from", "action", "subject", "by"],
]


@pytest.fixture
def world(admin, rep, manager, other_rep, team, pipeline):
    """One of everything; ids by the beginning of their addresses."""
    now = timezone.now()
    company = factories.make_company("Acme", owner=rep)
    contact = factories.make_contact(company=company, owner=rep)
    deal = factories.make_deal(rep, company=company, at=now)
    add_contact(deal_id=deal.pk, contact=contact, by=rep, at=now, version=None)
    Product.objects.create(name="Thing", list_price=5)
    factories.make_pipeline(("One",), "Second")
    activity = plan(by=admin, at=now, kind="call", subject="Call", deal=deal, due_on=now.date())
    note = add_note(by=admin, at=now, body="Text", deal=deal)
    territory = factories.make_territory()
    reasons = factories.make_reason("lost"), factories.make_reason("won")
    return {
        "companies/": company.pk,
        "contacts/": contact.pk,
        "deals/": deal.pk,
        "activities/": activity.pk,
        "notes/": note.pk,
        "users/": rep.pk,
        "teams/": team.pk,
        "territories/": territory.pk,
        "pipeline/stages/": deal.stage_id,
        "pipeline/": pipeline.pk,
        "stages/pipelines/": pipeline.pk,
        "stages/reasons/": reasons[0].pk,
        "stages/": deal.stage_id,
        "quotas/": rep.pk,
    }


def addresses(world):
    for route, _pattern in routes():
        if route.startswith(FOREIGN):
            continue
        prefix = max((key for key in world if route.startswith(key)), key=len, default="")
        pk = str(world.get(prefix, 1))
        filled = re.sub(r"<int:year>", "2026", route)
        filled = re.sub(r"<int:part>", str(world["contacts/"]), filled)
        filled = re.sub(r"<int:\w+>", pk, filled)
        for field in ("name", "owner", "value") if "<slug:field>" in filled else ("",):
            yield "/" + re.sub(r"<\w+:\w+>", field or "x", filled)


def failure(client, method, address, data):
    """What a request made fail; it leaves no trace. None where it was answered in words."""
    with transaction.atomic():
        answer = getattr(client, method)(address, data)
        if getattr(answer, "streaming", False):
            list(answer.streaming_content)
        transaction.set_rollback(True)
    if answer.status_code < 500:
        return None
    sent = {name: value for name, value in data.items() if name != "csrfmiddlewaretoken"}
    return f"{method} {address} {sent!s:.200}: {answer.exc_info[1]!r:.200}"


@pytest.fixture
def client(admin):
    client = Client(raise_request_exception=False)
    client.force_login(admin)
    return client


def test_no_parameter_makes_a_page_fail(world, client):
    found = set()
    for address in addresses(world):
        if address.count("/") <= 3 and not address.startswith(UNREADING):
            found |= {failure(client, "get", address, dict.fromkeys(PARAMETERS, hostile)) for hostile in WORST}
    assert sorted(found - {None}) == []
