"""Which territories a person sees: her own, or the whole published plan; and what lies below one."""

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone

from crm.lib.trees import with_descendants
from teams.access import Permission, reach
from teams.access.reach import territories_of
from teams.territories.models import PlanStatus, Territory
from teams.workspace.models import Workspace

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from teams.people.models import User


def visible_territories(user: "User | AnonymousUser") -> "QuerySet[Territory]":
    """Those of the published plan that the person works or manages today; all of it with the right to."""
    scope = reach(user, Permission.TERRITORY_VIEW)
    published = Territory.objects.filter(plan__status=PlanStatus.PUBLISHED)
    if scope.everything:
        return published
    if not scope:
        return published.none()
    today = Workspace.get().today(timezone.now())
    worked = territories_of(user, today)  # type: ignore[arg-type]
    return published.filter(Q(pk__in=worked) | Q(manager_id__in=scope.user_ids))


def below(territory_id: int) -> set[int]:
    """The ids of a territory and of everything below it."""
    return with_descendants([territory_id], Territory.objects.values_list("pk", "parent_id"))
