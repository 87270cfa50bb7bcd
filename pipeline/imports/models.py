"""What was imported when, and which rows had a problem."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportState(models.TextChoices):
    CHECKED = "checked", _("Checked")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class ImportBatch(models.Model):
    """One run of an import."""

    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.CHECKED)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class ImportProblem(models.Model):
    """Something about one row: `row` counts data rows from 1. Errors stop the import, remarks do not."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="problems")
    file = models.CharField(max_length=120)
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=80, blank=True)
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=300)
    is_error = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.file}:{self.row} {self.code}"
