"""People as the pages of an administrator show them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Prefetch

from teams.people.models import Deputy, Team, TeamMembership, TeamRole, User
from teams.people.querysets import UserQuerySet

DAY = timedelta(days=1)
ORDERINGS = {"name": "sort_key", "email": "email", "seen": "last_login"}


@dataclass(frozen=True)
class PersonLine:
    """A person in the list, with the team she is a member of today and those that she manages."""

    user: User
    team: Team | None
    manages: list[Team]


@dataclass(frozen=True)
class Stay:
    """A membership as a line: `last_day` is inclusive, as people say it."""

    membership: TeamMembership
    last_day: date | None
    is_planned: bool
    is_over: bool


@dataclass(frozen=True)
class DeputyLine:
    """A deputy as a line, running or planned."""

    deputy: Deputy
    last_day: date | None
    is_planned: bool


@dataclass(frozen=True)
class Roster:
    """Who manages a team and who is a member, today or planned."""

    managers: list[Stay] = field(default_factory=list)
    members: list[Stay] = field(default_factory=list)


def listed(people: UserQuerySet, ordering: str, today: date) -> UserQuerySet:
    """The people in the wanted order, with their teams of today."""
    key = F(ORDERINGS[ordering.removeprefix("-")])
    order = key.desc(nulls_last=True) if ordering.startswith("-") else key.asc(nulls_last=True)
    current = TeamMembership.objects.on(today).select_related("team").order_by("team__name", "pk")
    found: UserQuerySet = people.order_by(order, "pk").prefetch_related(
        Prefetch("memberships", queryset=current, to_attr="current")
    )
    return found


def person_lines(people: Iterable[Any]) -> list[PersonLine]:
    return [
        PersonLine(
            user,
            next((row.team for row in user.current if row.role_in_team == TeamRole.MEMBER), None),
            [row.team for row in user.current if row.role_in_team == TeamRole.MANAGER],
        )
        for user in people
    ]


def stays_of(user: User, today: date) -> list[Stay]:
    """All memberships of a person, the latest first."""
    rows = user.memberships.select_related("team").order_by(
        F("ends_on").desc(nulls_first=True), F("starts_on").desc(nulls_last=True), "pk"
    )
    return [stay(row, today) for row in rows]


def stay(membership: TeamMembership, today: date) -> Stay:
    ends_on, starts_on = membership.ends_on, membership.starts_on
    return Stay(
        membership,
        last_day=ends_on - DAY if ends_on else None,
        is_planned=starts_on is not None and starts_on > today,
        is_over=ends_on is not None and ends_on <= today,
    )


def roster_of(team: Team, today: date) -> Roster:
    roster = Roster()
    lasting = TeamMembership.objects.lasting_beyond(today).filter(team=team, user__is_active=True)
    for row in lasting.select_related("user").order_by("user__sort_key", "pk"):
        who = roster.managers if row.role_in_team == TeamRole.MANAGER else roster.members
        who.append(stay(row, today))
    return roster


def deputies_of(user: User, today: date) -> list[DeputyLine]:
    """Who stands in for the person, now or planned."""
    rows = user.deputies.lasting_beyond(today).select_related("deputy")
    return [
        DeputyLine(row, row.ends_on - DAY if row.ends_on else None, is_planned=row.starts_on > today)
        for row in rows.order_by("starts_on", "pk")
    ]
