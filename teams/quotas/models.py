"""Quotas at month grain. Every change is a new version, so the history is the rows themselves."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teams.people.models import Team, User
from teams.quotas.querysets import QuotaQuerySet
from teams.territories.models import Territory


class QuotaMetric(models.TextChoices):
    WON_VALUE = "won_value", _("Won value")
    WON_COUNT = "won_count", _("Deals won")


class QuotaStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")


class Quota(models.Model):
    """What a subject has to deliver in one month, in workspace currency (or deals for `won_count`).

    The subject is a person, a team, a territory, or the company when all three are empty. The valid row is the
    one with `is_current`; older rows are the history. `amount` is null when the quota was taken away.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="quotas")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="quotas")
    territory = models.ForeignKey(
        Territory,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="quotas",
    )
    metric = models.CharField(max_length=20, choices=QuotaMetric, default=QuotaMetric.WON_VALUE)
    month = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=QuotaStatus, default=QuotaStatus.APPROVED)
    version = models.PositiveIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)

    objects = QuotaQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="quota_month_is_a_first"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
                name="quota_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(team__isnull=True, territory__isnull=True)
                | Q(user__isnull=True, territory__isnull=True)
                | Q(user__isnull=True, team__isnull=True),
                name="quota_one_subject",
            ),
            models.UniqueConstraint(
                fields=["user", "team", "territory", "metric", "month"],
                condition=Q(is_current=True),
                nulls_distinct=False,
                name="quota_one_current",
            ),
            models.UniqueConstraint(
                fields=["user", "team", "territory", "metric", "month", "version"],
                nulls_distinct=False,
                name="quota_one_per_version",
            ),
        ]
        indexes = [
            models.Index(
                fields=["month", "metric"],
                name="quota_by_month",
                condition=Q(is_current=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user or self.team or self.territory or '*'} {self.month:%Y-%m}"
