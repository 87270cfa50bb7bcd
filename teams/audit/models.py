"""The audit trail: append-only, also for the application's own database role."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from teams.audit.querysets import AuditQuerySet


class AuditEntry(models.Model):
    """Somebody changed or took something that has no history of its own, or was denied.

    `changes` maps a field to `[from, to]`. Secrets never enter it.
    """

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True)
    subject_label = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    ip_address = models.GenericIPAddressField(null=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        indexes = [
            BrinIndex(fields=["at"], name="audit_at"),
            models.Index(fields=["subject_type", "subject_id"], name="audit_subject"),
            models.Index(fields=["actor", "-at"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.subject_label}"
