"""Questions about people in the words of their users."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q


class UserQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def active(self) -> Self:
        return self.filter(is_active=True)

    def by_name(self) -> Self:
        """Sorted by last name, then first name."""
        return self.order_by("sort_key", "pk")


class MembershipQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def on(self, day: date) -> Self:
        """The memberships valid on a day."""
        return self.filter(
            Q(starts_on__isnull=True) | Q(starts_on__lte=day),
            Q(ends_on__isnull=True) | Q(ends_on__gt=day),
        )

    def members(self) -> Self:
        return self.filter(role_in_team="member")

    def managers(self) -> Self:
        return self.filter(role_in_team="manager")
