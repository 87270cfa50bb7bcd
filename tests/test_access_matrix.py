"""Who gets where: each address against each kind of person.

All records of the cast belong to Rita, a rep of the team North. Her manager, an admin and a reader of her team
may see them; a rep and a manager of the team South must not even learn that they exist.
"""

import json
import re
from datetime import date

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from crm.notifications.models import Notification
from pipeline.activities.actions import plan
from pipeline.activities.note_actions import add_note, delete_note
from pipeline.activities.undo import memory, undo_url
from pipeline.deals.models import DealCollaborator
from pipeline.models import DealContact, LineItem, Product, SavedView
from teams.models import ApiToken, Deputy, Quota, Role, TeamMembership, TerritoryMembership
from tests import factories
from tests.routes import routes
from tests.test_doors import FOREIGN

pytestmark = pytest.mark.django_db

IN, FORBIDDEN, MISSING, SIGN_IN = "in", 403, 404, "sign in"
PEOPLE = ("rep", "manager", "admin", "reader", "content", "stranger", "other_manager", "nobody")


def only(**outcomes):
    """What each person meets; whoever is not named is forbidden, nobody has to sign in."""
    return {person: outcomes.get(person, SIGN_IN if person == "nobody" else FORBIDDEN) for person in PEOPLE}


PUBLIC = dict.fromkeys(PEOPLE, IN)
SIGNED_IN = PUBLIC | {"nobody": SIGN_IN}
OWN = SIGNED_IN | dict.fromkeys(PEOPLE[1:-1], MISSING)
# Lists and forms; what is in them, the querysets decide.
READERS = SIGNED_IN | {"content": FORBIDDEN}
SELLERS = READERS | {"reader": FORBIDDEN}
LEADERS = only(manager=IN, admin=IN, other_manager=IN)
ADMINS = only(admin=IN)
# One record of Rita's.
SEE = READERS | {"stranger": MISSING, "other_manager": MISSING}
CHANGE = SEE | {"reader": FORBIDDEN}
LEAD = CHANGE | {"rep": FORBIDDEN}
AUTHOR = CHANGE | {"manager": FORBIDDEN, "admin": FORBIDDEN}

