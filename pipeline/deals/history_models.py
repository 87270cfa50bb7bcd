"""The append-only history of deals, and the stays and states derived from it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from pipeline.deals.querysets import CHANGING_THE_PAST, EventQuerySet, IntervalQuerySet, SpellQuerySet
from pipeline.deals.states import DealStatus, EntryKind, EventKind, EventSource, ExitKind
from pipeline.stages.models import CloseReason, Pipeline, Stage


class DealEvent(models.Model):
    """What happened to a deal. Append-only; the database refuses UPDATE and DELETE.

    `occurred_at` is when it happened in business, `recorded_at` when we learnt it. `changes` maps a field of the
    deal to `[from, to]` (ids for relations, decimal strings, ISO dates); `note` is what the person gave as reason.
    `version` is the deal's version after the event. An event with `corrects` undoes another one; both stay in
    the history and neither counts in analytics.
    """

    deal = models.ForeignKey("pipeline.Deal", on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=26, choices=EventKind)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=10, choices=EventSource, default=EventSource.UI)
    changes = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True)
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
    )
    version = models.PositiveIntegerField()

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["deal", "occurred_at", "recorded_at", "id"], name="event_order"),
            models.Index(fields=["deal", "version"], name="event_version"),
            models.Index(fields=["recorded_at"], name="event_recorded"),
            models.Index(fields=["id"], name="event_changing_past", condition=CHANGING_THE_PAST),
        ]

    def __str__(self) -> str:
        return f"{self.deal_id} {self.kind} {self.occurred_at:%Y-%m-%d %H:%M}"


class StageSpell(models.Model):
    """One uninterrupted stay of a deal in a stage. Derived from the events."""

    deal = models.ForeignKey("pipeline.Deal", on_delete=models.CASCADE, related_name="spells")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="spells")
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    entry_kind = models.CharField(max_length=12, choices=EntryKind)
    exit_kind = models.CharField(max_length=12, choices=ExitKind, blank=True)
    visit_no = models.PositiveSmallIntegerField(default=1)
    # The start of a stay that began before the import's first date is unknown; durations exclude it.
    entry_known = models.BooleanField(default=True)

    objects = SpellQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal"],
                condition=Q(left_at__isnull=True),
                name="spell_one_current_per_deal",
            ),
            models.UniqueConstraint(fields=["deal", "stage", "visit_no"], name="spell_once_per_visit"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("entered_at")),
                name="spell_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["deal", "entered_at"], name="spell_by_deal"),
            models.Index(fields=["stage", "entered_at"], name="spell_by_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.deal_id} in {self.stage_id}"


class DealStateInterval(models.Model):
    """What a deal looked like during (valid_from, valid_to]: one row per change, derived from the events.

    The state at an instant t is that after everything that happened before t: `valid_from < t <= valid_to`,
    where an empty `valid_to` means until now. `closed_at` is the effective closing known in that state.
    """

    deal = models.ForeignKey("pipeline.Deal", on_delete=models.CASCADE, related_name="intervals")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=4, choices=DealStatus)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="+")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, null=True, related_name="+")
    territory = models.ForeignKey("teams.Territory", on_delete=models.PROTECT, null=True, related_name="+")
    value = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3)
    probability = models.PositiveSmallIntegerField()
    forecast_category = models.CharField(max_length=10)
    expected_close_date = models.DateField(null=True)
    close_reason = models.ForeignKey(CloseReason, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    is_archived = models.BooleanField(default=False)
    is_deleted = models.BooleanField(default=False)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal"],
                condition=Q(valid_to__isnull=True),
                name="interval_one_current_per_deal",
            ),
            models.UniqueConstraint(fields=["deal", "valid_from"], name="interval_once_per_instant"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="interval_not_empty",
            ),
        ]
        indexes = [
            models.Index(
                fields=["valid_from", "valid_to"],
                name="interval_open_then",
                condition=Q(status="open"),
            ),
            models.Index(
                fields=["closed_at", "status"],
                name="interval_closed",
                condition=Q(closed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deal_id} {self.status} from {self.valid_from:%Y-%m-%d}"
