"""The tree of teams, and who belongs where on which day."""

from datetime import date, timedelta

import pytest

from crm.lib.errors import Conflict, Forbidden, Refused
from teams.access.reach import subtree
from teams.models import AuditEntry, Role, Team, TeamMembership
from teams.people import membership_actions as memberships
from teams.people import team_actions as teams
from tests.factories import NOW, make_team, make_user

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def days_of(user):
    rows = TeamMembership.objects.members().filter(user=user).select_related("team").order_by("starts_on", "pk")
    return sorted(((row.team.name, row.starts_on, row.ends_on) for row in rows), key=lambda row: str(row[1] or ""))


def set_team(admin, user, team, on):
    return memberships.set_team(by=admin, at=NOW, user=user, team=team, on=on)


# --- The tree -----------------------------------------------------------------------------------------


def test_teams_are_added_renamed_and_moved(admin, team, other_team):
    below = teams.add_team(by=admin, name=" Harbour ", parent=team)
    renamed = teams.rename_team(by=admin, team_id=below.pk, version=1, name="Port")
    moved = teams.move_team(by=admin, team_id=below.pk, version=renamed.version, parent=other_team)
    assert (moved.name, moved.parent, moved.version) == ("Port", other_team, 3)
    assert subtree({other_team.pk}) == {other_team.pk, below.pk}
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == ["team.added", "team.renamed", "team.moved"]
    assert AuditEntry.objects.get(action="team.moved").changes["parent"] == ["North", "South"]


def test_a_team_never_comes_below_itself(admin, root_team, team):
    below = make_team("Harbour", team)
    for parent in (team, below):
        with pytest.raises(Refused) as refusal:
            teams.move_team(by=admin, team_id=team.pk, version=1, parent=parent)
        assert refusal.value.code == "ring"
    assert Team.objects.get(pk=team.pk).parent == root_team


def test_a_name_stands_once_in_a_place(admin, root_team, team):
    with pytest.raises(Refused, match="of this name"):
        teams.add_team(by=admin, name="north", parent=root_team)
    with pytest.raises(Refused):
        teams.add_team(by=admin, name="  ", parent=root_team)
    teams.add_team(by=admin, name="North", parent=team)


def test_two_who_rename_at_once_hear_of_each_other(admin, team):
    other = make_user(Role.ADMIN, first_name="Olga", last_name="Other")
    teams.rename_team(by=other, team_id=team.pk, version=1, name="Norden")
    with pytest.raises(Conflict) as conflict:
        teams.rename_team(by=admin, team_id=team.pk, version=1, name="Nord")
    told = conflict.value.conflicts[0]
    assert (told.by, told.theirs, told.yours) == ("Olga Other", "Norden", "Nord")
    same = teams.rename_team(by=admin, team_id=team.pk, version=1, name="Norden")
    merged = teams.move_team(by=admin, team_id=team.pk, version=1, parent=None)
    assert (same.version, merged.version, merged.name) == (2, 3, "Norden")


def test_only_empty_teams_are_put_aside(admin, root_team, team, rep):
    with pytest.raises(Refused) as refusal:
        teams.archive_team(by=admin, at=NOW, team_id=root_team.pk)
    assert refusal.value.code == "has_teams"
    with pytest.raises(Refused) as refusal:
        teams.archive_team(by=admin, at=NOW, team_id=team.pk)
    assert refusal.value.code == "has_people"
    empty = make_team("Empty", root_team)
    assert teams.archive_team(by=admin, at=NOW, team_id=empty.pk).archived_at == NOW
    for use in (
        lambda: set_team(admin, rep, empty, TODAY),
        lambda: teams.move_team(by=admin, team_id=team.pk, version=None, parent=empty),
        lambda: teams.add_team(by=admin, name="Below", parent=empty),
    ):
        with pytest.raises(Refused, match="archived"):
            use()
    assert teams.restore_team(by=admin, team_id=empty.pk).archived_at is None


def test_only_admins_touch_the_tree(manager, team):
    for call in (
        lambda: teams.add_team(by=manager, name="Mine", parent=team),
        lambda: teams.rename_team(by=manager, team_id=team.pk, version=1, name="Mine"),
        lambda: teams.archive_team(by=manager, at=NOW, team_id=team.pk),
        lambda: memberships.set_team(by=manager, at=NOW, user=manager, team=team, on=TODAY),
        lambda: memberships.add_manager(by=manager, at=NOW, user=manager, team=team, on=TODAY),
    ):
        with pytest.raises(Forbidden):
            call()


# --- Memberships --------------------------------------------------------------------------------------


def test_the_old_membership_ends_where_the_new_one_begins(admin, rep, other_team):
    on = date(2026, 12, 1)
    set_team(admin, rep, other_team, on)
    assert days_of(rep) == [("North", None, on), ("South", on, None)]
    assert [row.team.name for row in TeamMembership.objects.on(on).members().filter(user=rep)] == ["South"]


def test_a_person_is_in_one_team_every_day(admin, rep, team, other_team):
    third = make_team("Third")
    for chosen, on in (
        (other_team, TODAY),
        (third, TODAY + timedelta(days=10)),
        (team, TODAY + timedelta(days=5)),
        (other_team, TODAY - timedelta(days=5)),
        (third, TODAY),
    ):
        set_team(admin, rep, chosen, on)
        for offset in range(-20, 30):
            day = TODAY + timedelta(days=offset)
            assert TeamMembership.objects.on(day).members().filter(user=rep).count() == 1


def test_a_planned_change_is_dropped_by_staying(admin, rep, team, other_team):
    set_team(admin, rep, other_team, TODAY + timedelta(days=10))
    set_team(admin, rep, team, TODAY)
    assert days_of(rep) == [("North", None, None)]


def test_another_change_on_the_same_day_replaces_the_first(admin, rep, team, other_team):
    set_team(admin, rep, other_team, TODAY)
    set_team(admin, rep, make_team("Third"), TODAY)
    assert days_of(rep) == [("North", None, TODAY), ("Third", TODAY, None)]
    with pytest.raises(Refused):
        set_team(admin, rep, Team.objects.get(name="Third"), TODAY)


def test_where_somebody_is_she_need_not_go(admin, rep, team):
    with pytest.raises(Refused, match="already"):
        set_team(admin, rep, team, TODAY)


def test_a_manager_may_lead_several_teams_and_stop(admin, manager, team, other_team):
    added = memberships.add_manager(by=admin, at=NOW, user=manager, team=other_team, on=TODAY)
    with pytest.raises(Refused):
        memberships.add_manager(by=admin, at=NOW, user=manager, team=other_team, on=TODAY + timedelta(days=3))
    assert TeamMembership.objects.on(TODAY).managers().filter(user=manager).count() == 2
    ended = memberships.end_managing(by=admin, membership_id=added.pk, on=TODAY + timedelta(days=1))
    assert ended.ends_on == TODAY + timedelta(days=1)
    assert TeamMembership.objects.on(ended.ends_on).managers().get(user=manager).team == team


def test_a_role_that_leads_nobody_manages_no_team(admin, rep, team):
    with pytest.raises(Refused) as refusal:
        memberships.add_manager(by=admin, at=NOW, user=rep, team=team, on=TODAY)
    assert refusal.value.field == "role_in_team"


def test_members_do_not_just_leave(admin, rep):
    membership = TeamMembership.objects.get(user=rep)
    with pytest.raises(TeamMembership.DoesNotExist):
        memberships.end_managing(by=admin, membership_id=membership.pk, on=TODAY)
