"""Immutable daily copies of the pipeline: lost days cannot be had again."""

from django.conf import settings
from django.db import models


class PipelineSnapshot(models.Model):
    """A deal at the end of a local day: open then, or closed on it. `day` is the day that ended.

    Basis of "as reported then" and of forecast accuracy. `reconstructed` marks rows that a late run filled
    from the events.
    """

    day = models.DateField()
    deal = models.ForeignKey("pipeline.Deal", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=4)
    pipeline = models.ForeignKey("pipeline.Pipeline", on_delete=models.PROTECT, related_name="+")
    stage = models.ForeignKey("pipeline.Stage", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, null=True, related_name="+")
    territory = models.ForeignKey("teams.Territory", on_delete=models.PROTECT, null=True, related_name="+")
    value = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3)
    probability = models.PositiveSmallIntegerField()
    forecast_category = models.CharField(max_length=10)
    expected_close_date = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField()
    reconstructed = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "deal"], name="snapshot_once_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.deal_id}"
