"""The settings of the workspace: who changes them, what is refused, what follows."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import reverse
from django.utils import timezone

from crm.lib.errors import Conflict, Forbidden, Refused
from pipeline.models import Product
from pipeline.settings.actions import edit_workspace
from teams.access import Permission, holds
from teams.models import AuditEntry, Role, Workspace
from teams.people.deputy_actions import add_deputy, end_deputy
from tests.factories import make_deal, make_user

pytestmark = pytest.mark.django_db
URL = "/settings/workspace/"


def posted(workspace, **changes):
    fields = {
        "version": workspace.version,
        "name": workspace.name,
        "currency": workspace.currency,
        "time_zone": workspace.time_zone,
        "fiscal_start_month": workspace.fiscal_start_month,
        "holiday_country": workspace.holiday_country,
        "holiday_subdivision": workspace.holiday_subdivision,
        "pace_behind": 90,
        "pace_far_behind": 75,
        "rep_visibility": workspace.rep_visibility,
        "leaderboard": workspace.leaderboard,
    }
    return {**fields, **changes}


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.REP, 403), (Role.MANAGER, 403), (Role.ADMIN, 200), (Role.CONTENT, 403), (Role.READ_ONLY, 403)],
)
def test_only_admins_open_them(client, workspace, role, status):
    client.force_login(make_user(role))
    assert client.get(URL).status_code == status


def test_a_change_is_saved_and_written_down_with_what_was_before(client, admin, workspace):
    client.force_login(admin)
    wanted = posted(workspace, name="Office", pace_behind=85, holiday_country="DE", holiday_subdivision="BY")
    assert client.post(URL, wanted).status_code == 302
    saved = Workspace.objects.get()
    assert (saved.name, saved.pace_behind, saved.holiday_subdivision) == ("Office", Decimal("0.85"), "BY")
    entry = AuditEntry.objects.get(action="workspace.edited")
    assert entry.actor == admin
    assert entry.changes["name"] == ["MavenTech", "Office"]
    assert entry.changes["pace_behind"] == ["0.90", "0.85"]
    assert "leaderboard" not in entry.changes


def test_saving_without_a_change_writes_nothing(client, admin, workspace):
    client.force_login(admin)
    assert client.post(URL, posted(workspace)).status_code == 302
    assert not AuditEntry.objects.filter(action="workspace.edited").exists()
    assert Workspace.objects.get().version == workspace.version


def test_the_second_takes_back_only_what_she_was_asked_about(client, admin, workspace):
    theirs = {"name": "Theirs", "pace_behind": Decimal("0.8"), "export_forbidden_for": ["rep"]}
    edit_workspace(by=make_user(Role.ADMIN), version=1, changes=theirs)
    client.force_login(admin)
    form = client.post(URL, posted(workspace, name="Mine")).context["form"]
    assert form["pace_behind"].value() == "80"
    again = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert client.post(URL, again).status_code == 302
    now = Workspace.objects.get()
    assert (now.name, now.pace_behind, now.export_forbidden_for) == ("Mine", Decimal("0.80"), ["rep"])


def test_of_two_admins_the_second_is_asked_about_the_field_that_both_changed(client, admin, workspace):
    edit_workspace(by=make_user(Role.ADMIN, first_name="Bea", last_name="Boss"), version=1, changes={"name": "Theirs"})
    client.force_login(admin)
    answer = client.post(URL, posted(workspace, name="Mine"))
    assert answer.status_code == 409
    assert "Bea Boss set “Name” to Theirs. You entered Mine." in answer.content.decode()
    assert Workspace.objects.get().name == "Theirs"
    kept = client.post(URL, posted(workspace, name="Mine", version=answer.context["form"]["version"].value()))
    assert kept.status_code == 302
    assert Workspace.objects.get().name == "Mine"


def test_what_another_admin_changed_elsewhere_in_the_form_stays(client, admin, workspace):
    edit_workspace(by=make_user(Role.ADMIN), version=1, changes={"leaderboard": "off", "pace_behind": Decimal("0.8")})
    client.force_login(admin)
    assert client.post(URL, posted(workspace, name="Mine")).status_code == 302
    saved = Workspace.objects.get()
    assert (saved.name, saved.leaderboard, saved.pace_behind) == ("Mine", "off", Decimal("0.80"))


def test_both_typing_the_same_is_no_conflict(admin, workspace):
    edit_workspace(by=make_user(Role.ADMIN), version=1, changes={"name": "Same"})
    assert edit_workspace(by=admin, version=1, changes={"name": "Same"}) == {}


def test_the_currency_is_fixed_by_deals(admin, rep, pipeline):
    edit_workspace(by=admin, version=None, changes={"currency": "CHF"})
    make_deal(rep)
    with pytest.raises(Refused, match="currency stays"):
        edit_workspace(by=admin, version=None, changes={"currency": "USD"})
    assert Workspace.objects.get().currency == "CHF"


def test_the_currency_is_fixed_by_prices(admin, workspace):
    Product.objects.create(name="GTX", list_price=Decimal(550))
    with pytest.raises(Refused, match="prices"):
        edit_workspace(by=admin, version=None, changes={"currency": "USD"})
    assert Workspace.objects.get().currency == "EUR"


def test_a_fixed_currency_cannot_be_posted(client, admin, rep, pipeline, workspace):
    make_deal(rep)
    client.force_login(admin)
    assert "stays as it is" in client.get(URL).content.decode()
    client.post(URL, posted(workspace, currency="USD", name="Renamed"))
    saved = Workspace.objects.get()
    assert (saved.currency, saved.name) == ("EUR", "Renamed")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"pace_behind": 70}, "pace_far_behind"),
        ({"pace_behind": 101}, "pace_behind"),
        ({"name": " "}, "name"),
        ({"rep_visibility": "nobody"}, "rep_visibility"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(client, admin, workspace, changes, field):
    client.force_login(admin)
    answer = client.post(URL, posted(workspace, **changes))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_the_action_checks_what_the_form_checks(admin, rep, workspace):
    with pytest.raises(Refused):
        edit_workspace(by=admin, version=None, changes={"time_zone": "Mars/Olympus"})
    with pytest.raises(Refused):
        edit_workspace(by=admin, version=None, changes={"pace_far_behind": Decimal("0.95")})
    with pytest.raises(Forbidden):
        edit_workspace(by=rep, version=None, changes={"name": "Mine"})
    edit_workspace(by=admin, version=None, changes={"name": "One"})
    with pytest.raises(Conflict):
        edit_workspace(by=admin, version=1, changes={"name": "Two"})


def test_another_zone_moves_the_stalled_clocks(admin, rep, pipeline, workspace):
    """The limit of 14 days is counted in calendar days: over a change to summer time it is an hour shorter."""
    deal = make_deal(rep, at=datetime(2026, 3, 20, 9, tzinfo=UTC))
    assert deal.stalled_from == datetime(2026, 4, 3, 9, tzinfo=UTC)
    edit_workspace(by=admin, version=None, changes={"time_zone": "Europe/Berlin"})
    deal.refresh_from_db()
    assert deal.stalled_from == datetime(2026, 4, 3, 8, tzinfo=UTC)


def test_a_role_without_exports_holds_no_right_to_export(rep, manager, admin, workspace):
    assert holds(rep, Permission.EXPORT)
    edit_workspace(by=admin, version=None, changes={"export_forbidden_for": ["rep"]})
    assert not holds(rep, Permission.EXPORT)
    assert holds(manager, Permission.EXPORT)


def test_a_role_that_needs_a_second_factor_sets_one_up_first(client, rep, admin, workspace):
    edit_workspace(by=admin, version=None, changes={"second_factor_required_for": ["rep"]})
    client.force_login(rep)
    answer = client.get("/deals/")
    assert (answer.status_code, answer.url) == (302, reverse("mfa_activate_totp"))
    assert client.get("/deals/", headers={"HX-Request": "true"})["HX-Redirect"] == reverse("mfa_activate_totp")
    assert client.get(reverse("account_logout")).status_code == 200
    client.force_login(admin)
    assert client.get("/deals/").status_code == 200


def test_who_stands_in_for_such_a_role_sets_one_up_too(client, rep, manager, admin, workspace):
    today = workspace.today(timezone.now())
    edit_workspace(by=admin, version=None, changes={"second_factor_required_for": ["manager"]})
    client.force_login(rep)
    assert client.get("/deals/").status_code == 200
    deputy = add_deputy(by=admin, at=timezone.now(), person=manager, deputy=rep, starts_on=today, ends_on=None)
    assert client.get("/deals/").status_code == 302
    end_deputy(by=admin, deputy_id=deputy.pk, on=today)
    assert client.get("/deals/").status_code == 200


def test_whoever_signs_in_can_set_one_up(client, rep, admin, workspace):
    edit_workspace(by=admin, version=None, changes={"second_factor_required_for": ["rep"]})
    client.post(reverse("account_login"), {"login": rep.email, "password": "kontor-demo"})
    assert client.get("/deals/", follow=True).status_code == 200
    client.post(reverse("account_reauthenticate"), {"password": "kontor-demo"})
    assert client.get(reverse("mfa_activate_totp")).context["form"].secret


def test_with_a_second_factor_the_role_goes_on(client, rep, admin, workspace):
    edit_workspace(by=admin, version=None, changes={"second_factor_required_for": ["rep"]})
    TOTP.activate(rep, generate_totp_secret())
    client.force_login(rep)
    assert client.get("/deals/").status_code == 200
