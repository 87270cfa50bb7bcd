"""The one answer to "whose records may this person …?"."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from crm.lib.memo import remembered
from teams.access.permissions import Permission
from teams.access.roles import BACKDATE_DAYS, SCOPES, Scope
from teams.people.models import Deputy, Role, Team, TeamMembership, User
from teams.territories.models import TerritoryMembership
from teams.workspace.models import RepVisibility, Workspace

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

_NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Reach:
    """Whose records a permission covers.

    `user_ids` are owners (oneself and the people one stands in for), `team_ids` whole teams,
    `territory_ids` whole territories; `people_ids` are the colleagues seen today: `user_ids` and
    the present members of `team_ids`. Turned into a condition only by each model's `reachable_by`.
    """

    everything: bool = False
    user_ids: frozenset[int] = _NOBODY
    team_ids: frozenset[int] = _NOBODY
    territory_ids: frozenset[int] = _NOBODY
    people_ids: frozenset[int] = field(default=_NOBODY)

    def __bool__(self) -> bool:
        return self.everything or bool(self.user_ids or self.team_ids or self.territory_ids)

    def __or__(self, other: "Reach") -> "Reach":
        return Reach(
            self.everything or other.everything,
            self.user_ids | other.user_ids,
            self.team_ids | other.team_ids,
            self.territory_ids | other.territory_ids,
            self.people_ids | other.people_ids,
        )

    def covers_person(self, user_id: int) -> bool:
        """Whether the records of a colleague are within reach today."""
        return self.everything or user_id in self.people_ids


def reach(user: "User | AnonymousUser", permission: Permission) -> Reach:
    """Whose records `user` may handle with `permission`, today in the workspace zone.

    Falsy when the permission is not held at all. Deputies add what the absent person reaches.
    """
    if not isinstance(user, User) or not user.is_active:
        return Reach()
    return remembered(("reach", user.pk, permission), lambda: _with_deputised(user, permission))


def holds(user: "User | AnonymousUser", permission: Permission) -> bool:
    """Whether the person has the permission over anything at all."""
    return bool(reach(user, permission))


def backdate_limit(user: User) -> timedelta | None:
    """How far back this person may date an event; None is without limit."""
    days = BACKDATE_DAYS[user.role]
    return None if days is None else timedelta(days=days)


def subtree(team_ids: set[int]) -> set[int]:
    """The teams and all teams below them."""
    children: dict[int | None, list[int]] = {}
    for pk, parent_id in _tree():
        children.setdefault(parent_id, []).append(pk)
    found: set[int] = set()
    waiting = list(team_ids)
    while waiting:
        pk = waiting.pop()
        if pk not in found:
            found.add(pk)
            waiting.extend(children.get(pk, ()))
    return found


def forbidden_by_role(user: User, roles: list[str]) -> bool:
    """Whether a workspace setting that lists roles applies to this person."""
    return user.role in roles


def carries_quota(user: User) -> bool:
    """Whether the person sells herself and so has figures of her own by default."""
    return user.role == Role.REP


def leads_others(user: User) -> bool:
    """Whether the person's home is the figures of others."""
    return user.role in {Role.MANAGER, Role.ADMIN, Role.READ_ONLY}


def _tree() -> list[tuple[int, int | None]]:
    return remembered(
        "team-tree",
        lambda: list(Team.objects.values_list("pk", "parent_id").order_by("pk")),
    )


def _with_deputised(user: User, permission: Permission) -> Reach:
    today = Workspace.get().today(timezone.now())
    result = _own_reach(user, permission, today)
    absent = remembered(("absent", user.pk), lambda: _absent_people(user, today))
    for person in absent:
        result |= _own_reach(person, permission, today)
    return result


def _absent_people(user: User, today: date) -> list[User]:
    running = Deputy.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=today),
        deputy=user,
        starts_on__lte=today,
    )
    return list(User.objects.filter(pk__in=running.values("person_id"), is_active=True).order_by("pk"))


def _own_reach(user: User, permission: Permission, today: date) -> Reach:
    scope = SCOPES[user.role].get(permission, Scope.NOTHING)
    if scope == Scope.NOTHING or (permission == Permission.EXPORT and _may_not_export(user)):
        return Reach()
    if scope == Scope.EVERYTHING:
        return Reach(everything=True)
    result = Reach(user_ids=frozenset({user.pk}), people_ids=frozenset({user.pk}))
    if scope == Scope.SUBTREE:
        result |= _teams_reach(_managed_teams(user, today), today)
    if SCOPES[Role.REP].get(permission) == Scope.VISIBLE:
        result |= _widened(user, today)
    return result


def _may_not_export(user: User) -> bool:
    return forbidden_by_role(user, Workspace.get().export_forbidden_for)


def _managed_teams(user: User, today: date) -> set[int]:
    """The subtree a person leads; for read-only people, that of the team they belong to."""
    memberships = TeamMembership.objects.on(today).filter(user=user)
    if user.role != Role.READ_ONLY:
        memberships = memberships.managers()
    return remembered(
        ("managed", user.pk),
        lambda: subtree(set(memberships.values_list("team_id", flat=True))),
    )


def _widened(user: User, today: date) -> Reach:
    visibility = Workspace.get().rep_visibility
    if user.role not in {Role.REP, Role.MANAGER} or visibility == RepVisibility.OWN:
        return Reach()
    if visibility == RepVisibility.ALL:
        return Reach(everything=True)
    if visibility == RepVisibility.TEAM:
        mine = TeamMembership.objects.on(today).members().filter(user=user)
        return _teams_reach(set(mine.values_list("team_id", flat=True)), today)
    return Reach(territory_ids=territories_of(user, today))


def territories_of(user: User, today: date) -> frozenset[int]:
    """The territories in which a person works today."""
    running = TerritoryMembership.objects.filter(
        Q(starts_on__isnull=True) | Q(starts_on__lte=today),
        Q(ends_on__isnull=True) | Q(ends_on__gt=today),
        user=user,
    )
    return remembered(
        ("territories", user.pk),
        lambda: frozenset(running.values_list("territory_id", flat=True)),
    )


def _teams_reach(team_ids: set[int], today: date) -> Reach:
    members = remembered(
        ("members", frozenset(team_ids)),
        lambda: frozenset(
            TeamMembership.objects.on(today).filter(team_id__in=team_ids).values_list("user_id", flat=True)
        ),
    )
    return Reach(team_ids=frozenset(team_ids), people_ids=members)
