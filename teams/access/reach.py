"""The one answer to "whose records may this person …?"."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from crm.lib.memo import remembered
from crm.lib.trees import with_descendants
from teams.access.permissions import Permission
from teams.access.posts import Post, posts_of
from teams.access.roles import ADMINISTRATION, BACKDATE_DAYS, SCOPES, Scope
from teams.people.models import Role, Team, User
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

    Falsy when the permission is not held at all. Deputies add what the absent person reaches: her work, not the
    administration of the workspace.
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
    return with_descendants(team_ids, _tree())


def needs_second_factor(user: User) -> bool:
    """Whether the workspace asks one of the person's role, or of a role for which she stands in today."""
    workspace = Workspace.get()
    asked_of = set(workspace.second_factor_required_for)
    return bool(asked_of) and any(post.role in asked_of for post in posts_of(user, workspace.today(timezone.now())))


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


def territories_of(user: User, today: date) -> frozenset[int]:
    """The territories in which a person works today, herself or for somebody who is absent."""
    return _NOBODY.union(*(post.territory_ids for post in posts_of(user, today)))


def _with_deputised(user: User, permission: Permission) -> Reach:
    own, *absent = posts_of(user, Workspace.get().today(timezone.now()))
    if permission == Permission.EXPORT and _may_not_export(own):
        return Reach()
    result = _own_reach(own, permission)
    for person in absent if permission not in ADMINISTRATION else ():
        result |= _own_reach(person, permission)
    return result


def _own_reach(person: Post, permission: Permission) -> Reach:
    scope = SCOPES[person.role].get(permission, Scope.NOTHING)
    if scope == Scope.NOTHING or (permission == Permission.EXPORT and _may_not_export(person)):
        return Reach()
    if scope == Scope.EVERYTHING:
        return Reach(everything=True)
    myself = frozenset({person.user_id})
    result = Reach(user_ids=myself, people_ids=myself)
    if scope == Scope.SUBTREE:
        result |= Reach(team_ids=person.led_team_ids, people_ids=person.led_people_ids)
    if SCOPES[Role.REP].get(permission) == Scope.VISIBLE:
        result |= _widened(person)
    return result


def _may_not_export(person: Post) -> bool:
    return person.role in Workspace.get().export_forbidden_for


def _widened(person: Post) -> Reach:
    visibility = Workspace.get().rep_visibility
    if person.role not in {Role.REP, Role.MANAGER} or visibility == RepVisibility.OWN:
        return Reach()
    if visibility == RepVisibility.ALL:
        return Reach(everything=True)
    if visibility == RepVisibility.TEAM:
        return Reach(team_ids=person.team_ids, people_ids=person.colleague_ids)
    return Reach(territory_ids=person.territory_ids)
