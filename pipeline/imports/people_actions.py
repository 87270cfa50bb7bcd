"""The people and teams of the demo files, and the demo sign-ins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from crm.lib import memo
from crm.lib.text import sort_key
from pipeline.imports.maven import AgentRow
from teams.models import Role, Team, TeamMembership, User, Workspace
from teams.people.models import TeamRole

COMPANY = "MavenTech"
PASSWORD = "kontor-demo"  # noqa: S105 - for everybody to know
ADMIN = ("Andrea Winter", "admin@example.com")
SIGN_INS = {"Dustin Brinkmann": "manager@example.com", "Moses Frase": "rep@example.com"}


@dataclass(frozen=True)
class People:
    """Admin, managers and agents by name; the teams of who sells by their names, and of the offices by theirs."""

    admin: User
    users: dict[str, User]
    teams: dict[str, Team]
    offices: dict[str, Team]


@transaction.atomic
def set_up_workspace(*, time_zone: str, currency: str) -> Workspace:
    workspace, _created = Workspace.objects.update_or_create(
        pk=1, defaults={"name": COMPANY, "time_zone": time_zone, "currency": currency}
    )
    memo.forget()
    return workspace


@transaction.atomic
def set_up_people(
    agents: list[AgentRow], *, time_zone: str, at: datetime, language: str = "en", selling_managers: Sequence[str] = ()
) -> People:
    """Managers and agents with teams below their offices, members since always.

    Managers who sell belong to the team that they lead. Only the demo sign-ins have a password.
    """
    managers = {row.manager: row.office for row in agents}
    shared = {"time_zone": time_zone, "language": language, "date_joined": at}
    admin = _person(ADMIN[0], ADMIN[1], Role.ADMIN, **shared)
    users = [
        *(_agent_or_manager(name, Role.MANAGER, **shared) for name in managers),
        *(_agent_or_manager(row.name, Role.REP, **shared) for row in agents),
    ]
    User.objects.bulk_create([admin, *users])
    people = {user.name: user for user in users}
    offices, teams = _set_up_teams(managers)
    selling = {row.name: teams[row.manager] for row in agents} | {name: teams[name] for name in selling_managers}
    TeamMembership.objects.bulk_create(
        [
            *(_membership(people[name], teams[name], TeamRole.MANAGER) for name in managers),
            *(_membership(people[name], team, TeamRole.MEMBER) for name, team in selling.items()),
        ]
    )
    memo.forget()
    return People(admin, {admin.name: admin, **people}, selling, offices)


def _set_up_teams(managers: dict[str, str]) -> tuple[dict[str, Team], dict[str, Team]]:
    """The offices below the company and the teams of the managers below the offices, each by name."""
    company = Team.objects.create(name=COMPANY)
    offices = {name: Team(name=name, parent=company) for name in _once(managers.values())}
    Team.objects.bulk_create(offices.values())
    teams = {name: Team(name=f"Team {name}", parent=offices[office]) for name, office in managers.items()}
    Team.objects.bulk_create(teams.values())
    return offices, teams


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _membership(user: User, team: Team, role: TeamRole) -> TeamMembership:
    return TeamMembership(user=user, team=team, role_in_team=role)


def _agent_or_manager(name: str, role: Role, **fields: Any) -> User:
    email = SIGN_INS.get(name) or f"{name.lower().replace(' ', '.')}@example.com"
    return _person(name, email, role, **fields)


def _person(name: str, email: str, role: Role, **fields: Any) -> User:
    first, _space, last = name.partition(" ")
    may_sign_in = email in SIGN_INS.values() or email == ADMIN[1]
    return User(
        email=email,
        first_name=first,
        last_name=last,
        sort_key=sort_key(f"{last} {first}"),
        role=role,
        is_demo=True,
        is_staff=role == Role.ADMIN,
        password=make_password(PASSWORD if may_sign_in else None),
        **fields,
    )
