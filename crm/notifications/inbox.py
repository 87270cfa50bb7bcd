"""Figures of a person's inbox."""

from datetime import datetime

from crm.notifications.models import Notification


def unread_of(user_id: int, now: datetime) -> int:
    """How many items need the person now: the number at the bell."""
    return Notification.objects.of(user_id).waiting(now).needing_action().count()
