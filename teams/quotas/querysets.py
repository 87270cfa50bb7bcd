"""Questions about quotas in the words of their users."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from crm.lib.periods import Period
from teams.access import Permission, reach

if TYPE_CHECKING:
    from teams.people.models import User


class QuotaQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def current(self) -> Self:
        """The rows that are valid now; the others are their history."""
        return self.filter(is_current=True)

    def of_won_value(self) -> Self:
        return self.filter(metric="won_value")

    def within(self, period: Period) -> Self:
        """Of the months that start in the period."""
        return self.filter(month__gte=period.start, month__lt=period.end)

    def reachable_by(self, user: "User", permission: Permission = Permission.QUOTA_VIEW) -> Self:
        """Of people and teams within reach; of territories and the company only with all of it."""
        scope = reach(user, permission)
        if scope.everything:
            return self
        return self.filter(Q(user_id__in=scope.people_ids) | Q(team_id__in=scope.team_ids))