PAGES = [
    (PUBLIC, ["events/stream/", "livez", "readyz"]),
    (SIGNED_IN, ["", "today/", "search/", "settings/profile/", "settings/tokens/"]),
    (SIGNED_IN, ["notifications/", "notifications/bell/", "notifications/read/"]),
    (OWN, [f"notifications/<int:pk>/{verb}" for verb in ("", "read/", "done/", "snooze/")]),
    (OWN, ["settings/tokens/<slug:token_key>/revoke/"]),
    (READERS, ["pipeline/", "pipeline/<int:pipeline_id>/", "pipeline/stages/<int:stage_id>/cards/"]),
    (READERS, ["deals/", "companies/", "contacts/", "activities/", "dashboard/", "dashboard/narrow/", "views/new/"]),
    (READERS, [f"{page}/filter/" for page in ("deals", "companies", "contacts", "activities", "pipeline")]),
    (READERS, ["pipeline/<int:pipeline_id>/filter/", "quotas/", "quotas/<int:year>/"]),
    (READERS, ["companies/options/"]),
    (SELLERS, ["deals/new/", "companies/new/", "contacts/new/"]),
    (SELLERS, ["activities/new/", "notes/new/"]),
    (SELLERS, ["deals/export/", "companies/export/", "contacts/export/", "audit/", "territories/"]),
    (SEE, ["deals/<int:pk>/", "companies/<int:pk>/", "contacts/<int:pk>/"]),
    (CHANGE, [f"deals/<int:pk>/{verb}/" for verb in ("log", "move", "win", "lose", "reopen", "delete", "restore")]),
    (CHANGE, [f"deals/<int:pk>/{verb}/" for verb in ("archive", "unarchive", "change-pipeline", "edit/<slug:field>")]),
    (CHANGE, ["deals/<int:pk>/undo/<int:event_id>/"]),
    (CHANGE, [f"deals/<int:pk>/{part}/add/" for part in ("contacts", "collaborators", "products")]),
    (CHANGE, [f"deals/<int:pk>/{part}/<int:part>/remove/" for part in ("contacts", "collaborators", "products")]),
    (CHANGE, [f"deals/<int:pk>/{part}/<int:part>/" for part in ("contacts", "products")]),
    (LEAD, ["deals/<int:pk>/reassign/"]),
    (CHANGE, [f"companies/<int:pk>/{verb}/" for verb in ("edit/<slug:field>", "delete", "restore")]),
    (ADMINS, [f"companies/<int:pk>/{verb}/" for verb in ("pin", "release")]),
    (CHANGE, [f"contacts/<int:pk>/{verb}/" for verb in ("edit/<slug:field>", "delete", "restore")]),
    (
        CHANGE,
        [
            f"activities/<int:pk>/{verb}/"
            for verb in ("edit", "done", "reschedule", "snooze", "cancel", "undo/<str:was>")
        ],
    ),
    (CHANGE, [f"notes/<int:pk>/{verb}/" for verb in ("pin", "delete", "restore")]),
    (AUTHOR, ["notes/<int:pk>/edit/"]),
    (OWN | {"content": FORBIDDEN}, [f"views/<int:pk>/{verb}/" for verb in ("edit", "save", "delete", "pin", "unpin")]),
    (SEE, ["quotas/<int:year>/people/<int:pk>/"]),
    (SEE | {"rep": MISSING}, ["quotas/<int:year>/teams/<int:pk>/"]),
    (LEADERS, ["quotas/<int:year>/paste/", "quotas/<int:year>/copy/"]),
    (SELLERS | {"stranger": MISSING}, ["territories/<int:pk>/"]),
    (
        ADMINS,
        [f"territories/{page}/" for page in ("new", "moves", "apply", "members/<int:pk>/end")],
    ),
    (ADMINS | {"admin": MISSING}, ["territories/undo/<int:entry>/"]),  # nothing was applied that could be undone
    (ADMINS, [f"territories/<int:pk>/{verb}/" for verb in ("preview", "edit", "members/new")]),
    (ADMINS, ["settings/workspace/", "stages/", "stages/reasons/"]),
    (ADMINS, ["stages/pipelines/new/", "stages/pipelines/<int:pk>/new/", "stages/reasons/new/"]),
    (
        ADMINS,
        [
            f"stages/{of}<int:pk>/{verb}/"
            for of in ("", "pipelines/", "reasons/")
            for verb in ("edit", "move", "archive", "unarchive")
        ],
    ),
    (ADMINS, ["users/", "users/new/", "users/<int:pk>/", "teams/", "teams/new/", "teams/<int:pk>/"]),
    (
        ADMINS,
        [f"users/<int:pk>/{verb}/" for verb in ("role", "invite", "reactivate", "deactivate", "team", "deputies/new")],
    ),
    (ADMINS, ["users/<int:pk>/deputies/<int:deputy_pk>/end/"]),
    (ADMINS, [f"teams/<int:pk>/{verb}/" for verb in ("rename", "move", "archive", "restore", "people/new")]),
    (ADMINS, ["teams/<int:pk>/managers/<int:membership_pk>/end/"]),
]
API = [
    (SIGNED_IN, ["schema/", "docs/"]),
    (READERS, ["metrics/funnel/", "deals/", "companies/", "contacts/", "activities/", "quotas/"]),
    (SIGNED_IN, ["pipelines/", "stages/", "close-reasons/", "products/", "users/", "teams/"]),
    (
        SIGNED_IN,
        ["pipelines/{pk}/", "stages/{pk}/", "close-reasons/{pk}/", "products/{pk}/", "users/{pk}/", "teams/{pk}/"],
    ),
    (SELLERS, ["territories/"]),
    (SELLERS | {"stranger": MISSING}, ["territories/{pk}/"]),
    (SEE, ["quotas/{pk}/"]),
    (SEE, ["deals/{pk}/", "deals/{pk}/events/", "companies/{pk}/", "contacts/{pk}/", "activities/{pk}/"]),
    (CHANGE, [f"deals/{{pk}}/{verb}/" for verb in ("move", "win", "lose", "reopen", "restore")]),
    (LEAD, ["deals/{pk}/reassign/"]),
    (CHANGE, ["companies/{pk}/restore/", "contacts/{pk}/restore/"]),
    (CHANGE, [f"activities/{{pk}}/{verb}/" for verb in ("done", "reopen", "reschedule", "snooze", "cancel")]),
    (CHANGE, ["activities/{pk}/reassign/"]),
]
API_ID = r"(?P<pk>\d{1,18})"
MATRIX = {route: row for row, pages in PAGES for route in pages} | {
    f"api/v1/{path}"
    if path in {"schema/", "docs/", "metrics/funnel/"}
    else f"api/v1/^{path}$".replace("{pk}", API_ID): row
    for row, paths in API
    for path in paths
}


def test_every_address_has_a_row():
    known = {route for route, _pattern in routes() if not route.startswith(tuple(FOREIGN))}
    assert known - MATRIX.keys() == set(), "add a row for each"
    assert MATRIX.keys() - known == set(), "these addresses are gone"


@pytest.fixture
def people(rep, manager, admin, other_rep, other_team, team):
    return {
        "rep": rep,
        "manager": manager,
        "admin": admin,
        "reader": factories.make_user(Role.READ_ONLY, team=team),
        "content": factories.make_user(Role.CONTENT),
        "stranger": other_rep,
        "other_manager": factories.make_user(Role.MANAGER, manages=other_team),
        "nobody": None,
    }


