"""Pipelines as data: their stages, the reasons for closing, and how long won deals usually take."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm.lib.text import SingleLine
from pipeline.stages.querysets import PipelineQuerySet, ReasonQuerySet, StageQuerySet


class Labelled(models.Model):
    """A name that is data, with an optional German label."""

    name = models.CharField(max_length=80, validators=[SingleLine()])
    name_de = models.CharField(max_length=80, blank=True, validators=[SingleLine()])

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the active language."""
        return (self.name_de if (get_language() or "").startswith("de") else "") or self.name


class Pipeline(Labelled):
    """An ordered set of stages for one way of selling. Archived, never deleted."""

    position = models.PositiveIntegerField(default=0)
    usual_cycle_days = models.PositiveIntegerField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = PipelineQuerySet.as_manager()


class Stage(Labelled):
    """A step of a pipeline. `probability` is a percentage from 1 to 99. Archived, never deleted.

    `required_fields` names deal fields that must be filled to enter the stage.
    """

    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="stages")
    position = models.PositiveIntegerField()
    probability = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(99)])
    stalled_after_days = models.PositiveSmallIntegerField(
        default=14, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    required_fields = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = StageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(probability__gte=1, probability__lte=99),
                name="stage_probability",
            ),
            models.CheckConstraint(condition=Q(stalled_after_days__gte=1), name="stage_stalled_after_days"),
            models.UniqueConstraint(
                fields=["pipeline", "position"],
                name="stage_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]


class FormerPosition(models.Model):
    """Where a stage stood in its pipeline until an instant: a move that was forward then stays one."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="former_positions")
    position = models.PositiveIntegerField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.stage_id}: {self.position} until {self.until}"


class Outcome(models.TextChoices):
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


class CloseReason(Labelled):
    """Why a deal was won or lost. `code` marks seeded reasons such as `not_recorded`."""

    outcome = models.CharField(max_length=4, choices=Outcome)
    code = models.CharField(max_length=40, blank=True)
    counts_in_win_rate = models.BooleanField(default=True)
    needs_competitor = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ReasonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outcome", "name"], name="close_reason_name_once"),
            models.UniqueConstraint(
                fields=["outcome", "code"],
                condition=~Q(code=""),
                name="close_reason_code_once",
            ),
        ]


class StageBenchmark(models.Model):
    """Median and 75th percentile of the days that won deals spent in a stage, refreshed by a task."""

    stage = models.OneToOneField(Stage, on_delete=models.CASCADE, related_name="benchmark")
    deals = models.PositiveIntegerField()
    median_days = models.FloatField(null=True)
    p75_days = models.FloatField(null=True)
    refreshed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.stage_id}: {self.median_days}"
