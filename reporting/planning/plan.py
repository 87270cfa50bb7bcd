"""What the quota grid is made of, read for one reader and one year."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from crm.lib.periods import Period, midnight
from teams.access import Permission, Reach, reach
from teams.access.reach import carries_quota
from teams.models import Quota, Team, TeamMembership, User, Workspace
from teams.quotas.placement import Placement, placement

Key = tuple[str, int, date]


@dataclass(frozen=True)
class Plan:
    """Teams and people that the reader sees, with the current quotas of the year.

    `team_of` names the seen team to which a month of a person counts, None for people without one; months that
    count to a team out of the reader's sight are absent.
    """

    scope: Reach
    quotas: dict[Key, Quota]
    team_of: dict[tuple[int, date], int | None]
    people_in: dict[int | None, list[User]]
    children_of: dict[int | None, list[Team]]

    @property
    def last_change(self) -> Quota | None:
        return max(self.quotas.values(), key=lambda row: (row.set_at, row.pk), default=None)


def read_plan(reader: User, period: Period) -> Plan:
    """Six queries, however many people and quotas there are."""
    scope = reach(reader, Permission.QUOTA_VIEW)
    teams = _teams(scope)
    placed = placement()
    months = [month.start for month in period.months()]
    seen = {team.pk for team in teams}
    quotas = _quotas(scope, placed, seen, period)
    with_quota = {row.user_id for row in quotas if row.user_id is not None and row.amount is not None}
    people = _people(scope, period, with_quota)
    team_of = _teams_of(people, months, placed, seen, scope)
    return Plan(
        scope=scope,
        quotas={_key(row): row for row in quotas},
        team_of=team_of,
        people_in=_by_team(people, team_of),
        children_of=_tree(teams),
    )


def _teams_of(
    people: list[User], months: list[date], placed: Placement, seen: set[int], scope: Reach
) -> dict[tuple[int, date], int | None]:
    found: dict[tuple[int, date], int | None] = {}
    for person in people:
        for month in months:
            team_id = placed.team_of(person.pk, month)
            if team_id in seen:
                found[person.pk, month] = team_id
            elif scope.everything or person.pk in scope.user_ids:
                found[person.pk, month] = None
    return found


def _by_team(people: list[User], team_of: dict[tuple[int, date], int | None]) -> dict[int | None, list[User]]:
    places: dict[int, set[int | None]] = {}
    for (user_id, _month), team_id in team_of.items():
        places.setdefault(user_id, set()).add(team_id)
    found: dict[int | None, list[User]] = {}
    for person in people:
        for team_id in places.get(person.pk, ()):
            found.setdefault(team_id, []).append(person)
    return found


def _quotas(scope: Reach, placed: Placement, seen: set[int], period: Period) -> list[Quota]:
    """Of the teams, and of everybody who is or was in one of them: a plan keeps those who left."""
    rows = Quota.objects.current().of_won_value().within(period).select_related("set_by")
    rows = rows.filter(Q(user__isnull=False) | Q(team__isnull=False))
    if not scope.everything:
        people = scope.user_ids | placed.people_of(seen)
        rows = rows.filter(Q(user_id__in=people) | Q(team_id__in=seen))
    return list(rows)


def _key(row: Quota) -> Key:
    if row.user_id is not None:
        return ("user", row.user_id, row.month)
    return ("team", row.team_id or 0, row.month)


def _teams(scope: Reach) -> list[Team]:
    teams = Team.objects.order_by("name", "pk")
    return list(teams if scope.everything else teams.filter(pk__in=scope.team_ids))


def _tree(teams: Iterable[Team]) -> dict[int | None, list[Team]]:
    seen = {team.pk for team in teams}
    children: dict[int | None, list[Team]] = {}
    for team in teams:
        children.setdefault(team.parent_id if team.parent_id in seen else None, []).append(team)
    return children


def _people(scope: Reach, period: Period, with_quota: set[int]) -> list[User]:
    """Who sells in the year, and everybody with a quota in it."""
    during = TeamMembership.objects.members().begun_before(period.end).lasting_beyond(period.start)
    if not scope.everything:
        during = during.filter(Q(team_id__in=scope.team_ids) | Q(user_id__in=scope.user_ids))
    begun = midnight(period.start, Workspace.get().zone)
    still_there = Q(is_active=True) | Q(deactivated_at__gte=begun)
    rows = User.objects.filter(Q(pk__in=during.values("user_id")) & still_there | Q(pk__in=with_quota))
    return [person for person in rows.by_name() if carries_quota(person) or person.pk in with_quota]
