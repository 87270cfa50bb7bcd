"""To which team the quota of a person counts in each month."""

from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import JSONField, OuterRef
from django.db.models.functions import JSONObject

from crm.lib.periods import add_months
from teams.people.models import TeamMembership

# What `stays_of_user` annotates.
STAYS = ArrayField(JSONField())


@dataclass(frozen=True)
class Placement:
    """Each person's month belongs to one team, so a sum over teams counts every quota once.

    It is the team she last belonged to in the month; before her first and after her last one, the nearest.
    """

    stays: dict[int, list[tuple[date, int]]] = field(default_factory=dict)

    def team_of(self, user_id: int, month: date) -> int | None:
        """The team, None for people who never belonged to one."""
        stays = self.stays.get(user_id)
        if not stays:
            return None
        begun = bisect_left(stays, add_months(month, 1), key=lambda stay: stay[0])
        return stays[max(begun - 1, 0)][1]

    def people_of(self, team_ids: Collection[int]) -> frozenset[int]:
        """Everybody who belongs or belonged to one of the teams, or will."""
        return frozenset(
            user_id for user_id, stays in self.stays.items() if any(team_id in team_ids for _start, team_id in stays)
        )


def placement(user_ids: Iterable[int] | None = None) -> Placement:
    """Where people belonged and belong, of everybody when none are named. One query."""
    rows = TeamMembership.objects.members()
    if user_ids is not None:
        rows = rows.filter(user_id__in=user_ids)
    stays: dict[int, list[tuple[date, int]]] = {}
    for user_id, team_id, starts_on in rows.values_list("user_id", "team_id", "starts_on").order_by("pk"):
        stays.setdefault(user_id, []).append((starts_on or date.min, team_id))
    return Placement({user_id: sorted(found) for user_id, found in stays.items()})


def stays_of_user() -> ArraySubquery:
    """Annotates rows that have a `user` with where this one belonged and belongs; for `placed`."""
    rows = TeamMembership.objects.members().filter(user=OuterRef("user")).order_by("pk")
    return ArraySubquery(rows.values(stay=JSONObject(starts_on="starts_on", team="team_id")))


def placed(stays: dict[int, list[dict[str, Any]]]) -> Placement:
    """The placement of people with the annotation `stays_of_user`, by their ids."""
    return Placement(
        {
            user_id: sorted((date.fromisoformat(row["starts_on"] or "0001-01-01"), row["team"]) for row in rows)
            for user_id, rows in stays.items()
        }
    )
