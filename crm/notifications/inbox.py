"""Figures of a person's inbox."""

from datetime import datetime

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from crm.notifications.models import Notification


def unread_of(user_id: int, now: datetime) -> int:
    """How many items need the person now: the number at the bell."""
    return Notification.objects.of(user_id).waiting(now).needing_action().count()


def unread_of_each(now: datetime) -> Coalesce:
    """The same number as an annotation of people."""
    mine = Notification.objects.filter(recipient=OuterRef("pk")).waiting(now).needing_action().order_by()
    return Coalesce(Subquery(mine.values("recipient").annotate(number=Count("pk")).values("number")), 0)
