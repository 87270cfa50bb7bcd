"""Who reads which entries, how they are narrowed, what they say."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline.contacts.actions import edit_company
from pipeline.settings.actions import edit_workspace
from pipeline.stages import actions as stages
from teams.audit.record import record
from teams.audit.sentences import FIELDS, PAGES, SENTENCES
from teams.models import AuditEntry, RepVisibility, Role, TeamMembership
from teams.workspace.actions import EDITABLE
from tests.factories import NOW, make_company, make_deal, make_team, make_territory, make_user, make_workspace

pytestmark = pytest.mark.django_db
URL = "/audit/"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def labels(client, user, **query):
    client.force_login(user)
    page = client.get(URL, query).context["page"]
    return [entry.subject_label for entry in page]


@pytest.fixture
def acts(rep, manager, other_rep, admin):
    for user, label in ((rep, "by rep"), (manager, "by manager"), (other_rep, "by other"), (admin, "by admin")):
        record("company.added", by=user, label=label)
    record("company.added", by=None, label="by nobody")


# --- Whose --------------------------------------------------------------------------------------------


def test_admins_read_all_of_it_newest_first(client, admin, acts):
    assert labels(client, admin) == ["by nobody", "by admin", "by other", "by manager", "by rep"]


def test_managers_read_what_their_people_did(client, manager, acts):
    assert labels(client, manager) == ["by manager", "by rep"]


def test_reps_read_what_they_did_themselves(client, rep, acts):
    assert labels(client, rep) == ["by rep"]


def test_what_left_the_readers_reach_is_told_no_more(client, rep, other_rep, admin):
    """Her own changes, too: they hold the old values of a record whose address answers 404 by now."""
    make_workspace(rep_visibility=RepVisibility.OWN)
    company = make_company(owner=rep)
    for fields in ({"city": "Köln"}, {"city": "Bonn"}):
        edit_company(company_id=company.pk, by=rep, at=NOW, version=None, changes=fields)
    assert labels(client, rep) == [company.name] * 2
    edit_company(company_id=company.pk, by=admin, at=NOW, version=None, changes={"owner": other_rep})
    assert client.get(f"/companies/{company.pk}/").status_code == 404
    assert labels(client, rep) == []
    assert labels(client, rep, name=company.name[:5]) == []
    assert len(labels(client, admin)) == 3


def test_quotas_of_people_who_left_the_readers_teams(client, manager, rep, other_rep):
    for person in (rep, other_rep):
        record("quota.set", by=manager, subject=person, changes={"2026-03": [None, "9000.00"]})
    assert labels(client, manager) == [rep.name]


@pytest.mark.parametrize("role", [Role.CONTENT, Role.READ_ONLY])
def test_others_read_nothing(client, workspace, role):
    client.force_login(make_user(role))
    assert client.get(URL).status_code == 403


def test_a_manager_reads_the_subtree_of_today(client, manager, rep, team, other_team, acts):
    deeper = make_user(team=make_team("Below", team))
    record("company.added", by=deeper, label="by deeper")
    assert labels(client, manager) == ["by deeper", "by manager", "by rep"]
    TeamMembership.objects.filter(user=rep).update(ends_on=NOW.date())
    TeamMembership.objects.create(user=rep, team=other_team, starts_on=NOW.date())
    assert labels(client, manager) == ["by deeper", "by manager"]


@pytest.mark.parametrize("setting", [RepVisibility.TEAM, RepVisibility.ALL])
def test_seeing_more_deals_opens_no_more_of_the_log(client, rep, manager, acts, setting):
    make_workspace(rep_visibility=setting)
    assert labels(client, rep) == ["by rep"]
    assert labels(client, manager) == ["by manager", "by rep"]


def test_a_person_out_of_reach_cannot_be_asked_for(client, manager, rep, other_rep, acts):
    assert labels(client, manager, person=rep.pk) == ["by rep"]
    client.force_login(manager)
    answer = client.get(URL, {"person": other_rep.pk})
    assert "by other" not in answer.content.decode()
    assert other_rep.name not in answer.content.decode()


# --- Narrowed -----------------------------------------------------------------------------------------


def test_it_is_narrowed_by_the_address(client, admin, rep):
    record("company.added", by=rep, label="Acme")
    record("company.edited", by=rep, label="Acme")
    record("denied", by=rep, label="x")
    record("workspace.edited", by=admin, label="Office")
    assert labels(client, admin, action="edited") == ["Office", "Acme"]
    assert labels(client, admin, action="denied") == ["x"]
    assert labels(client, admin, person=rep.pk, action="added") == ["Acme"]
    assert labels(client, admin, name="acm") == ["Acme", "Acme"]


def test_it_is_narrowed_by_the_kind_of_record(client, admin, rep):
    record("company.added", by=rep, subject=make_company("Acme"))
    record("user.edited", by=admin, subject=rep)
    assert labels(client, admin, subject="company") == ["Acme"]


def test_days_are_those_of_the_workspace(client, admin, rep):
    make_workspace(time_zone="Europe/Berlin")
    for hour in (22, 23):
        with time_machine.travel(datetime(2026, 11, 20, hour, 30, tzinfo=UTC), tick=False):
            record("company.added", by=rep, label=f"{hour}")
    assert labels(client, admin, since="2026-11-21") == ["23"]
    assert labels(client, admin, until="2026-11-20") == ["22"]
    assert labels(client, admin, since="2026-11-20", until="2026-11-21") == ["23", "22"]
    assert [day.day for day in client.get(URL).context["days"]] == [date(2026, 11, 21), date(2026, 11, 20)]


def test_what_is_not_understood_does_not_count_and_is_said(client, admin, acts):
    client.force_login(admin)
    answer = client.get(URL, {"since": "yesterday", "action": "x'; --"})
    assert len(answer.context["page"]) == 5
    assert "not understood" in answer.content.decode()


def test_pages(client, admin):
    for number in range(60):
        record("company.added", by=admin, label=str(number))
    assert labels(client, admin)[0] == "59"
    assert labels(client, admin, page=2)[-1] == "0"
    assert 'href="?page=2"' in client.get(URL).content.decode()


# --- What it says -------------------------------------------------------------------------------------


def test_a_change_says_who_what_from_and_to(client, admin, pipeline):
    stage = pipeline.stages.get(position=1)
    stages.edit_stage(by=admin, stage_id=stage.pk, version=1, changes={"probability": 35, "required_fields": ["value"]})
    client.force_login(admin)
    page = " ".join(client.get(URL).content.decode().split())
    assert f'<b>Ada Admin</b> changed the stage <a class="link" href="{reverse("stage-settings")}">Qualify</a>' in page
    assert "Probability: 20 → <b>35</b>" in page
    assert "version" not in page.lower().split("<main")[1]


def test_choices_and_roles_are_named(client, admin, workspace):
    changes = {"rep_visibility": "all", "second_factor_required_for": ["admin", "manager"]}
    edit_workspace(by=admin, version=None, changes=changes)
    client.force_login(admin)
    # The admin himself has to set one up now.
    make_workspace(second_factor_required_for=[])
    page = " ".join(client.get(URL).content.decode().split())
    assert "What reps see: Only their own deals → <b>All deals</b>" in page
    assert "Second factor required for: – → <b>Admin, Manager</b>" in page


def test_rules_of_territories_and_quotas_are_told(client, admin, rep):
    north = make_territory("North")
    rules = [[{"field": "country", "operator": "in", "values": ["DE", "AT"]}]]
    changes = {f"{north.pk}.rules": [[], rules], f"{north.pk}.parent_id": [None, north.pk], "version": [1, 2]}
    record("territory.reshaped", by=admin, subject=north.plan, changes=changes)
    record("quota.set", by=admin, subject=rep, changes={"2026-11": [None, "28000.00"]})
    client.force_login(admin)
    page = " ".join(client.get(URL).content.decode().split())
    assert "North, Rule: – → <b>DE, AT</b>" in page
    assert "North, Part of: <b>North</b>" in page
    assert "November 2026: <b>28,000</b>" in page


def test_names_are_text_and_never_markup(client, admin):
    record("company.edited", by=admin, label="<script>x</script>", changes={"name": ["<b>", "<i>"]})
    client.force_login(admin)
    page = client.get(URL).content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    assert "&lt;i&gt;" in page


def test_related_records_are_named_if_everybody_may_know_them(client, admin, rep, pipeline):
    company = make_company("Acme")
    parent = make_company("Secret holding")
    changes = {"owner": [None, rep.pk], "parent": [None, parent.pk]}
    record("company.edited", by=admin, subject=company, changes=changes)
    client.force_login(admin)
    page = client.get(URL).content.decode()
    assert "Rita Rep" in page
    assert "Secret holding" not in page


def test_every_action_that_the_product_records_has_a_sentence():
    root = Path(settings.BASE_DIR)
    found = set()
    for package in ("crm", "teams", "pipeline", "reporting"):
        for path in (root / package).rglob("*.py"):
            text = path.read_text()
            if "audit" in text:
                found |= set(re.findall(r'\b(?:record|change|_written|_change)\(\s*"([a-z_.]+)"', text))
                found |= set(re.findall(r'action="([a-z_]+\.[a-z_]+)"', text))
    found |= {
        f"{kind}.{verb}" for kind in ("company", "contact") for verb in ("added", "edited", "deleted", "restored")
    }
    assert len(found) > 30
    assert found - set(SENTENCES) == set()


@pytest.mark.parametrize(("name", "takes_id"), [page[:2] for page in PAGES.values()])
def test_every_kind_of_record_leads_to_a_page(name, takes_id):
    assert reverse(name, args=[1] if takes_id else [])


def test_only_who_may_open_the_record_gets_its_address(client, admin, rep, manager):
    record("user.edited", by=rep, subject=manager)
    address = f'href="{reverse("user-edit", args=[manager.pk])}"'
    client.force_login(admin)
    assert address in client.get(URL).content.decode()
    client.force_login(rep)
    page = client.get(URL).content.decode()
    assert "Max Manager" in page
    assert address not in page


def test_every_setting_of_the_workspace_has_a_name():
    assert set(EDITABLE) - set(FIELDS) == set()


def test_the_page_asks_the_database_as_often_for_many_entries(client, admin, rep, team, pipeline):
    client.force_login(admin)
    counts = []
    for entries in (1, 20):
        for _number in range(entries):
            user = make_user(team=team)
            record("company.edited", by=user, subject=make_company(), changes={"owner": [rep.pk, user.pk]})
        with CaptureQueriesContext(connection) as queries:
            assert client.get(URL).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- What gets into it --------------------------------------------------------------------------------


def test_a_closed_door_is_an_entry_once_in_a_while(client, rep, workspace):
    client.force_login(rep)
    for _number in range(3):
        assert client.get("/settings/workspace/").status_code == 403
    entry = AuditEntry.objects.get(action="denied")
    assert (entry.actor, entry.subject_label) == (rep, "workspace.edit GET /settings/workspace/")
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        client.get("/settings/workspace/")
    assert AuditEntry.objects.filter(action="denied").count() == 2


def test_what_an_action_forbids_is_an_entry(client, rep, team, pipeline):
    make_workspace(rep_visibility=RepVisibility.TEAM)
    deal = make_deal(make_user(team=team))
    client.force_login(rep)
    answer = client.post(reverse("deal-archive", args=[deal.pk]), {"version": deal.version})
    assert answer.status_code == 403
    assert AuditEntry.objects.get(action="denied").subject_label == f"POST /deals/{deal.pk}/archive/"


def test_what_the_api_forbids_is_an_entry(client, rep, team, pipeline):
    make_workspace(rep_visibility=RepVisibility.TEAM)
    deal = make_deal(make_user(team=team))
    client.force_login(rep)
    answer = client.patch(
        f"/api/v1/deals/{deal.pk}/", {"name": "Mine", "version": deal.version}, content_type="application/json"
    )
    assert answer.status_code == 403, answer.content
    assert AuditEntry.objects.filter(action="denied", actor=rep).exists()


def test_signing_in_is_an_entry(client, rep):
    client.post(reverse("account_login"), {"login": rep.email, "password": "kontor-demo"})
    assert AuditEntry.objects.get(action="signed_in").actor == rep
