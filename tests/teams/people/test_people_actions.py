"""Who may come in, with which role, and who cannot be let go."""

import re
import threading
from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from crm.lib.errors import Forbidden, Refused
from teams.access import Permission, holds, reach
from teams.models import ApiToken, AuditEntry, Deputy, Role, TeamMembership, User
from teams.people import actions, invitations
from teams.people.deputy_actions import add_deputy, end_deputy
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def invite(by, **fields):
    return actions.invite(**{"by": by, "at": NOW, "email": "new@example.com", "role": Role.REP, **fields})


def linked_path(message):
    return re.search(r"https?://[^/]+(/\S+)", message.body)[1]


# --- Coming in --------------------------------------------------------------------------------------


def test_an_invited_person_chooses_her_password_by_the_link(admin, team):
    user = invite(admin, email=" New.Person@Example.com ", first_name="Nora", team=team)
    assert (user.email, user.has_usable_password()) == ("new.person@example.com", False)
    assert TeamMembership.objects.on(TODAY).members().get(user=user).team == team
    invitations.send(user, by=admin)
    client = Client()
    form = client.get(linked_path(mail.outbox[0]), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": "a-long-secret", "password2": "a-long-secret"})
    user.refresh_from_db()
    assert user.check_password("a-long-secret")
    signed_in = client.post("/accounts/login/", {"login": user.email, "password": "a-long-secret"})
    assert signed_in.status_code == 302


def test_the_link_works_once(admin):
    user = invite(admin)
    invitations.send(user, by=admin)
    user.set_password("chosen meanwhile")
    user.save()
    assert "expired" in Client().get(linked_path(mail.outbox[0]), follow=True).content.decode()


def test_the_mail_speaks_the_language_of_the_person(admin):
    invitations.send(invite(admin, language="de"), by=admin)
    assert "Kontor" in mail.outbox[0].subject
    assert mail.outbox[0].to == ["new@example.com"]


@pytest.mark.parametrize("email", ["rita@example.com", "RITA@Example.COM", " rita@example.com "])
def test_an_address_belongs_to_one_person_whatever_its_case(admin, email):
    make_user(email="rita@example.com")
    with pytest.raises(Refused) as refusal:
        invite(admin, email=email)
    assert (refusal.value.code, refusal.value.field) == ("duplicate", "email")
    assert User.objects.count() == 2


def test_somebody_who_was_deactivated_is_named(admin):
    make_user(email="rita@example.com", first_name="Rita", last_name="Rep", is_active=False)
    with pytest.raises(Refused, match="Rita Rep"):
        invite(admin, email="rita@example.com")


@pytest.mark.parametrize("fields", [{"email": "no address"}, {"role": "owner"}, {"first_name": "two\nlines"}])
def test_nonsense_is_refused_and_nobody_comes_in(admin, fields):
    with pytest.raises(Refused) as refusal:
        invite(admin, **fields)
    assert refusal.value.field == next(iter(fields))
    assert User.objects.count() == 1


def test_only_who_has_no_password_is_invited_again(admin, rep):
    actions.invite_again(by=admin, user_id=invite(admin).pk)
    with pytest.raises(Refused):
        actions.invite_again(by=admin, user_id=rep.pk)


@pytest.mark.parametrize("role", [Role.REP, Role.MANAGER, Role.CONTENT, Role.READ_ONLY])
def test_only_admins_change_people(admin, role, rep):
    somebody = make_user(role)
    calls = [
        lambda: invite(somebody),
        lambda: actions.edit_person(by=somebody, user_id=rep.pk, changes={"first_name": "X"}),
        lambda: actions.set_role(by=somebody, at=NOW, user_id=rep.pk, role=Role.ADMIN),
        lambda: actions.set_role(by=somebody, at=NOW, user_id=somebody.pk, role=Role.ADMIN),
        lambda: actions.deactivate(by=somebody, at=NOW, user_id=rep.pk),
        lambda: actions.reactivate(by=somebody, user_id=rep.pk),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            call()
    assert AuditEntry.objects.count() == 0


# --- Changing -----------------------------------------------------------------------------------------


def test_what_really_changed_is_in_the_trail(admin, rep):
    actions.edit_person(by=admin, user_id=rep.pk, changes={"first_name": "Rosa", "last_name": "Rep"})
    rep.refresh_from_db()
    entry = AuditEntry.objects.get(action="user.edited")
    assert (rep.name, rep.sort_key) == ("Rosa Rep", "rep rosa")
    assert (entry.actor, entry.subject_id, entry.changes) == (admin, rep.pk, {"first_name": ["Rita", "Rosa"]})


def test_rights_are_not_facts(admin, rep):
    with pytest.raises(Refused):
        actions.edit_person(by=admin, user_id=rep.pk, changes={"is_superuser": True})


def test_an_old_address_no_longer_signs_in(admin, rep):
    EmailAddress.objects.create(user=rep, email=rep.email, primary=True, verified=True)
    old = rep.email
    actions.edit_person(by=admin, user_id=rep.pk, changes={"email": "Rosa@example.com"})
    for email, status in ((old, 200), ("rosa@example.com", 302)):
        answer = Client().post("/accounts/login/", {"login": email, "password": "kontor-demo"})
        assert answer.status_code == status


def test_a_new_role_ends_sessions_and_tokens(admin, rep, other_rep):
    client, untouched = Client(), Client()
    client.force_login(rep)
    untouched.force_login(other_rep)
    ApiToken.objects.create(user=rep, expiry=None)
    actions.set_role(by=admin, at=timezone.now(), user_id=rep.pk, role=Role.MANAGER)
    assert client.get("/notifications/").status_code == 302
    assert untouched.get("/notifications/").status_code == 200
    assert not ApiToken.objects.filter(user=rep).exists()


def test_whoever_no_longer_leads_manages_no_team(admin, manager, team):
    actions.set_role(by=admin, at=NOW, user_id=manager.pk, role=Role.REP)
    assert not TeamMembership.objects.on(TODAY).managers().filter(user=manager).exists()
    assert TeamMembership.objects.on(TODAY - timedelta(days=1)).managers().get(user=manager).team == team


def test_a_former_admin_keeps_no_back_door(admin):
    other = make_user(Role.ADMIN, is_staff=True, is_superuser=True)
    actions.set_role(by=admin, at=NOW, user_id=other.pk, role=Role.REP)
    other.refresh_from_db()
    assert (other.is_staff, other.is_superuser, holds(other, Permission.PEOPLE_EDIT)) == (False, False, False)


# --- Letting go ---------------------------------------------------------------------------------------


def test_whoever_is_let_go_is_out_at_once(admin, rep):
    client = Client()
    client.force_login(rep)
    _row, token = ApiToken.objects.create(user=rep, expiry=None)
    add_deputy(by=admin, at=NOW, person=rep, deputy=make_user(), starts_on=TODAY, ends_on=None)
    actions.deactivate(by=admin, at=NOW, user_id=rep.pk)
    rep.refresh_from_db()
    assert (rep.is_active, rep.deactivated_at) == (False, NOW)
    assert client.get("/notifications/").status_code == 302
    assert Client().get("/api/v1/deals/", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert Client().post("/accounts/login/", {"login": rep.email, "password": "kontor-demo"}).url.endswith("inactive/")
    assert not TeamMembership.objects.on(TODAY).filter(user=rep).exists()
    assert not Deputy.objects.exists()


def test_an_old_session_does_not_come_back_with_the_person(admin, rep):
    client = Client()
    client.force_login(rep)
    actions.deactivate(by=admin, at=timezone.now(), user_id=rep.pk)
    actions.reactivate(by=admin, user_id=rep.pk)
    rep.refresh_from_db()
    assert rep.is_active
    assert client.get("/notifications/").status_code == 302
    assert Client().post("/accounts/login/", {"login": rep.email, "password": "kontor-demo"}).url == "/"


def test_nobody_puts_herself_out(admin):
    make_user(Role.ADMIN)
    with pytest.raises(Refused):
        actions.deactivate(by=admin, at=NOW, user_id=admin.pk)
    with pytest.raises(Refused):
        actions.set_role(by=admin, at=NOW, user_id=admin.pk, role=Role.REP)


@pytest.fixture
def deputy(admin):
    """Somebody else who may do what the admin may: the last admin is not only safe from herself."""
    deputy = make_user()
    add_deputy(by=admin, at=NOW, person=admin, deputy=deputy, starts_on=TODAY, ends_on=None)
    Deputy.objects.update(starts_on=date(2026, 1, 1))
    return deputy


def test_the_last_admin_stays(admin):
    make_user(Role.ADMIN, is_active=False)
    for change in (
        lambda: actions.set_role(by=admin, at=NOW, user_id=admin.pk, role=Role.MANAGER),
        lambda: actions.deactivate(by=admin, at=NOW, user_id=admin.pk),
    ):
        with pytest.raises(Refused):
            change()
    assert User.objects.active().filter(role=Role.ADMIN).exists()


def test_who_stands_in_for_an_admin_does_not_administer(admin, deputy):
    for change in (
        lambda: actions.set_role(by=deputy, at=NOW, user_id=deputy.pk, role=Role.ADMIN),
        lambda: actions.set_role(by=deputy, at=NOW, user_id=make_user().pk, role=Role.ADMIN),
        lambda: actions.deactivate(by=deputy, at=NOW, user_id=admin.pk),
    ):
        with pytest.raises(Forbidden):
            change()
    assert not holds(deputy, Permission.WORKSPACE_EDIT)
    assert reach(deputy, Permission.DEAL_EDIT).everything


@pytest.mark.django_db(transaction=True)
def test_two_admins_cannot_remove_each_other_at_once(admin):
    other = make_user(Role.ADMIN)
    outcome = []

    def remove_back():
        try:
            actions.deactivate(by=other, at=NOW, user_id=admin.pk)
        except (Refused, Forbidden) as refusal:
            outcome.append(refusal)
        finally:
            connection.close()

    second = threading.Thread(target=remove_back)
    with transaction.atomic():
        actions.set_role(by=admin, at=NOW, user_id=other.pk, role=Role.REP)
        second.start()
        second.join(0.4)
        assert second.is_alive(), "the second admin should wait for the first"
    second.join(5)
    assert len(outcome) == 1
    assert list(User.objects.active().filter(role=Role.ADMIN)) == [admin]


# --- Standing in --------------------------------------------------------------------------------------


def test_a_deputy_reaches_what_the_person_reaches_until_it_ends(admin, rep):
    deputy = make_user(Role.CONTENT)
    today = timezone.now().date()
    row = add_deputy(by=admin, at=timezone.now(), person=rep, deputy=deputy, starts_on=today, ends_on=None)
    assert holds(deputy, Permission.DEAL_VIEW)
    end_deputy(by=admin, deputy_id=row.pk, on=today)
    assert not holds(deputy, Permission.DEAL_VIEW)


def test_impossible_deputies_are_refused(admin, rep, other_rep):
    tomorrow = TODAY + timedelta(days=1)
    add_deputy(by=admin, at=NOW, person=rep, deputy=other_rep, starts_on=TODAY, ends_on=tomorrow)
    impossible = [
        {"deputy": rep, "starts_on": TODAY, "ends_on": None},
        {"deputy": other_rep, "starts_on": TODAY, "ends_on": None},
        {"deputy": admin, "starts_on": TODAY - timedelta(days=1), "ends_on": None},
        {"deputy": admin, "starts_on": tomorrow, "ends_on": tomorrow},
        {"deputy": make_user(is_active=False), "starts_on": TODAY, "ends_on": None},
    ]
    for fields in impossible:
        with pytest.raises(Refused):
            add_deputy(by=admin, at=NOW, person=rep, **fields)
    add_deputy(by=admin, at=NOW, person=rep, deputy=other_rep, starts_on=tomorrow, ends_on=None)
