"""Each month of a person belongs to one team."""

from datetime import date

import pytest

from teams.models import TeamMembership
from teams.quotas.placement import placement
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mover(team, other_team):
    """North from 15 January, South from 10 to 20 March, then gone."""
    person = make_user()
    for where, start, end in (
        (team, date(2026, 1, 15), date(2026, 3, 10)),
        (other_team, date(2026, 3, 10), date(2026, 3, 20)),
    ):
        TeamMembership.objects.create(user=person, team=where, starts_on=start, ends_on=end)
    return person


@pytest.mark.parametrize(
    ("month", "name"),
    [
        (date(2025, 12, 1), "North"),
        (date(2026, 1, 1), "North"),
        (date(2026, 2, 1), "North"),
        (date(2026, 3, 1), "South"),
        (date(2026, 4, 1), "South"),
    ],
)
def test_the_last_team_of_a_month_takes_it(mover, team, other_team, month, name):
    names = {team.pk: "North", other_team.pk: "South"}
    assert names[placement().team_of(mover.pk, month)] == name


def test_a_start_on_the_first_of_the_next_month_does_not_count(team, other_team):
    person = make_user()
    TeamMembership.objects.create(user=person, team=team, ends_on=date(2026, 4, 1))
    TeamMembership.objects.create(user=person, team=other_team, starts_on=date(2026, 4, 1))
    assert placement([person.pk]).team_of(person.pk, date(2026, 3, 1)) == team.pk
    assert placement([person.pk]).team_of(person.pk, date(2026, 4, 1)) == other_team.pk


def test_people_without_a_team_have_none(workspace):
    assert placement().team_of(make_user().pk, date(2026, 3, 1)) is None


def test_leading_a_team_is_not_belonging_to_it(manager):
    assert placement().team_of(manager.pk, date(2026, 3, 1)) is None
