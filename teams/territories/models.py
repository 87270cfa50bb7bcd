"""Plans of territories: the tree, its rules as data, and who works where since when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.lib.text import SingleLine
from teams.people.models import User, days_of_membership
from teams.people.querysets import DatedQuerySet


class PlanStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


class TerritoryPlan(models.Model):
    """A complete alternative of the territory tree. Exactly one is published."""

    name = models.CharField(max_length=80, validators=[SingleLine()])
    status = models.CharField(max_length=10, choices=PlanStatus, default=PlanStatus.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["status"],
                condition=Q(status="published"),
                name="territory_plan_one_published",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Territory(models.Model):
    """A rule-defined set of companies with a place in the tree.

    `rules` is a list of alternatives; each is a list of conditions that must all hold:
    `[[{"field": "country", "operator": "in", "values": ["DE"]}]]`. Vocabulary in `pipeline.coverage`.
    A territory without rules gets companies by hand only. Lowest `priority` wins; a child may only receive
    what satisfies its parent. The catch-all receives what nobody else does.
    """

    plan = models.ForeignKey(TerritoryPlan, on_delete=models.PROTECT, related_name="territories")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    name = models.CharField(max_length=80, validators=[SingleLine()])
    priority = models.PositiveIntegerField(default=100)
    rules = models.JSONField(default=list, blank=True)
    is_catch_all = models.BooleanField(default=False)
    manager = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="managed_territories",
    )
    external_id = models.CharField(max_length=80, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("pk")), name="territory_is_not_its_own_parent"),
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(is_catch_all=True),
                name="territory_one_catch_all_per_plan",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TerritoryMembership(models.Model):
    """A person works a territory on the days [starts_on, ends_on); an empty end means always."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="territory_memberships")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="memberships")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                name="territory_membership_ends_after_start",
            ),
            ExclusionConstraint(
                name="territory_membership_once",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("territory", RangeOperators.EQUAL),
                    (days_of_membership(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.territory}"
