"""The one row of settings that an admin may change."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.lib.memo import remembered
from crm.lib.periods import local_date
from crm.lib.text import SingleLine


class RepVisibility(models.TextChoices):
    """Which deals a rep sees besides her own, wholly, never field by field."""

    OWN = "own", _("Only their own deals")
    TEAM = "team", _("The deals of their team")
    TERRITORIES = "territories", _("The deals of their territories")
    ALL = "all", _("All deals")


class LeaderboardNames(models.TextChoices):
    """How individuals are compared on leaderboards."""

    NAMES = "names", _("With names")
    ANONYMOUS = "anonymous", _("Anonymous")
    OFF = "off", _("Off")


class Workspace(models.Model):
    """Settings of the company. Its time zone decides into which period an instant falls."""

    name = models.CharField(max_length=80, default="Kontor", validators=[SingleLine()])
    time_zone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="EUR")
    fiscal_start_month = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    holiday_country = models.CharField(max_length=2, blank=True)
    holiday_subdivision = models.CharField(max_length=6, blank=True)
    rep_visibility = models.CharField(max_length=12, choices=RepVisibility, default=RepVisibility.OWN)
    leaderboard = models.CharField(max_length=10, choices=LeaderboardNames, default=LeaderboardNames.NAMES)
    pace_behind = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.90"))
    pace_far_behind = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.75"))
    export_forbidden_for = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    second_factor_required_for = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="workspace_is_one_row"),
            models.CheckConstraint(
                condition=Q(fiscal_start_month__gte=1, fiscal_start_month__lte=12),
                name="workspace_fiscal_month",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @classmethod
    def get(cls) -> "Workspace":
        """The settings; unsaved defaults before the first set-up."""
        return remembered("workspace", lambda: cls.objects.filter(pk=1).first() or cls(pk=1))

    def today(self, now: datetime) -> date:
        """The calendar date of an instant in the workspace zone."""
        return local_date(now, self.zone)