@pytest.fixture
def ids(people, rep, manager, admin, team, pipeline):
    """Ids for the places in addresses: by the first folder, by the folder before them, or by their name."""
    now = timezone.now()
    company = factories.make_company(owner=rep)
    contact = factories.make_contact(owner=rep, company=company)
    deal = factories.make_deal(rep, company=company, at=now)
    activity = plan(by=rep, at=now, kind="task", subject="Write", deal=deal)
    note, gone_note = (add_note(by=rep, at=now, body="Hello", deal=deal) for _note in range(2))
    delete_note(note_id=gone_note.pk, by=rep, at=now)
    product = Product.objects.create(name="Gateway")
    territory = factories.make_territory("Alps")
    member = TerritoryMembership.objects.create(territory=territory, user=rep)
    quota = Quota.objects.create(
        user=rep, month=date(2026, 11, 1), amount=100, currency="EUR", set_by=admin, set_at=now
    )
    return {
        "deals": deal.pk,
        "companies": company.pk,
        "contacts": contact.pk,
        "activities": activity.pk,
        "notes": note.pk,
        "notes in the bin": gone_note.pk,
        "companies in the bin": factories.make_company(owner=rep, deleted_at=now).pk,
        "contacts in the bin": factories.make_contact(owner=rep, deleted_at=now).pk,
        "notifications": Notification.objects.create(
            recipient=rep, kind="x", cause="x", title="x", created_at=now, snoozed_until=None
        ).pk,
        "views": SavedView.objects.create(owner=rep, name="Mine", page="deals").pk,
        "products": product.pk,
        "pipelines": pipeline.pk,
        "stages": pipeline.stages.get(position=1).pk,
        "reasons": factories.make_reason("lost").pk,
        "close-reasons": factories.make_reason("lost").pk,
        "territories": territory.pk,
        "members": member.pk,
        "quotas": quota.pk,
        "users": rep.pk,
        "teams": team.pk,
        "people": rep.pk,
        "year": 2026,
        "event_id": deal.events.get().pk,
        "field": "name",
        "was": undo_url(activity, memory(activity)).rstrip("/").rpartition("/")[2],
        "entry": 1,
        "pipeline_id": pipeline.pk,
        "stage_id": pipeline.stages.get(position=1).pk,
        "token_key": ApiToken.objects.create(user=rep, scope="read", name="x")[0].token_key,
        "deputy_pk": Deputy.objects.create(person=rep, deputy=manager, starts_on=date(2020, 1, 1)).pk,
        "membership_pk": TeamMembership.objects.get(user=manager).pk,
        "contacts/part": DealContact.objects.create(deal=deal, contact=contact).contact_id,
        "products/part": LineItem.objects.create(deal=deal, product=product).pk,
        "collaborators/part": DealCollaborator.objects.create(deal=deal, user=admin, added_at=now).user_id,
    }


def address(route, ids):
    """The route with ids in its places."""
    found = "/" + re.sub(r"[\^$]", "", route).replace(API_ID, "<int:pk>")
    for place in re.findall(r"<\w+:\w+>", found):
        name = place.strip("<>").partition(":")[2]
        folder = found[: found.index(place)].rstrip("/").rpartition("/")[2]
        bin_ = f"{folder} in the bin" if found.endswith("/restore/") else ""
        value = ids.get(bin_) or ids.get(f"{folder}/{name}") or ids.get(name) or ids[folder]
        if name == "field" and found.startswith("/contacts/"):
            value = "last_name"
        found = found.replace(place, str(value), 1)
    return found


def body(path, ids):
    """What the verbs of the API need to have read before they look for the record."""
    verb = path.rstrip("/").rpartition("/")[2]
    more = {
        "move": {"stage": ids["stages"]},
        "lose": {"reason": ids["reasons"]},
        "reassign": {"owner": ids["users"]} if "/deals/" in path else {"assignee": ids["users"]},
        "reschedule": {"due_on": "2026-12-01"},
        "snooze": {"until": "2030-12-01T09:00:00Z"},
    }
    return json.dumps({"version": 1} | more.get(verb, {}))


def meet(person, path, ids):
    """What the person meets at the address; nothing that happens there lasts."""
    client = Client(raise_request_exception=False)
    if person:
        client.force_login(person)
    with transaction.atomic():
        answer = client.get(path)
        if answer.status_code == 405:
            api = {"data": body(path, ids), "content_type": "application/json"} if path.startswith("/api/") else {}
            answer = client.post(path, **api)
        transaction.set_rollback(True)
    assert answer.status_code < 500, f"{path} answered {answer.status_code}"
    if answer.status_code == 401 or (answer.status_code == 302 and "/accounts/login/" in answer["Location"]):
        return SIGN_IN
    return answer.status_code if answer.status_code in {FORBIDDEN, MISSING} else IN


@pytest.mark.parametrize("route", MATRIX)
def test_an_address_lets_in_whom_it_should(route, people, ids):
    path = address(route, ids)
    assert {name: meet(person, path, ids) for name, person in people.items()} == MATRIX[route]
