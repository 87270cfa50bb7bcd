"""The pages of users: who may enter, what they show, what they change."""

import re

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from teams.models import Deputy, Role, TeamMembership, User
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(admin):
    client = Client()
    client.force_login(admin)
    return client


def names(answer):
    return [line.user.first_name for line in answer.context["lines"]]


# --- The list -----------------------------------------------------------------------------------------


def test_it_asks_equally_often_for_one_person_and_for_twenty(client, team):
    make_user(team=team)
    client.get(reverse("user-list"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("user-list"))
    for _number in range(20):
        make_user(Role.MANAGER, team=team, manages=team)
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("user-list"))
    assert len(few) == len(many)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Ada", "Max", "Nora", "Otto", "Rita"]),
        ({"q": "rita REP"}, ["Rita"]),
        ({"q": "rep rita"}, ["Rita"]),
        ({"q": "nora@exa"}, ["Nora"]),
        ({"role": "manager"}, ["Max"]),
        ({"state": "inactive"}, ["Ines"]),
        ({"state": "all"}, ["Ada", "Ines", "Max", "Nora", "Otto", "Rita"]),
        ({"state": "no-password"}, ["Nora"]),
        (
            {"role": "nonsense", "team": "'", "ordering": "password", "page": "x"},
            ["Ada", "Max", "Nora", "Otto", "Rita"],
        ),
        ({"ordering": "-name"}, ["Rita", "Otto", "Nora", "Max", "Ada"]),
    ],
)
def test_the_list_is_narrowed_and_sorted(client, admin, manager, rep, other_rep, query, found):
    make_user(first_name="Ines", last_name="Former", is_active=False)
    nora = make_user(first_name="Nora", last_name="New", email="nora@example.com")
    nora.set_unusable_password()
    nora.save()
    answer = client.get(reverse("user-list"), query)
    assert answer.status_code == 200
    assert (names(answer) if "ordering" in query else sorted(names(answer))) == found


def test_a_team_means_the_teams_below_it(client, root_team, rep, manager, other_rep):
    assert sorted(names(client.get(reverse("user-list"), {"team": rep.memberships.get().team_id}))) == ["Max", "Rita"]
    assert len(names(client.get(reverse("user-list"), {"team": root_team.pk}))) == 3


def test_pages_of_fifty(client):
    for _number in range(60):
        make_user()
    assert len(names(client.get(reverse("user-list"), {"page": 2}))) == 11
    partial = client.get(reverse("user-list"), headers=HTMX).content.decode()
    assert partial.lstrip().startswith('<div id="users"')


# --- Who may enter ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.REP, Role.MANAGER, Role.CONTENT, Role.READ_ONLY])
def test_only_admins_enter(role, rep, team):
    somebody = make_user(role, manages=team)
    client = Client()
    client.force_login(somebody)
    membership = somebody.memberships.get()
    deputy = Deputy.objects.create(person=rep, deputy=somebody, starts_on="2999-01-01")
    reads = [reverse("user-list"), reverse("team-list"), reverse("team-edit", args=[team.pk])]
    forms = [
        reverse("user-invite"),
        reverse("team-add"),
        reverse("team-person-add", args=[team.pk]),
        *(
            reverse(name, args=[rep.pk])
            for name in ("user-edit", "user-deputy-add", "user-deactivate", "user-change-team")
        ),
    ]
    deeds = [
        reverse("user-deputy-end", args=[rep.pk, deputy.pk]),
        reverse("team-manager-end", args=[team.pk, membership.pk]),
        *(reverse(name, args=[rep.pk]) for name in ("user-role", "user-invite-again", "user-reactivate")),
        *(reverse(name, args=[team.pk]) for name in ("team-rename", "team-move", "team-archive", "team-restore")),
    ]
    assert {client.get(page).status_code for page in [*reads, *forms]} == {403}
    assert {client.post(page).status_code for page in [*forms, *deeds]} == {403}
    assert f'href="{reverse("user-list")}"' not in client.get("/notifications/").content.decode()


def test_whoever_is_not_signed_in_is_asked_to(rep):
    assert Client().get(reverse("user-list")).url.startswith("/accounts/login/")


def test_somebody_unknown_is_not_found(client):
    for name in ("user-edit", "user-deactivate", "user-change-team", "user-deputy-add"):
        assert client.get(reverse(name, args=[999_999])).status_code == 404
    assert client.post(reverse("user-reactivate", args=[999_999])).status_code == 404


# --- Inviting -----------------------------------------------------------------------------------------


INVITATION = {
    "first_name": "Nora",
    "last_name": "New",
    "email": "nora@example.com",
    "role": "rep",
    "language": "de",
}


def test_an_invitation_goes_out(client, team):
    answer = client.post(reverse("user-invite"), INVITATION | {"team": team.pk}, follow=True)
    nora = User.objects.get(email="nora@example.com")
    assert answer.redirect_chain[-1][0] == reverse("user-edit", args=[nora.pk])
    assert nora.memberships.get().team == team
    assert [message.to for message in mail.outbox] == [["nora@example.com"]]
    client.post(reverse("user-invite-again", args=[nora.pk]))
    assert len(mail.outbox) == 2


def test_a_wrong_invitation_comes_back_with_what_was_typed(client, rep):
    answer = client.post(reverse("user-invite"), INVITATION | {"email": rep.email.upper()})
    assert answer.status_code == 422
    assert "email" in answer.context["form"].errors
    assert "Nora" in answer.content.decode()
    assert not mail.outbox


