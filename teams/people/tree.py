"""The tree of teams as pages show it, read with a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from crm.lib.text import sort_key
from teams.people.models import Team, TeamMembership, TeamRole, User


@dataclass(frozen=True)
class Branch:
    """A team in use, how deep it hangs, and its name after those above it."""

    team: Team
    level: int
    path: str

    @property
    def indent(self) -> int:
        """How far its name is set in; deeper than four levels it stays there."""
        return min(self.level, 4)


@dataclass
class TeamLine:
    """A team with who leads it today and how many members it has; `below` counts those of the teams below it too."""

    branch: Branch
    managers: list[User] = field(default_factory=list)
    members: int = 0
    below: int = 0


def branches() -> list[Branch]:
    """Teams in use, each after the one above it, by name."""
    children: dict[int | None, list[Team]] = defaultdict(list)
    for team in sorted(Team.objects.filter(archived_at__isnull=True), key=lambda team: (sort_key(team.name), team.pk)):
        children[team.parent_id].append(team)
    return list(_below(None, children, 0, ""))


def lines(today: date) -> list[TeamLine]:
    """The whole tree with its people."""
    found = {branch.team.pk: TeamLine(branch) for branch in branches()}
    running = TeamMembership.objects.on(today).filter(team__in=found, user__is_active=True).select_related("user")
    for membership in running.order_by("user__sort_key", "pk"):
        line = found[membership.team_id]
        if membership.role_in_team == TeamRole.MANAGER:
            line.managers.append(membership.user)
        else:
            line.members += 1
    for line in reversed(found.values()):
        line.below += line.members
        above = found.get(line.branch.team.parent_id or 0)
        if above is not None:
            above.below += line.below
    return list(found.values())


def _below(parent: int | None, children: dict[int | None, list[Team]], level: int, above: str) -> Iterator[Branch]:
    for team in children[parent]:
        path = f"{above} › {team.name}" if above else team.name
        yield Branch(team, level, path)
        yield from _below(team.pk, children, level + 1, path)
