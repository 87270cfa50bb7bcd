"""Questions about a person's inbox. Clocks are passed in."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q


class NotificationQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def of(self, user_id: int) -> Self:
        return self.filter(recipient_id=user_id)

    def waiting(self, now: datetime) -> Self:
        """Neither done nor put off until later."""
        return self.filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now), done_at__isnull=True)

    def needing_action(self) -> Self:
        return self.filter(needs_action=True)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")


class DeliveryQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def due(self, now: datetime) -> Self:
        """To be sent: waiting ones, and those whose sender did not come back before its lease ended."""
        waiting = Q(state="pending", not_before__lte=now)
        abandoned = Q(state="sending", claimed_until__lte=now)
        return self.filter(waiting | abandoned)