def test_without_a_mail_server_the_person_is_there_and_can_be_invited_again(client, monkeypatch):
    def no_server(*_args, **_kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr("teams.people.invitations.send_mail", no_server)
    page = client.post(reverse("user-invite"), INVITATION, follow=True).content.decode()
    assert "could not be sent" in page
    assert "Send the invitation again" in page


# --- One person ---------------------------------------------------------------------------------------


def test_facts_and_role_are_changed(client, rep):
    page = reverse("user-edit", args=[rep.pk])
    facts = {"first_name": "Rosa", "last_name": "Rep", "email": rep.email, "job_title": "Hunter", "language": "de"}
    assert client.post(page, facts).status_code == 302
    assert client.post(reverse("user-role", args=[rep.pk]), {"role": "manager"}).status_code == 302
    rep.refresh_from_db()
    assert (rep.name, rep.job_title, rep.role) == ("Rosa Rep", "Hunter", "manager")
    wrong = client.post(page, facts | {"email": "nonsense"})
    assert wrong.status_code == 422
    assert client.post(reverse("user-role", args=[rep.pk]), {"role": "owner"}).status_code == 422
    rep.refresh_from_db()
    assert rep.role == "manager"
    stale = client.post(reverse("user-role", args=[rep.pk]), {"role": "content", "was": "rep"}, follow=True)
    assert "Somebody changed the role of Rosa Rep meanwhile. Choose again." in stale.content.decode()
    rep.refresh_from_db()
    assert rep.role == "manager"


def test_the_own_page_offers_neither_role_nor_door(client, admin):
    page = client.get(reverse("user-edit", args=[admin.pk])).content.decode()
    assert reverse("user-role", args=[admin.pk]) not in page
    assert reverse("user-deactivate", args=[admin.pk]) not in page
    answer = client.post(reverse("user-role", args=[admin.pk]), {"role": "rep"})
    assert answer.status_code == 422
    assert User.objects.get(pk=admin.pk).role == Role.ADMIN


def test_a_person_comes_back(client, rep):
    User.objects.filter(pk=rep.pk).update(is_active=False, deactivated_at=timezone.now())
    assert "Reactivate" in client.get(reverse("user-edit", args=[rep.pk])).content.decode()
    client.post(reverse("user-reactivate", args=[rep.pk]))
    assert User.objects.get(pk=rep.pk).is_active


def test_deputies_come_and_go(client, rep, other_rep):
    today = timezone.now().date().isoformat()
    page = reverse("user-deputy-add", args=[rep.pk])
    wrong = client.post(page, {"deputy": other_rep.pk, "starts_on": today, "last_day": "2020-01-01"}, headers=HTMX)
    assert wrong.status_code == 422
    right = client.post(page, {"deputy": other_rep.pk, "starts_on": today, "last_day": today}, headers=HTMX)
    assert right.headers["HX-Redirect"] == reverse("user-edit", args=[rep.pk])
    deputy = Deputy.objects.get()
    assert (deputy.ends_on - deputy.starts_on).days == 1
    assert "Otto Other" in client.get(reverse("user-edit", args=[rep.pk])).content.decode()
    client.post(reverse("user-deputy-end", args=[rep.pk, deputy.pk]))
    assert not Deputy.objects.exists()


def test_a_person_costs_the_same_with_many_teams(client, manager):
    def ask():
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("user-edit", args=[manager.pk]))
        return len(queries)

    ask()
    before = ask()
    for _number in range(5):
        TeamMembership.objects.create(user=manager, team=make_team(), role_in_team="manager")
    assert ask() == before


def test_german_pages(client, admin, rep):
    User.objects.filter(pk=admin.pk).update(language="de")
    for name in ("user-list", "user-invite", "team-list"):
        assert client.get(reverse(name)).status_code == 200
    assert client.get(reverse("user-edit", args=[rep.pk])).status_code == 200


def shown_in(page):
    """What a browser sends back of a form that nobody touched."""
    tags = re.findall(r"<input[^>]+>", page.content.decode())
    pairs = [(re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in tags]
    return {name[1]: value[1] if value else "" for name, value in pairs if name and name[1] != "csrfmiddlewaretoken"}


def test_a_form_that_was_open_for_long_takes_back_nothing(client, admin, rep):
    client.force_login(admin)
    facts, profile = f"/users/{rep.pk}/", "/settings/profile/"
    old = shown_in(client.get(facts)) | {"language": "en", "initial-language": "en", "job_title": "Hunter"}
    User.objects.filter(pk=rep.pk).update(email="new@example.com", last_name="Newman")
    assert client.post(facts, old).status_code == 302
    rep.refresh_from_db()
    assert (rep.email, rep.last_name, rep.job_title) == ("new@example.com", "Newman", "Hunter")
    client.force_login(rep)
    old = shown_in(client.get(profile)) | {"theme": "dark"}
    for name in ("language", "time_zone", "start_page"):
        old |= {name: getattr(rep, name), f"initial-{name}": getattr(rep, name)}
    User.objects.filter(pk=rep.pk).update(last_name="Oldman")
    assert client.post(profile, old).status_code == 302
    rep.refresh_from_db()
    assert (rep.last_name, rep.theme) == ("Oldman", "dark")
