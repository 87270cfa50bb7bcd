"""Which team a person belongs to on a day."""

from collections.abc import Iterable
from datetime import date

from teams.people.models import TeamMembership


def teams_of(user_ids: Iterable[int], day: date) -> dict[int, int]:
    """The team of which each person is a member on a day; people without one are absent."""
    memberships = TeamMembership.objects.on(day).members().filter(user_id__in=set(user_ids))
    return dict(memberships.values_list("user_id", "team_id"))
