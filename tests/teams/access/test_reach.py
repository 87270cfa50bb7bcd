"""Whose records a person reaches: by role, team, setting, deputy and date."""

from datetime import date, timedelta

import pytest
import time_machine

from crm.lib.errors import Forbidden
from pipeline.contacts.actions import delete_company, edit_company
from pipeline.models import Company, Deal
from teams.access import Permission, holds, reach
from teams.models import Deputy, RepVisibility, Role, Team, TeamMembership, TerritoryMembership
from tests.factories import NOW, make_company, make_deal, make_team, make_territory, make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def visible(user):
    return set(Deal.objects.reachable_by(user))


def test_a_rep_sees_her_own_deals(rep, other_rep, pipeline):
    mine, _theirs = make_deal(rep), make_deal(other_rep)
    assert visible(rep) == {mine}


def test_a_manager_sees_the_subtree_of_her_teams(rep, other_rep, manager, team, pipeline):
    below = make_user(team=make_team("Below", team))
    mine, deeper, _other = make_deal(rep), make_deal(below), make_deal(other_rep)
    assert visible(manager) == {mine, deeper}


def test_an_admin_sees_all_and_content_nothing(rep, other_rep, admin, pipeline):
    deals = {make_deal(rep), make_deal(other_rep)}
    assert visible(admin) == deals
    assert visible(make_user(Role.CONTENT)) == set()


@pytest.mark.parametrize(
    ("setting", "count"), [(RepVisibility.OWN, 1), (RepVisibility.TEAM, 2), (RepVisibility.ALL, 3)]
)
def test_the_workspace_widens_what_reps_see_but_not_what_they_change(rep, other_rep, team, pipeline, setting, count):
    make_deal(rep), make_deal(make_user(team=team)), make_deal(other_rep)
    make_workspace(rep_visibility=setting)
    assert len(visible(rep)) == count
    assert Deal.objects.reachable_by(rep, Permission.DEAL_EDIT).count() == 1


def test_a_deputy_reaches_what_the_absent_person_reaches(rep, other_rep, pipeline):
    deal = make_deal(rep)
    Deputy.objects.create(person=rep, deputy=other_rep, starts_on=NOW.date(), ends_on=NOW.date() + timedelta(days=1))
    assert visible(other_rep) == {deal}
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        assert visible(other_rep) == set()


def test_a_membership_counts_from_its_first_day_to_the_day_before_its_end(rep, team, pipeline):
    deal = make_deal(rep)
    leader = make_user(Role.MANAGER)
    TeamMembership.objects.create(
        user=leader, team=team, role_in_team="manager", starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 25)
    )
    for day, expected in ((0, set()), (1, {deal}), (2, set())):
        with time_machine.travel(NOW + timedelta(days=day), tick=False):
            assert visible(leader) == expected


def test_a_deactivated_person_reaches_nothing(rep, pipeline):
    make_deal(rep)
    rep.is_active = False
    assert not reach(rep, Permission.DEAL_VIEW)
    assert visible(rep) == set()


@pytest.mark.parametrize("permission", [Permission.WORKSPACE_EDIT, Permission.PEOPLE_EDIT, Permission.DEAL_REASSIGN])
def test_reps_do_not_hold_what_is_not_theirs(rep, permission):
    assert not holds(rep, permission)


def test_who_stands_in_sees_the_companies_of_the_absent_persons_territories(rep, other_rep):
    north = make_territory("North")
    TerritoryMembership.objects.create(user=rep, territory=north)
    company = make_company(territory=north)
    assert not Company.objects.reachable_by(other_rep).filter(pk=company.pk).exists()
    Deputy.objects.create(person=rep, deputy=other_rep, starts_on=NOW.date())
    assert Company.objects.reachable_by(other_rep).filter(pk=company.pk).exists()


def test_whose_role_may_not_export_does_not_export_for_somebody_else(rep, manager):
    make_workspace(export_forbidden_for=["rep"])
    Deputy.objects.create(person=manager, deputy=rep, starts_on=NOW.date())
    assert holds(manager, Permission.EXPORT)
    assert not holds(rep, Permission.EXPORT)


def test_a_managers_own_deal_is_within_reach_of_who_leads_her(team, manager, pipeline):
    deal = make_deal(manager)
    assert deal.team is None
    above = make_team("Above")
    Team.objects.filter(pk=team.pk).update(parent=above)
    boss, stranger = make_user(Role.MANAGER, manages=above), make_user(Role.MANAGER, manages=make_team())
    assert [Deal.objects.reachable_by(who).filter(pk=deal.pk).exists() for who in (boss, stranger)] == [True, False]


@pytest.mark.parametrize("visibility", ["all", "team"])
def test_seeing_more_is_no_right_to_dispose_of_it(rep, other_rep, team, visibility):
    make_workspace(rep_visibility=visibility)
    colleague = make_user(team=team)
    company = make_company(owner=colleague)
    assert Company.objects.reachable_by(rep).filter(pk=company.pk).exists()
    with pytest.raises(Forbidden):
        delete_company(company_id=company.pk, by=rep, at=NOW, version=company.version)
    for heir in (rep, make_user()):
        with pytest.raises(Forbidden):
            edit_company(company_id=company.pk, by=rep, at=NOW, version=company.version, changes={"owner": heir})
    assert Company.objects.get(pk=company.pk).owner == colleague
