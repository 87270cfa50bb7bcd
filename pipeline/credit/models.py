"""Who is credited for a deal, and with which share."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CreditKind(models.TextChoices):
    REVENUE = "revenue", _("Revenue")
    OVERLAY = "overlay", _("Overlay")


class CreditSplit(models.Model):
    """A share (percent) of a deal's won value that counts for a person.

    Revenue shares of a deal total exactly 100. At winning, `credited_at`, `amount` (workspace currency),
    `team` and `territory` are frozen; while the deal is not won they are empty.
    """

    deal = models.ForeignKey("pipeline.Deal", on_delete=models.CASCADE, related_name="credit_splits")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="credits")
    kind = models.CharField(max_length=8, choices=CreditKind, default=CreditKind.REVENUE)
    share = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(100))
    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, null=True, related_name="credits")
    territory = models.ForeignKey("teams.Territory", on_delete=models.PROTECT, null=True, related_name="credits")
    credited_at = models.DateTimeField(null=True)
    amount = models.DecimalField(max_digits=16, decimal_places=2, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deal", "user", "kind"], name="credit_once_per_person"),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=100), name="credit_share"),
        ]
        indexes = [
            models.Index(
                fields=["credited_at", "user"],
                include=["amount", "team", "territory"],
                name="credit_period",
                condition=Q(credited_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.share} % of {self.deal_id} for {self.user_id}"
