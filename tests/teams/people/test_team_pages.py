"""The pages of teams."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from teams.models import Role, Team
from teams.people.tree import branches, lines
from tests.factories import NOW, make_team, make_user

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def client(admin):
    client = Client()
    client.force_login(admin)
    return client


def test_the_tree_counts_people_where_they_are_and_below(root_team, team, other_team, rep, other_rep, manager):
    make_user(team=team, is_active=False)
    make_team("Harbour", team)
    found = {line.branch.team.name: (line.branch.level, line.members, line.below) for line in lines(TODAY)}
    assert found == {"Company": (0, 0, 2), "North": (1, 1, 1), "Harbour": (2, 0, 0), "South": (1, 1, 1)}
    assert [line.managers for line in lines(TODAY)] == [[], [manager], [], []]
    assert [branch.path for branch in branches()][2] == "Company › North › Harbour"


def test_it_asks_equally_often_for_few_teams_and_for_many(client, root_team, team, rep):
    def ask(page):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        return len(queries)

    pages = [reverse("team-list"), reverse("team-edit", args=[team.pk])]
    before = [ask(page) for page in pages]
    for _number in range(10):
        make_user(Role.MANAGER, team=team, manages=make_team(parent=root_team))
    assert [ask(page) for page in pages] == before


def test_teams_are_added_renamed_moved_and_archived(client, root_team, team):
    added = client.post(reverse("team-add"), {"name": "Harbour", "parent": team.pk}, headers={"HX-Request": "true"})
    harbour = Team.objects.get(name="Harbour")
    page = reverse("team-edit", args=[harbour.pk])
    assert added.headers["HX-Redirect"] == page
    client.post(reverse("team-rename", args=[harbour.pk]), {"name": "Port", "version": 1})
    client.post(reverse("team-move", args=[harbour.pk]), {"parent": root_team.pk, "version": 2})
    harbour.refresh_from_db()
    assert (harbour.name, harbour.parent) == ("Port", root_team)
    client.post(reverse("team-archive", args=[harbour.pk]))
    assert "Port" in client.get(reverse("team-list")).content.decode()
    assert "Archived on" in client.get(page).content.decode()
    client.post(reverse("team-restore", args=[harbour.pk]))
    assert Team.objects.get(pk=harbour.pk).archived_at is None


def test_what_is_impossible_is_said_beside_the_field(client, root_team, team):
    ring = client.post(reverse("team-move", args=[root_team.pk]), {"parent": team.pk, "version": 1})
    assert (ring.status_code, "parent" in ring.context["place_form"].errors) == (422, True)
    twice = client.post(reverse("team-add"), {"name": "NORTH", "parent": root_team.pk})
    assert (twice.status_code, "name" in twice.context["form"].errors) == (422, True)
    empty = client.post(reverse("team-rename", args=[team.pk]), {"name": "", "version": 1})
    assert empty.status_code == 422


def test_a_team_with_people_is_not_archived(client, team, rep):
    page = client.post(reverse("team-archive", args=[team.pk]), follow=True).content.decode()
    assert "People belong to this team" in page
    assert Team.objects.get(pk=team.pk).archived_at is None


def test_of_two_who_rename_the_second_chooses(client, team):
    other = Client()
    other.force_login(make_user(Role.ADMIN, first_name="Olga", last_name="Other"))
    other.post(reverse("team-rename", args=[team.pk]), {"name": "Norden", "version": 1})
    answer = client.post(reverse("team-rename", args=[team.pk]), {"name": "Nord", "version": 1})
    assert answer.status_code == 409
    assert "Olga Other set this to “Norden”" in answer.content.decode()
    box = answer.context["conflict"]
    client.post(box["address"], {box["name"]: box["value"], "version": box["version"]})
    assert Team.objects.get(pk=team.pk).name == "Nord"


def test_a_manager_stops_managing(client, team, manager):
    membership = manager.memberships.get()
    client.post(reverse("team-manager-end", args=[team.pk, membership.pk]))
    membership.refresh_from_db()
    assert membership.ends_on is not None
    assert client.post(reverse("team-manager-end", args=[team.pk, membership.pk])).status_code == 404
