"""Deactivating and changing teams on pages, with and without script."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pipeline.models import Deal
from teams.models import TeamMembership, User
from tests.factories import make_company, make_deal

HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(admin):
    client = Client()
    client.force_login(admin)
    return client


def test_the_page_counts_what_is_left(client, rep, pipeline):
    make_deal(rep, value=1250)
    make_deal(rep, value=None)
    make_company(owner=rep)
    answer = client.get(reverse("user-deactivate", args=[rep.pk]))
    left = answer.context["left"]
    assert (left.deals.count, left.deals.value, left.deals.without_value, left.companies) == (2, 1250, 1, 1)
    assert "€1,250" in answer.content.decode()


def test_without_a_successor_nothing_happens(client, rep, pipeline):
    make_deal(rep)
    answer = client.post(reverse("user-deactivate", args=[rep.pk]), {})
    assert (answer.status_code, "successor" in answer.context["form"].errors) == (422, True)
    assert User.objects.get(pk=rep.pk).is_active


def test_the_successor_takes_over(client, rep, other_rep, pipeline):
    deal = make_deal(rep)
    answer = client.post(reverse("user-deactivate", args=[rep.pk]), {"successor": other_rep.pk})
    assert answer.url == reverse("user-edit", args=[rep.pk])
    assert Deal.objects.get(pk=deal.pk).owner == other_rep
    assert client.get(reverse("user-deactivate", args=[rep.pk])).status_code == 404


def test_nobody_is_asked_for_when_nothing_is_left(client, rep):
    page = reverse("user-deactivate", args=[rep.pk])
    assert "successor" not in client.get(page).context["form"].fields
    client.post(page)
    assert not User.objects.get(pk=rep.pk).is_active


def test_oneself_is_not_offered(client, admin):
    page = reverse("user-deactivate", args=[admin.pk])
    assert "Another admin" in client.get(page).content.decode()
    assert client.post(page).status_code == 422
    assert User.objects.get(pk=admin.pk).is_active


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_team_is_changed_on_a_day(client, rep, other_team, pipeline, headers):
    deal = make_deal(rep)
    today = timezone.now().date().isoformat()
    page = reverse("user-change-team", args=[rep.pk])
    assert "1 open deal comes along" in client.get(page, headers=headers).content.decode()
    answer = client.post(page, {"team": other_team.pk, "role_in_team": "member", "on": today}, headers=headers)
    assert reverse("user-edit", args=[rep.pk]) == answer.headers.get("HX-Redirect", answer.headers.get("Location"))
    assert Deal.objects.get(pk=deal.pk).team == other_team


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"on": "2999-01-01"}, "on"), ({"on": "soon"}, "on"), ({"team": ""}, "team"), ({"role_in_team": "manager"}, None)],
)
def test_what_is_impossible_is_said_in_the_dialog(client, rep, team, other_team, changes, field):
    typed = {"team": other_team.pk, "role_in_team": "member", "on": timezone.now().date().isoformat()} | changes
    answer = client.post(reverse("user-change-team", args=[rep.pk]), typed, headers=HTMX)
    assert answer.status_code == 422
    assert (field or "role_in_team") in answer.context["form"].errors
    assert TeamMembership.objects.get(user=rep).team == team


def test_a_team_takes_somebody_in(client, rep, manager, other_team):
    page = reverse("team-person-add", args=[other_team.pk])
    today = timezone.now().date().isoformat()
    assert client.get(page).status_code == 200
    for person, role in ((rep, "member"), (manager, "manager")):
        answer = client.post(page, {"person": person.pk, "role_in_team": role, "on": today}, headers=HTMX)
        assert answer.headers["HX-Redirect"] == reverse("team-edit", args=[other_team.pk])
        assert TeamMembership.objects.filter(team=other_team, user=person, role_in_team=role).exists()


@pytest.mark.browser
def test_invite_and_let_go_in_a_browser(open_as, admin, rep, other_rep, pipeline):
    deal = make_deal(rep, name="Voss")
    page = open_as(admin)
    page.goto("/users/")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("First name").fill("Nora")
    page.get_by_label("Last name").fill("New")
    page.get_by_label("E-mail").fill("nora@example.com")
    page.get_by_role("button", name="Send invitation").click()
    page.get_by_role("heading", name="Nora New").wait_for()
    page.goto(f"/users/{rep.pk}/")
    page.get_by_role("link", name="Deactivate").click()
    page.get_by_label("Hand over to").select_option(label="Otto Other · South")
    page.get_by_role("button", name="Hand over and deactivate").click()
    page.get_by_role("button", name="Reactivate").wait_for()
    assert Deal.objects.get(pk=deal.pk).owner == other_rep


@pytest.mark.browser
def test_the_dialog_changes_the_team_in_a_browser(open_as, admin, rep, team, other_team):
    page = open_as(admin, viewport={"width": 390, "height": 844})
    page.goto(f"/users/{rep.pk}/")
    page.get_by_role("link", name="Change team").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Team").select_option(label="Company › South")
    dialog.get_by_role("button", name="Change team").click()
    page.get_by_role("link", name="South").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert TeamMembership.objects.on(timezone.now().date()).members().get(user=rep).team == other_team
