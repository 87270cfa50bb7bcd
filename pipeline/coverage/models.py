"""Which territory a company is in, since when, and why."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from crm.lib.text import SingleLine


class AssignmentSource(models.TextChoices):
    RULE = "rule", _("by rule")
    MANUAL = "manual", _("by hand")
    CATCH_ALL = "catch_all", _("not matched by any rule")
    IMPORT = "import", _("by import")


def _span() -> Func:
    """`tstzrange(starts_at, ends_at)`: half-open, a missing end means until further notice."""
    return Func("starts_at", "ends_at", function="tstzrange", output_field=DateTimeRangeField())


class TerritoryAssignment(models.Model):
    """A company belongs to a territory during [starts_at, ends_at).

    `pinned` assignments (by hand) survive runs of the rules until released. `trail` is the evaluation:
    a list of `{"territory", "matched", "because"}` entries, first match last.
    """

    company = models.ForeignKey(
        "pipeline.Company",
        on_delete=models.PROTECT,
        related_name="territory_assignments",
    )
    territory = models.ForeignKey("teams.Territory", on_delete=models.PROTECT, related_name="assignments")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=10, choices=AssignmentSource)
    pinned = models.BooleanField(default=False)
    rule_version = models.PositiveIntegerField(default=0)
    trail = models.JSONField(default=list)
    reason = models.CharField(max_length=300, blank=True, validators=[SingleLine()])
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="assignment_ends_after_start",
            ),
            ExclusionConstraint(
                name="assignment_one_territory_at_a_time",
                expressions=[
                    ("company", RangeOperators.EQUAL),
                    (_span(), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            models.Index(
                fields=["territory"],
                name="assignment_now",
                condition=Q(ends_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company_id} in {self.territory_id}"
