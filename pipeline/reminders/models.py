"""Reminders as rows that a frequent sweep claims."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class ReminderKind(models.TextChoices):
    ACTIVITY_DUE = "activity_due"
    DEAL_CLOSES_IN_7_DAYS = "deal_closes_7"
    DEAL_CLOSES_TOMORROW = "deal_closes_1"
    DEAL_CLOSES_TODAY = "deal_closes_0"
    DEAL_CLOSE_DATE_PASSED = "deal_close_passed"


class ReminderState(models.TextChoices):
    PLANNED = "planned"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class ScheduledReminder(models.Model):
    """At `fire_at` the recipient is told about an activity or a deal, unless it is settled by then.

    `offset_minutes` tells which of an activity's reminders this is; several may fall on one instant only once.
    """

    kind = models.CharField(max_length=20, choices=ReminderKind)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reminders")
    activity = models.ForeignKey(
        "pipeline.Activity",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="reminders",
    )
    deal = models.ForeignKey(
        "pipeline.Deal",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="reminders",
    )
    fire_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ReminderState, default=ReminderState.PLANNED)
    settled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "recipient", "kind", "fire_at"],
                condition=Q(activity__isnull=False),
                name="reminder_once_per_activity",
            ),
            models.UniqueConstraint(
                fields=["deal", "recipient", "kind", "fire_at"],
                condition=Q(deal__isnull=False),
                name="reminder_once_per_deal",
            ),
            models.CheckConstraint(
                condition=Q(activity__isnull=False, deal__isnull=True) | Q(activity__isnull=True, deal__isnull=False),
                name="reminder_one_subject",
            ),
        ]
        indexes = [
            models.Index(
                fields=["fire_at", "id"],
                name="reminder_due",
                condition=Q(state="planned"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.recipient_id} at {self.fire_at:%Y-%m-%d %H:%M}"
